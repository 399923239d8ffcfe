//! Items that are broken, cut, too large, or did not come.

use serde_json::{Value as Json, json};

use crate::scan::{
    Scan, account, bucket, item, lines, role, scan, scan_as, scan_text, snapshot,
    snapshot_of_texts, with, without,
};

/// An older item that is right beside the text of a newer one, as lines and in a snapshot, in either
/// order, beside a bucket that nothing is wrong with.
fn beside(text: &str, check: impl Fn(&Scan)) {
    let (older, other) = (bucket("b", 1, "on").to_string(), bucket("c", 1, "on").to_string());
    for texts in [[older.clone(), text.to_owned()], [text.to_owned(), older]] {
        let texts =
            [vec![other.clone()], texts.to_vec(), vec![other.replace("\"c\"", "\"d\"")]].concat();
        check(&scan_text(&texts.join("\n")));
        check(&scan_text(&snapshot_of_texts(&texts)));
    }
}

#[test]
fn a_newest_item_that_is_broken_leaves_its_resource_unknown_and_no_other() {
    let newest = bucket("b", 2, "off").to_string();
    for (from, to) in [
        (r#""off""#, "nope"),
        (r#"{"state":"off"}"#, "[]"),
        (r#""off""#, r#""off","state":"on""#),
        (r#""off""#, r#""off","x":"\u12""#),
        (r#""OK""#, r#""Fine""#),
        (r#"{"state":"off"}"#, r#""{\"state\":""#),
    ] {
        assert!(newest.contains(from));
        beside(&newest.replacen(from, to, 1), |scan| {
            scan.is_unknown("b", "item");
            assert_eq!(
                (scan.verdict("c"), scan.verdict("d")),
                ("Compliant", "Compliant"),
                "{to}: {scan:#?}"
            );
        });
    }
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let text = newest.replacen(r#""off""#, &format!(r#""off","x":{deep}"#), 1);
    let older = bucket("b", 1, "on").to_string();
    scan_text(&format!("{older}\n{text}\n")).is_unknown("b", "deep");
}

#[test]
fn a_broken_item_that_is_older_than_the_newest_changes_no_verdict() {
    let older = bucket("b", 1, "off").to_string().replace(r#""off""#, "nope");
    let scan = scan_text(&format!("{older}\n{}", lines(&[bucket("b", 2, "on")])));
    assert_eq!((scan.verdict("b"), scan.code), ("Compliant", 2), "{scan:#?}");
    assert!(scan.said.contains("item 1 is broken"), "{}", scan.said);
}

#[test]
fn a_line_that_is_cut_leaves_unknown_what_can_still_be_read_of_it() {
    // The identity stands before the cut,
    let newest = r#"{"resourceType":"AWS::S3::Bucket","resourceId":"b","awsRegion":"eu-west-1","awsAccountId":"111122223333","configuration":{"sta"#;
    let scan =
        scan_text(&format!("{newest}\n{}", lines(&[bucket("b", 1, "on"), bucket("c", 1, "on")])));
    scan.is_unknown("b", "item 1");
    assert_eq!(scan.verdict("c"), "Compliant");
    // or only some of it,
    let newest = r#"{"resourceType":"AWS::S3::Bucket","awsRegion":"eu-west-1","awsAccountId":"111122223333","resourceId":"#;
    let roles = role("us-east-1", 1, "on");
    let scan = scan_text(&format!("{newest}\n{}", lines(&[bucket("b", 1, "on"), roles.clone()])));
    scan.is_unknown("b", "item 1");
    assert_eq!(scan.verdict("role"), "Compliant", "{scan:#?}");
    assert_eq!(scan.verdict("eu-west-1 AWS::S3::Bucket"), "Unknown(NotDelivered)");
    // or none.
    let scan = scan_text(&format!(
        "{}\n{}",
        r#"{"configuration":{"sta"#,
        lines(&[bucket("b", 1, "on"), roles])
    ));
    scan.is_unknown("b", "item 1");
    assert_eq!(scan.verdict("role"), "Unknown(NotDelivered)", "{scan:#?}");
}

#[test]
fn drift_that_was_read_is_still_reported_where_something_else_was_lost() {
    let text = format!("{}\n{}", r#"{"configuration":{"sta"#, lines(&[bucket("b", 1, "off")]));
    let scan = scan_text(&text);
    assert_eq!((scan.verdict("b"), scan.code), ("NonCompliant", 2), "{scan:#?}");
}

#[test]
fn a_snapshot_that_is_cut_says_nothing_is_compliant() {
    let text =
        snapshot("s", &[bucket("b", 1, "on"), role("us-east-1", 1, "on"), bucket("c", 1, "on")]);
    for end in [text.len() - 1, text.len() - 40, text.len() / 2] {
        let scan = scan_text(&text[..end]);
        assert_eq!(scan.code, 2);
        let verdicts: Vec<&String> = scan.verdicts.values().flatten().collect();
        assert!(verdicts.iter().all(|verdict| *verdict == "Unknown(NotDelivered)"), "{scan:#?}");
        assert!(scan.said.contains("ends before"), "{}", scan.said);
    }
}

fn oversized(summary: &Json) -> String {
    json!({"configurationItemSummary": summary, "s3DeliverySummary": {},
        "messageType": "OversizedConfigurationItemChangeNotification"})
    .to_string()
}

#[test]
fn an_item_too_large_for_a_notification_leaves_its_resource_unknown_unless_it_follows() {
    let summary = without(bucket("b", 2, "off"), "configuration");
    let notification = oversized(&summary);
    let scan = scan_text(&format!(
        "{}{notification}\n",
        lines(&[bucket("b", 1, "on"), bucket("c", 1, "on")])
    ));
    scan.is_unknown("b", "too large for a notification");
    assert_eq!(scan.verdict("c"), "Compliant", "{scan:#?}");
    // Alone, it is known that there is something of which nothing is known.
    let roles = lines(&[role("us-east-1", 1, "on")]);
    scan_text(&format!("{roles}{notification}")).is_unknown("b", "too large for a notification");
    // The whole item follows, or was there before.
    for text in [
        format!("{notification}\n{}", bucket("b", 2, "off")),
        format!("{}\n{notification}", bucket("b", 3, "off")),
    ] {
        let scan = scan_text(&text);
        assert_eq!((scan.verdict("b"), scan.code), ("NonCompliant", 1), "{scan:#?}");
    }
}

#[test]
fn an_item_too_large_for_a_notification_is_nothing_where_its_type_is_not_read() {
    let summary = item("AWS::EC2::Instance", "eu-west-1", "i-1", 2, "off");
    let scan = scan_text(&format!(
        "{}{}\n",
        lines(&[bucket("b", 1, "on"), role("us-east-1", 1, "on")]),
        oversized(&summary)
    ));
    assert_eq!((scan.verdict("b"), scan.code), ("Compliant", 0), "{scan:#?}");
}

#[test]
fn what_the_api_left_unprocessed_is_unknown_unless_it_was_asked_for_again() {
    let answer = |items: &[Json], left: &[&str]| {
        let keys: Vec<Json> = left
            .iter()
            .map(|id| json!({"resourceType": "AWS::S3::Bucket", "resourceId": id}))
            .collect();
        json!({"baseConfigurationItems": items, "unprocessedResourceKeys": keys}).to_string()
    };
    let older = snapshot("s", &[bucket("b", 1, "on"), bucket("c", 1, "on")]);
    let scanned = scan(&[
        ("answer.json", answer(&[bucket("c", 2, "on")], &["b"]).as_bytes()),
        ("snapshot.json", older.as_bytes()),
    ]);
    scanned.is_unknown("b", "unprocessed");
    assert_eq!(scanned.verdict("c"), "Compliant", "{scanned:#?}");
    let again = format!("{}\n{}", answer(&[], &["b"]), answer(&[bucket("b", 2, "off")], &[]));
    let scanned = scan(&[("answer.json", again.as_bytes()), ("snapshot.json", older.as_bytes())]);
    assert_eq!((scanned.verdict("b"), scanned.code), ("NonCompliant", 1), "{scanned:#?}");
    assert!(!scanned.said.contains("unprocessed"), "{}", scanned.said);
    let scanned = scan_text(&answer(&[bucket("c", 2, "on")], &["b"]));
    assert_eq!(
        scanned.verdict("eu-west-1 AWS::S3::Bucket"),
        "Unknown(NotDelivered)",
        "{scanned:#?}"
    );
    assert_eq!(scanned.verdict("c"), "Unknown(NotDelivered)");
}

#[test]
fn a_page_that_did_not_come_leaves_no_older_copy_the_word() {
    let page =
        json!({"Results": [bucket("c", 2, "on").to_string()], "NextToken": "more"}).to_string();
    let older = snapshot("s", &[bucket("b", 1, "on")]);
    let scan = scan(&[("page.json", page.as_bytes()), ("snapshot.json", older.as_bytes())]);
    scan.is_unknown("b", "more pages");
}

#[test]
fn a_field_that_stands_twice_breaks_its_item_wherever_it_stands() {
    let newest = bucket("b", 2, "on").to_string();
    for (from, to) in [
        (r#""state":"on""#, r#""state":"off","state":"on""#),
        (r#"{"state":"on"}"#, r#""{\"state\":\"off\",\"state\":\"on\"}""#),
        (
            r#""configuration":{"state":"on"}"#,
            r#""configuration":{"state":"off"},"configuration":{"state":"on"}"#,
        ),
    ] {
        let text = newest.replacen(from, to, 1);
        let roles = lines(&[role("us-east-1", 1, "on")]);
        scan_text(&format!("{roles}{text}")).is_unknown("b", "twice");
        beside(&text, |scan| scan.is_unknown("b", "twice"));
    }
    let two_ids = newest.replacen(r#""resourceId":"b""#, r#""resourceId":"b","resourceId":"z""#, 1);
    let scan = scan_text(&format!("{two_ids}\n{}", bucket("b", 1, "on")));
    scan.is_unknown("b", "resourceId");
}

#[test]
fn the_program_says_by_its_exit_code_what_it_could_not_read() {
    let broken = with(bucket("b", 1, "on"), "configurationItemStatus", 7);
    let text = lines(&[broken, bucket("c", 1, "on"), bucket("d", 1, "off")]);
    let arguments = ["--allow-unknown"];
    let scan = scan_as(&[("items.json", text.as_bytes())], &account("876000h"), &arguments);
    scan.is_unknown("b", "item 1");
    assert_eq!((scan.verdict("c"), scan.verdict("d")), ("Compliant", "NonCompliant"), "{scan:#?}");
    assert!(scan.said.contains("could not be read completely"), "{}", scan.said);
}
