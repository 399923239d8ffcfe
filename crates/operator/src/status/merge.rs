//! What the accounts of a baseline contributed, put together and bounded.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use api::{
    BaselineReportStatus, Domain, DomainSummary, DriftEntry, EvaluationRecord, OwnerEntry,
    StatedReason, Summary, TargetState, TargetStatus, UnknownEntry,
};
use engine::plan::Target;
use model::{AccountId, ControlName};

/// The most controls with drift, or with unknown verdicts, that are listed; the former with so many
/// examples each.
const MAX_DRIFT: usize = 50;
const MAX_EXAMPLES: usize = 3;
/// and so many owners.
const MAX_OWNERS: usize = 5;
/// The most targets that are listed.
const MAX_TARGETS: usize = 100;

/// What the accounts contributed.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) evaluation: Option<EvaluationRecord>,
    pub(super) summary: Summary,
    pub(super) drift: Vec<DriftEntry>,
    pub(super) drift_left_out: Option<u64>,
    pub(super) unknown: Vec<UnknownEntry>,
    pub(super) unknown_left_out: Option<u64>,
    /// Every target, worst first.
    pub(super) targets: Vec<TargetStatus>,
}

impl Merged {
    /// Puts together what the accounts of these targets contributed.
    pub(super) fn of(
        targets: &[Target],
        reports: &BTreeMap<&AccountId, &BaselineReportStatus>,
    ) -> Self {
        let mut merged = Self::default();
        for report in reports.values() {
            merged.evaluation = together(merged.evaluation.take(), report.last_evaluation.as_ref());
            if let Some(summary) = &report.summary {
                add(&mut merged.summary, summary);
            }
        }
        (merged.drift, merged.drift_left_out) = drift(reports);
        (merged.unknown, merged.unknown_left_out) = unknown(reports);
        merged.targets = targets.iter().map(|target| target_status(target, reports)).collect();
        merged.targets.sort_by_key(|it| {
            let (account, region) = (it.account.clone(), it.region.clone());
            (
                it.state == TargetState::Complete,
                Reverse((it.non_compliant, it.unknown)),
                account,
                region,
            )
        });
        merged
    }

    /// The targets that there is place for.
    pub(super) fn worst_targets(&self) -> Vec<TargetStatus> {
        self.targets.iter().take(MAX_TARGETS).cloned().collect()
    }

    /// The compliant share of what the controls concern, where everything was read.
    #[allow(clippy::cast_precision_loss)] // counts stay below 2^53
    pub(super) fn compliance_ratio(&self) -> Option<f64> {
        let Summary { compliant, non_compliant, exempt, unknown, .. } = &self.summary;
        let concerned = compliant + non_compliant + exempt + unknown;
        let is_whole = self.targets.iter().all(|target| target.state == TargetState::Complete);
        (is_whole && concerned > 0).then(|| *compliant as f64 / concerned as f64)
    }
}

/// From the first beginning to the last end.
fn together(
    one: Option<EvaluationRecord>,
    other: Option<&EvaluationRecord>,
) -> Option<EvaluationRecord> {
    let (Some(one), Some(other)) = (&one, other) else { return one.or_else(|| other.cloned()) };
    Some(EvaluationRecord {
        started_at: one.started_at.clone().min(other.started_at.clone()),
        finished_at: one.finished_at.clone().max(other.finished_at.clone()),
        items: one.items + other.items,
        evaluations: one.evaluations + other.evaluations,
    })
}

fn add(sum: &mut Summary, more: &Summary) {
    let Summary { compliant, non_compliant, not_applicable, exempt, unknown, .. } = more;
    sum.compliant += compliant;
    sum.non_compliant += non_compliant;
    sum.not_applicable += not_applicable;
    sum.exempt += exempt;
    sum.unknown += unknown;
    sum.by_severity.critical += more.by_severity.critical;
    sum.by_severity.high += more.by_severity.high;
    sum.by_severity.medium += more.by_severity.medium;
    sum.by_severity.low += more.by_severity.low;
    sum.by_severity.informational += more.by_severity.informational;
    let both = sum.by_domain.iter().chain(&more.by_domain);
    let mut domains: BTreeMap<Domain, u64> = BTreeMap::new();
    for DomainSummary { domain, non_compliant } in both {
        *domains.entry(*domain).or_default() += non_compliant;
    }
    let domains = domains.into_iter();
    sum.by_domain =
        domains.map(|(domain, non_compliant)| DomainSummary { domain, non_compliant }).collect();
}

