//! Snapshots in a bucket: what is said of them is what the same files on disk give, whatever happens on
//! the way, and nothing that could not be read is compliant.

use std::process::Command;

use serde_json::{Value, json};

use super::bucket::{
    Delivered, OTHER, SOURCE, URL, ago, assessed, assessment, deliver, read, refusal, snapshots,
    sources, start, world,
};
use super::of_type;
use super::world::{ACCOUNT, Desired, REGIONS, region_of};
use support::double::Double;

/// What a scan says: its exit code, its JSON, and its errors.
pub(super) fn scan(double: &Double, desired: &Desired, snapshot: &str) -> (i32, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    let output = command
        .args(["scan", "--output", "json", "--only", "all", "--snapshot", snapshot, "--baseline"])
        .arg(desired.path())
        .env("RUST_LOG", "")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap(), serde_json::from_str(&out).unwrap_or_default(), errors)
}

/// The results of a scan of one verdict.
fn results<'s>(scanned: &'s Value, verdict: &str) -> Vec<&'s Value> {
    let results = scanned["results"].as_array().unwrap();
    results.iter().filter(|result| result["verdict"] == verdict).collect()
}

/// The results of a scan, whatever order they come in.
fn sorted(scanned: &Value) -> Vec<String> {
    let results = scanned["results"].as_array().unwrap();
    let mut sorted: Vec<String> = results.iter().map(Value::to_string).collect();
    sorted.sort();
    sorted
}

fn faults(double: &Double, faults: &[Value]) {
    double.order_faults(1, faults);
}

#[test]
fn a_scan_of_a_bucket_is_that_of_the_same_files_on_disk() {
    let Some(double) = start() else { return };
    let (world, desired, folder) = (world(), Desired::of(SOURCE), tempfile::tempdir().unwrap());
    for file in snapshots(&world, ago(5)) {
        file.put(&double);
        file.write(folder.path());
    }
    // Years of older ones are there, too, and another account's.
    for days in [40, 400] {
        Delivered::snapshot(ACCOUNT, "eu-west-1", ago(24 * days), &[]).put(&double);
    }
    Delivered::snapshot(OTHER, "eu-west-1", ago(1), &[]).put(&double);
    double.forget_calls();
    let of_bucket = scan(&double, &desired, URL);
    let calls = double.calls().counts;
    let on_disk = scan(&double, &desired, folder.path().to_str().unwrap());
    assert_eq!(of_bucket.1["results"], on_disk.1["results"]);
    assert_eq!((of_bucket.0, &of_bucket.2), (on_disk.0, &on_disk.2));
    assert!(!results(&of_bucket.1, "NonCompliant").is_empty(), "{}", of_bucket.1["summary"]);
    // A list of regions, a day or two of each, the beginning of each file, and each file twice.
    let made = calls["s3:GET"]["ok"];
    assert!(made <= 1 + 2 * 2 + 2 + 2 * 3, "{calls:?}");
}

#[test]
fn the_history_since_the_snapshot_replaces_and_removes_what_it_says() {
    let Some(double) = start() else { return };
    let (mut world, desired, folder) = (world(), Desired::of(SOURCE), tempfile::tempdir().unwrap());
    deliver(&double, &world, ago(20));
    let mut buckets: Vec<Value> = of_type(&world, "AWS::S3::Bucket").into_iter().cloned().collect();
    buckets.truncate(2);
    let region = region_of(&buckets[0]).to_owned();
    buckets.retain(|bucket| region_of(bucket) == region);
    let ids: Vec<String> =
        buckets.iter().map(|it| it["resourceId"].as_str().unwrap().to_owned()).collect();
    for bucket in &mut buckets {
        bucket["configurationItemCaptureTime"] = json!(ago(3).to_string());
        bucket["supplementaryConfiguration"]["BucketVersioningConfiguration"]["status"] =
            json!("Enabled");
    }
    let (first, others) = buckets.split_first_mut().unwrap();
    for it in others {
        it["configurationItemStatus"] = json!("ResourceDeleted");
    }
    // On disk it is an item of the snapshot, which holds nothing that was captured after it.
    let mut changed = first.clone();
    changed["configurationItemCaptureTime"] = json!("2026-01-01T00:00:00Z");
    Delivered::history(&region, ago(3), "AWS::S3::Bucket", &buckets).put(&double);
    // What was recorded before the snapshot is in it.
    Delivered::history(&region, ago(30), "AWS::S3::Bucket", &[json!({"broken": true})])
        .put(&double);

    world.items.retain(|item| !ids[1..].iter().any(|id| item["resourceId"] == **id));
    for item in &mut world.items {
        if item["resourceType"] == "AWS::S3::Bucket" && item["resourceId"] == *ids[0] {
            *item = changed.clone();
        }
    }
    for file in &snapshots(&world, ago(20)) {
        file.write(folder.path());
    }
    let of_bucket = scan(&double, &desired, URL);
    let expected = scan(&double, &desired, folder.path().to_str().unwrap());
    assert_eq!(sorted(&of_bucket.1), sorted(&expected.1));
    assert_eq!(of_bucket.0, expected.0, "{}", of_bucket.2);
}

