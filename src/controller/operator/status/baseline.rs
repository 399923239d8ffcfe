//! The status of a baseline: what its accounts contributed, and what that means.
//!
//! Pure: the same plan, reports and time give the same status. Nothing is called compliant while
//! an account has not evaluated what the spec asks for now.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Said, few};
use super::merge::{COMPLETE, Merged};
use crate::api::{
    BaselineReport, BaselineReportStatus, Condition, PublicationRecord, SecurityBaselineStatus,
    TargetStatus,
};
use crate::controller::operator::account::{TIMES_MOVE, same_target};
use crate::controller::operator::time::{since, time_of};
use crate::plan::{NotEvaluated, Plan, ProblemKind};
use crate::resource::{AccountId, Timestamp};

/// So many problems are told in one message.
const TOLD: usize = 5;

/// The status of a baseline, and the compliant share where all was read.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: SecurityBaselineStatus,
    pub(super) compliance_ratio: Option<f64>,
    /// Whether every target was read whole, so that the share is that of the whole.
    pub(super) is_whole: bool,
}

/// What follows of a plan and of the reports of its baseline. `before` is the status that stands.
pub(super) fn of(
    plan: &Plan,
    reports: &[&BaselineReport],
    before: Option<&SecurityBaselineStatus>,
    now: Timestamp,
) -> Told {
    let accounts: BTreeSet<&AccountId> = plan.targets.iter().map(|it| &it.account).collect();
    let reports: BTreeMap<&AccountId, &BaselineReportStatus> = reports
        .iter()
        .filter(|report| accounts.contains(&report.spec.account_id))
        .filter_map(|report| Some((&report.spec.account_id, report.status.as_ref()?)))
        .collect();
    let merged = Merged::of(&plan.targets, &reports);
    let pending = accounts.iter().filter(|account| !is_current(plan, reports.get(*account)));
    let view = View { plan, reports: &reports, merged: &merged, pending: pending.count() };
    let conditions = [
        ("Accepted", view.accepted()),
        ("Ready", view.ready()),
        ("Compliant", view.compliant()),
        ("Published", view.published()),
    ];
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let (time, generation) = (time_of(now), Some(plan.generation));
    let conditions: Vec<Condition> = conditions
        .into_iter()
        .map(|(type_, said)| said.condition(type_, generation, stood, &time))
        .collect();
    let status = SecurityBaselineStatus {
        observed_generation: generation,
        conditions,
        targets: merged.worst_targets(),
        last_evaluation: merged.evaluation.clone(),
        summary: (!reports.is_empty()).then(|| merged.summary.clone()),
        drift: merged.drift.clone(),
        drift_left_out: merged.drift_left_out,
        unknown: merged.unknown.clone(),
        unknown_left_out: merged.unknown_left_out,
    };
    let is_whole = view.pending == 0 && merged.targets.iter().all(|it| it.state == COMPLETE);
    let compliance_ratio = merged.compliance_ratio();
    Told { status, compliance_ratio, is_whole }
}

/// Whether the account evaluated what the spec asks for now.
fn is_current(plan: &Plan, report: Option<&&BaselineReportStatus>) -> bool {
    report.is_some_and(|report| {
        report.baseline_generation == Some(plan.generation) && report.last_evaluation.is_some()
    })
}

/// The status to write: nothing where only times would move that moved within the hour.
pub(super) fn news(
    told: SecurityBaselineStatus,
    before: Option<&SecurityBaselineStatus>,
) -> Option<SecurityBaselineStatus> {
    let Some(before) = before else { return Some(told) };
    let (new, old) = (&told.last_evaluation, &before.last_evaluation);
    let is_old = match (new, old) {
        (Some(new), Some(old)) => {
            let new = crate::controller::operator::time::moment(&new.finished_at);
            since(&old.finished_at, new) >= TIMES_MOVE
        }
        (new, old) => new.is_some() != old.is_some(),
    };
    (is_old || with_times_of(told.clone(), before) != *before).then_some(told)
}

