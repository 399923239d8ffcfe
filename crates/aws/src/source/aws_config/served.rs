//! Whether a query's row shows all that the item itself holds, as far as it is read.

use bumpalo::Bump;

use cel::Value;
use model::{Parsed, Reading, parse_item};

/// Whether the row lacks nothing of what `reading` reads of the item's configuration. Tags and
/// relationships, which batches lack, are not compared.
pub(super) fn shows_all(row: &str, item: &str, reading: &Reading) -> bool {
    let arena = Bump::new();
    let value = |text: &str| match parse_item(arena.alloc_str(text).as_bytes(), reading, &arena) {
        Ok(Parsed::Item(item)) => Some(item.value),
        Ok(Parsed::Skipped(_)) | Err(_) => None,
    };
    let (Some(row), Some(item)) = (value(row), value(item)) else { return false };
    ["configuration", "supplementaryConfiguration"].into_iter().all(|name| {
        let item = item.get(name);
        item.is_none_or(|item| holds(row.get(name), item))
    })
}

/// Whether `row` holds all that `item` does. What changed between the two reads is no lack.
fn holds(row: Option<Value<'_>>, item: Value<'_>) -> bool {
    let Some(row) = row else { return is_nothing(item) };
    match (row, item) {
        (Value::Map(_), Value::Map(fields)) => fields
            .iter()
            .all(|(name, value)| name.as_str().is_none_or(|name| holds(row.get(name), *value))),
        (Value::List(row), Value::List(item)) => {
            row.iter().zip(item).all(|(row, item)| holds(Some(*row), *item))
        }
        (Value::Map(_) | Value::List(_), _) | (_, Value::Map(_) | Value::List(_)) => false,
        _ => true,
    }
}

/// An empty map or list says nothing that its absence does not: rows leave some of them out.
const fn is_nothing(value: Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Map(fields) => fields.is_empty(),
        Value::List(values) => values.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(row: &str, item: &str) -> bool {
        let envelope = |configuration: &str| {
            format!(
                r#"{{"resourceType":"AWS::EC2::Volume","resourceId":"v","accountId":"1",
                    "awsRegion":"eu-west-1","configuration":{configuration}}}"#
            )
        };
        shows_all(&envelope(row), &envelope(item), &Reading::everything())
    }

    #[test]
    fn rows_that_say_the_same_otherwise_show_all() {
        assert!(compare(
            r#"{"size":60.0,"state":{"value":"in-use"}}"#,
            r#""{\"size\":60,\"state\":\"in-use\",\"x\":null}""#
        ));
        assert!(compare(r#"{"a":[{"b":1.0}]}"#, r#""{\"a\":[{\"b\":2,\"c\":[]}],\"d\":{}}""#));
    }

    #[test]
    fn rows_that_lack_a_field_do_not() {
        assert!(!compare(r#"{"size":60.0}"#, r#""{\"size\":60,\"policy\":\"p\"}""#));
        assert!(!compare(r#"{"a":[{"b":1.0}]}"#, r#""{\"a\":[{\"b\":1,\"c\":2}]}""#));
        assert!(!compare("{}", r#""{\"size\":60}""#));
    }
}
