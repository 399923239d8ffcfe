//! Loops of macros over lists and maps.

use super::run::{Run, wrong_type};
use crate::Value;
use crate::functions::sorted_by_key;
use crate::keys::distinct;
use crate::program::LoopPlan;
use crate::signature::{Failure, Kind};
use crate::syntax::Form;

/// A loop that is running.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    range: Range<'a>,
    /// How many elements were begun.
    at: usize,
    /// The elements of the result, a part of the machine's buffer: from here to `built`.
    base: usize,
    /// Where this loop's elements end; what lies beyond belongs to loops within.
    pub(super) built: usize,
    /// How many elements met the condition; for `all` and `exists`, 1 once it is decided.
    met: usize,
    /// The first failure of an element, for `all` and `exists`.
    fault: Option<Failure>,
}

/// What a loop goes over.
#[derive(Debug, Clone, Copy)]
enum Range<'a> {
    List(&'a [Value<'a>]),
    Map(&'a [(Value<'a>, Value<'a>)]),
}

impl Default for Range<'_> {
    fn default() -> Self {
        Self::List(&[])
    }
}

impl<'a> Range<'a> {
    /// The index or key, and the value, at this place.
    fn get(self, at: usize) -> Option<(Value<'a>, Value<'a>)> {
        match self {
            Self::List(items) => {
                let index = i64::try_from(at).unwrap_or(i64::MAX);
                items.get(at).map(|item| (Value::Int(index), *item))
            }
            Self::Map(entries) => entries.get(at).copied(),
        }
    }
}

