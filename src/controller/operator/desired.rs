//! What users want, put together: catalogue, accounts and a plan for each baseline.
//!
//! Pure: what the caches hold is an argument, and what was without mistakes before is remembered: a
//! mistake takes nothing out of force. Two `AwsAccount`s of one AWS account would have two owners;
//! the older one counts, and the other reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::ResourceExt;
use serde::Serialize;

use super::stores::{Broken, Stores, objects};
use crate::api::{
    Attestation, AwsAccount, Control, Exemption, FieldPath, ObjectKey, Pack, SecurityBaseline,
    closest,
};
use crate::catalog::{Catalog, CatalogProblem, OwnObjects};
use crate::plan::{
    self, BaselineKey, LastGood, NamespaceLabels, Plan, Problem, ProblemKind, UnreadAccounts,
};
use crate::resource::AccountId;

/// What the caches hold of what users wrote, by namespace and name.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) baselines: Vec<SecurityBaseline>,
    pub(super) accounts: Vec<AwsAccount>,
    pub(super) controls: Vec<Control>,
    pub(super) packs: Vec<Pack>,
    pub(super) exemptions: Vec<Exemption>,
    pub(super) attestations: Vec<Attestation>,
    pub(super) namespaces: NamespaceLabels,
    /// Objects that do not parse.
    pub(super) broken: Vec<Broken>,
}

/// What users want.
#[derive(Debug, Default)]
pub(super) struct Desired {
    /// What the caches hold.
    pub(super) world: World,
    /// A plan for each baseline that is not being deleted.
    pub(super) plans: BTreeMap<BaselineKey, Plan>,
    /// The accounts, by id, those that are being deleted among them.
    pub(super) accounts: BTreeMap<AccountId, Arc<AwsAccount>>,
    /// Accounts by name that are passed over, and the one of the same id that counts.
    pub(super) rivals: BTreeMap<String, String>,
    /// What is wrong with controls and packs.
    pub(super) catalog_problems: Vec<CatalogProblem>,
    /// What is wrong with exemptions and attestations.
    pub(super) problems: BTreeSet<Problem>,
    /// The uid and generation of every control, pack, exemption and attestation that was judged.
    judged: BTreeMap<ObjectKey, Version>,
    /// Whether a baseline is there that does not parse: what is published of it stays.
    pub(super) may_lack_baselines: bool,
}

/// Which object, as of which spec.
type Version = (Option<String>, Option<i64>);

/// Puts what users want together, and keeps the compiled catalogue for the next time.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    /// The controls and packs that the catalogue was compiled from.
    sources: Option<OwnObjects>,
    catalog: Catalog,
    problems: Vec<CatalogProblem>,
    /// What was last without mistakes.
    last: LastGood,
    /// The objects of the last time, for those that do not parse any more.
    before: World,
}

impl World {
    /// What the caches hold now.
    pub(super) fn of(stores: &Stores) -> Self {
        let mut broken = Vec::new();
        let mut world = Self {
            baselines: taken(objects(&stores.baselines), &mut broken),
            accounts: taken(objects(&stores.accounts), &mut broken),
            controls: taken(objects(&stores.controls), &mut broken),
            packs: taken(objects(&stores.packs), &mut broken),
            exemptions: taken(objects(&stores.exemptions), &mut broken),
            attestations: taken(objects(&stores.attestations), &mut broken),
            namespaces: NamespaceLabels::new(),
            broken: Vec::new(),
        };
        let namespaces = stores.namespaces.state();
        let labels = namespaces.iter().map(|it| (it.name_any(), it.labels().clone()));
        world.namespaces = labels.collect();
        world.broken = broken;
        world
    }
}

fn taken<K>((objects, invalid): (Vec<K>, Vec<Broken>), broken: &mut Vec<Broken>) -> Vec<K> {
    broken.extend(invalid);
    objects
}

