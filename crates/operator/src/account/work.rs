//! What there is to do for one account: pure data, which says whether a change touches the account.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use kube::ResourceExt;

use super::archival::CONFIRM;
use crate::desired::{Desired, is_going};
use api::{AwsAccount, AwsAccountSpec, Kind, SecurityBaseline};
use assess::{Assessed, PlacedAccount, schedule};
use aws::publish::Place;
use engine::plan::{BaselineKey, Plan};
use metrics::AccountFacts;
use model::{AccountId, Region};

/// Asks for an evaluation now, whatever the value, whenever it changes.
pub(crate) const RECONCILE_AT: &str = "plumbline.dev/reconcile-at";

/// What there is to do for one account.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
pub(crate) struct AccountWork {
    /// The `AwsAccount`'s name, uid and labels.
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) spec: AwsAccountSpec,
    /// What each baseline wants of the account.
    pub(crate) plans: Arc<[Plan]>,
    /// The objects behind the plans.
    pub(crate) baselines: BTreeMap<BaselineKey, BaselineObject>,
    /// Whether the `AwsAccount` is being deleted: then all that was published of it is archived.
    pub(crate) is_going: bool,
    /// Whether it is owned by an organization's object, and goes with it.
    pub(crate) is_of_organization: bool,
    /// Whether somebody confirms the archivals that wait.
    pub(crate) is_confirmed: bool,
    /// Whether a baseline may be there that cannot be read, and whose findings are to stay.
    pub(crate) may_lack_baselines: bool,
}

/// A baseline as an object of the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaselineObject {
    pub(crate) uid: String,
    /// When somebody last asked for an evaluation.
    requested: Option<String>,
    /// Whether somebody confirms the archivals that wait.
    pub(crate) is_confirmed: bool,
}

impl AccountWork {
    /// What is to be done for an account of which `plans` speak.
    pub(crate) fn of(desired: &Desired, account: &AwsAccount, plans: Arc<[Plan]>) -> Self {
        let planned: BTreeSet<&BaselineKey> = plans.iter().map(|plan| &plan.baseline).collect();
        let concerned = desired.world.baselines.iter().filter_map(|baseline| {
            let key = BaselineKey::of(baseline);
            planned.contains(&key).then(|| (key, BaselineObject::of(baseline)))
        });
        Self {
            name: account.name_any(),
            uid: account.uid().unwrap_or_default(),
            labels: account.labels().clone(),
            spec: account.spec.clone(),
            baselines: concerned.collect(),
            is_going: is_going(account),
            is_of_organization: is_of_organization(account),
            is_confirmed: account.annotations().contains_key(CONFIRM),
            may_lack_baselines: desired.may_lack_baselines && !is_going(account),
            plans,
        }
    }

    /// Whether it asks for something that `before` did not ask for. Baselines that hold for the account
    /// neither now nor then do not count, unless something of theirs may stand, as `may_stand` says: else
    /// whoever edits a baseline with a mistake would have the accounts of everybody evaluated.
    pub(crate) fn is_news(&self, before: &Self, may_stand: impl Fn(&BaselineKey) -> bool) -> bool {
        let Self {
            name,
            uid,
            labels,
            spec,
            plans: _,
            baselines: _,
            is_going,
            is_of_organization,
            is_confirmed,
            may_lack_baselines,
        } = self;
        *name != before.name
            || *uid != before.uid
            || *labels != before.labels
            || *spec != before.spec
            || *is_going != before.is_going
            || *is_of_organization != before.is_of_organization
            || *is_confirmed != before.is_confirmed
            || *may_lack_baselines != before.may_lack_baselines
            || !self.counting(&may_stand).eq(before.counting(&may_stand))
    }

    /// The baselines that count.
    fn counting(
        &self,
        may_stand: impl Fn(&BaselineKey) -> bool,
    ) -> impl Iterator<Item = (SamePlan<'_>, Option<&BaselineObject>)> {
        let counts = move |plan: &&Plan| !plan.targets.is_empty() || may_stand(&plan.baseline);
        let plans = self.plans.iter().filter(counts);
        plans.map(|plan| (SamePlan(plan), self.baselines.get(&plan.baseline)))
    }

    /// The account.
    pub(crate) fn id(&self) -> &AccountId {
        &self.spec.account_id
    }

    /// What is measured of the account before it is evaluated.
    pub(crate) fn facts(&self) -> AccountFacts {
        let (name, labels) = (self.name.clone(), self.labels.clone());
        let owner = Plan::owner_of_account(self.plans.iter(), self.id()).cloned();
        AccountFacts { name, labels, owner, interval: schedule::interval(&self.plans) }
    }

    /// What is assessed; the paths of snapshots are relative to `folder`.
    pub(crate) fn assessed(&self, folder: &Path) -> Assessed {
        let account = AwsAccount::new(&self.name, self.spec.clone());
        let placed = PlacedAccount { account, folder: folder.to_owned() };
        let plans = Arc::clone(&self.plans);
        Assessed {
            plans,
            accounts: Arc::new([placed]),
            may_lack_baselines: self.may_lack_baselines,
        }
    }

    /// Where findings of the account may stand: its regions, and those that only baselines name.
    pub(crate) fn places(&self) -> Vec<Place> {
        self.places_with([])
    }

    /// The same, and other regions.
    pub(crate) fn places_with<'r>(
        &'r self,
        others: impl IntoIterator<Item = &'r Region>,
    ) -> Vec<Place> {
        let targets = self.plans.iter().flat_map(|plan| &plan.targets);
        let mut regions: Vec<&Region> =
            targets.map(|target| &target.region).chain(&self.spec.regions).chain(others).collect();
        regions.sort_unstable();
        regions.dedup();
        regions.into_iter().map(|region| self.place(region)).collect()
    }

    /// The account in a region.
    pub(crate) fn place(&self, region: &Region) -> Place {
        assess::place(&self.spec, region)
    }
}

fn is_of_organization(account: &AwsAccount) -> bool {
    let kind = Kind::AwsOrganization.as_str();
    account.owner_references().iter().any(|owner| owner.kind == kind)
}

/// A plan that is equal to itself: plans have thousands of parameters and exemptions.
struct SamePlan<'p>(&'p Plan);

impl PartialEq for SamePlan<'_> {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

impl BaselineObject {
    fn of(baseline: &SecurityBaseline) -> Self {
        Self {
            uid: baseline.uid().unwrap_or_default(),
            requested: baseline.annotations().get(RECONCILE_AT).cloned(),
            is_confirmed: baseline.annotations().contains_key(CONFIRM),
        }
    }
}
