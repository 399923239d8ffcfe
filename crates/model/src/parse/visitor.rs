//! Goes through an item's fields in the order in which they stand.

use std::fmt;

use bumpalo::Bump;
use memchr::memmem;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use super::configuration::Configuration;
use super::fields::{self, Key, Text};
use super::partial::{PartialItem, supplementary};
use super::tags::Tags;
use crate::reading::{Reading, TypeReader};
use crate::tree::Tree;

/// How far from its end an item of a snapshot usually names its type.
const TAIL: usize = 768;

/// Reads an item's fields in the order in which they stand.
pub(super) struct ItemVisitor<'r, 'a> {
    pub(super) text: &'a str,
    pub(super) reading: &'r Reading,
    pub(super) arena: &'a Bump,
    pub(super) assumed: Option<&'a str>,
}

impl<'r, 'a> ItemVisitor<'r, 'a> {
    /// How the item's trees are read: by its type if that is known yet, else by a guess.
    fn reader(&self, item: &mut PartialItem<'a>) -> Option<&'r TypeReader> {
        if item.read_as.is_none() {
            item.read_as = guess_type(self.text);
        }
        item.reader(self.reading)
    }

    fn field<A: MapAccess<'a>>(
        &self,
        key: Key,
        item: &mut PartialItem<'a>,
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
        item: &mut PartialItem<'a>,
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
    type Value = PartialItem<'a>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<PartialItem<'a>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for ItemVisitor<'_, 'a> {
    type Value = PartialItem<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a configuration item")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<PartialItem<'a>, A::Error> {
        let mut item = PartialItem { read_as: self.assumed, ..PartialItem::default() };
        let mut met = fields::Met::default();
        while let Some(key) = map.next_key_seed(fields::KeySeed)? {
            met.meet(key)?;
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
