//! What changes between a read and the evaluation of what was read, or while that is under way.

use std::sync::{Arc, Mutex};

use assess::{Limits, Retained, Round, SourceInput, View, evaluate, evaluate_changed};
use aws::source::{Mirror, MirrorSpace, Part};
use engine::drift::{KnownFindings, Publisher};
use engine::evaluation::EvaluationResult;
use metrics::Metrics;
use model::UnknownReason;
use serde_json::{Value as Json, json};
use support::random::Random;
use support::world::{ACCOUNT, plan};

use super::{REGIONS, World, difference, said, tested};

/// What happens when a result is looked at for the first time.
static MEANWHILE: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

fn shows_and_changes(_: &EvaluationResult<'_>) -> bool {
    let happens = MEANWHILE.lock().unwrap().take();
    if let Some(happens) = happens {
        happens();
    }
    false
}

fn part(resource_type: &str) -> Part {
    Part { region: REGIONS[0].parse().unwrap(), resource_type: resource_type.parse().unwrap() }
}

fn put(mirror: &Mirror, resource_type: &str, id: &str, fields: &Json) {
    let mut item = json!({
        "resourceType": resource_type, "resourceId": id, "awsAccountId": ACCOUNT,
        "awsRegion": REGIONS[0], "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-01-31T00:00:00Z",
    });
    item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    mirror.put(&part(resource_type), (REGIONS[0], id), None, &item.to_string()).unwrap();
}

fn put_log(mirror: &Mirror, id: &str, of: &str) {
    let configuration = json!({
        "resourceId": of, "flowLogStatus": "ACTIVE", "trafficType": "ALL",
        "deliverLogsStatus": "SUCCESS",
    });
    put(mirror, "AWS::EC2::FlowLog", id, &json!({"configuration": configuration}));
}

fn put_vpc(mirror: &Mirror, tags: &Json) {
    put(mirror, "AWS::EC2::VPC", "vpc-1", &json!({"configuration": {}, "tags": tags}));
}

/// One flow log takes another's place between the moment when it is known what joins a VPC, and that in which it is
/// read: the VPC never was without one.
#[test]
fn what_joins_meanwhile_counts() {
    let tags = json!({"Owner": "payments"});
    let controls = json!({"controls": [
        {"name": "vpc-flow-logs"}, {"name": "required-tags", "parameters": {"keys": ["Owner"]}},
        {"name": "s3-bucket-versioning"}, // the exemption names it
    ]});
    let mut world = World::new(&tested(), &mut Random::new(1));
    world.plans = vec![plan(&controls, &REGIONS[..1], &Json::Null)];
    world.mirror = Arc::new(Mirror::default());
    put_vpc(&world.mirror, &tags);
    put_log(&world.mirror, "fl-1", "vpc-1");
    put_log(&world.mirror, "fl-2", "vpc-2");
    let sources = [SourceInput::Live(world.read())];
    let (publisher, mut retained) = (Publisher::default(), Retained::default());
    let round = Round {
        plans: &world.plans,
        sources: &sources,
        known: None,
        publisher: &publisher,
        now: world.now(),
        may_lack_baselines: false,
        limits: Limits::NONE,
    };
    let (_, first) = said(|view| evaluate_changed(&round, &mut retained, view));
    assert_eq!(first.outcome.counts().compliant, 2);

    put_vpc(&world.mirror, &json!({"Owner": "payments", "Name": "main"}));
    let mirror = Arc::clone(&world.mirror);
    *MEANWHILE.lock().unwrap() = Some(Box::new(move || {
        put_log(&mirror, "fl-2", "vpc-1");
        put_log(&mirror, "fl-1", "vpc-2");
    }));
    let change = |view: View<'_>| {
        evaluate_changed(&round, &mut retained, View { filter: shows_and_changes, ..view })
    };
    let (_, updated) = said(change);
    assert!(MEANWHILE.lock().unwrap().is_none(), "nothing happened meanwhile");
    assert_eq!((updated.updated.len(), updated.outcome.counts().compliant), (1, 2));
    let (expected, _) = said(|view| evaluate(&round, view));
    let (found, _) = said(|view| evaluate_changed(&round, &mut retained, view));
    assert!(found == expected, "{}", difference(&found, &expected));
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
    let part = part("AWS::S3::Bucket");
    let put = |id: &str, padding: usize| {
        let item = json!({
            "resourceType": "AWS::S3::Bucket", "resourceId": id, "awsAccountId": ACCOUNT,
            "awsRegion": REGIONS[0], "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-01-31T00:00:00Z", "configuration": {},
            "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Off"}},
            "padding": "x".repeat(padding),
        });
        world.mirror.put(&part, (REGIONS[0], id), None, &item.to_string())
    };
    put("drifts", 0).unwrap();
    let publisher = Publisher::default();
    let mut retained = Retained::default();
    let sources = [SourceInput::Live(world.read())];
    let mut known = KnownFindings::new();
    let mut rounds = |known: &KnownFindings| {
        let round = Round {
            plans: &world.plans,
            sources: &sources,
            known: Some(known),
            publisher: &publisher,
            now: world.now(),
            may_lack_baselines: false,
            limits: Limits::NONE,
        };
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
