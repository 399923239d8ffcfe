//! Which items of a source are evaluated.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::sources::{AccountInput, SnapshotInput, Survey, regions_of};
use aws::source::Lost;
use cel::Timestamp;
use model::{AccountId, ConfigurationItem, ItemStatus, Region, fact_types};

/// Whose items are evaluated.
#[derive(Default)]
pub(super) struct Admission<'x> {
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

/// What becomes of an item.
pub(super) enum Admitted<'i> {
    /// It is evaluated so.
    Item(ConfigurationItem<'i>),
    /// It is of another account.
    Foreign,
    /// It says nothing of today.
    Nothing,
}

impl<'x> Admission<'x> {
    /// Of one account, whatever its items say.
    pub(super) fn of_account(account: &'x AccountId) -> Self {
        Self { accounts: [account.as_str()].into_iter().collect(), ..Self::default() }
    }

    /// Of a snapshot before anything is known of it.
    pub(super) fn presumed(source: &'x SnapshotInput, now: Timestamp) -> Self {
        let inputs = source.accounts.iter();
        Self {
            accounts: source.accounts.keys().map(AccountId::as_str).collect(),
            inputs: inputs.map(|(account, input)| (account.as_str(), (input, now))).collect(),
            ..Self::default()
        }
    }

    /// Of a snapshot of which it is known what is in it, and of what something was lost.
    pub(super) fn of(
        source: &'x SnapshotInput,
        survey: &'x Survey,
        lost: &'x BTreeSet<Lost>,
        now: Timestamp,
    ) -> Self {
        let stopped = survey.stopped().into_iter();
        let mut admission = Self {
            outdated: stopped.map(|(account, region)| (account, Cow::Borrowed(region))).collect(),
            is_undated: survey.contents().taken.is_empty(),
            lost: lost.iter().collect(),
            ..Self::presumed(source, now)
        };
        for (account, input) in &source.accounts {
            let is_stale =
                |region: &Region| input.is_stale(survey.contents().taken_at(account, region), now);
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

    /// Whether it admits what a presumed one does.
    pub(super) fn is_as_presumed(&self) -> bool {
        self.outdated.is_empty() && self.stale.is_empty() && self.lost.is_empty()
    }

    /// What becomes of an item. `facts` takes when facts were asked for.
    pub(super) fn admit<'i>(
        &self,
        mut item: ConfigurationItem<'i>,
        facts: &mut BTreeSet<Timestamp>,
    ) -> Admitted<'i> {
        let Self { accounts, outdated, stale, is_undated, inputs, lost } = self;
        if !accounts.contains(item.account_id) {
            return Admitted::Foreign;
        }
        let place = (item.account_id, Cow::Borrowed(item.region));
        let is_outdated =
            stale.contains(item.account_id) || (!outdated.is_empty() && outdated.contains(&place));
        if is_outdated && !(*is_undated && item.status == ItemStatus::Unreadable) {
            return Admitted::Nothing;
        }
        if fact_types::is_fact(item.resource_type)
            && let Some((input, now)) = inputs.get(item.account_id)
        {
            if input.is_stale(item.capture_time, *now) {
                return Admitted::Nothing;
            }
            facts.extend(item.capture_time);
        }
        let is_doubtful = !item.status.is_unrecorded()
            && item.status != ItemStatus::Unreadable
            && lost.iter().any(|it| it.includes(item.account_id, item.region, item.resource_type));
        if is_doubtful {
            item.status = ItemStatus::Doubtful;
        }
        Admitted::Item(item)
    }
}
