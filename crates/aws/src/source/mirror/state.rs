//! Where the items of a mirror lie: in blocks of a temporary file, and the last ones in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rustc_hash::FxHashMap;

use super::Part;
use super::changes::{Changes, Which};
use crate::source::snapshot::pass::Origin;
use crate::source::space::Taken;
use model::{Chunk, ItemSpan};

/// So much text is compressed together.
pub(super) const BLOCK: usize = 256 << 10;
/// The file is written again when more than half of it is of no use, and it is larger than this.
pub(super) const WORTH_COMPACTING: u64 = 32 << 20;
/// Where there is no room, it is written again when so much text or more is of no use.
const WORTH_A_TRY: u64 = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct MirrorState {
    pub(super) file: Option<File>,
    pub(super) length: u64,
    /// The bytes of the file, and of the text that is not yet compressed.
    pub(super) taken: Taken,
    pub(super) blocks: Vec<Block>,
    /// Text that is not yet compressed: the block after the last.
    pub(super) open: Vec<u8>,
    pub(super) parts: BTreeMap<Part, Items>,
    /// What changed since somebody asked.
    pub(super) changes: Changes,
    /// How much text is written, and how much of it is of use.
    pub(super) written: u64,
    pub(super) used: u64,
}

/// Where a block lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    at: u64,
    length: u32,
}

#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) kept: FxHashMap<u64, Kept>,
    pub(super) generation: u32,
}

/// Where an item is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) block: u32,
    pub(super) start: u32,
    pub(super) length: u32,
    pub(super) generation: u32,
    /// Tells whether a text that comes again is another.
    pub(super) digest: u64,
}

impl MirrorState {
    pub(super) fn part(&mut self, part: &Part) -> &mut Items {
        if !self.parts.contains_key(part) {
            self.parts.insert(part.clone(), Items::default());
        }
        self.parts.entry(part.clone()).or_default()
    }

    pub(super) fn forget(&mut self, part: &Part) {
        if let Some(items) = self.parts.remove(part) {
            items.kept.keys().for_each(|key| self.changes.add(part, *key));
            let length: u64 = items.kept.values().map(|kept| u64::from(kept.length)).sum();
            self.used -= length;
        }
    }

    /// How much of the text is of no use.
    pub(super) const fn useless(&self) -> u64 {
        self.written.saturating_sub(self.used)
    }

    /// Whether more than half of a large file is of no use.
    pub(super) const fn is_worth_compacting(&self) -> bool {
        self.written >= WORTH_COMPACTING && self.useless() > self.used
    }

    /// Takes room for text, before it is compressed.
    pub(super) fn make_room(&mut self, text: u64) -> io::Result<()> {
        if self.taken.take(text).is_ok() {
            return Ok(());
        }
        self.close_block()?;
        self.compact_if(|state| state.useless() >= WORTH_A_TRY)?;
        self.taken.take(text)
    }

    pub(super) fn close_block(&mut self) -> io::Result<()> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&self.open)?;
        let compressed = encoder.finish()?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.length))?;
        file.write_all(&compressed)?;
        let length = u32::try_from(compressed.len()).map_err(io::Error::other)?;
        self.blocks.push(Block { at: self.length, length });
        self.length += u64::from(length);
        self.taken.borrow(u64::from(length));
        self.taken.give_back(self.open.len() as u64);
        self.open.clear();
        Ok(())
    }

    pub(super) fn block(&mut self, number: u32, text: &mut Vec<u8>) -> io::Result<()> {
        let block = self.blocks.get(number as usize).copied();
        let (Some(block), Some(file)) = (block, &mut self.file) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        file.seek(SeekFrom::Start(block.at))?;
        text.clear();
        DeflateDecoder::new(file.take(u64::from(block.length))).read_to_end(text)?;
        Ok(())
    }

    /// Where some items are, in the order of the file.
    pub(super) fn in_order<'w>(
        &mut self,
        parts: &BTreeMap<&'w Part, Which<'w>>,
    ) -> io::Result<Vec<(&'w Part, u64, Kept)>> {
        self.close_block()?;
        let mut found = Vec::new();
        for (part, which) in parts {
            let Some(items) = self.parts.get(part) else { continue };
            match which {
                Which::All => {
                    found.extend(items.kept.iter().map(|(key, kept)| (*part, *key, *kept)));
                }
                Which::Changed(changes) => {
                    let changed = changes.0.get(part).into_iter().flatten();
                    let there =
                        changed.filter_map(|key| Some((*part, *key, *items.kept.get(key)?)));
                    found.extend(there);
                }
            }
        }
        found.sort_unstable_by_key(|(_, _, kept)| (kept.block, kept.start));
        Ok(found)
    }

    /// Writes what is of use to a new file.
    pub(super) fn compact_if(&mut self, is_worth_it: impl FnOnce(&Self) -> bool) -> io::Result<()> {
        if !is_worth_it(self) {
            return Ok(());
        }
        self.close_block()?;
        let (taken, open) = (self.taken.another(), Vec::with_capacity(BLOCK));
        let changes = mem::take(&mut self.changes);
        let mut new = Self { taken, open, changes, ..Self::default() };
        let mut moved: Vec<(Part, u64, Kept)> = self
            .parts
            .iter()
            .flat_map(|(part, items)| {
                items.kept.iter().map(|(key, kept)| (part.clone(), *key, *kept))
            })
            .collect();
        moved.sort_unstable_by_key(|(_, _, kept)| (kept.block, kept.start));
        let (mut text, mut at) = (Vec::new(), None);
        for (part, key, kept) in moved {
            if at != Some(kept.block) {
                self.block(kept.block, &mut text)?;
                at = Some(kept.block);
            }
            let (start, end) = (kept.start as usize, (kept.start + kept.length) as usize);
            let item = text.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
            let block = u32::try_from(new.blocks.len()).map_err(io::Error::other)?;
            let start = u32::try_from(new.open.len()).map_err(io::Error::other)?;
            new.open.extend_from_slice(item);
            new.taken.borrow(item.len() as u64); // the old file goes in a moment
            new.written += item.len() as u64;
            new.part(&part).kept.insert(key, Kept { block, start, ..kept });
            if new.open.len() >= BLOCK {
                new.close_block()?;
            }
        }
        for (part, items) in &self.parts {
            new.part(part).generation = items.generation;
        }
        new.used = new.written;
        *self = new;
        Ok(())
    }
}

/// Gives back the items, block by block.
pub(super) struct Blocks<'m> {
    pub(super) state: &'m mut MirrorState,
    pub(super) kept: std::iter::Peekable<std::vec::IntoIter<Kept>>,
    /// How many were given.
    pub(super) given: u64,
    pub(super) error: Option<io::Error>,
}

impl Blocks<'_> {
    pub(super) fn next_chunk(&mut self, chunk: &mut Chunk) -> Option<Origin> {
        chunk.items.clear();
        let number = self.kept.peek()?.block;
        if let Err(error) = self.state.block(number, &mut chunk.text) {
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
