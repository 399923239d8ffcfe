//! Items of one account, kept between reads, so that a read has to bring only what changed.
//!
//! The text of items lies compressed in a temporary file that goes with the process, even a killed
//! one; memory holds where each is. A mirror belongs to parts: one resource type as one region
//! delivered it. What a part holds counts only as far as whoever fills it says so.
//!
//! Items come from reads, and in between from messages. Of two of one resource the one that was captured
//! later stays, whichever comes first: a read that was under way takes back nothing that a message reported.

mod blocks;
mod items;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::snapshot::items::Context;
use super::snapshot::pass::pass;
use super::snapshot::{Evaluate, ItemSink, Lost, ReadReport, finish};
use super::space::{MirrorSpace, Taken};
use blocks::{Block, Blocks, read_block};
use cel::Timestamp;
use items::{Capture, Items, Kept};
use model::{Reading, Region, ResourceType};

/// So much text is compressed together.
const BLOCK: usize = 256 << 10;
/// The file is written again when more than half of it is of no use, and it is larger than this.
const WORTH_COMPACTING: u64 = 32 << 20;
/// So many blocks more than the text needs are too many.
const SCATTERED: u64 = 256;
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
    /// How much text is written, and how much of it is of use.
    written: u64,
    used: u64,
}

/// What a message tells of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct News<'n> {
    /// The region that its item names.
    pub(super) region: &'n str,
    pub(super) id: &'n str,
    pub(super) captured: Timestamp,
    /// The item; nothing where the resource is gone.
    pub(super) text: Option<&'n str>,
}

impl Mirror {
    /// No items yet; their files take of this room.
    #[must_use]
    pub fn within(space: MirrorSpace) -> Self {
        let state = MirrorState { taken: Taken::of(space), ..MirrorState::default() };
        Self { state: Mutex::new(state), hasher: RandomState::new() }
    }

    /// A part is read from now on: what messages tell of it is kept.
    pub(super) fn expect(&self, part: &Part) {
        self.lock().part(part);
    }

    /// Begins to read a part whole: [`Self::finish`] then takes away what was not put again.
    pub fn begin(&self, part: &Part, now: Timestamp) {
        self.lock().part(part).begin(now);
    }

    /// Keeps an item that was read in the place of an older one of the same resource.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Where there is no room, the part is forgotten: others need theirs.
    pub fn put(
        &self,
        part: &Part,
        (region, id): (&str, &str),
        captured: Option<Timestamp>,
        text: &str,
    ) -> io::Result<()> {
        let (key, capture) = (self.hasher.hash_one((region, id)), Capture::read(captured));
        let mut state = self.lock();
        if state.part(part).is_outdated(key, capture) {
            return Ok(());
        }
        state.write(part, key, capture, text)
    }

    /// Keeps what a message tells, where that is newer than what is known. Whether it is; nothing where
    /// the part is not read.
    ///
    /// # Errors
    ///
    /// As for [`Self::put`].
    pub(super) fn take(&self, part: &Part, news: &News<'_>) -> io::Result<Option<bool>> {
        let key = self.hasher.hash_one((news.region, news.id));
        let mut state = self.lock();
        let Some(items) = state.parts.get_mut(part) else { return Ok(None) };
        if !items.is_news(key, news.captured) {
            return Ok(Some(false));
        }
        match news.text {
            Some(text) => state.write(part, key, Capture::reported(news.captured), text)?,
            None => {
                let gone = items.bury(key, news.captured);
                state.used -= gone;
            }
        }
        state.compact_if(MirrorState::is_worth_compacting)?;
        Ok(Some(true))
    }

    /// Whether what a message announces as of then would be news; nothing where the part is not read.
    pub(super) fn would_take(&self, part: &Part, news: &News<'_>) -> Option<bool> {
        let key = self.hasher.hash_one((news.region, news.id));
        self.lock().parts.get(part).map(|items| items.is_news(key, news.captured))
    }

    /// The regions in which a type is read.
    pub(super) fn regions_of(&self, resource_type: &ResourceType) -> Vec<Region> {
        let state = self.lock();
        let of_type = state.parts.keys().filter(|part| part.resource_type == *resource_type);
        of_type.map(|part| part.region.clone()).collect()
    }

    /// Ends reading a part whole.
    ///
    /// # Errors
    ///
    /// When what stays cannot be written again.
    pub fn finish(&self, part: &Part) -> io::Result<()> {
        let mut state = self.lock();
        let gone = state.part(part).finish();
        state.used -= gone;
        state.compact_if(MirrorState::is_worth_compacting)
    }

