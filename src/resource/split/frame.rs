//! The top-level object of a snapshot or an answer of the API: what stands around the lists of
//! items, which is kept, without the items, and checked when it ends.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scan::{self, Scan};
use crate::resource::depth::{self, MAX_DEPTH};

/// The fields whose lists hold items: of snapshots, of the history and the batch API, of advanced
/// queries.
const LISTS: [&[u8]; 3] =
    [b"\"configurationItems\"", b"\"baseConfigurationItems\"", b"\"Results\""];

/// The fields that only AWS's snapshot files have.
const SNAPSHOT_FIELDS: [&[u8]; 2] = [b"\"configSnapshotId\"", b"\"fileVersion\""];

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
            Ok(Field::Value(end)) => end,
            Ok(Field::List(opens)) => return Walk::List(opens),
            Err(stop) => return stop,
        };
    }
}

/// Whether the text begins like one of AWS's snapshot files, which hold each resource once.
pub(crate) fn opens_snapshot(head: &[u8]) -> bool {
    let start =
        scan::skip_space(head, if head.starts_with(super::BYTE_ORDER_MARK) { 3 } else { 0 });
    let Some(b'{') = head.get(start) else { return false };
    match walk(head, start, From::Brace) {
        Walk::List(end) => {
            let before = head.get(start..end).unwrap_or_default();
            SNAPSHOT_FIELDS.iter().any(|name| memchr::memmem::find(before, name).is_some())
        }
        Walk::End(_) | Walk::More | Walk::Broken(..) => false,
    }
}

enum Field {
    Value(usize),
    List(usize),
}

fn field(bytes: &[u8], at: usize) -> Result<Field, Walk> {
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
        return Ok(Field::List(value + 1));
    }
    ended(scan::value(bytes, value), value).map(Field::Value)
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
#[derive(Deserialize)]
struct Rest {
    #[serde(default, rename = "nextToken", alias = "NextToken")]
    next_token: Option<String>,
    #[serde(
        default,
        rename = "unprocessedResourceKeys",
        alias = "UnprocessedResourceIdentifiers",
        alias = "unprocessedResourceIdentifiers"
    )]
    unprocessed: Vec<IgnoredAny>,
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

    pub(super) fn is_object(&self) -> bool {
        self.0.first() == Some(&b'{')
    }

    /// Checks the frame once it is whole.
    pub(super) fn check(&self) -> Result<Completeness, &'static str> {
        if depth::exceeds(&self.0, MAX_DEPTH) {
            return Err("what stands around the items nests too deeply");
        }
        if !self.is_object() {
            let list = sonic_rs::from_slice::<IgnoredAny>(&self.0);
            return list.map(|_| Completeness::Whole).map_err(|_| "the list is no JSON");
        }
        let rest: Rest =
            sonic_rs::from_slice(&self.0).map_err(|_| "what stands around the items is no JSON")?;
        Ok(if !rest.unprocessed.is_empty() {
            Completeness::Unprocessed
        } else if rest.next_token.is_some_and(|token| !token.is_empty()) {
            Completeness::NextPage
        } else {
            Completeness::Whole
        })
    }
}

/// Whether an answer of the API says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completeness {
    Whole,
    /// There is another page.
    NextPage,
    /// The API did not get to some of what it was asked for.
    Unprocessed,
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
        assert!(opens_snapshot(br#"{"fileVersion":"1.0","configurationItems":["#));
        assert!(opens_snapshot(
            b"\xef\xbb\xbf {\"configSnapshotId\":\"x\",\"configurationItems\":[{}"
        ));
        for text in ["", "[", r#"{"configurationItems":["#, r#"{"fileVersion":"1.0","#, "{}"] {
            assert!(!opens_snapshot(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn an_answer_that_says_there_is_more_is_not_whole() {
        for (text, expected) in [
            (r#"{"Results":[],"NextToken":"x"}"#, Ok(Completeness::NextPage)),
            (r#"{"Results":[],"NextToken":""}"#, Ok(Completeness::Whole)),
            (r#"{"Results":[],"NextToken":null}"#, Ok(Completeness::Whole)),
            (
                r#"{"baseConfigurationItems":[],"unprocessedResourceKeys":[{}]}"#,
                Ok(Completeness::Unprocessed),
            ),
            ("[]", Ok(Completeness::Whole)),
        ] {
            assert_eq!(Frame::new(text.as_bytes()).check(), expected, "{text}");
        }
        assert!(Frame::new(b"{\"a\":x,\"Results\":[]}").check().is_err());
    }
}
