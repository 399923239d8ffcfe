//! Whether broken text is of one item alone, or may have swallowed others.
//!
//! A string that is cut takes the text after it for its own up to the next quote, and from there on
//! what stands in strings and what stands around them change places; a list that is cut takes the
//! next items for its elements. Such text names one of the items in it and is silent on the others.
//!
//! The text is followed from the front up to the first token that does not fit, and from the back up
//! to the last. Only between the two, or in a list that nothing closes, can another item stand.

use super::string_before;
use crate::split::{self, Scan};

/// What every item says of itself in every encoding, and hardly any configuration does.
const OF_ANY_ITEM: &[u8] = b"awsRegion";

/// Whether no other item stands in the text of a broken one.
pub(super) fn is_single(text: &[u8]) -> bool {
    let front = Forward::through(text);
    if front.is_whole {
        return true;
    }
    let Some(back) = backward(text) else { return false };
    opening_braces(text, front.until, back).next().is_none()
        && front
            .open_list
            .is_none_or(|list| !says_of_item(text.get(list..front.until).unwrap_or_default()))
}

fn says_of_item(text: &[u8]) -> bool {
    memchr::memmem::find(text, OF_ANY_ITEM).is_some()
}

/// Whether a map opens in text of which no more is known that is neither a field's value nor the first
/// of a list.
pub(super) fn opens_item(text: &[u8]) -> bool {
    opening_braces(text, 0, text.len()).any(|brace| {
        let before = text.get(..brace).unwrap_or_default().trim_ascii_end();
        !matches!(before.last(), Some(b':' | b'['))
    })
}

/// Where maps open with a key, between two places. In a document that is written as a string a backslash
/// follows.
fn opening_braces(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = usize> {
    let between = text.get(from..to).unwrap_or_default();
    memchr::memchr_iter(b'{', between).map(move |at| from + at).filter(|brace| {
        let next = text.get(split::skip_space(text, brace + 1));
        !matches!(next, None | Some(b'\\' | b'}'))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TraceToken {
    OpenMap,
    OpenList,
    CloseMap,
    CloseList,
    Comma,
    Colon,
    Text,
    Scalar,
}

impl TraceToken {
    fn is_value(self) -> bool {
        matches!(self, Self::OpenMap | Self::OpenList | Self::Text | Self::Scalar)
    }

    fn of_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            b'{' => Self::OpenMap,
            b'[' => Self::OpenList,
            b'}' => Self::CloseMap,
            b']' => Self::CloseList,
            b',' => Self::Comma,
            b':' => Self::Colon,
            _ => return None,
        })
    }

    /// Whether `next` may follow, in a map or in a list.
    fn precedes(self, next: Self, in_map: bool) -> bool {
        let closes = if in_map { Self::CloseMap } else { Self::CloseList };
        match self {
            Self::OpenMap => matches!(next, Self::Text | Self::CloseMap),
            Self::OpenList => next.is_value() || next == Self::CloseList,
            Self::Comma if in_map => next == Self::Text,
            Self::Comma | Self::Colon => next.is_value(),
            Self::Text if in_map && next == Self::Colon => true,
            Self::Text | Self::Scalar | Self::CloseMap | Self::CloseList => {
                next == Self::Comma || next == closes
            }
        }
    }
}

fn is_scalar(text: &[u8]) -> bool {
    let number = || std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok());
    let is_numeric = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    matches!(text, b"true" | b"false" | b"null") || text.iter().all(is_numeric) && number()
}

fn ends_scalar(byte: u8) -> bool {
    TraceToken::of_byte(byte).is_some() || byte == b'"' || byte.is_ascii_whitespace()
}

/// How far text is an item.
struct Forward {
    /// Up to where. The last text may have been closed by a quote of the next item.
    until: usize,
    /// Where the outermost list opens that is not closed.
    open_list: Option<usize>,
    /// Whether it is all of a value and nothing more.
    is_whole: bool,
}

impl Forward {
    fn through(text: &[u8]) -> Self {
        let mut open: Vec<(bool, usize)> = Vec::new();
        let (mut before, mut until, mut at) = (None, 0, split::skip_space(text, 0));
        let (mut is_key, mut is_closed) = (false, false);
        while let Some((token, end)) = token(text, at) {
            let in_map = open.last().is_some_and(|(is_map, _)| *is_map);
            let fits = match before {
                None => token == TraceToken::OpenMap,
                // A map's text is a key where no colon stands before it.
                Some(TraceToken::Text) if in_map && is_key => token == TraceToken::Colon,
                Some(TraceToken::Text) if in_map && token == TraceToken::Colon => false,
                Some(before) => !is_closed && TraceToken::precedes(before, token, in_map),
            };
            if !fits {
                break;
            }
            is_key = token == TraceToken::Text && before != Some(TraceToken::Colon);
            match token {
                TraceToken::OpenMap | TraceToken::OpenList => {
                    open.push((token == TraceToken::OpenMap, at));
                }
                TraceToken::CloseMap | TraceToken::CloseList => {
                    open.pop();
                    is_closed = open.is_empty();
                }
                TraceToken::Comma | TraceToken::Colon | TraceToken::Text | TraceToken::Scalar => {}
            }
            before = Some(token);
            until = if token == TraceToken::Text { at } else { end };
            at = split::skip_space(text, end);
        }
        let open_list = open.iter().find(|(is_map, _)| !is_map).map(|(_, at)| *at);
        Self { until, open_list, is_whole: is_closed && at == text.len() }
    }
}

