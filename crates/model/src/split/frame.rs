//! The top-level object of a snapshot or an answer of the API: what stands around the lists of
//! items, which is kept, without the items, and checked when it ends.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use sonic_rs::LazyValue;

use super::scan::{self, Scan};
use crate::Traces;
use crate::depth::{self, MAX_DEPTH};
use crate::escapes;
use crate::item::DOUBLED;

/// The fields whose lists hold items: of snapshots, of the history and the batch API, of advanced
/// queries.
const LISTS: [&[u8]; 3] =
    [b"\"configurationItems\"", b"\"baseConfigurationItems\"", b"\"Results\""];

/// The field that only AWS's snapshot files have.
const SNAPSHOT_ID: &[u8] = b"\"configSnapshotId\"";

/// Where in an object a walk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// At its opening brace.
    Brace,
    /// After one of its values.
    Value,
}

/// What a walk through an object's fields came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// A list of items, which opens before this position.
    List(usize),
    /// The object's end, before this position.
    End(usize),
    /// The bytes end first.
    More,
    /// No object, from this position on.
    Broken(usize, &'static str),
}

/// Walks through the fields of an object up to its end or a list of items.
pub(super) fn walk(bytes: &[u8], at: usize, from: From) -> Walk {
    let mut at = at;
    let mut first = from == From::Brace;
    at += usize::from(first);
    loop {
        at = scan::skip_space(bytes, at);
        match bytes.get(at) {
            None => return Walk::More,
            Some(b'}') => return Walk::End(at + 1),
            Some(b',') if !first => at = scan::skip_space(bytes, at + 1),
            Some(_) if first => {}
            Some(_) => return Walk::Broken(at, "a comma or a closing brace is missing"),
        }
        first = false;
        at = match field(bytes, at) {
            Ok(FrameField::Value(end)) => end,
            Ok(FrameField::List(opens)) => return Walk::List(opens),
            Err(stop) => return stop,
        };
    }
}

/// The id of the snapshot (`configSnapshotId`) that the text begins: AWS's snapshot files hold each
/// resource once. Nothing where it begins no snapshot.
pub fn snapshot_id(head: &[u8]) -> Option<Box<str>> {
    let start =
        scan::skip_space(head, if head.starts_with(super::BYTE_ORDER_MARK) { 3 } else { 0 });
    let (b'{', Walk::List(end)) = (*head.get(start)?, walk(head, start, From::Brace)) else {
        return None;
    };
    let before = head.get(start..end).unwrap_or_default();
    let at = memchr::memmem::find(before, SNAPSHOT_ID)? + SNAPSHOT_ID.len();
    let colon = scan::skip_space(before, at);
    let value = before.get(scan::skip_space(before, colon + 1)..)?.strip_prefix(b"\"")?;
    let value = value.get(..memchr::memchr(b'"', value)?)?;
    std::str::from_utf8(value).ok().map(Into::into)
}

enum FrameField {
    Value(usize),
    List(usize),
}

fn field(bytes: &[u8], at: usize) -> Result<FrameField, Walk> {
    let key_end = match bytes.get(at) {
        Some(b'"') => ended(scan::string(bytes, at), at)?,
        None => return Err(Walk::More),
        Some(_) => return Err(Walk::Broken(at, "a field name is missing")),
    };
    let colon = scan::skip_space(bytes, key_end);
    match bytes.get(colon) {
        Some(b':') => {}
        None => return Err(Walk::More),
        Some(_) => return Err(Walk::Broken(colon, "a colon is missing")),
    }
    let value = scan::skip_space(bytes, colon + 1);
    let key = bytes.get(at..key_end).unwrap_or_default();
    if bytes.get(value) == Some(&b'[') && LISTS.contains(&key) {
        return Ok(FrameField::List(value + 1));
    }
    ended(scan::value(bytes, value), value).map(FrameField::Value)
}

fn ended(scan: Scan, at: usize) -> Result<usize, Walk> {
    match scan {
        Scan::End(end) => Ok(end),
        Scan::More => Err(Walk::More),
        Scan::Broken(why) => Err(Walk::Broken(at, why)),
    }
}

/// What is left of a top-level value when its items are taken out.
#[derive(Debug, Default)]
pub(super) struct Frame(Vec<u8>);

/// What a frame may say of items that are not in it.
#[derive(Debug, Default)]
struct Rest {
    next_token: bool,
    unprocessed: Vec<Unprocessed>,
}

/// A resource that the API did not get to: of one account and region, or of an aggregator.
#[derive(Debug, Default, Deserialize)]
struct Unprocessed {
    #[serde(default, alias = "ResourceType", rename = "resourceType")]
    resource_type: Option<Box<str>>,
    #[serde(default, alias = "ResourceId", rename = "resourceId")]
    id: Option<Box<str>>,
    #[serde(default, alias = "SourceAccountId", rename = "sourceAccountId")]
    account_id: Option<Box<str>>,
    #[serde(default, alias = "SourceRegion", rename = "sourceRegion")]
    region: Option<Box<str>>,
}

impl<'d> Deserialize<'d> for Rest {
    fn deserialize<D: serde::Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RestVisitor)
    }
}

struct RestVisitor;

