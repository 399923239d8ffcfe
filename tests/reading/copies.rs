//! Several items of one resource.

use serde_json::{Value as Json, json};

use crate::scan::{bucket, lines, role, scan, scan_text, snapshot, with, without};

/// Every order of two items, as lines and as a snapshot.
fn in_every_order(items: [Json; 2], check: impl Fn(&crate::scan::Scan)) {
    let [one, other] = items;
    for items in [[one.clone(), other.clone()], [other, one]] {
        check(&scan_text(&lines(&items)));
        check(&scan_text(&snapshot("s", &items)));
    }
}

#[test]
fn an_item_without_a_capture_time_never_loses_to_an_older_one() {
    let never = [json!(0), json!(-1), json!("1970-01-01T00:00:00Z"), json!("0001-01-01T00:00:00Z")];
    let none = [json!("yesterday"), json!(""), json!(1e300), json!("2024-13-40T00:00:00Z")];
    for time in never.into_iter().chain(none).chain([Json::Null]) {
        for state in ["off", "gone"] {
            let undated = with(bucket("b", 2, state), "configurationItemCaptureTime", time.clone());
            in_every_order([bucket("b", 1, "on"), undated], |scan| scan.is_unknown("b", "item"));
        }
    }
    let undated = without(bucket("b", 2, "off"), "configurationItemCaptureTime");
    in_every_order([bucket("b", 1, "on"), undated], |scan| {
        scan.is_unknown("b", "has no capture time");
    });
}

#[test]
fn a_sole_item_without_a_capture_time_is_judged() {
    let scan = |state| {
        let undated = without(bucket("b", 1, state), "configurationItemCaptureTime");
        scan_text(&lines(&[undated, bucket("dated", 1, "on")]))
    };
    assert_eq!(scan("on").verdict("b"), "Compliant");
    assert_eq!(scan("off").verdict("b"), "NonCompliant");
}

#[test]
fn an_item_of_a_time_to_come_does_not_win_for_ever() {
    let future = with(bucket("b", 1, "on"), "configurationItemCaptureTime", "2999-01-01T00:00:00Z");
    in_every_order([bucket("b", 2, "off"), future.clone()], |scan| {
        scan.is_unknown("b", "captured at 2999-01-01T00:00:00Z");
    });
    let alone = scan_text(&lines(&[future, bucket("c", 1, "on")]));
    alone.is_unknown("b", "which is in the future");
    assert_eq!(alone.verdict("c"), "Compliant");
}

#[test]
fn of_one_moment_the_configuration_state_id_decides_in_either_form() {
    let of = |state: &str, id: Json| with(bucket("b", 1, state), "configurationStateId", id);
    for (lower, upper) in [
        (json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_993_u64)),
        (json!("9007199254740992"), json!("9007199254740993")),
        (json!("9"), json!(10)),
    ] {
        in_every_order([of("on", lower.clone()), of("off", upper.clone())], |scan| {
            assert_eq!(scan.verdict("b"), "NonCompliant", "{scan:#?}");
        });
        in_every_order([of("off", lower.clone()), of("on", upper.clone())], |scan| {
            assert_eq!(scan.verdict("b"), "Compliant", "{scan:#?}");
        });
    }
}

#[test]
fn two_items_of_one_moment_that_say_different_things_leave_the_resource_unknown() {
    in_every_order([bucket("b", 1, "on"), bucket("b", 1, "off")], |scan| {
        scan.is_unknown("b", "contradicts another item");
    });
    in_every_order([bucket("b", 1, "on"), bucket("b", 1, "gone")], |scan| {
        scan.is_unknown("b", "contradicts another item");
    });
}

#[test]
fn the_same_item_in_two_encodings_is_one_item() {
    let snapshot = bucket("b", 1, "on");
    let mut of_api = with(snapshot.clone(), "configuration", r#"{"state":"on","other":null}"#);
    of_api["accountId"] = of_api["awsAccountId"].take();
    let of_api = without(of_api, "awsAccountId");
    let scan = scan_text(&lines(&[snapshot, of_api, role("us-east-1", 1, "on")]));
    assert_eq!((scan.verdict("b"), scan.code), ("Compliant", 0), "{scan:#?}");
}

#[test]
fn a_snapshot_with_a_resource_twice_gives_it_one_verdict() {
    let items = [bucket("b", 1, "on"), bucket("c", 1, "on"), bucket("b", 2, "off")];
    let scan = scan_text(&snapshot("s", &items));
    assert_eq!((scan.verdict("b"), scan.verdict("c")), ("NonCompliant", "Compliant"));
    assert_eq!(scan.code, 2);
    assert!(scan.said.contains("already contains"), "{}", scan.said);
    let scan = scan_text(&snapshot("s", &[bucket("b", 1, "off"), bucket("b", 2, "on")]));
    assert_eq!(scan.verdict("b"), "Compliant");
}

#[test]
fn a_region_that_does_not_record_a_global_resource_does_not_speak_for_one_that_does() {
    let unrecorded =
        |day, status: &str| with(role("eu-west-1", day, "on"), "configurationItemStatus", status);
    for status in ["ResourceNotRecorded", "ResourceDeletedNotRecorded"] {
        in_every_order([role("us-east-1", 1, "off"), unrecorded(5, status)], |scan| {
            assert_eq!(scan.verdict("role"), "NonCompliant", "{scan:#?}");
        });
        in_every_order([role("us-east-1", 1, "on"), unrecorded(5, status)], |scan| {
            assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
        });
    }
    let scan = scan_text(&lines(&[unrecorded(5, "ResourceNotRecorded")]));
    assert_eq!(scan.verdict("role"), "Unknown(NotRecorded)");
}

#[test]
fn the_region_that_stopped_recording_a_resource_says_so() {
    let stopped = with(bucket("b", 2, "on"), "configurationItemStatus", "ResourceNotRecorded");
    in_every_order([bucket("b", 1, "on"), stopped], |scan| {
        assert_eq!(scan.verdict("b"), "Unknown(NotRecorded)", "{scan:#?}");
    });
}

#[test]
fn copies_of_a_global_resource_of_one_moment_agree_or_leave_it_unknown() {
    in_every_order([role("us-east-1", 1, "on"), role("eu-west-1", 1, "off")], |scan| {
        scan.is_unknown("role", "contradicts another item");
    });
    in_every_order([role("us-east-1", 1, "on"), role("eu-west-1", 1, "on")], |scan| {
        assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
    });
}

#[test]
fn histories_and_notifications_are_merged_with_snapshots_by_time() {
    let history = json!({"fileVersion": "1.0", "configurationItems": [bucket("b", 1, "off"), bucket("b", 2, "on")]});
    let notification = json!({"configurationItem": bucket("c", 3, "gone"), "messageType": "x"});
    let scan = scan(&[
        (
            "111122223333_Config_eu-west-1_ConfigHistory_AWS::S3::Bucket_1.json",
            history.to_string().as_bytes(),
        ),
        ("events.jsonl", notification.to_string().as_bytes()),
        ("snapshot.json", snapshot("s", &[bucket("c", 1, "on"), bucket("d", 1, "off")]).as_bytes()),
    ]);
    let verdicts = ["b", "c", "d"].map(|id| scan.verdict(id));
    assert_eq!(verdicts, ["Compliant", "none", "NonCompliant"], "{scan:#?}");
}