/// The token that begins at a place, and where it ends. A text that ends with a brace was closed by
/// the quote of the first key of something else.
fn token(text: &[u8], at: usize) -> Option<(TraceToken, usize)> {
    let first = *text.get(at)?;
    if let Some(token) = TraceToken::of_byte(first) {
        return Some((token, at + 1));
    }
    if first == b'"' {
        let Scan::End(end) = split::string(text, at) else { return None };
        let inner = text.get(at + 1..end - 1)?.trim_ascii_end();
        return (!inner.ends_with(b"{")).then_some((TraceToken::Text, end));
    }
    let rest = text.get(at..)?;
    let length = rest.iter().position(|byte| ends_scalar(*byte)).unwrap_or(rest.len());
    is_scalar(rest.get(..length)?).then_some((TraceToken::Scalar, at + length))
}

/// Where the first of the tokens ends that fit from the back on. Nothing where these are all of
/// another item.
fn backward(text: &[u8]) -> Option<usize> {
    let mut closed: Vec<bool> = Vec::new();
    let (mut after, mut end) = (None, text.trim_ascii_end().len());
    let mut first_ends = text.len();
    while let Some((token, start)) = token_before(text.get(..end)?) {
        let in_map = closed.last().copied();
        let fits = match after {
            None => token == TraceToken::CloseMap,
            Some(after) => in_map.is_some_and(|in_map| token.precedes(after, in_map)),
        };
        if !fits {
            break;
        }
        match token {
            TraceToken::CloseMap | TraceToken::CloseList => {
                closed.push(token == TraceToken::CloseMap);
            }
            TraceToken::OpenMap | TraceToken::OpenList => {
                if closed.pop() != Some(token == TraceToken::OpenMap) {
                    break;
                }
            }
            TraceToken::Comma | TraceToken::Colon | TraceToken::Text | TraceToken::Scalar => {}
        }
        (after, first_ends) = (Some(token), end);
        end = text.get(..start)?.trim_ascii_end().len();
        if closed.is_empty() {
            let is_nested = matches!(text.get(..end)?.last(), None | Some(b':' | b'['));
            return (is_nested || !says_of_item(text.get(start..)?)).then_some(first_ends);
        }
    }
    Some(first_ends)
}

/// The token that a text ends with, and where it begins.
fn token_before(text: &[u8]) -> Option<(TraceToken, usize)> {
    let last = *text.last()?;
    if let Some(token) = TraceToken::of_byte(last) {
        return Some((token, text.len() - 1));
    }
    if last == b'"' {
        return string_before(text).map(|start| (TraceToken::Text, start));
    }
    let start = text.iter().rposition(|byte| ends_scalar(*byte)).map_or(0, |at| at + 1);
    is_scalar(text.get(start..)?).then_some((TraceToken::Scalar, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"awsAccountId":"111122223333","awsRegion":"eu-west-1","configuration":{"rules":[{"from":1,"text":"x\"}"},{"from":2}],"policy":"{\"Statement\":[{\"Sid\":\"a\"},{\"Sid\":\"b\"}]}"},"relationships":[{"resourceId":"other"},{"resourceId":"more"}],"resourceType":"AWS::S3::Bucket","resourceId":"logs"}"#;
    /// What a list may hold and no item's key opens.
    const ODD: &str = r#"{"configurationItemSummary":{"awsAccountId":"111122223333","awsRegion":"eu-west-1","resourceType":"AWS::IAM::Role","resourceId":"r"},"messageType":"x"}"#;

    /// How far one cut lies from the next: an interpreter takes seconds for each.
    const STEP: usize = if cfg!(miri) { 61 } else { 1 };

    #[test]
    fn one_change_to_one_item_leaves_it_one_item() {
        assert!(is_single(ONE.as_bytes()));
        for (from, to) in [
            ("2}]", "nope}]"),
            ("{\"from\":1", "\"from\":1"),
            ("2}]", "2}"),
            ("2}]", "2]"),
            ("x\\\"}\"", "x}"),
            ("\"text\"", "\"text"),
            ("\"policy\":\"", "\"policy\":\"\\ud8"),
            ("{\"awsAccountId\"", "\"awsAccountId\""),
            ("\"logs\"}", "\"logs\"}}"),
            ("\"logs\"}", "\"logs\""),
            ("\"logs\"}", "logs"),
        ] {
            assert!(ONE.contains(from), "{from}");
            let text = ONE.replacen(from, to, 1);
            assert!(is_single(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn an_item_that_is_cut_anywhere_is_one_item() {
        for end in (1..ONE.len()).step_by(STEP) {
            assert!(is_single(&ONE.as_bytes()[..end]), "{}", &ONE[..end]);
        }
    }

    #[test]
    fn an_item_that_is_cut_anywhere_and_followed_by_another_is_several() {
        for end in (1..ONE.len()).step_by(STEP) {
            for next in [ONE, ODD] {
                for separator in [",", ", ", "\n", ""] {
                    let cut = &ONE[..end];
                    // Lines end at the next one, and after a colon any map may follow.
                    if cut.ends_with(':') && separator.trim().is_empty() {
                        continue;
                    }
                    let text = format!("{cut}{separator}{next}");
                    assert!(!is_single(text.as_bytes()), "{text}");
                    let text = format!("{text},{}", &ODD[..30]);
                    assert!(!is_single(text.as_bytes()), "{text}");
                }
            }
        }
    }

    #[test]
    fn several_that_are_cut_are_several() {
        for first in (1..ONE.len()).step_by(STEP) {
            for second in [1, 2, 5, 60] {
                let text = format!("{},{},{ODD}", &ONE[..first], &ONE[..second]);
                assert!(!is_single(text.as_bytes()), "{text}");
            }
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in ["", "{", "}", "\"", "{\"", "[]", ":}", ",}", "\"}", "{\"a\":}", "}}}}", "\\"] {
            assert!(is_single(text.as_bytes()), "{text}");
        }
    }
}
