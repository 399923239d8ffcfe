//! The project's own items, each saved in all encodings.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::normal::read;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/items")
}

/// The one item of a fixture.
fn item(resource: &str, encoding: &str) -> Json {
    let (mut items, report) = read(&fixtures().join(format!("{resource}.{encoding}.json")));
    assert!(report.complete, "{resource}.{encoding}: {report:?}");
    assert_eq!(items.len(), 1, "{resource}.{encoding}");
    items.remove(0)
}

fn resources() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(fixtures())
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .split_once(".snapshot.")
                .map(|(name, _)| name.to_owned())
        })
        .collect();
    names.sort();
    assert!(names.len() >= 7, "{names:?}");
    names
}

/// What of `row` is missing or other in `item`, as paths.
fn differences(row: &Json, item: &Json, path: &str, found: &mut Vec<String>) {
    match (row, item) {
        (Json::Object(row), Json::Object(item)) => {
            for (name, value) in row {
                let path = format!("{path}.{name}");
                match item.get(name) {
                    Some(other) => differences(value, other, &path, found),
                    None => found.push(path),
                }
            }
        }
        (Json::Array(row), Json::Array(item)) if row.len() == item.len() => {
            for (at, (value, other)) in row.iter().zip(item).enumerate() {
                differences(value, other, &format!("{path}[{at}]"), found);
            }
        }
        _ if row == item => {}
        _ => found.push(format!("{path}: {row} is not {item}")),
    }
}

fn leaves(value: &Json) -> usize {
    match value {
        Json::Object(fields) => fields.values().map(leaves).sum(),
        Json::Array(values) => values.iter().map(leaves).sum(),
        _ => 1,
    }
}

#[test]
fn snapshot_notification_and_api_give_the_same_item() {
    for resource in resources() {
        let expected = item(&resource, "snapshot");
        for encoding in ["notification", "api"] {
            assert_eq!(item(&resource, encoding), expected, "{resource}.{encoding}");
        }
    }
}

#[test]
fn a_query_row_gives_the_same_but_for_the_documents_that_are_not_searchable() {
    for resource in resources() {
        let (row, whole) = (item(&resource, "query"), item(&resource, "snapshot"));
        let mut found = Vec::new();
        differences(&row, &whole, "", &mut found);
        assert_eq!(found, [""; 0], "{resource}");
        assert!(2 * leaves(&row) > leaves(&whole), "{resource}");
    }
}

#[test]
fn policies_are_trees_whatever_way_they_are_written() {
    for (resource, pointer) in [
        ("s3-bucket", "/supplementaryConfiguration/BucketPolicy/policyText/Statement/0/Effect"),
        ("s3-bucket", "/supplementaryConfiguration/AccessControlList/grantList/0/permission"),
        ("iam-role", "/configuration/assumeRolePolicyDocument/Statement/0/Effect"),
        ("iam-role", "/configuration/rolePolicyList/0/policyDocument/Statement/0/Effect"),
        ("iam-policy", "/configuration/policyVersionList/0/document/Statement/0/Effect"),
        ("iam-user", "/configuration/userPolicyList/0/policyDocument/Statement/0/Effect"),
        ("sqs-queue", "/configuration/Policy/Statement/0/Effect"),
        ("sqs-queue", "/configuration/RedrivePolicy/maxReceiveCount"),
    ] {
        for encoding in ["snapshot", "notification", "api"] {
            let item = item(resource, encoding);
            assert!(item.pointer(pointer).is_some(), "{resource}.{encoding}: no {pointer}");
        }
    }
}
