//! `plumbline doctor` on an account whose snapshots are in a bucket.

use std::process::Command;

use serde_json::{Value, json};

use super::bucket::{BUCKET, OTHER, SOURCE, URL, ago, deliver, refusal, snapshots, start, world};
use super::world::{ACCOUNT, Desired, REGIONS};
use support::double::Double;

/// The results of a check, with what each says and what to do about it.
fn results(double: &Double, source: &str, check: &str) -> Vec<(Option<String>, String, String)> {
    let desired = Desired::of(source);
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    let command = command.args(["doctor", "--output", "json", "--baseline"]).arg(desired.path());
    let output = command.output().unwrap();
    let results: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let of_check = results.iter().filter(|result| result["check"] == check);
    of_check
        .map(|result| {
            let region = result["region"].as_str().map(str::to_owned);
            let said = format!("{} {}", result["message"], result["remediation"]);
            (region, result["state"].as_str().unwrap().to_owned(), said)
        })
        .collect()
}

/// The only result of the check of the snapshot.
fn snapshot(double: &Double, source: &str) -> (String, String) {
    let results = results(double, source, "snapshot");
    let [(None, state, said)] = &results[..] else { panic!("{results:?}") };
    (state.clone(), said.clone())
}

fn expect((state, said): (String, String), expected: &str, parts: &[&str]) {
    assert_eq!(state, expected, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_bucket_is_fine_missing_empty_or_too_old() {
    let Some(double) = start() else { return };
    let missing = "{snapshot: {url: 's3://no-such-bucket/central'}}";
    let parts = ["NoSuchBucket", "check the bucket's name", "correct source.snapshot.url"];
    expect(snapshot(&double, missing), "failed", &parts);
    let place = format!("no configuration snapshot below {URL}/AWSLogs/{ACCOUNT}/Config/");
    expect(snapshot(&double, SOURCE), "failed", &[&place, "deliver a snapshot there"]);

    let world = world();
    deliver(&double, &world, ago(30));
    let parts = ["older than maxAge", "deliver snapshots more often"];
    expect(snapshot(&double, SOURCE), "failed", &parts);
    let lenient = "{snapshot: {url: 's3://acme-config-logs/central', maxAge: 48h}}";
    expect(snapshot(&double, lenient), "ok", &[URL, "can be read completely"]);
    // One region of two is as old as before.
    snapshots(&world, ago(1))[0].put(&double);
    expect(snapshot(&double, SOURCE), "failed", &["older than maxAge"]);
    snapshots(&world, ago(1))[1].put(&double);
    expect(snapshot(&double, SOURCE), "ok", &["taken at", "can be read completely"]);
}

#[test]
fn a_bucket_that_may_not_be_read_is_reported_with_the_permission() {
    let Some(double) = start() else { return };
    deliver(&double, &world(), ago(1));
    double.order_faults(1, &[json!({"kind": "deny", "match": {"service": "s3"}})]);
    let parts = ["AccessDenied", "allow s3:ListBucket", "`plumbline iam-policy`"];
    expect(snapshot(&double, SOURCE), "failed", &parts);
    // Everything may be listed, and nothing read.
    let mut skip = 0;
    let reading = loop {
        double.order_faults(1, &[refusal("AccessDenied", "Access Denied", 403, skip)]);
        let (state, said) = snapshot(&double, SOURCE);
        assert_eq!(state, "failed", "{said}");
        if said.contains("cannot read s3://") {
            break said;
        }
        skip += 1;
        assert!(skip < 20, "{said}");
    };
    let parts = ["s3:GetObject", "AccessDenied", "iam-policy"];
    assert!(parts.iter().all(|part| reading.contains(part)), "{reading}");
}

#[test]
fn the_channels_that_snapshots_are_requested_of_are_looked_into_and_not_used() {
    let Some(double) = start() else { return };
    deliver(&double, &world(), ago(30));
    let source =
        "{snapshot: {url: 's3://acme-config-logs/central', maxAge: 48h, deliver: {every: 20h}}}";
    let channel = |bucket: &str, prefix: &str| json!({"deliveryChannel": {"s3BucketName": bucket, "s3KeyPrefix": prefix}});
    double.change_region(ACCOUNT, REGIONS[0], &channel(BUCKET, "central"));
    let of = |region: &str| {
        let mut results = results(&double, source, "deliveryChannel").into_iter();
        let found = results.find(|(place, ..)| place.as_deref() == Some(region));
        let (_, state, said) = found.unwrap();
        (state, said)
    };
    expect(of(REGIONS[0]), "ok", &["default delivers to s3://acme-config-logs/central"]);
    expect(of(REGIONS[1]), "failed", &["no delivery channel", "put-delivery-channel"]);
    for (bucket, prefix) in [("elsewhere", "central"), (BUCKET, "other")] {
        double.change_region(ACCOUNT, REGIONS[1], &channel(bucket, prefix));
        let place = format!("delivers to s3://{bucket}/{prefix}, not to {URL}");
        expect(of(REGIONS[1]), "warning", &[&place, "source.snapshot.url"]);
    }
    let denied = json!({"kind": "deny", "match": {"operation": "DescribeDeliveryChannels"}});
    double.order_faults(1, &[denied]);
    expect(of(REGIONS[0]), "failed", &["allow config:DescribeDeliveryChannels"]);
    double.no_faults();

    let all = results(&double, source, "deliveryChannel");
    let (_, state, said) = all.iter().find(|(region, ..)| region.is_none()).unwrap();
    assert!(state == "notTried" && said.contains("config:DeliverConfigSnapshot"), "{all:?}");
    assert_eq!(double.calls().of("DeliverConfigSnapshot"), 0);
    // Without requests, no channel is asked for.
    double.forget_calls();
    assert_eq!(results(&double, SOURCE, "deliveryChannel"), []);
    assert_eq!(double.calls().of("DescribeDeliveryChannels"), 0);
}

#[test]
fn requests_that_come_too_late_and_other_accounts_credentials_are_reported() {
    let Some(double) = start() else { return };
    deliver(&double, &world(), ago(1));
    let source = "{snapshot: {url: 's3://acme-config-logs/central', deliver: {every: 24h}}}";
    let found = results(&double, source, "snapshot");
    let states: Vec<&str> = found.iter().map(|(_, state, _)| state.as_str()).collect();
    assert_eq!(states, ["ok", "warning"], "{found:?}");
    assert!(found[1].2.contains("deliver.every (24h) is not below maxAge (24h)"), "{found:?}");
    let foreign = json!({"accounts": {
        OTHER: {"accessKeys": {"test": "test"}, "roles": {}, "regions": {}},
    }});
    double.control("POST", "reset", &foreign);
    let unreached = results(&double, source, "deliveryChannel");
    let [(None, state, said)] = &unreached[..] else { panic!("{unreached:?}") };
    assert!(state == "notTried" && said.contains("cannot be reached"), "{unreached:?}");
}
