use super::*;
use crate::apply::is_news;
use api::{BaselineReportSpec, EvaluationRecord, Summary, TargetStatus};
use engine::ProblemKind;
use engine::drift::fixture::{at, plan};
use kube::core::ObjectMeta;

fn report(generation: i64, summary: Summary) -> BaselineReport {
    let target = &plan(&[]).targets[0];
    let status = BaselineReportStatus {
        baseline_generation: Some(generation),
        last_evaluation: Some(EvaluationRecord {
            started_at: time_of(at(0)),
            finished_at: time_of(at(1)),
            items: 3,
            evaluations: 3,
        }),
        publication: Some(PublicationRecord { state: PublicationState::Published, message: None }),
        targets: vec![TargetStatus {
            account: target.account.clone(),
            region: target.region.clone(),
            state: TargetState::Complete,
            message: None,
            last_success: Some(time_of(at(1))),
            compliant: summary.compliant,
            non_compliant: summary.non_compliant,
            unknown: summary.unknown,
        }],
        summary: Some(summary),
        ..BaselineReportStatus::default()
    };
    let spec = BaselineReportSpec {
        baseline: "production".to_owned(),
        account: "payments".to_owned(),
        account_id: target.account.clone(),
    };
    let metadata = ObjectMeta::default();
    BaselineReport { metadata, spec, status: Some(status) }
}

fn compliant() -> Summary {
    Summary { compliant: 3, ..Summary::default() }
}

fn reported(reports: &[&BaselineReport]) -> SecurityBaselineStatus {
    of(&plan(&["a"]), reports, None, at(10)).status
}

/// The status and reason of a condition.
fn said<'s>(status: &'s SecurityBaselineStatus, type_: &str) -> (&'s str, &'s str) {
    let condition = status.conditions.iter().find(|it| it.type_ == type_).unwrap();
    (&condition.status, &condition.reason)
}

#[test]
fn what_was_read_whole_without_drift_is_compliant_and_ready() {
    let status = reported(&[&report(1, compliant())]);
    assert_eq!(said(&status, "Accepted"), ("True", "Accepted"));
    assert_eq!(said(&status, "Ready"), ("True", "Evaluated"));
    assert_eq!(said(&status, "Compliant"), ("True", "Compliant"));
    assert_eq!(said(&status, "Published"), ("True", "Published"));
}

#[test]
fn nothing_is_compliant_before_it_was_evaluated() {
    let status = reported(&[]);
    assert_eq!(said(&status, "Ready"), ("Unknown", "Pending"));
    assert_eq!(said(&status, "Compliant"), ("Unknown", "Pending"));
    assert_eq!(status.targets[0].state, TargetState::Pending);
    assert_eq!(status.summary, None);
}

#[test]
fn a_report_of_an_earlier_generation_says_nothing_of_this_one() {
    let status = reported(&[&report(0, compliant())]);
    assert_eq!(said(&status, "Ready"), ("Unknown", "Pending"));
    assert_eq!(said(&status, "Compliant"), ("Unknown", "Pending"));
}

#[test]
fn what_is_unknown_is_not_compliant_and_drift_outweighs_it() {
    let unknown = Summary { unknown: 1, ..compliant() };
    assert_eq!(said(&reported(&[&report(1, unknown)]), "Compliant"), ("Unknown", "Unknown"));
    let drift = Summary { unknown: 1, non_compliant: 1, ..compliant() };
    assert_eq!(said(&reported(&[&report(1, drift)]), "Compliant"), ("False", "Drift"));
}

#[test]
fn a_target_that_was_not_read_whole_is_reported_with_its_message() {
    let mut report = report(1, Summary { unknown: 1, ..Summary::default() });
    let target = &mut report.status.as_mut().unwrap().targets[0];
    target.state = TargetState::Incomplete;
    target.message = Some("Stale: deliver it again".to_owned());
    let status = reported(&[&report]);
    assert_eq!(said(&status, "Ready"), ("False", "Incomplete"));
    let ready = status.conditions.iter().find(|it| it.type_ == "Ready").unwrap();
    assert_eq!(ready.message, "1 of 1 targets: 111122223333/eu-west-1: Stale: deliver it again");
}

