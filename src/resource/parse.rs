//! Reads one configuration item of any encoding into the normal form.
//!
//! The encodings differ in keys (`arn` and `ARN`, `accountId` and `awsAccountId`), in whether
//! `configuration` is a tree or a string that holds one, and in the shape of tags and
//! relationships; they are told apart by what stands there. An item is read once from front to
//! back. Snapshots name the type after the configuration that is read by it, so there the type is
//! guessed from the text's end; a wrong guess costs a second reading and changes nothing.

mod configuration;
mod fields;
mod tags;

use std::borrow::Cow;
use std::fmt;

use bumpalo::Bump;
use memchr::memmem;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use sonic_rs::{Deserializer, LazyValue};

use super::Value;
use super::depth::{self, MAX_DEPTH};
use super::item::{ConfigurationItem, ItemError, ItemStatus, Parsed, Skipped};
use super::reading::{Reading, Scalar, TypeReader};
use super::tree::{Entries, Tree};
use configuration::Configuration;
use fields::{Key, Text, Time};
use tags::Tags;

/// How far from its end an item of a snapshot usually names its type.
const TAIL: usize = 768;

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
    let text = std::str::from_utf8(text)
        .map_err(|error| ItemError::NotText { offset: error.valid_up_to() })?;
    let text = unquote(text, arena)?;
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) {
        return Err(ItemError::TooDeep);
    }
    let item = Item::read(text, reading, arena, None)?;
    let misread = item.resource_type != item.read_as;
    if misread && item.resource_type.is_some_and(|name| reading.reads(name)) {
        let resource_type = item.resource_type;
        return Item::read(text, reading, arena, resource_type)?.finish(reading, arena);
    }
    item.finish(reading, arena)
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

/// An item as far as it has been read.
#[derive(Default)]
struct Item<'a> {
    resource_type: Option<&'a str>,
    /// The type whose way of reading was followed.
    read_as: Option<&'a str>,
    id: Option<&'a str>,
    name: Option<&'a str>,
    arn: Option<&'a str>,
    account_id: Option<&'a str>,
    region: Option<&'a str>,
    status: ItemStatus,
    capture_time: Option<Time<'a>>,
    creation_time: Option<Time<'a>>,
    tags: Option<Value<'a>>,
    configuration: Option<Value<'a>>,
    supplementary: Option<Value<'a>>,
    relationships: Option<Value<'a>>,
    /// Whether `configuration` was a tree or a string; nothing before it was met.
    encoding: Option<Encoding>,
    /// What stands before the `configuration` that says how it is to be read.
    early_supplementary: Option<LazyValue<'a>>,
}

/// How an encoding writes trees.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// As trees.
    Trees,
    /// As strings that hold JSON: the whole `configuration`, and each supplementary value.
    Strings,
}

impl<'a> Item<'a> {
    /// Reads the text by the type that it is assumed to be of, or else the one found.
    fn read(
        text: &'a str,
        reading: &Reading,
        arena: &'a Bump,
        assumed: Option<&'a str>,
    ) -> Result<Self, ItemError> {
        let broken = |error: sonic_rs::Error| ItemError::from_json(&error);
        let mut deserializer = Deserializer::from_str(text);
        let visitor = ItemVisitor { text, reading, arena, assumed };
        let mut item = visitor.deserialize(&mut deserializer).map_err(broken)?;
        deserializer.end().map_err(broken)?;
        if let Some(raw) = item.early_supplementary.take() {
            item.read_early_supplementary(&raw, reading, arena)?;
        }
        Ok(item)
    }

    fn read_early_supplementary(
        &mut self,
        raw: &LazyValue<'a>,
        reading: &Reading,
        arena: &'a Bump,
    ) -> Result<(), ItemError> {
        let Some(node) = self.reader(reading).and_then(|reader| reader.supplementary.as_ref())
        else {
            return Ok(());
        };
        let text = match raw.as_raw_cow() {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => arena.alloc_str(&text),
        };
        let tree = supplementary(Tree::new(node, arena, 1), self.encoding);
        self.supplementary = tree.read(text).map_err(|error| ItemError::from_json(&error))?;
        Ok(())
    }

    fn reader<'r>(&self, reading: &'r Reading) -> Option<&'r TypeReader> {
        self.read_as.and_then(|name| reading.of(name))
    }

    fn finish(self, reading: &Reading, arena: &'a Bump) -> Result<Parsed<'a>, ItemError> {
        let resource_type = self.resource_type.ok_or(ItemError::Missing("resourceType"))?;
        let account_id = self.account_id.unwrap_or_default();
        let region = self.region.unwrap_or_default();
        let capture_time = self.capture_time.map(Time::read).transpose()?;
        let Some(reader) = reading.of(resource_type) else {
            let status = self.status;
            let head = Skipped { resource_type, account_id, region, status, capture_time };
            return Ok(Parsed::Skipped(head));
        };
        let item = ConfigurationItem {
            resource_type,
            id: self.id.ok_or(ItemError::Missing("resourceId"))?,
            name: self.name,
            arn: self.arn,
            account_id,
            region,
            status: self.status,
            capture_time,
            value: Value::Null,
        };
        let value = self.value(&item, reader, arena)?;
        Ok(Parsed::Item(ConfigurationItem { value, ..item }))
    }

    /// The map that expressions see as `resource`.
    fn value(
        &self,
        item: &ConfigurationItem<'a>,
        reader: &TypeReader,
        arena: &'a Bump,
    ) -> Result<Value<'a>, ItemError> {
        let mut entries = Entries::new(arena, reader.scalars.len() + 4);
        for scalar in &reader.scalars {
            entries.add(scalar.as_str(), self.scalar(*scalar, item)?);
        }
        for (name, tree) in [
            ("tags", self.tags),
            ("configuration", self.configuration),
            ("supplementaryConfiguration", self.supplementary),
            ("relationships", self.relationships),
        ] {
            if tree.is_some() {
                entries.add(name, tree);
            }
        }
        Ok(Value::Map(entries.finish()))
    }

    fn scalar(
        &self,
        scalar: Scalar,
        item: &ConfigurationItem<'a>,
    ) -> Result<Option<Value<'a>>, ItemError> {
        let text = match scalar {
            Scalar::Id => Some(item.id),
            Scalar::Name => item.name,
            Scalar::Type => Some(item.resource_type),
            Scalar::Arn => item.arn,
            Scalar::AccountId => self.account_id,
            Scalar::Region => self.region,
            Scalar::CaptureTime => return Ok(item.capture_time.map(Value::Timestamp)),
            Scalar::CreationTime => {
                let time = self.creation_time.map(Time::read).transpose()?;
                return Ok(time.map(Value::Timestamp));
            }
        };
        Ok(text.map(Value::String))
    }
}

