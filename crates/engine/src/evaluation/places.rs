//! Which plans look at which account and region.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::plan::Plan;
use model::{AccountId, Region};

/// The accounts of all plans that are not suspended, by id.
#[derive(Debug, Default)]
pub(super) struct Places<'p> {
    accounts: FxHashMap<&'p str, AccountPlaces<'p>>,
}

/// Where an account stands in the plans.
#[derive(Debug)]
pub(super) struct AccountPlaces<'p> {
    pub(super) number: u32,
    pub(super) account: &'p AccountId,
    /// The targets that its global resources count for.
    pub(super) home: TargetByPlan,
    regions: FxHashMap<&'p str, TargetByPlan>,
    /// The regions of all its targets.
    pub(super) target_regions: BTreeSet<&'p Region>,
}

/// By plan the place of a target, if the plan has it.
#[derive(Debug, Clone)]
pub(super) struct TargetByPlan(Box<[Option<u32>]>);

impl<'p> Places<'p> {
    pub(super) fn new(plans: &'p [Plan]) -> Self {
        let mut places = Self::default();
        for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| !plan.suspended) {
            for (target, it) in plan.targets.iter().enumerate() {
                let account = places.account_mut(&it.account, plans.len());
                account.target_regions.insert(&it.region);
                let regions = account.regions.entry(it.region.as_str());
                regions.or_insert_with(|| TargetByPlan::none(plans.len())).set(at, target);
                // A baseline that leaves the home region out still has its global controls: they
                // count for the first of its regions.
                if it.home || account.home.get(at).is_none() {
                    account.home.set(at, target);
                }
            }
        }
        places
    }

    fn account_mut(&mut self, account: &'p AccountId, plans: usize) -> &mut AccountPlaces<'p> {
        let number = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        self.accounts.entry(account.as_str()).or_insert_with(|| AccountPlaces {
            number,
            account,
            home: TargetByPlan::none(plans),
            regions: FxHashMap::default(),
            target_regions: BTreeSet::new(),
        })
    }

    /// The account of that id.
    pub(super) fn account(&self, id: &str) -> Option<&AccountPlaces<'p>> {
        self.accounts.get(id)
    }

    /// Every account, by id.
    pub(super) fn accounts(&self) -> Vec<&AccountPlaces<'p>> {
        let mut accounts: Vec<_> = self.accounts.values().collect();
        accounts.sort_unstable_by_key(|account| account.account);
        accounts
    }
}

#[cfg(test)]
impl Places<'_> {
    /// Loses every account.
    pub(super) fn forget(&mut self) {
        self.accounts.clear();
    }
}

impl AccountPlaces<'_> {
    /// The targets that a resource counts for: those of its region, or the home where it has
    /// none or is global.
    pub(super) fn targets(&self, region: &str, global: bool) -> Option<&TargetByPlan> {
        if global || region == "global" { Some(&self.home) } else { self.regions.get(region) }
    }
}

impl TargetByPlan {
    fn none(plans: usize) -> Self {
        Self(vec![None; plans].into())
    }

    fn set(&mut self, plan: usize, target: usize) {
        if let Some(place) = self.0.get_mut(plan) {
            *place = u32::try_from(target).ok();
        }
    }

    /// The target's place in its plan.
    pub(super) fn get(&self, plan: usize) -> Option<usize> {
        self.0.get(plan).copied().flatten().map(|target| target as usize)
    }
}
