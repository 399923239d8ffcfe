//! Reads one configuration item of any encoding into the normal form.
//!
//! The encodings differ in keys (`arn` and `ARN`, `accountId` and `awsAccountId`), in whether
//! `configuration` is a tree or a string that holds one, and in the shape of tags and
//! relationships; they are distinguished by what stands there. An item is read once from front to
//! back. Snapshots name the type after the configuration that is read by it, so there the type is
//! guessed from the text's end; a wrong guess costs a second reading and changes nothing.

mod configuration;
mod fields;
mod partial;
mod tags;
mod visitor;

use std::borrow::Cow;

use bumpalo::Bump;

use super::depth::{self, MAX_DEPTH};
use super::item::{ItemError, Parsed};
use super::reading::Reading;
use partial::PartialItem;

/// Reads one configuration item: of a snapshot, of an answer of the API, of what a notification's
/// envelope holds ([`super::open_envelope`]), or a row of an advanced query, which may be a string
/// that holds JSON. The item's strings are borrowed from `text` and `arena`.
///
/// # Errors
///
/// For text that is not one well-formed item, whether or not its type is read.
pub fn parse_item<'a>(
    text: &'a [u8],
    reading: &Reading,
    arena: &'a Bump,
) -> Result<Parsed<'a>, ItemError> {
    let text = text_of(text)?;
    let text = unquote(text, arena)?;
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) {
        return Err(ItemError::TooDeep);
    }
    ItemError::of_escapes(text)?;
    let item = PartialItem::read(text, reading, arena, None)?;
    let misread = item.resource_type != item.read_as;
    if misread && item.resource_type.is_some_and(|name| reading.reads(name)) {
        let resource_type = item.resource_type;
        return PartialItem::read(text, reading, arena, resource_type)?.finish(reading, arena);
    }
    item.finish(reading, arena)
}

/// The bytes as text. The quick check does not say where it fails; the thorough one does.
fn text_of(bytes: &[u8]) -> Result<&str, ItemError> {
    simdutf8::basic::from_utf8(bytes).or_else(|_| {
        std::str::from_utf8(bytes)
            .map_err(|error| ItemError::NotText { offset: error.valid_up_to() })
    })
}

/// The text without its byte order mark, and without the quotes of a string that holds JSON.
fn unquote<'a>(text: &'a str, arena: &'a Bump) -> Result<&'a str, ItemError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('"') {
        return Ok(text);
    }
    let inner: Cow<'a, str> =
        sonic_rs::from_str(text).map_err(|error| ItemError::from_json(&error))?;
    Ok(arena.alloc_str(&inner))
}

#[cfg(test)]
mod tests;
