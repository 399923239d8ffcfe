//! How old a snapshot is: by AWS's own word, never by when a copy was made.

use serde_json::Value as Json;

use crate::scan::{account, bucket, role, scan_as, scan_input, snapshot, with};

fn today() -> String {
    let now = jiff::Timestamp::now();
    now.to_string()
}

fn items(time: &str) -> String {
    let at = |item: Json| with(item, "configurationItemCaptureTime", time);
    snapshot("s", &[at(bucket("b", 1, "on")), at(role("us-east-1", 1, "on"))])
}

#[test]
fn a_copy_is_as_old_as_the_newest_item_in_it() {
    let scan =
        scan_as(&[("s.json", items("2024-05-01T00:00:00Z").as_bytes())], &account("24h"), &[]);
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)", "{scan:#?}");
    assert_eq!((scan.verdict("b"), scan.code), ("none", 2));
    let fresh = scan_as(&[("s.json", items(&today()).as_bytes())], &account("24h"), &[]);
    assert_eq!((fresh.verdict("b"), fresh.code), ("Compliant", 0), "{fresh:#?}");
}

#[test]
fn standard_input_is_as_old_as_a_file() {
    let old = items("2024-05-01T00:00:00Z");
    for (account, arguments) in
        [(account("24h"), &[][..]), (account("876000h"), &["--max-age", "24h"])]
    {
        let scan = scan_input(old.as_bytes(), &account, arguments);
        assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)", "{scan:#?}");
        assert_eq!(scan.code, 2);
    }
    let fresh = scan_input(items(&today()).as_bytes(), &account("24h"), &[]);
    assert_eq!((fresh.verdict("b"), fresh.code), ("Compliant", 0), "{fresh:#?}");
}

#[test]
fn the_time_in_the_name_that_aws_gave_goes_before_those_of_items() {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name =
        |time: &str| format!("111122223333_Config_eu-west-1_ConfigSnapshot_{time}_0a1b.json");
    let old = items("2024-05-01T00:00:00Z");
    let fresh = scan_as(&[(&name(&now), old.as_bytes())], &account("24h"), &[]);
    assert_eq!(fresh.verdict("b"), "Compliant", "{fresh:#?}");
    let stale = scan_as(&[(&name("20240502T000000Z"), old.as_bytes())], &account("24h"), &[]);
    assert_eq!(stale.verdict("b"), "none", "{stale:#?}");
    assert_eq!(stale.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)");
}

#[test]
fn a_snapshot_of_which_nothing_says_when_it_was_taken_may_be_of_any_age() {
    let scan = scan_as(&[("s.json", snapshot("s", &[]).as_bytes())], &account("24h"), &[]);
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)", "{scan:#?}");
    assert_eq!(scan.code, 2);
}

#[test]
fn an_item_of_a_time_to_come_makes_no_snapshot_fresh() {
    let future = with(bucket("c", 1, "on"), "configurationItemCaptureTime", "2999-01-01T00:00:00Z");
    let text = snapshot("s", &[bucket("b", 1, "on"), future]);
    let scan = scan_as(&[("s.json", text.as_bytes())], &account("24h"), &[]);
    assert_eq!(scan.verdict("b"), "none", "{scan:#?}");
}

#[test]
fn a_name_with_a_time_to_come_makes_no_snapshot_fresh_or_the_newest() {
    let name =
        |time: &str| format!("111122223333_Config_eu-west-1_ConfigSnapshot_{time}_0a1b.json");
    let old = items("2024-05-01T00:00:00Z");
    let scan = scan_as(&[(&name("29990101T000000Z"), old.as_bytes())], &account("24h"), &[]);
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)", "{scan:#?}");
    let newest = snapshot("t", &[bucket("b", 2, "off"), role("us-east-1", 2, "on")]);
    let files = [(name("29990101T000000Z"), old), (name("20240502T000000Z"), newest)];
    let files = [0, 1].map(|at| (files[at].0.as_str(), files[at].1.as_bytes()));
    let both = scan_as(&files, &account("876000h"), &[]);
    assert_ne!(both.verdict("b"), "Compliant", "{both:#?}");
    assert!(both.said.contains("which is the newest"), "{both:#?}");
    assert_eq!(both.code, 2, "{both:#?}");
}

#[test]
fn a_broken_item_that_stands_alone_leaves_its_resource_unknown_whatever_the_age_may_be() {
    let fresh = with(bucket("b", 1, "on"), "configurationItemCaptureTime", today());
    let broken = fresh.to_string().replace(r#""on""#, "nope");
    let scan = scan_as(&[("s.jsonl", broken.as_bytes())], &account("24h"), &[]);
    scan.is_unknown("b", "item 1");
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "none", "{scan:#?}");
    // Nothing says how old the snapshot is,
    let undated = with(fresh, "configurationItemCaptureTime", "soon");
    let scan = scan_as(&[("s.jsonl", undated.to_string().as_bytes())], &account("24h"), &[]);
    scan.is_unknown("b", "item 1");
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)", "{scan:#?}");
    // or it says that it is old, and then of nothing in it is anything known.
    let old = bucket("b", 1, "on").to_string().replace(r#""on""#, "nope");
    let scan = scan_as(&[("s.jsonl", old.as_bytes())], &account("24h"), &[]);
    assert_eq!((scan.verdict("b"), scan.code), ("none", 2), "{scan:#?}");
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(Stale)");
}
