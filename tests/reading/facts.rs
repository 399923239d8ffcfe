//! Account facts in snapshots: items that no recorder records, each as old as it says itself.

use serde_json::{Value as Json, json};

use crate::scan::{ACCOUNT, Scan, account, bucket, role, scan_as, snapshot, with};

const USERS: &str = "us-east-1 Plumbline::IAM::UserCredentials";
const BUCKETS: &str = "eu-west-1 AWS::S3::Bucket";

/// The account, and a baseline that checks facts beside the one of all these tests.
fn declared(max_age: &str) -> String {
    let baseline = "apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: facts, namespace: team}
spec:
  accounts: {names: [shop]}
  controls: [{name: iam-user-mfa}]
";
    format!("{}---\n{baseline}", account(max_age))
}

/// The credential report of an account with one user.
fn facts(time: &str) -> String {
    facts_of(time, &["alice"])
}

/// The credential report of an account with these users.
fn facts_of(time: &str, users: &[&str]) -> String {
    let fact = |resource_type: &str, id: &str| {
        json!({
            "resourceType": resource_type, "resourceId": id, "awsAccountId": ACCOUNT,
            "awsRegion": "global", "configurationItemStatus": "OK",
            "configurationItemCaptureTime": time,
            "configuration": {"version": 1, "mfaActive": true},
        })
    };
    let users = users.iter().map(|user| fact("Plumbline::IAM::UserCredentials", user));
    let root = fact("Plumbline::Account::RootCredentials", ACCOUNT);
    let items: Vec<Json> = [root].into_iter().chain(users).collect();
    json!({"fileVersion": "1.0", "configurationItems": items}).to_string()
}

fn recorded(time: &str) -> String {
    let at = |item: Json| with(item, "configurationItemCaptureTime", time);
    snapshot("s", &[at(bucket("b", 1, "on")), at(role("us-east-1", 1, "on"))])
}

fn scan_both(recorded_at: &str, read_at: &str) -> Scan {
    let (items, facts) = (recorded(recorded_at), facts(read_at));
    let files = [("s.json", items.as_bytes()), ("facts.json", facts.as_bytes())];
    scan_as(&files, &declared("24h"), &[])
}

#[test]
fn facts_make_no_old_snapshot_fresh_and_an_old_fact_is_stale_by_itself() {
    let (old, now) = ("2024-05-01T00:00:00Z", jiff::Timestamp::now().to_string());
    let fresh = scan_both(&now, &now);
    assert_eq!((fresh.verdict("b"), fresh.verdict("alice")), ("Compliant", "Compliant"));
    let old_snapshot = scan_both(old, &now);
    assert_eq!(old_snapshot.verdict(BUCKETS), "Unknown(Stale)", "{old_snapshot:#?}");
    assert_eq!(old_snapshot.verdict("b"), "none", "{old_snapshot:#?}");
    let old_facts = scan_both(&now, old);
    assert_eq!((old_facts.verdict("b"), old_facts.verdict("alice")), ("Compliant", "none"));
    assert_eq!(old_facts.verdict(USERS), "Unknown(Stale)", "{old_facts:#?}");
}

#[test]
fn a_file_of_facts_hides_no_region_of_which_there_is_no_snapshot() {
    let name = "111122223333_Config_eu-west-1_ConfigSnapshot_20240528T100000Z_0a1b.json";
    let (items, facts) = (snapshot("s", &[bucket("b", 1, "on")]), facts("2024-05-28T10:00:00Z"));
    let files = [(name, items.as_bytes()), ("facts.json", facts.as_bytes())];
    let scan = scan_as(&files, &declared("876000h"), &[]);
    assert_eq!(scan.verdict("b"), "Compliant", "{scan:#?}");
    assert_eq!(scan.verdict("us-east-1 AWS::S3::Bucket"), "Unknown(NotDelivered)", "{scan:#?}");
}

#[test]
fn facts_that_are_not_there_are_unknown_though_all_types_are_recorded() {
    let items = recorded("2024-05-01T00:00:00Z");
    let files = [("s.json", items.as_bytes())];
    let scan = scan_as(&files, &declared("876000h"), &["--recorded-types", "all"]);
    assert_eq!(scan.verdict(USERS), "Unknown(NotRecorded)", "{scan:#?}");
    assert_eq!((scan.verdict("b"), scan.code), ("Compliant", 2), "{scan:#?}");
}

