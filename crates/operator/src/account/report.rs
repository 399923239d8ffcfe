//! What one account contributed to a baseline, as its `BaselineReport` says it.
//!
//! Pure. A report that says nothing new is not written, but for its times once an hour.

use crate::apply::{is_news_of, same_target};
use crate::time::time_of;
use api::{
    BaselineReportStatus, DomainSummary, DriftEntry, EvaluationRecord, OwnerEntry,
    PublicationRecord, SeveritySummary, StatedReason, Summary, TargetState, TargetStatus,
    UnknownEntry,
};
use cel::Timestamp;
use engine::drift::{
    ControlDrift, ControlUnknown, OwnerDrift, Summary as DriftSummary, TargetSummary, speaks_of_now,
};
use engine::plan::Plan;
use model::{ControlName, Severity, UnknownReason};

/// What is wrong with what is stale, and what to do about it.
pub(crate) const TOO_OLD: &str = "the data that AWS Config delivered is older than maxAge; \
    deliver a new snapshot, or find out why the recorder does not deliver";
/// What is said where a failure of our own may have lost a verdict.
const INTERNAL: &str = "internal error; please report it: a verdict may be missing";
/// The longest message of a target.
const MAX_MESSAGE: usize = 1024;
/// The longest message, and the longest remediation, of a control.
const MAX_WORDS: usize = 512;

/// What one evaluation of an account says of one baseline.
#[derive(Debug, Clone)]
pub(super) struct Contribution<'c> {
    pub(super) plan: &'c Plan,
    /// Which of the account's plans that is.
    pub(super) at: usize,
    pub(super) summary: &'c DriftSummary,
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
    /// What could not be read.
    pub(super) unreadable: Option<&'c str>,
    /// Whether nothing of our own failed: what did may have lost a verdict.
    pub(super) is_sure: bool,
    pub(super) publication: PublicationRecord,
}

/// The report, unless the one before says all of it.
pub(super) fn report(
    contribution: &Contribution<'_>,
    before: Option<&BaselineReportStatus>,
) -> Option<BaselineReportStatus> {
    let report = full(contribution, before);
    let Some(before) = before else { return Some(report) };
    let mut same = report.clone();
    with_words_of(&mut same, before, contribution.plan);
    is_news_of(same, before).then_some(report)
}

fn full(
    contribution: &Contribution<'_>,
    before: Option<&BaselineReportStatus>,
) -> BaselineReportStatus {
    let Contribution { plan, summary, started, finished, .. } = *contribution;
    let evaluation = EvaluationRecord {
        started_at: time_of(started),
        finished_at: time_of(finished),
        items: summary.targets.iter().map(|target| target.items).sum(),
        evaluations: summary.counts.total(),
    };
    let targets = summary.targets.iter().map(|target| target_status(target, contribution, before));
    let published = plan.publish.security_hub;
    let drift = summary.drift.iter().map(|drift| entry(drift, published, before));
    BaselineReportStatus {
        baseline_generation: Some(plan.generation),
        owner: plan.targets.first().map(|target| target.owner.to_string()),
        last_evaluation: Some(evaluation),
        publication: Some(contribution.publication.clone()),
        summary: Some(summary_status(summary)),
        targets: targets.collect(),
        drift: drift.collect(),
        drift_left_out: (summary.left_out > 0).then_some(summary.left_out as u64),
        unknown: summary.unknown.iter().map(unknown_entry).collect(),
        unknown_left_out: (summary.unknown_left_out > 0).then_some(summary.unknown_left_out as u64),
    }
}

/// The same, with the words of before where words move though nothing else does: with the clock, or
/// with what AWS said this time.
fn with_words_of(report: &mut BaselineReportStatus, before: &BaselineReportStatus, plan: &Plan) {
    let moves = |name: &ControlName| {
        let mut controls = plan.controls.iter().filter(|it| it.control.name == *name);
        controls.any(|it| speaks_of_now(&it.control))
    };
    for entry in report.drift.iter_mut().filter(|it| moves(&it.control)) {
        if let Some(then) = before.drift.iter().find(|it| it.control == entry.control) {
            entry.message.clone_from(&then.message);
        }
    }
    let own = StatedReason::Known(UnknownReason::InvalidControl);
    for entry in report.unknown.iter_mut().filter(|it| it.reason != own) {
        let same = |it: &&UnknownEntry| it.control == entry.control && it.reason == entry.reason;
        if let Some(then) = before.unknown.iter().find(same) {
            entry.message.clone_from(&then.message);
        }
    }
}

fn target_status(
    target: &TargetSummary,
    contribution: &Contribution<'_>,
    before: Option<&BaselineReportStatus>,
) -> TargetStatus {
    let unread = target.counts.unread().map(|reason| message(reason, contribution.unreadable));
    let lacking = unread.or_else(|| (!contribution.is_sure).then(|| INTERNAL.to_owned()));
    let is_complete = lacking.is_none();
    let mut status = TargetStatus {
        account: target.account.clone(),
        region: target.region.clone(),
        state: if is_complete { TargetState::Complete } else { TargetState::Incomplete },
        message: lacking,
        last_success: is_complete.then(|| time_of(contribution.finished)),
        compliant: target.counts.compliant,
        non_compliant: target.counts.non_compliant,
        unknown: target.counts.unknown(),
    };
    if !is_complete {
        let before = before.and_then(|before| same_target(&status, &before.targets));
        status.last_success = before.and_then(|before| before.last_success.clone());
    }
    status
}

