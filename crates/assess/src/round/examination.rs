//! Reads one source on all cores, and gives each item to an evaluation's worker.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::mem;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Progress;
use super::batch::Batch;
use super::in_order::InOrder;
use super::interest::Interest;
use crate::sources::{
    AccountInput, SnapshotInput, SourceReport, Survey, misplaced, problems, regions_of,
    undeclared_regions,
};
use aws::source;
use aws::source::aws_config::LiveRead;
use aws::source::{Lost, Part, Snapshot, SnapshotError, Which};
use cel::Timestamp;
use engine::evaluation::{EvaluationResult, Evaluator, ItemKey, Results, Stage};
use model::{AccountId, ConfigurationItem, ItemStatus, Reading, Region, UnknownReason, fact_types};

/// The reading of one source.
pub(super) struct Examination<'x> {
    pub(super) reading: &'x Reading,
    pub(super) interest: &'x Interest,
    pub(super) progress: &'x dyn Progress,
    pub(super) now: Timestamp,
}

/// Whose items are evaluated.
#[derive(Default)]
struct Admission<'x> {
    accounts: FxHashSet<&'x str>,
    /// Accounts and regions of which the snapshot is too old, or whose recorder is off: their items
    /// say nothing of today.
    outdated: HashSet<(&'x str, Cow<'x, str>)>,
    /// Accounts of which all is too old.
    stale: FxHashSet<&'x str>,
    /// Whether nothing says how old the snapshot is: it may be for what cannot be read of it.
    is_undated: bool,
    /// What is known of accounts beforehand, and the time: facts are as old as they say themselves.
    inputs: FxHashMap<&'x str, (&'x AccountInput, Timestamp)>,
    /// Of what something was lost that may be newer than what is at hand.
    lost: Vec<&'x Lost>,
}

/// What a snapshot came to.
pub(super) struct Examined {
    pub(super) report: SourceReport,
    /// What is in it; nothing where it could not be opened.
    pub(super) survey: Option<Arc<Survey>>,
    /// Of what something was lost.
    pub(super) lost: BTreeSet<Lost>,
}

