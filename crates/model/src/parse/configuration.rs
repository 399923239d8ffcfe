//! `configuration`: a tree in most encodings, in the API's a string that holds one. Deleted
//! resources have `null` or the string `"null"`.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};

use super::partial::Encoding;
use crate::depth::{self, MAX_DEPTH};
use crate::escapes;
use crate::tree::Tree;
use cel::Value;

/// Reads `configuration`, or checks it where no tree is asked for, and says how it was written.
pub(super) struct Configuration<'n, 'a> {
    pub(super) tree: Option<Tree<'n, 'a>>,
}

impl<'a> DeserializeSeed<'a> for Configuration<'_, 'a> {
    type Value = (Option<Encoding>, Option<Value<'a>>);

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Configuration<'_, 'a> {
    type Value = (Option<Encoding>, Option<Value<'a>>);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map, or a string that holds one")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((None, None))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if let Some(tree) = self.tree {
            return Ok((Some(Encoding::Trees), tree.visit_map(map)?));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok((Some(Encoding::Trees), None))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        let value = match self.tree {
            Some(tree) => tree.or_json().visit_borrowed_str(text)?,
            None => check(text)?,
        };
        Ok((Some(Encoding::Strings), value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let value = match self.tree {
            Some(tree) => tree.or_json().visit_str(text)?,
            None => check(text)?,
        };
        Ok((Some(Encoding::Strings), value))
    }
}

/// That a string which nobody reads holds JSON.
fn check<'a, E: Error>(text: &str) -> Result<Option<Value<'a>>, E> {
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) {
        return Err(E::custom("nests too deeply"));
    }
    if escapes::invalid(text.as_bytes()).is_some() {
        return Err(E::custom(escapes::INVALID));
    }
    sonic_rs::from_str::<IgnoredAny>(text).map(|_| None).map_err(E::custom)
}
