//! What occurs in a snapshot, and what its configuration recorders say that they record.

use std::collections::{BTreeSet, HashSet};
use std::thread;

use super::problems;
use aws::source::{AccountRegions, Contents, RecorderItem, Snapshot};
use cel::Timestamp;
use model::{AccountId, Region, fact_types, is_global};

/// What occurs in a snapshot.
#[derive(Debug)]
pub struct Survey {
    contents: Contents,
    problems: Vec<String>,
}

/// What is known of a region's configuration recorder.
pub(super) enum Recorder<'s> {
    /// The snapshot does not hold it.
    Unknown,
    /// Its item is in the snapshot and cannot be read.
    Unreadable,
    Known(&'s RecorderItem),
}

impl Survey {
    /// Looks through the snapshot, as of `now`: recorders have to be known before the first verdict,
    /// since what a stopped one recorded says nothing of today, and so has what was lost.
    pub fn of(snapshot: &Snapshot, now: Timestamp, progress: &(dyn Fn(u64) + Sync)) -> Self {
        snapshot.contents(now, threads(), progress).into()
    }

    /// What was found.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// What could not be read.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// How many items there are.
    pub fn items(&self) -> u64 {
        self.contents.report.items
    }

    /// When the account's snapshots were taken, those of these regions.
    pub(crate) fn taken(
        &self,
        account: &AccountId,
        regions: &BTreeSet<Region>,
    ) -> BTreeSet<Timestamp> {
        regions.iter().filter_map(|region| self.contents.taken_at(account, region)).collect()
    }

    /// The account's recorder in that region.
    pub(super) fn recorder(&self, account: &AccountId, region: &Region) -> Recorder<'_> {
        let place = (account.as_str().into(), region.as_str().into());
        match self.contents.recorders.get(&place) {
            None => Recorder::Unknown,
            Some(None) => Recorder::Unreadable,
            Some(Some(recorder)) => Recorder::Known(recorder),
        }
    }

    /// The accounts and regions whose recorder is off.
    pub(crate) fn stopped(&self) -> HashSet<(&str, &str)> {
        let known = self.contents.recorders.iter();
        let stopped =
            known.filter(|(_, recorder)| recorder.as_ref().is_some_and(RecorderItem::is_stopped));
        stopped.map(|((account, region), _)| (&**account, &**region)).collect()
    }

    /// Whether the type occurs in the account and region; of a global type, in the account.
    pub(super) fn occurs(&self, account: &AccountId, region: &Region, resource_type: &str) -> bool {
        let anywhere = is_global(resource_type);
        self.contents.report.types.keys().any(|found| {
            &*found.resource_type == resource_type
                && &*found.account_id == account.as_str()
                && (anywhere || &*found.region == region.as_str())
        })
    }

    /// Whether anything that AWS Config recorded in the account and region occurs, be it broken.
    pub(super) fn has_items(&self, account: &AccountId, region: &Region) -> bool {
        let place = (account.clone(), region.clone());
        self.contents.taken.contains_key(&place)
            || self.contents.report.types.keys().any(|found| {
                &*found.account_id == account.as_str()
                    && &*found.region == region.as_str()
                    && !fact_types::is_fact(&found.resource_type)
            })
    }

    /// When the newest fact of a type was read: nothing where there is none, or it does not say when.
    pub(super) fn read_at(
        &self,
        account: &AccountId,
        region: &Region,
        resource_type: &str,
    ) -> Option<Timestamp> {
        let anywhere = is_global(resource_type);
        let found = self.contents.report.types.iter().filter(|(found, _)| {
            &*found.resource_type == resource_type
                && &*found.account_id == account.as_str()
                && (anywhere || &*found.region == region.as_str())
        });
        found.filter_map(|(_, occurrence)| occurrence.newest_capture).max()
    }

    /// When the newest facts of each type were read.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Timestamp> {
        let types = self.contents.report.types.iter();
        let facts = types.filter(|(found, _)| fact_types::is_fact(&found.resource_type));
        facts.filter_map(|(_, occurrence)| occurrence.newest_capture)
    }

    /// The regions in which something of the account occurs.
    pub fn regions_of(&self, account: &AccountId) -> BTreeSet<Region> {
        self.places().remove(account).unwrap_or_default()
    }

    /// Every account in which something occurs, with the regions in which it does.
    pub fn places(&self) -> AccountRegions {
        let mut places = AccountRegions::new();
        for found in self.contents.report.types.keys() {
            if let Ok(account) = found.account_id.parse() {
                places.entry(account).or_default().extend(found.region.parse());
            }
        }
        places
    }
}

impl From<Contents> for Survey {
    fn from(contents: Contents) -> Self {
        let problems = problems(&contents.report);
        Self { contents, problems }
    }
}

/// How many threads read.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