impl Examination<'_> {
    /// Reads a snapshot. One that cannot be opened is one of which nothing was read.
    pub(super) fn snapshot(
        &self,
        source: &SnapshotInput,
        workers: &mut [Evaluator<'_, '_>],
        receiver: &mut (dyn Results + Send),
    ) -> Examined {
        let name = source.path.display().to_string();
        let snapshot = match open(source) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let problems = vec![error.to_string()];
                let notes = source.troubles().cloned().collect();
                let report = SourceReport { name, problems, notes, ..SourceReport::default() };
                return Examined { report, survey: None, lost: BTreeSet::from([Lost::default()]) };
            }
        };
        let survey = self.survey(source, &snapshot);
        let misplaced = misplaced(source, &survey, self.reading);
        let mut lost = survey.contents().report.lost.clone();
        lost.extend(misplaced.iter().map(|(lost, _)| lost.clone()));
        let admission = self.admission(source, &survey, &lost);
        let in_order = InOrder::new(receiver);
        let examiners = self.examiners(workers, Take::Unkeyed, &admission, &in_order);
        let read = |bytes| self.progress.read(bytes);
        self.progress.total(snapshot.total_bytes());
        let (examiners, read) = snapshot.read(survey.contents(), self.reading, examiners, &read);
        let foreign = examiners.iter().map(|examiner| examiner.foreign).sum();
        let facts = examiners.into_iter().flat_map(|examiner| examiner.facts);
        let facts = facts.chain(survey.facts()).collect();
        lost.extend(read.lost.iter().cloned());
        let said = misplaced.into_iter().map(|(_, message)| message);
        let before = snapshot.problems().iter().cloned();
        let problems: Vec<String> = before.chain(problems(&read)).chain(said).collect();
        let taken = source.accounts.iter().flat_map(|(account, input)| {
            survey.taken(account, &regions_of(account, input, &survey))
        });
        let notes = snapshot.notes().iter().chain(source.troubles()).cloned();
        let notes = notes.chain(undeclared_regions(source, &survey));
        let report = SourceReport {
            name,
            is_partial: lost.iter().all(Lost::is_part_of_account),
            items: read.items,
            problems,
            notes: notes.collect(),
            taken: taken.collect(),
            facts,
            foreign,
        };
        Examined { report, survey: Some(survey), lost }
    }

    /// Goes through items that were read of AWS Config, and says of what something was lost since.
    pub(super) fn live(
        &self,
        read: &LiveRead,
        which: &BTreeMap<&Part, Which<'_>>,
        take: Take,
        workers: &mut [Evaluator<'_, '_>],
        receiver: &mut (dyn Results + Send),
    ) -> ExaminedLive {
        let admission = Admission {
            accounts: [read.account.as_str()].into_iter().collect(),
            ..Admission::default()
        };
        let in_order = InOrder::new(receiver);
        let examiners = self.examiners(workers, take, &admission, &in_order);
        let (examiners, mut done, keys) = read.mirror.read_some(which, self.reading, examiners);
        // Asked after reading: whatever was given up until then may have been read already, or not.
        let given_up = read.mirror.given_up(&read.parts);
        done.lost.extend(given_up.iter().map(|part| lost_part(read, part)));
        let report = SourceReport {
            name: format!("AWS Config of account {}", read.account),
            is_partial: done.lost.iter().all(Lost::is_part_of_account),
            items: done.items,
            problems: problems(&done)
                .into_iter()
                .chain(given_up.into_iter().map(no_room))
                .chain(unread(read))
                .chain(read.problems.iter().cloned())
                .collect(),
            notes: read.notes.clone(),
            taken: BTreeSet::new(),
            facts: BTreeSet::new(),
            foreign: examiners.iter().map(|examiner| examiner.foreign).sum(),
        };
        let is_whole = done.complete && done.lost.is_empty() && report.foreign == 0;
        ExaminedLive { report, lost: done.lost, keys, is_whole }
    }

    fn examiners<'e, 'w, 'p>(
        &'e self,
        workers: &'e mut [Evaluator<'w, 'p>],
        take: Take,
        admission: &'e Admission<'e>,
        in_order: &'e InOrder<'e>,
    ) -> Vec<Examiner<'e, 'w, 'p>> {
        let examiner = |worker| Examiner {
            worker,
            admission,
            interest: self.interest,
            in_order,
            take,
            batch: Batch::default(),
            facts: BTreeSet::new(),
            foreign: 0,
        };
        workers.iter_mut().map(examiner).collect()
    }

    /// What is in the snapshot, which has to be known before anything of it is believed.
    fn survey(&self, source: &SnapshotInput, snapshot: &Snapshot) -> Arc<Survey> {
        source.survey.clone().unwrap_or_else(|| {
            self.progress.total(snapshot.total_bytes());
            Arc::new(Survey::of(snapshot, self.now, &|bytes| self.progress.read(bytes)))
        })
    }

    fn admission<'a>(
        &self,
        source: &'a SnapshotInput,
        survey: &'a Survey,
        lost: &'a BTreeSet<Lost>,
    ) -> Admission<'a> {
        let stopped = survey.stopped().into_iter();
        let mut admission = Admission {
            accounts: source.accounts.keys().map(AccountId::as_str).collect(),
            outdated: stopped.map(|(account, region)| (account, Cow::Borrowed(region))).collect(),
            stale: FxHashSet::default(),
            is_undated: survey.contents().taken.is_empty(),
            inputs: FxHashMap::default(),
            lost: lost.iter().collect(),
        };
        for (account, input) in &source.accounts {
            admission.inputs.insert(account.as_str(), (input, self.now));
            let is_stale = |region: &Region| {
                input.is_stale(survey.contents().taken_at(account, region), self.now)
            };
            let regions = regions_of(account, input, survey);
            let stale: Vec<&Region> = regions.iter().filter(|region| is_stale(region)).collect();
            if stale.len() == regions.len() {
                admission.stale.insert(account.as_str());
            }
            let stale = stale.into_iter().map(|region| Cow::Owned(region.as_str().to_owned()));
            admission.outdated.extend(stale.map(|region| (account.as_str(), region)));
        }
        admission
    }
}

fn open(source: &SnapshotInput) -> Result<Arc<Snapshot>, Arc<SnapshotError>> {
    match &source.snapshot {
        Some(opened) => opened.clone(),
        None => Snapshot::open(&source.path).map(Arc::new).map_err(Arc::new),
    }
}

