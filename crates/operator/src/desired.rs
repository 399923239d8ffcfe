//! What users want, put together: catalogue, accounts and a plan for each baseline.
//!
//! Pure: what the caches hold is an argument, and what was without mistakes before is remembered: a
//! mistake takes nothing out of force. Two `AwsAccount`s of one AWS account would have two owners;
//! the older one counts, and the other reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::ResourceExt;
use serde::Serialize;

use super::stores::{Stores, objects};
use api::{
    Attestation, AwsAccount, Control, Exemption, Kind, Object, ObjectKey, Pack, SecurityBaseline,
};
use engine::Problem;
use engine::catalog::Catalog;
use engine::plan::{
    AccountRegions, BaselineKey, DesiredBuilder, DesiredObjects, NamespaceLabels, OwnerKeys, Plan,
    UnreadObject,
};
use model::AccountId;

/// What the caches hold of what users wrote, by namespace and name.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    /// Shared with the cache, for they may be large.
    pub(super) baselines: Vec<Arc<SecurityBaseline>>,
    pub(super) accounts: Vec<AwsAccount>,
    pub(super) controls: Vec<Control>,
    pub(super) packs: Vec<Pack>,
    pub(super) exemptions: Vec<Exemption>,
    pub(super) attestations: Vec<Attestation>,
    pub(super) namespaces: NamespaceLabels,
    /// Objects that do not parse.
    pub(super) broken: Vec<UnreadObject>,
}

/// What users want.
#[derive(Debug, Default)]
pub(super) struct Desired {
    /// What the caches hold.
    pub(super) world: Arc<World>,
    /// A plan for each baseline that is not being deleted.
    pub(super) plans: BTreeMap<BaselineKey, Arc<Plan>>,
    /// The accounts, by id, those that are being deleted among them.
    pub(super) accounts: BTreeMap<AccountId, Arc<AwsAccount>>,
    /// Accounts by name that are passed over, and the one of the same id that counts.
    pub(super) rivals: BTreeMap<String, String>,
    /// The built-in controls and packs, and the others.
    pub(super) catalog: Arc<Catalog>,
    /// What is wrong with controls and packs.
    pub(super) catalog_problems: Vec<Problem>,
    /// What is wrong with exemptions and attestations.
    pub(super) problems: BTreeSet<Problem>,
    /// The uid and generation of every control, pack, exemption and attestation that was judged.
    judged: BTreeMap<ObjectKey, Version>,
    /// Whether a baseline is there that does not parse: what is published of it stays.
    pub(super) may_lack_baselines: bool,
}

/// Which object, as of which spec.
type Version = (Option<String>, Option<i64>);

/// Puts what users want together, and remembers what was without mistakes.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    builder: DesiredBuilder,
    /// The objects of the last time, for those that do not parse any more.
    before: Arc<World>,
}

impl World {
    /// What the caches hold now.
    pub(super) fn of(stores: &Stores) -> Self {
        let mut broken = Vec::new();
        let mut world = Self {
            baselines: taken(objects(&stores.baselines), &mut broken),
            accounts: copied(objects(&stores.accounts), &mut broken),
            controls: copied(objects(&stores.controls), &mut broken),
            packs: copied(objects(&stores.packs), &mut broken),
            exemptions: copied(objects(&stores.exemptions), &mut broken),
            attestations: copied(objects(&stores.attestations), &mut broken),
            namespaces: NamespaceLabels::new(),
            broken: Vec::new(),
        };
        let namespaces = stores.namespaces.state();
        let labels = namespaces.iter().map(|it| (it.name_any(), it.labels().clone()));
        world.namespaces = labels.collect();
        // Whoever keeps organizations reads them from the cache: what does not parse is reported here.
        taken(objects(&stores.organizations), &mut broken);
        world.broken = broken;
        world
    }
}

fn taken<K>(
    (objects, invalid): (Vec<Arc<K>>, Vec<UnreadObject>),
    broken: &mut Vec<UnreadObject>,
) -> Vec<Arc<K>> {
    broken.extend(invalid);
    objects
}

fn copied<K: Clone>(
    found: (Vec<Arc<K>>, Vec<UnreadObject>),
    broken: &mut Vec<UnreadObject>,
) -> Vec<K> {
    taken(found, broken).iter().map(|object| K::clone(object)).collect()
}

impl Resolver {
    /// Remembers nothing yet. `owner_keys` are the tags and labels that name the owners of drift
    /// where a baseline does not say.
    pub(super) fn new(owner_keys: OwnerKeys) -> Self {
        Self { builder: DesiredBuilder::new(owner_keys), before: Arc::default() }
    }

