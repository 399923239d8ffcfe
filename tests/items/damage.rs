//! What damaged input comes to: never a panic, and never a read that counts as complete.

use std::path::Path;

use bumpalo::Bump;
use model::{Chunk, Reading, Splitter, open_envelope, parse_item};
use proptest::prelude::*;

use super::normal::read_text;

fn fixture() -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/items/sqs-queue.snapshot.json");
    let text: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    serde_json::to_vec(&text).unwrap()
}

/// Whether every item of a text was found and parsed.
fn whole(text: &[u8]) -> bool {
    let mut splitter = Splitter::new(text);
    let (mut chunk, mut parsed) = (Chunk::default(), true);
    let reading = Reading::everything();
    while splitter.next_chunk(&mut chunk) {
        for (_, text) in chunk.texts() {
            let arena = Bump::new();
            parsed &= parse_item(text, &reading, &arena).is_ok();
            drop(open_envelope(text, &arena));
        }
    }
    splitter.finish().problem_count == 0 && parsed
}

#[test]
fn a_snapshot_that_lost_any_byte_is_whole_only_where_it_still_is_json() {
    let text = fixture();
    assert!(whole(&text));
    let mut broken = 0;
    for lost in 0..text.len() {
        let mut text = text.clone();
        text.remove(lost);
        if serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_err() {
            broken += 1;
            assert!(!whole(&text), "without byte {lost}: {}", String::from_utf8_lossy(&text));
        }
    }
    assert!(broken > 100, "{broken}");
}

#[test]
fn a_read_of_a_cut_file_is_never_complete() {
    let text = fixture();
    assert!(read_text(&text).1.complete);
    for end in (0..text.len()).step_by(7) {
        assert!(!read_text(&text[..end]).1.complete, "cut at byte {end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_snapshot_with_a_wrong_byte_is_whole_only_where_it_still_is_json(
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![prop::sample::select(br#"{}[]",:\0n "#.to_vec()), any::<u8>()],
    ) {
        let mut text = fixture();
        let at = at.index(text.len());
        text[at] = byte;
        let valid = serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert!(valid || !whole(&text), "{byte} at {at}");
    }

    #[test]
    fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..400)) {
        whole(&text);
    }

    #[test]
    fn nothing_that_looks_like_json_makes_it_panic(
        text in r#"([{}\[\]",:\\ \n]|null|true|-?[0-9]{1,4}|1e5|"resourceType"|"configuration"|"configurationItems":\[|"Results"|\\u00e9|%7B|é){0,120}"#,
    ) {
        whole(text.as_bytes());
    }
}
