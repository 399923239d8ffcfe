//! A small baseline and what happens to it, so that every kind of change is published.

use bumpalo::Bump;
use cel::Timestamp;
use engine::drift::{Comparison, FindingChange, KnownFindings, Publisher};
use engine::evaluation::{Coverage, Evaluation, EvaluationResult};
use engine::plan::Plan;
use model::{Parsed, Reading, parse_item};
use serde_json::{Value, json};

pub(crate) use support::world::day;

/// The plan of the baseline.
pub(crate) fn plan() -> Plan {
    let asked = json!({
        "controls": [
            {"name": "s3-bucket-versioning", "severity": "Critical"},
            {"name": "cloudtrail-multi-region"},
        ],
        "publish": {"passed": true},
    });
    support::world::plan(&asked, &["eu-west-1"], &json!([{"ids": ["legacy"]}]))
}

/// A bucket whose versioning has this status.
pub(crate) fn bucket(name: &str, status: &str) -> Value {
    json!({
        "resourceType": "AWS::S3::Bucket", "resourceId": name, "resourceName": name,
        "ARN": format!("arn:aws:s3:::{name}"), "awsAccountId": "111122223333",
        "awsRegion": "eu-west-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-01-31T00:00:00Z",
        "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": status}},
    })
}

/// What one evaluation of these items publishes.
pub(crate) fn evaluate(
    plans: &[Plan],
    items: &[Value],
    known: &mut KnownFindings,
    now: Timestamp,
) -> Vec<FindingChange> {
    let (parameters, arena, publisher) = (Bump::new(), Bump::new(), Publisher::default());
    let evaluation = Evaluation::new(plans, now, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut worker = evaluation.worker();
    let mut comparison = Comparison::new(plans, known, &publisher, now);
    let mut observe = |result: &EvaluationResult<'_>| {
        comparison.observe(result);
    };
    for item in items {
        let text = arena.alloc_str(&item.to_string());
        if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
            worker.item(&item, &mut observe);
        }
    }
    let mut coverage = Coverage::new();
    coverage.complete(&"111122223333".parse().unwrap(), None, None);
    let outcome = evaluation.finish(vec![worker], &coverage, &mut observe);
    let changes = comparison.finish(&outcome).changes;
    for change in &changes {
        known.upsert(change.finding().clone());
    }
    changes
}

/// Everything that is published of the baseline over some weeks, with the kind of each change.
pub(crate) fn published() -> Vec<(&'static str, Value)> {
    let mut plans = [plan()];
    let mut known = KnownFindings::new();
    let off = [bucket("data", "Enabled"), bucket("legacy", "Off"), bucket("logs", "Suspended")];
    let on = [bucket("data", "Enabled"), bucket("legacy", "Off"), bucket("logs", "Enabled")];
    let mut changes = evaluate(&plans, &off, &mut known, day(0));
    plans[0].controls[1].severity = model::Severity::Low;
    changes.extend(evaluate(&plans, &off, &mut known, day(1)));
    changes.extend(evaluate(&plans, &on, &mut known, day(2)));
    changes.extend(evaluate(&plans, &on, &mut known, day(40)));
    changes.extend(evaluate(&plans, &on, &mut known, day(75)));
    changes.extend(evaluate(&[], &[], &mut known, day(80)));
    let asff = |change: &FindingChange| serde_json::to_value(change.finding().to_asff()).unwrap();
    changes.iter().map(|change| (change.as_str(), asff(change))).collect()
}
