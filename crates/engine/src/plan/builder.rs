//! Puts together what users want, the same from files and from a cluster.
//!
//! Pure but for what it remembers: what is wrong now counts as it last was without mistakes, and a
//! catalogue that did not change is not compiled again, nor a plan made again that nothing touched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::kept::{KeptPlans, PlanInputs};
use super::resolve::{
    AccountRegions, Desired, NamespaceLabels, UnreadAccounts, namespace, resolve,
};
use super::shared::SharedControls;
use super::{BaselineKey, LastGood, OwnerKeys, Plan};
use crate::catalog::{Catalog, OwnObjects};
use crate::problem::{Problem, ProblemKind};
use api::{
    Attestation, AwsAccount, Control, Exemption, FieldPath, Kind, ObjectKey, Pack,
    SecurityBaseline, closest,
};

/// What users wrote, and what they wrote that cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct DesiredObjects<'o> {
    /// The baselines; those that are being deleted are not planned.
    pub baselines: &'o [Arc<SecurityBaseline>],
    /// The accounts in use.
    pub accounts: &'o [AwsAccount],
    /// Controls of their own.
    pub controls: &'o [Control],
    /// Packs of their own.
    pub packs: &'o [Pack],
    /// Every exemption.
    pub exemptions: &'o [Exemption],
    /// Every attestation.
    pub attestations: &'o [Attestation],
    /// Objects that are there and cannot be read, and for which no earlier version stands.
    pub unread: &'o [UnreadObject],
    /// The labels of namespaces, where they are known.
    pub namespaces: &'o NamespaceLabels,
    /// Whether the accounts' regions are those that count.
    pub account_regions: AccountRegions,
}

/// An object that is there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadObject {
    /// Which one.
    pub key: ObjectKey,
    /// Why.
    pub error: String,
    /// Its labels, where they are known.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What users want.
#[derive(Debug, Default)]
pub struct DesiredState {
    /// A plan for each baseline, in their order.
    pub plans: Vec<Arc<Plan>>,
    /// Exemptions of baselines that are not there, which no plan takes up.
    strays: Vec<Problem>,
}

impl DesiredState {
    /// What is wrong with baselines, exemptions and attestations.
    pub fn problems(&self) -> BTreeSet<&Problem> {
        self.plans.iter().flat_map(|plan| &plan.problems).chain(&self.strays).collect()
    }

    /// What is wrong with exemptions and attestations. A baseline may have thousands of mistakes.
    pub fn problems_beside_baselines(&self) -> BTreeSet<&Problem> {
        let all = self.plans.iter().flat_map(|plan| &plan.problems).chain(&self.strays);
        all.filter(|problem| problem.object.kind != Kind::SecurityBaseline).collect()
    }
}

/// What is wrong with objects, whatever was before. `catalog` stands for the controls and packs among
/// them, of which nothing is said.
pub fn problems_of(
    objects: &DesiredObjects<'_>,
    catalog: &Catalog,
    owner_keys: &OwnerKeys,
) -> BTreeSet<Problem> {
    let state = planned(objects, |asked| {
        Arc::new(asked.resolved(owner_keys, |desired| resolve(desired, catalog)))
    });
    state.problems().into_iter().cloned().collect()
}

/// Puts together what users want, and remembers what was without mistakes.
#[derive(Debug, Default)]
pub struct DesiredBuilder {
    last: LastGood,
    /// The controls and packs that the catalogue was compiled from.
    own: Option<OwnObjects>,
    catalog: Arc<Catalog>,
    catalog_problems: Vec<Problem>,
    owner_keys: OwnerKeys,
    shared: SharedControls,
    kept: KeptPlans,
}

impl DesiredBuilder {
    /// Remembers nothing yet. `owner_keys` are the tags and labels that name the owners of drift
    /// where a baseline does not say.
    #[must_use]
    pub fn new(owner_keys: OwnerKeys) -> Self {
        Self { owner_keys, ..Self::default() }
    }

    /// The built-in controls and packs, and those that were among the objects built last.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What is wrong with controls and packs.
    #[must_use]
    pub fn catalog_problems(&self) -> &[Problem] {
        &self.catalog_problems
    }

    /// Puts these objects together.
    pub fn build(&mut self, objects: &DesiredObjects<'_>) -> DesiredState {
        self.compile(objects);
        let keys: BTreeSet<BaselineKey> =
            objects.baselines.iter().map(|it| BaselineKey::of(it)).collect();
        self.last.retain_baselines(|key| keys.contains(key));
        let Self { last, catalog, owner_keys, shared, kept, .. } = self;
        shared.retain_baselines(|key| keys.contains(key));
        kept.retain_baselines(|key| keys.contains(key));
        let unread = unread_accounts(objects);
        kept.surround(objects.accounts, &unread, objects.account_regions, catalog);
        planned(objects, |asked| {
            let Asked { baseline, exemptions, attestations, .. } = *asked;
            let inputs = PlanInputs::of(baseline, objects.namespaces, exemptions, attestations);
            kept.plan(BaselineKey::of(baseline), inputs, || {
                let mut plan = asked.resolved(owner_keys, |it| last.resolve(it, catalog));
                shared.share(&mut plan);
                plan
            })
        })
    }

