//! Brings results and known findings together.
//!
//! A result that names what no plan has is a failure of our own. Nobody knows then whose result is
//! missing: what had no result stays as it is published.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::change::{Drift, FindingChange};
use super::fate::{Fate, Places};
use super::finding::{Finding, FindingStatus, Generator, subject_key};
use super::id::{FindingId, IdParts, Installation};
use super::known::KnownFindings;
use super::parts::SharedParts;
use super::publisher::Publisher;
use super::room::Room;
use super::summary::Summaries;
use super::transition;
use crate::evaluation::{EvaluationResult, Outcome, Results};
use crate::plan::{BaselineKey, Plan, PlannedControl, PlannedExemption, Target};
use cel::Timestamp;
use model::{ControlName, InternalError, InternalErrors, InternalPlace, Verdict};

/// A comparison of one evaluation's results with what is published.
///
/// Give it every result ([`Results`]), then [`finish`](Self::finish) it. `plans` are those that
/// were evaluated, and all that the installation has: what is published of another baseline is
/// archived.
#[derive(Debug)]
pub struct Comparison<'c> {
    plans: &'c [Plan],
    known: &'c KnownFindings,
    publisher: &'c Publisher,
    now: Timestamp,
    /// By plan, then by control; made when first needed.
    generators: Vec<Vec<Generators>>,
    /// By plan, then by control: whether a result other than a drift may matter.
    watched: Vec<Vec<bool>>,
    observed: HashMap<FindingId, Observed>,
    summaries: Summaries<'c>,
    keep_absent: bool,
    room: Room<'c>,
    internal: InternalErrors,
    /// The id that is looked up: kept, so that looking up allocates nothing.
    id: String,
    shared: SharedParts,
}

/// What the findings of one control share: those that failed, and those that passed.
#[derive(Debug, Clone, Default)]
struct Generators {
    failed: Option<Arc<Generator>>,
    passed: Option<Arc<Generator>>,
}

/// What was seen of one finding's subject.
#[derive(Debug)]
struct Observed {
    weight: Weight,
    change: Option<FindingChange>,
}

/// Of several results for one finding, which only a source that delivers a resource twice gives,
/// the heaviest counts: nothing is resolved because a second copy says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Fixed,
    Unknown,
    Exempt,
    Failed,
}

impl<'c> Comparison<'c> {
    /// Compares what comes of these plans with what is known, as of `now`.
    #[must_use]
    pub fn new(
        plans: &'c [Plan],
        known: &'c KnownFindings,
        publisher: &'c Publisher,
        now: Timestamp,
    ) -> Self {
        let per_control = |plan: &Plan| vec![Generators::default(); plan.controls.len()];
        Self {
            plans,
            known,
            publisher,
            now,
            generators: plans.iter().map(per_control).collect(),
            watched: watched(plans, known, &publisher.installation),
            observed: HashMap::new(),
            summaries: Summaries::new(plans, now),
            keep_absent: false,
            room: Room::beside(known, plans),
            internal: InternalErrors::default(),
            id: String::new(),
            shared: SharedParts::default(),
        }
    }

    /// Leaves findings of baselines that no plan stands for as they are: for when not every
    /// baseline could be read.
    #[must_use]
    pub fn keep_absent_baselines(mut self) -> Self {
        self.keep_absent = true;
        self
    }

    /// Opens findings of a baseline only while fewer than so many stand open in their account.
    #[must_use]
    pub fn of_at_most(mut self, findings: usize) -> Self {
        self.room = self.room.of_at_most(findings);
        self
    }

    /// Looks at one result. Whether a later comparison with the same known findings has a use for it,
    /// but for what a summary says of an unknown verdict.
    pub fn observe(&mut self, result: &EvaluationResult<'_>) -> bool {
        let Some(place) = ResultContext::of(self.plans, result) else {
            self.internal.add(MISPLACED);
            return true;
        };
        let plan = place.plan;
        if matches!(result.verdict, Verdict::Unknown(_)) {
            self.summaries.observe(result, None);
        }
        if !self.matters(plan, result) || !self.write_id(place, result) {
            return result.verdict == Verdict::NonCompliant;
        }
        let known = self.known.get(&self.id);
        let known = known.as_deref();
        let open = known.filter(|known| known.is_open());
        self.summaries.observe(result, open.map(|known| known.first_observed_at));
        if plan.publish.security_hub {
            self.compare(place, result, known);
        }
        result.verdict == Verdict::NonCompliant || known.is_some() || publishes(plan, result)
    }

