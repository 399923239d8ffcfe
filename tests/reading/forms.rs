//! Files and envelopes of other forms: read, or named as what they are.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};

use crate::scan::{Scan, bucket, role, scan, scan_text, snapshot};

fn whole() -> String {
    snapshot("s", &[bucket("b", 1, "on"), role("us-east-1", 1, "on")])
}

#[track_caller]
fn is_named(scan: &Scan, what: &str) {
    assert_eq!(scan.code, 2, "{scan:#?}");
    assert!(scan.said.contains(what), "{what}: {}", scan.said);
    assert!(!scan.verdicts.values().flatten().any(|verdict| verdict == "Compliant"), "{scan:#?}");
}

#[test]
fn utf_16_is_named_as_what_it_is() {
    let units: Vec<u16> = std::iter::once(0xfeff).chain(whole().encode_utf16()).collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [&little[..], &big, &little[2..], &big[2..]] {
        is_named(&scan(&[("s.json", bytes)]), "UTF-16");
    }
}

#[test]
fn utf_32_is_named_as_what_it_is() {
    let letters: Vec<u32> =
        std::iter::once('\u{feff}').chain(whole().chars()).map(u32::from).collect();
    let little: Vec<u8> = letters.iter().flat_map(|letter| letter.to_le_bytes()).collect();
    let big: Vec<u8> = letters.iter().flat_map(|letter| letter.to_be_bytes()).collect();
    for bytes in [&little[..], &big, &little[4..], &big[4..]] {
        is_named(&scan(&[("s.json", bytes)]), "UTF-32");
    }
}

#[test]
fn what_follows_compressed_data_is_named() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(whole().as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    assert_eq!(scan(&[("s.json.gz", &zipped)]).verdict("b"), "Compliant");
    for rest in [&b"\n"[..], b"trailing", &[0; 512]] {
        let scan = scan(&[("s.json.gz", &[&zipped, rest].concat())]);
        is_named(&scan, "followed by other data");
        assert!(!scan.said.contains("too early"), "{}", scan.said);
    }
    is_named(&scan(&[("s.json.gz", &zipped[..zipped.len() - 5])]), "too early");
}

#[test]
fn an_sns_message_may_be_an_object() {
    let event = json!({"configurationItem": bucket("b", 1, "off"), "messageType": "x"});
    for message in [event.clone(), Json::String(event.to_string())] {
        let text = json!({"Type": "Notification", "Message": message}).to_string();
        let scan = scan_text(&text);
        assert_eq!(scan.verdict("b"), "NonCompliant", "{scan:#?}");
    }
}

#[test]
fn an_envelope_of_too_many_records_is_named_as_that() {
    let event = json!({"configurationItem": bucket("b", 1, "on")}).to_string();
    let records = vec![event; 16_400].join(",");
    let scan = scan_text(&format!(r#"{{"Records":[{records}]}}"#));
    is_named(&scan, "16384 items in one envelope");
    assert!(!scan.said.contains("nests"), "{}", scan.said);
}

#[test]
fn an_empty_file_is_named() {
    is_named(&scan_text(""), "it is empty");
}
