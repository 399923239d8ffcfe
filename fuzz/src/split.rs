//! The splitter: the pieces that a text comes in change nothing, every item is what stands where it is
//! said to, and a text that is split without a problem is JSON of which nothing was passed over.

use std::fmt;
use std::io::{self, Read};

use model::{Chunk, ItemSpan, SplitReport, Splitter};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of a top-level map whose lists hold items.
const LISTS: [&str; 3] = ["configurationItems", "baseConfigurationItems", "Results"];

/// Splits a text, whole and in pieces.
pub fn check(text: &[u8]) {
    let (items, report) = split(text);
    let in_pieces = split(InPieces { text, most: 1 + text.len() % 13 });
    assert_eq!((&items, &report), (&in_pieces.0, &in_pieces.1), "read in pieces");
    places(text, &items, &report);
    let are_json = items.iter().all(|(_, item)| is_json(item));
    if report.problem_count == 0 && are_json {
        nothing_is_lost(text, &items);
    }
}

type Items = Vec<(ItemSpan, Vec<u8>)>;

fn split(input: impl Read) -> (Items, SplitReport) {
    let mut splitter = Splitter::new(input);
    let (mut chunk, mut items) = (Chunk::default(), Vec::new());
    while splitter.next_chunk(&mut chunk) {
        // Where in a chunk an item stands depends on how much was read at once.
        items.extend(
            chunk.texts().map(|(span, text)| {
                (ItemSpan { start: 0, end: text.len(), ..span }, text.to_vec())
            }),
        );
    }
    (items, splitter.finish())
}

/// Gives so many bytes at most at a time.
struct InPieces<'t> {
    text: &'t [u8],
    most: usize,
}

impl Read for InPieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(self.most).min(self.text.len());
        let (now, later) = self.text.split_at(count);
        into[..count].copy_from_slice(now);
        self.text = later;
        Ok(count)
    }
}

/// Items stand where they are said to, one after the other, and so do problems.
fn places(text: &[u8], items: &Items, report: &SplitReport) {
    let mut end = 0;
    for (number, (span, item)) in items.iter().enumerate() {
        let start = usize::try_from(span.offset).unwrap();
        assert_eq!(text.get(start..start + item.len()), Some(item.as_slice()), "at {start}");
        assert!(
            start >= end && !item.is_empty(),
            "an item at {start}, the one before ends at {end}"
        );
        assert_eq!(span.index, number as u64);
        end = start + item.len();
    }
    assert_eq!(report.items, items.len() as u64);
    assert_eq!(report.problem_count == 0, report.problems.is_empty());
    for problem in &report.problems {
        assert!(
            problem.offset <= text.len() as u64 && problem.index <= report.items,
            "{problem:?}"
        );
    }
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(text).is_ok()
}

/// The items are those that another parser finds.
fn nothing_is_lost(text: &[u8], items: &Items) {
    if text.windows(2).any(|pair| pair == b"\\u") {
        return; // a name that is written with escapes is that of another field here
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let mut expected: Vec<&str> = Vec::new();
    for value in values {
        let value = value.expect("what is split without a problem is JSON").get();
        if value.starts_with('[') {
            expected.extend(elements(value));
        } else {
            let fields = serde_json::from_str(value).unwrap_or(Fields(Vec::new()));
            let is_list = |(name, value): &(String, &RawValue)| {
                LISTS.contains(&name.as_str()) && value.get().starts_with('[')
            };
            let lists: Vec<_> = fields.0.iter().filter(|field| is_list(field)).collect();
            if lists.is_empty() {
                expected.push(value);
            }
            expected.extend(lists.iter().flat_map(|(_, list)| elements(list.get())));
        }
    }
    let found: Vec<_> = items.iter().map(|(_, item)| std::str::from_utf8(item).unwrap()).collect();
    assert_eq!(found, expected);
}

fn elements(list: &str) -> Vec<&str> {
    let elements: Vec<&RawValue> = serde_json::from_str(list).unwrap();
    elements.into_iter().map(RawValue::get).collect()
}

/// The fields of a map as they stand.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Fields<'t> {
    fn deserialize<D: Deserializer<'t>>(from: D) -> Result<Self, D::Error> {
        struct OfMap;
        impl<'t> Visitor<'t> for OfMap {
            type Value = Fields<'t>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a map")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(OfMap)
    }
}
