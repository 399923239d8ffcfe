//! What is wrong with objects beyond their own form: what they name, and what they say together.

use kube::Resource;

use crate::api::document::{Diagnostic, Located};
use crate::api::{Attestation, AwsAccount, Exemption, FieldPath, ObjectKey, closest};
use crate::catalog::{Catalog, CatalogProblem};
use crate::plan::{Desired, NamespaceLabels, Objects, Plan, Problem, ProblemKind, resolve};
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
}

impl Objects {
    /// Puts the objects together at a time, and says everything that is wrong with them.
    pub fn resolve(&self, now: Timestamp) -> Resolved {
        let (catalog, problems) = Catalog::built_in().clone().with(
            self.controls.iter().map(|control| control.object.clone()),
            self.packs.iter().map(|pack| pack.object.clone()),
        );
        let mut mistakes = Vec::new();
        let problems = problems.iter().filter(|problem| !problem.told_by_reader);
        mistakes.extend(problems.filter_map(|problem| self.locate_in_catalog(problem)));
        let plans = self.plans(&catalog);
        let problems = plans
            .iter()
            .flat_map(|plan| plan.problems.iter().cloned().chain(plan.problems_at(now)));
        let mut problems: Vec<Problem> =
            problems.chain(self.strays()).filter(|problem| !self.is_told(problem)).collect();
        problems.sort();
        problems.dedup();
        mistakes.extend(problems.iter().filter_map(|problem| self.locate(problem)));
        mistakes.extend(self.untestable(&catalog));
        mistakes.sort_by(|left, right| {
            (left.file.path(), left.range.start).cmp(&(right.file.path(), right.range.start))
        });
        Resolved { catalog, plans, mistakes }
    }

    fn plans(&self, catalog: &Catalog) -> Vec<Plan> {
        let accounts: Vec<AwsAccount> = objects(&self.accounts);
        let exemptions: Vec<Exemption> = objects(&self.exemptions);
        let attestations: Vec<Attestation> = objects(&self.attestations);
        // Files hold no namespaces: all that is known of one is its name.
        let namespaces = NamespaceLabels::new();
        self.baselines
            .iter()
            .map(|baseline| {
                let desired = Desired {
                    baseline: &baseline.object,
                    accounts: &accounts,
                    exemptions: &exemptions,
                    attestations: &attestations,
                    namespaces: &namespaces,
                };
                resolve(&desired, catalog)
            })
            .collect()
    }

    /// Exemptions of baselines that are not there, which no plan takes up.
    fn strays(&self) -> impl Iterator<Item = Problem> {
        self.exemptions.iter().filter_map(|exemption| {
            let namespace = &exemption.object.metadata.namespace;
            let wanted = &exemption.object.spec.baseline;
            let names: Vec<&str> = self
                .baselines
                .iter()
                .filter(|baseline| baseline.object.metadata.namespace == *namespace)
                .filter_map(|baseline| baseline.object.metadata.name.as_deref())
                .collect();
            if names.contains(&wanted.as_str()) {
                return None;
            }
            let suggestion = closest(wanted, names).map(str::to_owned);
            Some(Problem {
                object: ObjectKey::of(&exemption.object),
                path: FieldPath::spec("baseline"),
                kind: ProblemKind::UnknownBaseline { name: wanted.clone(), suggestion },
            })
        })
    }

    /// Whether the problem is one that was told when the files were read: a rule of the schema is
    /// broken, or something seems not to be there that is there, but broken.
    fn is_told(&self, problem: &Problem) -> bool {
        let (wanted, name) = match &problem.kind {
            ProblemKind::UnknownControl { name, .. } => ("Control", name),
            ProblemKind::UnknownPack { name, .. } => ("Pack", name),
            ProblemKind::UnknownAccount { name, .. } => ("AwsAccount", name),
            ProblemKind::UnknownBaseline { name, .. } => ("SecurityBaseline", name),
            ProblemKind::InvalidControl { .. }
            | ProblemKind::EmptyMatch
            | ProblemKind::EndsBeforeItBegins
            | ProblemKind::TooLong { .. } => return true,
            _ => return false,
        };
        self.broken.iter().any(|key| key.kind == wanted && key.name == *name)
    }

    /// Tests of controls that are not there.
    fn untestable(&self, catalog: &Catalog) -> impl Iterator<Item = Diagnostic> {
        self.control_tests.iter().filter_map(|test| {
            let name = test.object.spec.control.as_str();
            let broken = self.broken.iter().any(|key| key.kind == "Control" && key.name == name);
            if broken || catalog.control(name).is_some() || catalog.invalid(name).is_some() {
                return None;
            }
            let names = catalog.controls().map(|control| control.name.as_str());
            let help = closest(name, names).map(|name| format!("did you mean `{name}`?"));
            let message = format!("there is no control `{name}`");
            Some(test.diagnostic(&FieldPath::spec("control"), None, message, help))
        })
    }

    fn locate(&self, problem: &Problem) -> Option<Diagnostic> {
        locate_among(&self.baselines, problem)
            .or_else(|| locate_among(&self.exemptions, problem))
            .or_else(|| locate_among(&self.attestations, problem))
    }

    fn locate_in_catalog(&self, problem: &CatalogProblem) -> Option<Diagnostic> {
        // Of two of the same name the last is the one that is reported.
        let of = |key: ObjectKey| key == problem.object;
        let control = self.controls.iter().rev().find(|found| of(ObjectKey::of(&found.object)));
        let pack = self.packs.iter().rev().find(|found| of(ObjectKey::of(&found.object)));
        control
            .map(|found| problem.located(found))
            .or_else(|| pack.map(|found| problem.located(found)))
    }
}

fn locate_among<K: Resource<DynamicType = ()>>(
    objects: &[Located<K>],
    problem: &Problem,
) -> Option<Diagnostic> {
    let found = objects.iter().find(|found| ObjectKey::of(&found.object) == problem.object)?;
    let (message, help) = (problem.kind.to_string(), problem.kind.help());
    Some(found.diagnostic(&problem.path, None, message, help))
}

fn objects<T: Clone>(located: &[Located<T>]) -> Vec<T> {
    located.iter().map(|located| located.object.clone()).collect()
}
