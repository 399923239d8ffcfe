//! What was passed over between something broken and the next item that could be made out.

use super::chunk::Part;
use super::{resume, skip_space};
use crate::resource::Traces;

/// So much is kept of the beginning of what is broken,
const FRONT: usize = 256 << 10;
/// and of its end, where AWS's snapshots write an item's identity.
const BACK: usize = 64 << 10;

/// The text of something broken, as far as it may say what it was.
#[derive(Debug)]
pub(super) struct Wreck {
    front: Vec<u8>,
    back: Vec<u8>,
    lines: usize,
}

impl Wreck {
    pub(super) fn new(text: &[u8]) -> Self {
        let mut wreck = Self { front: Vec::new(), back: Vec::new(), lines: 0 };
        wreck.add(text);
        wreck
    }

    pub(super) fn add(&mut self, text: &[u8]) {
        self.lines += memchr::memchr_iter(b'\n', text).count();
        let room = FRONT.saturating_sub(self.front.len()).min(text.len());
        self.front.extend_from_slice(text.get(..room).unwrap_or_default());
        self.back.extend_from_slice(text);
        if self.back.len() > 2 * BACK {
            self.back.drain(..self.back.len() - BACK);
        }
    }

    /// What is lost with it. In a list, the next item is told by the key that it opens with, so what
    /// does not open so may be several; lines are told by their ends.
    pub(super) fn part(&self, in_list: bool) -> Part {
        let (front, back) = (self.front.trim_ascii(), self.back.trim_ascii());
        let opening = front.get(skip_space(front, 1)..).unwrap_or_default();
        let is_one = if in_list { resume::opens_item(opening) } else { self.lines <= 1 };
        if !is_one {
            return Part::Anything;
        }
        let back = back.strip_suffix(b",").filter(|_| in_list).unwrap_or(back);
        let front = if self.front.len() < FRONT { back_of(front, back.len()) } else { front };
        Part::Item(Traces::of_ends(front, back))
    }
}

/// The front without the comma that the back is without.
fn back_of(front: &[u8], length: usize) -> &[u8] {
    front.get(..length).unwrap_or(front)
}
