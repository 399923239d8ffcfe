//! Text that is cut takes what follows for its own: what stands in it is lost with it, and nobody can
//! say what that was.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::scan::{Scan, bucket, item, role, scan, snapshot_of_texts};

/// A newer item than one of a role, in a notification: no item opens as it does.
fn role_in_a_notification() -> String {
    json!({"configurationItem": role("us-east-1", 2, "off"), "messageType": "x"}).to_string()
}

/// A role's old item, a cut item of a bucket, the role's new item, and another bucket: in one snapshot,
/// plain and compressed.
fn in_a_snapshot(cut: &[String], check: impl Fn(&Scan, &str)) {
    let mut texts = vec![role("us-east-1", 1, "on").to_string()];
    texts.extend_from_slice(cut);
    texts.push(role_in_a_notification());
    texts.push(bucket("c", 1, "on").to_string());
    let text = snapshot_of_texts(&texts);
    check(&scan(&[("items.json", text.as_bytes())]), &text);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    check(&scan(&[("items.json.gz", &encoder.finish().unwrap())]), &text);
}

/// The text up to and with the first occurrence of this.
fn cut(text: &str, after: &str) -> String {
    let at = text.find(after).unwrap_or_else(|| panic!("{after}"));
    text[..at + after.len()].to_owned()
}

/// A bucket with strings, escapes, numbers and nested lists.
fn rich() -> String {
    let policy = r#"{"Statement":[{"Sid":"a"},{"Sid":"b"}]}"#;
    let mut bucket = bucket("b", 1, "on");
    bucket["configuration"]["policy"] = json!(policy);
    bucket["configuration"]["rules"] = json!([{"port": 22}, {"port": 443}]);
    bucket["relationships"] = json!([{"resourceId": "k"}, {"resourceId": "l"}]);
    bucket.to_string()
}

#[test]
fn what_a_cut_item_of_a_snapshot_may_have_swallowed_is_unknown() {
    for after in [
        r#""awsAc"#,            // in a key
        r#""1111"#,             // in a string
        r#"{\"Statement\"#,     // after a backslash
        r#"{\"Statement\":[{"#, // in a document that is a string
        r#"{"port":22},{"po"#,  // in a nested list
        r#"{"port":22}"#,
        r#"{"port":4"#, // in a number
        r#""configuration":"#,
        r#""relationships":["#,
        r#"},"configurationItem"#,
    ] {
        in_a_snapshot(&[cut(&rich(), after)], |scan, text| {
            for id in ["role", "c"] {
                assert_ne!(scan.verdict(id), "Compliant", "{after}\n{text}\n{scan:#?}");
            }
            assert_eq!(scan.code, 2, "{after}\n{scan:#?}");
        });
    }
}

#[test]
fn what_several_cut_items_in_a_row_may_have_swallowed_is_unknown() {
    let rich = rich();
    for (one, other) in
        [(r#""awsAc"#, "{"), (r#""1111"#, r#"{"co"#), (r#"{"port":22}"#, "{"), ("{", r#""1111"#)]
    {
        in_a_snapshot(&[cut(&rich, one), cut(&rich, other)], |scan, text| {
            assert_ne!(scan.verdict("role"), "Compliant", "{text}\n{scan:#?}");
            assert_eq!(scan.code, 2);
        });
    }
}

#[test]
fn a_cut_item_of_a_snapshot_that_swallowed_nothing_leaves_its_own_resource_unknown() {
    let newer = json!({"awsAccountId": "111122223333", "awsRegion": "eu-west-1", "resourceId": "b",
        "resourceType": "AWS::S3::Bucket", "zone": [{"a": 1}, {"b": "x"}]});
    for after in [r#""a":1"#, r#"{"a":1},{"b""#, r#""x"#, r#""zone":[{"a"#] {
        let texts = [
            bucket("b", 1, "on").to_string(),
            cut(&newer.to_string(), after),
            bucket("c", 1, "on").to_string(),
            role("us-east-1", 1, "on").to_string(),
        ];
        let scan = scan(&[("items.json", snapshot_of_texts(&texts).as_bytes())]);
        scan.is_unknown("b", "item 2");
        assert_eq!(
            (scan.verdict("c"), scan.verdict("role")),
            ("Compliant", "Compliant"),
            "{after}"
        );
    }
}

#[test]
fn a_line_that_is_cut_after_a_backslash_ends_where_it_ends() {
    for cut in [r#"{"configuration\"#, r#"{"configuration":{"state":"o\"#] {
        let text =
            [cut.to_owned(), bucket("b", 2, "off").to_string(), bucket("b", 1, "on").to_string()];
        let scan = scan(&[("items.jsonl", text.join("\n").as_bytes())]);
        assert_eq!((scan.verdict("b"), scan.code), ("NonCompliant", 2), "{scan:#?}");
        let other = item("AWS::S3::Bucket", "eu-west-1", "c", 1, "on");
        let text = [cut.to_owned(), bucket("b", 2, "off").to_string(), other.to_string()];
        let scan = crate::scan::scan_text(&text.join("\n"));
        assert_eq!(scan.verdict("c"), "Unknown(NotDelivered)", "{scan:#?}");
    }
}

#[test]
fn lines_that_ran_into_each_other_are_unknown_where_one_is_cut() {
    for after in [r#""awsAc"#, r#""1111"#, r#"{"port":22}"#] {
        let glued = format!("{}{}", cut(&rich(), after), role("us-east-1", 2, "off"));
        let text =
            [role("us-east-1", 1, "on").to_string(), glued, bucket("c", 1, "on").to_string()];
        let scan = crate::scan::scan_text(&text.join("\n"));
        assert_eq!((scan.verdict("role"), scan.code), ("Unknown(NotDelivered)", 2), "{scan:#?}");
    }
}

#[test]
fn a_broken_row_of_a_saved_answer_leaves_its_own_resource_unknown() {
    let broken = bucket("b", 2, "off").to_string().replace(r#""off""#, "nope");
    let rows = [bucket("b", 1, "on").to_string(), broken, bucket("c", 1, "on").to_string()];
    let answer = json!({"Results": rows}).to_string();
    let scan = scan(&[("answer.json", answer.as_bytes())]);
    scan.is_unknown("b", "item 2");
    assert_eq!(scan.verdict("c"), "Compliant", "{scan:#?}");
}
