//! Reads JSON text into a tree of values: only what a [`ReadingNode`] asks for, in the normal form, with
//! strings borrowed from the text where they hold no escapes. The rest is checked and skipped.

use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use percent_encoding::percent_decode_str;
use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sonic_rs::Deserializer;

use super::depth::{self, MAX_DEPTH};
use super::documents::Decoding;
use super::escapes;
use super::item::DOUBLED;
use super::reading::{ReadingNode, Reads};
use cel::Value;

/// How often a document may be encoded in a string in a string.
const MAX_ENCODINGS: usize = 4;

/// A map with more fields than this is searched for doubles through a hash table.
const FEW_FIELDS: usize = 16;

/// Reads one value.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'n, 'a> {
    node: &'n ReadingNode,
    arena: &'a Bump,
    /// How many lists and maps stand around the value.
    depth: usize,
    encoding: Encoding,
}

/// What a string may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Itself, but for the node's decoding.
    Plain,
    /// Itself: the node's decoding is done with.
    Decoded,
    /// JSON text, as the API gives `configuration`.
    Json,
    /// A map whose strings are JSON texts, as the API gives `supplementaryConfiguration`.
    FieldsAreJson,
    /// A field of such a map.
    MaybeJson,
}

impl<'n, 'a> Tree<'n, 'a> {
    /// Reads a value that stands in `depth` lists and maps.
    pub(crate) fn new(node: &'n ReadingNode, arena: &'a Bump, depth: usize) -> Self {
        Self { node, arena, depth, encoding: Encoding::Plain }
    }

    /// Reads a string as the JSON text of the value.
    pub(crate) fn or_json(self) -> Self {
        Self { encoding: Encoding::Json, ..self }
    }

    /// Reads a map's strings as the JSON texts of its values.
    pub(crate) fn with_json_fields(self) -> Self {
        Self { encoding: Encoding::FieldsAreJson, ..self }
    }

