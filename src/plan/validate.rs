//! What is wrong with objects beyond their own form: what they name, and what they say together.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use kube::Resource;

use crate::api::document::{Diagnostic, Located};
use crate::api::{Attestation, AwsAccount, Exemption, FieldPath, ObjectKey, closest};
use crate::catalog::{Catalog, CatalogProblem, OwnObjects};
use crate::expression::format_timestamp;
use crate::plan::resolve::timestamp;
use crate::plan::{
    BaselineKey, Desired, LastGood, NamespaceLabels, Objects, Plan, Problem, ProblemKind, regions,
};
use crate::resource::Timestamp;

/// Objects put together: the catalogue with the team's own controls, and a plan a baseline.
#[derive(Debug)]
pub struct Resolved {
    /// The built-in catalogue and the team's own controls and packs.
    pub catalog: Catalog,
    /// A plan for each baseline, in the order of the files.
    pub plans: Vec<Plan>,
    /// Everything wrong, with its place.
    pub mistakes: Vec<Diagnostic>,
    /// What may be right and is probably not meant, with its place: what has no effect any more, and
    /// regions that nobody knows.
    pub warnings: Vec<Diagnostic>,
}

/// Whether the accounts that objects name are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChecks {
    /// An account that is named must be among the objects.
    Made,
    /// The accounts are somewhere else.
    LeftOut,
}

impl Objects {
    /// Puts the objects together at a time, and says everything that is wrong with them.
    pub fn resolve(&self, now: Timestamp) -> Resolved {
        self.resolve_with(now, AccountChecks::Made)
    }

    /// The same. What is wrong now counts as it last was without mistakes, as far as `last` knows.
    pub fn resolve_lasting(&self, now: Timestamp, last: &mut LastGood) -> Resolved {
        self.put_together(now, AccountChecks::Made, last)
    }

    /// Puts the objects together at a time, and says everything that is wrong with them, apart from
    /// what they say of accounts where that is left out.
    pub fn resolve_with(&self, now: Timestamp, accounts: AccountChecks) -> Resolved {
        self.put_together(now, accounts, &mut LastGood::default())
    }

    fn put_together(
        &self,
        now: Timestamp,
        accounts: AccountChecks,
        last: &mut LastGood,
    ) -> Resolved {
        let own = OwnObjects {
            controls: objects(&self.controls),
            packs: objects(&self.packs),
            unread: self.unread(&["Control", "Pack"]),
        };
        let (catalog, problems) = Catalog::built_in().clone().with_last_good(own, last.catalog());
        let places = Places::among(self);
        let problems = problems.iter().filter(|problem| !problem.told_by_reader);
        let mut mistakes: Vec<Diagnostic> =
            problems.filter_map(|problem| places.of_catalog(problem)).collect();
        let plans = self.plans(&catalog, last);
        let problems = plans
            .iter()
            .flat_map(|plan| plan.problems.iter().cloned().chain(plan.problems_at(now)));
        let left_out = accounts == AccountChecks::LeftOut;
        let broken: HashSet<(&str, &str)> =
            self.broken.iter().map(|key| (key.kind.as_str(), key.name.as_str())).collect();
        let mut problems: Vec<Problem> = problems
            .chain(self.strays())
            .filter(|problem| !(left_out && problem.kind.is_about_accounts()))
            .filter(|problem| !is_told(problem, &broken))
            .collect();
        problems.sort();
        problems.dedup();
        mistakes.extend(problems.iter().filter_map(|problem| places.of_plan(problem)));
        mistakes.extend(self.untestable(&catalog, &broken));
        let mut warnings = self.expired(now);
        warnings.extend(regions::doubtful(self, &plans, accounts));
        in_order(&mut mistakes);
        in_order(&mut warnings);
        Resolved { catalog, plans, mistakes, warnings }
    }

    /// The objects of these kinds that are there and cannot be read, and why.
    fn unread(&self, kinds: &[&str]) -> Vec<(ObjectKey, String)> {
        let unread = self.broken.iter().filter(|key| kinds.contains(&key.kind.as_str()));
        unread.map(|key| (key.clone(), "it cannot be read".to_owned())).collect()
    }

