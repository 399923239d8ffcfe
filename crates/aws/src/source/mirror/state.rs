//! What a mirror holds, and its file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write as _};
use std::mem;
use std::os::unix::fs::FileExt as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::blocks::{Block, read_block};
use super::changed::{Changes, Which};
use super::items::{Capture, Items, Kept};
use super::{Part, PartKeys};
use crate::source::space::Taken;
use engine::evaluation::ItemKey;

/// So much text is compressed together.
const BLOCK: usize = 256 << 10;
/// The file is written again when more than half of it is of no use, and it is larger than this.
pub(super) const WORTH_COMPACTING: u64 = 32 << 20;
/// So many blocks more than the text needs are too many.
const SCATTERED: u64 = 256;
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
    /// Parts that were forgotten for want of room since they were last read whole.
    pub(super) given_up: BTreeSet<Part>,
    /// What changed since somebody asked.
    pub(super) changes: Changes,
    /// How much text is written, and how much of it is of use.
    pub(super) written: u64,
    pub(super) used: u64,
}

/// Items by their keys, and the file with its blocks.
pub(super) type InOrder = (Vec<(ItemKey, Kept)>, Option<File>, Vec<Block>);

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

    /// Writes an item's text, in the place of an older one.
    pub(super) fn write(
        &mut self,
        part: &Part,
        key: u64,
        (capture, digest): (Capture, u64),
        text: &str,
    ) -> io::Result<()> {
        if let Err(full) = self.make_room(text.len() as u64) {
            self.forget(part);
            self.given_up.insert(part.clone());
            self.compact_if(|state| state.useless() > 0)?;
            return Err(full);
        }
        let kept = Kept {
            block: u32::try_from(self.blocks.len()).map_err(io::Error::other)?,
            start: u32::try_from(self.open.len()).map_err(io::Error::other)?,
            length: u32::try_from(text.len()).map_err(io::Error::other)?,
            generation: self.part(part).generation,
            capture,
            digest,
        };
        self.open.extend_from_slice(text.as_bytes());
        self.written += text.len() as u64;
        self.used += text.len() as u64;
        let old = self.part(part).put(key, kept);
        if old.is_none_or(|old| old.digest != digest) {
            self.changes.add(part, key);
        }
        self.used -= old.map_or(0, |old| u64::from(old.length));
        if self.open.len() >= BLOCK { self.close_block() } else { Ok(()) }
    }

    /// How much of the text is of no use.
    pub(super) const fn useless(&self) -> u64 {
        self.written.saturating_sub(self.used)
    }

    /// Each evaluation after a message ends a block, and many small ones take long to read.
    pub(super) const fn is_worth_compacting(&self) -> bool {
        let is_scattered = self.blocks.len() as u64 > SCATTERED + 4 * self.used / BLOCK as u64;
        is_scattered || self.written >= WORTH_COMPACTING && self.useless() > self.used
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
        file.write_all_at(&compressed, self.length)?;
        let length = u32::try_from(compressed.len()).map_err(io::Error::other)?;
        self.blocks.push(Block { at: self.length, length });
        self.length += u64::from(length);
        self.taken.borrow(u64::from(length));
        self.taken.give_back(self.open.len() as u64);
        self.open.clear();
        Ok(())
    }

    /// Where some items are, in the order of the file, and the file as it is now.
    pub(super) fn in_order(
        &mut self,
        parts: &BTreeMap<&Part, Which<'_>>,
        keys: &impl Fn(&Part) -> PartKeys,
    ) -> io::Result<InOrder> {
        self.close_block()?;
        let mut found = Vec::new();
        for (part, which) in parts {
            let (Some(items), keys) = (self.parts.get(part), keys(part)) else { continue };
            let all = || items.kept.iter().map(|(key, kept)| (keys.of(*key), *kept));
            match which {
                Which::All => found.extend(all()),
                Which::Of(wanted) => found.extend(all().filter(|(key, _)| wanted.contains(key))),
                Which::Changed(changes) => {
                    let there = |key| Some((keys.of(key), *items.kept.get(&key)?));
                    found.extend(changes.of(part).filter_map(there));
                }
            }
        }
        found.sort_unstable_by_key(|(_, kept)| (kept.block, kept.start));
        let file = self.file.as_ref().map(File::try_clone).transpose()?;
        Ok((found, file, self.blocks.clone()))
    }

    /// Writes what is of use to a new file.
    pub(super) fn compact_if(&mut self, is_worth_it: impl FnOnce(&Self) -> bool) -> io::Result<()> {
        if !is_worth_it(self) {
            return Ok(());
        }
        self.close_block()?;
        let (taken, open) = (self.taken.another(), Vec::with_capacity(BLOCK));
        let mut new = Self { taken, open, ..Self::default() };
        let mut moved: Vec<(Part, u64, Kept)> = self
            .parts
            .iter()
            .flat_map(|(part, items)| {
                items.kept.iter().map(|(key, kept)| (part.clone(), *key, *kept))
            })
            .collect();
        moved.sort_unstable_by_key(|(_, _, kept)| (kept.block, kept.start));
        for (part, items) in &self.parts {
            new.parts.insert(part.clone(), Items::emptied(items));
        }
        let (mut text, mut at) = (Vec::new(), None);
        for (part, key, kept) in moved {
            if at != Some(kept.block) {
                read_block(self.file.as_ref(), &self.blocks, kept.block, &mut text)?;
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
        new.used = new.written;
        // Only now: a file that cannot be written again takes nothing of what is known with it.
        new.changes = mem::take(&mut self.changes);
        new.given_up = mem::take(&mut self.given_up);
        *self = new;
        Ok(())
    }
}
