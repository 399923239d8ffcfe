//! What there is to do for one account: pure data, which says by its equality whether a change
//! touches the account.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kube::ResourceExt;

use crate::api::{AwsAccount, AwsAccountSpec, SecurityBaseline};
use crate::controller::operator::desired::{Desired, is_going};
use crate::controller::sources::SourceInput;
use crate::plan::{BaselineKey, Plan};
use crate::publish::Place;
use crate::resource::{AccountId, Region};

/// Asks for an evaluation now, whatever the value, whenever it changes.
const RECONCILE_AT: &str = "plumbline.dev/reconcile-at";

/// What there is to do for one account. An equal one asks for nothing new.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::controller::operator) struct AccountWork {
    /// The `AwsAccount`'s name and uid.
    pub(in crate::controller::operator) name: String,
    pub(in crate::controller::operator) uid: String,
    pub(in crate::controller::operator) spec: AwsAccountSpec,
    /// What each baseline wants of the account.
    pub(in crate::controller::operator) plans: Vec<Plan>,
    /// The objects behind the plans.
    pub(in crate::controller::operator) baselines: BTreeMap<BaselineKey, BaselineObject>,
    /// Whether the `AwsAccount` is being deleted: then all that was published of it is archived.
    pub(in crate::controller::operator) is_going: bool,
    /// Whether a baseline may be there that cannot be read, and whose findings are to stay.
    pub(in crate::controller::operator) may_lack_baselines: bool,
}

/// A baseline as an object of the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::controller::operator) struct BaselineObject {
    pub(in crate::controller::operator) uid: String,
    /// When somebody last asked for an evaluation.
    requested: Option<String>,
}

impl AccountWork {
    /// What is to be done for an account.
    pub(in crate::controller::operator) fn of(desired: &Desired, account: &AwsAccount) -> Self {
        let id = &account.spec.account_id;
        let plans = desired.plans.values().filter_map(|plan| plan.of_account(id));
        // A plan that may lack an account which goes lacks it rightly.
        let plans = plans.filter(|plan| !is_going(account) || !plan.targets.is_empty());
        let plans: Vec<Plan> = plans.collect();
        let planned: BTreeSet<&BaselineKey> = plans.iter().map(|plan| &plan.baseline).collect();
        let concerned = desired.world.baselines.iter().filter_map(|baseline| {
            let key = BaselineKey::of(baseline);
            planned.contains(&key).then(|| (key, BaselineObject::of(baseline)))
        });
        Self {
            name: account.name_any(),
            uid: account.uid().unwrap_or_default(),
            spec: account.spec.clone(),
            baselines: concerned.collect(),
            is_going: is_going(account),
            may_lack_baselines: desired.may_lack_baselines && !is_going(account),
            plans,
        }
    }

    /// The account.
    pub(in crate::controller::operator) fn id(&self) -> &AccountId {
        &self.spec.account_id
    }

    /// The snapshot that the account's items come from, if they come from one; its path is relative
    /// to `folder`.
    pub(in crate::controller::operator) fn snapshots(&self, folder: &Path) -> Vec<SourceInput> {
        SourceInput::snapshots_placed([(folder, &self.spec)], &self.plans)
    }

    /// Where findings of the account may stand: its regions, and those that only baselines name.
    pub(in crate::controller::operator) fn places(&self) -> Vec<Place> {
        self.places_with([])
    }

    /// The same, and other regions.
    pub(in crate::controller::operator) fn places_with<'r>(
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
    pub(in crate::controller::operator) fn place(&self, region: &Region) -> Place {
        Place { account: self.id().clone(), region: region.clone(), partition: self.spec.partition }
    }
}

impl BaselineObject {
    fn of(baseline: &SecurityBaseline) -> Self {
        Self {
            uid: baseline.uid().unwrap_or_default(),
            requested: baseline.annotations().get(RECONCILE_AT).cloned(),
        }
    }
}
