//! What `plumbline cost` says of an account, against a sum that was added up by hand.

use std::fs;

use serde_json::{Value, json};

use super::{Said, said};

const ACCOUNT: &str = "111122223333";
const TAKEN: &str = "2026-11-20T12:00:00.000Z";

/// An item that was captured at this time.
fn item(resource_type: &str, at: usize, captured: &str) -> Value {
    let mut item = json!({
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": captured,
        "configurationItemStatus": "OK",
        "awsAccountId": ACCOUNT,
        "awsRegion": "us-east-1",
        "resourceType": resource_type,
        "resourceId": format!("r-{at}"),
        "resourceName": format!("r-{at}"),
        "configuration": {},
    });
    if resource_type == "AWS::S3::Bucket" {
        let status = if at < 150 { "Off" } else { "Enabled" };
        item["supplementaryConfiguration"] =
            json!({"BucketVersioningConfiguration": {"status": status}});
    } else if resource_type == "AWS::EC2::SecurityGroup" {
        item["configuration"] = json!({"ipPermissions": [], "ipPermissionsEgress": []});
    }
    item
}

/// The account of the worked example, with what else is in it.
fn snapshot(others: Vec<Value>) -> String {
    let (hour, day, days, long_ago) = (
        "2026-11-20T11:30:00.000Z",
        "2026-11-20T01:00:00.000Z",
        "2026-11-15T01:00:00.000Z",
        "2026-01-01T00:00:00.000Z",
    );
    let mut items = others;
    let mut add = |name: &str, count: usize, captured: &dyn Fn(usize) -> &'static str| {
        items.extend((0..count).map(|at| item(name, at, captured(at))));
    };
    add("AWS::S3::Bucket", 400, &|at| if at < 20 { day } else { long_ago });
    add("AWS::EC2::SecurityGroup", 1_000, &|at| match at {
        0..3 => day,
        3..70 => days,
        _ => long_ago,
    });
    add("AWS::SQS::Queue", 250, &|at| if at < 25 { day } else { long_ago });
    add("AWS::EC2::NetworkInterface", 5_000, &|at| if at < 9 { hour } else { long_ago });
    json!({
        "fileVersion": "1.0",
        "configSnapshotId": "c0ffee00-0000-4000-8000-000000000000",
        "configurationItems": items,
    })
    .to_string()
}

const BASELINE: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: small, namespace: team}
spec:
  accounts: {names: [any]}
  controls: [{name: s3-bucket-versioning}, {name: security-group-ssh}]
";

fn costs_of(others: Vec<Value>, arguments: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let named = format!("{ACCOUNT}_Config_us-east-1_ConfigSnapshot_20261120T120000Z_c0ffee00.json");
    fs::write(place(&named), snapshot(others)).unwrap();
    fs::write(place("baseline.yaml"), BASELINE).unwrap();
    let (baseline, snapshot) = (place("baseline.yaml"), place(&named));
    let known = ["cost", "--baseline", &baseline, "--snapshot", &snapshot];
    said(&[&known, arguments].concat())
}

fn json_of(others: Vec<Value>, arguments: &[&str]) -> Value {
    let ended = costs_of(others, &[&["--output", "json"], arguments].concat());
    assert_eq!(ended.code, 0, "{}", ended.errors);
    serde_json::from_str(&ended.out).unwrap()
}

fn of_type<'c>(costs: &'c Value, name: &str) -> &'c Value {
    let types = costs["places"][0]["types"].as_array().unwrap();
    types.iter().find(|it| it["resourceType"] == name).unwrap()
}

/// Within ten per cent of what the page says, where it says so.
fn near(value: &Value, expected: f64, said_as: &str) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() <= expected * 0.1, "{value} instead of {expected}");
    let page = include_str!("../../docs/costs.md").replace('\n', " ");
    let page = page.split("## A worked example").nth(1).unwrap();
    assert!(page.contains(said_as), "docs/costs.md does not say {said_as}");
}

