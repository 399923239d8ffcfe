//! Items of one account, kept between reads, so that a read has to bring only what changed.
//!
//! The text of items lies compressed in a temporary file that goes with the process, even a killed
//! one; memory holds where each is. A mirror belongs to parts: one resource type as one region
//! delivered it. What a part holds counts only as far as whoever fills it says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rustc_hash::{FxHashMap, FxHashSet};

use super::snapshot::items::Context;
use super::snapshot::pass::{Origin, pass};
use super::snapshot::{Evaluate, ItemSink, Lost, ReadReport, finish};
use super::space::{MirrorSpace, Taken};
use engine::evaluation::ItemKey;
use model::{Chunk, ItemSpan, Reading, Region, ResourceType};

/// So much text is compressed together.
const BLOCK: usize = 256 << 10;
/// The file is written again when more than half of it is of no use, and it is larger than this.
const WORTH_COMPACTING: u64 = 32 << 20;
/// Where there is no room, it is written again when so much text or more is of no use.
const WORTH_A_TRY: u64 = 1 << 20;

/// One resource type, as one region delivered it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// The region that was asked.
    pub region: Region,
    /// The type.
    pub resource_type: ResourceType,
}

/// The items of one account.
#[derive(Debug, Default)]
pub struct Mirror {
    state: Mutex<MirrorState>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct MirrorState {
    file: Option<File>,
    length: u64,
    /// The bytes of the file, and of the text that is not yet compressed.
    taken: Taken,
    blocks: Vec<Block>,
    /// Text that is not yet compressed: the block after the last.
    open: Vec<u8>,
    parts: BTreeMap<Part, Items>,
    /// What changed since somebody asked.
    changes: Changes,
    /// How much text is written, and how much of it is of use.
    written: u64,
    used: u64,
}

/// Where a block lies in the file.
#[derive(Debug, Clone, Copy)]
struct Block {
    at: u64,
    length: u32,
}

#[derive(Debug, Default)]
struct Items {
    kept: FxHashMap<u64, Kept>,
    generation: u32,
}

/// Where an item is.
#[derive(Debug, Clone, Copy)]
struct Kept {
    block: u32,
    start: u32,
    length: u32,
    generation: u32,
    /// Tells whether a text that comes again is another.
    digest: u64,
}

/// Which resources' items are others than before, or gone.
#[derive(Debug, Clone, Default)]
pub struct Changes(BTreeMap<Part, FxHashSet<u64>>);

impl Changes {
    /// The parts of which something changed.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.keys()
    }

    /// Leaves out what changed in other parts.
    pub fn retain(&mut self, mut counts: impl FnMut(&Part) -> bool) {
        self.0.retain(|part, _| counts(part));
    }

    fn add(&mut self, part: &Part, key: u64) {
        if !self.0.contains_key(part) {
            self.0.insert(part.clone(), FxHashSet::default());
        }
        self.0.entry(part.clone()).or_default().insert(key);
    }
}

impl Mirror {
    /// No items yet; their files take of this room.
    #[must_use]
    pub fn within(space: MirrorSpace) -> Self {
        let state = MirrorState { taken: Taken::of(space), ..MirrorState::default() };
        Self { state: Mutex::new(state), hasher: RandomState::new() }
    }

    /// Begins to read a part whole: [`Self::finish`] then takes away what was not put again.
    pub fn begin(&self, part: &Part) {
        self.lock().part(part).generation += 1;
    }

    /// Keeps an item in the place of an older one of the same resource.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Where there is no room, the part is forgotten: others need theirs.
    pub fn put(&self, part: &Part, region: &str, id: &str, text: &str) -> io::Result<()> {
        let key = self.hasher.hash_one((region, id));
        let mut state = self.lock();
        let state = &mut *state;
        if let Err(full) = state.make_room(text.len() as u64) {
            state.forget(part);
            state.compact_if(|state| state.useless() > 0)?;
            return Err(full);
        }
        let digest = self.hasher.hash_one(text);
        let kept = Kept {
            block: u32::try_from(state.blocks.len()).map_err(io::Error::other)?,
            start: u32::try_from(state.open.len()).map_err(io::Error::other)?,
            length: u32::try_from(text.len()).map_err(io::Error::other)?,
            generation: state.part(part).generation,
            digest,
        };
        state.open.extend_from_slice(text.as_bytes());
        state.written += text.len() as u64;
        state.used += text.len() as u64;
        let old = state.part(part).kept.insert(key, kept);
        if old.is_none_or(|old| old.digest != digest) {
            state.changes.add(part, key);
        }
        state.used -= old.map_or(0, |old| u64::from(old.length));
        if state.open.len() >= BLOCK { state.close_block() } else { Ok(()) }
    }

    /// Ends reading a part whole.
    ///
    /// # Errors
    ///
    /// When what stays cannot be written again.
    pub fn finish(&self, part: &Part) -> io::Result<()> {
        let mut state = self.lock();
        let items = state.part(part);
        let generation = items.generation;
        let (mut length, mut gone) = (0, Vec::new());
        items.kept.retain(|key, kept| {
            let stays = kept.generation == generation;
            if !stays {
                length += u64::from(kept.length);
                gone.push(*key);
            }
            stays
        });
        state.used -= length;
        gone.into_iter().for_each(|key| state.changes.add(part, key));
        let is_worth_it =
            |state: &MirrorState| state.written >= WORTH_COMPACTING && state.useless() > state.used;
        state.compact_if(is_worth_it)
    }

