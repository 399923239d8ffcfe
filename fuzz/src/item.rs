//! The item parser: what it takes is JSON with the identity that it gives, its configuration is the
//! tree that another parser finds there, and its head is the same when no more is read.

use std::collections::HashMap;
use std::sync::LazyLock;

use bumpalo::Bump;
use model::{ConfigurationItem, ItemError, Parsed, Reading, parse_item};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::by_hand::{json_of, normal};

static EVERYTHING: LazyLock<Reading> = LazyLock::new(Reading::everything);
static HEADS: LazyLock<Reading> = LazyLock::new(|| Reading::heads_and([]));

/// Reads one item.
pub fn check(text: &[u8]) {
    let arena = Bump::new();
    match parse_item(text, &EVERYTHING, &arena) {
        Ok(Parsed::Item(item)) => {
            is_what_stands_there(text, &item);
            head_is_the_same(text, &item);
        }
        Ok(Parsed::Skipped(_)) => panic!("everything is read"),
        Err(error) => error_is_small(text, &error),
    }
}

/// The text of an item without the quotes of a string that holds it.
pub fn unquoted(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).expect("an item is text");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('"') {
        return serde_json::from_str(text).expect("a quoted item is a string of JSON");
    }
    text.to_owned()
}

fn is_what_stands_there(text: &[u8], item: &ConfigurationItem<'_>) {
    let text = unquoted(text);
    let fields: HashMap<String, &RawValue> =
        serde_json::from_str(&text).expect("an item is a map of JSON");
    let string = |names: &[&str]| {
        let value = names.iter().find_map(|name| fields.get(*name))?;
        serde_json::from_str::<Option<String>>(value.get()).expect("a string")
    };
    assert_eq!(string(&["resourceType"]).as_deref(), Some(item.resource_type));
    assert_eq!(string(&["resourceId"]).as_deref(), Some(item.id));
    assert_eq!(string(&["resourceName"]).as_deref(), item.name);
    assert_eq!(string(&["arn", "ARN"]).as_deref(), item.arn);
    assert_eq!(string(&["accountId", "awsAccountId"]).unwrap_or_default(), item.account_id);
    assert_eq!(string(&["awsRegion"]).unwrap_or_default(), item.region);
    // Of types that AWS has, some strings hold documents.
    if item.resource_type.starts_with("AWS::T::") {
        let expected = fields.get("configuration").map_or(Some(None), |raw| tree(raw.get()));
        if let Some(expected) = expected.filter(|tree| !tree.as_ref().is_some_and(has_fraction)) {
            let found = item.value.get("configuration").map(|value| json_of(&value));
            assert_eq!(found, expected.as_ref().and_then(normal));
        }
    }
}

/// Whether a number is not whole: of these serde rounds the last digit as it likes.
pub fn has_fraction(tree: &Json) -> bool {
    match tree {
        Json::Number(number) => number.is_f64(),
        Json::Array(items) => items.iter().any(has_fraction),
        Json::Object(fields) => fields.values().any(has_fraction),
        _ => false,
    }
}

/// The tree that is written there, in a string perhaps; nothing where it is too deep for serde.
fn tree(text: &str) -> Option<Option<Json>> {
    match serde_json::from_str(text) {
        Ok(Json::Null) => Some(None),
        Ok(Json::String(text)) => match serde_json::from_str(&text) {
            Ok(Json::Null) => Some(None),
            Ok(tree) => Some(Some(tree)),
            Err(error) => too_deep(&error),
        },
        Ok(tree) => Some(Some(tree)),
        Err(error) => too_deep(&error),
    }
}

fn too_deep(error: &serde_json::Error) -> Option<Option<Json>> {
    assert!(error.to_string().contains("recursion limit"), "{error}");
    None
}

fn head_is_the_same(text: &[u8], item: &ConfigurationItem<'_>) {
    let arena = Bump::new();
    let head = match parse_item(text, &HEADS, &arena) {
        Ok(Parsed::Item(head)) => head,
        other => panic!("its head cannot be read: {other:?}"),
    };
    let of = |it: &ConfigurationItem<'_>| {
        let texts = [it.resource_type, it.id, it.account_id, it.region].map(str::to_owned);
        let optional = [it.name, it.arn].map(|it| it.map(str::to_owned));
        (texts, optional, it.status, it.capture_time)
    };
    assert_eq!(of(&head), of(item));
}

/// Errors are shown to people, and may quote no secret at length.
fn error_is_small(text: &[u8], error: &ItemError) {
    let message = error.to_string();
    assert!(message.len() < 1000 + text.len() && !message.contains('\n'), "{message}");
    if let ItemError::NotText { offset } = error {
        assert!(*offset <= text.len());
    }
}
