//! Splits a stream of JSON into the texts of configuration items, a chunk at a time, so that
//! items can be parsed on several threads and no file is ever in memory.
//!
//! It takes snapshot files, bare lists, bare items, JSON Lines of items, notifications or query
//! rows, and saved answers of the history, batch and query API, each of them also several times
//! in one stream. Only brackets and quotes are looked at: whether an item is JSON is for
//! [`super::parse_item`] to say.
//!
//! What cannot be split is a problem: it is reported with its place, the splitter goes on from the
//! next line or item that it can make out, and the stream does not count as complete. Neither does
//! one that ends early. That JSON Lines were cut between two lines cannot be told.

mod frame;
mod resume;
mod scan;

use std::io::{self, Read};
use std::mem;

use frame::{Completeness, Frame, From, Walk};
use scan::Scan;

pub(crate) use frame::opens_snapshot;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// About how much text a chunk holds: enough to make handing it over cheap.
const CHUNK: usize = 256 << 10;
/// The most text that one item may have. AWS Config's own are far below 1 MiB.
const MAX_ITEM: usize = 16 << 20;
/// How many problems of one stream are kept.
const MAX_PROBLEMS: usize = 1000;
/// How often an item without an end is passed by: each costs a look at all that follows.
const MAX_UNENDED: u32 = 64;

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
}

/// Splits one stream.
#[derive(Debug)]
pub struct Splitter<R> {
    input: R,
    /// What has been read and not handed out.
    buffer: Vec<u8>,
    /// How far `buffer` has been split.
    at: usize,
    /// Where in the stream `buffer` begins.
    base: u64,
    ended: bool,
    state: State,
    /// What the last answer of the API said of further ones.
    last: Completeness,
    values: u64,
    unended: u32,
    max_item: usize,
    report: SplitReport,
}

/// Where in the structure the splitter is.
#[derive(Debug)]
enum State {
    /// Between two top-level values.
    Outside,
    /// In a list of items.
    List {
        frame: Frame,
        first: bool,
    },
    /// In a top-level object, after a list of items.
    AfterList {
        frame: Frame,
    },
    /// Looking for the next item after something broken.
    Lost {
        frame: Option<Frame>,
    },
    Done,
}

/// What one step came to.
enum Step {
    /// Something was passed.
    Moved,
    /// An item was passed.
    Item { start: usize },
    /// Nothing can be said before more is read.
    More,
}

