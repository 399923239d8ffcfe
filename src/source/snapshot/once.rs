//! Reads a file that holds each resource once: items go to the workers as they are met.

use std::mem;
use std::sync::{Mutex, PoisonError};

use super::Worker;
use super::items::{Context, ItemReader, head};
use super::pass::{Handler, Job};
use super::set_aside::{Batch, SetAside};
use super::tally::Tally;
use crate::resource::Parsed;

/// Passes items on, global ones excepted, and remembers whose they were.
pub(super) struct Once<'c, W> {
    context: &'c Context<'c>,
    reader: ItemReader,
    worker: W,
    /// Each regional resource's key and where its item is.
    seen: Vec<(u64, u64)>,
    set_aside: &'c Mutex<SetAside>,
}

impl<'c, W: Worker> Once<'c, W> {
    pub(super) fn new(context: &'c Context<'c>, set_aside: &'c Mutex<SetAside>, worker: W) -> Self {
        Self { context, reader: ItemReader::default(), worker, seen: Vec::new(), set_aside }
    }
}

impl<W: Worker + Send> Handler for Once<'_, W> {
    fn chunk(&mut self, job: &Job) {
        let Self { context, reader, worker, seen, set_aside } = self;
        let mut global = Batch::default();
        worker.chunk_start(job.sequence);
        reader.read(job, context, |found, tally| {
            tally.occurred(&head(&Parsed::Item(found.item)));
            let key = found.key(context);
            if found.is_global() {
                global.add(key, found);
                return;
            }
            seen.push((key, found.offset));
            if !found.item.status.is_deleted() {
                worker.item(found.item);
            }
        });
        if !global.is_empty() {
            set_aside.lock().unwrap_or_else(PoisonError::into_inner).keep(&global);
        }
        worker.chunk_done(job.sequence);
    }
}

/// The workers, and what they met; a resource that stood twice is a problem.
pub(super) fn finish<W>(readers: Vec<Once<'_, W>>) -> (Vec<W>, Tally) {
    let (mut tally, mut seen) = (Tally::default(), Vec::new());
    let mut workers = Vec::with_capacity(readers.len());
    for mut reader in readers {
        tally.merge(reader.reader.tally);
        // The first one's memory is used on, for there may be millions.
        if seen.is_empty() {
            seen = mem::take(&mut reader.seen);
        } else {
            seen.append(&mut reader.seen);
        }
        workers.push(reader.worker);
    }
    seen.sort_unstable();
    for twice in seen.windows(2) {
        let [(key, first), (other, second)] = twice else { continue };
        if key == other {
            let message = format!(
                "this resource stands a second time in the snapshot, which should hold each once \
                 (the other item is at byte {first}): read histories as JSON Lines"
            );
            tally.problem(0, None, *second, message);
        }
    }
    (workers, tally)
}
