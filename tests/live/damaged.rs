//! Rows that are broken and pages that do not come: what they would have said is unknown, and nothing
//! else.

use model::UnknownReason;
use serde_json::json;

use crate::LIVE;
use crate::world::{Desired, Live, Verdicts, World};
use support::double::Double;

/// The verdicts on one resource, by region and control.
fn of<'v>(verdicts: &'v Verdicts, id: &str) -> Vec<(&'v String, &'v String)> {
    verdicts.0.iter().filter(|(key, _)| key.ends_with(&format!(" {id}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_broken_leaves_its_own_resource_unknown_until_it_is_read_again() {
    let world = World::of(2);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    let (before, _) = live.round(&desired).await;
    let broken = world.items.iter().find(|item| item["resourceType"] == "AWS::KMS::Key").unwrap();
    let id = broken["resourceId"].as_str().unwrap();
    let garble = |find: &str, replace: &str| {
        json!({"kind": "garble", "find": find, "replace": replace, "match": {
            "operation": "SelectResourceConfig", "resourceType": "AWS::KMS::Key",
        }})
    };
    // Its identity is still there, and nothing else.
    let (find, replace) =
        (format!("\"resourceId\":\"{id}\""), format!("\"resourceId\":\"{id}\",nope"));
    double.order_faults(1, &[garble(&find, &replace)]);
    let mut other = Live::new(&double);
    let (verdicts, report) = other.round(&desired).await;
    assert!(double.struck().values().sum::<u64>() > 0);
    assert!(!report.read_whole());
    let said = &report.sources[0].problems;
    assert!(said.iter().any(|problem| problem.contains(id)), "{said:?}");
    assert!(!of(&verdicts, id).is_empty());
    for (key, said) in of(&verdicts, id) {
        assert!(said.starts_with("Unknown NotDelivered"), "{key} {said}");
    }
    // No other resource has another verdict.
    let differing = verdicts.differences(&before);
    assert!(
        differing.iter().all(|difference| difference.contains(&format!(" {id}: "))),
        "{differing:?}"
    );
    double.no_faults();
    let (verdicts, report) = other.round(&desired).await;
    assert_eq!(verdicts.differences(&before), Vec::<String>::new());
    assert!(report.read_whole(), "{:?}", report.sources);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_does_not_say_of_which_resource_it_is_leaves_its_type_unknown() {
    let world = World::of(2);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let (before, _) = Live::new(&double).round(&desired).await;
    double.order_faults(
        1,
        &[json!({"kind": "garble", "find": "\"resourceId\"", "replace": "\"resource\"", "match": {
            "operation": "SelectResourceConfig", "resourceType": "AWS::KMS::Key",
            "region": "eu-west-1",
        }})],
    );
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert!(!report.read_whole());
    let unknown = verdicts.unknown(UnknownReason::NotDelivered);
    assert!(unknown.iter().any(|key| key.contains("kms-key-rotation eu-west-1")), "{unknown:?}");
    let differing = verdicts.differences(&before);
    let is_of_keys = |it: &String| it.contains("AWS::KMS::Key") && it.contains("eu-west-1");
    assert!(differing.iter().all(is_of_keys), "{differing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_does_not_come_leaves_its_type_unknown_in_its_region() {
    // More of them than one page holds.
    let world = World::of(60);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let (before, _) = Live::new(&double).round(&desired).await;
    double.order_faults(
        1,
        &[json!({"kind": "error", "code": "InvalidNextTokenException", "status": 400, "skip": 3,
            "match": {"operation": "SelectResourceConfig", "resourceType": "AWS::S3::Bucket",
                "region": "eu-west-1"}})],
    );
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert!(double.struck().values().sum::<u64>() > 0);
    assert!(!report.read_whole());
    let differing = verdicts.differences(&before);
    let of_buckets = |it: &&String| it.contains("eu-west-1 AWS::S3::Bucket ");
    assert!(differing.iter().any(|it| of_buckets(&it)));
    // What is judged with buckets at hand is unknown too, and nothing else.
    for other in differing.iter().filter(|it| !of_buckets(it)) {
        assert!(other.contains("Unknown NotDelivered"), "{other}");
        assert!(!other.contains("AWS::KMS::Key"), "{other}");
    }
}