/// Why not everything was read, and what to do about it.
fn message(reason: UnknownReason, unreadable: Option<&str>) -> String {
    let fix = match reason {
        UnknownReason::Stale => unreadable.unwrap_or(TOO_OLD),
        UnknownReason::RecorderStopped => "the configuration recorder is off; start it",
        UnknownReason::AccessDenied => {
            "AWS denied access; check the permissions of the account's role"
        }
        UnknownReason::Throttled => "AWS throttles; will retry",
        _ => unreadable.unwrap_or("not everything could be read; will retry"),
    };
    shortened(&format!("{}: {fix}", reason.as_str()), MAX_MESSAGE)
}

/// At most so many bytes of a text, with an ellipsis where something was left out.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn summary_status(summary: &DriftSummary) -> Summary {
    let of = |severity| summary.by_severity.get(&severity).copied().unwrap_or_default();
    let by_domain = summary.by_domain.iter();
    Summary {
        compliant: summary.counts.compliant,
        non_compliant: summary.counts.non_compliant,
        not_applicable: summary.counts.not_applicable,
        exempt: summary.counts.exempt,
        unknown: summary.counts.unknown(),
        by_severity: SeveritySummary {
            critical: of(Severity::Critical),
            high: of(Severity::High),
            medium: of(Severity::Medium),
            low: of(Severity::Low),
            informational: of(Severity::Informational),
        },
        by_domain: by_domain
            .map(|(domain, count)| DomainSummary { domain: *domain, non_compliant: *count })
            .collect(),
    }
}

/// What is not published has no beginning but the one that was reported before.
fn entry(
    drift: &ControlDrift,
    published: bool,
    before: Option<&BaselineReportStatus>,
) -> DriftEntry {
    let since = time_of(drift.since);
    let before = before.into_iter().flat_map(|before| &before.drift);
    let reported =
        before.filter(|it| it.control == drift.control).map(|it| it.since.clone()).next();
    DriftEntry {
        control: drift.control.clone(),
        severity: drift.severity,
        resources: drift.resources,
        examples: drift.examples.iter().map(|it| shortened(it, MAX_MESSAGE)).collect(),
        message: shortened(&drift.message, MAX_WORDS),
        remediation: shortened(&drift.remediation, MAX_WORDS),
        since: match reported {
            Some(reported) if !published => reported.min(since),
            _ => since,
        },
        owners: drift.owners.iter().map(owner_entry).collect(),
    }
}

fn owner_entry(drift: &OwnerDrift) -> OwnerEntry {
    OwnerEntry { owner: drift.owner.to_string(), resources: drift.resources }
}

fn unknown_entry(unknown: &ControlUnknown) -> UnknownEntry {
    UnknownEntry {
        control: unknown.control.clone(),
        severity: unknown.severity,
        reason: StatedReason::Known(unknown.reason),
        verdicts: unknown.verdicts,
        example: shortened(&unknown.example, MAX_MESSAGE),
        message: shortened(&unknown.message, MAX_WORDS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::PublicationState;
    use engine::drift::KnownFindings;
    use engine::drift::fixture::{at, bucket, compare, plan, result};
    use model::Verdict;

    fn contribute(
        verdicts: &[Verdict],
        now: Timestamp,
        before: Option<&BaselineReportStatus>,
    ) -> Option<BaselineReportStatus> {
        let plans = [plan(&["s3-bucket-versioning"])];
        let results: Vec<_> = verdicts.iter().map(|it| result(bucket("b"), *it)).collect();
        let drift = compare(&plans, &KnownFindings::new(), &results, at(0));
        let publication = PublicationRecord { state: PublicationState::Published, message: None };
        let contribution = Contribution {
            plan: &plans[0],
            at: 0,
            summary: &drift.summary[0],
            started: now,
            finished: now,
            unreadable: None,
            is_sure: true,
            publication,
        };
        report(&contribution, before)
    }

    #[test]
    fn a_report_that_says_nothing_new_is_written_once_an_hour() {
        let first = contribute(&[], at(0), None).unwrap();
        assert_eq!(first.targets[0].state, TargetState::Complete);
        assert_eq!(contribute(&[], at(3599), Some(&first)), None);
        let later = contribute(&[], at(3600), Some(&first)).unwrap();
        assert_eq!(later.last_evaluation.unwrap().finished_at, time_of(at(3600)));
    }

    #[test]
    fn times_move_with_another_change() {
        let mut first = contribute(&[], at(0), None).unwrap();
        first.baseline_generation = Some(0);
        let later = contribute(&[], at(10), Some(&first)).unwrap();
        assert_eq!(later.targets[0].last_success, Some(time_of(at(10))));
    }

    #[test]
    fn an_incomplete_target_keeps_the_time_when_it_last_was_complete() {
        let complete = contribute(&[], at(0), None).unwrap();
        let mut summary = compare(&[plan(&["a"])], &KnownFindings::new(), &[], at(5)).summary;
        summary[0].targets[0].counts.count(Verdict::Unknown(UnknownReason::Stale), false);
        let publication = PublicationRecord { state: PublicationState::Published, message: None };
        let contribution = Contribution {
            plan: &plan(&["a"]),
            at: 0,
            summary: &summary[0],
            started: at(5),
            finished: at(5),
            unreadable: None,
            is_sure: true,
            publication,
        };
        let stale = report(&contribution, Some(&complete)).unwrap();
        assert_eq!(stale.targets[0].state, TargetState::Incomplete);
        assert_eq!(stale.targets[0].last_success, Some(time_of(at(0))));
        let message = stale.targets[0].message.clone().unwrap();
        assert!(message.starts_with("Stale: "), "{message}");
    }

    #[test]
    fn a_long_message_ends_with_an_ellipsis_between_characters() {
        assert_eq!(shortened("äääää", 8), "ää…");
        assert_eq!(shortened("short", 8), "short");
    }
}
