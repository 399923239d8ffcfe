//! What the parts of a baseline come to together.

use std::cmp::Reverse;
use std::sync::Arc;

use super::baseline::Measured;
use super::figures::{ControlFigure, DriftFigure, Figures, TargetFigure};
use engine::catalog::CompiledControl;
use engine::evaluation::Counts;
use model::{AccountId, ControlName, Region, Severity};

/// The verdicts of one control over all parts.
pub(super) struct ControlSum<'f> {
    pub(super) control: &'f Arc<CompiledControl>,
    pub(super) severity: Severity,
    pub(super) non_compliant: u64,
    pub(super) unknown: u64,
    pub(super) exempt: Option<u64>,
}

/// Each control's verdicts over all parts, by name and severity.
pub(super) fn by_control(measured: &Measured) -> Vec<ControlSum<'_>> {
    let mut sums: Vec<ControlSum<'_>> = Vec::new();
    for figures in measured.last.values() {
        // Both are in order, so that one walk beside the other finds every place.
        let mut at = 0;
        for figure in &figures.controls {
            at += sums.iter().skip(at).take_while(|sum| sum.key() < key(figure)).count();
            match sums.get_mut(at).filter(|sum| sum.key() == key(figure)) {
                Some(sum) => sum.add(figure),
                None => sums.insert(at, ControlSum::of(figure)),
            }
        }
    }
    sums
}

/// All verdicts over all parts; nothing before the first evaluation.
pub(super) fn verdicts(measured: &Measured) -> Option<Counts> {
    let parts = measured.last.values().map(|figures| &figures.verdicts);
    parts.fold(None, |sum, counts| {
        let mut sum = sum.unwrap_or_default();
        sum += counts;
        Some(sum)
    })
}

/// The drift that is shown.
#[derive(Default)]
pub(super) struct WorstDrift {
    pub(super) shown: Vec<ShownDrift>,
    /// How many resources drift besides.
    pub(super) left_out: u64,
}

/// The drift of one control in one target.
pub(super) struct ShownDrift {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) drift: DriftFigure,
}

/// The worst drift, at most `limit` entries: the most severe first, then that of most resources,
/// then the oldest.
pub(super) fn worst_drift(measured: &Measured, limit: usize) -> WorstDrift {
    let mut drift: Vec<Drift<'_>> = measured.last.values().flat_map(Figures::drift).collect();
    if drift.len() > limit && limit > 0 {
        drift.select_nth_unstable_by(limit - 1, |left, right| rank(left).cmp(&rank(right)));
    }
    let left_out = drift.split_off(limit.min(drift.len()));
    let shown = drift.into_iter().map(|(target, drift)| ShownDrift {
        account: target.account.clone(),
        region: target.region.clone(),
        drift: drift.clone(),
    });
    let left_out = left_out.iter().map(|(_, drift)| drift.resources).sum();
    WorstDrift { shown: shown.collect(), left_out }
}

/// A control that drifts, and where.
type Drift<'f> = (&'f TargetFigure, &'f DriftFigure);

fn rank<'f>((target, drift): &Drift<'f>) -> impl Ord + use<'f> {
    let worst = Reverse((drift.severity, drift.resources));
    (worst, drift.since, &target.account, &target.region, &drift.control.name, &drift.owner)
}

type DriftKey<'f> = (&'f ControlName, Severity);

fn key(figure: &ControlFigure) -> DriftKey<'_> {
    (&figure.control.name, figure.severity)
}

impl<'f> ControlSum<'f> {
    fn of(figure: &'f ControlFigure) -> Self {
        let ControlFigure { control, severity, non_compliant, unknown, exempt } = figure;
        Self {
            control,
            severity: *severity,
            non_compliant: *non_compliant,
            unknown: *unknown,
            exempt: *exempt,
        }
    }

    fn key(&self) -> DriftKey<'f> {
        (&self.control.name, self.severity)
    }

    fn add(&mut self, figure: &ControlFigure) {
        self.non_compliant += figure.non_compliant;
        self.unknown += figure.unknown;
        if let Some(exempt) = figure.exempt {
            *self.exempt.get_or_insert(0) += exempt;
        }
    }
}