/// The drift of each control over all accounts: the worst, and how many were left out.
fn drift(reports: &BTreeMap<&AccountId, &BaselineReportStatus>) -> (Vec<DriftEntry>, Option<u64>) {
    let mut controls: BTreeMap<&ControlName, DriftEntry> = BTreeMap::new();
    for entry in reports.values().flat_map(|report| &report.drift) {
        match controls.get_mut(&entry.control) {
            Some(known) => join(known, entry),
            None => drop(controls.insert(&entry.control, entry.clone())),
        }
    }
    let mut drift: Vec<DriftEntry> = controls.into_values().collect();
    drift.sort_by_key(|entry| Reverse((entry.severity, entry.resources)));
    // What several accounts left out may be the same controls.
    let before = reports.values().filter_map(|report| report.drift_left_out).max();
    let left_out = drift.len().saturating_sub(MAX_DRIFT) as u64 + before.unwrap_or_default();
    drift.truncate(MAX_DRIFT);
    for entry in &mut drift {
        entry.owners.truncate(MAX_OWNERS);
    }
    (drift, (left_out > 0).then_some(left_out))
}

fn join(known: &mut DriftEntry, more: &DriftEntry) {
    known.resources += more.resources;
    known.since = known.since.clone().min(more.since.clone());
    if more.examples.first() < known.examples.first() {
        known.message.clone_from(&more.message); // it speaks of the first example
    }
    known.examples.extend(more.examples.iter().cloned());
    known.examples.sort();
    known.examples.dedup();
    known.examples.truncate(MAX_EXAMPLES);
    join_owners(&mut known.owners, &more.owners);
}

/// The owners of most drift, as far as the accounts named them.
fn join_owners(known: &mut Vec<OwnerEntry>, more: &[OwnerEntry]) {
    let mut owners: BTreeMap<String, u64> = BTreeMap::new();
    for entry in known.drain(..).chain(more.iter().cloned()) {
        *owners.entry(entry.owner).or_default() += entry.resources;
    }
    known.extend(owners.into_iter().map(|(owner, resources)| OwnerEntry { owner, resources }));
    known.sort_by_key(|entry| Reverse(entry.resources)); // stable, and they come by name
}

/// The unknown verdicts of each control and reason over all accounts: the worst, and how many were
/// left out.
fn unknown(
    reports: &BTreeMap<&AccountId, &BaselineReportStatus>,
) -> (Vec<UnknownEntry>, Option<u64>) {
    let mut entries: BTreeMap<(&ControlName, &StatedReason), UnknownEntry> = BTreeMap::new();
    for entry in reports.values().flat_map(|report| &report.unknown) {
        match entries.get_mut(&(&entry.control, &entry.reason)) {
            Some(known) => {
                known.verdicts += entry.verdicts;
                if entry.example < known.example {
                    known.example.clone_from(&entry.example);
                    known.message.clone_from(&entry.message);
                }
            }
            None => drop(entries.insert((&entry.control, &entry.reason), entry.clone())),
        }
    }
    let mut entries: Vec<UnknownEntry> = entries.into_values().collect();
    entries.sort_by_key(|entry| Reverse((entry.severity, entry.verdicts)));
    let before = reports.values().filter_map(|report| report.unknown_left_out).max();
    let left_out = entries.len().saturating_sub(MAX_DRIFT) as u64 + before.unwrap_or_default();
    entries.truncate(MAX_DRIFT);
    (entries, (left_out > 0).then_some(left_out))
}