impl<'d> Visitor<'d> for RestVisitor {
    type Value = Rest;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the JSON around the items")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Rest, A::Error> {
        let (mut rest, mut names) = (Rest::default(), Vec::<String>::new());
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "nextToken" | "NextToken" => {
                    rest.next_token =
                        map.next_value::<Option<String>>()?.is_some_and(|it| !it.is_empty());
                }
                "unprocessedResourceKeys"
                | "UnprocessedResourceKeys"
                | "UnprocessedResourceIdentifiers"
                | "unprocessedResourceIdentifiers" => {
                    let keys = map.next_value::<Option<Vec<Unprocessed>>>()?;
                    rest.unprocessed = keys.unwrap_or_default();
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            if names.contains(&name) {
                return Err(A::Error::custom(format_args!("{DOUBLED}{name}")));
            }
            names.push(name);
        }
        Ok(rest)
    }
}

impl Frame {
    pub(super) fn new(before_list: &[u8]) -> Self {
        Self(before_list.to_vec())
    }

    pub(super) fn add(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }

    /// Whether no more is to be kept: AWS's answers have a handful of fields.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() > 1 << 20
    }

    /// Of what the answer is a page: the fields around its items but for the token, and the query that
    /// it repeats. Nothing where it is no answer.
    pub(super) fn query(&self) -> Option<Query> {
        let fields: BTreeMap<String, LazyValue<'_>> = sonic_rs::from_slice(&self.0).ok()?;
        let others = fields.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("nextToken"));
        let said = others.map(|(name, value)| {
            let said =
                if name == "QueryInfo" { value.as_raw_str().to_owned() } else { String::new() };
            (name, said)
        });
        Some(Query(said.collect()))
    }

    pub(super) fn is_object(&self) -> bool {
        self.0.first() == Some(&b'{')
    }

    /// Checks the frame once it is whole.
    pub(super) fn check(&self) -> Result<Completeness, &'static str> {
        if depth::exceeds(&self.0, MAX_DEPTH) {
            return Err("the JSON around the items is nested too deeply");
        }
        if escapes::invalid(&self.0).is_some() {
            return Err("the JSON around the items has an invalid escape");
        }
        if !self.is_object() {
            let list = sonic_rs::from_slice::<IgnoredAny>(&self.0);
            return list.map(|_| Completeness::Whole).map_err(|_| "the list is not valid JSON");
        }
        let rest: Rest = sonic_rs::from_slice(&self.0).map_err(|error| {
            if error.to_string().contains(DOUBLED) {
                "a field around the items is defined twice"
            } else {
                "the JSON around the items is invalid"
            }
        })?;
        Ok(if rest.next_token { Completeness::NextPage } else { Completeness::Whole })
    }

    /// The resources that the API names as left out, once the frame is whole.
    pub(super) fn unprocessed(&self) -> Vec<Traces> {
        if !self.is_object() || depth::exceeds(&self.0, MAX_DEPTH) {
            return Vec::new();
        }
        let rest: Rest = sonic_rs::from_slice(&self.0).unwrap_or_default();
        let traces = rest.unprocessed.into_iter().map(|key| Traces {
            account_id: key.account_id,
            region: key.region,
            resource_type: key.resource_type,
            id: key.id,
            ..Traces::default()
        });
        traces.collect()
    }
}

/// Tells queries apart, as far as their answers do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query(BTreeMap<String, String>);

/// Whether an answer of the API says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completeness {
    Whole,
    /// There is another page.
    NextPage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_stops_at_a_list_of_items_wherever_it_stands() {
        let text = br#"{"a":{"configurationItems":[1]},"configurationItems" : [2],"b":3} "#;
        let Walk::List(opens) = walk(text, 0, From::Brace) else { panic!() };
        assert_eq!(text[opens], b'2');
        assert_eq!(walk(text, opens + 2, From::Value), Walk::End(text.len() - 1));
    }

    #[test]
    fn only_snapshot_files_open_like_one() {
        let id = |text: &[u8]| snapshot_id(text).map(String::from);
        let opened = b"\xef\xbb\xbf {\"configSnapshotId\" : \"x\",\"configurationItems\":[{}";
        assert_eq!(id(opened).as_deref(), Some("x"));
        for text in [
            "",
            "[",
            r#"{"configurationItems":["#,
            r#"{"fileVersion":"1.0","#,
            r#"{"fileVersion":"1.0","configurationItems":["#,
            "{}",
        ] {
            assert_eq!(id(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn an_answer_that_says_there_is_more_is_not_whole() {
        for (text, expected) in [
            (r#"{"Results":[],"NextToken":"x"}"#, Ok(Completeness::NextPage)),
            (r#"{"Results":[],"NextToken":""}"#, Ok(Completeness::Whole)),
            (r#"{"Results":[],"NextToken":null}"#, Ok(Completeness::Whole)),
            ("[]", Ok(Completeness::Whole)),
        ] {
            assert_eq!(Frame::new(text.as_bytes()).check(), expected, "{text}");
        }
        assert!(Frame::new(b"{\"a\":x,\"Results\":[]}").check().is_err());
        assert!(Frame::new(b"{\"Results\":[],\"Results\":[]}").check().is_err());
    }

    #[test]
    fn what_the_api_did_not_get_to_is_named() {
        let text = r#"{"baseConfigurationItems":[],"unprocessedResourceKeys":[{"resourceType":"AWS::SQS::Queue","resourceId":"q"}]}"#;
        let [traces] = &Frame::new(text.as_bytes()).unprocessed()[..] else { panic!("one") };
        assert_eq!(traces.resource_type.as_deref(), Some("AWS::SQS::Queue"));
        assert_eq!(traces.id.as_deref(), Some("q"));
    }
}