/// Whether both tell of the same generation that accounts are still to evaluate it.
pub(super) fn is_progress(told: &SecurityBaselineStatus, before: &SecurityBaselineStatus) -> bool {
    let pends = |status: &SecurityBaselineStatus| {
        let mut ready = status.conditions.iter().filter(|condition| condition.type_ == "Ready");
        ready.any(|condition| condition.reason == "Pending")
    };
    told.observed_generation == before.observed_generation && pends(told) && pends(before)
}

fn with_times_of(
    mut told: SecurityBaselineStatus,
    before: &SecurityBaselineStatus,
) -> SecurityBaselineStatus {
    if let (Some(now), Some(then)) = (&mut told.last_evaluation, &before.last_evaluation) {
        now.started_at.clone_from(&then.started_at);
        now.finished_at.clone_from(&then.finished_at);
    }
    for target in &mut told.targets {
        let then: Option<&TargetStatus> = same_target(target, &before.targets);
        if let Some(then) = then
            && target.last_success.is_some() == then.last_success.is_some()
        {
            target.last_success.clone_from(&then.last_success);
        }
    }
    told
}

struct View<'v> {
    plan: &'v Plan,
    reports: &'v BTreeMap<&'v AccountId, &'v BaselineReportStatus>,
    merged: &'v Merged,
    /// How many accounts have not evaluated what the spec asks for now.
    pending: usize,
}

impl View<'_> {
    fn accepted(&self) -> Said {
        let Some(first) = self.plan.mistakes().next() else {
            return Said::yes("Accepted", self.selected());
        };
        Said::no(reason(&first.kind), self.mistakes())
    }

    /// What an accepted baseline selects, and what it passes over.
    fn selected(&self) -> String {
        let valid = "everything that the spec names exists, is allowed and is valid";
        match self.plan.passed_over {
            0 => valid.to_owned(),
            1 => format!(
                "{valid}; 1 more AwsAccount matches the selector and is left out, because it does \
                 not allow this namespace"
            ),
            more => format!(
                "{valid}; {more} more AwsAccounts match the selector and are left out, because \
                 they do not allow this namespace"
            ),
        }
    }

    fn mistakes(&self) -> String {
        let mistakes = self.plan.mistakes();
        let told: Vec<String> = mistakes
            .map(|problem| format!("{}: {}", problem.path, problem.kind.in_words()))
            .collect();
        few(&told, TOLD)
    }

    fn ready(&self) -> Said {
        let targets = self.plan.targets.len();
        if !self.plan.is_accepted() {
            let message = format!("the spec has mistakes: {}", self.mistakes());
            return Said::no("NotAccepted", message);
        }
        if let Some(why) = self.plan.not_evaluated() {
            return Said::no(why.as_str(), nothing(why));
        }
        if self.pending > 0 {
            return Said::unknown("Pending", self.waiting());
        }
        let incomplete: Vec<String> = self
            .merged
            .targets
            .iter()
            .filter(|target| target.state != COMPLETE)
            .map(|target| {
                let message = target.message.as_deref().unwrap_or_default();
                format!("{}/{}: {message}", target.account, target.region)
            })
            .collect();
        if incomplete.is_empty() {
            return Said::yes("Evaluated", format!("all of {targets} targets were read whole"));
        }
        let count = incomplete.len();
        let message = format!("{count} of {targets} targets: {}", few(&incomplete, 3));
        Said::no("Incomplete", message)
    }

    fn waiting(&self) -> String {
        format!(
            "{} accounts are still to evaluate generation {}",
            self.pending, self.plan.generation
        )
    }

    fn compliant(&self) -> Said {
        let summary = &self.merged.summary;
        let drift = summary.non_compliant;
        if drift > 0 {
            let controls: Vec<String> = self
                .merged
                .drift
                .iter()
                .map(|it| format!("{} ({}): {}", it.control, it.severity.as_str(), it.resources))
                .collect();
            let resources = if drift == 1 { "resource drifts" } else { "resources drift" };
            return Said::no("Drift", format!("{drift} {resources}: {}", few(&controls, 3)));
        }
        if let Some(why) = self.plan.not_evaluated() {
            return Said::unknown(why.as_str(), nothing(why));
        }
        if self.pending > 0 {
            return Said::unknown("Pending", self.waiting());
        }
        if summary.unknown > 0 {
            let controls: Vec<String> = self
                .merged
                .unknown
                .iter()
                .map(|it| format!("{} ({}): {}", it.control, it.reason, it.verdicts))
                .collect();
            let verdicts = if summary.unknown == 1 { "verdict is" } else { "verdicts are" };
            let message = format!(
                "no drift is known, but {} {verdicts} unknown: {}",
                summary.unknown,
                few(&controls, 3)
            );
            return Said::unknown("Unknown", message);
        }
        if !self.plan.is_accepted() {
            let message = "not everything that the spec asks for is evaluated; see Accepted";
            return Said::unknown("NotAccepted", message);
        }
        if self.merged.targets.iter().any(|target| target.state != COMPLETE) {
            return Said::unknown("Incomplete", "not everything was read; see Ready");
        }
        Said::yes("Compliant", format!("{} verdicts, no drift", summary.compliant))
    }

    fn published(&self) -> Said {
        if !self.plan.publish.security_hub {
            return Said::no("Disabled", "spec.publish.securityHub is false");
        }
        let records = self.reports.iter().filter_map(|(account, report)| {
            report.publication.as_ref().map(|record| (*account, record))
        });
        let failed = |(account, record): (&AccountId, &PublicationRecord)| {
            let is_failed = record.state != "Published" && record.state != "Disabled";
            let message = record.message.as_deref().unwrap_or_default();
            is_failed.then(|| format!("{account}: {message}"))
        };
        let failed: Vec<String> = records.filter_map(failed).collect();
        if !failed.is_empty() {
            return Said::no("PublishFailed", format!("{}; it is tried again", few(&failed, 3)));
        }
        if self.plan.suspended {
            return Said::unknown("Suspended", "what is published stays as it is");
        }
        if self.pending > 0 || self.plan.targets.is_empty() {
            return Said::unknown("Pending", self.waiting());
        }
        Said::yes("Published", "the findings are those of this status")
    }
}

