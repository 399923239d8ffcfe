//! An item while it is read, and what becomes of it.

use std::borrow::Cow;

use bumpalo::Bump;
use serde::de::DeserializeSeed;
use sonic_rs::{Deserializer, LazyValue};

use super::fields::Time;
use super::visitor::ItemVisitor;
use crate::instant;
use crate::item::{ConfigurationItem, ItemError, ItemStatus, Parsed, Skipped};
use crate::reading::{Reading, Scalar, TypeReader};
use crate::tree::{Entries, Tree};
use cel::Value;

/// An item as far as it has been read.
#[derive(Default)]
pub(super) struct PartialItem<'a> {
    pub(super) resource_type: Option<&'a str>,
    /// The type whose way of reading was followed.
    pub(super) read_as: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) arn: Option<&'a str>,
    pub(super) account_id: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    pub(super) status: ItemStatus,
    pub(super) capture_time: Option<Time<'a>>,
    pub(super) creation_time: Option<Time<'a>>,
    pub(super) tags: Option<Value<'a>>,
    pub(super) configuration: Option<Value<'a>>,
    pub(super) supplementary: Option<Value<'a>>,
    pub(super) relationships: Option<Value<'a>>,
    /// Whether `configuration` was a tree or a string; nothing before it was met.
    pub(super) encoding: Option<Encoding>,
    /// What stands before the `configuration` that says how it is to be read.
    pub(super) early_supplementary: Option<LazyValue<'a>>,
}

/// How an encoding writes trees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As trees.
    Trees,
    /// As strings that hold JSON: the whole `configuration`, and each supplementary value.
    Strings,
}

impl<'a> PartialItem<'a> {
    /// Reads the text by the type that it is assumed to be of, or else the one found.
    pub(super) fn read(
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

    pub(super) fn reader<'r>(&self, reading: &'r Reading) -> Option<&'r TypeReader> {
        self.read_as.and_then(|name| reading.of(name))
    }

    /// The item, now that all of it has been read.
    pub(super) fn finish(
        self,
        reading: &Reading,
        arena: &'a Bump,
    ) -> Result<Parsed<'a>, ItemError> {
        let resource_type = self.resource_type.filter(|name| !name.is_empty());
        let resource_type = resource_type.ok_or(ItemError::Missing("resourceType"))?;
        let account_id = self.account_id.unwrap_or_default();
        let region = self.region.unwrap_or_default();
        let capture_time = match self.capture_time {
            Some(written) => {
                let time = written.read().and_then(instant::of_capture);
                Some(time.ok_or(ItemError::NoTime)?)
            }
            None => None,
        };
        let Some(reader) = reading.of(resource_type) else {
            let status = self.status;
            let head = Skipped { resource_type, account_id, region, status, capture_time };
            return Ok(Parsed::Skipped(head));
        };
        let item = ConfigurationItem {
            resource_type,
            id: self.id.filter(|id| !id.is_empty()).ok_or(ItemError::Missing("resourceId"))?,
            name: self.name,
            arn: self.arn,
            account_id,
            region,
            status: self.status,
            capture_time,
            value: Value::Null,
        };
        let value = self.value(&item, reader, arena);
        Ok(Parsed::Item(ConfigurationItem { value, ..item }))
    }

    /// The map that expressions see as `resource`.
    fn value(
        &self,
        item: &ConfigurationItem<'a>,
        reader: &TypeReader,
        arena: &'a Bump,
    ) -> Value<'a> {
        let mut entries = Entries::new(arena, reader.scalars.len() + 4);
        for scalar in &reader.scalars {
            entries.add(scalar.as_str(), self.scalar(*scalar, item));
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
        Value::Map(entries.finish_distinct())
    }

    fn scalar(&self, scalar: Scalar, item: &ConfigurationItem<'a>) -> Option<Value<'a>> {
        let text = match scalar {
            Scalar::Id => Some(item.id),
            Scalar::Name => item.name,
            Scalar::Type => Some(item.resource_type),
            Scalar::Arn => item.arn,
            Scalar::AccountId => self.account_id,
            Scalar::Region => self.region,
            Scalar::CaptureTime => return item.capture_time.map(Value::Timestamp),
            Scalar::CreationTime => {
                // One that is there and that nobody can read is not one that is absent.
                let read = |time: Time<'a>| time.read().map_or(Value::Null, Value::Timestamp);
                return self.creation_time.map(read);
            }
        };
        text.map(Value::String)
    }
}

/// How the supplementary values are read beside a `configuration` of that encoding.
pub(super) fn supplementary<'n, 'a>(
    tree: Tree<'n, 'a>,
    encoding: Option<Encoding>,
) -> Tree<'n, 'a> {
    match encoding {
        Some(Encoding::Strings) => tree.with_json_fields(),
        Some(Encoding::Trees) | None => tree,
    }
}
