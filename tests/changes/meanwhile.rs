//! What changes between a read and the evaluation of what was read, or while that is under way.

use std::io;
use std::sync::{Arc, Mutex};

use assess::{Retained, SourceInput, View, evaluate, evaluate_changed};
use aws::source::{Mirror, MirrorSpace, Part};
use engine::drift::{KnownFindings, Publisher};
use engine::evaluation::{Counts, EvaluationResult};
use metrics::Metrics;
use model::UnknownReason;
use serde_json::{Value as Json, json};
use support::random::Random;
use support::world::{ACCOUNT, plan};

use super::{REGIONS, World, difference, said, tested};

/// What happens when a result is looked at for the first time: that of the item that changed, before it is known
/// what joins it.
static MEANWHILE: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);
/// One test at a time.
static ONE: Mutex<()> = Mutex::new(());

fn shows_and_changes(_: &EvaluationResult<'_>) -> bool {
    let happens = MEANWHILE.lock().unwrap().take();
    if let Some(happens) = happens {
        happens();
    }
    false
}

fn put(mirror: &Mirror, resource_type: &str, id: &str, fields: &Json) -> io::Result<()> {
    let mut item = json!({
        "resourceType": resource_type, "resourceId": id, "awsAccountId": ACCOUNT,
        "awsRegion": REGIONS[0], "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-01-31T00:00:00Z",
    });
    item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (region, resource_type) = (REGIONS[0].parse().unwrap(), resource_type.parse().unwrap());
    mirror.put(&Part { region, resource_type }, (REGIONS[0], id), None, &item.to_string())
}

fn put_log(mirror: &Mirror, id: &str, of: &str) {
    let configuration = json!({
        "resourceId": of, "flowLogStatus": "ACTIVE", "trafficType": "ALL",
        "deliverLogsStatus": "SUCCESS",
    });
    put(mirror, "AWS::EC2::FlowLog", id, &json!({"configuration": configuration})).unwrap();
}

fn put_bucket(mirror: &Mirror, id: &str, logs_to: &str) {
    let logging =
        if logs_to.is_empty() { json!({}) } else { json!({"destinationBucketName": logs_to}) };
    let configured = json!({
        "BucketVersioningConfiguration": {"status": "Off"}, "BucketLoggingConfiguration": logging,
    });
    let fields = json!({"configuration": {}, "supplementaryConfiguration": configured});
    put(mirror, "AWS::S3::Bucket", id, &fields).unwrap();
}

fn put_trail(mirror: &Mirror, bucket: &str, version: u32) {
    let configuration = json!({
        "s3BucketName": bucket, "logFileValidationEnabled": true, "isMultiRegionTrail": false,
        "version": version,
    });
    put(mirror, "AWS::CloudTrail::Trail", "trail", &json!({"configuration": configuration}))
        .unwrap();
}

fn put_vpc(mirror: &Mirror, tags: &Json) {
    put(mirror, "AWS::EC2::VPC", "vpc-1", &json!({"configuration": {}, "tags": tags})).unwrap();
}

/// What an account comes to in which `change` happens, and `meanwhile` while that is evaluated. The next round says
/// what a whole evaluation says.
fn meanwhile(
    controls: &Json,
    put_all: fn(&Mirror),
    change: fn(&Mirror),
    meanwhile: fn(&Mirror),
) -> Counts {
    let _one = ONE.lock().unwrap();
    let mut world = World::new(&tested(), &mut Random::new(1));
    world.plans = vec![plan(&json!({"controls": controls}), &REGIONS[..1], &Json::Null)];
    world.mirror = Arc::new(Mirror::default());
    put_all(&world.mirror);
    let sources = [SourceInput::Live(world.read())];
    let (publisher, mut retained) = (Publisher::default(), Retained::default());
    let round = world.round(&sources, None, &publisher);
    said(|view| evaluate_changed(&round, &mut retained, view));

    change(&world.mirror);
    let mirror = Arc::clone(&world.mirror);
    *MEANWHILE.lock().unwrap() = Some(Box::new(move || meanwhile(&mirror)));
    let (_, updated) = said(|view| {
        evaluate_changed(&round, &mut retained, View { filter: shows_and_changes, ..view })
    });
    assert!(MEANWHILE.lock().unwrap().is_none(), "nothing happened meanwhile");
    assert_eq!(updated.updated.len(), 1, "all was evaluated");
    let (expected, _) = said(|view| evaluate(&round, view));
    let (found, _) = said(|view| evaluate_changed(&round, &mut retained, view));
    assert!(found == expected, "{}", difference(&found, &expected));
    updated.outcome.counts()
}

