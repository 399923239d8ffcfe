//! What a broken item still says of itself: whose it is, of what, and from when.
//!
//! An item that cannot be understood makes what it would have said unknown, and nothing else, so
//! its identity is looked for in what is left of its text: from the front up to the first place
//! that makes no sense, and from the back up to the last. Only the item's own fields count, not those
//! of what it speaks of, and a field that says two things says nothing. Where other items may stand in
//! the text, nothing is said at all: it would be said of one, in silence about the others.

mod single;

use cel::Timestamp;

use super::instant;
use super::split::{self, Scan};

/// What is left of an item's identity. Nothing stands where it is not known for sure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// The account.
    pub account_id: Option<Box<str>>,
    /// The region.
    pub region: Option<Box<str>>,
    /// The type.
    pub resource_type: Option<Box<str>>,
    /// The resource's id.
    pub id: Option<Box<str>>,
    /// When it was captured.
    pub capture_time: Option<Timestamp>,
    /// Which of several items of one moment it is (`configurationStateId`).
    pub state_id: Option<u64>,
}

/// A field of which something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found<'t> {
    Nothing,
    Once(&'t [u8]),
    Contradiction,
}

/// The fields that make an identity, each with all its names.
const FIELDS: [&[&[u8]]; 6] = [
    &[b"awsAccountId", b"accountId"],
    &[b"awsRegion"],
    &[b"resourceType"],
    &[b"resourceId"],
    &[b"configurationItemCaptureTime"],
    &[b"configurationStateId"],
];

/// How many fields from either end are looked at: items have about twenty.
const MAX_FIELDS: usize = 64;

impl Traces {
    /// What the text of an item says.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self::of_ends(text, text)
    }

    /// What the text of a broken item says, or of a row of a query that holds one. Nothing where it may
    /// have swallowed others.
    #[must_use]
    pub fn of_broken(text: &[u8]) -> Option<Self> {
        let row: Option<String> =
            text.trim_ascii().starts_with(b"\"").then(|| sonic_rs::from_slice(text).ok()).flatten();
        let text = row.as_ref().map_or(text, String::as_bytes);
        Self::is_of_one(text).then(|| Self::of(text))
    }

    /// Whether broken text is of one item alone.
    pub(super) fn is_of_one(text: &[u8]) -> bool {
        single::is_single(text)
    }

    /// Whether an item may open in text of which nothing else is known.
    pub(super) fn may_open(text: &[u8]) -> bool {
        single::opens_item(text)
    }

    /// What the beginning and the end of an item's text say, where what is between is not at hand.
    #[must_use]
    pub fn of_ends(front: &[u8], back: &[u8]) -> Self {
        let mut found = [Found::Nothing; 6];
        forward(front, &mut found);
        for (key, value) in backward(back) {
            note(key, value, &mut found);
        }
        let [account, region, resource_type, id, time, state] = found;
        Self {
            account_id: text(account),
            region: text(region),
            resource_type: text(resource_type),
            id: text(id),
            capture_time: text(time)
                .and_then(|time| Timestamp::parse(&time))
                .or_else(|| {
                    let number: f64 = text_of(time)?.parse().ok()?;
                    instant::from_epoch(number)
                })
                .and_then(instant::of_capture),
            state_id: text(state)
                .or_else(|| text_of(state).map(Into::into))
                .and_then(|id| id.parse().ok()),
        }
    }
}

fn note<'t>(key: &[u8], value: &'t [u8], found: &mut [Found<'t>; 6]) {
    let unescaped = key.contains(&b'\\').then(|| unescaped(key)).flatten();
    let key = unescaped.as_ref().map_or(key, String::as_bytes);
    let place = FIELDS.iter().position(|names| names.contains(&key));
    let Some(field) = place.and_then(|at| found.get_mut(at)) else { return };
    *field = match *field {
        Found::Nothing => Found::Once(value),
        // From the back, the same field is met again.
        Found::Once(before) if before.trim_ascii() == value.trim_ascii() => *field,
        Found::Once(_) | Found::Contradiction => Found::Contradiction,
    };
}

