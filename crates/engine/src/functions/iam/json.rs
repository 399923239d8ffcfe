//! JSON text as a value in the arena.
//!
//! serde's deserializer refuses nesting beyond 128 levels. A key that appears twice is refused,
//! because readers differ in which one counts.

use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Call, Outcome, invalid, quoted};
use cel::Value;

/// Reads a text that is one JSON value as a whole.
pub(super) fn parse<'a>(call: &mut Call<'_, 'a>, text: &'a str) -> Outcome<'a> {
    call.fuel.charge(1 + text.len() as u64 / 8)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = InArena(call.arena).deserialize(&mut json);
    value
        .and_then(|value| json.end().map(|()| value))
        .map_err(|problem| invalid(format!("iam.statements: the text is not JSON: {problem}")))
}

/// Builds a value in an arena.
#[derive(Clone, Copy)]
struct InArena<'a>(&'a Bump);

impl<'a> DeserializeSeed<'a> for InArena<'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<Value<'a>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for InArena<'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'a>, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(i64::try_from(number).map_or(Value::UInt(number), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'a>, E> {
        Ok(Value::Double(number))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::String(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::String(self.0.alloc_str(text)))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<Value<'a>, A::Error> {
        let mut list = ArenaVec::new_in(self.0);
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Value::List(list.into_bump_slice()))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Value<'a>, A::Error> {
        let mut map = ArenaVec::new_in(self.0);
        while let Some(key) = entries.next_key_seed(self)? {
            map.push((key, entries.next_value_seed(self)?));
        }
        match repeated_key(&map) {
            Some(key) => {
                Err(A::Error::custom(format_args!("the key {} appears twice", quoted(key))))
            }
            None => Ok(Value::Map(map.into_bump_slice())),
        }
    }
}

fn repeated_key<'a>(map: &[(Value<'a>, Value<'a>)]) -> Option<&'a str> {
    let mut keys: Vec<_> = map.iter().filter_map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.iter().zip(keys.iter().skip(1)).find(|(key, next)| key == next).map(|(key, _)| *key)
}