impl<'a> Run<'_, 'a> {
    /// Begins a loop over the value given last.
    pub(super) fn begin(&mut self, plan: LoopPlan) -> Result<(), Failure> {
        let range = match (self.pop()?, plan.over) {
            (Value::List(items), Kind::Any | Kind::List) => Range::List(items),
            (Value::Map(entries), Kind::Any | Kind::Map) => Range::Map(entries),
            (other, Kind::Any) => return Err(wrong_type("a macro", "a list or a map", &other)),
            (other, over) => return Err(Failure::unexpected(over.described(), &other)),
        };
        let base = self.building.len();
        let frame = self.frame(plan)?;
        *frame = Frame { range, base, built: base, ..Frame::default() };
        self.next(plan)
    }

    /// Goes on with the next element, or with the loop's end.
    pub(super) fn next(&mut self, plan: LoopPlan) -> Result<(), Failure> {
        let frame = self.frame(plan)?;
        let is_list = matches!(frame.range, Range::List(_));
        let element = frame.range.get(frame.at);
        frame.at += 1;
        let Some((key, value)) = element else {
            self.jump(plan.end);
            return Ok(());
        };
        if let Some(second) = plan.of.second {
            self.store(plan.of.first, key)?;
            self.store(second, value)?;
        } else {
            self.store(plan.of.first, if is_list { value } else { key })?;
        }
        self.jump(plan.body);
        Ok(())
    }

    /// Puts an element's result to the others.
    pub(super) fn step(&mut self, plan: LoopPlan) -> Result<(), Failure> {
        let body = self.pop()?;
        match plan.of.form {
            Form::All | Form::Exists => {
                if condition(&body)? == (plan.of.form == Form::Exists) {
                    self.frame(plan)?.met = 1;
                    self.jump(plan.end);
                    return Ok(());
                }
            }
            Form::ExistsOne => {
                let met = usize::from(condition(&body)?);
                self.frame(plan)?.met += met;
            }
            Form::Filter => {
                if condition(&body)? {
                    let element = self.local(plan.of.first)?;
                    self.build(plan, &[element])?;
                }
            }
            Form::List => self.build(plan, &[body])?,
            Form::Map => {
                let (key, _) = self.element(plan)?;
                self.build(plan, &[key, body])?;
            }
            Form::Sorted => {
                let element = self.local(plan.of.first)?;
                self.build(plan, &[body, element])?;
            }
            Form::Entries => {
                let Value::Map(entries) = body else {
                    return Err(wrong_type("`transformMapEntry`", "a map", &body));
                };
                for (key, value) in entries {
                    self.build(plan, &[*key, *value])?;
                }
            }
        }
        self.next(plan)
    }

    /// The index or key, and the value, of the element begun last.
    fn element(&mut self, plan: LoopPlan) -> Result<(Value<'a>, Value<'a>), Failure> {
        let frame = self.frame(plan)?;
        let element = frame.at.checked_sub(1).and_then(|at| frame.range.get(at));
        element.ok_or(Failure::Internal("a loop has no element"))
    }

    /// Goes on with the next element where the condition before the last argument is false.
    pub(super) fn keep(&mut self, plan: LoopPlan) -> Result<(), Failure> {
        let value = self.pop()?;
        if condition(&value)? { Ok(()) } else { self.next(plan) }
    }

    fn build(&mut self, plan: LoopPlan, values: &[Value<'a>]) -> Result<(), Failure> {
        self.fuel.charge_values(values.len())?;
        self.building.extend_from_slice(values);
        let built = self.building.len();
        self.frame(plan)?.built = built;
        Ok(())
    }

    /// Keeps an element's failure: another element may still decide.
    pub(super) fn element_failed(
        &mut self,
        plan: LoopPlan,
        failure: Failure,
    ) -> Result<(), Failure> {
        self.frame(plan)?.fault.get_or_insert(failure);
        self.next(plan)
    }

    /// Gives a loop's result.
    pub(super) fn end(&mut self, plan: LoopPlan) -> Result<(), Failure> {
        let frame = self.frame(plan)?;
        let (base, met, fault) = (frame.base, frame.met, frame.fault.take());
        let value = match (plan.of.form, fault) {
            (Form::All, _) if met > 0 => Value::Bool(false),
            (Form::Exists, _) if met > 0 => Value::Bool(true),
            (Form::All | Form::Exists, Some(failure)) => return Err(failure),
            (Form::All, None) => Value::Bool(true),
            (Form::Exists, None) => Value::Bool(false),
            (Form::ExistsOne, _) => Value::Bool(met == 1),
            (Form::Filter | Form::List, _) => Value::List(self.built_list(base)?),
            (Form::Sorted, _) => {
                let pairs = self.built_map(base)?;
                Value::List(sorted_by_key(pairs, self.arena, &mut self.fuel)?)
            }
            (Form::Map | Form::Entries, _) => {
                let entries = self.built_map(base)?;
                if plan.of.form == Form::Entries {
                    distinct(&entries.iter().map(|(key, _)| key), &mut self.fuel)?;
                }
                Value::Map(entries)
            }
        };
        self.stack.push(value);
        Ok(())
    }

    fn built_list(&mut self, base: usize) -> Result<&'a [Value<'a>], Failure> {
        let built = self.building.get(base..).ok_or(NOTHING_BUILT)?;
        self.fuel.charge_values(built.len())?;
        let list = self.arena.alloc_slice_copy(built);
        self.building.truncate(base);
        Ok(list)
    }

    fn built_map(&mut self, base: usize) -> Result<&'a [(Value<'a>, Value<'a>)], Failure> {
        let (entries, _) = self.building.get(base..).ok_or(NOTHING_BUILT)?.as_chunks::<2>();
        self.fuel.charge_values(2 * entries.len())?;
        let entries = entries.iter().map(|[key, value]| (*key, *value));
        let map = self.arena.alloc_slice_fill_iter(entries);
        self.building.truncate(base);
        Ok(map)
    }
}

const NOTHING_BUILT: Failure = Failure::Internal("a loop's elements are gone");

fn condition(value: &Value<'_>) -> Result<bool, Failure> {
    match value {
        Value::Bool(bool) => Ok(*bool),
        other => Err(wrong_type("a macro's condition", "bool", other)),
    }
}