fn target_status(
    target: &Target,
    reports: &BTreeMap<&AccountId, &BaselineReportStatus>,
) -> TargetStatus {
    let reported = reports.get(&target.account).into_iter().flat_map(|report| &report.targets);
    let mut reported =
        reported.filter(|it| it.account == target.account && it.region == target.region);
    reported.next().cloned().unwrap_or_else(|| TargetStatus {
        account: target.account.clone(),
        region: target.region.clone(),
        state: TargetState::Pending,
        message: Some("not evaluated yet".to_owned()),
        last_success: None,
        compliant: 0,
        non_compliant: 0,
        unknown: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_of;
    use engine::drift::fixture::{at, plan};
    use model::Severity;

    fn entry(control: &str, severity: Severity, example: &str, since: i64) -> DriftEntry {
        DriftEntry {
            control: control.parse().unwrap(),
            severity,
            resources: 2,
            examples: vec![example.to_owned()],
            message: format!("{example} is wrong"),
            remediation: "make it right".to_owned(),
            since: time_of(at(since)),
            owners: [("payments", 1), ("search", 1)].map(|it| owner(it.0, it.1)).into(),
        }
    }

    fn owner(owner: &str, resources: u64) -> OwnerEntry {
        OwnerEntry { owner: owner.to_owned(), resources }
    }

    fn merged(reports: &[BaselineReportStatus]) -> Merged {
        let accounts: Vec<AccountId> =
            (0..reports.len()).map(|number| format!("{number:012}").parse().unwrap()).collect();
        Merged::of(&plan(&[]).targets, &accounts.iter().zip(reports).collect())
    }

    #[test]
    fn the_same_control_in_two_accounts_is_one_entry() {
        let one = BaselineReportStatus {
            drift: vec![entry("a", Severity::Low, "x", 5)],
            ..BaselineReportStatus::default()
        };
        let other = BaselineReportStatus {
            drift: vec![entry("a", Severity::Low, "w", 3), entry("b", Severity::High, "y", 1)],
            ..BaselineReportStatus::default()
        };
        let drift = merged(&[one, other]).drift;
        assert_eq!(drift.len(), 2);
        assert_eq!(drift[0].control.as_str(), "b", "the worst comes first");
        assert_eq!(drift[1].resources, 4);
        assert_eq!(drift[1].examples, ["w", "x"]);
        assert_eq!(drift[1].message, "w is wrong", "the message is that of the first example");
        assert_eq!(drift[1].since, time_of(at(3)));
        assert_eq!(drift[1].owners, [owner("payments", 2), owner("search", 2)]);
    }

    #[test]
    fn the_owners_of_most_drift_are_named_whichever_account_names_them_first() {
        let report = |owners: &[(&str, u64)]| BaselineReportStatus {
            drift: vec![DriftEntry {
                owners: owners.iter().map(|it| owner(it.0, it.1)).collect(),
                ..entry("a", Severity::Low, "x", 0)
            }],
            ..BaselineReportStatus::default()
        };
        let reports = [
            report(&[("a", 5), ("b", 4), ("c", 3), ("d", 2), ("e", 1)]),
            report(&[("f", 9), ("e", 7), ("g", 1)]),
        ];
        let owners = |reports: &[BaselineReportStatus]| merged(reports).drift[0].owners.clone();
        let expected = [("f", 9), ("e", 8), ("a", 5), ("b", 4), ("c", 3)];
        assert_eq!(owners(&reports), expected.map(|it| owner(it.0, it.1)));
        let [one, other] = reports;
        assert_eq!(owners(&[other, one]), expected.map(|it| owner(it.0, it.1)));
    }

    #[test]
    fn what_there_is_no_place_for_is_counted() {
        let controls = (0..60).map(|number| entry(&format!("c-{number}"), Severity::Low, "x", 0));
        let report =
            BaselineReportStatus { drift: controls.collect(), ..BaselineReportStatus::default() };
        let merged = merged(&[report]);
        assert_eq!(merged.drift.len(), MAX_DRIFT);
        assert_eq!(merged.drift_left_out, Some(10));
    }

    #[test]
    fn a_target_without_a_report_is_pending_and_there_is_no_ratio() {
        let report = BaselineReportStatus {
            summary: Some(Summary { compliant: 3, ..Summary::default() }),
            ..BaselineReportStatus::default()
        };
        let merged = merged(&[report]);
        assert_eq!(merged.targets[0].state, TargetState::Pending);
        assert_eq!(merged.compliance_ratio(), None);
    }
}
