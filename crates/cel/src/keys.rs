//! A map's keys: booleans, numbers without fraction, and texts, each once.

use rustc_hash::FxHashSet;

use super::json::to_json;
use super::signature::{Failure, Fuel};
use super::value_ops::{same_key, type_name};
use crate::Value;

/// A key to look up in a set: equal keys are one, whatever their types.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Bool(bool),
    Number(i128),
    Text(&'a str),
}

/// Up to so many keys are compared each with each.
const SMALL: usize = 8;

/// Refuses keys that stand twice, and values that cannot be keys.
pub(super) fn distinct<'k, 'a: 'k>(
    keys: &(impl ExactSizeIterator<Item = &'k Value<'a>> + Clone),
    fuel: &mut Fuel,
) -> Result<(), Failure> {
    let count = keys.len();
    fuel.charge(count as u64)?;
    let mut seen = FxHashSet::default();
    for (at, key) in keys.clone().enumerate() {
        let hashed = match key {
            Value::Bool(bool) => Key::Bool(*bool),
            Value::Int(int) => Key::Number(i128::from(*int)),
            Value::UInt(uint) => Key::Number(i128::from(*uint)),
            Value::String(text) => Key::Text(text),
            other => {
                let found = type_name(other);
                let message = format!(
                    "a map's key must be a bool, int, uint or string, found \
                    {found}"
                );
                return Err(Failure::WrongType(message.into()));
            }
        };
        fuel.charge(key.as_str().map_or(0, str::len) as u64 / 64)?;
        let is_new = if count <= SMALL {
            !keys.clone().take(at).any(|other| same_key(other, key))
        } else {
            seen.insert(hashed)
        };
        if !is_new {
            let message =
                format!("the key {:.40} appears twice in a map", to_json(key).to_string());
            return Err(Failure::Invalid(message.into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_stand_once() {
        for count in [3, 30] {
            let mut keys: Vec<_> = (0..count).map(Value::Int).collect();
            assert!(distinct(&keys.iter(), &mut Fuel::new(1000)).is_ok());
            keys.push(Value::UInt(1));
            assert!(distinct(&keys.iter(), &mut Fuel::new(1000)).is_err(), "{count}");
        }
        assert!(distinct(&[Value::Null].iter(), &mut Fuel::new(1000)).is_err());
    }
}