    fn plans(&self, catalog: &Catalog, last: &mut LastGood) -> Vec<Plan> {
        let accounts: Vec<AwsAccount> = objects(&self.accounts);
        let exemptions = grouped(&self.exemptions, |exemption: &Exemption| {
            (exemption.metadata.namespace.clone(), Some(exemption.spec.baseline.clone()))
        });
        let attestations = grouped(&self.attestations, |attestation: &Attestation| {
            attestation.metadata.namespace.clone()
        });
        // Files hold no namespaces: all that is known of one is its name.
        let namespaces = NamespaceLabels::new();
        let unread = self.unread(&["AwsAccount"]).into_iter();
        let unread_accounts = unread.map(|(key, _)| (key.name, None)).collect();
        last.retain_baselines(|key| {
            self.baselines.iter().any(|baseline| BaselineKey::of(&baseline.object) == *key)
        });
        self.baselines
            .iter()
            .map(|baseline| {
                let metadata = &baseline.object.metadata;
                let (namespace, name) = (metadata.namespace.clone(), metadata.name.clone());
                let desired = Desired {
                    baseline: &baseline.object,
                    accounts: &accounts,
                    unread_accounts: &unread_accounts,
                    attestations: attestations.get(&namespace).map_or(&[], Vec::as_slice),
                    exemptions: exemptions.get(&(namespace, name)).map_or(&[], Vec::as_slice),
                    namespaces: &namespaces,
                };
                last.resolve(&desired, catalog)
            })
            .collect()
    }

    /// Exemptions of baselines that are not there, which no plan takes up.
    fn strays(&self) -> impl Iterator<Item = Problem> {
        let mut known: HashMap<&Option<String>, HashSet<&str>> = HashMap::new();
        for baseline in &self.baselines {
            let metadata = &baseline.object.metadata;
            known.entry(&metadata.namespace).or_default().extend(metadata.name.as_deref());
        }
        self.exemptions.iter().filter_map(move |exemption| {
            let wanted = &exemption.object.spec.baseline;
            let names = known.get(&exemption.object.metadata.namespace);
            if names.is_some_and(|names| names.contains(wanted.as_str())) {
                return None;
            }
            let mut names: Vec<&str> = names.into_iter().flatten().copied().collect();
            names.sort_unstable();
            let suggestion = closest(wanted, names).map(str::to_owned);
            Some(Problem {
                object: ObjectKey::of(&exemption.object),
                path: FieldPath::spec("baseline"),
                kind: ProblemKind::UnknownBaseline { name: wanted.clone(), suggestion },
            })
        })
    }

    /// Tests of controls that are not there.
    fn untestable(
        &self,
        catalog: &Catalog,
        broken: &HashSet<(&str, &str)>,
    ) -> impl Iterator<Item = Diagnostic> {
        self.control_tests.iter().filter_map(|test| {
            let name = test.object.spec.control.as_str();
            if broken.contains(&("Control", name))
                || catalog.control(name).is_some()
                || catalog.invalid(name).is_some()
            {
                return None;
            }
            let names = catalog.controls().map(|control| control.name.as_str());
            let help = closest(name, names).map(|name| format!("did you mean `{name}`?"));
            let message = format!("there is no control `{name}`");
            Some(test.diagnostic(&FieldPath::spec("control"), None, message, help))
        })
    }

    /// Exemptions and attestations that have run out.
    fn expired(&self, now: Timestamp) -> Vec<Diagnostic> {
        let exemptions = self.exemptions.iter().filter_map(|exemption| {
            let end = timestamp(&exemption.object.spec.expires_at);
            let end = (end <= now).then(|| format_timestamp(end))?;
            let message = format!("the exemption expired at {end}: it covers nothing any more");
            let help = "have it approved anew, or remove it".to_owned();
            Some(exemption.diagnostic(&FieldPath::spec("expiresAt"), None, message, Some(help)))
        });
        let attestations = self.attestations.iter().filter_map(|attestation| {
            let end = timestamp(&attestation.object.spec.valid_until);
            let end = (end <= now).then(|| format_timestamp(end))?;
            let message = format!("the attestation was valid until {end}: it attests nothing now");
            let help = "carry out the procedure again and attest it, or remove this".to_owned();
            Some(attestation.diagnostic(&FieldPath::spec("validUntil"), None, message, Some(help)))
        });
        exemptions.chain(attestations).collect()
    }
}