impl Resolver {
    /// Puts together what `world` holds.
    pub(super) fn resolve(&mut self, mut world: World) -> Desired {
        world.stand_in(&self.before);
        self.before = world.clone();
        self.compile(&world);
        let (accounts, rivals) = unrivalled(&world.accounts);
        // Nothing is evaluated for an account that goes; what was published of it is archived.
        let going = accounts.iter().filter(|it| is_going(*it));
        let going: BTreeSet<&AccountId> = going.map(|it| &it.spec.account_id).collect();
        let staying = world.accounts.iter().filter(|it| !going.contains(&it.spec.account_id));
        let staying: Vec<AwsAccount> = staying.cloned().collect();
        let unread_accounts = world.unread_accounts();
        let mut plans = BTreeMap::new();
        self.last.retain_baselines(|key| {
            world.baselines.iter().any(|baseline| BaselineKey::of(baseline) == *key)
        });
        for baseline in world.baselines.iter().filter(|it| !is_going(*it)) {
            let desired = plan::Desired {
                baseline,
                accounts: &staying,
                unread_accounts: &unread_accounts,
                exemptions: &world.exemptions,
                attestations: &world.attestations,
                namespaces: &world.namespaces,
            };
            let plan = self.last.resolve(&desired, &self.catalog);
            plans.insert(plan.baseline.clone(), plan);
        }
        let by_id = accounts.into_iter().map(|it| (it.spec.account_id.clone(), Arc::new(it)));
        Desired {
            problems: problems(&world, &plans),
            judged: judged(&world),
            may_lack_baselines: world.broken.iter().any(|it| it.key.kind == "SecurityBaseline"),
            plans,
            accounts: by_id.collect(),
            rivals,
            catalog_problems: self.problems.clone(),
            world,
        }
    }

    /// Compiles only what changed since the last time: most changes are of other kinds.
    fn compile(&mut self, world: &World) {
        let unread = world.broken.iter().filter(|it| ["Control", "Pack"].contains(&&*it.key.kind));
        let unread: Vec<_> = unread.map(|it| (it.key.clone(), it.error.clone())).collect();
        let same = self.sources.as_ref().is_some_and(|before| {
            is_same(&before.controls, &world.controls)
                && is_same(&before.packs, &world.packs)
                && before.unread == unread
        });
        if !same {
            let (controls, packs) = (world.controls.clone(), world.packs.clone());
            let own = OwnObjects { controls, packs, unread };
            let catalog = Catalog::built_in().clone();
            (self.catalog, self.problems) =
                catalog.with_last_good(own.clone(), self.last.catalog());
            self.sources = Some(own);
        }
    }
}

impl World {
    /// Puts objects that do not parse any more in force as they last did. Controls and packs are not
    /// among them: the catalogue keeps its own, and reports it.
    fn stand_in(&mut self, before: &Self) {
        let broken: BTreeSet<&ObjectKey> = self.broken.iter().map(|it| &it.key).collect();
        if broken.is_empty() {
            return;
        }
        take_back(&mut self.baselines, &before.baselines, &broken);
        take_back(&mut self.accounts, &before.accounts, &broken);
        take_back(&mut self.exemptions, &before.exemptions, &broken);
        take_back(&mut self.attestations, &before.attestations, &broken);
    }

    /// The accounts that do not parse and for which no earlier version stands.
    fn unread_accounts(&self) -> UnreadAccounts {
        let stands = |name: &str| self.accounts.iter().any(|it| it.name_any() == name);
        let broken = self.broken.iter().filter(|it| it.key.kind == "AwsAccount");
        let unread = broken.filter(|it| !stands(&it.key.name));
        unread.map(|it| (it.key.name.clone(), Some(it.labels.clone()))).collect()
    }
}

fn take_back<K>(objects: &mut Vec<K>, before: &[K], broken: &BTreeSet<&ObjectKey>)
where
    K: kube::Resource<DynamicType = ()> + Clone,
{
    let known = before.iter().filter(|object| broken.contains(&ObjectKey::of(*object)));
    objects.extend(known.cloned());
}

