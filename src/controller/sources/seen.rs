//! What occurs in a source: which types in which accounts and regions, and what its configuration
//! recorders say that they record.

use std::collections::{BTreeMap, HashMap};

use super::recorder::{RECORDER, Recorder};
use crate::resource::{AccountId, ConfigurationItem, Region, is_global};
use crate::source::{Occurrence, TypeInRegion};

/// What occurs in a source.
#[derive(Debug, Default)]
pub(in crate::controller) struct Seen {
    pub(super) types: BTreeMap<TypeInRegion, Occurrence>,
    pub(super) recorders: Recorders,
}

/// The configuration recorders of a source, by account and region.
#[derive(Debug, Default)]
pub(in crate::controller) struct Recorders(HashMap<(Box<str>, Box<str>), Recorder>);

impl Recorders {
    /// Notes an item, if it is a recorder.
    pub(in crate::controller) fn note(&mut self, item: &ConfigurationItem<'_>) {
        if item.resource_type == RECORDER {
            let place = (item.account_id.into(), item.region.into());
            self.0.insert(place, Recorder::of(item.value));
        }
    }

    /// Adds those that another thread noted.
    pub(in crate::controller) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl Seen {
    pub(in crate::controller) fn new(
        types: BTreeMap<TypeInRegion, Occurrence>,
        recorders: Recorders,
    ) -> Self {
        Self { types, recorders }
    }

    /// The account's recorder in that region, if the source holds it.
    pub(super) fn recorder(&self, account: &AccountId, region: &Region) -> Option<&Recorder> {
        self.recorders.0.get(&(account.as_str().into(), region.as_str().into()))
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
    pub(super) fn accounts(&self) -> BTreeMap<AccountId, Vec<Region>> {
        let mut accounts: BTreeMap<AccountId, Vec<Region>> = BTreeMap::new();
        for found in self.types.keys() {
            let Ok(account) = found.account_id.parse() else { continue };
            let regions = accounts.entry(account).or_default();
            if let Ok(region) = found.region.parse()
                && !regions.contains(&region)
            {
                regions.push(region);
            }
        }
        accounts
    }
}