    /// Compares a result with the finding of its subject.
    fn compare(
        &mut self,
        place: ResultContext<'c>,
        result: &EvaluationResult<'_>,
        known: Option<&Finding>,
    ) {
        let plan = place.plan;
        let weight = weigh(result);
        let before = self.observed.get(self.id.as_str());
        if before.is_some_and(|before| before.weight >= weight) {
            return;
        }
        let nothing_known = known.is_none() && before.is_none();
        if nothing_known && weight < Weight::Exempt && !publishes(plan, result) {
            return;
        }
        if known.is_none_or(|known| known.archived)
            && before.is_none()
            && !matches!(result.verdict, Verdict::Unknown(_))
            && (weight >= Weight::Exempt || publishes(plan, result))
            && !self.room.take(result.plan, &place.target.account, place.planned.severity)
        {
            return;
        }
        let change = match self.change(place, result, known) {
            Ok(change) => change,
            Err(error) => {
                self.internal.add(error);
                None
            }
        };
        // Shared with the finding, where there is one.
        let shared = change.as_ref().map(FindingChange::finding).or(known);
        let id = shared.map_or_else(|| FindingId::published(&self.id), |it| it.id.clone());
        self.observed.insert(id, Observed { weight, change });
        if let Some(watched) = self.watched.get_mut(result.plan) {
            watched.get_mut(result.control).into_iter().for_each(|watched| *watched = true);
        }
    }

    /// Most results are compliant, of controls that nothing is published of: they end here.
    fn matters(&self, plan: &Plan, result: &EvaluationResult<'_>) -> bool {
        let watched = self.watched.get(result.plan).and_then(|plan| plan.get(result.control));
        result.verdict == Verdict::NonCompliant
            || watched.is_some_and(|watched| *watched)
            || publishes(plan, result)
    }

    fn write_id(&mut self, place: ResultContext<'c>, result: &EvaluationResult<'_>) -> bool {
        let ResultContext { plan, target, planned, .. } = place;
        let subject = subject_key(result.subject, &target.account, &target.region);
        let Some((resource_type, resource_id)) = subject else { return false };
        let parts = IdParts {
            installation: &self.publisher.installation,
            baseline: &plan.baseline,
            account: &target.account,
            region: &target.region,
            control: &planned.control.name,
            resource_type,
            resource_id,
        };
        parts.write(&mut self.id);
        true
    }

    fn change(
        &mut self,
        place: ResultContext<'c>,
        result: &EvaluationResult<'_>,
        known: Option<&Finding>,
    ) -> Result<Option<FindingChange>, InternalError> {
        Ok(match result.verdict {
            Verdict::NonCompliant => {
                let exemption = place.exemption.map(|exemption| exemption.name.as_str());
                if let Some(known) = known
                    && transition::stands(known, exemption)
                {
                    let generator = self.generator(place, result)?;
                    let seen = Finding::fingerprint_of(&generator, place.plan, result);
                    if seen == Some(known.fingerprint) {
                        return Ok(None);
                    }
                }
                transition::failed(known, self.seen(place, result)?, exemption, self.now)
            }
            Verdict::Compliant if place.plan.publish.passed => {
                transition::compliant(known, self.seen(place, result)?, self.now)
            }
            Verdict::Compliant | Verdict::NotApplicable => {
                let Some(known) = known else { return Ok(None) };
                let (mut error, now) = (None, self.now);
                let mut seen = || self.seen(place, result).map_err(|it| error = Some(it)).ok();
                let change = transition::resolved(known, &mut seen, now);
                error.map_or(Ok(change), Err)?
            }
            Verdict::Unknown(_) => None,
        })
    }

    /// The finding as if nothing were known of it.
    fn seen(
        &mut self,
        place: ResultContext<'c>,
        result: &EvaluationResult<'_>,
    ) -> Result<Finding, InternalError> {
        let generator = self.generator(place, result)?;
        Finding::new(&generator, place.plan, result, self.now, &mut self.shared).ok_or(MISPLACED)
    }

    /// What the finding comes from.
    fn generator(
        &mut self,
        place: ResultContext<'c>,
        result: &EvaluationResult<'_>,
    ) -> Result<Arc<Generator>, InternalError> {
        let ResultContext { plan, planned, .. } = place;
        let generators = self.generators.get_mut(result.plan);
        let generators = generators.and_then(|plan| plan.get_mut(result.control));
        let generators = generators.ok_or(MISPLACED)?;
        let status = FindingStatus::of(result.verdict).ok_or(MISPLACED)?;
        let generator = match status {
            FindingStatus::Failed => &mut generators.failed,
            FindingStatus::Passed => &mut generators.passed,
        };
        let (installation, control) = (&self.publisher.installation, &planned.control);
        let known = self.known;
        let new = || {
            known.shared_generator(Generator::new(installation, &plan.baseline, control, status))
        };
        let generator = generator.get_or_insert_with(new);
        Ok(Arc::clone(generator))
    }

