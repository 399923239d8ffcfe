//! `tags`: a map in most encodings, in query rows a list of `{"tag": "k=v", "key": k, "value": v}`.

use std::fmt;

use bumpalo::Bump;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::Text;
use crate::resource::Value;
use crate::resource::reading::{Node, Reads};
use crate::resource::tree::{Doubled, Entries, Tree};

/// Reads tags as a map.
pub(super) struct Tags<'n, 'a> {
    pub(super) node: &'n Node,
    pub(super) arena: &'a Bump,
}

impl<'a> DeserializeSeed<'a> for Tags<'_, 'a> {
    type Value = Option<Value<'a>>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Tags<'_, 'a> {
    type Value = Option<Value<'a>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tags: a map, or a list of keys and values")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<Self::Value, A::Error> {
        Tree::new(self.node, self.arena, 1).visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut tags = Entries::new(self.arena, list.size_hint().unwrap_or_default());
        while let Some((key, value)) = list.next_element_seed(Tag { arena: self.arena })? {
            match key {
                Some(key) if !matches!(self.node.field(key), Reads::Nothing) => {
                    tags.add(key, value.map(Value::String));
                }
                _ => {}
            }
        }
        Ok(Some(Value::Map(tags.finish().map_err(Doubled::error)?)))
    }
}

/// Reads one tag of a list.
struct Tag<'a> {
    arena: &'a Bump,
}

impl<'a> DeserializeSeed<'a> for Tag<'a> {
    type Value = (Option<&'a str>, Option<&'a str>);

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Tag<'a> {
    type Value = (Option<&'a str>, Option<&'a str>);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a tag's key and value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut key, mut value) = (None, None);
        let text = Text { arena: self.arena };
        while let Some(name) = map.next_key_seed(text)? {
            match name {
                Some("key" | "Key") => key = map.next_value_seed(text)?,
                Some("value" | "Value") => value = map.next_value_seed(text)?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((key, value))
    }
}
