//! Folders with several snapshots.

use crate::scan::{bucket, item, role, scan, snapshot};

fn named(region: &str, day: u8) -> String {
    format!("111122223333_Config_{region}_ConfigSnapshot_202405{day:02}T100000Z_0a1b{day}.json")
}

#[test]
fn of_an_account_and_region_the_newest_snapshot_counts_and_others_are_named() {
    let older = snapshot("one", &[bucket("alpha", 1, "on"), bucket("beta", 1, "off")]);
    let newer = snapshot("two", &[bucket("alpha", 1, "on")]);
    let virginia = snapshot(
        "three",
        &[item("AWS::S3::Bucket", "us-east-1", "far", 1, "off"), role("us-east-1", 1, "on")],
    );
    let names = [named("eu-west-1", 27), named("eu-west-1", 28), named("us-east-1", 27)];
    let scan = scan(&[
        (&names[0], older.as_bytes()),
        (&names[1], newer.as_bytes()),
        (&names[2], virginia.as_bytes()),
    ]);
    let verdicts = ["alpha", "beta", "far"].map(|id| scan.verdict(id));
    assert_eq!(verdicts, ["Compliant", "none", "NonCompliant"], "{scan:#?}");
    assert_eq!(scan.code, 1);
    assert!(scan.said.contains(&names[0]) && !scan.said.contains(&names[1]), "{}", scan.said);
}

#[test]
fn a_broken_newest_snapshot_does_not_leave_the_word_to_an_older_one() {
    let older = snapshot("one", &[bucket("alpha", 1, "on")]);
    let newer = snapshot("two", &[bucket("alpha", 2, "off")]);
    let scan = scan(&[
        (&named("eu-west-1", 27), older.as_bytes()),
        (&named("eu-west-1", 28), &newer.as_bytes()[..newer.len() / 2]),
    ]);
    assert_ne!(scan.verdict("alpha"), "Compliant", "{scan:#?}");
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(NotDelivered)", "{scan:#?}");
    assert_eq!(scan.code, 2);
}

#[test]
fn a_region_of_which_there_is_no_snapshot_is_not_empty() {
    let ireland = snapshot("one", &[bucket("alpha", 1, "on"), role("eu-west-1", 1, "on")]);
    let scan = scan(&[(&named("eu-west-1", 28), ireland.as_bytes())]);
    assert_eq!(scan.verdict("alpha"), "Compliant", "{scan:#?}");
    assert_eq!(scan.verdict("us-east-1 AWS::S3::Bucket"), "Unknown(NotDelivered)", "{scan:#?}");
}

#[test]
fn snapshots_of_which_nothing_says_which_is_newer_are_not_merged() {
    let one = snapshot("one", &[bucket("alpha", 1, "on"), bucket("beta", 1, "on")]);
    let two = snapshot("two", &[bucket("alpha", 1, "on")]);
    let scan = scan(&[("one.json", one.as_bytes()), ("two.json", two.as_bytes())]);
    scan.is_unknown("beta", "which is the newest");
    assert_eq!(scan.code, 2);
}

#[test]
fn parts_of_one_snapshot_are_merged() {
    let one = snapshot("one", &[bucket("alpha", 1, "on")]);
    let two = snapshot("one", &[bucket("beta", 1, "off"), role("us-east-1", 1, "on")]);
    let scan = scan(&[("one.json", one.as_bytes()), ("two.json", two.as_bytes())]);
    assert_eq!((scan.verdict("alpha"), scan.verdict("beta")), ("Compliant", "NonCompliant"));
    assert_eq!(scan.code, 1, "{scan:#?}");
}
