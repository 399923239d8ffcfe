//! The kept form of items: what is kept comes back as it was, what is kept of a part is what is read of
//! that part, and bytes that nobody wrote are refused or an item.

use std::sync::LazyLock;

use bumpalo::Bump;
use cel::{Projection, Step, Value};
use engine::evaluation::kept::{KeptItems, decode};
use model::{ConfigurationItem, Parsed, Reading, parse_item};

use crate::by_hand::json_of;
use crate::random::Followed;

static EVERYTHING: LazyLock<Reading> = LazyLock::new(Reading::everything);

/// The first byte says whether the rest is an item or bytes of a kept one.
pub fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if first % 2 == 0 {
        let arena = Bump::new();
        if let Ok(Parsed::Item(item)) = parse_item(rest, &EVERYTHING, &arena) {
            comes_back(&item, &Projection::Whole);
            a_part_is_what_is_read(rest, &item, &mut Followed::from(rest));
        }
    } else {
        decoded(rest);
    }
}

fn comes_back(item: &ConfigurationItem<'_>, projection: &Projection) -> serde_json::Value {
    if item.status.is_deleted() {
        return serde_json::Value::Null; // what is gone is not kept
    }
    let (arena, mut kept) = (Bump::new(), KeptItems::default());
    kept.put(item, &Projection::NOTHING);
    kept.put(item, projection);
    let back = kept.item(1, &arena).expect("what was kept is read");
    let head = |it: &ConfigurationItem<'_>| {
        [Some(it.resource_type), Some(it.id), it.name, it.arn, Some(it.account_id), Some(it.region)]
            .map(|it| it.map(str::to_owned))
    };
    assert_eq!(head(&back), head(item));
    let value = json_of(&back.value);
    if *projection == Projection::Whole {
        assert_eq!(value, json_of(&item.value));
    }
    value
}

fn a_part_is_what_is_read(text: &[u8], item: &ConfigurationItem<'_>, choices: &mut Followed) {
    let mut projection = Projection::NOTHING;
    for _ in 0..=choices.below(4) {
        let mut path = Vec::new();
        choose(&item.value, choices, &mut path);
        projection.add(&path);
    }
    let Ok(resource_type) = item.resource_type.parse() else { return };
    let reading = Reading::new([(resource_type, projection.clone())]);
    let arena = Bump::new();
    match parse_item(text, &reading, &arena) {
        Ok(Parsed::Item(part)) => {
            let kept = comes_back(item, &projection);
            assert_eq!(comes_back(&part, &Projection::Whole), kept, "{projection:?}");
        }
        other => panic!("a part cannot be read: {other:?}, {projection:?}"),
    }
}

/// A way from a value to a part of it, or past it.
fn choose(value: &Value<'_>, choices: &mut Followed, path: &mut Vec<Step>) {
    let inner = match value {
        Value::Map(entries) if !entries.is_empty() => {
            let (key, value) = entries[choices.below(entries.len())];
            path.push(Step::Field(key.as_str().unwrap().into()));
            value
        }
        Value::List(items) if !items.is_empty() => {
            path.push(Step::Element);
            items[choices.below(items.len())]
        }
        _ => {
            path.push([Step::Element, Step::Field("value".into())][choices.below(2)].clone());
            return;
        }
    };
    if choices.below(4) > 0 {
        choose(&inner, choices, path);
    }
}

fn decoded(bytes: &[u8]) {
    let names: Vec<Box<str>> =
        ["AWS::S3::Bucket", "eu-west-1", "111122223333", "a"].map(Into::into).into();
    let arena = Bump::new();
    if let Ok(item) = decode(bytes, &names, &arena) {
        // A map that nobody wrote may have a name twice.
        let mut kept = KeptItems::default();
        kept.put(&item, &Projection::Whole);
        let again = kept.item(0, &arena).expect("what was read is kept");
        assert_eq!(json_of(&again.value), json_of(&item.value));
    }
}