/// That nothing is evaluated, and what to do about it.
fn nothing(why: NotEvaluated) -> String {
    let advice = match why {
        NotEvaluated::Suspended => "set spec.suspend to false to go on",
        NotEvaluated::NoControls => "enable a control",
        NotEvaluated::NoTargets => "see the condition Accepted",
    };
    format!("{why}; {advice}")
}

/// The reason to tell of a problem.
fn reason(kind: &ProblemKind) -> &'static str {
    match kind {
        ProblemKind::UnknownControl { .. } => "UnknownControl",
        ProblemKind::InvalidControl { .. } => "InvalidControl",
        ProblemKind::UnknownPack { .. } => "UnknownPack",
        ProblemKind::InvalidPack { .. } => "InvalidPack",
        // One reason for both, as there is one message.
        ProblemKind::UnknownAccount { .. } | ProblemKind::NamespaceNotAllowed { .. } => {
            "UnknownAccount"
        }
        ProblemKind::UnreadAccounts { .. } => "UnreadAccounts",
        ProblemKind::InvalidSelector { .. } => "InvalidSelector",
        ProblemKind::NoAccountSelected => "NoAccountSelected",
        ProblemKind::SameAccount { .. } => "SameAccount",
        ProblemKind::NoRegion { .. } => "NoRegion",
        ProblemKind::InvalidParameter { .. } => "InvalidParameter",
        ProblemKind::EmptyMatch | ProblemKind::InvalidMatch { .. } => "InvalidMatch",
        _ => "Invalid",
    }
}

#[cfg(test)]
mod tests;
