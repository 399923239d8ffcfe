//! Texts that grow in turns and are read back one after the other.
//!
//! Of each text a page is held in memory; what exceeds it goes to a file that nobody else sees and
//! that is gone with the process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

/// So many bytes of a text are held in memory at most, apart from its last addition.
const PAGE: usize = 16 << 10;

/// What several texts have in the file.
#[derive(Debug, Default)]
pub(super) struct Spool {
    /// Made when it is needed.
    file: Option<File>,
    end: u64,
}

/// One text.
#[derive(Debug, Default)]
pub(super) struct Spooled {
    held: Vec<u8>,
    pages: Vec<Page>,
}

/// Where a part of a text stands in the file.
#[derive(Debug)]
struct Page {
    start: u64,
    length: u64,
}

impl Spool {
    /// Adds to the end of a text.
    pub(super) fn add(&mut self, text: &mut Spooled, more: &[u8]) -> io::Result<()> {
        text.held.extend_from_slice(more);
        if text.held.len() < PAGE {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let page = mem::take(&mut text.held);
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(&page)?;
        let length = page.len() as u64;
        text.pages.push(Page { start: self.end, length });
        self.end += length;
        Ok(())
    }

    /// Writes a text whole.
    pub(super) fn copy(&mut self, text: &Spooled, out: &mut impl Write) -> io::Result<()> {
        for Page { start, length } in &text.pages {
            let Some(file) = &mut self.file else {
                return Err(io::Error::other("the temporary file is gone"));
            };
            file.seek(SeekFrom::Start(*start))?;
            if io::copy(&mut file.take(*length), out)? < *length {
                return Err(io::Error::other("the temporary file was cut"));
            }
        }
        out.write_all(&text.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_grow_in_turns_come_back_whole_and_take_a_page_of_memory_each() {
        let mut spool = Spool::default();
        let mut texts: [Spooled; 3] = Default::default();
        let mut expected = [Vec::new(), Vec::new(), Vec::new()];
        for turn in 0..20_000_u32 {
            let at = (turn % 3) as usize;
            let line = format!("line {turn} of text {at}\n");
            spool.add(&mut texts[at], line.as_bytes()).unwrap();
            expected[at].extend_from_slice(line.as_bytes());
            assert!(texts[at].held.len() < PAGE);
        }
        for (text, expected) in texts.iter().zip(&expected) {
            assert!(text.pages.len() > 1);
            let mut out = Vec::new();
            spool.copy(text, &mut out).unwrap();
            assert!(out == *expected);
        }
    }
}
