//! Secrets within a value.

use bumpalo::Bump;

use super::name::{Named, is_label, is_labelled, labels_another, named};
use super::{MASKED, text};
use cel::Value;

/// What is known of a value from where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
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
    place: Secrecy,
    marks: &[&[Box<str>]],
    arena: &'a Bump,
) -> Option<Value<'a>> {
    let place = if marks.iter().any(|path| path.is_empty()) { Secrecy::Hidden } else { place };
    match value {
        Value::List(items) => list(items, place, marks, arena),
        Value::Map(entries) => map(entries, place, marks, arena),
        Value::Optional(Some(inner)) => masked(inner, place, marks, arena)
            .map(|inner| Value::Optional(Some(arena.alloc(inner)))),
        Value::Null | Value::Optional(None) => None,
        Value::String(it) => scalar_text(it, place).map(|it| Value::String(arena.alloc_str(&it))),
        Value::Bool(_) if place == Secrecy::Named => None,
        _ => (place != Secrecy::Open).then_some(Value::String(MASKED)),
    }
}

/// A text at this place without its secrets. That it is empty is shown.
fn scalar_text(it: &str, place: Secrecy) -> Option<String> {
    match place {
        Secrecy::Open => text::masked(it),
        _ if it.is_empty() || it == MASKED => None,
        _ => Some(MASKED.to_owned()),
    }
}

fn list<'a>(
    items: &'a [Value<'a>],
    place: Secrecy,
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
    place: Secrecy,
    marks: &[&[Box<str>]],
    arena: &'a Bump,
) -> Option<Value<'a>> {
    let labels_secret = place == Secrecy::Open && labels_secret(entries);
    let mut copy: Option<&mut [(Value<'a>, Value<'a>)]> = None;
    for (at, (key, value)) in entries.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        let place = if labels_secret && is_labelled(name) {
            Secrecy::Hidden
        } else {
            below(place, name, value)
        };
        let marks: Vec<&[Box<str>]> = marks.iter().filter_map(|path| step(path, name)).collect();
        let masked_key = key_text(name, place).map(|it| Value::String(arena.alloc_str(&it)));
        let masked = masked(value, place, &marks, arena);
        if masked_key.is_some() || masked.is_some() {
            let copy = copy.get_or_insert_with(|| arena.alloc_slice_copy(entries));
            if let Some(entry) = copy.get_mut(at) {
                *entry = (masked_key.unwrap_or(*key), masked.unwrap_or(*value));
            }
        }
    }
    copy.map(|copy| Value::Map(copy))
}

/// A map's key without the secrets in it: names stay. Most keys are plain names, and cost nothing.
/// In an environment a key may be a secret where somebody wrote its value first.
fn key_text(key: &str, place: Secrecy) -> Option<String> {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-' | b':');
    if place == Secrecy::Hidden && looks_drawn_by_lot(key) {
        return Some(MASKED.to_owned());
    }
    if key.len() <= 20 && key.bytes().all(is_plain) { None } else { text::masked(key) }
}

/// Whether a text has the letters of a generated secret: large and small ones mixed with digits.
fn looks_drawn_by_lot(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.bytes().any(|it| is(&it));
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let turns = pairs.filter(|(one, next)| one.is_ascii_digit() && next.is_ascii_alphabetic());
    text.len() >= 12
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && turns.count() >= 3
}

fn step<'m>(path: &'m [Box<str>], name: &str) -> Option<&'m [Box<str>]> {
    path.split_first().filter(|(first, _)| ***first == *name).map(|(_, rest)| rest)
}

/// The place of the field `name` of a map at `place`.
fn below(place: Secrecy, name: &str, value: &Value<'_>) -> Secrecy {
    match place {
        Secrecy::Entry if is_label(name) => Secrecy::Open,
        Secrecy::Hidden | Secrecy::Entry => Secrecy::Hidden,
        Secrecy::Named if named(name) == Named::Reference => Secrecy::Open,
        Secrecy::Named => Secrecy::Named,
        Secrecy::Open => match named(name) {
            Named::Plain | Named::Reference => Secrecy::Open,
            Named::Secret => Secrecy::Named,
            Named::Environment => environment(value),
            Named::Values => values(value),
        },
    }
}

/// An environment is a map from names to values or a list of entries; `CodeBuild` and Lambda
/// describe it and hold the values one level below. A text without values names one: the tag
/// `environment`.
fn environment(value: &Value<'_>) -> Secrecy {
    let entries = match value {
        Value::Map(entries) => entries,
        Value::String(text)
            if !text.contains('=') && !text.trim_start().starts_with(['{', '[']) =>
        {
            return Secrecy::Open;
        }
        _ => return values(value),
    };
    let describes = entries.iter().any(|(key, value)| {
        key.as_str().is_some_and(|name| named(name) == Named::Values)
            && matches!(value, Value::List(_) | Value::Map(_))
    });
    if describes { Secrecy::Open } else { Secrecy::Hidden }
}

fn values(value: &Value<'_>) -> Secrecy {
    match value {
        Value::List(_) => Secrecy::Entry,
        Value::Map(_) => Secrecy::Hidden,
        // A whole command line, or several values in one text.
        Value::String(text)
            if text.contains(['=', ':', '{', '[']) || text.contains(char::is_whitespace) =>
        {
            Secrecy::Hidden
        }
        _ => Secrecy::Open,
    }
}

/// Whether a map says of its `value` that it is secret: `{name: DB_PASSWORD, value: …}`, or an
/// option of Elastic Beanstalk's for the environment.
fn labels_secret(entries: &[(Value<'_>, Value<'_>)]) -> bool {
    entries.iter().any(|(key, value)| {
        let (Some(name), Some(label)) = (key.as_str(), value.as_str()) else { return false };
        let is_environment =
            name.eq_ignore_ascii_case("namespace") && label.ends_with(":environment");
        is_environment || (labels_another(name) && named(label) == Named::Secret)
    })
}
