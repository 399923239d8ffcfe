//! The blocks of a mirror's file.

use std::fs::File;
use std::io::{self, Read as _};
use std::iter::Peekable;
use std::os::unix::fs::FileExt as _;
use std::vec::IntoIter;

use flate2::read::DeflateDecoder;

use super::items::Kept;
use crate::source::snapshot::pass::Origin;
use model::{Chunk, ItemSpan};

/// Where a block lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) at: u64,
    pub(super) length: u32,
}

/// Gives back the items, block by block. Blocks are written once, and a file that is written again is
/// another: what is given is as it was at the start.
pub(super) struct Blocks {
    file: Option<File>,
    places: Vec<Block>,
    kept: Peekable<IntoIter<Kept>>,
    /// How many were given.
    given: u64,
    pub(super) error: Option<io::Error>,
}

impl Blocks {
    /// These items of a file, in its order.
    pub(super) fn of(file: Option<File>, places: Vec<Block>, kept: Vec<Kept>) -> Self {
        Self { file, places, kept: kept.into_iter().peekable(), given: 0, error: None }
    }

    pub(super) fn next_chunk(&mut self, chunk: &mut Chunk) -> Option<Origin> {
        chunk.items.clear();
        let number = self.kept.peek()?.block;
        let read = read_block(self.file.as_ref(), &self.places, number, &mut chunk.text);
        if let Err(error) = read {
            self.error = Some(error);
            return None;
        }
        while let Some(kept) = self.kept.next_if(|kept| kept.block == number) {
            let (start, length) = (kept.start as usize, kept.length as usize);
            let (offset, index) = (u64::from(kept.start), self.given);
            self.given += 1;
            chunk.items.push(ItemSpan { start, end: start + length, offset, index });
        }
        Some(Origin { file: 0, items_before: 0 })
    }
}

/// Reads a block's text.
pub(super) fn read_block(
    file: Option<&File>,
    blocks: &[Block],
    number: u32,
    text: &mut Vec<u8>,
) -> io::Result<()> {
    let (Some(block), Some(file)) = (blocks.get(number as usize), file) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let mut compressed = vec![0; block.length as usize];
    file.read_exact_at(&mut compressed, block.at)?;
    text.clear();
    DeflateDecoder::new(compressed.as_slice()).read_to_end(text)?;
    Ok(())
}
