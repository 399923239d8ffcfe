//! What is measured of each baseline, as series that go with it.
//!
//! How many series that is follows from what users declare: sums by control and by target, never
//! their product. The one product, drift by control and target, is limited.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::declared::Declared;
use super::described::Description;
use super::duration::DurationBuckets;
use super::exposition::{Exposed, Family};
use super::families::FAMILIES;
use super::figures::Figures;
use super::owners::{OWNERS, OwnerSums, owner_sums};
use super::sums::{WorstDrift, worst_drift};
use api::{ConditionStatus, ConditionType};
use engine::plan::{BaselineKey, Plan};
use model::{AccountId, Severity};

/// So many series show the drift of a control in a target, for each baseline.
pub const DRIFT_SERIES: usize = 1000;

/// What is measured of each baseline. Clones share it.
#[derive(Clone)]
pub struct BaselineMetrics(Arc<Mutex<Baselines>>);

/// All that is measured of baselines.
pub(super) struct Baselines {
    pub(super) measured: BTreeMap<BaselineKey, Measured>,
    /// The most series of drift by control and target, for each baseline.
    drift_series: usize,
    /// The most owners with series of their own, for each baseline.
    owners: usize,
    /// The part of them that is this process's, as numerator and denominator.
    share: (usize, usize),
}

/// Of which part of a baseline: an account, or nothing where one evaluation does all of it.
type AccountPart = Option<AccountId>;

/// One baseline's last evaluation, and what was counted since the process started.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) last: BTreeMap<AccountPart, Figures>,
    /// What is shown of the drift; chosen again for each scrape.
    pub(super) worst: WorstDrift,
    /// Whose the drift is; added up again for each scrape.
    pub(super) owners: OwnerSums,
    /// What the baseline asks for; nothing where another process answers for it.
    pub(super) declared: Option<Declared>,
    /// Of the last evaluation; nothing where that was not of the whole.
    pub(super) compliance_ratio: Option<f64>,
    pub(super) durations: DurationBuckets,
    pub(super) evaluations: u64,
    pub(super) opened: BySeverity,
    pub(super) resolved: BySeverity,
    pub(super) findings_open: BTreeMap<AccountPart, u64>,
    /// By type; empty where another process knows them.
    pub(super) conditions: BTreeMap<ConditionType, ConditionStatus>,
}

/// A count for each severity.
#[derive(Debug, Default, Clone)]
pub(super) struct BySeverity([u64; Severity::ALL.len()]);

impl BySeverity {
    fn increment(&mut self, severity: Severity) {
        for (count, of) in self.0.iter_mut().zip(Severity::ALL) {
            *count += u64::from(of == severity);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Severity, u64)> {
        Severity::ALL.into_iter().zip(self.0)
    }
}

impl Baselines {
    /// The most series of drift by control and target that this process shows of a baseline.
    const fn drift_limit(&self) -> usize {
        let (ours, all) = self.share;
        match self.drift_series.saturating_mul(ours).checked_div(all) {
            Some(limit) => limit,
            None => self.drift_series,
        }
    }
}

impl BaselineMetrics {
    pub(super) fn new() -> Self {
        let baselines = Baselines {
            measured: BTreeMap::new(),
            drift_series: DRIFT_SERIES,
            owners: OWNERS,
            share: (1, 1),
        };
        Self(Arc::new(Mutex::new(baselines)))
    }

    /// Shows at most so many series of drift by control and target, over all processes.
    pub fn limit_drift(&self, series: usize) {
        self.locked().drift_series = series;
    }

    /// Shows at most so many owners of each baseline apart from the others.
    pub fn limit_owners(&self, owners: usize) {
        self.locked().owners = owners;
    }

    /// This process has so many of all shards: its part of the series of drift is as large.
    pub fn share(&self, ours: usize, all: usize) {
        self.locked().share = (ours, all);
    }

    /// An evaluation of all of `baseline` ended after `took`.
    pub fn evaluated(&self, baseline: &BaselineKey, figures: Figures, took: Duration) {
        self.compliance(baseline, figures.compliance_ratio);
        self.note(baseline, None, figures, took);
    }

    /// An evaluation of one account's part of `baseline` ended after `took`. What all parts come to
    /// is for [`compliance`](Self::compliance).
    pub fn account_evaluated(
        &self,
        baseline: &BaselineKey,
        account: &AccountId,
        figures: Figures,
        took: Duration,
    ) {
        self.note(baseline, Some(account.clone()), figures, took);
    }