#[test]
fn the_worked_example_is_what_the_page_adds_up() {
    let interfaces = "AWS::EC2::NetworkInterface";
    let costs = json_of(Vec::new(), &["--items", &format!("{interfaces}=900000")]);
    let place = &costs["places"][0];
    near(&of_type(&costs, "AWS::S3::Bucket")["items"]["usd"], 1.80, "600 × 0.003 = 1.80");
    near(&of_type(&costs, "AWS::EC2::SecurityGroup")["items"]["usd"], 0.90, "300 × 0.003 = 0.90");
    near(&of_type(&costs, "AWS::SQS::Queue")["items"]["usd"], 2.25, "750 × 0.003 = 2.25");
    near(&of_type(&costs, interfaces)["items"]["usd"], 2_700.0, "900,000 × 0.003 = 2,700.00");
    near(&of_type(&costs, interfaces)["dailySaves"]["usd"], 900.0, "which saves 900.00");
    near(&place["findings"]["count"], 150.0, "150 findings");
    near(&place["unreadItems"]["usd"], 2_702.25, "2,702.25 USD");
    near(&place["replacedEvaluations"]["usd"], 0.90, "600 + 300 items: 0.90 USD");
    near(&costs["usd"], 2_704.95, "**2,704.95** USD");
    assert_eq!(place["findings"]["usd"], 0.0);
    for name in ["AWS::S3::Bucket", "AWS::SQS::Queue"] {
        assert!(of_type(&costs, name).get("dailySaves").is_none(), "{name}");
        assert_eq!(of_type(&costs, name)["read"], name == "AWS::S3::Bucket");
    }
}

#[test]
fn without_what_is_given_the_estimate_stands_on_capture_times() {
    let costs = json_of(Vec::new(), &[]);
    let buckets = of_type(&costs, "AWS::S3::Bucket");
    assert_eq!((&buckets["basis"], &buckets["itemsAtLeast"]), (&json!("lastDay"), &json!(20)));
    let groups = of_type(&costs, "AWS::EC2::SecurityGroup");
    assert_eq!((&groups["basis"], &groups["itemsAtLeast"]), (&json!("lastWeek"), &json!(70)));
    // Nine within an hour are not enough to stand for a month.
    let interfaces = of_type(&costs, "AWS::EC2::NetworkInterface");
    assert_eq!(
        (&interfaces["basis"], &interfaces["items"]["count"]),
        (&json!("lastMonth"), &json!(9.0))
    );
    let given = json_of(Vec::new(), &["--changes-per-resource", "2"]);
    assert_eq!(of_type(&given, "AWS::SQS::Queue")["items"]["count"], 500.0);
}

#[test]
fn what_the_recorder_records_once_a_day_costs_the_price_of_that() {
    let mut recorder = item("AWS::Config::ConfigurationRecorder", 0, TAKEN);
    recorder["configuration"] = json!({
        "Recording": true,
        "RecordingGroup": {"AllSupported": true, "IncludeGlobalResourceTypes": true},
        "RecordingMode": {
            "RecordingFrequency": "CONTINUOUS",
            "RecordingModeOverrides": [
                {"ResourceTypes": ["AWS::SQS::Queue"], "RecordingFrequency": "DAILY"},
            ],
        },
    });
    let costs = json_of(vec![recorder], &[]);
    let queues = of_type(&costs, "AWS::SQS::Queue");
    assert_eq!((&queues["daily"], &queues["items"]["usd"]), (&json!(true), &json!(9.0)));
    assert_eq!(of_type(&costs, "AWS::S3::Bucket")["daily"], false);
    let free = of_type(&costs, "AWS::Config::ConfigurationRecorder");
    assert_eq!(free["items"]["usd"], 0.0);
}

#[test]
fn prices_of_a_file_take_precedence_and_those_that_are_assumed_are_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.yaml");
    let path = path.to_str().unwrap();
    let built_in = include_str!("../../crates/cost/prices.yaml");
    fs::write(path, built_in.replace("0.003", "0.006")).unwrap();
    let costs = json_of(Vec::new(), &["--prices", path]);
    assert_eq!(of_type(&costs, "AWS::S3::Bucket")["items"]["usd"], 3.6);
    assert_eq!(costs["assumedPrices"], json!({}));
    for (from, to, field) in [
        ("usd: 0.003", "usd: cheap", "`usd: cheap`"),
        ("upTo: 500000", "upTo: 1", "regions.us-east-1.ruleEvaluations.tiers[1].upTo"),
    ] {
        fs::write(path, built_in.replace(from, to)).unwrap();
        let ended = costs_of(Vec::new(), &["--prices", path]);
        assert_eq!(ended.code, 65, "{}", ended.errors);
        assert!(ended.errors.contains(path) && ended.errors.contains(field), "{}", ended.errors);
    }
}

#[test]
fn what_cannot_be_counted_is_said() {
    let broken = json!({"resourceType": "AWS::SQS::Queue", "awsAccountId": ACCOUNT, "awsRegion": "us-east-1"});
    let ended = costs_of(vec![broken], &["--output", "json"]);
    assert_eq!(ended.code, 2, "{}", ended.errors);
    let costs: Value = serde_json::from_str(&ended.out).unwrap();
    let notes = costs["notes"].to_string();
    assert!(notes.contains("could not be read completely"), "{notes}");
}