#[test]
fn what_was_refused_is_not_published() {
    let mut report = report(1, compliant());
    let record = PublicationRecord {
        state: PublicationState::Refused,
        message: Some("too long".to_owned()),
    };
    report.status.as_mut().unwrap().publication = Some(record);
    assert_eq!(said(&reported(&[&report]), "Published"), ("False", "PublishFailed"));
}

#[test]
fn a_baseline_of_which_nothing_is_evaluated_is_never_compliant_and_ready_only_by_choice() {
    let suspended = Plan { suspended: true, ..plan(&["a"]) };
    let nowhere = Plan { targets: Vec::new(), passed_over: 2, ..plan(&["a"]) };
    for (plan, reason, ready, progress) in [
        (suspended, "Suspended", "True", None),
        (plan(&[]), "NoControls", "True", None),
        (nowhere, "NoTargets", "False", Some("Reconciling")),
    ] {
        let status = of(&plan, &[&report(1, compliant())], None, at(10)).status;
        assert_eq!(said(&status, "Accepted"), ("True", "Accepted"));
        assert_eq!(said(&status, "Ready"), (ready, reason));
        assert_eq!(said(&status, "Compliant"), ("Unknown", reason));
        assert_eq!(progress_of(&status), progress);
    }
}

/// Which of the two conditions that tools wait by is there.
fn progress_of(status: &SecurityBaselineStatus) -> Option<&str> {
    let types = status.conditions.iter().map(|it| it.type_.as_str());
    let progress: Vec<&str> = types.filter(|it| ["Reconciling", "Stalled"].contains(it)).collect();
    assert!(progress.len() < 2, "{progress:?}");
    progress.first().copied()
}

#[test]
fn what_the_operator_works_on_is_reconciling_and_drift_is_not() {
    assert_eq!(progress_of(&reported(&[])), Some("Reconciling"));
    let drift = Summary { non_compliant: 1, ..compliant() };
    let status = reported(&[&report(1, drift)]);
    assert_eq!((said(&status, "Ready").0, progress_of(&status)), ("True", None));
    let mut unread = report(1, compliant());
    unread.status.as_mut().unwrap().targets[0].state = TargetState::Incomplete;
    assert_eq!(progress_of(&reported(&[&unread])), Some("Reconciling"));
}

#[test]
fn a_baseline_that_names_nothing_is_not_ready() {
    let mut wrong = plan(&["a"]);
    let baseline: api::SecurityBaseline = serde_json::from_value(serde_json::json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
        "metadata": {"name": "production", "namespace": "platform"},
        "spec": {"accounts": {"names": ["payments"]}, "packs": [{"name": "foundation"}]},
    }))
    .unwrap();
    wrong.problems.push(engine::Problem {
        object: api::ObjectKey::of(&baseline),
        path: api::FieldPath::spec("packs").index(0).field("name"),
        kind: ProblemKind::UnknownPack {
            name: "foundation".to_owned(),
            suggestion: Some("foundations".to_owned()),
        },
    });
    let first = of(&wrong, &[&report(1, compliant())], None, at(10));
    assert!(first.is_awaiting, "the pack may be applied a moment later");
    let status = first.status;
    assert_eq!(progress_of(&status), Some("Reconciling"));
    let later = of(&wrong, &[&report(1, compliant())], Some(&status), at(70));
    assert_eq!((progress_of(&later.status), later.is_awaiting), (Some("Stalled"), false));
    assert_eq!(said(&status, "Accepted"), ("False", "UnknownPack"));
    assert_eq!(said(&status, "Ready"), ("False", "NotAccepted"));
    assert_eq!(said(&status, "Compliant"), ("Unknown", "NotAccepted"));
    let ready = status.conditions.iter().find(|it| it.type_ == "Ready").unwrap();
    assert_eq!(
        ready.message,
        "the spec has mistakes: spec.packs[0].name: there is no pack `foundation`; did you mean \
         `foundations`?"
    );
}

