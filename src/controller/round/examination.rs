//! Reads one source on all cores, and gives each item to an evaluation's worker.

use std::collections::{BTreeSet, HashSet};
use std::mem;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::batch::Batch;
use super::in_order::InOrder;
use super::interest::Interest;
use super::{Progress, Receiver};
use crate::controller::sources::{Recorded, SnapshotInput, SourceReport, Survey, problems};
use crate::evaluation::{EvaluationResult, Worker};
use crate::resource::{ConfigurationItem, Reading, Timestamp, UnknownReason};
use crate::source::aws_config::LiveRead;
use crate::source::{self, Snapshot, SnapshotError};

/// The reading of one source.
pub(super) struct Examination<'x> {
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
    /// Reads a snapshot. One that cannot be opened is one of which nothing was read.
    pub(super) fn snapshot(
        &self,
        source: &SnapshotInput,
        workers: &mut [Worker<'_, '_>],
        receiver: &mut Receiver<'_, '_>,
    ) -> (SourceReport, Arc<Survey>) {
        let name = source.path.display().to_string();
        let snapshot = match open(source) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let problems = vec![error.to_string()];
                let report = SourceReport { name, problems, ..SourceReport::default() };
                return (report, Arc::default());
            }
        };
        let survey = self.survey(source, &snapshot);
        let taken_at = snapshot.taken_at();
        let admission = self.admission(source, survey.as_deref(), taken_at);
        let in_order = InOrder::new(receiver);
        let examiners = self.examiners(workers, &admission, &in_order);
        let read = |bytes| self.progress.read(bytes);
        self.progress.total(snapshot.total_bytes());
        let (examiners, read) = snapshot.read(self.reading, examiners, &read);
        let report = SourceReport {
            name,
            is_partial: false,
            items: read.items,
            problems: problems(&read),
            taken_at,
            foreign: examiners.iter().map(|examiner| examiner.foreign).sum(),
        };
        let survey = survey.unwrap_or_else(|| Arc::new(Survey::without_recorders(read.types)));
        (report, survey)
    }

    /// Goes through what was read of AWS Config. The second value says what went wrong since.
    pub(super) fn live(
        &self,
        read: &LiveRead,
        workers: &mut [Worker<'_, '_>],
        receiver: &mut Receiver<'_, '_>,
    ) -> (SourceReport, Result<(), String>) {
        let admission = Admission {
            accounts: [(read.account.as_str(), true)].into_iter().collect(),
            stopped: HashSet::new(),
        };
        let in_order = InOrder::new(receiver);
        let examiners = self.examiners(workers, &admission, &in_order);
        let (examiners, done) = read.mirror.read(&read.parts, self.reading, examiners);
        let lost = problems(&done);
        let whole = lost.first().map_or(Ok(()), |problem| Err(problem.clone()));
        let report = SourceReport {
            name: format!("AWS Config of account {}", read.account),
            is_partial: whole.is_ok(),
            items: done.items,
            problems: lost.into_iter().chain(unread(read)).collect(),
            taken_at: None,
            foreign: examiners.iter().map(|examiner| examiner.foreign).sum(),
        };
        (report, whole)
    }

    fn examiners<'e, 'w, 'p>(
        &'e self,
        workers: &'e mut [Worker<'w, 'p>],
        admission: &'e Admission<'e>,
        in_order: &'e InOrder<'e>,
    ) -> Vec<Examiner<'e, 'w, 'p>> {
        let examiner = |worker| Examiner {
            worker,
            admission,
            interest: self.interest,
            in_order,
            batch: Batch::default(),
            foreign: 0,
        };
        workers.iter_mut().map(examiner).collect()
    }

    /// What occurs in the snapshot, where an account leaves it to that what is recorded. Whoever
    /// declares the types spares this reading.
    fn survey(&self, source: &SnapshotInput, snapshot: &Snapshot) -> Option<Arc<Survey>> {
        let mut accounts = source.accounts.values();
        if !accounts.any(|account| account.recorded == Recorded::AsSeen) {
            return None;
        }
        Some(source.survey.clone().unwrap_or_else(|| {
            self.progress.total(snapshot.total_bytes());
            Arc::new(Survey::of(snapshot, &|bytes| self.progress.read(bytes)))
        }))
    }

    fn admission<'a>(
        &self,
        source: &'a SnapshotInput,
        survey: Option<&'a Survey>,
        taken_at: Option<Timestamp>,
    ) -> Admission<'a> {
        let accounts = source.accounts.iter().map(|(account, input)| {
            let fresh = !input.is_stale(taken_at, self.now);
            (account.as_str(), fresh)
        });
        Admission {
            accounts: accounts.collect(),
            stopped: survey.map(Survey::stopped).unwrap_or_default(),
        }
    }
}

fn open(source: &SnapshotInput) -> Result<Arc<Snapshot>, SnapshotError> {
    match &source.snapshot {
        Some(opened) => Ok(Arc::clone(opened)),
        None => Snapshot::open(&source.path).map(Arc::new),
    }
}

/// What could not be read of AWS Config, each reason once. What is not recorded, or was told to be
/// off, is as its owner set it up.
fn unread(read: &LiveRead) -> Vec<String> {
    let failures = read.types.iter().filter_map(|(_, _, outcome)| outcome.as_ref().err());
    let failures = failures.filter(|unread| {
        !matches!(unread.reason, UnknownReason::NotRecorded | UnknownReason::RecorderStopped)
    });
    let distinct: BTreeSet<&str> = failures.map(|unread| unread.detail.as_str()).collect();
    distinct.into_iter().map(str::to_owned).collect()
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