/// A name as it is meant, where it is written with escapes.
fn unescaped(key: &[u8]) -> Option<String> {
    sonic_rs::from_slice(&[b"\"", key, b"\""].concat()).ok()
}

/// The value as it is written, if it is the only one.
fn text_of(found: Found<'_>) -> Option<&str> {
    let Found::Once(value) = found else { return None };
    std::str::from_utf8(value.trim_ascii()).ok()
}

/// The value, if it is the only one and a string that says something.
fn text(found: Found<'_>) -> Option<Box<str>> {
    let value: String = sonic_rs::from_str(text_of(found)?).ok()?;
    (!value.is_empty()).then(|| value.into())
}

/// Goes through the fields of the map that the text begins with.
fn forward<'t>(bytes: &'t [u8], found: &mut [Found<'t>; 6]) {
    let mut at = split::skip_space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return;
    }
    for _ in 0..MAX_FIELDS {
        let key = split::skip_space(bytes, at + 1);
        let Some((key, after_key)) = string(bytes, key) else { return };
        let colon = split::skip_space(bytes, after_key);
        if bytes.get(colon) != Some(&b':') {
            return;
        }
        let start = split::skip_space(bytes, colon + 1);
        let Scan::End(end) = split::value(bytes, start) else { return };
        let next = split::skip_space(bytes, end);
        match bytes.get(next) {
            Some(b',' | b'}') => note(key, bytes.get(start..end).unwrap_or_default(), found),
            _ => return,
        }
        if bytes.get(next) == Some(&b'}') {
            return;
        }
        at = next;
    }
}

fn string(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let Scan::End(end) = split::string(bytes, at) else { return None };
    Some((bytes.get(at + 1..end - 1)?, end))
}

/// The fields of the map that the text ends with, the last first. Nothing where that map is one within
/// the item: of an item that was cut, the text may end with what it speaks of.
fn backward(bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::new();
    let Some(mut rest) = bytes.trim_ascii_end().strip_suffix(b"}") else { return fields };
    while fields.len() < MAX_FIELDS {
        let Some((key, value, before)) = last_field(rest) else { break };
        fields.push((key, value));
        match before.strip_suffix(b",") {
            Some(before) => rest = before,
            None if before.trim_ascii() == b"{" => break,
            None => return Vec::new(),
        }
    }
    fields
}

/// The field that the text ends with, and the text before it, which ends with a comma or the map's
/// opening bracket.
fn last_field(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let text = text.trim_ascii_end();
    let (before, value) = text.split_at(value_before(text)?);
    let before = before.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let (before, key) = before.split_at(string_before(before)?);
    let before = before.trim_ascii_end();
    let key = key.get(1..key.len() - 1)?;
    matches!(before.last(), Some(b',' | b'{')).then_some((key, value, before))
}

/// Where the value begins that the text ends with.
fn value_before(bytes: &[u8]) -> Option<usize> {
    match bytes.last()? {
        b'"' => string_before(bytes),
        b'}' | b']' => container_before(bytes),
        _ => {
            let start =
                bytes.iter().rposition(|byte| matches!(byte, b':' | b',' | b'"' | b'{' | b'['))?;
            Some(start + 1)
        }
    }
}

/// Where the string begins whose closing quote the text ends with.
fn string_before(bytes: &[u8]) -> Option<usize> {
    let mut body = bytes.strip_suffix(b"\"")?;
    loop {
        let quote = memchr::memrchr2(b'"', b'\n', body)?;
        if body.get(quote) == Some(&b'\n') {
            return None;
        }
        let before = body.get(..quote)?;
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return Some(quote);
        }
        body = before;
    }
}

