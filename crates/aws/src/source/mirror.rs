//! Items of one account, kept between reads, so that a read has to bring only what changed.
//!
//! The text of items lies compressed in a temporary file that goes with the process, even a killed
//! one; memory holds where each is. A mirror belongs to parts: one resource type as one region
//! delivered it. What a part holds counts only as far as whoever fills it says so.
//!
//! Items come from reads, and in between from messages. Of two of one resource the one that was captured
//! later stays, whichever comes first: a read that was under way takes back nothing that a message reported.

mod blocks;
mod changed;
mod items;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use super::snapshot::items::Context;
use super::snapshot::pass::pass;
use super::snapshot::{Evaluate, ItemSink, Lost, ReadReport, finish};
use super::space::{MirrorSpace, Taken};
use blocks::Blocks;
use cel::Timestamp;
pub use changed::{Changes, Which};
use engine::evaluation::ItemKey;
use items::{Capture, Kept};
use model::{Reading, Region, ResourceType};
use state::MirrorState;

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

/// The keys of a part's items, which tell those of all parts apart.
struct PartKeys {
    hasher: RandomState,
    part: u64,
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
        let mut state = self.lock();
        state.given_up.remove(part);
        state.part(part).begin(now);
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
        let digest = self.hasher.hash_one(text);
        let mut state = self.lock();
        if state.part(part).is_outdated(key, capture) {
            return Ok(());
        }
        state.write(part, key, (capture, digest), text)?;
        state.compact_if(MirrorState::is_worth_compacting)
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
        if let Some(text) = news.text {
            let stamp = (Capture::reported(news.captured), self.hasher.hash_one(text));
            state.write(part, key, stamp, text)?;
        } else {
            let gone = items.bury(key, news.captured);
            state.used -= gone;
            state.changes.add(part, key);
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
        let (length, gone) = state.part(part).finish();
        state.used -= length;
        for key in gone {
            state.changes.add(part, key);
        }
        state.compact_if(MirrorState::is_worth_compacting)
    }

    /// Whether it holds all of these parts: one for whose items there was no room is forgotten.
    #[must_use]
    pub fn holds(&self, parts: &BTreeSet<Part>) -> bool {
        let state = self.lock();
        parts.iter().all(|part| state.parts.contains_key(part))
    }

    /// Those of these parts that were forgotten for want of room since they were last read whole: for a message may
    /// be, and in the middle of a read that does not notice. What is left of them is not all there is.
    pub fn given_up<'p>(&self, parts: &'p BTreeSet<Part>) -> Vec<&'p Part> {
        let state = self.lock();
        parts.iter().filter(|part| state.given_up.contains(*part)).collect()
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

    /// Whether an item of one of these types changed since [`Self::take_changes`].
    pub fn has_changed(&self, types: &BTreeSet<ResourceType>) -> bool {
        self.lock().changes.concerns(types)
    }

    /// The keys of what changed, be it there or not.
    pub fn keys(&self, changes: &Changes) -> FxHashSet<ItemKey> {
        let of_part = |part| {
            let keys = self.keys_of(part);
            changes.of(part).map(move |key| keys.of(key))
        };
        changes.parts().flat_map(of_part).collect()
    }

    fn keys_of(&self, part: &Part) -> PartKeys {
        PartKeys { hasher: self.hasher.clone(), part: self.hasher.hash_one(part) }
    }

    /// Gives each item of these parts to one of the workers, each of which runs on a thread of its
    /// own. Gives the workers back in their order. Meanwhile others may put items, which are not given.
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
        let context = Context::new(reading, self.hasher.clone());
        let in_order = self.lock().in_order(parts, &|part| self.keys_of(part));
        let (found, file, blocks) = match in_order {
            Ok(found) => found,
            Err(error) => return (workers, failed(&error), Vec::new()),
        };
        let (keys, kept): (Vec<ItemKey>, Vec<Kept>) = found.into_iter().unzip();
        let mut blocks = Blocks::of(file, blocks, kept);
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

impl PartKeys {
    fn of(&self, key: u64) -> ItemKey {
        ItemKey(self.hasher.hash_one((self.part, key)))
    }
}

fn failed(error: &io::Error) -> ReadReport {
    let mut tally = super::snapshot::tally::Tally::default();
    tally.problem(0, None, 0, format!("cannot write a temporary file: {error}"));
    tally.lost(Lost::default());
    tally.finish(&[])
}

#[cfg(test)]
mod tests;
