//! What is kept comes back as it was.

use bumpalo::Bump;
use serde_json::json;

use super::*;
use cel::{Step, Value};
use cel::{from_json, to_json};
use model::ItemStatus;

const KEY: ItemKey = ItemKey(5);

fn item(value: Value<'_>) -> ConfigurationItem<'_> {
    ConfigurationItem {
        resource_type: "AWS::S3::Bucket",
        id: "logs-🪣",
        name: None,
        arn: Some("arn:aws:s3:::logs"),
        account_id: "111122223333",
        region: "eu-west-1",
        status: ItemStatus::NotRecorded,
        capture_time: Some(Timestamp { seconds: -5, nanoseconds: 7 }),
        value,
    }
}

#[test]
fn a_kept_item_comes_back_as_it_was() {
    let arena = Bump::new();
    let json = json!({
        "id": "logs", "small": -3, "large": i64::MIN, "most": u64::MAX, "half": 0.5,
        "list": [null, true, false, [], {}, "x".repeat(1000)], "nested": {"a": {"b": [{"c": 1}]}},
    });
    let value = from_json(&json, &arena);
    let mut keep = Keep::default();
    keep.put((3, 4, KEY), &item(Value::Null), &Projection::Whole);
    keep.put((1, 2, KEY), &item(value), &Projection::Whole);
    let kept = &keep.items()[1];
    assert_eq!((kept.resource_type, kept.account), (1, 2));
    let back = keep.decoder(kept).unwrap().item(&arena).unwrap();
    assert_eq!(to_json(&back.value), json);
    assert_eq!(back.id, "logs-🪣");
    assert_eq!((back.name, back.arn), (None, Some("arn:aws:s3:::logs")));
    assert_eq!(back.status, ItemStatus::NotRecorded);
    assert_eq!(keep.decoder(kept).unwrap().head().unwrap().account_id, "111122223333");
}

#[test]
fn times_come_back_as_times() {
    let arena = Bump::new();
    let time = Timestamp { seconds: -62_135_596_800, nanoseconds: 999_999_999 };
    let entries = [(Value::String("creationTime"), Value::Timestamp(time))];
    let mut keep = Keep::default();
    keep.put((0, 0, KEY), &item(Value::Map(&entries)), &Projection::Whole);
    let back = keep.decoder(&keep.items()[0]).unwrap().item(&arena).unwrap();
    assert!(matches!(back.value.get("creationTime"), Some(Value::Timestamp(kept)) if kept == time));
}

#[test]
fn only_what_the_projection_names_is_kept() {
    let arena = Bump::new();
    let json = json!({"a": {"b": [{"c": 1, "d": 2}], "e": 3}, "f": [1, 2]});
    let mut projection = Projection::NOTHING;
    projection.add(&["a", "b", "*", "c"].map(|step| match step {
        "*" => Step::Element,
        name => Step::Field(name.into()),
    }));
    let mut keep = Keep::default();
    keep.put((0, 0, KEY), &item(from_json(&json, &arena)), &projection);
    let back = keep.decoder(&keep.items()[0]).unwrap().item(&arena).unwrap();
    assert_eq!(to_json(&back.value), json!({"a": {"b": [{"c": 1}]}}));
}

#[test]
fn many_items_take_many_blocks_and_few_bytes_each() {
    let (arena, mut keep) = (Bump::new(), Keep::default());
    for number in 0..20_000 {
        let json = json!({"configuration": {"bucketName": format!("bucket-{number}")}});
        keep.put((0, 0, KEY), &item(from_json(&json, &arena)), &Projection::Whole);
    }
    let size: usize = keep.blocks.iter().map(Vec::len).sum();
    assert!(size / 20_000 < 80, "{} bytes an item", size / 20_000);
    assert!(keep.blocks.len() > 1);
    let back = keep.decoder(&keep.items()[19_999]).unwrap().item(&arena).unwrap();
    let name = back.value.get("configuration").and_then(|it| it.get("bucketName"));
    assert_eq!(name.and_then(|it| it.as_str()), Some("bucket-19999"));
}

#[test]
fn more_names_than_are_numbered_come_back_too() {
    let (arena, mut keep) = (Bump::new(), Keep::default());
    let fields: serde_json::Map<_, _> =
        (0..5000).map(|number| (format!("key-{number}"), json!(number))).collect();
    let json = serde_json::Value::Object(fields);
    keep.put((0, 0, KEY), &item(from_json(&json, &arena)), &Projection::Whole);
    assert_eq!(to_json(&keep.decoder(&keep.items()[0]).unwrap().item(&arena).unwrap().value), json);
}

impl Keep {
    /// Changes one thing of what is kept: a byte, a byte of a name, or a number of an entry.
    /// Whether there is an `at`-th.
    pub(in super::super) fn corrupt(&mut self, mut at: usize, mask: u8) -> bool {
        for block in &mut self.blocks {
            if let Some(byte) = block.get_mut(at) {
                *byte ^= mask;
                return true;
            }
            at -= block.len();
        }
        if self.encoder.corrupt(&mut at, mask) {
            return true;
        }
        let wide = u32::from(mask);
        for kept in &mut self.items {
            match at {
                0 => kept.resource_type ^= wide,
                1 => kept.account ^= wide,
                2 => kept.captured ^= i64::from(mask),
                3 => kept.block ^= wide,
                4 => kept.start ^= wide,
                5 => kept.length ^= wide,
                6 => kept.digest ^= wide,
                7 => kept.start = u32::MAX,
                8 => kept.length = u32::MAX,
                _ => {
                    at -= 9;
                    continue;
                }
            }
            return true;
        }
        false
    }

    /// The same of the bytes alone, which then agree with their digests again: as a mistake in
    /// what writes them would leave them.
    pub(in super::super) fn corrupt_unnoticed(&mut self, at: usize, mask: u8) -> bool {
        let bytes: usize = self.blocks.iter().map(Vec::len).sum();
        if at >= bytes {
            return false;
        }
        self.corrupt(at, mask);
        for kept in &mut self.items {
            let (start, length) = (kept.start as usize, kept.length as usize);
            let bytes = &self.blocks[kept.block as usize][start..start + length];
            kept.digest = kept.digest_of(bytes);
        }
        true
    }
}