/// Where the list or map begins whose closing bracket the text ends with.
fn container_before(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut end) = (0_usize, bytes.len());
    while end > 0 {
        let part = bytes.get(..end)?;
        end = match part.last()? {
            b'"' => string_before(part)?,
            b'}' | b']' => {
                depth += 1;
                end - 1
            }
            b'{' | b'[' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(end - 1);
                }
                end - 1
            }
            _ => end - 1,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"relationships":[{"resourceId":"other","resourceType":"AWS::KMS::Key"}],
        "configuration":{"a":{"b":"x\"}"},"resourceId":"inner"},"configurationStateId":17,
        "configurationItemCaptureTime":"2024-05-01T10:00:00Z","awsAccountId":"111122223333",
        "resourceType":"AWS::S3::Bucket","resourceId":"logs","awsRegion":"eu-west-1"}"#;

    fn shown(traces: &Traces) -> String {
        let Traces { account_id, region, resource_type, id, .. } = traces;
        [account_id, region, resource_type, id].map(|it| it.as_deref().unwrap_or("-")).join(" ")
    }

    #[test]
    fn a_whole_item_says_all() {
        let traces = Traces::of(ITEM.as_bytes());
        assert_eq!(shown(&traces), "111122223333 eu-west-1 AWS::S3::Bucket logs");
        assert_eq!(traces.state_id, Some(17));
        assert_eq!(traces.capture_time, Timestamp::parse("2024-05-01T10:00:00Z"));
    }

    #[test]
    fn what_is_wrong_in_the_middle_does_not_hide_what_stands_around_it() {
        for (from, to) in
            [(":{\"a\"", ":\"a\""), (r#""x\"}""#, "nope"), ("]", ""), ("{\"a\"", "[\"a\"")]
        {
            let text = ITEM.replacen(from, to, 1);
            let traces = Traces::of(text.as_bytes());
            assert_eq!(shown(&traces), "111122223333 eu-west-1 AWS::S3::Bucket logs", "{text}");
        }
    }

    #[test]
    fn an_item_that_is_cut_says_what_came_before_the_cut() {
        let front = r#"{"resourceType":"AWS::S3::Bucket","awsRegion":"eu-west-1","resourceId":"lo"#;
        assert_eq!(shown(&Traces::of(front.as_bytes())), "- eu-west-1 AWS::S3::Bucket -");
        let cut = ITEM.split_at(200).0;
        assert_eq!(shown(&Traces::of(cut.as_bytes())), "- - - -");
        let late = ITEM.split_at(200).1;
        assert!(shown(&Traces::of(late.as_bytes())).ends_with("AWS::S3::Bucket logs"));
    }

    #[test]
    fn an_item_that_is_cut_within_what_it_speaks_of_is_not_taken_for_that() {
        for end in [r#""AWS::KMS::Key"}"#, r#""AWS::KMS::Key"}]"#, r#""inner"}"#, r#""x\"}"}"#] {
            let cut = ITEM.split_at(ITEM.find(end).unwrap() + end.len()).0;
            assert_eq!(shown(&Traces::of(cut.as_bytes())), "- - - -", "{cut}");
        }
    }

    #[test]
    fn a_field_that_says_two_things_says_nothing() {
        let text = ITEM.replace("{\"b\"", "\"b\"");
        assert_eq!(shown(&Traces::of(text.as_bytes())), "111122223333 eu-west-1 AWS::S3::Bucket -");
        let text = ITEM.replace(r#""awsRegion""#, r#""resourceId":"data","awsRegion""#);
        assert_eq!(shown(&Traces::of(text.as_bytes())), "111122223333 eu-west-1 AWS::S3::Bucket -");
        let text = ITEM.replace(r#""awsRegion""#, r#""resource\u0049d":"data","awsRegion""#);
        assert_eq!(shown(&Traces::of(text.as_bytes())), "111122223333 eu-west-1 AWS::S3::Bucket -");
        let text = ITEM.replace(r#""awsRegion""#, r#""accountId":"999999999999","awsRegion""#);
        assert!(shown(&Traces::of(text.as_bytes())).starts_with('-'), "{text}");
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in
            ["", "{", "}", "\"", "{\"", "[]", "{}", ":}", ",}", "\"}", "]}", "{\"a\":}", "}}}}"]
        {
            assert_eq!(Traces::of(text.as_bytes()), Traces::default(), "{text}");
        }
    }
}
