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
//! one that ends early. That JSON Lines were cut between two lines cannot be determined.

mod chunk;
mod frame;
mod resume;
mod scan;
mod window;
mod wreck;

use std::io::Read;
use std::mem;

use crate::wide_text_problem;
use frame::{Completeness, Frame, From, Query, Walk};
use window::{CHUNK, Window, cannot_read};
use wreck::Wreck;

pub use chunk::{Chunk, ItemSpan, LostPart, SplitProblem, SplitReport};
pub use frame::snapshot_id;
pub(super) use scan::{Scan, skip_space, string, value};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The most text that one item may have. AWS Config's own are far below 1 MiB.
const MAX_ITEM: usize = 16 << 20;
/// How many problems of one stream are kept.
const MAX_PROBLEMS: usize = 1000;
/// How often an item without an end is passed by: each costs a look at all that follows.
const MAX_UNENDED: u32 = 64;

/// Splits one stream.
#[derive(Debug)]
pub struct Splitter<R> {
    window: Window<R>,
    state: State,
    /// The queries whose last answer has a next page.
    unended_queries: Vec<Query>,
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
        wreck: Wreck,
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
            window: Window::new(input),
            state: State::Outside,
            unended_queries: Vec::new(),
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
                    let (end, offset) = (self.window.at, self.window.offset(start));
                    chunk.items.push(ItemSpan { start, end, offset, index: self.report.items });
                    self.report.items += 1;
                }
                Step::More if self.window.ended => break,
                Step::More if chunk.items.is_empty() => {
                    self.window.drop_split();
                    self.fill();
                }
                Step::More if self.window.at >= CHUNK / 2 => break,
                Step::More => self.fill(),
            }
        }
        self.window.hand_out(&mut chunk.text);
        !chunk.items.is_empty()
    }

    /// How it went, once there are no more chunks.
    pub fn finish(mut self) -> SplitReport {
        if self.report.problem_count == 0 && !self.unended_queries.is_empty() {
            self.problem(
                self.window.at,
                "the API's answer has more pages (it ends with a NextToken): save them too",
            );
        }
        self.report
    }

    fn fill(&mut self) {
        if let Err(error) = self.window.fill() {
            self.problem(self.window.len(), &cannot_read(&error));
        }
    }

    fn problem(&mut self, at: usize, message: &str) {
        self.report.problem_count += 1;
        if self.report.problems.len() < MAX_PROBLEMS {
            let (index, offset) = (self.report.items, self.window.offset(at));
            let (message, part) = (message.to_owned(), LostPart::Anything);
            self.report.problems.push(SplitProblem { index, offset, message, part });
        }
    }

    fn step(&mut self) -> Step {
        match mem::replace(&mut self.state, State::Done) {
            State::Outside => self.outside(),
            State::List { frame, first } => self.in_list(frame, first),
            State::AfterList { frame } => self.after_list(frame),
            State::Lost { frame, wreck } => self.lost(frame, wreck),
            State::Done => {
                self.window.at = self.window.len();
                self.window.ended = true;
                Step::More
            }
        }
    }

    fn outside(&mut self) -> Step {
        if self.window.offset(self.window.at) == 0 {
            if self.window.bytes().starts_with(BYTE_ORDER_MARK) {
                self.window.at = BYTE_ORDER_MARK.len();
            } else if let Some(problem) = wide_text_problem(self.window.bytes()) {
                self.problem(0, problem);
                return Step::Moved;
            }
        }
        self.window.at = scan::skip_space(self.window.bytes(), self.window.at);
        self.state = State::Outside;
        let start = self.window.at;
        match self.window.byte(start) {
            None if self.window.ended && self.values == 0 => {
                self.values = 1;
                self.problem(start, "it is empty: deliver or copy the file again");
                Step::More
            }
            None => Step::More,
            Some(b'{') => self.object(start),
            Some(b'[') => self.open_list(start, start + 1),
            Some(b'"') => {
                self.values += 1;
                let scan = scan::string(self.window.bytes(), start);
                self.item(start, scan, None)
            }
            Some(_) => self.broken(start, "expected a configuration item or a list", None),
        }
    }

    fn object(&mut self, start: usize) -> Step {
        match frame::walk(self.window.bytes(), start, From::Brace) {
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
        let frame = Frame::new(self.window.part(start, opens));
        self.window.at = opens;
        self.state = State::List { frame, first: true };
        Step::Moved
    }

    fn in_list(&mut self, mut frame: Frame, first: bool) -> Step {
        self.window.at = scan::skip_space(self.window.bytes(), self.window.at);
        let start = match self.window.byte(self.window.at) {
            None => return self.unfinished(State::List { frame, first }),
            Some(b']') => {
                frame.add(b"]");
                self.window.at += 1;
                self.state = State::AfterList { frame };
                return Step::Moved;
            }
            Some(b',') if !first => scan::skip_space(self.window.bytes(), self.window.at + 1),
            Some(_) if first => self.window.at,
            Some(_) => {
                return self.broken(self.window.at, "a comma is missing before this", Some(frame));
            }
        };
        if start == self.window.len() {
            return self.unfinished(State::List { frame, first });
        }
        let scan = scan::value(self.window.bytes(), start);
        self.item(start, scan, Some(frame))
    }

    fn after_list(&mut self, mut frame: Frame) -> Step {
        if !frame.is_object() {
            return self.close(&frame);
        }
        match frame::walk(self.window.bytes(), self.window.at, From::Value) {
            Walk::More => self.unfinished(State::AfterList { frame }),
            Walk::Broken(at, why) => self.broken(at, why, Some(frame)),
            Walk::List(_) if frame.is_full() => {
                self.broken(self.window.at, "too many lists in one object", None)
            }
            Walk::List(opens) => {
                frame.add(self.window.part(self.window.at, opens));
                self.window.at = opens;
                self.state = State::List { frame, first: true };
                Step::Moved
            }
            Walk::End(end) => {
                frame.add(self.window.part(self.window.at, end));
                self.window.at = end;
                self.close(&frame)
            }
        }
    }

    /// Checks what stood around a list of items.
    fn close(&mut self, frame: &Frame) -> Step {
        self.state = State::Outside;
        match frame.check() {
            Ok(completeness) => self.page(frame, completeness),
            Err(why) => self.problem(self.window.at, why),
        }
        for traces in frame.unprocessed() {
            if traces.resource_type.is_some() && traces.id.is_some() {
                self.report.announced.push((self.report.items, traces));
            } else {
                self.problem(
                    self.window.at,
                    "the API left an unnamed resource unprocessed: request it again",
                );
            }
        }
        Step::Moved
    }

    /// Takes note of a page of a query: the next one is the next answer to the same query.
    fn page(&mut self, frame: &Frame, completeness: Completeness) {
        if completeness == Completeness::Whole && self.unended_queries.is_empty() {
            return;
        }
        let Some(query) = frame.query() else { return };
        let before = self.unended_queries.iter().position(|of| *of == query);
        match (before, completeness) {
            (Some(at), Completeness::Whole) => drop(self.unended_queries.swap_remove(at)),
            (None, Completeness::NextPage) if self.unended_queries.len() < MAX_PROBLEMS => {
                self.unended_queries.push(query);
            }
            _ => {}
        }
    }

    /// Passes an item, of a list if there is a frame.
    fn item(&mut self, start: usize, scan: Scan, frame: Option<Frame>) -> Step {
        match scan {
            Scan::End(end) => {
                self.window.at = end;
                self.state = match frame {
                    Some(frame) => State::List { frame, first: false },
                    None => State::Outside,
                };
                Step::Item { start }
            }
            Scan::Broken(why) => self.broken(start, why, frame),
            Scan::More if self.window.ended => self.unended(
                start,
                "the text ends before this item does: deliver or copy the file again",
                frame,
            ),
            Scan::More if self.window.len() - start > self.max_item => {
                self.unended(start, "this item does not end within 16 MiB", frame)
            }
            Scan::More => {
                // The item is scanned again when more has been read; so is the comma before it.
                self.state = match frame {
                    Some(frame) => {
                        State::List { frame, first: self.window.byte(self.window.at) != Some(b',') }
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
            self.problem(start, "too many items do not end: the rest is not read");
            return Step::Moved;
        }
        self.broken(start, why, frame)
    }

    /// Waits for more text, or reports that there is none.
    fn unfinished(&mut self, state: State) -> Step {
        if self.window.ended {
            self.problem(
                self.window.len(),
                "the text ends before the list of items does: deliver or copy the file again",
            );
        } else if self.window.len() - self.window.at > self.max_item {
            self.problem(self.window.at, "the JSON around the items does not end within 16 MiB");
        } else {
            self.state = state;
        }
        Step::More
    }

    /// Reports something broken and looks for the next item, in a list if there is a frame.
    fn broken(&mut self, at: usize, why: &str, frame: Option<Frame>) -> Step {
        self.problem(at, why);
        let wreck = Wreck::new(self.window.part(at, at + 1));
        self.window.at = at + 1;
        self.state = State::Lost { frame, wreck };
        Step::Moved
    }

    fn lost(&mut self, frame: Option<Frame>, mut wreck: Wreck) -> Step {
        let found = match &frame {
            Some(_) => resume::next_item(self.window.bytes(), self.window.at),
            None => resume::next_line(self.window.bytes(), self.window.at),
        };
        if let Some(found) = found {
            wreck.add(self.window.part(self.window.at, found));
            let kept = self.report.problem_count == self.report.problems.len() as u64;
            if let Some(problem) = self.report.problems.last_mut().filter(|_| kept) {
                problem.part = wreck.part(frame.is_some());
            }
            self.window.at = found;
            self.state = match frame {
                Some(frame) => State::List { frame, first: true },
                None => State::Outside,
            };
            return Step::Moved;
        }
        if !self.window.ended {
            // Of what was searched only what may be the beginning of an item's beginning is kept.
            let searched = self.window.len().saturating_sub(resume::BEGINNING);
            let at = self.window.at.max(searched);
            wreck.add(self.window.part(self.window.at, at));
            self.window.at = at;
            self.state = State::Lost { frame, wreck };
        }
        Step::More
    }
}

#[cfg(test)]
mod tests;
