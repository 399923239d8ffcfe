use super::*;
use crate::api::{BaselineReportSpec, EvaluationRecord, Summary};
use crate::drift::fixture::{at, plan};
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
        publication: Some(PublicationRecord { state: "Published".to_owned(), message: None }),
        targets: vec![TargetStatus {
            account: target.account.clone(),
            region: target.region.clone(),
            state: COMPLETE.to_owned(),
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

fn told(reports: &[&BaselineReport]) -> SecurityBaselineStatus {
    of(&plan(&["a"]), reports, None, at(10)).status
}

/// The status and reason of a condition.
fn said<'s>(status: &'s SecurityBaselineStatus, type_: &str) -> (&'s str, &'s str) {
    let condition = status.conditions.iter().find(|it| it.type_ == type_).unwrap();
    (&condition.status, &condition.reason)
}

#[test]
fn what_was_read_whole_without_drift_is_compliant_and_ready() {
    let status = told(&[&report(1, compliant())]);
    assert_eq!(said(&status, "Accepted"), ("True", "Accepted"));
    assert_eq!(said(&status, "Ready"), ("True", "Evaluated"));
    assert_eq!(said(&status, "Compliant"), ("True", "Compliant"));
    assert_eq!(said(&status, "Published"), ("True", "Published"));
}

#[test]
fn nothing_is_compliant_before_it_was_evaluated() {
    let status = told(&[]);
    assert_eq!(said(&status, "Ready"), ("Unknown", "Pending"));
    assert_eq!(said(&status, "Compliant"), ("Unknown", "Pending"));
    assert_eq!(status.targets[0].state, "Pending");
    assert_eq!(status.summary, None);
}

#[test]
fn a_report_of_an_earlier_generation_says_nothing_of_this_one() {
    let status = told(&[&report(0, compliant())]);
    assert_eq!(said(&status, "Ready"), ("Unknown", "Pending"));
    assert_eq!(said(&status, "Compliant"), ("Unknown", "Pending"));
}

#[test]
fn what_is_unknown_is_not_compliant_and_drift_outweighs_it() {
    let unknown = Summary { unknown: 1, ..compliant() };
    assert_eq!(said(&told(&[&report(1, unknown)]), "Compliant"), ("Unknown", "Unknown"));
    let drift = Summary { unknown: 1, non_compliant: 1, ..compliant() };
    assert_eq!(said(&told(&[&report(1, drift)]), "Compliant"), ("False", "Drift"));
}

#[test]
fn a_target_that_was_not_read_whole_is_told_with_its_message() {
    let mut report = report(1, Summary { unknown: 1, ..Summary::default() });
    let target = &mut report.status.as_mut().unwrap().targets[0];
    target.state = "Incomplete".to_owned();
    target.message = Some("Stale: deliver anew".to_owned());
    let status = told(&[&report]);
    assert_eq!(said(&status, "Ready"), ("False", "Incomplete"));
    let ready = status.conditions.iter().find(|it| it.type_ == "Ready").unwrap();
    assert_eq!(ready.message, "1 of 1 targets: 111122223333/eu-west-1: Stale: deliver anew");
}

#[test]
fn what_was_refused_is_not_published() {
    let mut report = report(1, compliant());
    let record =
        PublicationRecord { state: "Refused".to_owned(), message: Some("too long".to_owned()) };
    report.status.as_mut().unwrap().publication = Some(record);
    assert_eq!(said(&told(&[&report]), "Published"), ("False", "PublishFailed"));
}

#[test]
fn a_baseline_of_which_nothing_is_evaluated_is_neither_ready_nor_compliant() {
    let suspended = Plan { suspended: true, ..plan(&["a"]) };
    let nowhere = Plan { targets: Vec::new(), passed_over: 2, ..plan(&["a"]) };
    for (plan, reason) in
        [(suspended, "Suspended"), (plan(&[]), "NoControls"), (nowhere, "NoTargets")]
    {
        let status = of(&plan, &[&report(1, compliant())], None, at(10)).status;
        assert_eq!(said(&status, "Accepted"), ("True", "Accepted"));
        assert_eq!(said(&status, "Ready"), ("False", reason));
        assert_eq!(said(&status, "Compliant"), ("Unknown", reason));
    }
}

#[test]
fn a_baseline_that_names_nothing_is_not_ready() {
    let mut wrong = plan(&["a"]);
    let baseline: crate::api::SecurityBaseline = serde_json::from_value(serde_json::json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
        "metadata": {"name": "production", "namespace": "platform"},
        "spec": {"accounts": {"names": ["payments"]}, "packs": [{"name": "foundation"}]},
    }))
    .unwrap();
    wrong.problems.push(crate::plan::Problem {
        object: crate::api::ObjectKey::of(&baseline),
        path: crate::api::FieldPath::spec("packs").index(0).field("name"),
        kind: ProblemKind::UnknownPack {
            name: "foundation".to_owned(),
            suggestion: Some("foundations".to_owned()),
        },
    });
    let status = of(&wrong, &[&report(1, compliant())], None, at(10)).status;
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
}

#[test]
fn the_same_again_is_no_news_within_the_hour() {
    let first = told(&[&report(1, compliant())]);
    let again = |seconds| {
        let mut report = report(1, compliant());
        let status = report.status.as_mut().unwrap();
        status.last_evaluation.as_mut().unwrap().finished_at = time_of(at(seconds));
        status.targets[0].last_success = Some(time_of(at(seconds)));
        of(&plan(&["a"]), &[&report], Some(&first), at(seconds + 5)).status
    };
    assert_eq!(news(again(1000), Some(&first)), None);
    let hourly = news(again(3601), Some(&first)).unwrap();
    assert_eq!(hourly.last_evaluation.unwrap().finished_at, time_of(at(3601)));
    assert!(news(told(&[]), Some(&first)).is_some());
}

#[test]
fn the_share_is_told_only_of_the_whole() {
    let all = of(&plan(&["a"]), &[&report(1, compliant())], None, at(10));
    assert_eq!((all.compliance_ratio, all.is_whole), (Some(1.0), true));
    let none = of(&plan(&["a"]), &[], None, at(10));
    assert_eq!((none.compliance_ratio, none.is_whole), (None, false));
}