/// A part of which nobody knows all items.
fn lost_part(read: &LiveRead, part: &Part) -> Lost {
    Lost {
        account_id: Some(read.account.clone()),
        region: Some(part.region.clone()),
        resource_type: Some(part.resource_type.clone()),
    }
}

fn no_room(part: &Part) -> String {
    let Part { region, resource_type } = part;
    format!(
        "there was no room for all items of {resource_type} in {region}: raise --mirror-size, or the disk's size"
    )
}

/// What could not be read of AWS Config, each reason once. What is not recorded, or is switched off, is
/// as its owner set it up.
fn unread(read: &LiveRead) -> Vec<String> {
    let failures = read.types.iter().filter_map(|(_, _, outcome)| outcome.as_ref().err());
    let failures = failures.filter(|unread| {
        !matches!(
            unread.reason,
            UnknownReason::NotRecorded
                | UnknownReason::RecorderStopped
                | UnknownReason::MissingRule
        )
    });
    let distinct: BTreeSet<&str> = failures.map(|unread| unread.detail.as_str()).collect();
    distinct.into_iter().map(str::to_owned).collect()
}

/// Looks at items on one thread.
struct Examiner<'x, 'e, 'p> {
    worker: &'x mut Evaluator<'e, 'p>,
    admission: &'x Admission<'x>,
    interest: &'x Interest,
    in_order: &'x InOrder<'x>,
    take: Take,
    /// The results of the chunk that is worked on.
    batch: Batch,
    /// When the facts were asked for.
    facts: BTreeSet<Timestamp>,
    foreign: u64,
}

impl source::ItemSink for Examiner<'_, '_, '_> {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        self.look_at(None, item);
    }

    fn keyed_item(&mut self, key: ItemKey, item: ConfigurationItem<'_>) {
        self.look_at(Some(key), item);
    }

    fn chunk_done(&mut self, sequence: u64) {
        self.in_order.deliver(sequence, mem::take(&mut self.batch));
    }
}

impl Examiner<'_, '_, '_> {
    fn look_at(&mut self, key: Option<ItemKey>, item: ConfigurationItem<'_>) {
        let Admission { accounts, outdated, stale, is_undated, inputs, lost } = self.admission;
        if !accounts.contains(item.account_id) {
            self.foreign += 1;
            return;
        }
        let place = (item.account_id, Cow::Borrowed(item.region));
        let is_outdated =
            stale.contains(item.account_id) || (!outdated.is_empty() && outdated.contains(&place));
        if is_outdated && !(*is_undated && item.status == ItemStatus::Unreadable) {
            return;
        }
        if fact_types::is_fact(item.resource_type)
            && let Some((input, now)) = inputs.get(item.account_id)
        {
            if input.is_stale(item.capture_time, *now) {
                return;
            }
            self.facts.extend(item.capture_time);
        }
        let mut item = item;
        let is_doubtful = !item.status.is_unrecorded()
            && item.status != ItemStatus::Unreadable
            && lost.iter().any(|it| it.includes(item.account_id, item.region, item.resource_type));
        if is_doubtful {
            item.status = ItemStatus::Doubtful;
        }
        let Self { worker, interest, batch, take, .. } = self;
        let mut keep = |result: &EvaluationResult<'_>| {
            if !interest.takes(result) {
                return;
            }
            match key {
                Some(ItemKey(key)) => batch.keep_of(Stage::Item(key), result),
                None => batch.keep(result),
            }
        };
        match (take, key) {
            (Take::Keyed, Some(key)) => worker.keyed_item(key, &item, &mut keep),
            (Take::Changed, Some(key)) => worker.judge_item(key, &item, &mut keep),
            (Take::Kept, Some(_)) => worker.keep_item(&item),
            (_, _) => worker.item(&item, &mut keep),
        }
    }
}

/// What is done with items that have a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// They are judged and kept for what needs others, too.
    Unkeyed,
    /// The same, and what they came to is remembered.
    Keyed,
    /// Each is judged alone: it changed since an earlier round.
    Changed,
    /// They are kept for what needs others, too.
    Kept,
}

/// What the items of an account that is read live came to.
pub(super) struct ExaminedLive {
    pub(super) report: SourceReport,
    /// Of what something was lost.
    pub(super) lost: BTreeSet<Lost>,
    /// The keys of those that were read.
    pub(super) keys: Vec<ItemKey>,
    /// Whether each of them was understood.
    pub(super) is_whole: bool,
}