    fn note(&self, baseline: &BaselineKey, part: AccountPart, figures: Figures, took: Duration) {
        self.of(baseline, |measured| {
            measured.durations.observe(took);
            measured.evaluations += figures.verdicts.total();
            measured.last.insert(part, figures);
        });
    }

    /// The compliant share of all of `baseline`; nothing where that is not known.
    pub fn compliance(&self, baseline: &BaselineKey, ratio: Option<f64>) {
        self.of(baseline, |measured| measured.compliance_ratio = ratio);
    }

    /// A drift of `baseline` was found that was not known.
    pub fn drift_opened(&self, baseline: &BaselineKey, severity: Severity) {
        self.of(baseline, |measured| measured.opened.increment(severity));
    }

    /// A drift of `baseline` is resolved.
    pub fn drift_resolved(&self, baseline: &BaselineKey, severity: Severity) {
        self.of(baseline, |measured| measured.resolved.increment(severity));
    }

    /// So many findings of `baseline` are published and open.
    pub fn findings_open(&self, baseline: &BaselineKey, findings: u64) {
        self.of(baseline, |measured| measured.findings_open.insert(None, findings));
    }

    /// So many findings of `baseline` are published in one account, and open.
    pub fn account_findings_open(
        &self,
        baseline: &BaselineKey,
        account: &AccountId,
        findings: u64,
    ) {
        let part = Some(account.clone());
        self.of(baseline, |measured| measured.findings_open.insert(part, findings));
    }

    /// A baseline asks for this. One process shows it: the one that writes the baseline's status.
    pub fn declared(&self, plan: &Plan) {
        self.of(&plan.baseline, |measured| measured.declared = Some(Declared::of(plan)));
    }

    /// The conditions of `baseline` are these, by type.
    pub fn conditions(
        &self,
        baseline: &BaselineKey,
        conditions: impl IntoIterator<Item = (ConditionType, ConditionStatus)>,
    ) {
        let conditions = conditions.into_iter().collect();
        self.of(baseline, |measured| measured.conditions = conditions);
    }

    /// Nothing of `baseline` is evaluated any more: what it came to before is not shown as if it were.
    pub fn suspended(&self, baseline: &BaselineKey) {
        if let Some(measured) = self.locked().measured.get_mut(baseline) {
            measured.last.clear();
            measured.compliance_ratio = None;
        }
    }

    /// Another process answers for `baseline` itself from now on.
    pub fn let_go(&self, baseline: &BaselineKey) {
        if let Some(measured) = self.locked().measured.get_mut(baseline) {
            measured.declared = None;
            measured.compliance_ratio = None;
            measured.conditions.clear();
        }
    }

    /// Forgets an account's part of every baseline but those that `concerns` knows: another
    /// process measures it from now on, or nobody.
    pub fn retain_of_account(&self, account: &AccountId, concerns: impl Fn(&BaselineKey) -> bool) {
        let part = Some(account.clone());
        for (baseline, measured) in &mut self.locked().measured {
            if !concerns(baseline) {
                measured.last.remove(&part);
                measured.findings_open.remove(&part);
            }
        }
    }

    /// Forgets every baseline but those that `exists` knows.
    pub fn retain(&self, exists: impl Fn(&BaselineKey) -> bool) {
        self.locked().measured.retain(|baseline, _| exists(baseline));
    }

    fn of<T>(&self, baseline: &BaselineKey, note: impl FnOnce(&mut Measured) -> T) {
        note(self.locked().measured.entry(baseline.clone()).or_default());
    }

    fn locked(&self) -> MutexGuard<'_, Baselines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exposed for BaselineMetrics {
    fn descriptions(&self) -> Vec<Description> {
        FAMILIES.iter().map(Family::description).collect()
    }

    fn write(&self, text: &mut String) {
        let mut baselines = self.locked();
        let (limit, owners) = (baselines.drift_limit(), baselines.owners);
        for measured in baselines.measured.values_mut() {
            measured.worst = worst_drift(measured, limit);
            measured.owners = owner_sums(measured, owners);
        }
        for family in FAMILIES {
            family.write(&baselines, text);
        }
    }
}