/// How the supplementary values are read beside a `configuration` of that encoding.
fn supplementary<'n, 'a>(tree: Tree<'n, 'a>, encoding: Option<Encoding>) -> Tree<'n, 'a> {
    match encoding {
        Some(Encoding::Strings) => tree.with_json_fields(),
        Some(Encoding::Trees) | None => tree,
    }
}

/// Reads an item's fields in the order in which they stand.
struct ItemVisitor<'r, 'a> {
    text: &'a str,
    reading: &'r Reading,
    arena: &'a Bump,
    assumed: Option<&'a str>,
}

impl<'r, 'a> ItemVisitor<'r, 'a> {
    /// How the item's trees are read: by its type if that is known yet, else by a guess.
    fn reader(&self, item: &mut Item<'a>) -> Option<&'r TypeReader> {
        if item.read_as.is_none() {
            item.read_as = guess_type(self.text);
        }
        item.reader(self.reading)
    }

    fn field<A: MapAccess<'a>>(
        &self,
        key: Key,
        item: &mut Item<'a>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let text = Text { arena: self.arena };
        match key {
            Key::Type => {
                item.resource_type = map.next_value_seed(text)?;
                item.read_as = item.read_as.or(item.resource_type);
            }
            Key::Id => item.id = map.next_value_seed(text)?,
            Key::Name => item.name = map.next_value_seed(text)?,
            Key::Arn => item.arn = map.next_value_seed(text)?,
            Key::AccountId => item.account_id = map.next_value_seed(text)?,
            Key::Region => item.region = map.next_value_seed(text)?,
            Key::Status => item.status = map.next_value_seed(fields::Status)?,
            Key::CaptureTime => item.capture_time = map.next_value_seed(fields::TimeSeed(text))?,
            Key::CreationTime => {
                item.creation_time = map.next_value_seed(fields::TimeSeed(text))?;
            }
            Key::Other => drop(map.next_value::<IgnoredAny>()?),
            Key::Configuration | Key::Supplementary | Key::Tags | Key::Relationships => {
                return self.tree(key, item, map);
            }
        }
        Ok(())
    }

    fn tree<A: MapAccess<'a>>(
        &self,
        key: Key,
        item: &mut Item<'a>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let Some(reader) = self.reader(item) else {
            map.next_value::<IgnoredAny>()?;
            return Ok(());
        };
        let tree = |node| Tree::new(node, self.arena, 1);
        match key {
            Key::Configuration => {
                let seed = Configuration { tree: reader.configuration.as_ref().map(tree) };
                let (encoding, configuration) = map.next_value_seed(seed)?;
                item.encoding = encoding;
                item.configuration = configuration;
            }
            Key::Supplementary => match &reader.supplementary {
                Some(_) if item.encoding.is_none() => {
                    item.early_supplementary = Some(map.next_value()?);
                }
                Some(node) => {
                    let seed = supplementary(tree(node), item.encoding);
                    item.supplementary = map.next_value_seed(seed)?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            },
            Key::Tags => match &reader.tags {
                Some(node) => {
                    item.tags = map.next_value_seed(Tags { node, arena: self.arena })?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            },
            _ => match &reader.relationships {
                Some(node) => item.relationships = map.next_value_seed(tree(node))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            },
        }
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for ItemVisitor<'_, 'a> {
    type Value = Item<'a>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Item<'a>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for ItemVisitor<'_, 'a> {
    type Value = Item<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a configuration item")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Item<'a>, A::Error> {
        let mut item = Item { read_as: self.assumed, ..Item::default() };
        while let Some(key) = map.next_key_seed(fields::KeySeed)? {
            self.field(key, &mut item, &mut map)?;
        }
        Ok(item)
    }
}

/// The type that the text's end names: in snapshots and notifications the item's own, elsewhere
/// perhaps that of some resource it speaks of.
fn guess_type(text: &str) -> Option<&str> {
    const NAME: &[u8] = b"\"resourceType\"";
    let bytes = text.as_bytes();
    let tail = bytes.len().saturating_sub(TAIL);
    let at = memmem::find_iter(bytes.get(tail..)?, NAME)
        .last()
        .map(|at| tail + at)
        .or_else(|| memmem::rfind(bytes, NAME))?;
    let after = text.get(at + NAME.len()..)?.trim_start().strip_prefix(':')?;
    let value = after.trim_start().strip_prefix('"')?;
    value.split_once('"').map(|(name, _)| name)
}

#[cfg(test)]
mod tests;
