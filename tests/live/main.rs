//! Accounts read live, from the AWS double: what is said of them is what a snapshot of the same
//! resources gives, whatever happens on the way, and at little cost.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod facts;
mod world;

use std::io::{Write as _, stderr}; // past the harness's capture: figures show

use model::UnknownReason;
use serde_json::{Value, json};
use support::double::{Double, Fault, State};
use world::{ACCOUNT, Desired, Live, REGIONS, World, region_of};

mod account_facts;
mod archivals;
mod archiving;
mod believed_rules;
mod bucket;
mod bucket_doctor;
mod changes;
mod config_rules;
mod credentials;
mod damaged;
mod delivered;
mod delivered_places;
mod kept_rules;
mod organization;
mod own_rules;
mod publishers;
mod publishing;
mod regional_facts;
mod requested;
mod secrets;
mod traces;

const LIVE: &str = "{configApi: {}}";

/// The key of an item for the double's control paths.
fn key(item: &Value) -> Value {
    json!({
        "account": ACCOUNT, "region": region_of(item),
        "resourceType": item["resourceType"], "resourceId": item["resourceId"],
    })
}

fn of_type<'w>(world: &'w World, name: &str) -> Vec<&'w Value> {
    world.items.iter().filter(|item| item["resourceType"] == name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_verdicts_are_those_of_a_snapshot_and_a_quiet_round_costs_little() {
    let world = World::of(140);
    let (desired, items) = (Desired::of(LIVE), world.items.len());
    assert!(items >= 10_000 && world.types().len() >= 20 && desired.controls() >= 40);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);

    let (verdicts, report) = live.round(&desired).await;
    let (expected, _) = desired.evaluate_snapshot(&world);
    assert_eq!(verdicts.differences(&expected), Vec::<String>::new());
    assert!(report.read_whole(), "{:?}", report.sources);
    let first = double.calls().total();

    double.forget_calls();
    let (again, _) = live.round(&desired).await;
    assert_eq!(again, verdicts);
    let calls = double.calls();
    let bound = items / 100 + world.types().len() * REGIONS.len() + 10;
    let _ = writeln!(
        stderr(),
        "{items} resources of {} types, {} controls, {} verdicts: {first} calls at first, {} in a \
         round without changes (bound: {bound})",
        world.types().len(),
        desired.controls(),
        verdicts.0.len(),
        calls.total(),
    );
    assert!(usize::try_from(calls.total()).unwrap() <= bound / 10, "{:?}", calls.counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_appears_and_goes_is_seen_in_the_next_round() {
    let mut world = World::of(3);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    live.round(&desired).await;

    // One bucket is fixed, one volume goes, one key is new.
    let on = json!({"supplementaryConfiguration": {"BucketVersioningConfiguration": {
        "status": "Enabled",
    }}});
    let bucket = of_type(&world, "AWS::S3::Bucket")[0].clone();
    let mut change = key(&bucket);
    change["patch"] = on.clone();
    double.patch_items(&[change]);
    let volume = of_type(&world, "AWS::EC2::Volume")[0].clone();
    double.delete_items(&[key(&volume)]);
    let mut new = of_type(&world, "AWS::KMS::Key")[0].clone();
    new["resourceId"] = json!("new-key");
    new["ARN"] = json!("arn:aws:kms:eu-west-1:111122223333:key/new-key");
    new["configurationItemCaptureTime"] = json!(jiff::Timestamp::now().to_string());
    double.put_items(std::slice::from_ref(&new));

    for item in &mut world.items {
        if key(item) == key(&bucket) {
            item["supplementaryConfiguration"]["BucketVersioningConfiguration"]["status"] =
                json!("Enabled");
        }
    }
    world.items.retain(|item| key(item) != key(&volume));
    world.items.push(new);

    double.forget_calls();
    let (verdicts, _) = live.round(&desired).await;
    let (expected, _) = desired.evaluate_snapshot(&world);
    assert_eq!(verdicts.differences(&expected), Vec::<String>::new());
    // Only the type that lost a resource is read whole again.
    assert!(double.calls().of("SelectResourceConfig") <= 10, "{:?}", double.calls().counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_failures_and_cut_connections_change_nothing_in_the_end() {
    let world = World::of(20);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let (undisturbed, _) = Live::new(&double).round(&desired).await;
    let calls = double.calls().total();

    double.forget_calls();
    double.order_faults(
        11,
        &[
            Fault::throttle(0.3),
            Fault::error(0.05, 503),
            Fault::cut(0.02, "before"),
            Fault::cut(0.02, "body"),
        ],
    );
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert_eq!(verdicts.differences(&undisturbed), Vec::<String>::new());
    assert!(report.read_whole());
    let disturbed = double.calls().total();
    let _ = writeln!(stderr(), "{calls} calls undisturbed, {disturbed} disturbed");
    assert!(disturbed * 2 <= calls * 5, "{disturbed} of {calls}");
    assert!(double.struck().values().sum::<u64>() > 20, "{:?}", double.struck());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_end_in_the_middle_are_renewed() {
    let world = World::of(5);
    let desired = Desired::of(LIVE);
    // Sessions end a second after they began, whatever AWS said of their end.
    let state = world.state().set("sessionSeconds", 1.0);
    let Some(double) = Double::start(&state) else { return };
    let (expected, _) = desired.evaluate_snapshot(&world);
    let mut with_role = Desired::of(LIVE);
    with_role.accounts[0].spec.role = serde_json::from_value(json!({
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/plumbline"),
    }))
    .unwrap();
    let mut live = Live::new(&double);
    for _ in 0..3 {
        double.expire_sessions();
        let (verdicts, report) = live.round(&with_role).await;
        assert_eq!(verdicts.differences(&expected), Vec::<String>::new());
        assert!(report.read_whole(), "{:?}", report.sources);
    }
    let calls = double.calls();
    assert!(calls.of("AssumeRole") >= 3, "{:?}", calls.counts);
    let expired = calls.counts["config:SelectResourceConfig"].get("ExpiredTokenException");
    let elsewhere = calls.counts.values().filter_map(|it| it.get("ExpiredTokenException"));
    assert!(expired.is_some() || elsewhere.sum::<u64>() > 0, "{:?}", calls.counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_type_that_is_denied_is_unknown_and_the_rest_goes_on() {
    let world = World::of(2);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    let (before, _) = live.round(&desired).await;
    for _ in 0..2 {
        double.order_faults(
            1,
            &[json!({"kind": "deny", "match": {
                "operation": "SelectResourceConfig", "resourceType": "AWS::KMS::Key",
                "region": "eu-west-1",
            }})],
        );
        let (verdicts, report) = Live::new(&double).round(&desired).await;
        assert!(!report.read_whole());
        let unknown = verdicts.unknown(UnknownReason::AccessDenied);
        assert!(unknown.iter().any(|key| key.contains("kms-key-rotation")), "{unknown:?}");
        assert!(!unknown.iter().any(|key| key.contains("us-east-1")), "{unknown:?}");
        // No key of the region has a verdict that nobody could know.
        let of_keys = |key: &&String| key.contains("kms-key-rotation eu-west-1 AWS::KMS::Key");
        assert_eq!(verdicts.0.keys().find(of_keys), None);
        double.no_faults();
    }
    let (after, _) = live.round(&desired).await;
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_is_off_failing_late_or_missing_is_not_believed() {
    let world = World::of(1);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    for (recorder, reason) in [
        (json!({"recording": false}), UnknownReason::RecorderStopped),
        (
            json!({"lastStatus": "FAILURE", "lastErrorCode": "NoSuchBucket"}),
            UnknownReason::RecorderStopped,
        ),
        (json!({"lastStatus": "Failure"}), UnknownReason::RecorderStopped),
        (json!({"lastStatus": "DEGRADED"}), UnknownReason::RecorderStopped),
        (
            json!({"lastStatus": "PENDING", "lastStatusChangeTime": "2026-01-01T00:00:00Z"}),
            UnknownReason::Stale,
        ),
        (Value::Null, UnknownReason::NotRecorded),
    ] {
        double.change_region(ACCOUNT, "eu-west-1", &json!({"recorder": recorder}));
        let (verdicts, _) = live.round(&desired).await;
        let unknown = verdicts.unknown(reason);
        assert!(unknown.iter().any(|key| key.contains("s3-bucket-versioning eu-west-1")));
        let known = verdicts
            .0
            .iter()
            .filter(|(key, said)| key.contains("eu-west-1 AWS::") && !said.starts_with("Unknown"));
        assert_eq!(known.count(), 0, "{recorder}");
    }
    let services = json!({"serviceRecorders": ["securityhubv2.amazonaws.com"]});
    double.change_region(ACCOUNT, "eu-west-1", &services);
    let (_, _, messages) = live.round_with_messages(&desired).await;
    let named = |it: &String| {
        it.contains("securityhubv2.amazonaws.com (INTERNAL")
            && it.ends_with("; create a customer managed recorder with a delivery channel")
    };
    assert!(messages.iter().any(named), "{messages:?}");
    let text = live.metrics.text().unwrap();
    let series = "plumbline_recorder_running{account=\"111122223333\",region=\"eu-west-1\"} 0";
    assert!(text.contains(series), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_that_queries_do_not_serve_are_read_from_lists_and_histories() {
    let world = World::of(3);
    let desired = Desired::of(LIVE);
    let hidden = json!(["AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::IAM::Role"]);
    let mut state = world.state();
    for region in REGIONS {
        state = state.region(ACCOUNT, region, "queryUnserved", hidden.clone());
    }
    let Some(double) = Double::start(&state) else { return };
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    let (expected, _) = desired.evaluate_snapshot(&world);
    assert_eq!(verdicts.differences(&expected), Vec::<String>::new());
    assert!(report.read_whole(), "{:?}", report.sources);
    // Tags are read of buckets, and batches have none.
    assert!(double.calls().of("GetResourceConfigHistory") > 0);
    assert!(double.calls().of("ListDiscoveredResources") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_a_batch_leaves_aside_are_asked_for_again() {
    let world = World::of(10);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let (expected, _) = desired.evaluate_snapshot(&world);
    double.order_faults(
        5,
        &[json!({
            "kind": "partial", "share": 1.0, "match": {"operation": "BatchGetResourceConfig"},
        })],
    );
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert!(!report.read_whole());
    let undelivered = verdicts.unknown(UnknownReason::NotDelivered);
    assert!(undelivered.iter().any(|key| key.contains("s3-bucket-tls-only")), "{undelivered:?}");
    double.no_faults();
    let (verdicts, _) = Live::new(&double).round(&desired).await;
    assert_eq!(verdicts.differences(&expected), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_of_another_account_read_nothing() {
    let world = World::of(1);
    let mut desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    desired.accounts[0].spec.account_id = "444455556666".parse().unwrap();
    for plan in &mut desired.plans {
        for target in &mut plan.targets {
            target.account = "444455556666".parse().unwrap();
        }
    }
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert!(
        verdicts.0.values().all(|said| said == "Unknown AccessDenied"
            || said.starts_with("NonCompliant nobody has attested")),
        "{verdicts:?}"
    );
    let problem = &report.sources[0].problems[0];
    assert!(problem.contains("credentials belong to account 111122223333"), "{problem}");
    assert_eq!(double.calls().of("SelectResourceConfig"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregator_shows_what_the_account_does() {
    const HOME: &str = "999988887777";
    let world = World::of(4);
    let aggregator = json!([{"name": "all", "accounts": [ACCOUNT]}]);
    let state = world.state();
    let mut json = state.json().clone();
    json["accounts"][HOME] = json!({
        "accessKeys": {"test": "test"}, "roles": {"plumbline": {}},
        "regions": {"eu-west-1": {"aggregators": aggregator}},
    });
    json["accounts"][ACCOUNT]["accessKeys"] = json!({});
    let state = State::from_json(json);
    let Some(double) = Double::start(&state) else { return };
    let source = format!("{{aggregator: {{name: all, account: \"{HOME}\", region: eu-west-1}}}}");
    let desired = Desired::of(&source);
    let mut live = Live::new(&double);
    let (verdicts, _) = live.round(&desired).await;
    let (expected, _) = desired.evaluate_snapshot(&world);
    // Of what queries do not show an aggregator can say nothing; all else is the same.
    let undelivered = verdicts.unknown(UnknownReason::NotDelivered);
    assert!(undelivered.iter().any(|key| key.contains("s3-bucket-tls-only")), "{undelivered:?}");
    let mut compared = 0;
    for (key, said) in &verdicts.0 {
        if !said.starts_with("Unknown") {
            assert_eq!(expected.0.get(key), Some(said), "{key}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
    double.forget_calls();
    let (again, _) = live.round(&desired).await;
    assert_eq!(again, verdicts);
    assert!(double.calls().total() <= 20, "{:?}", double.calls().counts);
}
