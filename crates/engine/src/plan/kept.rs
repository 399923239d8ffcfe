//! Plans that nothing touched since the last time, which are not made again.
//!
//! Everything is looked at after each change of anything, so that somebody who changes one object time
//! and again would otherwise have every plan made as often. Objects of the API server count their
//! changes; where one does not, as in files, every plan is made again.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::Resource;

use super::resolve::{AccountRegions, UnreadAccounts, namespace};
use super::{BaselineKey, Plan};
use crate::catalog::Catalog;
use api::{Attestation, AwsAccount, Exemption, SecurityBaseline};

/// The last plan of each baseline, and what it was made of.
#[derive(Debug, Default)]
pub(super) struct KeptPlans {
    surroundings: Option<Surroundings>,
    plans: BTreeMap<BaselineKey, (PlanInputs, Arc<Plan>)>,
}

/// Which object, as of which spec: its uid and generation.
type Version = (String, i64);

/// Labels, where they are known.
type Labels = Option<BTreeMap<String, String>>;

/// What every plan is made of.
#[derive(Debug)]
struct Surroundings {
    accounts: Vec<(Version, Labels)>,
    unread_accounts: UnreadAccounts,
    account_regions: AccountRegions,
    catalog: Arc<Catalog>,
}

/// What one plan is made of besides.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlanInputs {
    baseline: Version,
    namespace: Labels,
    exemptions: Vec<Version>,
    attestations: Vec<Version>,
}

impl PlanInputs {
    /// Those of a baseline, unless an object does not count its changes.
    pub(super) fn of(
        baseline: &SecurityBaseline,
        namespaces: &BTreeMap<String, BTreeMap<String, String>>,
        exemptions: &[&Exemption],
        attestations: &[&Attestation],
    ) -> Option<Self> {
        Some(Self {
            baseline: version(baseline)?,
            namespace: namespaces.get(namespace(baseline.metadata.namespace.as_deref())).cloned(),
            exemptions: exemptions.iter().map(|it| version(*it)).collect::<Option<_>>()?,
            attestations: attestations.iter().map(|it| version(*it)).collect::<Option<_>>()?,
        })
    }
}

impl KeptPlans {
    /// Forgets every baseline but those that `exists` knows.
    pub(super) fn retain_baselines(&mut self, exists: impl Fn(&BaselineKey) -> bool) {
        self.plans.retain(|key, _| exists(key));
    }

    /// Forgets every plan where something that all are made of is another than the last time.
    pub(super) fn surround(
        &mut self,
        accounts: &[AwsAccount],
        unread_accounts: &UnreadAccounts,
        account_regions: AccountRegions,
        catalog: &Arc<Catalog>,
    ) {
        let versions = accounts.iter().map(|it| Some((version(it)?, it.metadata.labels.clone())));
        let Some(accounts) = versions.collect::<Option<Vec<_>>>() else {
            *self = Self::default();
            return;
        };
        let is_same = self.surroundings.as_ref().is_some_and(|before| {
            before.accounts == accounts
                && before.unread_accounts == *unread_accounts
                && before.account_regions == account_regions
                && Arc::ptr_eq(&before.catalog, catalog)
        });
        if !is_same {
            let (unread_accounts, catalog) = (unread_accounts.clone(), Arc::clone(catalog));
            let now = Surroundings { accounts, unread_accounts, account_regions, catalog };
            *self = Self { surroundings: Some(now), plans: BTreeMap::new() };
        }
    }

    /// The last plan of the baseline where it was made of the same, or else the one that `make` makes.
    pub(super) fn plan(
        &mut self,
        key: BaselineKey,
        inputs: Option<PlanInputs>,
        make: impl FnOnce() -> Plan,
    ) -> Arc<Plan> {
        let inputs = inputs.filter(|_| self.surroundings.is_some());
        match (self.plans.get(&key), inputs) {
            (Some((before, plan)), Some(inputs)) if *before == inputs => Arc::clone(plan),
            (_, Some(inputs)) => {
                let plan = Arc::new(make());
                self.plans.insert(key, (inputs, Arc::clone(&plan)));
                plan
            }
            (_, None) => {
                self.plans.remove(&key);
                Arc::new(make())
            }
        }
    }
}

fn version(object: &impl Resource) -> Option<Version> {
    Some((object.meta().uid.clone()?, object.meta().generation?))
}
