//! Items that do not say where they belong, or say it in a way that AWS does not.

use serde_json::Value as Json;

use crate::scan::{Scan, account, bucket, item, lines, role, scan_as, scan_text, with};

/// The older item that is right, and a newer one of the same resource with this field.
fn beside(field: &str, value: impl Into<Json>) -> Scan {
    let newer = with(bucket("b", 2, "off"), field, value);
    scan_text(&lines(&[bucket("b", 1, "on"), newer, role("us-east-1", 1, "on")]))
}

#[test]
fn an_item_of_a_region_that_is_none_leaves_its_type_unknown() {
    for region in ["eu-west-1a", "EU-WEST-1", "eu_west_1", "europe", "eu-west-"] {
        let scan = beside("awsRegion", region);
        scan.is_unknown("b", region);
        assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
    }
    let scan = beside("awsRegion", Json::Null);
    scan.is_unknown("b", "awsRegion");
}

#[test]
fn a_global_resource_of_a_region_that_is_none_is_unknown_by_itself() {
    let scan = scan_text(&lines(&[
        role("US-EAST-1", 2, "off"),
        role("us-east-1", 1, "on"),
        bucket("b", 1, "on"),
    ]));
    scan.is_unknown("role", "US-EAST-1");
    assert_eq!(scan.verdict("b"), "Compliant", "{scan:#?}");
}

#[test]
fn an_item_of_a_type_in_other_letters_leaves_its_resource_unknown() {
    for name in ["aws::s3::bucket", "AWS::S3::BUCKET", "AWS::s3::Bucket"] {
        let scan = beside("resourceType", name);
        scan.is_unknown("b", name);
        assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
    }
}

#[test]
fn an_item_without_a_type_leaves_its_region_unknown() {
    for name in [Json::Null, "".into(), "bucket".into()] {
        let scan = beside("resourceType", name);
        scan.is_unknown("b", "item 2");
    }
}

#[test]
fn an_item_of_an_account_that_is_none_leaves_its_type_unknown() {
    for id in ["1111222233", "111122223333x", "1111-2222-3333"] {
        let scan = beside("awsAccountId", id);
        scan.is_unknown("b", id);
        assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
    }
    beside("awsAccountId", Json::Null).is_unknown("b", "accountId");
}

#[test]
fn an_item_of_another_partition_leaves_its_type_unknown() {
    let scan = beside("awsRegion", "cn-north-1");
    scan.is_unknown("b", "cn-north-1");
    assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
}

#[test]
fn an_item_without_an_id_leaves_its_type_unknown() {
    for id in [Json::Null, "".into()] {
        let scan = beside("resourceId", id);
        scan.is_unknown("b", "resourceId");
        assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
    }
}

#[test]
fn items_of_regions_that_an_account_does_not_declare_are_named() {
    let far = item("AWS::S3::Bucket", "ap-south-1", "far", 1, "on");
    let scan = scan_text(&lines(&[bucket("b", 1, "on"), role("us-east-1", 1, "on"), far]));
    assert_eq!(
        (scan.verdict("b"), scan.verdict("far"), scan.code),
        ("Compliant", "none", 0),
        "{scan:#?}"
    );
    assert!(scan.said.contains("ap-south-1"), "{}", scan.said);
}

#[test]
fn where_no_account_is_declared_it_is_said_why_the_items_show_none() {
    let text = |text: &str| scan_as(&[("s.json", text.as_bytes())], "", &[]);
    let malformed = text(&with(bucket("b", 1, "on"), "awsAccountId", "12").to_string());
    assert_eq!(malformed.code, 2);
    assert!(malformed.said.contains("\"12\""), "{}", malformed.said);
    let empty = text(r#"{"configurationItems":[]}"#);
    assert_eq!(empty.code, 2);
    assert!(empty.said.contains("contains no configuration items"), "{}", empty.said);
}

#[test]
fn where_no_account_is_declared_what_stands_far_down_counts_as_what_stands_first() {
    // More than is looked at to find out whose items they are.
    let mut items: Vec<Json> = (0..2000).map(|at| bucket(&format!("b{at}"), 1, "on")).collect();
    items.push(bucket("last", 1, "off"));
    let scan_with = |item: Json| {
        let text = lines(&items) + &lines(&[item]);
        scan_as(&[("s.json", text.as_bytes())], "", &[])
    };
    let elsewhere = item("AWS::S3::Bucket", "ap-south-1", "far", 1, "off");
    let other = with(bucket("far", 1, "off"), "awsAccountId", "222233334444");
    for far in [elsewhere, other] {
        let scan = scan_with(far);
        let verdicts = ["b0", "last", "far"].map(|id| scan.verdict(id));
        assert_eq!(verdicts, ["Compliant", "NonCompliant", "NonCompliant"], "{}", scan.said);
        assert_eq!(scan.verdicts.values().filter(|it| *it == &["Compliant"]).count(), 2000);
    }
    assert_eq!(scan_with(bucket("b0", 2, "off")).verdict("b0"), "NonCompliant");
    assert_eq!(scan_with(bucket("b0", 2, "gone")).verdict("b0"), "none");
    let broken = with(bucket("b0", 2, "off"), "configurationItemCaptureTime", "soon");
    assert!(scan_with(broken).verdict("b0").starts_with("Unknown"));
}

#[test]
fn items_are_counted_one_way() {
    let broken = with(bucket("b", 1, "on"), "resourceId", 5).to_string();
    let scan = scan_as(
        &[("s.json", format!("{}\n{broken}", bucket("a", 1, "on")).as_bytes())],
        &account("1h"),
        &[],
    );
    assert!(
        scan.said.contains("item 2 is broken") && !scan.said.contains("item 1"),
        "{}",
        scan.said
    );
}
