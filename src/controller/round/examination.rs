//! Reads one source on all cores, and gives each item to an evaluation's worker.

use std::mem;

use rustc_hash::FxHashMap;

use super::batch::Batch;
use super::in_order::InOrder;
use super::interest::Interest;
use super::{Progress, Receiver};
use crate::controller::sources::{Recorders, Seen, SourceInput, SourceReport, problems};
use crate::evaluation::{EvaluationResult, Worker};
use crate::resource::{ConfigurationItem, Reading, Timestamp};
use crate::source::{self, Snapshot};

/// The reading of one source.
pub(super) struct Examination<'x> {
    pub(super) source: &'x SourceInput,
    pub(super) reading: &'x Reading,
    pub(super) interest: &'x Interest,
    pub(super) progress: &'x dyn Progress,
    pub(super) now: Timestamp,
}

impl Examination<'_> {
    /// Reads the source. A source that cannot be opened is one of which nothing was read.
    pub(super) fn run(
        &self,
        workers: &mut [Worker<'_, '_>],
        receiver: &mut Receiver<'_, '_>,
    ) -> (SourceReport, Seen) {
        let path = self.source.path.clone();
        let snapshot = match self.source.snapshot.clone() {
            Some(opened) => Ok(opened),
            None => Snapshot::open(&path).map(std::sync::Arc::new),
        };
        let snapshot = match snapshot {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let problems = vec![error.to_string()];
                return (
                    SourceReport { path, problems, ..SourceReport::default() },
                    Seen::default(),
                );
            }
        };
        self.progress.total(snapshot.total_bytes());
        let taken_at = snapshot.taken_at();
        let accounts = self.source.accounts.iter();
        let fresh = accounts
            .map(|(account, input)| (account.as_str(), !input.is_stale(taken_at, self.now)))
            .collect();
        let in_order = InOrder::new(receiver);
        let examiners = workers.iter_mut().map(|worker| Examiner {
            worker,
            of: self,
            in_order: &in_order,
            batch: Batch::default(),
            recorders: Recorders::default(),
            foreign: 0,
            fresh: &fresh,
        });
        let read = |bytes| self.progress.read(bytes);
        let (examiners, read) = snapshot.read(self.reading, examiners.collect(), &read);
        let mut report = SourceReport { path, taken_at, ..SourceReport::default() };
        let mut recorders = Recorders::default();
        for examiner in examiners {
            report.foreign += examiner.foreign;
            recorders.merge(examiner.recorders);
        }
        report.items = read.items;
        report.problems = problems(&read);
        (report, Seen::new(read.types, recorders))
    }
}

/// Looks at items on one thread.
struct Examiner<'x, 'e, 'p> {
    worker: &'x mut Worker<'e, 'p>,
    of: &'x Examination<'x>,
    in_order: &'x InOrder<'x>,
    /// The results of the chunk that is worked on.
    batch: Batch,
    recorders: Recorders,
    foreign: u64,
    /// The accounts whose items are taken, and whether the snapshot says anything of them still.
    fresh: &'x FxHashMap<&'x str, bool>,
}

impl source::Worker for Examiner<'_, '_, '_> {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        self.recorders.note(&item);
        match self.fresh.get(item.account_id) {
            Some(false) => return,
            // An item that does not say whose it is makes its type unread: evaluation sees to it.
            None if !item.account_id.is_empty() => {
                self.foreign += 1;
                return;
            }
            Some(true) | None => {}
        }
        let Self { worker, of, batch, .. } = self;
        let mut keep = |result: &EvaluationResult<'_>| {
            if of.interest.takes(result) {
                batch.keep(result);
            }
        };
        worker.item(&item, &mut keep);
    }

    fn chunk_done(&mut self, sequence: u64) {
        self.in_order.deliver(sequence, mem::take(&mut self.batch));
    }
}
