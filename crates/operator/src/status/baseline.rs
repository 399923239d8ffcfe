//! The status of a baseline: what its accounts contributed, and what that means.
//!
//! Pure: the same plan, reports and time give the same status. Nothing is called compliant while
//! an account has not evaluated what the spec asks for now.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{ConditionValue, join_first};
use super::merge::Merged;
use super::outlook::Outlook;
use super::problems::{may_come, reason};
use crate::overdue::due;
use crate::time::time_of;
use api::{
    BaselineReport, BaselineReportStatus, Condition, ConditionReason, ConditionType,
    PublicationRecord, PublicationState, SecurityBaselineStatus, TargetState,
};
use cel::Timestamp;
use engine::plan::{NotEvaluated, Plan};
use model::AccountId;

/// So many problems are reported in one message.
const LISTED: usize = 5;

/// The status of a baseline, and the compliant share of it.
#[derive(Debug)]
pub(super) struct MergedStatus {
    pub(super) status: SecurityBaselineStatus,
    /// Nothing unless the last evaluation read every target whole, and is of what the spec asks for
    /// now: a share of less could rise because drift was not read.
    pub(super) compliance_ratio: Option<f64>,
    /// Whether time alone changes what is reported.
    pub(super) is_awaiting: bool,
    /// When an evaluation becomes overdue next.
    pub(super) due: Option<Timestamp>,
}

/// What follows of a plan and of the reports of its baseline. `before` is the status that stands.
pub(super) fn of(
    plan: &Plan,
    reports: &[&BaselineReport],
    before: Option<&SecurityBaselineStatus>,
    now: Timestamp,
) -> MergedStatus {
    let accounts: BTreeSet<&AccountId> = plan.targets.iter().map(|it| &it.account).collect();
    let reports: BTreeMap<&AccountId, &BaselineReportStatus> = reports
        .iter()
        .filter(|report| accounts.contains(&report.spec.account_id))
        .filter_map(|report| Some((&report.spec.account_id, report.status.as_ref()?)))
        .collect();
    let merged = Merged::of(&plan.targets, &reports);
    let pending = accounts.iter().filter(|account| !is_current(plan, reports.get(*account)));
    let pending = pending.count();
    let due = reports.iter().filter_map(|(account, report)| Some((due(plan, report)?, *account)));
    let (overdue, due): (Vec<_>, Vec<_>) = due.partition(|(due, _)| *due <= now);
    let overdue = overdue.into_iter().map(|(_, account)| account).collect();
    let view = BaselineView { plan, reports: &reports, merged: &merged, pending, overdue };
    let stood = before.map(|it| it.conditions.as_slice()).unwrap_or_default();
    let (time, generation) = (time_of(now), Some(plan.generation));
    let condition = |said: ConditionValue, type_: ConditionType| {
        said.condition(type_, generation, stood, &time)
    };
    let (ready, outlook) = view.ready();
    let ready = condition(ready, ConditionType::Ready);
    let is_awaiting = outlook.awaits(&ready, &time);
    let progress = outlook.condition(&ready, stood, &time);
    let conditions: Vec<Condition> = [
        condition(view.accepted(), ConditionType::Accepted),
        ready,
        condition(view.compliant(), ConditionType::Compliant),
        condition(view.published(), ConditionType::Published),
    ]
    .into_iter()
    .chain(progress)
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
    let is_current = view.pending == 0 && view.overdue.is_empty();
    let is_evaluated = is_current && plan.not_evaluated().is_none();
    let compliance_ratio = merged.compliance_ratio().filter(|_| is_evaluated);
    let due = due.into_iter().map(|(due, _)| due).min();
    MergedStatus { status, compliance_ratio, is_awaiting, due }
}

/// Whether the account evaluated what the spec asks for now.
fn is_current(plan: &Plan, report: Option<&&BaselineReportStatus>) -> bool {
    report.is_some_and(|report| {
        report.baseline_generation == Some(plan.generation) && report.last_evaluation.is_some()
    })
}

/// Whether both tell of the same generation that accounts are still to evaluate it.
pub(super) fn is_progress(
    reported: &SecurityBaselineStatus,
    before: &SecurityBaselineStatus,
) -> bool {
    let pends = |status: &SecurityBaselineStatus| {
        let ready = ConditionType::Ready.among(&status.conditions);
        ready.and_then(ConditionReason::of_condition) == Some(ConditionReason::Pending)
    };
    reported.observed_generation == before.observed_generation && pends(reported) && pends(before)
}

