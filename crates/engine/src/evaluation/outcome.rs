//! Totals of an evaluation, and which of its parts are not the whole truth.

use std::ops::AddAssign;

use super::ledger::{CountedVerdict, Ledger};
use crate::plan::Plan;
use model::{InternalError, InternalErrors, InternalPlace, UnknownReason, Verdict};

/// How many verdicts of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Verdicts `Compliant`.
    pub compliant: u64,
    /// Verdicts `NonCompliant` that no exemption covers: drift.
    pub non_compliant: u64,
    /// Verdicts `NotApplicable`.
    pub not_applicable: u64,
    /// Verdicts `NonCompliant` that an exemption covers.
    pub exempt: u64,
    /// Verdicts `Unknown`, each at the place of its reason in [`UnknownReason::ALL`].
    unknown: [u64; UnknownReason::ALL.len()],
}

/// With any of these, not everything was read. What is not recorded or fails to evaluate stays so,
/// and counts against the ratio.
const UNREAD: [UnknownReason; 5] = [
    UnknownReason::RecorderStopped,
    UnknownReason::Stale,
    UnknownReason::NotDelivered,
    UnknownReason::AccessDenied,
    UnknownReason::Throttled,
];

impl Counts {
    /// Adds one verdict.
    pub fn count(&mut self, verdict: Verdict, exempt: bool) {
        if let Some(count) = self.of(verdict, exempt) {
            *count += 1;
        }
    }

    /// Takes one verdict away that was added before.
    fn take_back(&mut self, verdict: Verdict, exempt: bool) {
        if let Some(count) = self.of(verdict, exempt) {
            *count = count.saturating_sub(1);
        }
    }

    /// The count of verdicts like this one.
    fn of(&mut self, verdict: Verdict, exempt: bool) -> Option<&mut u64> {
        match verdict {
            Verdict::Compliant => Some(&mut self.compliant),
            Verdict::NonCompliant if exempt => Some(&mut self.exempt),
            Verdict::NonCompliant => Some(&mut self.non_compliant),
            Verdict::NotApplicable => Some(&mut self.not_applicable),
            Verdict::Unknown(reason) => self.unknown.get_mut(reason as usize),
        }
    }

    /// Verdicts `Unknown` for that reason.
    #[must_use]
    pub fn unknown_for(&self, reason: UnknownReason) -> u64 {
        self.unknown.get(reason as usize).copied().unwrap_or_default()
    }

    /// Why not everything was read that there is to read; nothing where it was.
    #[must_use]
    pub fn unread(&self) -> Option<UnknownReason> {
        UNREAD.into_iter().find(|reason| self.unknown_for(*reason) > 0)
    }

    /// All verdicts `Unknown`.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown.iter().sum()
    }

    /// All verdicts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.compliant + self.non_compliant + self.not_applicable + self.exempt + self.unknown()
    }

    /// The compliant among all that the controls concern: 0 to 1, and nothing where they concern
    /// nothing. What is exempt or unknown does not count as compliant.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a ratio of counts below 2^53
    pub fn compliance_ratio(&self) -> Option<f64> {
        let concerned = self.total() - self.not_applicable;
        (concerned > 0).then(|| self.compliant as f64 / concerned as f64)
    }
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        self.compliant += other.compliant;
        self.non_compliant += other.non_compliant;
        self.not_applicable += other.not_applicable;
        self.exempt += other.exempt;
        self.unknown.iter_mut().zip(other.unknown).for_each(|(count, more)| *count += more);
    }
}

/// What an evaluation came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// One for each plan, in their order.
    pub plans: Vec<PlanOutcome>,
    /// Configuration items that were given.
    pub items: u64,
    /// Verdicts that were reached.
    pub evaluations: u64,
    /// Failures of our own: what they concern is unknown, and stays as it is published.
    pub internal: InternalErrors,
    /// Whether the expressions of a namespace computed as much as they may: verdicts are unknown for it.
    pub is_budget_spent: bool,
}

/// What one plan came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOutcome {
    /// One for each target, in their order.
    pub targets: Vec<TargetOutcome>,
}

/// What one target came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetOutcome {
    /// Configuration items of the target that a control of the plan looked at.
    pub items: u64,
    /// One for each control, in their order.
    pub controls: Vec<ControlOutcome>,
}

/// What one control came to in one target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ControlOutcome {
    /// The verdicts.
    pub counts: Counts,
    /// Whether all that the control reads was read. Where it was not, what was not seen may still
    /// be there: nothing of it may be resolved or archived.
    pub complete: bool,
}

impl Outcome {
    /// Nothing counted yet, and nothing complete.
    #[must_use]
    pub fn of(plans: &[Plan]) -> Self {
        let plans = plans.iter().map(|plan| {
            let controls = vec![ControlOutcome::default(); plan.controls.len()];
            let target = TargetOutcome { items: 0, controls };
            PlanOutcome { targets: vec![target; plan.targets.len()] }
        });
        let internal = InternalErrors::default();
        Self { plans: plans.collect(), items: 0, evaluations: 0, internal, is_budget_spent: false }
    }

    /// What one control came to in one target of one plan.
    #[must_use]
    pub fn control(&self, plan: usize, target: usize, control: usize) -> Option<&ControlOutcome> {
        self.plans.get(plan)?.targets.get(target)?.controls.get(control)
    }

    fn control_mut(
        &mut self,
        plan: usize,
        target: usize,
        control: usize,
    ) -> Option<&mut ControlOutcome> {
        let plan = self.plans.get_mut(plan);
        let target = plan.and_then(|plan| plan.targets.get_mut(target));
        let control = target.and_then(|target| target.controls.get_mut(control));
        if control.is_none() {
            const NO_PLACE: &str = "a verdict has no place";
            self.internal.add(InternalError::new(InternalPlace::Outcome, NO_PLACE));
        }
        control
    }

