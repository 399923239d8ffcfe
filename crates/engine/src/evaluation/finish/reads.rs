//! What was read, as controls see it.

use std::collections::{BTreeSet, HashSet};

use rustc_hash::FxHashSet;

use crate::evaluation::coverage::{Coverage, Unread};
use crate::evaluation::fault::Fault;
use crate::evaluation::places::AccountPlaces;
use crate::evaluation::prepared::Evaluation;
use crate::evaluation::rules::{COMPLIANCE, ResultsAt};
use crate::plan::PlannedRule;
use model::{
    AccountId, InternalError, InternalPlace, Region, ResourceType, UnknownReason, is_global,
    rule_types,
};

/// What was read, as controls see it.
pub(super) struct JoinReads<'f> {
    coverage: &'f Coverage,
    evaluation: &'f Evaluation<'f>,
    /// Types of which something came that nobody can say where it belongs.
    unplaced: HashSet<&'f ResourceType>,
    /// Why nothing that was kept counts as read.
    kept_lost: Option<InternalError>,
    /// Why nothing counts as read.
    all_lost: Option<InternalError>,
}

impl<'f> JoinReads<'f> {
    pub(super) fn new<'p: 'f>(evaluation: &'f Evaluation<'p>, coverage: &'f Coverage) -> Self {
        Self { coverage, evaluation, unplaced: HashSet::new(), kept_lost: None, all_lost: None }
    }

    /// Counts the types of these numbers as not completely read.
    pub(super) fn leave_out(&mut self, types: &FxHashSet<u32>) {
        for number in types {
            match self.evaluation.type_of(*number) {
                Some(entry) => _ = self.unplaced.insert(entry.name),
                None => self.lose_all(InternalError::new(InternalPlace::Join, "a type is missing")),
            }
        }
    }

    /// Counts nothing as read that was kept.
    pub(super) fn lose_kept(&mut self, error: InternalError) {
        self.kept_lost.get_or_insert(error);
    }

    /// Counts nothing as read.
    pub(super) fn lose_all(&mut self, error: InternalError) {
        self.all_lost.get_or_insert(error);
    }

    /// Whether all that was kept of a type is there.
    fn whole(&self, resource_type: &ResourceType) -> Result<(), Fault> {
        let entry = self.evaluation.types.get(resource_type.as_str()).ok_or(NO_TYPE)?;
        // What is judged as it comes needs nothing that is kept.
        let is_kept = entry.need.keep.is_some();
        let lost = self.all_lost.or(self.kept_lost.filter(|_| is_kept));
        lost.map_or(Ok(()), |error| Err(Fault::Internal(error)))
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
        self.whole(resource_type)?;
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
        self.whole(resource_type)?;
        self.placed(resource_type)
            .and_then(|()| self.coverage.in_account(account.account, &regions, resource_type))
            .map_err(|unread| fault(account.account, None, resource_type, &unread))
    }

    /// The regions that the account is known to have.
    fn regions<'a>(&'a self, account: &'a AccountPlaces<'_>) -> BTreeSet<&'a Region> {
        let planned = account.target_regions.iter().copied();
        planned.chain(self.coverage.regions(account.account)).collect()
    }

    /// Whether all was read that a rule reports in a region, or in the account where the rule is about
    /// that as a whole.
    pub(super) fn of_rule(
        &self,
        account: &AccountPlaces<'_>,
        region: &Region,
        rule: &PlannedRule,
    ) -> Result<ResultsAt, Fault> {
        let is_whole = rule.is_of_account();
        let region = (!is_whole).then_some(region);
        let standing = self.evaluation.rules.standing(account.account, region, rule);
        if let Some(name) = &*COMPLIANCE
            && matches!(standing, ResultsAt::Recorded | ResultsAt::ByName | ResultsAt::Nowhere)
        {
            match region {
                Some(region) => self.in_region(account, region, name)?,
                // Which region has it is reported by the one in which it was read.
                None if standing == ResultsAt::Recorded => {}
                None => self.in_account(account, name)?,
            }
        }
        if standing == ResultsAt::Nowhere {
            let message = format!(
                "nothing says which rule is {} of account {}: name it in check.configRule.name, or read \
                 the account live",
                rule.described(),
                account.account
            );
            return Err(Fault::Unread { reason: UnknownReason::MissingRule, message });
        }
        Ok(standing)
    }

    fn placed(&self, resource_type: &ResourceType) -> Result<(), Unread> {
        if self.unplaced.contains(resource_type) {
            let detail = "an item says neither its account nor its region".to_owned();
            return Err(Unread { reason: UnknownReason::NotDelivered, detail });
        }
        Ok(())
    }

    /// Where an account stands in the plans: every target's account has a place.
    pub(super) fn account(&self, account: &AccountId) -> Result<&'f AccountPlaces<'f>, Fault> {
        let place = self.evaluation.places.account(account.as_str());
        let missing = InternalError::new(InternalPlace::Join, "an account has no place");
        place.ok_or(Fault::Internal(missing))
    }
}

/// Every type that a check names has an entry.
pub(super) const NO_TYPE: InternalError =
    InternalError::new(InternalPlace::Join, "a type has no entry");

fn fault(
    account: &AccountId,
    region: Option<&Region>,
    resource_type: &ResourceType,
    unread: &Unread,
) -> Fault {
    let Unread { reason, detail } = unread;
    if rule_types::is_rule(resource_type.as_str()) && !detail.is_empty() {
        let message = format!("{detail} (account {account})");
        return Fault::Unread { reason: *reason, message };
    }
    let place = region.map(|region| format!(" in {region}")).unwrap_or_default();
    let detail = if detail.is_empty() { reason.as_str() } else { detail };
    let message = format!("{resource_type} of account {account}{place} was not read: {detail}");
    Fault::Unread { reason: *reason, message }
}