    /// Forgets a part.
    pub fn forget(&self, part: &Part) {
        self.lock().forget(part);
    }

    /// How many resources a part holds.
    pub(super) fn count(&self, part: &Part) -> u64 {
        self.lock().parts.get(part).map_or(0, |items| items.kept.len() as u64)
    }

    /// How many items these parts hold.
    pub fn items_of(&self, parts: &BTreeSet<Part>) -> u64 {
        parts.iter().map(|part| self.count(part)).sum()
    }

    /// How many items it holds.
    pub fn len(&self) -> u64 {
        self.lock().parts.values().map(|items| items.kept.len() as u64).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What changed since this was asked before. Who reads an item after that may find it changed again, and hears
    /// of it the next time.
    pub fn take_changes(&self) -> Changes {
        mem::take(&mut self.lock().changes)
    }

    /// The keys of what changed, be it there or not.
    pub fn keys(&self, changes: &Changes) -> FxHashSet<ItemKey> {
        let parts = changes.0.iter();
        let keys = parts.flat_map(|(part, keys)| keys.iter().map(|key| self.key(part, *key)));
        keys.collect()
    }

    /// Tells the items of all parts apart.
    fn key(&self, part: &Part, key: u64) -> ItemKey {
        ItemKey(self.hasher.hash_one((part, key)))
    }

    /// Gives each item of these parts to one of the workers, each of which runs on a thread of its
    /// own. Gives the workers back in their order.
    pub fn read<W: ItemSink + Send>(
        &self,
        parts: &BTreeSet<Part>,
        reading: &Reading,
        workers: Vec<W>,
    ) -> (Vec<W>, ReadReport) {
        let all: BTreeMap<&Part, Which<'_>> = parts.iter().map(|part| (part, Which::All)).collect();
        let (workers, report, _) = self.read_some(&all, reading, workers);
        (workers, report)
    }

    /// Gives some items of these parts to the workers, by their keys. Gives back which were there, too.
    pub fn read_some<W: ItemSink + Send>(
        &self,
        parts: &BTreeMap<&Part, Which<'_>>,
        reading: &Reading,
        workers: Vec<W>,
    ) -> (Vec<W>, ReadReport, Vec<ItemKey>) {
        let mut state = self.lock();
        let context = Context::new(reading, self.hasher.clone());
        let found = match state.in_order(parts) {
            Ok(found) => found,
            Err(error) => return (workers, failed(&error), Vec::new()),
        };
        let keys: Vec<ItemKey> = found.iter().map(|(part, key, _)| self.key(part, *key)).collect();
        let kept: Vec<Kept> = found.into_iter().map(|(_, _, kept)| kept).collect();
        let mut blocks =
            Blocks { state: &mut state, kept: kept.into_iter().peekable(), given: 0, error: None };
        let readers = workers.into_iter().map(|worker| Evaluate::keyed(&context, &keys, worker));
        let mut sequence = 0;
        let readers = pass(|chunk| blocks.next_chunk(chunk), readers.collect(), &mut sequence);
        let (workers, mut tally) = finish(readers);
        if let Some(error) = blocks.error {
            tally.problem(0, None, 0, format!("cannot read a temporary file: {error}"));
            tally.lost(Lost::default());
        }
        (workers, tally.finish(&[]), keys)
    }

    fn lock(&self) -> MutexGuard<'_, MirrorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &io::Error) -> ReadReport {
    let mut tally = super::snapshot::tally::Tally::default();
    tally.problem(0, None, 0, format!("cannot write a temporary file: {error}"));
    tally.lost(Lost::default());
    tally.finish(&[])
}

impl MirrorState {
    fn part(&mut self, part: &Part) -> &mut Items {
        if !self.parts.contains_key(part) {
            self.parts.insert(part.clone(), Items::default());
        }
        self.parts.entry(part.clone()).or_default()
    }

    fn forget(&mut self, part: &Part) {
        if let Some(items) = self.parts.remove(part) {
            items.kept.keys().for_each(|key| self.changes.add(part, *key));
            let length: u64 = items.kept.values().map(|kept| u64::from(kept.length)).sum();
            self.used -= length;
        }
    }

    /// How much of the text is of no use.
    const fn useless(&self) -> u64 {
        self.written.saturating_sub(self.used)
    }

    /// Takes room for text, before it is compressed.
    fn make_room(&mut self, text: u64) -> io::Result<()> {
        if self.taken.take(text).is_ok() {
            return Ok(());
        }
        self.close_block()?;
        self.compact_if(|state| state.useless() >= WORTH_A_TRY)?;
        self.taken.take(text)
    }

    fn close_block(&mut self) -> io::Result<()> {
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

    fn block(&mut self, number: u32, text: &mut Vec<u8>) -> io::Result<()> {
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
    fn in_order<'w>(
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
    fn compact_if(&mut self, is_worth_it: impl FnOnce(&Self) -> bool) -> io::Result<()> {
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

/// Which items of a part are read.
#[derive(Debug, Clone, Copy)]
pub enum Which<'w> {
    /// Every one.
    All,
    /// Those that changed and are there.
    Changed(&'w Changes),
}

/// Gives back the items, block by block.
struct Blocks<'m> {
    state: &'m mut MirrorState,
    kept: std::iter::Peekable<std::vec::IntoIter<Kept>>,
    /// How many were given.
    given: u64,
    error: Option<io::Error>,
}

impl Blocks<'_> {
    fn next_chunk(&mut self, chunk: &mut Chunk) -> Option<Origin> {
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

#[cfg(test)]
mod tests;
