//! Reads one source on all cores, and gives each item to an evaluation's worker.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use super::Progress;
use super::admission::{Admission, Admitted};
use super::batch::Batch;
use super::in_order::InOrder;
use super::interest::Interest;
use super::withheld::{Chunks, Withheld};
use crate::sources::{
    SnapshotInput, SourceReport, Survey, misplaced, problems, regions_of, undeclared_regions,
};
use aws::source;
use aws::source::aws_config::LiveRead;
use aws::source::{AccountRegions, Lost, Part, ReadAtOnce, ReadReport, Snapshot, Which};
use cel::Timestamp;
use engine::evaluation::{EvaluationResult, Evaluator, ItemKey, Results, Stage};
use model::{ConfigurationItem, Reading, UnknownReason};

/// The reading of one source.
pub(super) struct Examination<'x> {
    pub(super) reading: &'x Reading,
    pub(super) interest: &'x Interest,
    pub(super) progress: &'x dyn Progress,
    pub(super) now: Timestamp,
}

/// A snapshot with which all is well.
#[derive(Clone, Copy)]
pub(super) struct Presumed<'p> {
    pub(super) source: &'p SnapshotInput,
    /// Of which accounts and regions it alone has items, if that matters.
    pub(super) places: Option<&'p AccountRegions>,
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
        let snapshot = match source.open() {
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
        let admission = Admission::of(source, &survey, &lost, self.now);
        let in_order = InOrder::new(receiver);
        let examiners = self.examiners(workers, Take::Unkeyed, &admission, &in_order);
        let read = |bytes| self.progress.read(bytes);
        self.progress.total(snapshot.total_bytes());
        let (examiners, read) = snapshot.read(survey.contents(), self.reading, examiners, &read);
        let noticed = Noticed::of(examiners);
        lost.extend(read.lost.iter().cloned());
        let mut report = report(source, (&snapshot, &survey), &read, noticed);
        report.problems.extend(misplaced.into_iter().map(|(_, message)| message));
        report.is_partial = lost.iter().all(Lost::is_part_of_account);
        Examined { report, survey: Some(survey), lost }
    }

    /// Reads a snapshot once. Where it is not as presumed, nothing was passed on, and what the workers have
    /// counts no more; what is known of the snapshot then may be given.
    pub(super) fn snapshot_at_once(
        &self,
        Presumed { source, places }: Presumed<'_>,
        all: &Reading,
        workers: &mut [Evaluator<'_, '_>],
        receiver: &mut (dyn Results + Send),
    ) -> Result<Examined, Option<Arc<Survey>>> {
        let Ok(snapshot) = source.open() else { return Err(None) };
        let (admission, withheld) = (Admission::presumed(source, self.now), Withheld::default());
        let examiners = self.examiners(workers, Take::Unkeyed, &admission, &withheld);
        let progress = |bytes| self.progress.read(bytes);
        self.progress.total(snapshot.total_bytes());
        let readings = (self.reading, all);
        let ReadAtOnce { workers: examiners, is_sure, contents } =
            snapshot.read_at_once(readings, examiners, self.now, &progress);
        let noticed = Noticed::of(examiners);
        let survey = Arc::new(Survey::from(contents.ok_or(None)?));
        let none_lost = BTreeSet::new();
        let is_sure = is_sure
            && places.is_none_or(|places| *places == survey.places())
            && misplaced(source, &survey, self.reading).is_empty()
            && Admission::of(source, &survey, &none_lost, self.now).is_as_presumed();
        if !is_sure {
            return Err(Some(survey));
        }
        withheld.pass_on(receiver);
        let report = report(source, (&snapshot, &survey), &survey.contents().report, noticed);
        Ok(Examined { report, survey: Some(survey), lost: BTreeSet::new() })
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
        let admission = Admission::of_account(&read.account);
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
        chunks: &'e dyn Chunks,
    ) -> Vec<Examiner<'e, 'w, 'p>> {
        let examiner = |worker| Examiner {
            worker,
            admission,
            interest: self.interest,
            chunks,
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
}

/// What the examiners noticed beside results.
struct Noticed {
    facts: BTreeSet<Timestamp>,
    foreign: u64,
}

impl Noticed {
    fn of(examiners: Vec<Examiner<'_, '_, '_>>) -> Self {
        let foreign = examiners.iter().map(|examiner| examiner.foreign).sum();
        Self { facts: examiners.into_iter().flat_map(|examiner| examiner.facts).collect(), foreign }
    }
}

/// How reading a snapshot went.
fn report(
    source: &SnapshotInput,
    (snapshot, survey): (&Snapshot, &Survey),
    read: &ReadReport,
    Noticed { facts, foreign }: Noticed,
) -> SourceReport {
    let before = snapshot.problems().iter().cloned();
    let taken = source
        .accounts
        .iter()
        .flat_map(|(account, input)| survey.taken(account, &regions_of(account, input, survey)));
    let notes = snapshot.notes().iter().chain(source.troubles()).cloned();
    SourceReport {
        name: source.path.display().to_string(),
        is_partial: true,
        items: read.items,
        problems: before.chain(problems(read)).collect(),
        notes: notes.chain(undeclared_regions(source, survey)).collect(),
        taken: taken.collect(),
        facts: facts.into_iter().chain(survey.facts()).collect(),
        foreign,
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
    chunks: &'x dyn Chunks,
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
        self.chunks.deliver(sequence, mem::take(&mut self.batch));
    }

    fn has_room(&self) -> bool {
        self.chunks.has_room()
    }
}

impl Examiner<'_, '_, '_> {
    fn look_at(&mut self, key: Option<ItemKey>, item: ConfigurationItem<'_>) {
        let item = match self.admission.admit(item, &mut self.facts) {
            Admitted::Item(item) => item,
            Admitted::Foreign => {
                self.foreign += 1;
                return;
            }
            Admitted::Nothing => return,
        };
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
            (Take::Kept, Some(key)) => worker.keep_item(key, &item),
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
