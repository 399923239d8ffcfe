//! What is in a snapshot, found out before anything of it is believed: whose items of which types,
//! what was lost, when it was taken, and which item of each resource counts.
//!
//! That takes one reading of what every item has, and where a resource has several items, or one that
//! says nothing, another reading of those. Where the latter was needed, or something is wrong, everything is
//! read again when verdicts are given; otherwise these may be given in the first reading.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fact_reads::FactReads;
use super::files::SnapshotFile;
use super::items::Context;
use super::lost::LostItem;
use super::places::{Snapshots, taken};
use super::recount::{self, Contested};
use super::settle::Settled;
use super::survey::{Met, Survey, lost_time};
use super::tally::ReadReport;
use crate::source::recorder_item::{RECORDER, RecorderItem};
use cel::{Projection, Step, Timestamp};
use model::{AccountId, Reading, Region, ResourceType};

/// Reads of every type what every item has, of configuration recorders what they record, and of these types
/// what is named: enough to tell what is in a snapshot.
pub fn survey_reading(types: impl IntoIterator<Item = (ResourceType, Projection)>) -> Reading {
    let mut part = Projection::NOTHING;
    part.add(&[Step::Field("configuration".into())]);
    let recorder = RECORDER.parse().map(|name: ResourceType| (name, part));
    Reading::heads_and(types.into_iter().chain(recorder))
}

/// What is in a snapshot.
#[derive(Debug)]
pub struct Contents {
    /// How reading it went.
    pub report: ReadReport,
    /// What each region's configuration recorder says; nothing where its item cannot be read.
    pub recorders: BTreeMap<(Box<str>, Box<str>), Option<RecorderItem>>,
    /// When each account's region was taken at the latest: as AWS's names say, else when the newest
    /// item was captured; where no item is whole, what the broken ones still say of that.
    pub taken: BTreeMap<(AccountId, Region), Timestamp>,
    /// The accounts' regions of which there is a snapshot, where all files are AWS's own, but for those
    /// that hold account facts alone.
    pub delivered: Option<BTreeSet<(AccountId, Region)>>,
    pub(super) hasher: RandomState,
    pub(super) now: Timestamp,
    pub(super) settled: Resources,
    pub(super) items: u64,
}

/// The resources with several items, or with one that says nothing.
#[derive(Debug, Default)]
pub(super) struct Resources {
    pub(super) by_key: FxHashMap<u64, Settled>,
    /// Where a snapshot holds a resource a second time.
    pub(super) doubled: FxHashSet<u64>,
    /// Those of which no well-formed item makes them known.
    pub(super) unseen: Vec<(u64, LostItem)>,
    /// When account facts were read last: older ones are gone.
    pub(super) fact_reads: FactReads,
}

impl Contents {
    /// Finds out what is in the files, on so many threads. `notes` are what is known of them already.
    pub(super) fn of(
        files: &[SnapshotFile],
        now: Timestamp,
        threads: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Self {
        let (reading, hasher) = (survey_reading([]), RandomState::new());
        let context = Context::of_files(&reading, hasher.clone(), files, now);
        let survey = Survey::of(files, &context, threads, progress);
        Self::settled(survey, files, &context, (hasher, now), (threads, progress))
    }

    /// Settles which item of each resource counts, once every item was looked at.
    pub(super) fn settled(
        mut survey: Survey,
        files: &[SnapshotFile],
        context: &Context<'_>,
        (hasher, now): (RandomState, Timestamp),
        (threads, progress): (usize, &(dyn Fn(u64) + Sync)),
    ) -> Self {
        let snapshots = Snapshots::of(files);
        let broken = times_of_broken(&survey.lost, context);
        let settled = recount::settle(
            files,
            context,
            Contested {
                keys: &survey.contested,
                lost: std::mem::take(&mut survey.lost),
                loose: &survey.loose,
                fact_reads: std::mem::take(&mut survey.facts),
            },
            &mut survey.tally,
            |file| snapshots.is_snapshot(file),
            (threads, progress),
        );
        snapshots.tell_rivals(files, &survey.places, &mut survey.tally);
        let foreign = survey.places.foreign(files);
        for file in &foreign {
            let message =
                "the file's name is of another account or region than its items: restore the \
                           name that AWS Config gave it"
                    .to_owned();
            survey.tally.problem(*file, None, 0, message);
        }
        let mut taken = taken(files, &survey.places, |file| snapshots.is_snapshot(file));
        if taken.is_empty() {
            taken = broken;
        }
        let recorders = recorders(survey.recorders, &settled);
        let report = survey.tally.finish(files);
        let recorded = files.iter().enumerate();
        let delivered = recorded
            .filter(|(at, file)| {
                let is_history = file.history.is_some();
                let counts = file.delivery.is_some() || survey.places.has(*at);
                !foreign.contains(at) && !is_history && counts
            })
            .map(|(_, file)| {
                file.delivery.as_ref().map(|it| (it.account.clone(), it.region.clone()))
            })
            .collect::<Option<BTreeSet<_>>>()
            .filter(|delivered| !delivered.is_empty());
        Self { report, recorders, taken, delivered, hasher, now, settled, items: survey.items }
    }

    /// Whether nothing is wrong, and every resource has one item, the newest that there is.
    pub(super) fn is_plain(&self) -> bool {
        let Resources { by_key, doubled, unseen, fact_reads } = &self.settled;
        self.report.complete
            && self.report.lost.is_empty()
            && by_key.is_empty()
            && doubled.is_empty()
            && unseen.is_empty()
            && fact_reads.is_one_of_each()
    }

    /// When an account's region was taken at the latest; where nothing of it is there, when anything
    /// of the account was.
    pub fn taken_at(&self, account: &AccountId, region: &Region) -> Option<Timestamp> {
        let exactly = self.taken.get(&(account.clone(), region.clone())).copied();
        let of_account = || {
            let all = self.taken.iter().filter(|((of, _), _)| of == account);
            all.map(|(_, time)| *time).max()
        };
        exactly.or_else(of_account)
    }
}

/// When items that cannot be understood were captured, as far as they say so.
fn times_of_broken(
    lost: &[(u64, LostItem)],
    context: &Context<'_>,
) -> BTreeMap<(AccountId, Region), Timestamp> {
    let mut times: BTreeMap<(AccountId, Region), Timestamp> = BTreeMap::new();
    for (_, item) in lost {
        let time = lost_time(item, context);
        if let (Some(time), Ok(account), Ok(region)) =
            (time, item.account_id.parse(), item.region.parse())
        {
            let newest = times.entry((account, region)).or_insert(time);
            *newest = time.max(*newest);
        }
    }
    times
}

/// The recorders that count.
fn recorders(
    met: Vec<Met>,
    settled: &Resources,
) -> BTreeMap<(Box<str>, Box<str>), Option<RecorderItem>> {
    let lost = settled.unseen.iter().filter(|(_, item)| &*item.resource_type == RECORDER);
    let mut recorders: BTreeMap<_, _> =
        lost.map(|(_, item)| ((item.account_id.clone(), item.region.clone()), None)).collect();
    for (key, position, place, recorder) in met {
        match settled.by_key.get(&key) {
            Some(Settled::Item(counts)) if *counts != position => {}
            Some(Settled::Unreadable(..)) => drop(recorders.insert(place, None)),
            Some(Settled::Item(_)) | None => {
                recorders.entry(place).or_insert(recorder);
            }
        }
    }
    recorders
}