    /// Whether it holds all of these parts: one for whose items there was no room is forgotten.
    #[must_use]
    pub fn holds(&self, parts: &BTreeSet<Part>) -> bool {
        let state = self.lock();
        parts.iter().all(|part| state.parts.contains_key(part))
    }

    /// Forgets a part.
    pub fn forget(&self, part: &Part) {
        self.lock().forget(part);
    }

    /// How many resources a part holds.
    pub(super) fn count(&self, part: &Part) -> u64 {
        self.lock().parts.get(part).map_or(0, |items| items.kept.len() as u64)
    }

    /// How many items it holds.
    pub fn len(&self) -> u64 {
        self.lock().parts.values().map(|items| items.kept.len() as u64).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives each item of these parts to one of the workers, each of which runs on a thread of its
    /// own. Gives the workers back in their order. Meanwhile others may put items, which are not given.
    pub fn read<W: ItemSink + Send>(
        &self,
        parts: &BTreeSet<Part>,
        reading: &Reading,
        workers: Vec<W>,
    ) -> (Vec<W>, ReadReport) {
        let context = Context::new(reading, self.hasher.clone());
        let in_order = self.lock().in_order(parts);
        let mut blocks = match in_order {
            Ok(blocks) => blocks,
            Err(error) => return (workers, failed(&error)),
        };
        let readers = workers.into_iter().map(|worker| Evaluate::of_all(&context, worker));
        let mut sequence = 0;
        let readers = pass(|chunk| blocks.next_chunk(chunk), readers.collect(), &mut sequence);
        let (workers, mut tally) = finish(readers);
        if let Some(error) = blocks.error {
            tally.problem(0, None, 0, format!("cannot read a temporary file: {error}"));
            tally.lost(Lost::default());
        }
        (workers, tally.finish(&[]))
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
            let length: u64 = items.kept.values().map(|kept| u64::from(kept.length)).sum();
            self.used -= length;
        }
    }

    /// Writes an item's text, in the place of an older one.
    fn write(&mut self, part: &Part, key: u64, capture: Capture, text: &str) -> io::Result<()> {
        if let Err(full) = self.make_room(text.len() as u64) {
            self.forget(part);
            self.compact_if(|state| state.useless() > 0)?;
            return Err(full);
        }
        let kept = Kept {
            block: u32::try_from(self.blocks.len()).map_err(io::Error::other)?,
            start: u32::try_from(self.open.len()).map_err(io::Error::other)?,
            length: u32::try_from(text.len()).map_err(io::Error::other)?,
            generation: self.part(part).generation,
            capture,
        };
        self.open.extend_from_slice(text.as_bytes());
        self.written += text.len() as u64;
        self.used += text.len() as u64;
        let old = self.part(part).put(key, kept);
        self.used -= old;
        if self.open.len() >= BLOCK { self.close_block() } else { Ok(()) }
    }

    /// How much of the text is of no use.
    const fn useless(&self) -> u64 {
        self.written.saturating_sub(self.used)
    }

    /// Each evaluation after a message ends a block, and many small ones take long to read.
    const fn is_worth_compacting(&self) -> bool {
        let is_scattered = self.blocks.len() as u64 > SCATTERED + 4 * self.used / BLOCK as u64;
        is_scattered || self.written >= WORTH_COMPACTING && self.useless() > self.used
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
        file.write_all_at(&compressed, self.length)?;
        let length = u32::try_from(compressed.len()).map_err(io::Error::other)?;
        self.blocks.push(Block { at: self.length, length });
        self.length += u64::from(length);
        self.taken.borrow(u64::from(length));
        self.taken.give_back(self.open.len() as u64);
        self.open.clear();
        Ok(())
    }

    /// Where the items of some parts are, in the order of the file.
    fn in_order(&mut self, parts: &BTreeSet<Part>) -> io::Result<Blocks> {
        self.close_block()?;
        let wanted = self.parts.iter().filter(|(part, _)| parts.contains(part));
        let mut kept: Vec<Kept> =
            wanted.flat_map(|(_, items)| items.kept.values().copied()).collect();
        kept.sort_unstable_by_key(|kept| (kept.block, kept.start));
        let file = self.file.as_ref().map(File::try_clone).transpose()?;
        let blocks = self.blocks.clone();
        Ok(Blocks::of(file, blocks, kept))
    }

    /// Writes what is of use to a new file.
    fn compact_if(&mut self, is_worth_it: impl FnOnce(&Self) -> bool) -> io::Result<()> {
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
        *self = new;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
