//! Requests for snapshots: AWS Config is asked only where the newest one is too old, not again while it
//! delivers, and what it refuses keeps nothing from being read.

use std::process::Command;
use std::sync::Arc;

use assess::{DeliveryRequests, SourceInput};
use aws::AwsSettings;
use clock::{Fence, SystemClock};
use jiff::{SignedDuration, Timestamp as Time};
use serde_json::{Value, json};

use super::bucket::{
    BUCKET, SOURCE, URL, ago, assessed, assessment, assessment_with, deliver, snapshots, sources,
    sources_at, start, world,
};
use super::delivered::scan;
use super::publishing::Running;
use super::world::{ACCOUNT, Desired, REGIONS};
use support::double::Double;
use support::waiting::holds;

const REQUESTED: &str =
    "{snapshot: {url: 's3://acme-config-logs/central', maxAge: 48h, deliver: {every: 20h}}}";

/// A double whose regions deliver to its bucket.
fn start_delivering() -> Option<Double> {
    let double = start()?;
    let channel = json!({"name": "central", "s3BucketName": BUCKET, "s3KeyPrefix": "central"});
    for region in REGIONS {
        double.change_region(ACCOUNT, region, &json!({"deliveryChannel": channel}));
    }
    Some(double)
}

/// The regions that were asked since the last look.
fn asked_of(double: &Double) -> Vec<String> {
    let calls = double.calls();
    let regions = calls.each("DeliverConfigSnapshot").into_iter();
    let mut regions: Vec<String> =
        regions.map(|call| call["region"].as_str().unwrap().to_owned()).collect();
    regions.sort();
    double.forget_calls();
    regions
}

fn requests(sources: &[SourceInput]) -> &DeliveryRequests {
    let [SourceInput::Snapshot(source)] = sources else { panic!("it is one snapshot") };
    source.requests.as_ref().unwrap()
}

