//! What one evaluation measured of one baseline: plain data, ready to be shown.

use std::collections::BTreeMap;

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
    /// How many comply.
    pub compliant: u64,
    /// How many drift, exempt ones aside.
    pub non_compliant: u64,
    /// How many drift and are exempt.
    pub exempt: u64,
    /// Of how many nothing can be said.
    pub unknown: u64,
}

impl Figures {
    /// Compliant verdicts over all but the not-applicable ones; nothing where there is none.
    #[allow(clippy::cast_precision_loss)] // a ratio of counts above 2^53 may lose its last digits
    pub(super) fn compliance_ratio(&self) -> Option<f64> {
        let compliant: u64 = self.controls.iter().map(|control| control.compliant).sum();
        let others = self.controls.iter().map(|c| c.non_compliant + c.exempt + c.unknown);
        let all = compliant + others.sum::<u64>();
        (all > 0).then(|| compliant as f64 / all as f64)
    }
}

/// Seconds since the Unix epoch.
#[allow(clippy::cast_precision_loss)] // the range of `Timestamp` is well within 2^53 seconds
pub(super) fn seconds_of(at: Timestamp) -> f64 {
    at.seconds as f64 + f64::from(at.nanoseconds) / 1e9
}