    /// Reads a whole text.
    pub(crate) fn read(self, text: &'a str) -> Result<Option<Value<'a>>, sonic_rs::Error> {
        let room = MAX_DEPTH.saturating_sub(self.depth);
        if depth::exceeds(text.as_bytes(), room) {
            return Err(sonic_rs::Error::custom("nests too deeply"));
        }
        if escapes::invalid(text.as_bytes()).is_some() {
            return Err(sonic_rs::Error::custom(escapes::INVALID));
        }
        let mut deserializer = Deserializer::from_str(text);
        let value = self.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    }

    fn inner(&self, node: &'n ReadingNode) -> Self {
        let encoding = match self.encoding {
            Encoding::FieldsAreJson => Encoding::MaybeJson,
            _ => Encoding::Plain,
        };
        Self { node, arena: self.arena, depth: self.depth + 1, encoding }
    }

    fn string<E: Error>(self, text: &'a str) -> Result<Option<Value<'a>>, E> {
        let plain = Self { encoding: Encoding::Plain, ..self };
        match self.encoding {
            Encoding::Json => plain.read(text).map_err(E::custom),
            Encoding::MaybeJson if opens_json(text) => plain.read(text).map_err(E::custom),
            Encoding::MaybeJson => or_text(plain.read(text), text).map_err(E::custom),
            Encoding::Plain | Encoding::FieldsAreJson
                if self.node.decoding == Some(Decoding::Document) =>
            {
                Self { encoding: Encoding::Decoded, ..self }.document(text).map_err(E::custom)
            }
            _ => Ok(Some(Value::String(text))),
        }
    }

    /// What a string at a document's place holds. An empty string is no document; a text that
    /// cannot be decoded stays the string that it is, but for one that says something twice.
    fn document(self, text: &'a str) -> Result<Option<Value<'a>>, sonic_rs::Error> {
        let mut inner = text.trim();
        for _ in 0..MAX_ENCODINGS {
            match inner.as_bytes().first() {
                None => return Ok(None),
                Some(b'{' | b'[') => return or_text(self.read(inner), text),
                Some(b'"') => match sonic_rs::from_str::<&str>(inner) {
                    Ok(string) => inner = string.trim(),
                    Err(_) => match sonic_rs::from_str::<String>(inner) {
                        Ok(string) => inner = self.arena.alloc_str(string.trim()),
                        Err(_) => break,
                    },
                },
                Some(b'%') => match percent_decode_str(inner).decode_utf8() {
                    Ok(decoded) => inner = self.arena.alloc_str(decoded.trim()),
                    Err(_) => break,
                },
                Some(_) => break,
            }
        }
        Ok((inner != "null").then_some(Value::String(text)))
    }
}

/// What was read, or the text itself where it is no JSON.
fn or_text<'a>(
    read: Result<Option<Value<'a>>, sonic_rs::Error>,
    text: &'a str,
) -> Result<Option<Value<'a>>, sonic_rs::Error> {
    match read {
        Err(error) if error.to_string().contains(DOUBLED) => Err(error),
        read => Ok(read.unwrap_or(Some(Value::String(text)))),
    }
}

/// Whether the text can only be JSON.
fn opens_json(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[' | b'"'))
}

impl<'a> DeserializeSeed<'a> for Tree<'_, 'a> {
    /// Nothing where the text says `null`.
    type Value = Option<Value<'a>>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Tree<'_, 'a> {
    type Value = Option<Value<'a>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Value::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(value).map_or(Value::UInt(value), Value::Int)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(whole_number(value).unwrap_or(Value::Double(value))))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        self.string(text)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.string(self.arena.alloc_str(text))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let Some(node) = self.node.element() else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Some(Value::List(&[])));
        };
        let mut values = BumpVec::new_in(self.arena);
        while let Some(value) = list.next_element_seed(self.inner(node))? {
            values.push(value.unwrap_or(Value::Null));
        }
        Ok(Some(Value::List(values.into_bump_slice())))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new(self.arena, self.node.expected_fields());
        let mut seen = 0_usize;
        let mut in_another_case = BumpVec::new_in(self.arena);
        while let Some(key) = map.next_key_seed(KeyName { node: self.node, arena: self.arena })? {
            seen += 1;
            match key {
                FieldName::Skipped => drop(map.next_value::<IgnoredAny>()?),
                FieldName::Read(name, node) => {
                    entries.add(name, map.next_value_seed(self.inner(node))?);
                }
                FieldName::InAnotherCase(name, node) => {
                    in_another_case.push((name, map.next_value_seed(self.inner(node))?));
                }
            }
        }
        for (name, value) in in_another_case {
            if !entries.holds(name) {
                entries.add(name, value);
            }
        }
        let entries = entries.finish().map_err(Doubled::error)?;
        match (self.node.decoding, entries) {
            (Some(Decoding::Wrapped), [(Value::String("value"), value)]) if seen == 1 => {
                Ok(Some(*value))
            }
            _ => Ok(Some(Value::Map(entries))),
        }
    }
}

/// What a map's key is.
enum FieldName<'n, 'a> {
    /// One that is not read.
    Skipped,
    /// Its name in the normal form and how its value is read.
    Read(&'a str, &'n ReadingNode),
    /// The same, where it is written in another letter case.
    InAnotherCase(&'a str, &'n ReadingNode),
}

/// Reads a map's key.
struct KeyName<'n, 'a> {
    node: &'n ReadingNode,
    arena: &'a Bump,
}

impl<'n, 'a> KeyName<'n, 'a> {
    fn choose(&self, key: &str, keep: impl FnOnce() -> &'a str) -> FieldName<'n, 'a> {
        match self.node.field(key) {
            Reads::Nothing => FieldName::Skipped,
            Reads::InAnotherCase(field) => {
                let name = field.rename.unwrap_or_else(|| self.arena.alloc_str(&field.name));
                FieldName::InAnotherCase(name, &field.node)
            }
            Reads::Whole(node) => FieldName::Read(keep(), node),
            Reads::Field(field) => FieldName::Read(field.rename.unwrap_or_else(keep), &field.node),
        }
    }
}

