//! What a splitter gives: chunks of text with items in it, and at the end a report.

use crate::Traces;

/// Texts of items, for one thread to parse.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The text that the items are in.
    pub text: Vec<u8>,
    /// Where in `text` the items are.
    pub items: Vec<ItemSpan>,
}

/// Where one item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemSpan {
    /// Where the item begins in the chunk's text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Where it begins in the stream, in bytes.
    pub offset: u64,
    /// How many items of the stream stand before it.
    pub index: u64,
}

impl Chunk {
    /// The texts of the items.
    pub fn texts(&self) -> impl Iterator<Item = (ItemSpan, &[u8])> {
        self.items
            .iter()
            .map(|span| (*span, self.text.get(span.start..span.end).unwrap_or_default()))
    }
}

/// Something that could not be split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitProblem {
    /// How many items of the stream stand before it.
    pub index: u64,
    /// Where it is in the stream, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub message: String,
    /// What is lost with it.
    pub part: LostPart,
}

/// What of a stream is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostPart {
    /// Nobody can say: it may be anything that the stream speaks of.
    Anything,
    /// One item, as far as is known which.
    Item(Traces),
}

/// How splitting a stream went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SplitReport {
    /// How many items were found.
    pub items: u64,
    /// The first problems. None means that the stream was whole.
    pub problems: Vec<SplitProblem>,
    /// How many problems there were.
    pub problem_count: u64,
    /// What the API names as left out of an answer, and how many items of the stream stand before
    /// the end of that answer.
    pub announced: Vec<(u64, Traces)>,
}
