//! `plumbline cost --live` against the AWS double.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{OWN_ACCOUNT, SHOP, run};
use support::double::{Double, State};

const REGION: &str = "eu-west-1";

/// Resources of a type that were last recorded so many hours ago, one for each.
fn items(resource_type: &str, hours: impl Iterator<Item = i64>) -> Vec<Value> {
    let item = |(at, hours): (usize, i64)| {
        let captured = Timestamp::now() - SignedDuration::from_hours(hours);
        json!({
            "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": captured.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            "configurationItemStatus": "OK",
            "awsAccountId": SHOP,
            "awsRegion": REGION,
            "resourceType": resource_type,
            "resourceId": format!("r-{at}"),
            "resourceName": format!("r-{at}"),
            "configuration": {},
            "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Off"}},
        })
    };
    hours.enumerate().map(item).collect()
}

fn costs(double: &Double, arguments: &[&str]) -> Value {
    let (code, costs) = code_and_costs(double, arguments);
    assert_eq!(code, Some(0), "{costs}");
    costs
}

fn code_and_costs(double: &Double, arguments: &[&str]) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.yaml");
    fs::write(&baseline, OWN_ACCOUNT).unwrap();
    let baseline = baseline.to_str().unwrap();
    let known = ["cost", "--live", "--baseline", baseline, "--output", "json"];
    let output = run(double, &[&known, arguments].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let costs = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
    (output.status.code(), costs)
}

#[test]
fn resources_and_changes_are_counted_by_queries() {
    let month = 24 * 60;
    let buckets = (0..20).map(|at| if at < 12 { 2 } else { month });
    let queues = (0..30).map(|_| 48);
    let items = [items("AWS::S3::Bucket", buckets), items("AWS::SQS::Queue", queues)].concat();
    let recorder = json!({"recordingMode": {
        "recordingFrequency": "CONTINUOUS",
        "recordingModeOverrides": [
            {"resourceTypes": ["AWS::SQS::Queue"], "recordingFrequency": "DAILY"},
        ],
    }});
    let state = State::of(&[SHOP], &[REGION]).region(SHOP, REGION, "items", json!(items));
    let Some(double) = Double::start(&state.region(SHOP, REGION, "recorder", recorder)) else {
        return;
    };
    let costs_of_shop = costs(&double, &[]);
    assert_eq!(costs_of_shop["assumedPrices"], json!({REGION: "us-east-1"}));
    let place = &costs_of_shop["places"][0];
    let [queue, bucket] = place["types"].as_array().unwrap().as_slice() else {
        panic!("{costs_of_shop}")
    };
    // 30 within 7 days, once a day at 0.012; 12 within a day at 0.003.
    assert_eq!(
        (&queue["resourceType"], &queue["daily"]),
        (&json!("AWS::SQS::Queue"), &json!(true))
    );
    assert_eq!((&queue["basis"], &queue["items"]["usd"]), (&json!("lastWeek"), &json!(1.5429)));
    assert_eq!((&queue["read"], &bucket["read"]), (&json!(false), &json!(true)));
    assert_eq!((&bucket["basis"], &bucket["items"]["usd"]), (&json!("lastDay"), &json!(1.08)));
    assert_eq!((&bucket["resources"], &bucket["itemsAtLeast"]), (&json!(20), &json!(12)));
    assert_eq!(place["findings"]["count"], 20.0);
    let given = costs(&double, &["--items", "AWS::S3::Bucket=1000"]);
    assert_eq!(given["places"][0]["items"]["usd"], 4.5429);

    let services = json!(["securityhubv2.amazonaws.com"]);
    double.change_region(SHOP, REGION, &json!({"recorder": null, "serviceRecorders": services}));
    let (code, nothing) = code_and_costs(&double, &[]);
    assert_eq!(code, Some(2), "what is not counted is not fine");
    assert_eq!((&nothing["usd"], &nothing["places"][0]["types"]), (&json!(0.0), &json!([])));
    let notes = nothing["notes"].to_string();
    assert!(notes.contains("no customer managed configuration recorder"), "{notes}");
}
