//! What occurs in a snapshot, and what its configuration recorders say that they record.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::thread;

use super::problems;
use crate::resource::{
    AccountId, ConfigurationItem, Projection, Reading, Region, ResourceType, Step, is_global,
};
use crate::source::{Occurrence, RECORDER, RecorderItem, Snapshot, TypeInRegion, Worker};

/// An account and a region.
type Place = (Box<str>, Box<str>);

/// What occurs in a snapshot.
#[derive(Debug, Default)]
pub struct Survey {
    types: BTreeMap<TypeInRegion, Occurrence>,
    recorders: HashMap<Place, RecorderItem>,
    problems: Vec<String>,
}

impl Survey {
    /// Reads the snapshot for it: recorders have to be known before the first verdict, since what
    /// a stopped one recorded says nothing of today.
    pub fn of(snapshot: &Snapshot, progress: &(dyn Fn(u64) + Sync)) -> Self {
        let mut part = Projection::NOTHING;
        part.add(&[Step::Field("configuration".into())]);
        let recorder = RECORDER.parse().map(|name: ResourceType| (name, part));
        let workers: Vec<Recorders> = (0..threads()).map(|_| Recorders::default()).collect();
        let (workers, report) = snapshot.read(&Reading::new(recorder), workers, progress);
        let problems = problems(&report);
        let recorders = workers.into_iter().flat_map(|worker| worker.0).collect();
        Self { types: report.types, recorders, problems }
    }

    /// What a read found that was not about recorders.
    pub(in crate::controller) fn without_recorders(
        types: BTreeMap<TypeInRegion, Occurrence>,
    ) -> Self {
        Self { types, ..Self::default() }
    }

    /// What could not be read.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The account's recorder in that region, if the snapshot holds it.
    pub(super) fn recorder(&self, account: &AccountId, region: &Region) -> Option<&RecorderItem> {
        self.recorders.get(&(account.as_str().into(), region.as_str().into()))
    }

    /// The accounts and regions whose recorder is off.
    pub(in crate::controller) fn stopped(&self) -> HashSet<(&str, &str)> {
        let stopped = self.recorders.iter().filter(|(_, recorder)| recorder.is_stopped());
        stopped.map(|((account, region), _)| (&**account, &**region)).collect()
    }

    /// Whether the type occurs in the account and region; of a global type, in the account.
    pub(super) fn occurs(&self, account: &AccountId, region: &Region, resource_type: &str) -> bool {
        let anywhere = is_global(resource_type);
        self.types.keys().any(|found| {
            &*found.resource_type == resource_type
                && &*found.account_id == account.as_str()
                && (anywhere || &*found.region == region.as_str())
        })
    }

    /// Every account in which something occurs, with the regions in which it does.
    pub(super) fn places(&self) -> BTreeMap<AccountId, BTreeSet<Region>> {
        let mut places: BTreeMap<AccountId, BTreeSet<Region>> = BTreeMap::new();
        for found in self.types.keys() {
            if let Ok(account) = found.account_id.parse() {
                places.entry(account).or_default().extend(found.region.parse());
            }
        }
        places
    }
}

/// How many threads read.
pub(in crate::controller) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Collects recorders.
#[derive(Default)]
struct Recorders(Vec<(Place, RecorderItem)>);

impl Worker for Recorders {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        let place = (item.account_id.into(), item.region.into());
        self.0.push((place, RecorderItem::of(item.value)));
    }
}
