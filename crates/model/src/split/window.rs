//! The part of a stream that is in memory: what has been read and not handed out.

use std::io::{self, Read};
use std::mem;

/// About how much text is handed out at once: enough to make handing it over cheap.
pub(super) const CHUNK: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    /// How far `buffer` has been split.
    pub(super) at: usize,
    /// Where in the stream `buffer` begins.
    base: u64,
    /// Whether there is no more to read.
    pub(super) ended: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), at: 0, base: 0, ended: false }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.buffer.get(at).copied()
    }

    pub(super) fn part(&self, start: usize, end: usize) -> &[u8] {
        self.buffer.get(start..end).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The position in the stream of one in the window.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    /// Reads on.
    ///
    /// # Errors
    ///
    /// When reading fails, which also ends the stream. What was read before that is in the window.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        // Doubling keeps the cost of scanning an unusually long item again within bounds.
        let want = (self.buffer.len() - self.at).max(CHUNK);
        let input = self.input.by_ref();
        match input.take(want as u64).read_to_end(&mut self.buffer) {
            Ok(read) => {
                self.ended = read < want;
                Ok(())
            }
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        }
    }

    /// Forgets what was split.
    pub(super) fn drop_split(&mut self) {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
    }

    /// Moves what was split into `text`, and what was not to the front of a new buffer, for which
    /// the memory of `text` is used.
    pub(super) fn hand_out(&mut self, text: &mut Vec<u8>) {
        let mut next = mem::take(text);
        next.clear();
        next.shrink_to(4 * CHUNK);
        next.extend_from_slice(self.buffer.get(self.at..).unwrap_or_default());
        self.buffer.truncate(self.at);
        *text = mem::replace(&mut self.buffer, next);
        self.base += self.at as u64;
        self.at = 0;
    }
}

/// Why there is no more to read.
pub(super) fn cannot_read(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "the compressed data ends too early: deliver or copy the file again".to_owned()
        }
        _ => format!("cannot read on: {error}"),
    }
}