impl<R: Read> Splitter<R> {
    /// Splits what `input` gives.
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            at: 0,
            base: 0,
            ended: false,
            state: State::Outside,
            last: Completeness::Whole,
            values: 0,
            unended: 0,
            max_item: MAX_ITEM,
            report: SplitReport::default(),
        }
    }

    /// Fills the chunk with the next items; false when there are no more. A chunk whose items are
    /// done with is given back so that its memory is used again.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> bool {
        chunk.items.clear();
        loop {
            match self.step() {
                Step::Moved => {}
                Step::Item { start } => {
                    let offset = self.offset(start);
                    let index = self.report.items;
                    chunk.items.push(ItemSpan { start, end: self.at, offset, index });
                    self.report.items += 1;
                }
                Step::More if self.ended => break,
                Step::More if !chunk.items.is_empty() && self.at >= CHUNK / 2 => break,
                Step::More => self.fill(chunk.items.is_empty()),
            }
        }
        self.hand_out(chunk);
        !chunk.items.is_empty()
    }

    /// How it went, once there are no more chunks.
    pub fn finish(mut self) -> SplitReport {
        if self.report.problem_count == 0 {
            match self.last {
                Completeness::Whole => {}
                Completeness::NextPage => self.problem(
                    self.at,
                    "the answer of the API has further pages (it ends with a NextToken): save them too",
                ),
                Completeness::Unprocessed => self.problem(
                    self.at,
                    "the API left some resources unprocessed: ask for them again and save that answer too",
                ),
            }
        }
        self.report
    }

    /// Moves what was split into the chunk, and what was not to the front of a new buffer.
    fn hand_out(&mut self, chunk: &mut Chunk) {
        let mut next = mem::take(&mut chunk.text);
        next.clear();
        next.shrink_to(4 * CHUNK);
        next.extend_from_slice(self.buffer.get(self.at..).unwrap_or_default());
        self.buffer.truncate(self.at);
        chunk.text = mem::replace(&mut self.buffer, next);
        self.base += self.at as u64;
        self.at = 0;
    }

    /// Reads on. What was split and holds no item of the chunk is dropped before.
    fn fill(&mut self, drop_split: bool) {
        if drop_split {
            self.buffer.drain(..self.at);
            self.base += self.at as u64;
            self.at = 0;
        }
        // Doubling keeps the cost of scanning an unusually long item anew within bounds.
        let want = (self.buffer.len() - self.at).max(CHUNK);
        let input = self.input.by_ref();
        match input.take(want as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.ended = read < want,
            Err(error) => {
                self.ended = true;
                self.problem(self.buffer.len(), &cannot_read(&error));
            }
        }
    }

    fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    fn problem(&mut self, at: usize, message: &str) {
        self.report.problem_count += 1;
        if self.report.problems.len() < MAX_PROBLEMS {
            let (index, offset) = (self.report.items, self.offset(at));
            self.report.problems.push(SplitProblem { index, offset, message: message.to_owned() });
        }
    }

    fn step(&mut self) -> Step {
        match mem::replace(&mut self.state, State::Done) {
            State::Outside => self.outside(),
            State::List { frame, first } => self.in_list(frame, first),
            State::AfterList { frame } => self.after_list(frame),
            State::Lost { frame } => self.lost(frame),
            State::Done => {
                self.at = self.buffer.len();
                self.ended = true;
                Step::More
            }
        }
    }

    fn outside(&mut self) -> Step {
        if self.offset(self.at) == 0 && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
        }
        self.at = scan::skip_space(&self.buffer, self.at);
        self.state = State::Outside;
        let start = self.at;
        match self.buffer.get(start) {
            None if self.ended && self.values == 0 => {
                self.values = 1;
                self.problem(start, "there is nothing in it");
                Step::More
            }
            None => Step::More,
            Some(b'{') => self.object(start),
            Some(b'[') => self.open_list(start, start + 1),
            Some(b'"') => {
                self.values += 1;
                let scan = scan::string(&self.buffer, start);
                self.item(start, scan, None)
            }
            Some(_) => self.broken(start, "here should be a configuration item or a list", None),
        }
    }

    fn object(&mut self, start: usize) -> Step {
        match frame::walk(&self.buffer, start, From::Brace) {
            Walk::List(opens) => self.open_list(start, opens),
            Walk::End(end) => {
                self.values += 1;
                self.item(start, Scan::End(end), None)
            }
            Walk::More => self.item(start, Scan::More, None),
            Walk::Broken(_, why) => self.broken(start, why, None),
        }
    }

    fn open_list(&mut self, start: usize, opens: usize) -> Step {
        self.values += 1;
        let frame = Frame::new(self.buffer.get(start..opens).unwrap_or_default());
        self.at = opens;
        self.state = State::List { frame, first: true };
        Step::Moved
    }

    fn in_list(&mut self, mut frame: Frame, first: bool) -> Step {
        self.at = scan::skip_space(&self.buffer, self.at);
        let start = match self.buffer.get(self.at) {
            None => return self.unfinished(State::List { frame, first }),
            Some(b']') => {
                frame.add(b"]");
                self.at += 1;
                self.state = State::AfterList { frame };
                return Step::Moved;
            }
            Some(b',') if !first => scan::skip_space(&self.buffer, self.at + 1),
            Some(_) if first => self.at,
            Some(_) => return self.broken(self.at, "a comma is missing before this", Some(frame)),
        };
        if start == self.buffer.len() {
            return self.unfinished(State::List { frame, first });
        }
        let scan = scan::value(&self.buffer, start);
        self.item(start, scan, Some(frame))
    }

    fn after_list(&mut self, mut frame: Frame) -> Step {
        if !frame.is_object() {
            return self.close(&frame);
        }
        match frame::walk(&self.buffer, self.at, From::Value) {
            Walk::More => self.unfinished(State::AfterList { frame }),
            Walk::Broken(at, why) => self.broken(at, why, Some(frame)),
            Walk::List(_) if frame.is_full() => {
                self.broken(self.at, "too many lists stand in one object", None)
            }
            Walk::List(opens) => {
                frame.add(self.buffer.get(self.at..opens).unwrap_or_default());
                self.at = opens;
                self.state = State::List { frame, first: true };
                Step::Moved
            }
            Walk::End(end) => {
                frame.add(self.buffer.get(self.at..end).unwrap_or_default());
                self.at = end;
                self.close(&frame)
            }
        }
    }

    /// Checks what stood around a list of items.
    fn close(&mut self, frame: &Frame) -> Step {
        self.state = State::Outside;
        match frame.check() {
            Ok(completeness) => self.last = completeness,
            Err(why) => self.problem(self.at, why),
        }
        Step::Moved
    }

    /// Passes an item, of a list if there is a frame.
    fn item(&mut self, start: usize, scan: Scan, frame: Option<Frame>) -> Step {
        match scan {
            Scan::End(end) => {
                self.at = end;
                self.state = match frame {
                    Some(frame) => State::List { frame, first: false },
                    None => State::Outside,
                };
                Step::Item { start }
            }
            Scan::Broken(why) => self.broken(start, why, frame),
            Scan::More if self.ended => {
                self.unended(start, "the text ends before this item does", frame)
            }
            Scan::More if self.buffer.len() - start > self.max_item => {
                self.unended(start, "this item has no end within 16 MiB", frame)
            }
            Scan::More => {
                // The item is scanned anew when more has been read; so is the comma before it.
                self.state = match frame {
                    Some(frame) => {
                        State::List { frame, first: self.buffer.get(self.at) != Some(&b',') }
                    }
                    None => State::Outside,
                };
                Step::More
            }
        }
    }

    fn unended(&mut self, start: usize, why: &str, frame: Option<Frame>) -> Step {
        self.unended += 1;
        if self.unended > MAX_UNENDED {
            self.problem(start, "too many items have no end: nothing is read from here on");
            return Step::Moved;
        }
        self.broken(start, why, frame)
    }

    /// Waits for more text, or reports that there is none.
    fn unfinished(&mut self, state: State) -> Step {
        if self.ended {
            self.problem(self.buffer.len(), "the text ends before the list of items does");
        } else if self.buffer.len() - self.at > self.max_item {
            self.problem(self.at, "what stands around the items has no end within 16 MiB");
        } else {
            self.state = state;
        }
        Step::More
    }

    /// Reports something broken and looks for the next item, in a list if there is a frame.
    fn broken(&mut self, at: usize, why: &str, frame: Option<Frame>) -> Step {
        self.problem(at, why);
        self.at = at + 1;
        self.state = State::Lost { frame };
        Step::Moved
    }

    fn lost(&mut self, frame: Option<Frame>) -> Step {
        let found = match &frame {
            Some(_) => resume::next_item(&self.buffer, self.at),
            None => resume::next_line(&self.buffer, self.at),
        };
        if let Some(found) = found {
            self.at = found;
            self.state = match frame {
                Some(frame) => State::List { frame, first: true },
                None => State::Outside,
            };
            return Step::Moved;
        }
        if !self.ended {
            // Of what was searched only what may be the beginning of an item's beginning is kept.
            self.at = self.at.max(self.buffer.len().saturating_sub(resume::BEGINNING));
            self.state = State::Lost { frame };
        }
        Step::More
    }
}

fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data ends too early".to_owned(),
        _ => format!("cannot read on: {error}"),
    }
}

#[cfg(test)]
mod tests;
