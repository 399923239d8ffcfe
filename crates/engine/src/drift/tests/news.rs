//! What a finding says is published again when any of it is another, and only then.

use std::sync::Arc;

use super::super::Fingerprint;
use super::super::fixture::{at, bucket, result};
use super::Story;
use crate::catalog::CompiledControl;
use crate::evaluation::{
    EvaluationResult, FieldReading, OwnerTag, OwnerTagPlace, Subject, masked_reading,
};
use crate::plan::Plan;
use model::{Owner, Severity, Verdict};

type Edit = fn(&mut Plan);

/// Edits the only control of a plan.
fn edit_control(plan: &mut Plan, edit: impl FnOnce(&mut CompiledControl)) {
    let planned = &mut plan.controls[0];
    let mut control = CompiledControl {
        name: planned.control.name.clone(),
        spec: planned.control.spec.clone(),
        check: crate::catalog::CompiledCheck::Attestation,
        origin: planned.control.origin,
    };
    edit(&mut control);
    planned.control = Arc::new(control);
}

fn plain() -> EvaluationResult<'static> {
    result(bucket("logs"), Verdict::NonCompliant)
}

fn with_subject(
    arn: Option<&'static str>,
    name: Option<&'static str>,
) -> EvaluationResult<'static> {
    let resource_type = "AWS::S3::Bucket";
    let subject = Subject::Resource { resource_type, id: "logs", arn, name, region: "eu-west-1" };
    EvaluationResult { subject, ..plain() }
}

#[test]
fn whatever_a_plan_says_otherwise_is_published_once() {
    let edits: [(&str, Edit); 8] = [
        ("severity", |plan| plan.controls[0].severity = Severity::High),
        ("owner", |plan| plan.targets[0].owner = Owner::new("payments").unwrap()),
        ("title", |plan| edit_control(plan, |it| it.spec.title.push('!'))),
        ("description", |plan| edit_control(plan, |it| it.spec.description.push('!'))),
        ("remediation", |plan| edit_control(plan, |it| it.spec.remediation.text.push('!'))),
        ("its address", |plan| edit_control(plan, |it| it.spec.remediation.url = None)),
        ("frameworks", |plan| edit_control(plan, |it| it.spec.frameworks.clear())),
        ("requirements", |plan| {
            edit_control(plan, |it| it.spec.frameworks[0].requirements.push("2.1.3".to_owned()));
        }),
    ];
    for (what, edit) in edits {
        let mut story = Story::with_drift();
        assert!(story.results(&[plain()], at(60)).is_empty(), "{what}");
        edit(&mut story.plans[0]);
        assert_eq!(story.results(&[plain()], at(120)), ["updated"], "{what}");
        assert!(story.results(&[plain()], at(180)).is_empty(), "{what}");
    }
}

#[test]
fn whatever_a_result_says_otherwise_is_published_once() {
    let read = |path: &str, value: &str| {
        vec![FieldReading { path: path.to_owned(), value: value.to_owned() }]
    };
    let [one, other, third] = [read("a", "1"), read("a", "2"), read("b", "2")];
    let tagged = |key, value| EvaluationResult {
        owner_tag: OwnerTagPlace::found(Some(OwnerTag { key, value })),
        ..plain()
    };
    let said = |message| EvaluationResult { message, ..plain() };
    let results = [
        ("message", said("versioning is suspended")),
        ("no message", said("")),
        // Where one of the two texts of a description ends does not matter: the whole counts.
        ("half a message", said("versioning is off. Without")),
        ("ARN", with_subject(Some("arn:aws:s3:::logs"), None)),
        ("ARN and name", with_subject(Some("arn:aws:s3:::logs"), Some("logs"))),
        ("another name", with_subject(Some("arn:aws:s3:::logs"), Some("logs-2"))),
        ("owner", tagged("Owner", "payments")),
        ("tag", tagged("Team", "payments")),
        ("the tag's value", tagged("Team", "logs")),
        ("readings", EvaluationResult { explanation: &one, ..plain() }),
        ("a value", EvaluationResult { explanation: &other, ..plain() }),
        ("a place", EvaluationResult { explanation: &third, ..plain() }),
    ];
    let mut story = Story::with_drift();
    let mut now = 0;
    for (what, result) in results {
        now += 60;
        assert_eq!(story.results(&[result], at(now)), ["updated"], "{what}");
        assert!(story.results(&[result], at(now + 30)).is_empty(), "{what}");
    }
    assert_eq!(story.results(&[plain()], at(now + 60)), ["updated"]);
    let no_arn = with_subject(Some("no-arn"), None);
    assert!(story.results(&[no_arn], at(now + 90)).is_empty(), "what is no ARN is not said");
}

#[test]
fn a_secret_that_an_earlier_version_published_is_published_masked_once() {
    let masked = FieldReading {
        path: "resource.masterUserPassword".to_owned(),
        value: "\"hunter2\"".to_owned(),
    };
    let masked = [masked_reading(masked)];
    let seen = EvaluationResult { explanation: &masked, ..plain() };
    let mut story = Story::new();
    assert_eq!(story.results(&[seen], at(0)), ["opened"]);
    // As read back it says the same: the secret is masked. Its fingerprint shows that Security Hub has another text.
    story.edit(|finding| finding.fingerprint = Fingerprint::of(["hunter2"]));
    assert_eq!(story.results(&[seen], at(60)), ["updated"]);
    assert!(story.results(&[seen], at(120)).is_empty());
}
