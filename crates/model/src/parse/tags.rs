//! `tags`: a map in most encodings, in query rows a list of `{"tag": "k=v", "key": k, "value": v}`.

use std::fmt;

use bumpalo::Bump;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::Text;
use crate::item::DOUBLED;
use crate::reading::{ReadingNode, Reads};
use crate::tree::{Doubled, Entries};
use cel::Value;

/// Reads tags as a map.
pub(super) struct Tags<'n, 'a> {
    pub(super) node: &'n ReadingNode,
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
        formatter.write_str("tags as a map or as a list of keys and values")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tags = Entries::new(self.arena, map.size_hint().unwrap_or_default());
        let text = Text { arena: self.arena };
        while let Some(key) = map.next_key_seed(text)? {
            let value = map.next_value_seed(text)?;
            self.add(&mut tags, key.unwrap_or_default(), value);
        }
        Ok(Some(Value::Map(tags.finish().map_err(Doubled::error)?)))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut tags = Entries::new(self.arena, list.size_hint().unwrap_or_default());
        while let Some((key, value)) = list.next_element_seed(Tag { arena: self.arena })? {
            self.add(&mut tags, key, Some(value));
        }
        Ok(Some(Value::Map(tags.finish().map_err(Doubled::error)?)))
    }
}

impl<'a> Tags<'_, 'a> {
    fn add(&self, tags: &mut Entries<'a>, key: &'a str, value: Option<&'a str>) {
        if matches!(self.node.field(key), Reads::Whole(_) | Reads::Field(_)) {
            tags.add(key, value.map(Value::String));
        }
    }
}

/// Reads one tag of a list. One that lacks its key or value is none: it may be the one that matters.
struct Tag<'a> {
    arena: &'a Bump,
}

impl<'a> DeserializeSeed<'a> for Tag<'a> {
    type Value = (&'a str, &'a str);

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Tag<'a> {
    type Value = (&'a str, &'a str);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a tag's key and value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut key, mut value) = (None, None);
        let text = Text { arena: self.arena };
        while let Some(name) = map.next_key_seed(text)? {
            let (said, name) = match name {
                Some(name @ ("key" | "Key")) => (&mut key, name),
                Some(name @ ("value" | "Value")) => (&mut value, name),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if said.is_some() {
                return Err(A::Error::custom(format_args!("{DOUBLED}{name}")));
            }
            *said = map.next_value_seed(text)?;
        }
        let lacks = |what: &str| A::Error::custom(format_args!("a tag has no {what}"));
        Ok((key.ok_or_else(|| lacks("key"))?, value.ok_or_else(|| lacks("value"))?))
    }
}
