//! Secrets within a value.

use bumpalo::Bump;

use super::name::{Named, is_label, is_labelled, named};
use super::{MASKED, text};
use crate::resource::Value;

/// What is known of a value from where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing: names and texts within tell what is secret.
    Open,
    /// Below a name that speaks of a secret: what is not said to describe one is secret.
    Named,
    /// An entry of an environment or its like: its name is shown.
    Entry,
    /// All is secret.
    Hidden,
}

/// The value without its secrets: names stay, and so does whether there is a value at all. Nothing
/// where it has none. What stands at a path of `marks` is secret; lists are gone through.
pub(super) fn masked<'a>(
    value: &Value<'a>,
    place: Place,
    marks: &[&[Box<str>]],
    arena: &'a Bump,
) -> Option<Value<'a>> {
    let place = if marks.iter().any(|path| path.is_empty()) { Place::Hidden } else { place };
    match value {
        Value::List(items) => list(items, place, marks, arena),
        Value::Map(entries) => map(entries, place, marks, arena),
        Value::Optional(Some(inner)) => masked(inner, place, marks, arena)
            .map(|inner| Value::Optional(Some(arena.alloc(inner)))),
        Value::Null | Value::Optional(None) => None,
        Value::String(it) => scalar_text(it, place).map(|it| Value::String(arena.alloc_str(&it))),
        Value::Bool(_) if place == Place::Named => None,
        _ => (place != Place::Open).then_some(Value::String(MASKED)),
    }
}

/// A text at this place without its secrets. That it is empty is shown.
fn scalar_text(it: &str, place: Place) -> Option<String> {
    match place {
        Place::Open => text::masked(it),
        _ if it.is_empty() || it == MASKED => None,
        _ => Some(MASKED.to_owned()),
    }
}

fn list<'a>(
    items: &'a [Value<'a>],
    place: Place,
    marks: &[&[Box<str>]],
    arena: &'a Bump,
) -> Option<Value<'a>> {
    let mut copy: Option<&mut [Value<'a>]> = None;
    for (at, item) in items.iter().enumerate() {
        if let Some(masked) = masked(item, place, marks, arena) {
            let copy = copy.get_or_insert_with(|| arena.alloc_slice_copy(items));
            if let Some(item) = copy.get_mut(at) {
                *item = masked;
            }
        }
    }
    copy.map(|copy| Value::List(copy))
}

fn map<'a>(
    entries: &'a [(Value<'a>, Value<'a>)],
    place: Place,
    marks: &[&[Box<str>]],
    arena: &'a Bump,
) -> Option<Value<'a>> {
    let labels_secret = place == Place::Open && labels_secret(entries);
    let mut copy: Option<&mut [(Value<'a>, Value<'a>)]> = None;
    for (at, (key, value)) in entries.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        let place = if labels_secret && is_labelled(name) {
            Place::Hidden
        } else {
            below(place, name, value)
        };
        let marks: Vec<&[Box<str>]> = marks.iter().filter_map(|path| step(path, name)).collect();
        if let Some(masked) = masked(value, place, &marks, arena) {
            let copy = copy.get_or_insert_with(|| arena.alloc_slice_copy(entries));
            if let Some(entry) = copy.get_mut(at) {
                entry.1 = masked;
            }
        }
    }
    copy.map(|copy| Value::Map(copy))
}

fn step<'m>(path: &'m [Box<str>], name: &str) -> Option<&'m [Box<str>]> {
    path.split_first().filter(|(first, _)| ***first == *name).map(|(_, rest)| rest)
}

/// The place of the field `name` of a map at `place`.
fn below(place: Place, name: &str, value: &Value<'_>) -> Place {
    match place {
        Place::Entry if is_label(name) => Place::Open,
        Place::Hidden | Place::Entry => Place::Hidden,
        Place::Named if named(name) == Named::Reference => Place::Open,
        Place::Named => Place::Named,
        Place::Open => match named(name) {
            Named::Plain | Named::Reference => Place::Open,
            Named::Secret => Place::Named,
            Named::Environment => environment(value),
            Named::Values => values(value),
        },
    }
}

/// An environment is a map from names to values or a list of entries; `CodeBuild` and Lambda
/// describe it and hold the values one level below. A text names one: the tag `environment`.
fn environment(value: &Value<'_>) -> Place {
    let Value::Map(entries) = value else { return values(value) };
    let describes = entries.iter().any(|(key, value)| {
        key.as_str().is_some_and(|name| named(name) == Named::Values)
            && matches!(value, Value::List(_) | Value::Map(_))
    });
    if describes { Place::Open } else { Place::Hidden }
}

fn values(value: &Value<'_>) -> Place {
    match value {
        Value::List(_) => Place::Entry,
        Value::Map(_) => Place::Hidden,
        _ => Place::Open,
    }
}

/// Whether a map says of its `value` that it is secret: `{name: DB_PASSWORD, value: …}`, or an
/// option of Elastic Beanstalk's for the environment.
fn labels_secret(entries: &[(Value<'_>, Value<'_>)]) -> bool {
    entries.iter().any(|(key, value)| {
        let (Some(name), Some(label)) = (key.as_str(), value.as_str()) else { return false };
        let is_environment =
            name.eq_ignore_ascii_case("namespace") && label.ends_with(":environment");
        is_environment || (is_label(name) && named(label) == Named::Secret)
    })
}