fn version(object: &impl kube::Resource) -> Version {
    (object.meta().uid.clone(), object.meta().generation)
}

fn judged(world: &World) -> BTreeMap<ObjectKey, Version> {
    let controls = world.controls.iter().map(|it| (ObjectKey::of(it), version(it)));
    let packs = world.packs.iter().map(|it| (ObjectKey::of(it), version(it)));
    let exemptions = world.exemptions.iter().map(|it| (ObjectKey::of(it), version(it)));
    let attestations = world.attestations.iter().map(|it| (ObjectKey::of(it), version(it)));
    controls.chain(packs).chain(exemptions).chain(attestations).collect()
}

fn is_same<K: kube::Resource>(before: &[K], after: &[K]) -> bool {
    before.iter().map(version).eq(after.iter().map(version))
}

/// Whether the object is being deleted.
pub(super) fn is_going(object: &impl kube::Resource) -> bool {
    object.meta().deletion_timestamp.is_some()
}

/// Of several `AwsAccount`s of one AWS account, the oldest that stays; and the names of the others.
fn unrivalled(accounts: &[AwsAccount]) -> (Vec<AwsAccount>, BTreeMap<String, String>) {
    let mut by_age: Vec<&AwsAccount> = accounts.iter().collect();
    by_age.sort_by_key(|it| (is_going(*it), it.metadata.creation_timestamp.clone(), it.name_any()));
    let mut first: BTreeMap<&AccountId, &AwsAccount> = BTreeMap::new();
    let mut rivals = BTreeMap::new();
    for account in by_age {
        match first.get(&account.spec.account_id) {
            Some(counting) => drop(rivals.insert(account.name_any(), counting.name_any())),
            None => drop(first.insert(&account.spec.account_id, account)),
        }
    }
    (first.into_values().cloned().collect(), rivals)
}

/// What is wrong with exemptions and attestations, those of baselines that are not there included.
fn problems(world: &World, plans: &BTreeMap<BaselineKey, Plan>) -> BTreeSet<Problem> {
    let of_plans = plans.values().flat_map(|plan| plan.problems.iter().cloned());
    let others = of_plans.filter(|problem| problem.object.kind != "SecurityBaseline");
    others.chain(world.exemptions.iter().filter_map(|it| stray(it, world))).collect()
}

fn stray(exemption: &Exemption, world: &World) -> Option<Problem> {
    let namespace = exemption.namespace();
    let here = world.baselines.iter().filter(|baseline| baseline.namespace() == namespace);
    let names: Vec<String> = here.map(ResourceExt::name_any).collect();
    let name = exemption.spec.baseline.clone();
    if names.contains(&name) {
        return None;
    }
    let suggestion = closest(&name, names.iter().map(String::as_str)).map(str::to_owned);
    Some(Problem {
        object: ObjectKey::of(exemption),
        path: FieldPath::spec("baseline"),
        kind: ProblemKind::UnknownBaseline { name, suggestion },
    })
}

/// What `/debug/plan` shows of a plan.
#[derive(Debug, Serialize)]
struct Shown {
    baseline: String,
    generation: i64,
    targets: Vec<String>,
    controls: Vec<String>,
    exemptions: Vec<String>,
    attestations: Vec<String>,
    suspended: bool,
    problems: Vec<String>,
}

impl Desired {
    /// How many objects have mistakes, or do not parse.
    pub(super) fn mistaken(&self) -> usize {
        let of_catalog = self.catalog_problems.iter().map(|it| it.object.clone());
        let of_baselines = self.plans.values().flat_map(Plan::mistakes);
        let others = of_baselines.chain(&self.problems).map(|it| it.object.clone());
        let broken = self.world.broken.iter().map(|it| it.key.clone());
        let rivals = self.rivals.keys().map(|name| ObjectKey {
            kind: "AwsAccount".to_owned(),
            namespace: None,
            name: name.clone(),
        });
        of_catalog.chain(others).chain(broken).chain(rivals).collect::<BTreeSet<_>>().len()
    }