fn later(minutes: i64) -> Time {
    Time::now().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_is_asked_where_its_newest_snapshot_is_too_old_and_not_again_within_an_hour() {
    let Some(double) = start_delivering() else { return };
    let (world, desired) = (world(), Desired::of(REQUESTED));
    snapshots(&world, ago(4))[0].put(&double);
    snapshots(&world, ago(21))[1].put(&double);
    let (mut assessment, _state) = assessment(&double).await;
    let assessed = assessed(&desired);
    let first = sources(&mut assessment, &assessed).await;
    assert_eq!(asked_of(&double), [REGIONS[1]]);
    let underway = requests(&first);
    assert_eq!(underway.underway, [REGIONS[1].parse().unwrap()].into());
    assert_eq!(underway.troubles().count(), 0, "{underway:?}");

    // No call of AWS Config is made while the delivery is under way.
    let again = sources_at(&mut assessment, &assessed, later(58)).await;
    assert_eq!(requests(&again), underway);
    assert_eq!(double.calls().of("DescribeDeliveryChannels"), 0);
    let overdue = sources_at(&mut assessment, &assessed, later(62)).await;
    assert_eq!(asked_of(&double), [REGIONS[1]]);
    let [message] = &requests(&overdue).overdue[..] else { panic!("{overdue:?}") };
    for part in [REGIONS[1], "has not arrived in s3://acme-config-logs/central", "channel central"]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
    let (_, report) = desired.evaluate(&overdue);
    assert!(report.read_whole() && report.sources[0].notes.contains(message), "{report:?}");

    // It arrives, and is forgotten: the next time that one is too old, it is not overdue at once.
    snapshots(&world, ago(1))[1].put(&double);
    let arrived = sources_at(&mut assessment, &assessed, later(70)).await;
    assert_eq!(requests(&arrived), &DeliveryRequests::default());
    assert_eq!(asked_of(&double), [""; 0]);
    let old = sources_at(&mut assessment, &assessed, later(20 * 60)).await;
    assert_eq!(asked_of(&double), REGIONS);
    assert_eq!(requests(&old).underway.len(), 2, "{:?}", requests(&old));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_without_snapshots_gets_some_and_one_that_cannot_be_listed_is_left_alone() {
    let Some(double) = start_delivering() else { return };
    let desired = Desired::of(REQUESTED);
    let (mut assessment, _state) = assessment(&double).await;
    let assessed = assessed(&desired);
    double.order_faults(1, &[json!({"kind": "deny", "match": {"service": "s3"}})]);
    let unlisted = sources(&mut assessment, &assessed).await;
    assert_eq!(asked_of(&double), [""; 0]);
    let unsearched = REGIONS.map(|region| region.parse().unwrap()).into();
    let expected = DeliveryRequests { unsearched, ..DeliveryRequests::default() };
    assert_eq!(requests(&unlisted), &expected);
    double.no_faults();
    let empty = sources(&mut assessment, &assessed).await;
    assert_eq!(asked_of(&double), REGIONS);
    assert_eq!(requests(&empty).underway.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_requested_is_a_note_with_what_helps_and_leaves_what_can_be_read() {
    let Some(double) = start_delivering() else { return };
    let (world, desired, plain) = (world(), Desired::of(REQUESTED), Desired::of(SOURCE));
    deliver(&double, &world, ago(21));
    let (mut undisturbed, _folder) = assessment(&double).await;
    let read = sources(&mut undisturbed, &assessed(&plain)).await;
    let (expected, _) = plain.evaluate(&read);
    let channel = json!({"name": "central", "s3BucketName": BUCKET, "s3KeyPrefix": "central"});
    let whole = json!({"recorder": {}, "deliveryChannel": channel});
    let deny = |operation: &str| json!({"kind": "deny", "match": {"operation": operation}});
    for (change, faults, parts) in [
        (json!({"deliveryChannel": null}), vec![], ["no delivery channel", "put-delivery-channel"]),
        (
            json!({"recorder": {"recording": false}}),
            vec![],
            ["NoRunningConfigurationRecorder", "start-configuration-recorder"],
        ),
        (
            json!({"recorder": null}),
            vec![],
            ["NoAvailableConfigurationRecorder", "enable the service in this account and region"],
        ),
        (
            json!({}),
            vec![deny("DeliverConfigSnapshot")],
            ["config:DeliverConfigSnapshot", "`plumbline iam-policy`"],
        ),
        (
            json!({}),
            vec![deny("DescribeDeliveryChannels")],
            ["config:DescribeDeliveryChannels", "`plumbline iam-policy`"],
        ),
        (json!({}), vec![deny("GetCallerIdentity")], ["sts:", "GetCallerIdentity"]),
    ] {
        double.change_region(ACCOUNT, REGIONS[0], &whole);
        double.change_region(ACCOUNT, REGIONS[0], &change);
        double.order_faults(1, &faults);
        let (mut assessment, _state) = assessment(&double).await;
        let assessed = assessed(&desired);
        let refused = sources(&mut assessment, &assessed).await;
        let troubles: Vec<&String> = requests(&refused).refused.iter().collect();
        let of_region = |text: &&String| text.contains(REGIONS[0]);
        let message =
            troubles.iter().copied().find(of_region).unwrap_or_else(|| panic!("{parts:?}"));
        assert!(parts.iter().all(|part| message.contains(part)), "{parts:?}: {message}");
        let (verdicts, report) = desired.evaluate(&refused);
        assert_eq!(verdicts.differences(&expected), [""; 0]);
        assert!(report.read_whole(), "{:?}", report.sources);
        assert!(report.sources[0].notes.contains(message), "{:?}", report.sources);

        // What was refused is asked for again a few minutes later.
        double.no_faults();
        double.change_region(ACCOUNT, REGIONS[0], &whole);
        double.forget_calls();
        let still = sources_at(&mut assessment, &assessed, later(4)).await;
        assert_eq!(requests(&still).refused, requests(&refused).refused);
        let well = sources_at(&mut assessment, &assessed, later(6)).await;
        assert!(asked_of(&double).contains(&REGIONS[0].to_owned()), "{parts:?}");
        assert_eq!(requests(&well).refused, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_requested_outside_the_lease() {
    let Some(double) = start_delivering() else { return };
    let desired = Desired::of(REQUESTED);
    deliver(&double, &world(), ago(21));
    let fence = Fence::closed(Arc::new(SystemClock));
    let settings = AwsSettings { fence, ..double.settings() };
    let (mut assessment, _state) = assessment_with(settings).await;
    let read = sources(&mut assessment, &assessed(&desired)).await;
    assert_eq!(asked_of(&double), [""; 0]);
    let refused = &requests(&read).refused;
    assert_eq!(refused.len(), REGIONS.len(), "{refused:?}");
    assert!(refused.iter().all(|it| it.contains("lease is over")), "{refused:?}");
}

#[test]
fn scan_plan_and_doctor_request_nothing() {
    let Some(double) = start_delivering() else { return };
    let desired = Desired::of(REQUESTED);
    deliver(&double, &world(), ago(21));
    let (code, _, errors) = scan(&double, &desired, URL);
    assert!(code < 3, "{errors}");
    let path = desired.path().to_str().unwrap();
    let plan = ["plan", "--from", path, "--to", path, "--snapshot", URL];
    for arguments in [&plan[..], &["doctor", "--baseline", path]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        double.environment(&mut command);
        let output = command.args(arguments).output().unwrap();
        let code = output.status.code().unwrap();
        assert!(code < 3, "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(asked_of(&double), [""; 0]);
}

#[test]
fn run_requests_snapshots_once() {
    let Some(double) = start_delivering() else { return };
    let desired = Desired::of(REQUESTED);
    deliver(&double, &world(), ago(21));
    let running = Running::start(&double, &desired);
    assert_eq!(asked_of(&double), REGIONS);
    // Of these turns the first has ended when the second one lists the bucket.
    for turn in 0..2 {
        Running::nudge(&desired);
        holds("the bucket is listed again", || double.calls().of("GET") > 0);
        assert_eq!(asked_of(&double), [""; 0], "{turn}");
    }
    drop(running);
}

/// What is not declared is not called.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_declares_no_requests_is_not_asked() {
    let Some(double) = start_delivering() else { return };
    let desired = Desired::of(SOURCE);
    deliver(&double, &world(), ago(60));
    let (mut assessment, _state) = assessment(&double).await;
    double.forget_calls();
    let read = sources(&mut assessment, &assessed(&desired)).await;
    let [SourceInput::Snapshot(source)] = &read[..] else { panic!("it is one snapshot") };
    assert_eq!(source.requests, None);
    let is_of_s3 = |call: &Value| call["service"] == "s3";
    assert!(double.calls().calls.iter().all(is_of_s3));
}