/// One flow log takes another's place before what joins the VPC is read: it never was without one.
#[test]
fn what_joins_meanwhile_counts() {
    let controls = json!([
        {"name": "vpc-flow-logs"}, {"name": "required-tags", "parameters": {"keys": ["Owner"]}},
        {"name": "s3-bucket-versioning"}, // the exemption names it
    ]);
    let put_all = |mirror: &Mirror| {
        put_vpc(mirror, &json!({"Owner": "payments"}));
        put_log(mirror, "fl-1", "vpc-1");
        put_log(mirror, "fl-2", "vpc-2");
    };
    let change = |mirror: &Mirror| put_vpc(mirror, &json!({"Owner": "payments", "Name": "main"}));
    let counts = meanwhile(&controls, put_all, change, |mirror| {
        put_log(mirror, "fl-2", "vpc-1");
        put_log(mirror, "fl-1", "vpc-2");
    });
    assert_eq!((counts.compliant, counts.total()), (2, 2), "{counts:?}");
}

/// A trail turns to another bucket before what joins it is read. Another control reads all trails.
#[test]
fn what_turns_to_another_meanwhile_is_judged_with_that() {
    let controls = json!([
        {"name": "cloudtrail-bucket-logging"}, {"name": "cloudtrail-multi-region"},
        {"name": "cloudtrail-log-file-validation"}, {"name": "s3-bucket-versioning"},
    ]);
    let put_all = |mirror: &Mirror| {
        put_bucket(mirror, "logs", "access-logs");
        put_bucket(mirror, "other", "");
        put_trail(mirror, "logs", 1);
    };
    let change = |mirror: &Mirror| put_trail(mirror, "logs", 2);
    let counts = meanwhile(&controls, put_all, change, |mirror| put_trail(mirror, "other", 3));
    // That bucket logs nothing, and the trail is of one region.
    assert_eq!((counts.non_compliant, counts.not_applicable), (2, 0), "{counts:?}");
}

/// A message may find no room for its item, between a read and the evaluation of what was read.
#[test]
fn what_had_no_room_is_unknown_and_resolves_nothing() {
    let metrics = Metrics::new().unwrap();
    let controls = json!({"controls": [{"name": "s3-bucket-versioning"}]});
    let mut dice = Random::new(1);
    let mut world = World::new(&tested(), &mut dice);
    world.plans = vec![plan(&controls, &REGIONS[..1], &Json::Null)];
    world.mirror = Arc::new(Mirror::within(MirrorSpace::new(Some(1 << 20), metrics.aws().clone())));
    let put = |id: &str, padding: usize| {
        let fields = json!({
            "configuration": {}, "padding": "x".repeat(padding),
            "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Off"}},
        });
        put(&world.mirror, "AWS::S3::Bucket", id, &fields)
    };
    put("drifts", 0).unwrap();
    let publisher = Publisher::default();
    let mut retained = Retained::default();
    let sources = [SourceInput::Live(world.read())];
    let mut known = KnownFindings::new();
    let mut rounds = |known: &KnownFindings| {
        let round = world.round(&sources, Some(known), &publisher);
        let (expected, _) = said(|view| evaluate(&round, view));
        let (found, report) = said(|view| evaluate_changed(&round, &mut retained, view));
        assert!(found == expected, "{}", difference(&found, &expected));
        report
    };
    let before = rounds(&known);
    assert_eq!(before.drift.changes.len(), 1);
    for change in &before.drift.changes {
        known.upsert(change.shared());
    }
    assert_eq!(rounds(&known).updated.len(), 1);

    let refused = put("large", 2 << 20).unwrap_err();
    assert!(refused.to_string().contains("--mirror-size"), "{refused}");
    let after = rounds(&known);
    assert!(after.drift.changes.is_empty(), "{:?}", after.drift.changes);
    assert_eq!(after.outcome.counts().unknown_for(UnknownReason::NotDelivered), 1);
    assert!(!after.read_whole() && !after.outcome.plans[0].is_complete());
    assert!(after.sources[0].problems[0].contains("no room"), "{:?}", after.sources[0].problems);
}
