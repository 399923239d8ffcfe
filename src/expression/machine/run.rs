//! One run of a program.

use bumpalo::Bump;

use super::loops::Frame;
use super::{Fault, Machine, emptied, parts};
use crate::expression::arithmetic;
use crate::expression::program::{Code, LoopPlan, Op, Resume};
use crate::expression::signature::{Failure, Fuel};
use crate::expression::value_ops::{equal, type_name};
use crate::resource::Value;

/// The state of a run.
pub(super) struct Run<'m, 'a> {
    pub(super) code: &'a Code,
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
    pub(super) machine: &'m mut Machine,
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
        let (mut frames, mut building): (Vec<Frame<'a>>, Vec<Value<'a>>) = Default::default();
        if code.frames > 0 {
            frames = std::mem::take(&mut machine.frames);
            frames.resize_with(code.frames, Frame::default);
            building = std::mem::take(&mut machine.building);
        }
        machine.faults.clear();
        machine.patterns.next_run();
        Self { code, variables, arena, fuel, next_op: 0, stack, frames, building, machine }
    }

    /// Gives the buffers back.
    pub(super) fn recycle(self) {
        self.machine.stack = emptied(self.stack);
        if self.code.frames > 0 {
            self.machine.building = emptied(self.building);
            self.machine.frames = emptied(self.frames);
        }
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

    pub(super) fn replace(
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
}

fn name_of(code: &Code, name: u32) -> &str {
    code.names.get(name as usize).map_or("", AsRef::as_ref)
}

#[cold]
pub(super) fn wrong_type(by: &str, needs: &str, found: &Value<'_>) -> Failure {
    Failure::WrongType(format!("{by} needs {needs}, found {}", type_name(found)).into())
}
