//! What was passed over between something broken and the next item that could be made out.

use super::chunk::LostPart;
use super::{resume, skip_space};
use crate::Traces;

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
    /// Whether another item may open beyond the front.
    opens_another: bool,
}

impl Wreck {
    pub(super) fn new(text: &[u8]) -> Self {
        let (front, back) = (Vec::new(), Vec::new());
        let mut wreck = Self { front, back, lines: 0, opens_another: false };
        wreck.add(text);
        wreck
    }

    pub(super) fn add(&mut self, text: &[u8]) {
        self.lines += memchr::memchr_iter(b'\n', text).count();
        let room = FRONT.saturating_sub(self.front.len()).min(text.len());
        let (kept, beyond) = text.split_at_checked(room).unwrap_or((text, &[]));
        self.front.extend_from_slice(kept);
        self.opens_another |= Traces::may_open(beyond);
        self.back.extend_from_slice(text);
        if self.back.len() > 2 * BACK {
            self.back.drain(..self.back.len() - BACK);
        }
    }

    /// What is lost with it. In a list, the next item is reported by the key that it opens with, so what
    /// does not open so may be several; lines are reported by their ends.
    pub(super) fn part(&self, in_list: bool) -> LostPart {
        let (front, back) = (self.front.trim_ascii(), self.back.trim_ascii());
        let back = back.strip_suffix(b",").filter(|_| in_list).unwrap_or(back);
        let front = if self.front.len() < FRONT { back_of(front, back.len()) } else { front };
        let opening = front.get(skip_space(front, 1)..).unwrap_or_default();
        let is_one = if in_list {
            resume::opens_item(opening) && !resume::ends_in_opening(front)
        } else {
            self.lines <= 1
        };
        if !is_one || self.opens_another || !Traces::is_of_one(front) {
            return LostPart::Anything;
        }
        LostPart::Item(Traces::of_ends(front, back))
    }
}

/// The front without the comma that the back is without.
fn back_of(front: &[u8], length: usize) -> &[u8] {
    front.get(..length).unwrap_or(front)
}
