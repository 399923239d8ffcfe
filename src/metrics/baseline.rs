//! What is measured of each baseline, as series that go with it.
//!
//! A collector of its own rather than the crate's vectors: those tell series apart by a hash of
//! the joined label values, so that namespace `a` with baseline `bc` would share its series with
//! `ab` and `c`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::condition::ConditionStatus;
use super::described::Registered;
use super::duration::DurationBuckets;
use super::families::FAMILIES;
use super::figures::Figures;
use crate::plan::BaselineKey;
use crate::resource::{AccountId, Severity};

/// What is measured of each baseline. Clones share it.
#[derive(Clone)]
pub struct BaselineMetrics(Arc<Shared>);

struct Shared {
    descriptions: Vec<Desc>,
    measured: Mutex<BTreeMap<BaselineKey, Measured>>,
}

/// Of which part of a baseline: an account, or nothing where one evaluation does all of it.
type Part = Option<AccountId>;

/// One baseline's last evaluation, and what was counted since the process started.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) last: BTreeMap<Part, Figures>,
    /// From the last evaluation that read its targets whole.
    pub(super) compliance_ratio: Option<f64>,
    pub(super) durations: DurationBuckets,
    pub(super) evaluations: u64,
    pub(super) opened: BySeverity,
    pub(super) resolved: BySeverity,
    pub(super) findings_open: BTreeMap<Part, u64>,
    /// By type; empty where another process knows them.
    pub(super) conditions: BTreeMap<String, ConditionStatus>,
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

impl BaselineMetrics {
    pub(super) fn new(registry: &Registered) -> prometheus::Result<Self> {
        let descriptions = FAMILIES.iter().map(super::family::Family::description);
        let shared = Shared {
            descriptions: descriptions.collect::<Result<_, _>>()?,
            measured: Mutex::default(),
        };
        let metrics = Self(Arc::new(shared));
        super::register(registry, &metrics)?;
        Ok(metrics)
    }

    /// An evaluation of all of `baseline` ended after `took`.
    pub fn evaluated(&self, baseline: &BaselineKey, figures: Figures, took: Duration) {
        if figures.complete {
            self.compliance(baseline, figures.compliance_ratio);
        }
        self.note(baseline, None, figures, took);
    }

    /// An evaluation of one account's part of `baseline` ended after `took`. What all parts come
    /// to is for [`compliance`](Self::compliance).
    pub fn account_evaluated(
        &self,
        baseline: &BaselineKey,
        account: &AccountId,
        figures: Figures,
        took: Duration,
    ) {
        self.note(baseline, Some(account.clone()), figures, took);
    }

    fn note(&self, baseline: &BaselineKey, part: Part, figures: Figures, took: Duration) {
        let mut all = self.measured();
        let measured = all.entry(baseline.clone()).or_default();
        measured.durations.observe(took);
        measured.evaluations += figures.evaluations;
        measured.last.insert(part, figures);
    }

    /// The compliant share of all of `baseline`; nothing where that is not known.
    pub fn compliance(&self, baseline: &BaselineKey, ratio: Option<f64>) {
        let mut all = self.measured();
        if ratio.is_some() || all.contains_key(baseline) {
            all.entry(baseline.clone()).or_default().compliance_ratio = ratio;
        }
    }

    /// A drift of `baseline` was found that was not known.
    pub fn drift_opened(&self, baseline: &BaselineKey, severity: Severity) {
        self.measured().entry(baseline.clone()).or_default().opened.increment(severity);
    }

    /// A drift of `baseline` is resolved.
    pub fn drift_resolved(&self, baseline: &BaselineKey, severity: Severity) {
        self.measured().entry(baseline.clone()).or_default().resolved.increment(severity);
    }

    /// So many findings of `baseline` are published and open.
    pub fn findings_open(&self, baseline: &BaselineKey, findings: u64) {
        let mut all = self.measured();
        all.entry(baseline.clone()).or_default().findings_open.insert(None, findings);
    }

    /// So many findings of `baseline` are published in one account, and open.
    pub fn account_findings_open(
        &self,
        baseline: &BaselineKey,
        account: &AccountId,
        findings: u64,
    ) {
        let mut all = self.measured();
        let open = &mut all.entry(baseline.clone()).or_default().findings_open;
        open.insert(Some(account.clone()), findings);
    }

    /// The conditions of `baseline` are these, by type; none where another process knows them.
    pub fn conditions(
        &self,
        baseline: &BaselineKey,
        conditions: impl IntoIterator<Item = (String, ConditionStatus)>,
    ) {
        let conditions: BTreeMap<_, _> = conditions.into_iter().collect();
        let mut all = self.measured();
        if !conditions.is_empty() || all.contains_key(baseline) {
            all.entry(baseline.clone()).or_default().conditions = conditions;
        }
    }

    /// Forgets an account's part of every baseline but those that `concerns` knows: another
    /// process measures it from now on, or nobody.
    pub fn retain_of_account(&self, account: &AccountId, concerns: impl Fn(&BaselineKey) -> bool) {
        let part = Some(account.clone());
        for (baseline, measured) in self.measured().iter_mut() {
            if !concerns(baseline) {
                measured.last.remove(&part);
                measured.findings_open.remove(&part);
            }
        }
    }

    /// Forgets every baseline but those that `exists` knows.
    pub fn retain(&self, exists: impl Fn(&BaselineKey) -> bool) {
        self.measured().retain(|baseline, _| exists(baseline));
    }

    fn measured(&self) -> MutexGuard<'_, BTreeMap<BaselineKey, Measured>> {
        self.0.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for BaselineMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.0.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let all = self.measured();
        let owners = || {
            all.iter()
                .map(|(key, measured)| ([key.namespace.as_str(), key.name.as_str()], measured))
        };
        FAMILIES.iter().map(|family| family.collect(owners())).collect()
    }
}
