//! What one evaluation measured of one baseline: plain data, ready to be shown.

use std::collections::BTreeMap;

use crate::evaluation::{Counts, PlanOutcome, TargetOutcome};
use crate::plan::{Plan, Target};
use crate::resource::{AccountId, ControlName, Region, Severity, Timestamp, UnknownReason};

/// What one evaluation measured of one baseline.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Each planned control on each target.
    pub controls: Vec<ControlFigure>,
    /// Resources with a verdict of at least one control, by target.
    pub evaluated: BTreeMap<(AccountId, Region), u64>,
    /// Unknown verdicts of each account by reason.
    pub unknown: BTreeMap<(AccountId, UnknownReason), u64>,
    /// The baseline's exemptions and when they expire.
    pub exemptions: Vec<(String, Timestamp)>,
    /// Verdicts reached.
    pub evaluations: u64,
    /// Whether everything was read that the baseline speaks of.
    pub complete: bool,
    /// Compliant verdicts over all but the not-applicable ones; nothing where there is none.
    pub compliance_ratio: Option<f64>,
    /// When the evaluation ended; nothing before the first.
    pub finished_at: Option<Timestamp>,
}

/// The verdicts of one control on one target.
#[derive(Debug, Clone)]
pub struct ControlFigure {
    /// The target's account.
    pub account: AccountId,
    /// The target's region.
    pub region: Region,
    /// The control.
    pub control: ControlName,
    /// The severity that the baseline gives it.
    pub severity: Severity,
    /// The verdicts.
    pub counts: Counts,
}

impl Figures {
    /// What an evaluation of a plan came to when it ended at `finished_at`.
    pub fn of(plan: &Plan, outcome: &PlanOutcome, finished_at: Timestamp) -> Self {
        let counts = outcome.counts();
        let targets = || plan.targets.iter().zip(&outcome.targets);
        Self {
            controls: targets().flat_map(|(target, came)| controls(plan, target, came)).collect(),
            evaluated: targets()
                .map(|(target, came)| ((target.account.clone(), target.region.clone()), came.items))
                .collect(),
            unknown: unknown(plan, outcome),
            exemptions: plan
                .exemptions
                .iter()
                .map(|exemption| (exemption.name.clone(), exemption.expires_at))
                .collect(),
            evaluations: counts.total(),
            complete: counts.unread().is_none(),
            compliance_ratio: counts.compliance_ratio(),
            finished_at: Some(finished_at),
        }
    }
}

fn controls<'p>(
    plan: &'p Plan,
    target: &'p Target,
    outcome: &'p TargetOutcome,
) -> impl Iterator<Item = ControlFigure> {
    plan.controls.iter().zip(&outcome.controls).map(|(planned, control)| ControlFigure {
        account: target.account.clone(),
        region: target.region.clone(),
        control: planned.control.name.clone(),
        severity: planned.severity,
        counts: control.counts,
    })
}

fn unknown(plan: &Plan, outcome: &PlanOutcome) -> BTreeMap<(AccountId, UnknownReason), u64> {
    let mut unknown = BTreeMap::new();
    for (target, came) in plan.targets.iter().zip(&outcome.targets) {
        let counts = came.counts();
        for reason in UnknownReason::ALL {
            *unknown.entry((target.account.clone(), reason)).or_default() +=
                counts.unknown_for(reason);
        }
    }
    unknown
}

/// Seconds since the Unix epoch.
#[allow(clippy::cast_precision_loss)] // the range of `Timestamp` is well within 2^53 seconds
pub(super) fn seconds_of(at: Timestamp) -> f64 {
    at.seconds as f64 + f64::from(at.nanoseconds) / 1e9
}
