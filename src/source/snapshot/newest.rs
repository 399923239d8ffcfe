//! Reads what may hold a resource's history: finds the newest item of each resource first, then
//! passes those on.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::Worker;
use super::items::{Context, ItemReader, head};
use super::pass::{Handler, Job};
use super::tally::Tally;
use crate::resource::Parsed;

/// The newest item of each resource.
#[derive(Default)]
pub(super) struct Index {
    items: FxHashMap<u64, Newest>,
}

/// When an item was recorded, and where it is. Of two recorded at once the later one counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Newest {
    recorded: i64,
    position: u64,
}

/// Finds the newest items.
pub(super) struct Find<'c> {
    context: &'c Context<'c>,
    reader: ItemReader,
    index: &'c Mutex<Index>,
}

impl<'c> Find<'c> {
    pub(super) fn new(context: &'c Context<'c>, index: &'c Mutex<Index>) -> Self {
        Self { context, reader: ItemReader::default(), index }
    }
}

impl Handler for Find<'_> {
    fn chunk(&mut self, job: &Job) {
        let Self { context, reader, index } = self;
        let mut found_here = Vec::with_capacity(job.chunk.items.len());
        reader.read(job, context, |found, _| {
            let newest = Newest { recorded: found.recorded(), position: found.position };
            found_here.push((found.key(context), newest));
        });
        // One lock a chunk.
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, found) in found_here {
            let newest = index.items.entry(key).or_insert(found);
            *newest = found.max(*newest);
        }
    }
}

/// Passes items on to a worker.
pub(in crate::source) struct Evaluate<'c, W> {
    context: &'c Context<'c>,
    reader: ItemReader,
    worker: W,
    /// Which items are passed on: all where there is none.
    index: Option<&'c Index>,
}

impl<'c, W: Worker> Evaluate<'c, W> {
    /// Passes on the newest item of each resource.
    pub(super) fn of_newest(context: &'c Context<'c>, index: &'c Index, worker: W) -> Self {
        Self { context, reader: ItemReader::default(), worker, index: Some(index) }
    }

    /// Passes on every item, for they were chosen before.
    pub(in crate::source) fn of_all(context: &'c Context<'c>, worker: W) -> Self {
        Self { context, reader: ItemReader::default(), worker, index: None }
    }
}

impl<W: Worker + Send> Handler for Evaluate<'_, W> {
    fn chunk(&mut self, job: &Job) {
        let Self { context, reader, worker, index } = self;
        worker.chunk_start(job.sequence);
        reader.read(job, context, |found, tally| {
            let newest = index.map(|index| index.items.get(&found.key(context)));
            let superseded =
                newest.is_some_and(|newest| newest.map(|it| it.position) != Some(found.position));
            if superseded {
                tally.items += 1;
                return;
            }
            tally.occurred(&head(&Parsed::Item(found.item)));
            if !found.item.status.is_deleted() {
                worker.item(found.item);
            }
        });
        worker.chunk_done(job.sequence);
    }
}

/// The workers, and what they met.
pub(in crate::source) fn finish<W>(readers: Vec<Evaluate<'_, W>>) -> (Vec<W>, Tally) {
    let mut tally = Tally::default();
    let workers = readers.into_iter().map(|reader| {
        tally.merge(reader.reader.tally);
        reader.worker
    });
    (workers.collect(), tally)
}