#[test]
fn of_two_reads_the_newer_says_which_users_there_are() {
    let items = recorded("2024-05-28T00:00:00Z");
    let older = facts_of("2024-05-27T00:00:00Z", &["alice", "bob"]);
    let newer = facts_of("2024-05-28T00:00:00Z", &["alice", "carol"]);
    for (first, second) in [(&older, &newer), (&newer, &older)] {
        let files = [
            ("s.json", items.as_bytes()),
            ("facts-1.json", first.as_bytes()),
            ("facts-2.json", second.as_bytes()),
        ];
        let scan = scan_as(&files, &declared("876000h"), &[]);
        let verdicts = ["alice", "bob", "carol"].map(|user| scan.verdict(user));
        assert_eq!(verdicts, ["Compliant", "none", "Compliant"], "{scan:#?}");
    }
    // An account without users has a read, too.
    let nobody = facts_of("2024-05-29T00:00:00Z", &[]);
    let files = [
        ("s.json", items.as_bytes()),
        ("facts-1.json", older.as_bytes()),
        ("facts-2.json", nobody.as_bytes()),
    ];
    let scan = scan_as(&files, &declared("876000h"), &[]);
    assert_eq!(["alice", "bob"].map(|user| scan.verdict(user)), ["none", "none"], "{scan:#?}");
}

#[test]
fn a_fact_that_is_gone_in_the_newest_read_stays_gone_though_several_older_ones_hold_it() {
    let items = recorded("2024-05-28T00:00:00Z");
    let read = |day: u32, users: &[&str]| facts_of(&format!("2024-05-{day}T00:00:00Z"), users);
    let (first, second, third) =
        (read(25, &["alice", "bob"]), read(26, &["alice", "bob"]), read(27, &["alice"]));
    // One file may hold several reads, and reads of one account may name different regions.
    let all = [&first, &second, &third].map(|read| read.replace('\n', " ")).join("\n");
    let elsewhere = second.replace("\"global\"", "\"us-east-1\"");
    for files in [
        vec![("1.json", &first), ("2.json", &second), ("3.json", &third)],
        vec![("3.json", &first), ("2.json", &second), ("1.json", &third)],
        vec![("1.jsonl", &all)],
        vec![("1.json", &elsewhere), ("2.json", &third)],
        vec![("1.json", &first), ("2.json", &elsewhere), ("3.json", &third)],
    ] {
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let facts = files.iter().map(|(name, text)| (*name, text.as_bytes()));
        let files: Vec<_> = [("s.json", items.as_bytes())].into_iter().chain(facts).collect();
        let scan = scan_as(&files, &declared("876000h"), &[]);
        let verdicts = ["alice", "bob"].map(|user| scan.verdict(user));
        assert_eq!(verdicts, ["Compliant", "none"], "{names:?} {scan:#?}");
    }
}

#[test]
fn a_newest_read_that_cannot_be_understood_leaves_no_older_one_the_word() {
    let items = recorded("2024-05-28T00:00:00Z");
    let older = facts_of("2024-05-26T00:00:00Z", &["alice", "bob"]);
    let broken = facts_of("2024-05-27T00:00:00Z", &["alice"]).replace("true", "tru");
    let files = [
        ("s.json", items.as_bytes()),
        ("facts-1.json", older.as_bytes()),
        ("facts-2.json", broken.as_bytes()),
    ];
    let scan = scan_as(&files, &declared("876000h"), &[]);
    for user in ["alice", "bob"] {
        assert_ne!(scan.verdict(user), "Compliant", "{user} {scan:#?}");
    }
}

#[test]
fn two_files_of_one_read_are_read_together() {
    let items = recorded("2024-05-28T00:00:00Z");
    let (one, other) =
        (facts_of("2024-05-28T00:00:00Z", &["alice"]), facts_of("2024-05-28T00:00:00Z", &["bob"]));
    let files = [
        ("s.json", items.as_bytes()),
        ("facts-1.json", one.as_bytes()),
        ("facts-2.json", other.as_bytes()),
    ];
    let scan = scan_as(&files, &declared("876000h"), &[]);
    let verdicts = ["alice", "bob"].map(|user| scan.verdict(user));
    assert_eq!(verdicts, ["Compliant", "Compliant"], "{scan:#?}");
}