    /// Whether the object, as it is, is among what was put together: of another nothing is known
    /// yet, not even that nothing is wrong with it.
    pub(super) fn has_judged<K: kube::Resource<DynamicType = ()>>(&self, object: &K) -> bool {
        self.judged.get(&ObjectKey::of(object)) == Some(&version(object))
    }

    /// The plans as JSON, for people who look for a mistake.
    pub(super) fn shown(&self) -> String {
        let show = |plan: &Plan| Shown {
            baseline: plan.baseline.to_string(),
            generation: plan.generation,
            targets: plan
                .targets
                .iter()
                .map(|it| format!("{}/{}", it.account, it.region))
                .collect(),
            controls: plan.controls.iter().map(|it| it.control.name.to_string()).collect(),
            exemptions: plan.exemptions.iter().map(|it| it.name.clone()).collect(),
            attestations: plan.attestations.iter().map(|it| it.name.clone()).collect(),
            suspended: plan.suspended,
            problems: plan.problems.iter().map(ToString::to_string).collect(),
        };
        let plans: Vec<Shown> = self.plans.values().map(show).collect();
        serde_json::to_string_pretty(&plans).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Timestamp;

    fn account(name: &str, created: &str) -> AwsAccount {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": {"name": name, "creationTimestamp": created},
            "spec": {
                "accountId": "111122223333",
                "regions": ["eu-west-1"],
                "source": {"snapshot": {"url": "snapshot.json"}},
            },
        }))
        .unwrap()
    }

    #[test]
    fn of_two_objects_for_one_account_the_older_counts() {
        let world = World {
            accounts: vec![
                account("young", "2026-11-02T00:00:00Z"),
                account("old", "2026-11-01T00:00:00Z"),
            ],
            ..World::default()
        };
        let desired = Resolver::default().resolve(world);
        let counting: Vec<String> = desired.accounts.values().map(|it| it.name_any()).collect();
        assert_eq!(counting, ["old"]);
        assert_eq!(desired.rivals, [("young".to_owned(), "old".to_owned())].into());
    }

    #[test]
    fn an_account_that_is_deleted_counts_only_where_no_other_object_stands_for_it() {
        let mut old = account("old", "2026-11-01T00:00:00Z");
        old.metadata.deletion_timestamp =
            Some(super::super::time::time_of(Timestamp { seconds: 1_795_305_600, nanoseconds: 0 }));
        let resolve = |accounts| {
            let world = World { accounts, ..World::default() };
            let desired = Resolver::default().resolve(world);
            desired.accounts.values().map(|it| it.name_any()).collect::<Vec<_>>()
        };
        assert_eq!(resolve(vec![old.clone()]), ["old"]);
        assert_eq!(resolve(vec![old, account("young", "2026-11-02T00:00:00Z")]), ["young"]);
    }

    #[test]
    fn an_object_that_changed_since_is_not_judged() {
        let pack = |generation: i64| -> Pack {
            serde_json::from_value(serde_json::json!({
                "apiVersion": "plumbline.dev/v1alpha1",
                "kind": "Pack",
                "metadata": {"name": "ours", "uid": "1", "generation": generation},
                "spec": {"title": "Ours", "controls": [{"name": "s3-bucket-versioning"}]},
            }))
            .unwrap()
        };
        let world = World { packs: vec![pack(1)], ..World::default() };
        let desired = Resolver::default().resolve(world);
        assert!(desired.has_judged(&pack(1)));
        assert!(!desired.has_judged(&pack(2)));
    }

    #[test]
    fn a_baseline_that_does_not_parse_may_be_missing() {
        let key = ObjectKey {
            kind: "SecurityBaseline".to_owned(),
            namespace: Some("platform".to_owned()),
            name: "production".to_owned(),
        };
        let broken = vec![Broken { key, error: "no".to_owned(), labels: BTreeMap::new() }];
        let desired = Resolver::default().resolve(World { broken, ..World::default() });
        assert!(desired.may_lack_baselines);
    }
}