    /// Counts a verdict.
    pub(super) fn count(&mut self, counted: CountedVerdict) {
        self.evaluations += 1;
        let CountedVerdict { plan, target, control, verdict, is_exempt } = counted;
        if let Some(control) = self.control_mut(plan, target, control) {
            control.counts.count(verdict, is_exempt);
        }
    }

    /// Takes a verdict away that was counted.
    pub(super) fn uncount(&mut self, counted: CountedVerdict) {
        self.evaluations = self.evaluations.saturating_sub(1);
        let CountedVerdict { plan, target, control, verdict, is_exempt } = counted;
        if let Some(control) = self.control_mut(plan, target, control) {
            control.counts.take_back(verdict, is_exempt);
        }
    }

    /// Counts an item and all that came of it.
    pub(super) fn add(&mut self, ledger: &Ledger) {
        self.items += 1;
        ledger.verdicts.iter().for_each(|counted| self.count(*counted));
        ledger.targets.iter().for_each(|(plan, target)| self.count_item(*plan, *target));
    }

    /// Takes an item away that was counted, and all that came of it.
    pub(super) fn take_back(&mut self, ledger: &Ledger) {
        self.items = self.items.saturating_sub(1);
        ledger.verdicts.iter().for_each(|counted| self.uncount(*counted));
        for (plan, target) in &ledger.targets {
            if let Some(target) = self.target_mut(*plan, *target) {
                target.items = target.items.saturating_sub(1);
            }
        }
    }

    /// Takes all verdicts of a control away.
    pub(super) fn forget(&mut self, plan: usize, control: usize) {
        let targets = self.plans.get_mut(plan).into_iter().flat_map(|plan| &mut plan.targets);
        for control in targets.filter_map(|target| target.controls.get_mut(control)) {
            self.evaluations = self.evaluations.saturating_sub(control.counts.total());
            control.counts = Counts::default();
        }
    }

    /// Takes all items away that were counted for targets.
    pub(super) fn forget_items(&mut self) {
        let targets = self.plans.iter_mut().flat_map(|plan| &mut plan.targets);
        targets.for_each(|target| target.items = 0);
    }

    /// Says whether all was read that a control reads in a target. Until then it was not.
    pub(super) fn completes(&mut self, plan: usize, target: usize, control: usize, complete: bool) {
        if let Some(control) = self.control_mut(plan, target, control) {
            control.complete = complete;
        }
    }

    /// Counts an item for a target of a plan that looks at it.
    pub(super) fn count_item(&mut self, plan: usize, target: usize) {
        if let Some(target) = self.target_mut(plan, target) {
            target.items += 1;
        }
    }

    fn target_mut(&mut self, plan: usize, target: usize) -> Option<&mut TargetOutcome> {
        self.plans.get_mut(plan)?.targets.get_mut(target)
    }

    /// Adds what another part of the same evaluation came to.
    pub(super) fn merge(&mut self, other: &Self) {
        self.items += other.items;
        self.evaluations += other.evaluations;
        self.internal.merge(&other.internal);
        self.is_budget_spent |= other.is_budget_spent;
        let targets = self.plans.iter_mut().flat_map(|plan| &mut plan.targets);
        let others = other.plans.iter().flat_map(|plan| &plan.targets);
        for (target, other) in targets.zip(others) {
            target.items += other.items;
            for (control, other) in target.controls.iter_mut().zip(&other.controls) {
                control.counts += &other.counts;
            }
        }
    }

    /// This, and what another part of the same evaluation came to.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.merge(other);
        sum
    }

    /// All verdicts together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.plans.iter().fold(Counts::default(), |mut sum, plan| {
            sum += &plan.counts();
            sum
        })
    }
}

impl PlanOutcome {
    /// The plan's verdicts together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.targets.iter().fold(Counts::default(), |mut sum, target| {
            sum += &target.counts();
            sum
        })
    }

    /// Whether all that the plan's controls read was read, in every target.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.targets.iter().all(TargetOutcome::is_complete)
    }
}

impl TargetOutcome {
    /// The target's verdicts together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.controls.iter().fold(Counts::default(), |mut sum, control| {
            sum += &control.counts;
            sum
        })
    }

    /// Whether all that the controls read of this target was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.controls.iter().all(|control| control.complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_and_the_exempt_are_not_compliant() {
        let mut counts = Counts::default();
        for (verdict, exempt) in [
            (Verdict::Compliant, false),
            (Verdict::NonCompliant, false),
            (Verdict::NonCompliant, true),
            (Verdict::Unknown(UnknownReason::NotRecorded), false),
            (Verdict::NotApplicable, false),
        ] {
            counts.count(verdict, exempt);
        }
        assert_eq!(counts.compliance_ratio(), Some(0.25));
        assert_eq!(counts.unknown_for(UnknownReason::NotRecorded), 1);
        assert_eq!(counts.total(), 5);
    }

    #[test]
    fn a_control_that_concerns_nothing_has_no_ratio() {
        let mut counts = Counts::default();
        counts.count(Verdict::NotApplicable, false);
        assert_eq!(counts.compliance_ratio(), None);
    }

    #[test]
    fn every_reason_has_a_count_of_its_own() {
        let mut counts = Counts::default();
        for reason in UnknownReason::ALL {
            counts.count(Verdict::Unknown(reason), false);
        }
        assert!(UnknownReason::ALL.iter().all(|reason| counts.unknown_for(*reason) == 1));
    }
}