impl<'n, 'a> DeserializeSeed<'a> for KeyName<'n, 'a> {
    type Value = FieldName<'n, 'a>;

    fn deserialize<D: serde::Deserializer<'a>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'n, 'a> Visitor<'a> for KeyName<'n, 'a> {
    type Value = FieldName<'n, 'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Self::Value, E> {
        Ok(self.choose(key, || key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.choose(key, || self.arena.alloc_str(key)))
    }
}

/// A map while it is read. Nulls are dropped.
pub(crate) struct Entries<'a> {
    entries: BumpVec<'a, (Value<'a>, Value<'a>)>,
    nulls: bool,
}

/// A name that stands in a map twice: readers differ in which of the two they take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubled<'a>(pub(crate) &'a str);

impl Doubled<'_> {
    pub(crate) fn error<E: Error>(self) -> E {
        E::custom(format_args!("{DOUBLED}{}", self.0))
    }
}

impl<'a> Entries<'a> {
    pub(crate) fn new(arena: &'a Bump, capacity: usize) -> Self {
        Self { entries: BumpVec::with_capacity_in(capacity, arena), nulls: false }
    }

    pub(crate) fn add(&mut self, name: &'a str, value: Option<Value<'a>>) {
        self.nulls |= value.is_none();
        self.entries.push((Value::String(name), value.unwrap_or(Value::Null)));
    }

    /// Whether the name is there, with more than a null.
    fn holds(&self, name: &str) -> bool {
        let is_it = |(key, value): &(Value<'_>, Value<'_>)| {
            self::name(*key) == name && !matches!(value, Value::Null)
        };
        self.entries.iter().any(is_it)
    }

    /// The map, unless a name stands in it twice.
    pub(crate) fn finish(self) -> Result<&'a [(Value<'a>, Value<'a>)], Doubled<'a>> {
        let doubled = if self.entries.len() <= FEW_FIELDS {
            doubled_in_short(&self.entries)
        } else {
            doubled_of_many(&self.entries)
        };
        doubled.map_or_else(|| Ok(self.finish_distinct()), |name| Err(Doubled(name)))
    }

    /// The map, where it is known that no name stands in it twice.
    pub(crate) fn finish_distinct(mut self) -> &'a [(Value<'a>, Value<'a>)] {
        if self.nulls {
            self.entries.retain(|(_, value)| !matches!(value, Value::Null));
        }
        self.entries.into_bump_slice()
    }
}

fn doubled_in_short<'a>(entries: &[(Value<'a>, Value<'a>)]) -> Option<&'a str> {
    let mut rest = entries;
    while let Some(((key, _), later)) = rest.split_first() {
        let name = name(*key);
        if later.iter().any(|(key, _)| self::name(*key) == name) {
            return Some(name);
        }
        rest = later;
    }
    None
}

fn doubled_of_many<'a>(entries: &[(Value<'a>, Value<'a>)]) -> Option<&'a str> {
    let mut names = FxHashSet::with_capacity_and_hasher(entries.len(), FxBuildHasher);
    entries.iter().map(|(key, _)| name(*key)).find(|name| !names.insert(*name))
}

fn name(key: Value<'_>) -> &str {
    if let Value::String(name) = key { name } else { "" }
}

/// The integer that a float without a fraction stands for.
fn whole_number<'a>(value: f64) -> Option<Value<'a>> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    #[allow(clippy::float_cmp)] // whether there is a fraction is an exact question
    if value.trunc() != value {
        return None;
    }
    // Within the ranges tested, a whole float is an integer of the type exactly.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    if (-TWO_TO_63..TWO_TO_63).contains(&value) {
        Some(Value::Int(value as i64))
    } else if (TWO_TO_63..2.0 * TWO_TO_63).contains(&value) {
        Some(Value::UInt(value as u64))
    } else {
        None
    }
}
