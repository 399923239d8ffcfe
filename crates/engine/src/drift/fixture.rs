//! A small plan and its results, for tests.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{CompiledCheck, CompiledControl, Origin};
use crate::drift::{Comparison, Drift, Finding, FindingChange, KnownFindings, Publisher};
use crate::evaluation::{EvaluationResult, Outcome, OwnerTagPlace, Subject};
use crate::plan::{BaselineKey, OwnerKeys, Plan, PlannedControl, Target};
use api::PublishSettings;
use cel::Timestamp;
use model::{Owner, Partition, Severity, Verdict};

const SPEC: &str = "
title: S3 buckets keep versions
description: Without versions, what is overwritten is gone.
severity: Medium
domain: data-protection
frameworks: [{name: CIS AWS Foundations, version: 3.0.0, requirements: ['2.1.2']}]
remediation: {text: Turn versioning on., url: 'https://docs.aws.amazon.com/s3'}
check: {attestation: {}}
";

/// 2026-11-22T00:00:00Z and so many seconds.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds: 1_795_305_600 + seconds, nanoseconds: 0 }
}

/// The baseline `platform/production` with these controls, in one account's one region.
pub fn plan(controls: &[&str]) -> Plan {
    let control = |name: &&str| PlannedControl {
        control: Arc::new(CompiledControl {
            name: name.parse().unwrap(),
            spec: serde_saphyr::from_str(SPEC).unwrap(),
            check: CompiledCheck::Attestation,
            origin: Origin::BuiltIn,
        }),
        severity: Severity::Medium,
        parameters: Arc::default(),
        matching: None,
        exclude: None,
        rule: None,
    };
    Plan {
        baseline: BaselineKey { namespace: "platform".into(), name: "production".into() },
        generation: 1,
        targets: vec![Target {
            account: "111122223333".parse().unwrap(),
            account_name: "payments".into(),
            partition: Partition::Aws,
            region: "eu-west-1".parse().unwrap(),
            home: true,
            owner: Owner::new("platform").unwrap(),
        }],
        controls: controls.iter().map(control).collect(),
        exemptions: Vec::new(),
        attestations: Vec::new(),
        interval: Duration::from_mins(30),
        publish: PublishSettings { security_hub: true, passed: false },
        owner_keys: OwnerKeys::default(),
        suspended: false,
        problems: Vec::new(),
        passed_over: 0,
    }
}

/// A bucket.
pub const fn bucket(id: &str) -> Subject<'_> {
    Subject::Resource {
        resource_type: "AWS::S3::Bucket",
        id,
        arn: None,
        name: None,
        region: "eu-west-1",
    }
}

/// What the first control of the first plan makes of a subject.
pub const fn result(subject: Subject<'_>, verdict: Verdict) -> EvaluationResult<'_> {
    EvaluationResult {
        plan: 0,
        target: 0,
        control: 0,
        subject,
        verdict,
        message: "versioning is off",
        explanation: &[],
        exemption: None,
        owner_tag: OwnerTagPlace::NONE,
    }
}

/// What follows of these results when all was read.
pub fn compare(
    plans: &[Plan],
    known: &KnownFindings,
    results: &[EvaluationResult<'_>],
    now: Timestamp,
) -> Drift {
    compare_read(plans, known, results, now, true)
}

/// What follows of these results when all was read, or not all.
pub fn compare_read(
    plans: &[Plan],
    known: &KnownFindings,
    results: &[EvaluationResult<'_>],
    now: Timestamp,
    complete: bool,
) -> Drift {
    let publisher = Publisher::default();
    let mut comparison = Comparison::new(plans, known, &publisher, now);
    for result in results {
        comparison.observe(result);
    }
    comparison.finish(&outcome(plans, complete))
}

fn outcome(plans: &[Plan], complete: bool) -> Outcome {
    let mut outcome = Outcome::of(plans);
    let targets = outcome.plans.iter_mut().flat_map(|plan| &mut plan.targets);
    targets.flat_map(|target| &mut target.controls).for_each(|it| it.complete = complete);
    outcome
}

/// Takes the changes as published, and says what they were.
pub fn publish(known: &mut KnownFindings, drift: &Drift) -> Vec<&'static str> {
    for change in &drift.changes {
        known.upsert(change.shared());
    }
    drift.changes.iter().map(FindingChange::as_str).collect()
}

/// The finding of a bucket without versions.
pub fn finding(id: &str, now: Timestamp) -> Finding {
    findings(&[id.to_owned()], now).remove(0)
}

/// The findings of buckets without versions.
pub fn findings(ids: &[String], now: Timestamp) -> Vec<Finding> {
    let plans = [plan(&["s3-bucket-versioning"])];
    let results: Vec<_> = ids.iter().map(|id| result(bucket(id), Verdict::NonCompliant)).collect();
    let changes = compare(&plans, &KnownFindings::new(), &results, now).changes;
    changes.iter().map(|change| change.finding().clone()).collect()
}