#[test]
fn what_cannot_be_read_is_said_and_is_never_compliant() {
    let Some(double) = start() else { return };
    let (world, desired) = (world(), Desired::of(SOURCE));
    let refused = |url: &str, code: i32, said: &[&str]| {
        let (exit, _, errors) = scan(&double, &desired, url);
        assert_eq!(exit, code, "{errors}");
        for part in said {
            assert!(errors.contains(part), "{part}: {errors}");
        }
    };
    refused("s3://no-such-bucket", 69, &["NoSuchBucket", "check the bucket's name"]);
    let place = format!("no configuration snapshot below {URL}/AWSLogs/{ACCOUNT}/Config/");
    refused(URL, 66, &[&place]);

    // A region without a snapshot: it is Unknown, and the prefix is named.
    let files = snapshots(&world, ago(1));
    files[0].put(&double);
    let (_, scanned, _) = scan(&double, &desired, URL);
    let place = format!("below {URL}/AWSLogs/{ACCOUNT}/Config/{}/", REGIONS[1]);
    assert!(scanned.to_string().contains(&place), "{scanned}");

    files[1].put(&double);
    faults(&double, &[json!({"kind": "deny", "match": {"service": "s3"}})]);
    refused(URL, 69, &["s3:ListBucket", "AccessDenied", "iam-policy"]);
    let kms = "User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform: \
        kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/1";
    // Regions and days may be listed, and no object read.
    for skip in 1..=5 {
        faults(&double, &[refusal("AccessDenied", kms, 403, skip)]);
        let (exit, scanned, errors) = scan(&double, &desired, URL);
        assert!(exit == 69 || exit == 2, "{skip}: {exit} {errors}");
        assert!(errors.contains("allow kms:Decrypt on it"), "{skip}: {errors}");
        if exit == 2 {
            assert!(results(&scanned, "Compliant").len() < results(&scanned, "Unknown").len());
        }
    }
    double.no_faults();

    // Half a file: nothing of its region is compliant, and no older one is used.
    let Delivered { key, body } = snapshots(&world, ago(0)).remove(0);
    let half = Delivered { body: body[..body.len() / 2].to_vec(), key: key.clone() };
    half.put(&double);
    let (exit, scanned, errors) = scan(&double, &desired, URL);
    assert_eq!(exit, 2, "{errors}");
    assert!(errors.contains(&key), "{errors}");
    let of_region = |result: &&&Value| result["region"] == REGIONS[0];
    assert_eq!(results(&scanned, "Compliant").iter().filter(of_region).count(), 0);
}

#[test]
fn a_file_of_another_account_or_region_is_not_used_and_is_named() {
    let Some(double) = start() else { return };
    let (world, desired) = (world(), Desired::of(SOURCE));
    deliver(&double, &world, ago(2));
    let stray = Delivered::snapshot(OTHER, REGIONS[0], ago(1), &[]);
    let key = stray.key.replace(&format!("AWSLogs/{OTHER}/"), &format!("AWSLogs/{ACCOUNT}/"));
    Delivered { key: key.clone(), ..stray }.put(&double);
    let (exit, _, errors) = scan(&double, &desired, URL);
    assert_eq!(exit, 2, "{errors}");
    assert!(errors.contains(&key) && errors.contains(&format!("account {OTHER}")), "{errors}");

    // A file whose name is right, and whose items are another account's.
    let mut items = world.items.clone();
    for item in &mut items {
        item["awsAccountId"] = json!(OTHER);
    }
    let foreign: Vec<&Value> = items.iter().filter(|it| region_of(it) == REGIONS[0]).collect();
    Delivered::snapshot(ACCOUNT, REGIONS[0], ago(0), &foreign).put(&double);
    let (exit, scanned, errors) = scan(&double, &desired, URL);
    assert_eq!(exit, 2);
    assert!(errors.contains("of another account or region than its items"), "{errors}");
    let of_region = |result: &&&Value| result["region"] == REGIONS[0];
    assert_eq!(results(&scanned, "Compliant").iter().filter(of_region).count(), 0);
}

#[test]
fn a_snapshot_that_vanishes_leaves_the_next_newest_or_nothing() {
    let Some(double) = start() else { return };
    let (world, desired) = (world(), Desired::of(SOURCE));
    deliver(&double, &world, ago(2));
    deliver(&double, &world, ago(3));
    let (code, undisturbed, _) = scan(&double, &desired, URL);
    let total = double.calls().counts["s3:GET"]["ok"];
    let (mut older, mut lost) = (0, 0);
    // For one call, or from then on.
    for (skip, count) in (0..total).flat_map(|skip| [(skip, 1), (skip, 1000)]) {
        let mut gone = refusal("NoSuchKey", "The specified key does not exist.", 404, skip);
        gone["count"] = json!(count);
        faults(&double, &[gone]);
        let (exit, scanned, errors) = scan(&double, &desired, URL);
        if exit == code {
            // What vanished while it was read may be there again when it is read once more.
            assert_eq!(scanned["results"], undisturbed["results"], "{skip}");
            older += usize::from(errors.contains("the next newest snapshot is used"));
        } else {
            assert!(exit == 2 || exit == 69, "{skip}: {exit} {errors}");
            lost += usize::from(errors.contains("deleted or replaced while it was read"));
        }
    }
    assert!(older >= 1 && lost >= 1, "{older} {lost} of {total}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_snapshot_is_read_at_the_next_turn_and_the_same_one_is_known() {
    let Some(double) = start() else { return };
    let (world, desired) = (world(), Desired::of(SOURCE));
    deliver(&double, &world, ago(4));
    let (mut assessment, _state) = assessment(&double).await;
    let assessed = assessed(&desired);
    let first = read(&mut assessment, &assessed).await;
    double.forget_calls();
    let again = read(&mut assessment, &assessed).await;
    assert_eq!(first, again);
    let calls = double.calls().counts;
    assert!(calls["s3:GET"]["ok"] <= 1 + 2 * 2, "only lists: {calls:?}");
    let (_, before) = desired.evaluate(&sources(&mut assessment, &assessed).await);
    assert!(before.read_whole(), "{:?}", before.sources);
    snapshots(&world, ago(1))[0].put(&double);
    assert_ne!(read(&mut assessment, &assessed).await, first);
}