#[test]
fn what_a_selector_passes_over_is_counted_and_not_named() {
    let plan = Plan { passed_over: 2, ..plan(&["a"]) };
    let status = of(&plan, &[&report(1, compliant())], None, at(10)).status;
    let accepted = status.conditions.iter().find(|it| it.type_ == "Accepted").unwrap();
    assert_eq!(accepted.status, "True");
    assert!(accepted.message.contains("2 more AwsAccounts match"), "{}", accepted.message);
    // So it is where none of them allows the namespace, which is a mistake.
    let path = api::FieldPath::spec("accounts").field("selector");
    let object = api::ObjectKey {
        kind: api::Kind::SecurityBaseline,
        namespace: Some(plan.baseline.namespace.clone()),
        name: plan.baseline.name.clone(),
    };
    let none = engine::Problem { object, path, kind: ProblemKind::NoAccountSelected };
    let plan = Plan { problems: vec![none], targets: Vec::new(), ..plan };
    let status = of(&plan, &[], None, at(10)).status;
    let accepted = status.conditions.iter().find(|it| it.type_ == "Accepted").unwrap();
    assert_eq!(
        (accepted.status.as_str(), accepted.reason.as_str()),
        ("False", "NoAccountSelected")
    );
    assert!(accepted.message.contains("2 more AwsAccounts match"), "{}", accepted.message);
}

#[test]
fn the_same_again_is_no_news_within_the_hour() {
    let first = reported(&[&report(1, compliant())]);
    let again = |seconds| {
        let mut report = report(1, compliant());
        let status = report.status.as_mut().unwrap();
        status.last_evaluation.as_mut().unwrap().finished_at = time_of(at(seconds));
        status.targets[0].last_success = Some(time_of(at(seconds)));
        of(&plan(&["a"]), &[&report], Some(&first), at(seconds + 5)).status
    };
    assert!(!is_news(&again(1000), Some(&first)));
    assert!(is_news(&again(3601), Some(&first)));
    assert!(is_news(&reported(&[]), Some(&first)));
}

#[test]
fn the_share_is_that_of_all_that_the_spec_asks_for_now_or_absent() {
    let ratio =
        |plan: &Plan, reports: &[&BaselineReport]| of(plan, reports, None, at(10)).compliance_ratio;
    let (asked, good) = (plan(&["a"]), report(1, compliant()));
    assert_eq!(ratio(&asked, &[&good]), Some(1.0));
    assert_eq!(ratio(&asked, &[]), None, "nothing was evaluated");
    let newer = Plan { generation: 2, ..asked.clone() };
    assert_eq!(ratio(&newer, &[&good]), None, "it is of an earlier spec");
    let suspended = Plan { suspended: true, ..asked.clone() };
    assert_eq!(ratio(&suspended, &[&good]), None, "it is suspended");
    let mut unread = good.clone();
    unread.status.as_mut().unwrap().targets[0].state = TargetState::Incomplete;
    assert_eq!(ratio(&asked, &[&unread]), None, "a target was not read");
}

#[test]
fn what_nobody_evaluated_for_three_intervals_is_neither_ready_nor_compliant() {
    let report = report(1, compliant());
    let plan = plan(&["a"]);
    let hours = i64::try_from(plan.interval.as_secs() * 3).unwrap() + 3600;
    let of = |seconds| of(&plan, &[&report], None, at(seconds));
    let just = of(hours);
    assert_eq!(said(&just.status, "Ready"), ("True", "Evaluated"));
    assert_eq!(just.due, Some(at(hours + 1)));
    let late = of(hours + 1);
    assert_eq!(said(&late.status, "Ready"), ("False", "Overdue"));
    assert_eq!(said(&late.status, "Compliant"), ("Unknown", "Overdue"));
    assert_eq!((late.due, late.compliance_ratio), (None, None));
}