    /// Puts together what `world` holds.
    pub(super) fn resolve(&mut self, mut world: World) -> Desired {
        world.stand_in(&self.before);
        let world = Arc::new(world);
        self.before = Arc::clone(&world);
        let (accounts, rivals) = unrivalled(&world.accounts);
        let staying = world.staying_accounts();
        let state = self.builder.build(&DesiredObjects {
            baselines: &world.baselines,
            accounts: &staying,
            controls: &world.controls,
            packs: &world.packs,
            exemptions: &world.exemptions,
            attestations: &world.attestations,
            unread: &world.unread(),
            namespaces: &world.namespaces,
            account_regions: AccountRegions::Declared,
        });
        let problems = state.problems_beside_baselines().into_iter().cloned().collect();
        let by_id = accounts.into_iter().map(|it| (it.spec.account_id.clone(), Arc::new(it)));
        Desired {
            problems,
            judged: judged(&world),
            may_lack_baselines: world.broken.iter().any(|it| it.key.kind == Kind::SecurityBaseline),
            plans: state.plans.into_iter().map(|plan| (plan.baseline.clone(), plan)).collect(),
            accounts: by_id.collect(),
            rivals,
            catalog: Arc::clone(self.builder.catalog()),
            catalog_problems: self.builder.catalog_problems().to_vec(),
            world,
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
        let known = before.baselines.iter();
        self.baselines.extend(known.filter(|it| broken.contains(&ObjectKey::of(&***it))).cloned());
        take_back(&mut self.accounts, &before.accounts, &broken);
        take_back(&mut self.exemptions, &before.exemptions, &broken);
        take_back(&mut self.attestations, &before.attestations, &broken);
    }

    /// The accounts but for those that go: nothing is evaluated for them, and what was published of
    /// them is archived. The oldest that stays of several of one id stands for it.
    pub(super) fn staying_accounts(&self) -> Vec<AwsAccount> {
        let (accounts, _) = unrivalled(&self.accounts);
        let going = accounts.iter().filter(|it| is_going(*it));
        let going: BTreeSet<&AccountId> = going.map(|it| &it.spec.account_id).collect();
        let staying = self.accounts.iter().filter(|it| !going.contains(&it.spec.account_id));
        staying.cloned().collect()
    }

    /// What does not parse, but for accounts for which an earlier version stands.
    pub(super) fn unread(&self) -> Vec<UnreadObject> {
        let stands = |it: &UnreadObject| {
            it.key.kind == Kind::AwsAccount
                && self.accounts.iter().any(|account| account.name_any() == it.key.name)
        };
        self.broken.iter().filter(|it| !stands(it)).cloned().collect()
    }
}

fn take_back<K>(objects: &mut Vec<K>, before: &[K], broken: &BTreeSet<&ObjectKey>)
where
    K: Object + Clone,
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

/// What `/debug/plan` shows of a plan.
#[derive(Debug, Serialize)]
struct ShownPlan {
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
        let of_baselines = self.plans.values().filter_map(|plan| plan.mistakes().next());
        let others = of_baselines.chain(&self.problems).map(|it| it.object.clone());
        let broken = self.world.broken.iter().map(|it| it.key.clone());
        let rivals = self.rivals.keys().map(|name| ObjectKey {
            kind: Kind::AwsAccount,
            namespace: None,
            name: name.clone(),
        });
        of_catalog.chain(others).chain(broken).chain(rivals).collect::<BTreeSet<_>>().len()
    }

    /// Whether the object, as it is, is among what was put together: of another nothing is known
    /// yet, not even that nothing is wrong with it.
    pub(super) fn has_judged<K: Object>(&self, object: &K) -> bool {
        self.judged.get(&ObjectKey::of(object)) == Some(&version(object))
    }

    /// The plans as JSON, for people who look for a mistake.
    pub(super) fn shown(&self) -> String {
        let show = |plan: &Plan| ShownPlan {
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
        let plans: Vec<ShownPlan> = self.plans.values().map(|plan| show(plan)).collect();
        serde_json::to_string_pretty(&plans).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Timestamp;

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
            kind: Kind::SecurityBaseline,
            namespace: Some("platform".to_owned()),
            name: "production".to_owned(),
        };
        let broken = vec![UnreadObject { key, error: "no".to_owned(), labels: None }];
        let desired = Resolver::default().resolve(World { broken, ..World::default() });
        assert!(desired.may_lack_baselines);
    }
}
