//! Every output says whom drift belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::said;

const SCAN: [&str; 5] = [
    "scan",
    "--baseline",
    "deploy/samples/quickstart",
    "--snapshot",
    "deploy/samples/quickstart/snapshot.json",
];
const KEYS: [&str; 2] = ["--owner-tag-key", "team,owner"];

fn scanned(arguments: &[&str]) -> String {
    let ended = said(&[&SCAN, arguments].concat());
    assert_eq!(ended.code, 1, "{}", ended.errors);
    ended.out
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&scanned(&[&["--output", "json"], arguments].concat())).unwrap()
}

fn owners(scan: &Value) -> BTreeSet<&str> {
    let results = scan["results"].as_array().unwrap().iter();
    results.map(|result| result["owner"].as_str().unwrap()).collect()
}

#[test]
fn results_name_their_owners_and_the_summary_counts_them() {
    let scan = json(&KEYS);
    let expected = ["analytics", "marketing", "payments", "platform"];
    assert_eq!(owners(&scan), expected.into());
    for baseline in scan["summary"]["baselines"].as_array().unwrap() {
        let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
        for result in scan["results"].as_array().unwrap() {
            if result["baseline"] == baseline["baseline"] {
                *counted.entry(result["owner"].as_str().unwrap()).or_default() += 1;
            }
        }
        assert_eq!(baseline["byOwner"], serde_json::to_value(counted).unwrap());
    }
    let unknown = json(&[&KEYS[..], &["--only", "unknown"]].concat());
    let results = unknown["results"].as_array().unwrap();
    assert!(!results.is_empty() && results.iter().all(|it| it.get("owner").is_none()));
}

#[test]
fn a_label_of_the_account_or_the_namespace_names_the_owner_where_no_tag_does() {
    assert_eq!(owners(&json(&[])), ["platform"].into());
    assert_eq!(owners(&json(&["--owner-account-label", "nothing"])), ["platform"].into());
    assert_eq!(owners(&json(&["--owner-account-label", "env"])), ["production"].into());
}

#[test]
fn every_other_output_names_the_owner_too() {
    let table = scanned(&[&KEYS[..], &["--output", "wide"]].concat());
    let has_owners = |table: &str| {
        let mut heads = table.lines().filter(|line| line.starts_with("SEVERITY"));
        heads.any(|head| head.contains(" OWNER "))
    };
    assert!(has_owners(&table) && table.contains(" analytics "), "{table}");
    assert!(!has_owners(&scanned(&["--output", "wide"])), "all belong to the namespace");

    let asff = scanned(&[&KEYS[..], &["--output", "asff"]].concat());
    let findings = asff.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut tagged = 0;
    for finding in findings {
        let owner = finding["ProductFields"]["plumbline/owner"].as_str().unwrap();
        if let Some(tags) = finding["Resources"][0]["Tags"].as_object() {
            assert_eq!(serde_json::to_value(tags).unwrap(), serde_json::json!({ "owner": owner }));
            tagged += 1;
        }
    }
    assert!(tagged > 10, "{tagged}");

    let sarif = scanned(&[&KEYS[..], &["--output", "sarif"]].concat());
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().iter();
    assert!(results.clone().any(|it| it["properties"]["owner"] == "analytics"));
    let junit = scanned(&[&KEYS[..], &["--output", "junit"]].concat());
    assert!(junit.contains("Owner: analytics"), "{junit}");
}

#[test]
fn a_baseline_says_where_its_owners_are_found_and_the_command_line_does_not() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["account.yaml", "foundations.yaml", "snapshot.json"] {
        let text = std::fs::read_to_string(format!("deploy/samples/quickstart/{file}")).unwrap();
        let text = text.replace("  interval: 5m", "  interval: 5m\n  owner: {tagKeys: []}");
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let folder = folder.path().to_str().unwrap();
    let snapshot = format!("{folder}/snapshot.json");
    let arguments = ["scan", "--baseline", folder, "--snapshot", &snapshot, "--output", "json"];
    let ended = said(&[&arguments, &KEYS[..]].concat());
    let scan: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(owners(&scan), ["platform"].into());
}
