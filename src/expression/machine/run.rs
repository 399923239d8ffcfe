//! One run of a program.

use bumpalo::Bump;

use super::super::arithmetic;
use super::super::keys::distinct;
use super::super::program::{Code, LoopPlan, Op, Resume};
use super::super::signature::{Call, Failure, Fuel, Overload};
use super::super::syntax::Logic;
use super::super::value_ops::{equal, type_name};
use super::loops::Frame;
use super::{Fault, Machine, emptied, parts};
use crate::resource::Value;

/// The state of a run.
pub(super) struct Run<'m, 'a> {
    code: &'a Code,
    variables: &'a [Option<Value<'a>>],
    pub(super) arena: &'a Bump,
    pub(super) fuel: Fuel,
    /// The operation to do next.
    next_op: usize,
    /// The locals, then the operands.
    pub(super) stack: Vec<Value<'a>>,
    frames: Vec<Frame<'a>>,
    /// The results of loops that are running.
    pub(super) building: Vec<Value<'a>>,
    machine: &'m mut Machine,
}

impl<'m, 'a> Run<'m, 'a> {
    pub(super) fn new(
        code: &'a Code,
        variables: &'a [Option<Value<'a>>],
        machine: &'m mut Machine,
        arena: &'a Bump,
        fuel: Fuel,
    ) -> Self {
        let mut stack: Vec<Value<'a>> = std::mem::take(&mut machine.stack);
        stack.resize(code.locals, Value::Null);
        let mut frames: Vec<Frame<'a>> = std::mem::take(&mut machine.frames);
        frames.resize_with(code.frames, Frame::default);
        let building = std::mem::take(&mut machine.building);
        machine.faults.clear();
        machine.patterns.next_run();
        Self { code, variables, arena, fuel, next_op: 0, stack, frames, building, machine }
    }

    /// Gives the buffers back.
    pub(super) fn recycle(self) {
        self.machine.stack = emptied(self.stack);
        self.machine.building = emptied(self.building);
        self.machine.frames = emptied(self.frames);
    }

    pub(super) fn execute(&mut self) -> Result<Value<'a>, Failure> {
        let code = self.code;
        while let Some(op) = code.ops.get(self.next_op) {
            self.next_op += 1;
            if let Err(failure) = self.operate(*op) {
                self.recover(failure)?;
            }
        }
        Ok(self.pop())
    }

    fn operate(&mut self, op: Op) -> Result<(), Failure> {
        self.fuel.charge(1)?;
        let (code, arena) = (self.code, self.arena);
        match op {
            Op::Constant(at) => {
                let value = code.constants.get(at as usize).map_or(Value::Null, |c| c.value());
                self.stack.push(value);
            }
            Op::Variable(slot) => {
                let value = self.variable(slot as usize)?;
                self.stack.push(value);
            }
            Op::Local(slot) => {
                let value = self.local(slot);
                self.stack.push(value);
            }
            Op::Store(slot) => {
                let value = self.pop();
                self.store(slot, value);
            }
            Op::Select(name) => {
                self.replace(|value, fuel| parts::select(value, name_of(code, name), fuel))?;
            }
            Op::SelectOptional(name) => self
                .replace(|value, fuel| parts::select_optional(value, name_of(code, name), fuel))?,
            Op::Has(name) => self.replace(|value, fuel| {
                parts::has(value, name_of(code, name), fuel).map(Value::Bool)
            })?,
            Op::Index => {
                let index = self.pop();
                self.replace(|value, fuel| parts::element(value, &index, fuel))?;
            }
            Op::IndexOptional => {
                let index = self.pop();
                self.replace(|value, fuel| parts::element_optional(value, &index, fuel))?;
            }
            Op::Not => self.replace(|value, _| match value {
                Value::Bool(bool) => Ok(Value::Bool(!bool)),
                other => Err(wrong_type("`!`", "bool", other)),
            })?,
            Op::Negate => self.replace(|value, _| arithmetic::negate(value))?,
            Op::Binary(operator) => {
                let right = self.pop();
                self.replace(|left, fuel| arithmetic::binary(operator, left, &right, arena, fuel))?;
            }
            Op::InConstants(set) => self.in_constants(set)?,
            Op::ShortCircuit(logic, target) => self.short_circuit(logic, target)?,
            Op::Logic(logic) => self.logic(logic)?,
            Op::Branch(target) => self.branch(target)?,
            Op::Jump(target) => self.jump(target),
            Op::List(length) => self.list(length as usize)?,
            Op::OptionalList(shape) => self.optional_list(shape)?,
            Op::Map(shape) => self.map(shape)?,
            Op::Call(call) => self.call(call)?,
            Op::Begin(plan) => self.with_plan(plan, Self::begin)?,
            Op::Keep(plan) => self.with_plan(plan, Self::keep)?,
            Op::Step(plan) => self.with_plan(plan, Self::step)?,
            Op::End(plan) => self.with_plan(plan, Self::end)?,
            Op::Unwrap { local, end } => self.unwrap(local, end)?,
            Op::Wrap { flat } => self.wrap(flat)?,
            Op::OrElse { unwrap, end } => self.or_else(unwrap, end)?,
        }
        Ok(())
    }

    /// Takes up a failure where the operation that failed has a handler. Running out of fuel is
    /// final: nothing may go on without.
    #[cold]
    fn recover(&mut self, failure: Failure) -> Result<(), Failure> {
        if failure == Failure::OutOfFuel {
            return Err(failure);
        }
        let guard = self.code.guards.get(self.next_op.saturating_sub(1)).copied().flatten();
        let Some(handler) = guard.and_then(|at| self.code.handlers.get(at as usize)) else {
            return Err(failure);
        };
        self.stack.truncate(self.code.locals + handler.depth as usize);
        let around = (handler.frames as usize).checked_sub(1).and_then(|at| self.frames.get(at));
        self.building.truncate(around.map_or(0, |frame| frame.built));
        match handler.resume {
            Resume::Operand(target) => {
                self.machine.faults.push(Fault { place: self.stack.len(), failure });
                self.stack.push(Value::Null);
                self.jump(target);
            }
            Resume::Element(plan) => {
                if let Some(plan) = self.code.loops.get(plan as usize) {
                    self.element_failed(*plan, failure);
                }
            }
        }
        Ok(())
    }

    /// The value given last. Every program of the compiler gives what it takes.
    pub(super) fn pop(&mut self) -> Value<'a> {
        self.stack.pop().unwrap_or(Value::Null)
    }

    fn replace(
        &mut self,
        with: impl FnOnce(&Value<'a>, &mut Fuel) -> Result<Value<'a>, Failure>,
    ) -> Result<(), Failure> {
        if let Some(top) = self.stack.last_mut() {
            *top = with(top, &mut self.fuel)?;
        }
        Ok(())
    }

    pub(super) fn jump(&mut self, target: u32) {
        self.next_op = target as usize;
    }

    pub(super) fn local(&self, slot: u32) -> Value<'a> {
        self.stack.get(slot as usize).copied().unwrap_or(Value::Null)
    }

    pub(super) fn store(&mut self, slot: u32, value: Value<'a>) {
        if let Some(local) = self.stack.get_mut(slot as usize) {
            *local = value;
        }
    }

    pub(super) fn frame(&mut self, plan: LoopPlan) -> &mut Frame<'a> {
        let frame = plan.frame as usize;
        if frame >= self.frames.len() {
            self.frames.resize_with(frame + 1, Frame::default);
        }
        #[allow(clippy::indexing_slicing)] // just made sure of
        &mut self.frames[frame]
    }

    fn with_plan(
        &mut self,
        plan: u32,
        run: impl FnOnce(&mut Self, LoopPlan) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self.code.loops.get(plan as usize) {
            Some(plan) => run(self, *plan),
            None => Ok(()),
        }
    }

    fn variable(&self, slot: usize) -> Result<Value<'a>, Failure> {
        self.variables.get(slot).copied().flatten().ok_or_else(|| {
            let name = self.code.variables.get(slot).map_or("", AsRef::as_ref);
            Failure::Invalid(format!("`{name}` has no value here").into())
        })
    }

    fn in_constants(&mut self, set: u32) -> Result<(), Failure> {
        let set = self.code.sets.get(set as usize).map_or(&[][..], AsRef::as_ref);
        self.replace(|value, fuel| {
            for (at, constant) in set.iter().enumerate() {
                fuel.charge(u64::from(at % 8 == 7))?;
                if equal(value, &constant.value(), fuel)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        })
    }

    fn short_circuit(&mut self, logic: Logic, target: u32) -> Result<(), Failure> {
        match self.stack.last() {
            Some(Value::Bool(bool)) => {
                if *bool == logic.decisive() {
                    self.jump(target);
                }
                Ok(())
            }
            other => Err(no_boolean(logic, other)),
        }
    }

    fn branch(&mut self, target: u32) -> Result<(), Failure> {
        match self.pop() {
            Value::Bool(true) => {}
            Value::Bool(false) => self.jump(target),
            other => return Err(wrong_type("`?`", "bool", &other)),
        }
        Ok(())
    }

    /// Joins two operands, of which either may have failed.
    fn logic(&mut self, logic: Logic) -> Result<(), Failure> {
        let right = self.operand(logic);
        let left = self.operand(logic);
        let value = match (left, right) {
            (Ok(decisive), _) | (_, Ok(decisive)) if decisive == logic.decisive() => decisive,
            (Ok(_), Ok(_)) => !logic.decisive(),
            (Err(failure), _) | (_, Err(failure)) => return Err(failure),
        };
        self.stack.push(Value::Bool(value));
        Ok(())
    }

    fn operand(&mut self, logic: Logic) -> Result<bool, Failure> {
        let value = self.pop();
        let place = self.stack.len();
        if let Some(fault) = self.machine.faults.pop_if(|fault| fault.place == place) {
            return Err(fault.failure);
        }
        match value {
            Value::Bool(bool) => Ok(bool),
            other => Err(no_boolean(logic, Some(&other))),
        }
    }

    /// Takes the last `count` values off the stack.
    fn take(&mut self, count: usize) -> std::vec::Drain<'_, Value<'a>> {
        let first = self.stack.len().saturating_sub(count);
        self.stack.drain(first..)
    }

    fn list(&mut self, length: usize) -> Result<(), Failure> {
        self.fuel.charge_values(length)?;
        let arena = self.arena;
        let list = arena.alloc_slice_fill_iter(self.take(length));
        self.stack.push(Value::List(list));
        Ok(())
    }

    fn optional_list(&mut self, shape: u32) -> Result<(), Failure> {
        let Some(shape) = self.code.shapes.get(shape as usize) else { return Ok(()) };
        self.fuel.charge_values(shape.optional.len())?;
        let mut list = bumpalo::collections::Vec::new_in(self.arena);
        for (value, optional) in self.take(shape.optional.len()).zip(&shape.optional) {
            list.extend(present(value, *optional)?);
        }
        self.stack.push(Value::List(list.into_bump_slice()));
        Ok(())
    }

    fn map(&mut self, shape: u32) -> Result<(), Failure> {
        let Some(shape) = self.code.shapes.get(shape as usize) else { return Ok(()) };
        self.fuel.charge_values(2 * shape.optional.len())?;
        let mut map = bumpalo::collections::Vec::new_in(self.arena);
        let mut values = self.take(2 * shape.optional.len());
        for optional in &shape.optional {
            let (Some(key), Some(value)) = (values.next(), values.next()) else { break };
            map.extend(present(value, *optional)?.map(|value| (key, value)));
        }
        drop(values);
        if !shape.distinct {
            distinct(&map.iter().map(|(key, _)| key), &mut self.fuel)?;
        }
        self.stack.push(Value::Map(map.into_bump_slice()));
        Ok(())
    }

    fn unwrap(&mut self, local: u32, end: u32) -> Result<(), Failure> {
        match self.pop() {
            Value::Optional(Some(value)) => self.store(local, *value),
            Value::Optional(None) => {
                self.stack.push(Value::Optional(None));
                self.jump(end);
            }
            other => return Err(wrong_type("`optMap`", "an optional", &other)),
        }
        Ok(())
    }

    fn wrap(&mut self, flat: bool) -> Result<(), Failure> {
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

    fn or_else(&mut self, unwrap: bool, end: u32) -> Result<(), Failure> {
        match self.pop() {
            Value::Optional(None) => {}
            Value::Optional(Some(value)) => {
                self.stack.push(if unwrap { *value } else { Value::Optional(Some(value)) });
                self.jump(end);
            }
            other => return Err(wrong_type("`or` and `orValue`", "an optional", &other)),
        }
        Ok(())
    }

    fn call(&mut self, call: u32) -> Result<(), Failure> {
        let Some(call) = self.code.calls.get(call as usize) else { return Ok(()) };
        let first = self.stack.len().saturating_sub(call.arguments);
        let arguments = self.stack.get(first..).unwrap_or_default();
        let takes = |overload: &&&Overload| {
            overload.parameters.iter().zip(arguments).all(|(kind, value)| kind.accepts(value))
        };
        let Some(overload) = call.site.overloads.iter().find(takes) else {
            return Err(no_overload(&call.name, arguments));
        };
        let kept;
        let pattern = match (overload.pattern, &call.site.pattern) {
            (None, _) => None,
            (Some(_), Some(pattern)) => Some(pattern.as_ref()),
            (Some(place), None) => {
                let text = arguments.get(place).and_then(Value::as_str).unwrap_or_default();
                kept = self.machine.patterns.get(text, &mut self.fuel)?;
                Some(kept.as_ref())
            }
        };
        let mut context = Call { arena: self.arena, fuel: &mut self.fuel, pattern };
        let value = (overload.call)(&mut context, arguments)?;
        self.stack.truncate(first);
        self.stack.push(value);
        Ok(())
    }
}

fn name_of(code: &Code, name: u32) -> &str {
    code.names.get(name as usize).map_or("", AsRef::as_ref)
}

/// The value of an element; where it is optional, only if it has one.
fn present(value: Value<'_>, optional: bool) -> Result<Option<Value<'_>>, Failure> {
    match value {
        value if !optional => Ok(Some(value)),
        Value::Optional(inner) => Ok(inner.copied()),
        other => Err(wrong_type("`?`", "an optional", &other)),
    }
}

#[cold]
pub(super) fn wrong_type(by: &str, needs: &str, found: &Value<'_>) -> Failure {
    Failure::WrongType(format!("{by} needs {needs}, found {}", type_name(found)).into())
}

#[cold]
fn no_boolean(logic: Logic, found: Option<&Value<'_>>) -> Failure {
    wrong_type(&format!("`{}`", logic.symbol()), "bool", found.unwrap_or(&Value::Null))
}

#[cold]
fn no_overload(name: &str, arguments: &[Value<'_>]) -> Failure {
    let given: Vec<&str> = arguments.iter().map(type_name).collect();
    Failure::WrongType(format!("`{name}` does not take ({})", given.join(", ")).into())
}
