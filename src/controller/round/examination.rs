//! Reads one source on all cores, and gives each item to an evaluation's worker.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::batch::Batch;
use super::in_order::InOrder;
use super::interest::Interest;
use super::{Progress, Receiver};
use crate::controller::sources::{Recorded, SourceInput, SourceReport, Survey, problems};
use crate::evaluation::{EvaluationResult, Worker};
use crate::resource::{ConfigurationItem, Reading, Timestamp};
use crate::source::{self, Snapshot, SnapshotError};

/// The reading of one source.
pub(super) struct Examination<'x> {
    pub(super) source: &'x SourceInput,
    pub(super) reading: &'x Reading,
    pub(super) interest: &'x Interest,
    pub(super) progress: &'x dyn Progress,
    pub(super) now: Timestamp,
}

/// Whose items are evaluated.
struct Admission<'x> {
    /// The accounts, and whether the snapshot says anything of them still.
    accounts: FxHashMap<&'x str, bool>,
    /// Accounts and regions whose recorder is off: their items say nothing of today.
    stopped: HashSet<(&'x str, &'x str)>,
}

impl Examination<'_> {
    /// Reads the source. A source that cannot be opened is one of which nothing was read.
    pub(super) fn run(
        &self,
        workers: &mut [Worker<'_, '_>],
        receiver: &mut Receiver<'_, '_>,
    ) -> (SourceReport, Arc<Survey>) {
        let path = self.source.path.clone();
        let snapshot = match self.open() {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let problems = vec![error.to_string()];
                let report = SourceReport { path, problems, ..SourceReport::default() };
                return (report, Arc::default());
            }
        };
        let survey = self.survey(&snapshot);
        let taken_at = snapshot.taken_at();
        let admission = self.admission(survey.as_deref(), taken_at);
        let in_order = InOrder::new(receiver);
        let examiners = workers.iter_mut().map(|worker| Examiner {
            worker,
            admission: &admission,
            interest: self.interest,
            in_order: &in_order,
            batch: Batch::default(),
            foreign: 0,
        });
        let read = |bytes| self.progress.read(bytes);
        self.progress.total(snapshot.total_bytes());
        let (examiners, read) = snapshot.read(self.reading, examiners.collect(), &read);
        let report = SourceReport {
            path,
            items: read.items,
            problems: problems(&read),
            taken_at,
            foreign: examiners.iter().map(|examiner| examiner.foreign).sum(),
        };
        let survey = survey.unwrap_or_else(|| Arc::new(Survey::without_recorders(read.types)));
        (report, survey)
    }

    fn open(&self) -> Result<Arc<Snapshot>, SnapshotError> {
        match &self.source.snapshot {
            Some(opened) => Ok(Arc::clone(opened)),
            None => Snapshot::open(&self.source.path).map(Arc::new),
        }
    }

    /// What occurs in the snapshot, where an account leaves it to that what is recorded. Whoever
    /// declares the types spares this reading.
    fn survey(&self, snapshot: &Snapshot) -> Option<Arc<Survey>> {
        let mut accounts = self.source.accounts.values();
        if !accounts.any(|account| account.recorded == Recorded::AsSeen) {
            return None;
        }
        Some(self.source.survey.clone().unwrap_or_else(|| {
            self.progress.total(snapshot.total_bytes());
            Arc::new(Survey::of(snapshot, &|bytes| self.progress.read(bytes)))
        }))
    }

    fn admission<'a>(
        &'a self,
        survey: Option<&'a Survey>,
        taken_at: Option<Timestamp>,
    ) -> Admission<'a> {
        let accounts = self.source.accounts.iter().map(|(account, input)| {
            let fresh = !input.is_stale(taken_at, self.now);
            (account.as_str(), fresh)
        });
        Admission {
            accounts: accounts.collect(),
            stopped: survey.map(Survey::stopped).unwrap_or_default(),
        }
    }
}

/// Looks at items on one thread.
struct Examiner<'x, 'e, 'p> {
    worker: &'x mut Worker<'e, 'p>,
    admission: &'x Admission<'x>,
    interest: &'x Interest,
    in_order: &'x InOrder<'x>,
    /// The results of the chunk that is worked on.
    batch: Batch,
    foreign: u64,
}

impl source::Worker for Examiner<'_, '_, '_> {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        let Admission { accounts, stopped } = self.admission;
        match accounts.get(item.account_id) {
            Some(false) => return,
            // An item that does not say whose it is makes its type unread: evaluation sees to it.
            None if !item.account_id.is_empty() => {
                self.foreign += 1;
                return;
            }
            Some(true) | None => {}
        }
        if !stopped.is_empty() && stopped.contains(&(item.account_id, item.region)) {
            return;
        }
        let Self { worker, interest, batch, .. } = self;
        let mut keep = |result: &EvaluationResult<'_>| {
            if interest.takes(result) {
                batch.keep(result);
            }
        };
        worker.item(&item, &mut keep);
    }

    fn chunk_done(&mut self, sequence: u64) {
        self.in_order.deliver(sequence, mem::take(&mut self.batch));
    }
}