    /// Compiles the catalogue where its objects are others than before: most changes are of other
    /// kinds.
    fn compile(&mut self, objects: &DesiredObjects<'_>) {
        let is_of_catalog = |it: &&UnreadObject| matches!(it.key.kind, Kind::Control | Kind::Pack);
        let unread = objects.unread.iter().filter(is_of_catalog);
        let unread: Vec<_> = unread.map(|it| (it.key.clone(), it.error.clone())).collect();
        let is_same = self.own.as_ref().is_some_and(|own| {
            let controls = own.controls.iter().zip(objects.controls);
            let packs = own.packs.iter().zip(objects.packs);
            own.unread == unread
                && own.controls.len() == objects.controls.len()
                && own.packs.len() == objects.packs.len()
                && controls.into_iter().all(|(own, it)| is_same(own, it) && own.spec == it.spec)
                && packs.into_iter().all(|(own, it)| is_same(own, it) && own.spec == it.spec)
        });
        if is_same {
            return;
        }
        let (controls, packs) = (objects.controls.to_vec(), objects.packs.to_vec());
        let own = OwnObjects { controls, packs, unread };
        let built_in = Catalog::built_in().clone();
        let (catalog, problems) = built_in.with_last_good(own.clone(), self.last.catalog());
        (self.catalog, self.catalog_problems) = (Arc::new(catalog), problems);
        self.own = Some(own);
    }
}

/// A baseline to plan, and what of the other objects concerns it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    objects: &'a DesiredObjects<'a>,
    unread_accounts: &'a UnreadAccounts,
    baseline: &'a Arc<SecurityBaseline>,
    exemptions: &'a [&'a Exemption],
    attestations: &'a [&'a Attestation],
}

impl Asked<'_> {
    fn resolved(&self, owner_keys: &OwnerKeys, resolve: impl FnOnce(&Desired<'_>) -> Plan) -> Plan {
        let Self { objects, unread_accounts, baseline, exemptions, attestations } = *self;
        resolve(&Desired {
            baseline,
            accounts: objects.accounts,
            unread_accounts,
            exemptions: &exemptions.iter().copied().cloned().collect::<Vec<_>>(),
            attestations: &attestations.iter().copied().cloned().collect::<Vec<_>>(),
            namespaces: objects.namespaces,
            account_regions: objects.account_regions,
            owner_keys,
        })
    }
}

/// A plan for each baseline, as `plan` makes it.
fn planned(
    objects: &DesiredObjects<'_>,
    mut plan: impl FnMut(&Asked<'_>) -> Arc<Plan>,
) -> DesiredState {
    let exemptions = grouped(objects.exemptions, |it| {
        let of = namespace(it.metadata.namespace.as_deref());
        BaselineKey { namespace: of.to_owned(), name: it.spec.baseline.clone() }
    });
    let attestations =
        grouped(objects.attestations, |it| namespace(it.metadata.namespace.as_deref()).to_owned());
    let unread_accounts = unread_accounts(objects);
    let mut named = BTreeSet::new();
    // Of two of the same name the first counts.
    let staying = objects.baselines.iter().filter(|it| !is_deleted(&***it));
    let staying = staying.filter(|it| named.insert(BaselineKey::of(it)));
    let plans = staying.map(|baseline| {
        let key = BaselineKey::of(baseline);
        plan(&Asked {
            objects,
            unread_accounts: &unread_accounts,
            baseline,
            exemptions: exemptions.get(&key).map_or(&[], Vec::as_slice),
            attestations: attestations.get(&key.namespace).map_or(&[], Vec::as_slice),
        })
    });
    DesiredState { plans: plans.collect(), strays: strays(objects).collect() }
}

fn unread_accounts(objects: &DesiredObjects<'_>) -> UnreadAccounts {
    let unread = objects.unread.iter().filter(|it| it.key.kind == Kind::AwsAccount);
    unread.map(|it| (it.key.name.clone(), it.labels.clone())).collect()
}

fn is_deleted(object: &impl kube::Resource) -> bool {
    object.meta().deletion_timestamp.is_some()
}

fn is_same<K: kube::Resource>(one: &K, other: &K) -> bool {
    let (one, other) = (one.meta(), other.meta());
    one.name == other.name && one.namespace == other.namespace
}

fn grouped<T, K: Ord>(objects: &[T], key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<&T>> {
    let mut groups: BTreeMap<K, Vec<&T>> = BTreeMap::new();
    for object in objects {
        groups.entry(key(object)).or_default().push(object);
    }
    groups
}

/// Exemptions of baselines that are not there, which no plan takes up.
fn strays(objects: &DesiredObjects<'_>) -> impl Iterator<Item = Problem> {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for baseline in objects.baselines {
        let metadata = &baseline.metadata;
        let names = known.entry(namespace(metadata.namespace.as_deref())).or_default();
        names.extend(metadata.name.as_deref());
    }
    objects.exemptions.iter().filter_map(move |exemption| {
        let wanted = &exemption.spec.baseline;
        let names = known.get(namespace(exemption.metadata.namespace.as_deref()));
        if names.is_some_and(|names| names.contains(wanted.as_str())) {
            return None;
        }
        let names = names.into_iter().flatten().copied();
        let suggestion = closest(wanted, names).map(str::to_owned);
        Some(Problem {
            object: ObjectKey::of(exemption),
            path: FieldPath::spec("baseline"),
            kind: ProblemKind::UnknownBaseline { name: wanted.clone(), suggestion },
        })
    })
}
