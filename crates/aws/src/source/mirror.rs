//! Items of one account, kept between reads, so that a read has to bring only what changed.
//!
//! The text of items lies compressed in a temporary file that goes with the process, even a killed
//! one; memory holds where each is. A mirror belongs to parts: one resource type as one region
//! delivered it. What a part holds counts only as far as whoever fills it says so.

mod changes;
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
use engine::evaluation::ItemKey;
use model::{Reading, Region, ResourceType};
use state::{BLOCK, Blocks, Kept, MirrorState};

pub use changes::{Changes, Which};

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
        if state.open.len() < BLOCK {
            return Ok(());
        }
        state.close_block()?;
        state.compact_if(MirrorState::is_worth_compacting)
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
        state.compact_if(MirrorState::is_worth_compacting)
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

#[cfg(test)]
mod tests;
