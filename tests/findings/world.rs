//! A small baseline and what happens to it, so that every kind of change is published.

use bumpalo::Bump;
use plumbline::api::{Attestation, AwsAccount, Exemption, SecurityBaseline};
use plumbline::catalog::Catalog;
use plumbline::drift::{Comparison, FindingChange, Installation, KnownFindings};
use plumbline::evaluation::{Coverage, Evaluation, EvaluationResult};
use plumbline::plan::{Desired, NamespaceLabels, Plan, UnreadAccounts, resolve};
use plumbline::resource::{Parsed, Reading, Timestamp, parse_item};
use serde_json::{Value, json};

const BASELINE: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production, namespace: platform}
spec:
  accounts: {names: [payments]}
  controls:
    - {name: s3-bucket-versioning, severity: Critical}
    - {name: cloudtrail-multi-region}
  publish: {passed: true}
";
const ACCOUNT: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: payments}
spec:
  accountId: '111122223333'
  regions: [eu-west-1]
  source: {snapshot: {url: snapshot.json}}
  allowedNamespaces: {names: [platform]}
";
const EXEMPTION: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy, namespace: platform}
spec:
  baseline: production
  controls: [s3-bucket-versioning]
  resources: [{ids: [legacy]}]
  reason: It is replaced next month.
  approvedBy: security@example.com
  approvedAt: 2026-01-01T00:00:00Z
  expiresAt: 2026-03-01T00:00:00Z
";

/// 2026-02-01T00:00:00Z and so many days.
pub(crate) fn day(days: i64) -> Timestamp {
    Timestamp { seconds: 1_769_904_000 + days * 86_400, nanoseconds: 0 }
}

/// The plan of the baseline.
pub(crate) fn plan() -> Plan {
    let baseline: SecurityBaseline = serde_saphyr::from_str(BASELINE).unwrap();
    let accounts: [AwsAccount; 1] = [serde_saphyr::from_str(ACCOUNT).unwrap()];
    let exemptions: [Exemption; 1] = [serde_saphyr::from_str(EXEMPTION).unwrap()];
    let attestations: [Attestation; 0] = [];
    let desired = Desired {
        baseline: &baseline,
        unread_accounts: &UnreadAccounts::new(),
        accounts: &accounts,
        exemptions: &exemptions,
        attestations: &attestations,
        namespaces: &NamespaceLabels::new(),
    };
    let plan = resolve(&desired, Catalog::built_in());
    assert_eq!(plan.problems, []);
    plan
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
    let (parameters, arena, installation) = (Bump::new(), Bump::new(), Installation::default());
    let evaluation = Evaluation::new(plans, now, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut worker = evaluation.worker();
    let mut comparison = Comparison::new(plans, known, &installation, now);
    let mut observe = |result: &EvaluationResult<'_>| comparison.observe(result);
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
    plans[0].controls[1].severity = plumbline::resource::Severity::Low;
    changes.extend(evaluate(&plans, &off, &mut known, day(1)));
    changes.extend(evaluate(&plans, &on, &mut known, day(2)));
    changes.extend(evaluate(&plans, &on, &mut known, day(40)));
    changes.extend(evaluate(&plans, &on, &mut known, day(75)));
    changes.extend(evaluate(&[], &[], &mut known, day(80)));
    let asff = |change: &FindingChange| serde_json::to_value(change.finding().to_asff()).unwrap();
    changes.iter().map(|change| (change.as_str(), asff(change))).collect()
}
