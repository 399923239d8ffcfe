//! What all plans say of one account, put together again only where one that speaks of it changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desired::is_going;
use api::AwsAccount;
use engine::plan::{BaselineKey, Plan};
use model::AccountId;

/// The plans of all baselines.
type Plans = BTreeMap<BaselineKey, Arc<Plan>>;

/// Which plans are others than before, as they were and as they are.
#[derive(Debug, Default)]
pub(crate) struct PlanChanges<'p>(Vec<&'p Plan>);

impl<'p> PlanChanges<'p> {
    /// The changes from some plans to others.
    pub(crate) fn of(before: &'p Plans, now: &'p Plans) -> Self {
        let is_new = |plan: &Arc<Plan>, others: &Plans| {
            others.get(&plan.baseline).is_none_or(|other| !Arc::ptr_eq(plan, other))
        };
        let gone = before.values().filter(|plan| is_new(plan, now));
        let come = now.values().filter(|plan| is_new(plan, before));
        Self(gone.chain(come).map(Arc::as_ref).collect())
    }

    /// Whether one of them speaks of an account, or did.
    pub(crate) fn touch(&self, account: &AccountId) -> bool {
        self.0.iter().any(|plan| plan.speaks_of(account))
    }
}

/// What the plans say of an account.
pub(crate) fn plans_of(plans: &Plans, account: &AwsAccount) -> Arc<[Plan]> {
    let of_account = plans.values().filter_map(|plan| plan.of_account(&account.spec.account_id));
    // A plan that may lack an account which goes lacks it rightly.
    of_account.filter(|plan| !is_going(account) || !plan.targets.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::{Desired, Resolver, World};
    use api::SecurityBaseline;

    fn account(id: &str, namespace: &str) -> AwsAccount {
        serde_json::from_value(json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "AwsAccount",
            "metadata": { "name": namespace, "uid": id, "generation": 1 },
            "spec": {
                "accountId": id, "regions": ["eu-west-1"],
                "source": { "snapshot": { "url": "snapshot.json" } },
                "allowedNamespaces": { "names": [namespace] },
            },
        }))
        .unwrap()
    }

    fn baseline(namespace: &str, generation: i64) -> Arc<SecurityBaseline> {
        let severity = if generation == 1 { "Low" } else { "High" };
        let object = serde_json::from_value(json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
            "metadata": {
                "name": "production", "namespace": namespace, "uid": namespace,
                "generation": generation,
                "annotations": { "plumbline.dev/reconcile-at": generation.to_string() },
            },
            "spec": {
                "accounts": { "names": [namespace] },
                "controls": [{ "name": "s3-bucket-versioning", "severity": severity }],
            },
        }));
        Arc::new(object.unwrap())
    }

    fn world(ours: i64, theirs: i64) -> World {
        World {
            accounts: vec![account("111122223333", "ours"), account("444455556666", "theirs")],
            baselines: vec![baseline("ours", ours), baseline("theirs", theirs)],
            ..World::default()
        }
    }

    #[test]
    fn a_change_touches_the_accounts_that_its_baseline_speaks_of() {
        let mut resolver = Resolver::default();
        let mut resolve = |ours, theirs| -> Desired { resolver.resolve(world(ours, theirs)) };
        let before = resolve(1, 1);
        let touched = |before: &Desired, now: &Desired| {
            let changes = PlanChanges::of(&before.plans, &now.plans);
            let ids = ["111122223333", "444455556666"];
            ids.map(|id| changes.touch(&id.parse().unwrap()))
        };
        let same = resolve(1, 1);
        assert_eq!(touched(&before, &same), [false, false]);
        let edited = resolve(1, 2);
        assert_eq!(touched(&same, &edited), [false, true]);
        assert_eq!(touched(&Desired::default(), &edited), [true, true]);
        assert_eq!(touched(&edited, &Desired::default()), [true, true]);
        let plans = plans_of(&edited.plans, &account("444455556666", "theirs"));
        assert_eq!(plans.iter().map(|plan| plan.generation).collect::<Vec<_>>(), [2]);
    }
}
