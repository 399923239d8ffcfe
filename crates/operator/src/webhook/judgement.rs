//! What is wrong with an object that somebody wants to store, among those that are there.
//!
//! Pure. The words are those of `plumbline validate` and of conditions: they say nothing of accounts
//! that the object's namespace may not use.

use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

use kube::ResourceExt;

use super::review::{Answer, Submitted, in_words};
use crate::desired::Desired;
use api::{Attestation, AwsAccount, Control, Exemption, ObjectKey, SecurityBaseline};
use engine::Problem;
use engine::catalog::Catalog;
use engine::plan::{AccountRegions, DesiredObjects, OwnerKeys, problems_of};

/// What comes of it. What was wrong with `stands`, the object that is there, is no reason to refuse
/// another change of it: somebody else may have caused it since.
pub(super) fn judged(
    submitted: &Submitted,
    stands: Option<&Submitted>,
    desired: &Desired,
    owner_keys: &OwnerKeys,
) -> Answer {
    let found = problems(submitted, desired, owner_keys);
    let known = stands.filter(|_| !found.is_empty());
    let known = known.map(|it| problems(it, desired, owner_keys)).unwrap_or_default();
    let is_new = |it: &&Problem| !it.kind.may_resolve_itself() && !known.contains(it);
    let (refused, warned): (Vec<&Problem>, Vec<&Problem>) = found.iter().partition(is_new);
    let in_words = |problems: Vec<&Problem>| problems.into_iter().map(in_words).collect();
    Answer { refused: in_words(refused), warnings: in_words(warned) }
}

/// Whether what others write may change what is wrong with it.
pub(super) const fn depends_on_others(submitted: &Submitted) -> bool {
    !matches!(submitted, Submitted::Control(_))
}

fn problems(submitted: &Submitted, desired: &Desired, owner_keys: &OwnerKeys) -> BTreeSet<Problem> {
    let objects = Objects { desired, owner_keys };
    match submitted {
        Submitted::Control(it) => {
            Catalog::problems_of_control(Control::clone(it)).into_iter().collect()
        }
        Submitted::Pack(it) => desired.catalog.problems_of_pack(it).into_iter().collect(),
        Submitted::Baseline(it) => objects.of(&ObjectKey::of(&**it), slice::from_ref(it), &[], &[]),
        Submitted::Exemption(it) => {
            let named = |baseline: &SecurityBaseline| baseline.name_any() == it.spec.baseline;
            let baselines = objects.baselines(it.namespace().as_deref(), named);
            objects.of(&ObjectKey::of(it), &baselines, slice::from_ref(it), &[])
        }
        Submitted::Attestation(it) => {
            let baselines = objects.baselines(it.namespace().as_deref(), |_| true);
            objects.of(&ObjectKey::of(it), &baselines, &[], slice::from_ref(it))
        }
    }
}

struct Objects<'d> {
    desired: &'d Desired,
    owner_keys: &'d OwnerKeys,
}

impl Objects<'_> {
    fn baselines(
        &self,
        namespace: Option<&str>,
        is_wanted: impl Fn(&SecurityBaseline) -> bool,
    ) -> Vec<Arc<SecurityBaseline>> {
        let all = self.desired.world.baselines.iter();
        let ours = all.filter(|it| it.metadata.namespace.as_deref() == namespace && is_wanted(it));
        ours.cloned().collect()
    }

    /// What is wrong with one object, where these are all there are besides accounts, controls and packs.
    fn of(
        &self,
        object: &ObjectKey,
        baselines: &[Arc<SecurityBaseline>],
        exemptions: &[Exemption],
        attestations: &[Attestation],
    ) -> BTreeSet<Problem> {
        let world = &self.desired.world;
        let unread = world.unread();
        let accounts: Vec<AwsAccount> = world.staying_accounts();
        let objects = DesiredObjects {
            baselines,
            accounts: &accounts,
            controls: &[],
            packs: &[],
            exemptions,
            attestations,
            unread: &unread,
            namespaces: &world.namespaces,
            account_regions: AccountRegions::Declared,
        };
        let mut found = problems_of(&objects, &self.desired.catalog, self.owner_keys);
        found.retain(|problem| problem.object == *object);
        found
    }
}
