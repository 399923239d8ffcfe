//! What was in force before somebody made a mistake.
//!
//! A mistake takes nothing out of force: an invalid control or pack counts as it last was without
//! mistakes, and what a baseline with mistakes asks for includes what it asked for before. What was
//! taken out on purpose, by a spec without mistakes, is out. Nothing is known of the time before
//! the process started.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::resolve::{Desired, resolve};
use super::{BaselineKey, Plan};
use crate::catalog::{Catalog, LastGoodCatalog};
use crate::problem::ProblemKind;
use api::{Kind, PackReference, SecurityBaseline, SecurityBaselineSpec};
use model::ControlName;

/// Controls, packs and baselines as they last were without mistakes.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastGood {
    pub(super) catalog: LastGoodCatalog,
    baselines: BTreeMap<BaselineKey, GoodBaseline>,
}

/// A baseline without mistakes.
#[derive(Debug, Clone)]
struct GoodBaseline {
    baseline: Arc<SecurityBaseline>,
    /// The controls that it came to, those of its packs among them.
    controls: BTreeSet<ControlName>,
}

impl LastGood {
    /// The controls and packs.
    pub(crate) fn catalog(&mut self) -> &mut LastGoodCatalog {
        &mut self.catalog
    }

    /// Forgets every baseline but those that `exists` knows.
    pub(crate) fn retain_baselines(&mut self, exists: impl Fn(&BaselineKey) -> bool) {
        self.baselines.retain(|key, _| exists(key));
    }

    /// The plan of a baseline. While it has mistakes, the plan includes what the baseline asked for
    /// before; what is wrong is that of the baseline as it is.
    pub(crate) fn resolve(&mut self, desired: &Desired<'_>, catalog: &Catalog) -> Plan {
        let plan = resolve(desired, catalog);
        if plan.is_complete() {
            let controls = plan.controls.iter().map(|it| it.control.name.clone()).collect();
            let good = GoodBaseline { baseline: Arc::clone(desired.baseline), controls };
            self.baselines.insert(plan.baseline.clone(), good);
            return plan;
        }
        let Some(good) = self.baselines.get(&plan.baseline) else { return plan };
        let metadata = desired.baseline.metadata.clone();
        let spec = good.beside(&desired.baseline.spec, &plan);
        let baseline = Arc::new(SecurityBaseline { metadata, spec, status: None });
        let lasting = resolve(&Desired { baseline: &baseline, ..*desired }, catalog);
        let kind = Kind::SecurityBaseline;
        let own = plan.problems.into_iter().filter(|problem| problem.object.kind == kind);
        let others = lasting.problems.into_iter().filter(|problem| problem.object.kind != kind);
        let mut problems: Vec<_> = own.chain(others).collect();
        problems.sort();
        Plan { problems, passed_over: plan.passed_over, ..lasting }
    }
}

impl GoodBaseline {
    /// What is in force while `spec` has the mistakes of `plan`: the spec, with what was good in the
    /// place of what is wrong.
    fn beside(&self, spec: &SecurityBaselineSpec, plan: &Plan) -> SecurityBaselineSpec {
        let mut spec = spec.clone();
        if plan.may_lack_targets() {
            self.keep_accounts(&mut spec, plan);
        }
        self.keep_uses(&mut spec, plan);
        if plan.may_lack_controls() {
            self.keep_controls(&mut spec);
        }
        spec
    }

    fn keep_accounts(&self, spec: &mut SecurityBaselineSpec, plan: &Plan) {
        let (accounts, good) = (&mut spec.accounts, &self.baseline.spec.accounts);
        let is_unknown = |kind: &ProblemKind| {
            matches!(
                kind,
                ProblemKind::UnknownAccount { .. } | ProblemKind::NamespaceNotAllowed { .. }
            )
        };
        if plan.mistakes().any(|problem| is_unknown(&problem.kind)) {
            let kept = good.names.iter().filter(|name| !accounts.names.contains(name));
            let kept: Vec<String> = kept.cloned().collect();
            accounts.names.extend(kept);
        }
        let selects_nothing = |kind: &ProblemKind| {
            matches!(kind, ProblemKind::InvalidSelector { .. } | ProblemKind::NoAccountSelected)
        };
        if plan.mistakes().any(|problem| selects_nothing(&problem.kind)) {
            accounts.selector.clone_from(&good.selector);
        }
        self.keep_regions(spec, plan);
    }

    /// Nobody knows which region a mistyped one stands for: all of them stay.
    fn keep_regions(&self, spec: &mut SecurityBaselineSpec, plan: &Plan) {
        let is_wrong = |kind: &ProblemKind| {
            matches!(kind, ProblemKind::NoRegion { .. } | ProblemKind::RegionNotAllowed { .. })
        };
        if !plan.mistakes().any(|problem| is_wrong(&problem.kind)) {
            return;
        }
        let good = &self.baseline.spec.regions;
        let kept = good.iter().filter(|region| !spec.regions.contains(region));
        let kept: Vec<_> = kept.cloned().collect();
        if good.is_empty() {
            spec.regions.clear(); // it was each account's own
        }
        spec.regions.extend(kept);
    }

    /// A control that is used in a wrong way stays in use as it was.
    fn keep_uses(&self, spec: &mut SecurityBaselineSpec, plan: &Plan) {
        let refused = plan.controls.iter().filter(|it| it.control.refusal().is_some());
        for name in refused.map(|it| &it.control.name).filter(|it| self.controls.contains(*it)) {
            let before = self.baseline.spec.controls.iter().find(|it| it.name == *name);
            spec.controls.retain(|it| it.name != *name);
            spec.controls.extend(before.cloned());
        }
    }

    /// Nobody knows which control or pack a mistyped name stands for: all of them stay.
    fn keep_controls(&self, spec: &mut SecurityBaselineSpec) {
        let is_new = |pack: &&PackReference| !spec.packs.contains(pack);
        let mut packs: Vec<PackReference> =
            self.baseline.spec.packs.iter().filter(is_new).cloned().collect();
        packs.append(&mut spec.packs);
        spec.packs = packs;
        for control in self.baseline.spec.controls.iter().filter(|control| !control.disabled) {
            if spec.controls.iter().all(|it| it.name != control.name) {
                spec.controls.push(control.clone());
            }
        }
    }
}