    /// What is to be published, and what to say of each plan.
    #[must_use]
    pub fn finish(self, outcome: &Outcome) -> Drift {
        let places = Places::new(self.plans);
        let all_placed = self.internal.is_empty();
        let ours = self.known.iter().filter(|known| self.is_ours(known));
        let mut changes: Vec<FindingChange> = ours
            .filter_map(|known| match self.observed.get(known.id.as_str()) {
                Some(Observed { change: Some(_), .. }) => None,
                Some(Observed { weight, change: None }) => {
                    self.unchanged(known, *weight >= Weight::Exempt)
                }
                None if all_placed => self.unobserved(known, places.fate(known, outcome)),
                None => self.unchanged(known, false),
            })
            .collect();
        changes.extend(self.observed.into_values().filter_map(|observed| observed.change));
        for finding in changes.iter_mut().map(FindingChange::finding_mut) {
            // Of a baseline that nobody could read it is not known who publishes it.
            if !self.keep_absent || places.has_baseline(&finding.generator.baseline) {
                self.publisher.mark(finding);
            }
        }
        changes.sort_unstable_by(|one, other| one.finding().id.cmp(&other.finding().id));
        Drift {
            changes,
            summary: self.summaries.finish(outcome),
            left_out: self.room.left_out(),
            internal: self.internal,
        }
    }

    fn is_ours(&self, known: &Finding) -> bool {
        known.generator.installation == self.publisher.installation
    }

    /// What becomes of a finding whose subject had no result.
    fn unobserved(&self, known: &Finding, fate: Fate) -> Option<FindingChange> {
        match fate {
            Fate::NoBaseline if self.keep_absent => transition::unchanged(known, false, self.now),
            Fate::NoBaseline | Fate::Gone => transition::gone(known, self.now),
            // Security Hub would delete what nobody updates.
            Fate::Unseen | Fate::Suspended => self.unchanged(known, false),
        }
    }

    /// Nothing new is known of a finding; `seen` says whether it was seen to fail still. One that does
    /// not carry the publisher's mark gets it.
    fn unchanged(&self, known: &Finding, seen: bool) -> Option<FindingChange> {
        let change = transition::unchanged(known, seen, self.now);
        let lacks_mark = self.publisher.lacks_mark(known);
        change.or_else(|| lacks_mark.then(|| transition::marked(known, self.now)))
    }
}

impl Results for Comparison<'_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self.observe(result);
    }
}

/// What a result speaks of.
#[derive(Clone, Copy)]
struct ResultContext<'c> {
    plan: &'c Plan,
    target: &'c Target,
    planned: &'c PlannedControl,
    exemption: Option<&'c PlannedExemption>,
}

impl<'c> ResultContext<'c> {
    /// Nothing where no plan has what the result names.
    fn of(plans: &'c [Plan], result: &EvaluationResult<'_>) -> Option<Self> {
        let plan = plans.get(result.plan)?;
        let exemption = match result.exemption {
            Some(at) => Some(plan.exemptions.get(at)?),
            None => None,
        };
        Some(Self {
            plan,
            target: plan.targets.get(result.target)?,
            planned: plan.controls.get(result.control)?,
            exemption,
        })
    }
}

const MISPLACED: InternalError =
    InternalError::new(InternalPlace::Comparison, "a result names what no plan has");

/// Where something is published of a control, every result of it matters.
fn watched(plans: &[Plan], known: &KnownFindings, installation: &Installation) -> Vec<Vec<bool>> {
    let ours = known.iter().map(|known| known.generator.as_ref());
    let ours = ours.filter(|generator| generator.installation == *installation);
    let published: FxHashSet<(&BaselineKey, &ControlName)> =
        ours.map(|generator| (&generator.baseline, &generator.control)).collect();
    let plans = plans.iter().map(|plan| {
        let controls = plan.controls.iter().map(|planned| &planned.control.name);
        controls.map(|control| published.contains(&(&plan.baseline, control))).collect()
    });
    plans.collect()
}

fn weigh(result: &EvaluationResult<'_>) -> Weight {
    match result.verdict {
        Verdict::Compliant | Verdict::NotApplicable => Weight::Fixed,
        Verdict::Unknown(_) => Weight::Unknown,
        Verdict::NonCompliant if result.exemption.is_some() => Weight::Exempt,
        Verdict::NonCompliant => Weight::Failed,
    }
}

/// Whether the baseline wants a finding of this result although nothing is wrong, or the result stands
/// in the way of one: what is not known of one copy did not pass.
fn publishes(plan: &Plan, result: &EvaluationResult<'_>) -> bool {
    plan.publish.passed && matches!(result.verdict, Verdict::Compliant | Verdict::Unknown(_))
}
