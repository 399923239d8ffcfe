//! A test says what differs.

use super::*;
use crate::catalog::{Catalog, built_in_tests};

const CONTROL: &str = "s3-bucket-versioning";

fn report(cases: &str) -> TestReport {
    let control = Catalog::built_in().control(CONTROL).expect("it is built in");
    let test = format!("control: {CONTROL}\ncases:\n{cases}");
    run_control_test(control, &serde_saphyr::from_str(&test).unwrap())
}

#[test]
fn every_built_in_control_passes_its_tests() {
    let (tests, mistakes) = built_in_tests();
    assert_eq!(mistakes.len(), 0);
    assert!(tests.len() > 30, "{}", tests.len());
    let failures: String = tests
        .iter()
        .map(|test| &test.object.spec)
        .map(|spec| match Catalog::built_in().control(spec.control.as_str()) {
            Some(control) => run_control_test(control, spec).to_string(),
            None => format!("{}: no such control\n", spec.control),
        })
        .collect();
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn a_case_that_differs_shows_both_verdicts_and_what_was_read() {
    let report = report(
        "
  - name: a bucket without versions
    items: [{resourceType: 'AWS::S3::Bucket', resourceId: logs,
      supplementaryConfiguration: {BucketVersioningConfiguration: {status: 'Off'}}}]
    expect: [{resourceId: logs, verdict: Compliant}]
",
    );
    assert!(!report.passed());
    let text = report.to_string();
    assert!(
        text.starts_with("s3-bucket-versioning: a bucket without versions\n  logs\n"),
        "{text}"
    );
    assert!(text.contains("- expected Compliant\n  + actual   NonCompliant\n"), "{text}");
    assert!(text.contains("BucketVersioningConfiguration.status = \"Off\""), "{text}");
}

#[test]
fn a_subject_without_a_verdict_differs_from_any() {
    let report = report(
        "
  - name: nothing is there
    expect: [{resourceId: logs, verdict: Compliant}]
",
    );
    assert!(report.to_string().contains("+ actual   no verdict; nothing got one\n"), "{report}");
}

#[test]
fn an_unknown_subject_lists_those_that_got_a_verdict() {
    let bucket = |id: &str| format!("{{resourceType: AWS::S3::Bucket, resourceId: {id}}}");
    let buckets: Vec<String> = (10..22).map(|at| bucket(&format!("logs-{at}"))).collect();
    let of = |items: &str| {
        report(&format!(
            "
  - name: a wrong id
    items: [{items}]
    expect: [{{resourceId: lgos, verdict: Compliant}}]
"
        ))
        .to_string()
    };
    let text = of(&buckets[..2].join(", "));
    assert!(text.contains("no verdict; there is one of logs-10, logs-11\n"), "{text}");
    let text = of(&buckets.join(", "));
    assert!(text.contains("logs-19 and 2 more\n"), "{text}");
}

#[test]
fn a_case_that_cannot_be_run_says_why() {
    let report = report(
        "
  - name: a parameter that is not there
    parameters: {speed: 3}
    expect: [{resourceId: logs, verdict: Compliant}]
",
    );
    let text = report.to_string();
    assert!(text.contains("parameter") && text.contains("speed"), "{text}");
}

#[test]
fn what_is_not_recorded_is_unknown() {
    let report = report(
        "
  - name: buckets are not recorded
    notRecorded: ['AWS::S3::Bucket']
    expect: [{verdict: Unknown, reason: NotRecorded}]
",
    );
    assert!(report.passed(), "{report}");
}