/// Whether the problem is one that was told when the files were read: a rule of the schema is
/// broken, or something seems not to be there that is there, but broken.
fn is_told(problem: &Problem, broken: &HashSet<(&str, &str)>) -> bool {
    let (wanted, name) = match &problem.kind {
        ProblemKind::UnknownControl { name, .. } => ("Control", name),
        ProblemKind::UnknownPack { name, .. } => ("Pack", name),
        ProblemKind::UnknownAccount { name, .. } => ("AwsAccount", name),
        ProblemKind::UnknownBaseline { name, .. } => ("SecurityBaseline", name),
        ProblemKind::InvalidControl { .. }
        | ProblemKind::InvalidPack { .. }
        | ProblemKind::UnreadAccounts { .. }
        | ProblemKind::EmptyMatch
        | ProblemKind::EndsBeforeItBegins
        | ProblemKind::TooLong { .. } => return true,
        _ => return false,
    };
    broken.contains(&(wanted, name.as_str()))
}

/// Where each object stands, so that finding one takes no longer among many.
struct Places<'o> {
    objects: &'o Objects,
    indices: HashMap<ObjectKey, usize>,
}

impl<'o> Places<'o> {
    fn among(objects: &'o Objects) -> Self {
        let mut indices = HashMap::new();
        first(&objects.baselines, &mut indices);
        first(&objects.exemptions, &mut indices);
        first(&objects.attestations, &mut indices);
        last(&objects.controls, &mut indices);
        last(&objects.packs, &mut indices);
        Self { objects, indices }
    }

    fn of_plan(&self, problem: &Problem) -> Option<Diagnostic> {
        let index = *self.indices.get(&problem.object)?;
        let (path, message, help) = (&problem.path, problem.kind.to_string(), problem.kind.help());
        let Objects { baselines, exemptions, attestations, .. } = self.objects;
        match problem.object.kind.as_str() {
            "SecurityBaseline" => Some(baselines.get(index)?.diagnostic(path, None, message, help)),
            "Exemption" => Some(exemptions.get(index)?.diagnostic(path, None, message, help)),
            "Attestation" => Some(attestations.get(index)?.diagnostic(path, None, message, help)),
            _ => None,
        }
    }

    fn of_catalog(&self, problem: &CatalogProblem) -> Option<Diagnostic> {
        let index = *self.indices.get(&problem.object)?;
        match problem.object.kind.as_str() {
            "Control" => Some(problem.located(self.objects.controls.get(index)?)),
            "Pack" => Some(problem.located(self.objects.packs.get(index)?)),
            _ => None,
        }
    }
}

/// Of two of the same name the first is the one that plans take.
fn first<K: Resource<DynamicType = ()>>(
    objects: &[Located<K>],
    indices: &mut HashMap<ObjectKey, usize>,
) {
    for (index, located) in objects.iter().enumerate() {
        indices.entry(ObjectKey::of(&located.object)).or_insert(index);
    }
}

/// Of two of the same name the last is the one that the catalogue refuses.
fn last<K: Resource<DynamicType = ()>>(
    objects: &[Located<K>],
    indices: &mut HashMap<ObjectKey, usize>,
) {
    for (index, located) in objects.iter().enumerate() {
        indices.insert(ObjectKey::of(&located.object), index);
    }
}

fn in_order(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|left, right| {
        (left.file.path(), left.range.start).cmp(&(right.file.path(), right.range.start))
    });
}

fn objects<T: Clone>(located: &[Located<T>]) -> Vec<T> {
    located.iter().map(|located| located.object.clone()).collect()
}

fn grouped<T: Clone, K: Eq + Hash>(
    located: &[Located<T>],
    key: impl Fn(&T) -> K,
) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for Located { object, .. } in located {
        groups.entry(key(object)).or_default().push(object.clone());
    }
    groups
}
