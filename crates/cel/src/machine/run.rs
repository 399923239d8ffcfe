//! One run of a program.

use bumpalo::Bump;

use super::loops::Frame;
use super::{Machine, MachineFault, emptied, parts};
use crate::Value;
use crate::arithmetic;
use crate::program::{Code, LoopPlan, Op, Resume};
use crate::signature::{Failure, Fuel, Kind};
use crate::value_ops::{alike, equal, type_name};

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
        let value = self.pop()?;
        if self.next_op != code.ops.len() || self.stack.len() != code.locals {
            return Err(Failure::Internal("a program ended in its middle"));
        }
        Ok(value)
    }

    fn operate(&mut self, op: Op) -> Result<(), Failure> {
        self.fuel.charge(1)?;
        let (code, arena) = (self.code, self.arena);
        match op {
            Op::Constant(at) => {
                let constant = code.constants.get(at as usize);
                let constant = constant.ok_or(Failure::Internal("a constant is missing"))?;
                self.stack.push(constant.value());
            }
            Op::Variable(slot) => {
                let value = self.variable(slot as usize)?;
                self.stack.push(value);
            }
            Op::Local(slot) => {
                let value = self.local(slot)?;
                self.stack.push(value);
            }
            Op::Store(slot) => {
                let value = self.pop()?;
                self.store(slot, value)?;
            }
            Op::Select(name) => {
                self.replace(|value, fuel| parts::select(value, name_of(code, name)?, fuel))?;
            }
            Op::SelectOptional(name) => self
                .replace(|value, fuel| parts::select_optional(value, name_of(code, name)?, fuel))?,
            Op::Has(name) => self.replace(|value, fuel| {
                parts::has(value, name_of(code, name)?, fuel).map(Value::Bool)
            })?,
            Op::Index { of_item } => {
                let index = self.pop()?;
                self.replace(|value, fuel| {
                    parts::in_item(of_item, value, &index)?;
                    parts::element(value, &index, fuel)
                })?;
            }
            Op::IndexOptional { of_item } => {
                let index = self.pop()?;
                self.replace(|value, fuel| {
                    parts::in_item(of_item, value, &index)?;
                    parts::element_optional(value, &index, fuel)
                })?;
            }
            Op::Not => self.replace(|value, _| match value {
                Value::Bool(bool) => Ok(Value::Bool(!bool)),
                other => Err(wrong_type("`!`", "bool", other)),
            })?,
            Op::Negate => self.replace(|value, _| arithmetic::negate(value))?,
            Op::Binary(operator) => {
                let right = self.pop()?;
                self.replace(|left, fuel| arithmetic::binary(operator, left, &right, arena, fuel))?;
            }
            Op::Alike(operator, kind) => {
                let right = self.pop()?;
                self.replace(|left, fuel| arithmetic::alike(operator, left, &right, kind, fuel))?;
            }
            Op::InConstants { set, alike } => self.in_constants(set, alike)?,
            Op::Expect(kind) => self.expect(kind)?,
            Op::ExpectAlike => self.expect_alike()?,
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
            Op::Probe(probe) => self.probe(probe)?,
        }
        Ok(())
    }

    /// Takes up a failure where the operation that failed has a handler. Nothing may go on without
    /// fuel, or with a program that is not sound.
    #[cold]
    fn recover(&mut self, failure: Failure) -> Result<(), Failure> {
        if failure.is_final() {
            return Err(failure);
        }
        let guard = self.code.guards.get(self.next_op.saturating_sub(1)).copied().flatten();
        let Some(guard) = guard else { return Err(failure) };
        let handler = self.code.handlers.get(guard as usize);
        let handler = handler.ok_or(Failure::Internal("a handler is missing"))?;
        let depth = self.code.locals + handler.depth as usize;
        if depth > self.stack.len() {
            return Err(UNDERFLOW);
        }
        self.stack.truncate(depth);
        let around = (handler.frames as usize).checked_sub(1).and_then(|at| self.frames.get(at));
        self.building.truncate(around.map_or(0, |frame| frame.built));
        match handler.resume {
            Resume::Operand(target) => {
                self.machine.faults.push(MachineFault { place: self.stack.len(), failure });
                self.stack.push(Value::Null);
                self.jump(target);
            }
            Resume::Element(plan) => {
                let plan = self.plan(plan)?;
                self.element_failed(plan, failure)?;
            }
        }
        Ok(())
    }

    /// The value given last. Every program of the compiler gives what it takes.
    #[inline]
    pub(super) fn pop(&mut self) -> Result<Value<'a>, Failure> {
        self.stack.pop().ok_or(UNDERFLOW)
    }

    pub(super) fn replace(
        &mut self,
        with: impl FnOnce(&Value<'a>, &mut Fuel) -> Result<Value<'a>, Failure>,
    ) -> Result<(), Failure> {
        let top = self.stack.last_mut().ok_or(UNDERFLOW)?;
        *top = with(top, &mut self.fuel)?;
        Ok(())
    }

    pub(super) fn jump(&mut self, target: u32) {
        self.next_op = target as usize;
    }

    /// The locals are the first of the stack.
    pub(super) fn local(&self, slot: u32) -> Result<Value<'a>, Failure> {
        let local = self.stack.get(slot as usize).filter(|_| (slot as usize) < self.code.locals);
        local.copied().ok_or(NO_LOCAL)
    }

    pub(super) fn store(&mut self, slot: u32, value: Value<'a>) -> Result<(), Failure> {
        let is_local = (slot as usize) < self.code.locals;
        let local = self.stack.get_mut(slot as usize).filter(|_| is_local).ok_or(NO_LOCAL)?;
        *local = value;
        Ok(())
    }

    pub(super) fn frame(&mut self, plan: LoopPlan) -> Result<&mut Frame<'a>, Failure> {
        let frame = self.frames.get_mut(plan.frame as usize);
        frame.ok_or(Failure::Internal("a loop has no frame"))
    }

    fn plan(&self, plan: u32) -> Result<LoopPlan, Failure> {
        let plan = self.code.loops.get(plan as usize).copied();
        plan.ok_or(Failure::Internal("a loop is missing"))
    }

    fn with_plan(
        &mut self,
        plan: u32,
        run: impl FnOnce(&mut Self, LoopPlan) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let plan = self.plan(plan)?;
        run(self, plan)
    }

    fn variable(&self, slot: usize) -> Result<Value<'a>, Failure> {
        self.variables.get(slot).copied().flatten().ok_or_else(|| {
            self.code
                .variables
                .get(slot)
                .map_or(Failure::Internal("a variable is missing"), |name| {
                    Failure::Invalid(format!("`{name}` has no value here").into())
                })
        })
    }

    fn in_constants(&mut self, set: u32, must_be_alike: bool) -> Result<(), Failure> {
        let set = self.code.sets.get(set as usize);
        let set = set.ok_or(Failure::Internal("a set of constants is missing"))?;
        self.replace(|value, fuel| {
            for (at, constant) in set.iter().enumerate() {
                fuel.charge(u64::from(at % 8 == 7))?;
                if equal(value, &constant.value(), fuel)? {
                    return Ok(Value::Bool(true));
                }
            }
            if must_be_alike && let Some(constant) = set.first() {
                alike(value, &constant.value(), fuel)?;
            }
            Ok(Value::Bool(false))
        })
    }

    #[cold]
    fn probe(&self, probe: u32) -> Result<(), Failure> {
        let probe = self.code.probes.get(probe as usize);
        let probe = probe.ok_or(Failure::Internal("a probe is missing"))?;
        probe.note(self.stack.last().ok_or(UNDERFLOW)?);
        Ok(())
    }

    fn expect(&mut self, kind: Kind) -> Result<(), Failure> {
        match self.stack.last() {
            Some(value) if kind.accepts(value) => Ok(()),
            Some(value) => Err(Failure::unexpected(kind.described(), value)),
            None => Err(UNDERFLOW),
        }
    }

    fn expect_alike(&mut self) -> Result<(), Failure> {
        let [.., left, right] = self.stack.as_slice() else { return Err(UNDERFLOW) };
        parts::alike_elements(left, right, &mut self.fuel)
    }
}

/// A program takes more than was given.
pub(super) const UNDERFLOW: Failure = Failure::Internal("a program takes more than it gives");
const NO_LOCAL: Failure = Failure::Internal("a local variable is missing");

fn name_of(code: &Code, name: u32) -> Result<&str, Failure> {
    let name = code.names.get(name as usize);
    name.map(AsRef::as_ref).ok_or(Failure::Internal("a field's name is missing"))
}

#[cold]
pub(super) fn wrong_type(by: &str, needs: &str, found: &Value<'_>) -> Failure {
    Failure::WrongType(format!("{by} needs {needs}, found {}", type_name(found)).into())
}