struct BaselineView<'v> {
    plan: &'v Plan,
    reports: &'v BTreeMap<&'v AccountId, &'v BaselineReportStatus>,
    merged: &'v Merged,
    /// How many accounts have not evaluated what the spec asks for now.
    pending: usize,
    /// Those whose last evaluation is too old.
    overdue: Vec<&'v AccountId>,
}

impl BaselineView<'_> {
    fn accepted(&self) -> ConditionValue {
        let Some(first) = self.plan.mistakes().next() else {
            let valid = "everything that the spec names exists, is allowed and is valid";
            return ConditionValue::yes(ConditionReason::Accepted, self.with_passed_over(valid));
        };
        let message = self.with_passed_over(&self.mistakes());
        ConditionValue::no(reason(&first.kind), message)
    }

    /// The message, and how many accounts the selector passes over.
    fn with_passed_over(&self, message: &str) -> String {
        match self.plan.passed_over {
            0 => message.to_owned(),
            1 => format!(
                "{message}; 1 more AwsAccount matches the selector and is left out, because it does \
                 not allow this namespace"
            ),
            more => format!(
                "{message}; {more} more AwsAccounts match the selector and are left out, because \
                 they do not allow this namespace"
            ),
        }
    }

    fn mistakes(&self) -> String {
        let mistakes = self.plan.mistakes();
        let reported: Vec<String> = mistakes
            .map(|problem| format!("{}: {}", problem.path, problem.kind.in_words()))
            .collect();
        join_first(&reported, LISTED)
    }

    /// Whether what the spec asks for is done, and who brings about what is not.
    fn ready(&self) -> (ConditionValue, Outlook) {
        if !self.plan.is_accepted() {
            let message = format!("the spec has mistakes: {}", self.mistakes());
            let may_come = self.plan.mistakes().all(|problem| may_come(&problem.kind));
            let outlook = if may_come { Outlook::OtherObject } else { Outlook::Author };
            return (ConditionValue::no(ConditionReason::NotAccepted, message), outlook);
        }
        match self.plan.not_evaluated() {
            Some(why) if why.is_by_choice() => {
                return (ConditionValue::yes(why.reason(), nothing(why)), Outlook::Ready);
            }
            Some(why) => {
                return (ConditionValue::no(why.reason(), nothing(why)), Outlook::OtherObject);
            }
            None => {}
        }
        if self.pending > 0 {
            return (
                ConditionValue::unknown(ConditionReason::Pending, self.waiting()),
                Outlook::Operator,
            );
        }
        match self.overdue() {
            Some(message) => {
                (ConditionValue::no(ConditionReason::Overdue, message), Outlook::Operator)
            }
            None => self.read(),
        }
    }

    /// That evaluations are overdue.
    fn overdue(&self) -> Option<String> {
        let accounts: Vec<String> = self.overdue.iter().map(ToString::to_string).collect();
        let message = "not evaluated for more than three intervals";
        (!accounts.is_empty()).then(|| format!("{message}: {}", join_first(&accounts, LISTED)))
    }

    /// Whether every target was read whole.
    fn read(&self) -> (ConditionValue, Outlook) {
        let targets = self.plan.targets.len();
        let incomplete: Vec<String> = self
            .merged
            .targets
            .iter()
            .filter(|target| target.state != TargetState::Complete)
            .map(|target| {
                let message = target.message.as_deref().unwrap_or_default();
                format!("{}/{}: {message}", target.account, target.region)
            })
            .collect();
        if incomplete.is_empty() {
            let message = match targets {
                1 => "the only target was read completely".to_owned(),
                _ => format!("all {targets} targets were read completely"),
            };
            return (ConditionValue::yes(ConditionReason::Evaluated, message), Outlook::Ready);
        }
        let count = incomplete.len();
        let message = format!("{count} of {targets} targets: {}", join_first(&incomplete, 3));
        (ConditionValue::no(ConditionReason::Incomplete, message), Outlook::Operator)
    }

    fn waiting(&self) -> String {
        let accounts = if self.pending == 1 { "account" } else { "accounts" };
        format!(
            "waiting for {} {accounts} to evaluate generation {}",
            self.pending, self.plan.generation
        )
    }

    fn compliant(&self) -> ConditionValue {
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
            return ConditionValue::no(
                ConditionReason::Drift,
                format!("{drift} {resources}: {}", join_first(&controls, 3)),
            );
        }
        if let Some(why) = self.plan.not_evaluated() {
            return ConditionValue::unknown(why.reason(), nothing(why));
        }
        if self.pending > 0 {
            return ConditionValue::unknown(ConditionReason::Pending, self.waiting());
        }
        if let Some(message) = self.overdue() {
            return ConditionValue::unknown(ConditionReason::Overdue, message);
        }
        if summary.unknown > 0 {
            let controls: Vec<String> = self
                .merged
                .unknown
                .iter()
                .map(|it| format!("{} ({}): {}", it.control, it.reason.as_str(), it.verdicts))
                .collect();
            let verdicts = if summary.unknown == 1 { "verdict is" } else { "verdicts are" };
            let message = format!(
                "no drift is known, but {} {verdicts} unknown: {}",
                summary.unknown,
                join_first(&controls, 3)
            );
            return ConditionValue::unknown(ConditionReason::Unknown, message);
        }
        if !self.plan.is_accepted() {
            let message = "not everything that the spec asks for is evaluated; see Accepted";
            return ConditionValue::unknown(ConditionReason::NotAccepted, message);
        }
        if self.merged.targets.iter().any(|target| target.state != TargetState::Complete) {
            return ConditionValue::unknown(
                ConditionReason::Incomplete,
                "not everything was read; see Ready",
            );
        }
        ConditionValue::yes(
            ConditionReason::Compliant,
            format!("{} verdicts, no drift", summary.compliant),
        )
    }

    fn published(&self) -> ConditionValue {
        if !self.plan.publish.security_hub {
            return ConditionValue::no(
                ConditionReason::Disabled,
                "spec.publish.securityHub is false",
            );
        }
        let records: Vec<(&AccountId, &PublicationRecord)> = self
            .reports
            .iter()
            .filter_map(|(account, report)| Some((*account, report.publication.as_ref()?)))
            .collect();
        let failed = |(account, record): &(&AccountId, &PublicationRecord)| {
            let is_failed = match record.state {
                PublicationState::Refused | PublicationState::Failed => true,
                PublicationState::Published
                | PublicationState::Held
                | PublicationState::Limited
                | PublicationState::Disabled
                | PublicationState::Unknown => false,
            };
            let message = record.message.as_deref().unwrap_or_default();
            is_failed.then(|| format!("{account}: {message}"))
        };
        let failed: Vec<String> = records.iter().filter_map(failed).collect();
        if !failed.is_empty() {
            return ConditionValue::no(
                ConditionReason::PublishFailed,
                format!("{}; will retry", join_first(&failed, 3)),
            );
        }
        if let Some(message) = held(&records) {
            return ConditionValue::no(ConditionReason::ArchivalHeld, message);
        }
        let limited = records.iter().filter(|(_, it)| it.state == PublicationState::Limited);
        let limited: Vec<String> = limited
            .map(|(account, it)| {
                format!("{account}: {}", it.message.as_deref().unwrap_or_default())
            })
            .collect();
        if !limited.is_empty() {
            let message = join_first(&limited, 3);
            return ConditionValue::no(ConditionReason::TooManyFindings, message);
        }
        if self.plan.suspended {
            return ConditionValue::unknown(
                ConditionReason::Suspended,
                "published findings stay as they are while the baseline is suspended",
            );
        }
        if self.pending > 0 || self.plan.targets.is_empty() {
            return ConditionValue::unknown(ConditionReason::Pending, self.waiting());
        }
        if records.iter().any(|(_, record)| record.state == PublicationState::Unknown) {
            let message = "another version of Plumbline published last; waiting for this one";
            return ConditionValue::unknown(ConditionReason::Pending, message);
        }
        ConditionValue::yes(ConditionReason::Published, "the published findings match this status")
    }
}

/// What is said where archivals of accounts wait for a confirmation.
fn held(records: &[(&AccountId, &PublicationRecord)]) -> Option<String> {
    let held = records.iter().filter(|(_, record)| record.state == PublicationState::Held);
    let said = |(account, record): &(&AccountId, &PublicationRecord)| {
        format!("{account}: {}", record.message.as_deref().unwrap_or_default())
    };
    let held: Vec<String> = held.map(said).collect();
    (!held.is_empty()).then(|| join_first(&held, 3))
}

/// That nothing is evaluated, and what to do about it.
fn nothing(why: NotEvaluated) -> String {
    let advice = match why {
        NotEvaluated::Suspended => "set spec.suspend to false to resume",
        NotEvaluated::NoControls => "enable a control",
        NotEvaluated::NoTargets => "see the condition Accepted",
    };
    format!("{why}; {advice}")
}

#[cfg(test)]
mod tests;
