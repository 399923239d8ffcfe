//! Looks at every item of a snapshot and passes it on, in one reading.
//!
//! Which items count is known only at the end. So it is presumed of each that it does: that its resource has
//! no other, that nothing is broken, and that nothing is lost. Whoever takes the items holds back what comes of
//! them until all was read. Where the presumption fails, nothing of it counts, and the snapshot is read again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bumpalo::Bump;
use rustc_hash::FxHashSet;

use super::ItemSink;
use super::items::{Context, Event, Found, ItemReader, is_of_account};
use super::pass::{Handler, Job};
use super::survey::Surveyor;
use super::tally::Tally;
use crate::source::recorder_item::RECORDER;
use model::{Parsed, Reading, parse_item};

/// That every item counts, until one is met that may not.
#[derive(Default)]
pub(super) struct Presumption {
    has_failed: AtomicBool,
    /// The resources of accounts as a whole that were met: each region may record them.
    of_accounts: Mutex<FxHashSet<u64>>,
}

impl Presumption {
    pub(super) fn holds(&self) -> bool {
        !self.has_failed.load(Ordering::Relaxed)
    }

    fn fail(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }

    /// Whether an item may count, after all that is known so far.
    fn admits(&self, found: &Found<'_>, context: &Context<'_>) -> bool {
        let is_second = || {
            is_of_account(found.item.region, found.item.resource_type) && {
                let key = found.key(context);
                let mut met = self.of_accounts.lock().unwrap_or_else(PoisonError::into_inner);
                !met.insert(key)
            }
        };
        if self.holds() && (found.to_come || is_second()) {
            self.fail();
        }
        self.holds()
    }
}

/// Looks at items and passes them on, on one thread.
pub(super) struct AtOnce<'c, W> {
    context: &'c Context<'c>,
    /// What the worker wants of the items.
    wanted: &'c Reading,
    presumption: &'c Presumption,
    reader: ItemReader,
    surveyor: Surveyor<'c>,
    worker: W,
    /// For items that are read a second time.
    arena: Bump,
}

impl<'c, W: ItemSink> AtOnce<'c, W> {
    pub(super) fn new(
        context: &'c Context<'c>,
        wanted: &'c Reading,
        presumption: &'c Presumption,
        worker: W,
    ) -> Self {
        let (reader, surveyor) = (ItemReader::default(), Surveyor::new(context));
        Self { context, wanted, presumption, reader, surveyor, worker, arena: Bump::new() }
    }

    /// The worker, and what was met.
    pub(super) fn finish(self) -> (W, (Surveyor<'c>, Tally)) {
        (self.worker, (self.surveyor, self.reader.tally))
    }
}

impl<W: ItemSink + Send> Handler for AtOnce<'_, W> {
    fn chunk(&mut self, job: &Job) {
        let Self { context, wanted, presumption, reader, surveyor, worker, arena } = self;
        reader.read(job, context, |event, tally| {
            match &event {
                Event::Whole(found) if presumption.admits(found, context) => {
                    let is_wanted = wanted.reads(found.item.resource_type);
                    if is_wanted && !found.item.status.is_deleted() {
                        pass_on(found, wanted, (arena, presumption), worker);
                    }
                }
                Event::Whole(_) => {}
                Event::Lost(_) => presumption.fail(),
            }
            surveyor.meet(event, tally);
        });
        if presumption.holds() {
            worker.chunk_done(job.sequence);
            if !worker.has_room() {
                presumption.fail();
            }
        }
    }
}

/// Passes an item on as it is wanted. Of recorders the survey reads more than that, and what is read of an
/// item decides which spellings of its fields are taken for theirs.
fn pass_on(
    found: &Found<'_>,
    wanted: &Reading,
    (arena, presumption): (&mut Bump, &Presumption),
    worker: &mut impl ItemSink,
) {
    if found.item.resource_type != RECORDER {
        worker.item(found.item);
        return;
    }
    arena.reset();
    match parse_item(found.text, wanted, arena) {
        Ok(Parsed::Item(item)) => worker.item(item),
        Ok(Parsed::Skipped(_)) | Err(_) => presumption.fail(),
    }
}
