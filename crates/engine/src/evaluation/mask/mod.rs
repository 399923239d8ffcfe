//! Keeps secrets out of what an evaluation says.
//!
//! One rule for explanations, messages and reasons: what they are made of is the values without
//! their secrets. Names stay; a secret becomes `(masked)`, whatever its length. Secret is
//!
//! - what a control marks as `sensitive`,
//! - values of environments, of stages' variables, and what commands are given,
//! - what a name says is a password, token, key, credential, external id, user data or the like,
//! - within other texts: user information of URLs, settings of such names, keys and tokens that
//!   are known by how they look, and all of the above in JSON.
//!
//! Verdicts are made of the values themselves. A message that is made of masked ones cannot hold a
//! secret, whatever its expression does with it.

mod command;
mod json;
mod name;
mod pattern;
mod setting;
mod text;
mod url;
mod value;
mod words;

use std::borrow::Cow;

use bumpalo::Bump;

use super::result::FieldReading;
use crate::catalog::{SensitivePath, slots};
use cel::Bindings;
use cel::Value;

use self::value::Secrecy;

/// What stands for a secret.
pub(super) const MASKED: &str = "(masked)";

/// The values of a control's variables without their secrets.
#[derive(Debug)]
pub(super) struct Masked<'a> {
    values: [Option<Value<'a>>; 4],
    /// Whether there was any secret.
    pub(super) hides: bool,
}

impl<'a> Masked<'a> {
    pub(super) fn of(
        bindings: &Bindings<'_, 'a>,
        sensitive: &[SensitivePath],
        arena: &'a Bump,
    ) -> Self {
        let mut hides = false;
        let values = std::array::from_fn(|slot| {
            let value = (*bindings.values.get(slot)?)?;
            let paths = sensitive.iter().filter(|path| path.slot == slot);
            let marks: Vec<&[Box<str>]> = paths.map(|path| &*path.fields).collect();
            let masked = if slot == slots::RELATED {
                related(&value, &marks, arena)
            } else {
                value::masked(&value, Secrecy::Open, &marks, arena)
            };
            hides |= masked.is_some();
            Some(masked.unwrap_or(value))
        });
        Self { values, hides }
    }

    /// The values, to run programs over.
    pub(super) fn bindings(&self) -> Bindings<'_, 'a> {
        Bindings { values: &self.values }
    }
}

/// The names in `related` are the control's own, and tell nothing about the resources.
fn related<'a>(value: &Value<'a>, marks: &[&[Box<str>]], arena: &'a Bump) -> Option<Value<'a>> {
    let Value::Map(entries) = value else { return None };
    let mut hides = false;
    let masked: Vec<_> = entries
        .iter()
        .map(|(name, resources)| {
            let of_name = marks.iter().filter_map(|path| path.split_first());
            let of_name = of_name.filter(|(first, _)| name.as_str() == Some(&***first));
            let marks: Vec<&[Box<str>]> = of_name.map(|(_, rest)| rest).collect();
            let masked = value::masked(resources, Secrecy::Open, &marks, arena);
            hides |= masked.is_some();
            (*name, masked.unwrap_or(*resources))
        })
        .collect();
    hides.then(|| Value::Map(arena.alloc_slice_copy(&masked)))
}

/// A text without the secrets in it.
pub(super) fn masked_text(text: &str) -> Cow<'_, str> {
    text::masked(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether a field's name says that its value is a secret.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    name::named(name) == name::Named::Secret
}

/// What was read, without its secrets: for what an earlier version published with them.
#[must_use]
pub fn masked_reading(reading: FieldReading) -> FieldReading {
    let names: Vec<&str> =
        reading.path.split(['.', '[', ']', '"']).filter(|name| !name.is_empty()).collect();
    let masked = json::masked_below(&names, &reading.value);
    FieldReading { value: masked.unwrap_or(reading.value), path: reading.path }
}

#[cfg(test)]
mod tests;
