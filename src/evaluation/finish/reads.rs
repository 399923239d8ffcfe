//! What was read, as controls see it.

use std::collections::{BTreeSet, HashSet};

use crate::evaluation::coverage::{Coverage, Unread};
use crate::evaluation::judge::Fault;
use crate::evaluation::places::AccountPlaces;
use crate::evaluation::prepared::{Evaluation, TypeEntry};
use crate::resource::{AccountId, Region, ResourceType, UnknownReason, is_global};

/// What was read, as controls see it.
pub(super) struct Reads<'f> {
    coverage: &'f Coverage,
    evaluation: &'f Evaluation<'f>,
    /// Types of which something came that nobody can say where it belongs.
    unplaced: HashSet<&'f ResourceType>,
}

impl<'f> Reads<'f> {
    pub(super) fn new<'p: 'f>(evaluation: &'f Evaluation<'p>, coverage: &'f Coverage) -> Self {
        Self { coverage, evaluation, unplaced: HashSet::new() }
    }

    /// Counts these types as not completely read.
    pub(super) fn leave_out<'p: 'f>(&mut self, types: impl Iterator<Item = &'f TypeEntry<'p>>) {
        self.unplaced.extend(types.map(|entry| entry.name));
    }

    /// Whether a type was read in a region, or in the account if it is global.
    pub(super) fn in_region(
        &self,
        account: &AccountPlaces<'_>,
        region: &Region,
        resource_type: &ResourceType,
    ) -> Result<(), Fault> {
        if is_global(resource_type.as_str()) {
            return self.in_account(account, resource_type);
        }
        self.placed(resource_type)
            .and_then(|()| self.coverage.in_region(account.account, region, resource_type))
            .map_err(|unread| fault(account.account, Some(region), resource_type, &unread))
    }

    /// Whether a type was read in all regions of an account.
    pub(super) fn in_account(
        &self,
        account: &AccountPlaces<'_>,
        resource_type: &ResourceType,
    ) -> Result<(), Fault> {
        let regions = self.regions(account);
        self.placed(resource_type)
            .and_then(|()| self.coverage.in_account(account.account, &regions, resource_type))
            .map_err(|unread| fault(account.account, None, resource_type, &unread))
    }

    /// The regions that the account is known to have.
    fn regions<'a>(&'a self, account: &'a AccountPlaces<'_>) -> BTreeSet<&'a Region> {
        let planned = account.target_regions.iter().copied();
        planned.chain(self.coverage.regions(account.account)).collect()
    }

    fn placed(&self, resource_type: &ResourceType) -> Result<(), Unread> {
        if self.unplaced.contains(resource_type) {
            let detail = "an item says neither its account nor its region".to_owned();
            return Err(Unread { reason: UnknownReason::NotDelivered, detail });
        }
        Ok(())
    }

    /// Where an account stands in the plans.
    pub(super) fn account(&self, account: &AccountId) -> Option<&'f AccountPlaces<'f>> {
        self.evaluation.places.account(account.as_str())
    }
}

fn fault(
    account: &AccountId,
    region: Option<&Region>,
    resource_type: &ResourceType,
    unread: &Unread,
) -> Fault {
    let Unread { reason, detail } = unread;
    let place = region.map(|region| format!(" in {region}")).unwrap_or_default();
    let detail = if detail.is_empty() { reason.as_str() } else { detail };
    let message = format!("{resource_type} of account {account}{place} was not read: {detail}");
    Fault::Unread { reason: *reason, message }
}
