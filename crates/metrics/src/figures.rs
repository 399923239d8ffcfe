//! What one evaluation measured of one baseline: plain data, ready to be added up and shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::Timestamp;
use engine::catalog::CompiledControl;
use engine::drift::{Drifting, Summary};
use engine::evaluation::{Counts, PlanOutcome, TargetOutcome};
use engine::plan::{Plan, PlannedControl, Target};
use model::{AccountId, Owner, Region, Severity};

/// What one evaluation measured of one baseline.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Each planned control, by name.
    pub(super) controls: Vec<ControlFigure>,
    /// Each target.
    pub(super) targets: Vec<TargetFigure>,
    /// Each control that drifts, by target.
    drift: Vec<DriftFigure>,
    /// Resources with a verdict of at least one control, by account.
    pub(super) evaluated: BTreeMap<AccountId, AccountFigure>,
    /// All verdicts.
    pub(super) verdicts: Counts,
    /// Compliant verdicts over all but the not-applicable ones; nothing where there is none, or
    /// where not everything was read: the share could rise because drift was not read.
    pub(super) compliance_ratio: Option<f64>,
}

/// The verdicts of one control over the targets.
#[derive(Debug, Clone)]
pub(super) struct ControlFigure {
    pub(super) control: Arc<CompiledControl>,
    /// The severity that the baseline gives it.
    pub(super) severity: Severity,
    pub(super) non_compliant: u64,
    pub(super) unknown: u64,
    /// Nothing where no exemption names the control.
    pub(super) exempt: Option<u64>,
}

/// What was evaluated of one account.
#[derive(Debug, Clone)]
pub(super) struct AccountFigure {
    /// Whom drift in it belongs to, where no tag says.
    pub(super) owner: Owner,
    pub(super) resources: u64,
}

/// The verdicts of one target over the controls.
#[derive(Debug, Clone)]
pub(super) struct TargetFigure {
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// Whom drift in it belongs to, where no tag says.
    pub(super) owner: Owner,
    /// Drift by severity: zero for a severity that a planned control has.
    pub(super) drift: BTreeMap<Severity, u64>,
    pub(super) unknown: u64,
    pub(super) exempt: u64,
}

/// The drift from one control in one target that belongs to somebody.
#[derive(Debug, Clone)]
pub(super) struct DriftFigure {
    /// Which of the figures' targets.
    target: usize,
    pub(super) control: Arc<CompiledControl>,
    pub(super) severity: Severity,
    pub(super) owner: Owner,
    pub(super) resources: u64,
    /// Since when the oldest of them drifts.
    pub(super) since: Timestamp,
}

impl Figures {
    /// What an evaluation of a plan came to.
    pub fn of(plan: &Plan, outcome: &PlanOutcome, summary: &Summary) -> Self {
        let targets = || plan.targets.iter().zip(&outcome.targets);
        let verdicts = outcome.counts();
        let mut evaluated = BTreeMap::new();
        for (target, came) in targets() {
            let owner = target.owner.clone();
            let new = AccountFigure { owner, resources: 0 };
            evaluated.entry(target.account.clone()).or_insert(new).resources += came.items;
        }
        let controls = plan.controls.iter().enumerate();
        Self {
            controls: controls.map(|(at, planned)| control(plan, planned, outcome, at)).collect(),
            targets: targets().map(|(target, came)| of_target(plan, target, came)).collect(),
            drift: summary.drifting.iter().filter_map(|drifting| drift(plan, drifting)).collect(),
            evaluated,
            compliance_ratio: verdicts.compliance_ratio().filter(|_| verdicts.unread().is_none()),
            verdicts,
        }
    }

    /// Each control that drifts, and where.
    pub(super) fn drift(&self) -> impl Iterator<Item = (&TargetFigure, &DriftFigure)> {
        self.drift.iter().filter_map(|drift| Some((self.targets.get(drift.target)?, drift)))
    }
}

fn control(
    plan: &Plan,
    planned: &PlannedControl,
    outcome: &PlanOutcome,
    at: usize,
) -> ControlFigure {
    let mut counts = Counts::default();
    for target in &outcome.targets {
        target.controls.get(at).into_iter().for_each(|control| counts += &control.counts);
    }
    let names = |controls: &[_]| controls.contains(&planned.control.name);
    let is_named = plan.exemptions.iter().any(|exemption| names(&exemption.controls));
    ControlFigure {
        control: Arc::clone(&planned.control),
        severity: planned.severity,
        non_compliant: counts.non_compliant,
        unknown: counts.unknown(),
        exempt: is_named.then_some(counts.exempt),
    }
}

fn of_target(plan: &Plan, target: &Target, outcome: &TargetOutcome) -> TargetFigure {
    let mut drift: BTreeMap<Severity, u64> = BTreeMap::new();
    for (planned, control) in plan.controls.iter().zip(&outcome.controls) {
        *drift.entry(planned.severity).or_default() += control.counts.non_compliant;
    }
    let counts = outcome.counts();
    TargetFigure {
        account: target.account.clone(),
        region: target.region.clone(),
        owner: target.owner.clone(),
        drift,
        unknown: counts.unknown(),
        exempt: counts.exempt,
    }
}

fn drift(plan: &Plan, drifting: &Drifting) -> Option<DriftFigure> {
    let planned = plan.controls.get(drifting.control)?;
    Some(DriftFigure {
        target: drifting.target,
        control: Arc::clone(&planned.control),
        severity: planned.severity,
        owner: drifting.owner.clone(),
        resources: drifting.resources,
        since: drifting.since,
    })
}

/// Seconds since the Unix epoch.
#[allow(clippy::cast_precision_loss)] // the range of `Timestamp` is well within 2^53 seconds
pub(super) fn seconds_of(at: Timestamp) -> f64 {
    at.seconds as f64 + f64::from(at.nanoseconds) / 1e9
}
