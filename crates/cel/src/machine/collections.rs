//! Makes lists, maps and optionals of the values on the stack.

use super::run::{Run, UNDERFLOW, wrong_type};
use crate::Value;
use crate::keys::distinct;
use crate::program::Shape;
use crate::signature::Failure;

impl<'a> Run<'_, 'a> {
    /// Where the last `count` operands begin.
    pub(super) fn first_of(&self, count: usize) -> Result<usize, Failure> {
        let operands = self.stack.len().checked_sub(self.code.locals);
        let below = operands.and_then(|operands| operands.checked_sub(count));
        below.map(|below| self.code.locals + below).ok_or(UNDERFLOW)
    }

    /// Takes the last `count` values off the stack.
    fn take(&mut self, count: usize) -> Result<std::vec::Drain<'_, Value<'a>>, Failure> {
        let first = self.first_of(count)?;
        Ok(self.stack.drain(first..))
    }

    fn shape(&self, shape: u32) -> Result<&'a Shape, Failure> {
        self.code.shapes.get(shape as usize).ok_or(Failure::Internal("a shape is missing"))
    }

    pub(super) fn list(&mut self, length: usize) -> Result<(), Failure> {
        self.fuel.charge_values(length)?;
        let arena = self.arena;
        let list = arena.alloc_slice_fill_iter(self.take(length)?);
        self.stack.push(Value::List(list));
        Ok(())
    }

    pub(super) fn optional_list(&mut self, shape: u32) -> Result<(), Failure> {
        let shape = self.shape(shape)?;
        self.fuel.charge_values(shape.optional.len())?;
        let mut list = bumpalo::collections::Vec::new_in(self.arena);
        for (value, optional) in self.take(shape.optional.len())?.zip(&shape.optional) {
            list.extend(present(value, *optional)?);
        }
        self.stack.push(Value::List(list.into_bump_slice()));
        Ok(())
    }

    pub(super) fn map(&mut self, shape: u32) -> Result<(), Failure> {
        let shape = self.shape(shape)?;
        self.fuel.charge_values(2 * shape.optional.len())?;
        let mut map = bumpalo::collections::Vec::new_in(self.arena);
        let mut values = self.take(2 * shape.optional.len())?;
        for optional in &shape.optional {
            let (Some(key), Some(value)) = (values.next(), values.next()) else {
                return Err(UNDERFLOW);
            };
            map.extend(present(value, *optional)?.map(|value| (key, value)));
        }
        drop(values);
        if !shape.distinct {
            distinct(&map.iter().map(|(key, _)| key), &mut self.fuel)?;
        }
        self.stack.push(Value::Map(map.into_bump_slice()));
        Ok(())
    }

    pub(super) fn unwrap(&mut self, local: u32, end: u32) -> Result<(), Failure> {
        match self.pop()? {
            Value::Optional(Some(value)) => self.store(local, *value)?,
            Value::Optional(None) => {
                self.stack.push(Value::Optional(None));
                self.jump(end);
            }
            other => return Err(wrong_type("`optMap`", "an optional", &other)),
        }
        Ok(())
    }

    pub(super) fn wrap(&mut self, flat: bool) -> Result<(), Failure> {
        let arena = self.arena;
        self.replace(|value, fuel| match value {
            Value::Optional(_) if flat => Ok(*value),
            other if flat => Err(wrong_type("`optFlatMap` and `or`", "an optional", other)),
            value => {
                fuel.charge_values(1)?;
                Ok(Value::Optional(Some(arena.alloc(*value))))
            }
        })
    }

    pub(super) fn or_else(&mut self, unwrap: bool, end: u32) -> Result<(), Failure> {
        match self.pop()? {
            Value::Optional(None) => {}
            Value::Optional(Some(value)) => {
                self.stack.push(if unwrap { *value } else { Value::Optional(Some(value)) });
                self.jump(end);
            }
            other => return Err(wrong_type("`or` and `orValue`", "an optional", &other)),
        }
        Ok(())
    }
}

/// The value of an element; where it is optional, only if it has one.
fn present(value: Value<'_>, optional: bool) -> Result<Option<Value<'_>>, Failure> {
    match value {
        value if !optional => Ok(Some(value)),
        Value::Optional(inner) => Ok(inner.copied()),
        other => Err(wrong_type("`?`", "an optional", &other)),
    }
}
