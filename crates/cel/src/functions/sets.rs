//! The `sets` library, after cel-go's: lists as sets, by the language's equality.

use std::collections::HashSet;

use super::Outcome;
use crate::Value;
use crate::signature::{Call, Failure, Fuel, Kind, Overload, Returns};
use crate::value_ops;

const BOOL: Returns = Returns::A(Kind::Bool);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("sets.contains", &[Kind::List, Kind::List], BOOL, contains),
    Overload::global("sets.equivalent", &[Kind::List, Kind::List], BOOL, equivalent),
    Overload::global("sets.intersects", &[Kind::List, Kind::List], BOOL, intersects),
];

/// Values met so far. Texts, which equal only texts, are found by their hash; other values one
/// after another, because numbers of different types may be equal.
#[derive(Default)]
pub(super) struct Seen<'v> {
    texts: HashSet<&'v str>,
    others: Vec<Value<'v>>,
}

impl<'v> Seen<'v> {
    fn of(values: &[Value<'v>], fuel: &mut Fuel) -> Result<Self, Failure> {
        let mut seen = Self::default();
        for value in values {
            seen.insert(value, fuel)?;
        }
        Ok(seen)
    }

    /// Takes a value in, and says whether it is new.
    pub(super) fn insert(&mut self, value: &Value<'v>, fuel: &mut Fuel) -> Result<bool, Failure> {
        if self.contains(value, fuel)? {
            return Ok(false);
        }
        match value {
            Value::String(text) => {
                self.texts.insert(text);
            }
            other => self.others.push(*other),
        }
        Ok(true)
    }

    fn contains(&self, value: &Value<'v>, fuel: &mut Fuel) -> Result<bool, Failure> {
        if let Value::String(text) = value {
            fuel.charge(HASHING_COST)?;
            fuel.charge_bytes(text.len())?;
            return Ok(self.texts.contains(text));
        }
        for other in &self.others {
            fuel.charge(1)?;
            if value_ops::equal(value, other, fuel)? {
                return Ok(true);
            }
        }
        fuel.charge(1)?;
        Ok(false)
    }

    fn contains_all(&self, values: &[Value<'v>], fuel: &mut Fuel) -> Result<bool, Failure> {
        for value in values {
            if !self.contains(value, fuel)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What hashing a short text and looking it up costs, in fuel.
const HASHING_COST: u64 = 4;

/// Whether every element of the second list is in the first.
fn contains<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(all), Value::List(some)] = arguments else {
        return Err(Failure::no_overload("sets.contains", arguments));
    };
    let all = Seen::of(all, call.fuel)?;
    Ok(Value::Bool(all.contains_all(some, call.fuel)?))
}

/// Whether each list contains the other.
fn equivalent<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(left), Value::List(right)] = arguments else {
        return Err(Failure::no_overload("sets.equivalent", arguments));
    };
    let contained = Seen::of(left, call.fuel)?.contains_all(right, call.fuel)?;
    Ok(Value::Bool(contained && Seen::of(right, call.fuel)?.contains_all(left, call.fuel)?))
}

/// Whether any element of one list is in the other.
fn intersects<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(left), Value::List(right)] = arguments else {
        return Err(Failure::no_overload("sets.intersects", arguments));
    };
    let seen = Seen::of(left, call.fuel)?;
    for value in *right {
        if seen.contains(value, call.fuel)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{int, s, value_of};
    use super::*;

    fn ask(name: &str, left: &[Value<'_>], right: &[Value<'_>]) -> String {
        value_of(name, &[Value::List(left), Value::List(right)])
    }

    #[test]
    fn a_set_contains_its_subsets() {
        assert_eq!(ask("sets.contains", &[s("a"), s("b")], &[s("b"), s("b")]), "true");
        assert_eq!(ask("sets.contains", &[s("a")], &[s("a"), s("c")]), "false");
        assert_eq!(ask("sets.contains", &[], &[]), "true");
        assert_eq!(ask("sets.contains", &[Value::Double(1.0)], &[int(1)]), "true");
        assert_eq!(ask("sets.contains", &[s("1")], &[int(1)]), "false");
    }

    #[test]
    fn equivalent_sets_have_the_same_elements() {
        assert_eq!(ask("sets.equivalent", &[int(1), int(2)], &[int(2), int(1), int(1)]), "true");
        assert_eq!(ask("sets.equivalent", &[int(1)], &[int(1), s("a")]), "false");
        assert_eq!(ask("sets.equivalent", &[int(1), s("a")], &[int(1)]), "false");
    }

    #[test]
    fn sets_intersect_in_a_common_element() {
        assert_eq!(ask("sets.intersects", &[s("a"), int(2)], &[int(2)]), "true");
        assert_eq!(ask("sets.intersects", &[s("a")], &[s("b")]), "false");
        assert_eq!(ask("sets.intersects", &[], &[]), "false");
    }

    #[test]
    fn lists_are_elements_too() {
        let inner = [int(1)];
        assert_eq!(ask("sets.contains", &[Value::List(&inner)], &[Value::List(&inner)]), "true");
    }
}
