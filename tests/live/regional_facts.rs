//! Facts of services: whether they run in a region, what is shared with everyone, how long logs are kept.

use model::UnknownReason;
use serde_json::{Value, json};

use super::LIVE;
use super::facts;
use super::world::{ACCOUNT, Desired, Live, Verdicts, World};
use support::double::Double;

const CONTROLS: &str = "apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: services, namespace: platform}
spec:
  accounts: {names: [acme-shop]}
  controls:
    - name: ebs-snapshot-not-public
    - name: macie-enabled
    - name: security-hub-enabled
    - name: inspector-enabled
    - name: shield-advanced
    - name: log-group-retention
    - name: log-group-encrypted
";

/// Changes what a region tells.
fn tell(double: &Double, region: &str, change: &Value) {
    let change = json!({"account": ACCOUNT, "region": region, "change": change});
    double.control("PATCH", "region", &change);
}

/// A region in which all runs.
fn all() -> Value {
    json!({
        "macie": "ENABLED",
        "inspector": {"ec2": "ENABLED", "ecr": "ENABLED", "lambda": "ENABLED"},
        "logGroups": {"/shop": {"retentionInDays": 365, "kmsKeyId": "arn:key"}},
    })
}

/// A double in which all runs in the one region and nothing in the other.
fn start(world: &World) -> Option<Double> {
    let mut reported = facts::of(&world.items);
    reported["shield"] = json!("ENABLED");
    let double = Double::start(&world.state().account(ACCOUNT, "facts", reported))?;
    tell(&double, "eu-west-1", &json!({"facts": all()}));
    tell(&double, "us-east-1", &json!({"securityHub": {"enabled": false}}));
    Some(double)
}

fn verdict<'v>(verdicts: &'v Verdicts, control: &str, subject: &str) -> &'v str {
    &verdicts.0[&format!("platform/services {control} {subject}")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_region_has_the_services_that_run_in_it() {
    let world = World::of(1);
    let desired = Desired::and(LIVE, CONTROLS);
    let Some(double) = start(&world) else { return };
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert!(report.read_whole(), "{:?}", report.sources);
    for control in
        ["ebs-snapshot-not-public", "macie-enabled", "security-hub-enabled", "inspector-enabled"]
    {
        let said = verdict(&verdicts, control, "eu-west-1 region");
        assert!(said.starts_with("Compliant"), "{control}: {said}");
    }
    for (control, said) in [
        ("ebs-snapshot-not-public", "Compliant"),
        ("macie-enabled", "NonCompliant Macie is not enabled in the region"),
        ("security-hub-enabled", "NonCompliant Security Hub is not enabled in the region"),
        (
            "inspector-enabled",
            "NonCompliant not enabled: ec2 (DISABLED), ecr (DISABLED), lambda (DISABLED)",
        ),
    ] {
        assert_eq!(verdict(&verdicts, control, "us-east-1 region").trim_end(), said, "{control}");
    }
    let shield = verdict(&verdicts, "shield-advanced", "us-east-1 account");
    assert!(shield.starts_with("Compliant"), "{shield}");
    let group = "eu-west-1 Plumbline::Region::LogGroup /shop";
    for control in ["log-group-retention", "log-group-encrypted"] {
        assert!(verdict(&verdicts, control, group).starts_with("Compliant"), "{control}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_snapshots_count_unless_all_sharing_is_blocked() {
    let world = World::of(1);
    let desired = Desired::and(LIVE, CONTROLS);
    let Some(double) = start(&world) else { return };
    let public =
        |block: &str| json!({"facts": {"publicSnapshots": ["snap-1"], "snapshotBlock": block}});
    for (block, said) in [
        ("unblocked", "NonCompliant everyone can restore snap-1"),
        ("block-new-sharing", "NonCompliant everyone can restore snap-1"),
        ("block-all-sharing", "Compliant"),
        ("block-some", "Unknown NotDelivered"),
    ] {
        tell(&double, "us-east-1", &public(block));
        let (verdicts, _) = Live::new(&double).round(&desired).await;
        let found = verdict(&verdicts, "ebs-snapshot-not-public", "us-east-1 region");
        assert_eq!(found.trim_end(), said, "{block}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_groups_are_read_page_by_page() {
    let world = World::of(1);
    let desired = Desired::and(LIVE, CONTROLS);
    let Some(double) = start(&world) else { return };
    let group = |at: usize| (format!("/old/{at:03}"), json!({"retentionInDays": 1}));
    let groups: serde_json::Map<String, Value> = (0..120).map(group).collect();
    tell(&double, "us-east-1", &json!({"facts": {"logGroups": groups}}));
    let (verdicts, _) = Live::new(&double).round(&desired).await;
    let short = verdicts.0.iter().filter(|(key, said)| {
        key.contains("log-group-retention us-east-1") && said.starts_with("NonCompliant")
    });
    assert_eq!(short.count(), 120);
    assert_eq!(double.calls().ok("DescribeLogGroups"), 1 + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_may_not_be_asked_is_unknown_and_never_off() {
    let world = World::of(1);
    let desired = Desired::and(LIVE, CONTROLS);
    let Some(double) = start(&world) else { return };
    for (service, operation, control, subject) in [
        ("ec2", "DescribeSnapshots", "ebs-snapshot-not-public", "region"),
        ("macie2", "GetMacieSession", "macie-enabled", "region"),
        ("securityhub", "DescribeHub", "security-hub-enabled", "region"),
        ("inspector2", "BatchGetAccountStatus", "inspector-enabled", "region"),
        ("shield", "DescribeSubscription", "shield-advanced", "account"),
        ("logs", "DescribeLogGroups", "log-group-retention", "unread"),
    ] {
        let deny = json!({"kind": "deny", "match": {"service": service, "operation": operation}});
        double.order_faults(1, &[deny]);
        let (verdicts, report) = Live::new(&double).round(&desired).await;
        double.no_faults();
        let denied = verdicts.unknown(UnknownReason::AccessDenied);
        let key = format!("platform/services {control} us-east-1 {subject}");
        assert!(denied.iter().any(|it| it.starts_with(&key)), "{operation}: {denied:?}");
        let problems = report.sources[0].problems.join("\n");
        assert!(problems.contains(&format!("{service}:{operation}")), "{problems}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_is_none_is_unknown_and_named() {
    let world = World::of(1);
    let desired = Desired::and(LIVE, CONTROLS);
    let Some(double) = start(&world) else { return };
    let mut odd = all();
    odd["macie"] = json!("SLEEPING");
    odd["inspector"]["ecr"] = json!("PERHAPS");
    tell(&double, "eu-west-1", &json!({"facts": odd}));
    let mut reported = facts::of(&world.items);
    reported["shield"] = json!("SOON");
    double.control("PATCH", "facts", &json!({"account": ACCOUNT, "facts": reported}));
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    for (control, subject) in [
        ("macie-enabled", "eu-west-1 region"),
        ("inspector-enabled", "eu-west-1 region"),
        ("shield-advanced", "us-east-1 account"),
    ] {
        assert_eq!(verdict(&verdicts, control, subject), "Unknown NotDelivered", "{control}");
    }
    let problems = report.sources[0].problems.join("\n");
    for word in ["SLEEPING", "PERHAPS", "SOON"] {
        assert!(problems.contains(word), "{problems}");
    }
}
