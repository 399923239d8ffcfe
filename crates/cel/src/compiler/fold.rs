//! Computes once what is the same at every run.

use bumpalo::Bump;

use super::{Compiler, Constant, FOLDING_FUEL, Op, arithmetic, push};
use crate::Value;
use crate::checker::Site;
use crate::keys::distinct;
use crate::signature::{Call, Fuel, Kind};
use crate::syntax::Binary;

/// The longest text that folding makes: longer ones are made when they are needed.
const MAX_BYTES: usize = 1024;

impl Compiler {
    /// Gives a constant in place of all operations from `start` on.
    pub(super) fn constant(&mut self, start: u32, constant: Constant) {
        self.code.ops.truncate(start as usize);
        let constant = push(&mut self.code.constants, constant);
        self.give(Op::Constant(constant));
    }

    /// The value of the operand at this place of the stack, where it is a constant.
    pub(super) fn constant_operand(&self, operand: usize) -> Option<&Constant> {
        let start = *self.starts.get(operand)? as usize;
        let end = self.starts.get(operand + 1).map_or(self.code.ops.len(), |end| *end as usize);
        match self.code.ops.get(start..end)? {
            [Op::Constant(constant)] => self.code.constants.get(*constant as usize),
            _ => None,
        }
    }

    /// The last `count` operands, where all are constants.
    fn constant_operands(&self, count: usize) -> Option<Vec<Constant>> {
        let first = self.starts.len().checked_sub(count)?;
        (first..self.starts.len()).map(|operand| self.constant_operand(operand).cloned()).collect()
    }

    /// Replaces the last `count` operands by a constant.
    fn replace(&mut self, count: usize, constant: Constant) {
        let first = self.starts.len().saturating_sub(count);
        let start = self.starts.get(first).copied().unwrap_or(self.here());
        self.starts.truncate(first);
        self.constant(start, constant);
    }

    /// Emits an operation that takes `count` operands and gives one, or what it would give.
    pub(super) fn fold_or(&mut self, count: usize, op: Op) {
        let operands = self.constant_operands(count);
        if let Some(constant) = operands.and_then(|operands| self.fold(op, &operands)) {
            self.replace(count, constant);
        } else {
            self.emit(op);
            self.merge(count);
        }
    }

    /// What fails is left to fail when it runs: another branch may be taken there.
    fn fold(&mut self, op: Op, operands: &[Constant]) -> Option<Constant> {
        let arena = Bump::new();
        let value = match (op, operands) {
            (Op::Not, [Constant::Bool(bool)]) => Value::Bool(!bool),
            (Op::Negate, [operand]) => arithmetic::negate(&operand.value()).ok()?,
            (Op::Binary(operator), [left, right]) => {
                let (left, right) = (left.value(), right.value());
                arithmetic::binary(operator, &left, &right, &arena, &mut self.fuel).ok()?
            }
            _ => return None,
        };
        short(&value)
    }

    /// Whether these operands are constants and different keys of a map.
    pub(super) fn distinct_constants(&self, operands: impl Iterator<Item = usize>) -> bool {
        let keys: Option<Vec<_>> =
            operands.map(|operand| Some(self.constant_operand(operand)?.value())).collect();
        let mut fuel = Fuel::new(FOLDING_FUEL);
        keys.is_some_and(|keys| distinct(&keys.iter(), &mut fuel).is_ok())
    }

    pub(super) fn binary(&mut self, at: usize, operator: Binary) {
        let expected = self.checked.expects.get(&at).copied();
        if operator == Binary::In && self.set(expected.is_some()) {
            return;
        }
        self.fold_or(2, expected.map_or(Op::Binary(operator), |kind| Op::Alike(operator, kind)));
    }

    /// Turns a list of constants behind `in` into a set that is never built.
    fn set(&mut self, alike: bool) -> bool {
        let Some(start) = self.starts.last().map(|start| *start as usize) else { return false };
        let Some([elements @ .., Op::List(count)]) = self.code.ops.get(start..) else {
            return false;
        };
        let constant = |op: &Op| match op {
            Op::Constant(constant) => self.code.constants.get(*constant as usize).cloned(),
            _ => None,
        };
        let constants: Option<Box<[_]>> = elements.iter().map(constant).collect();
        let Some(constants) = constants.filter(|found| found.len() == *count as usize) else {
            return false;
        };
        self.code.ops.truncate(start);
        let set = push(&mut self.code.sets, constants);
        self.emit(Op::InConstants { set, alike });
        self.merge(2);
        true
    }

    /// Runs a call whose arguments are constants, as `duration("24h")`.
    pub(super) fn fold_call(&mut self, site: &Site, arguments: usize) -> bool {
        let Some(operands) = self.constant_operands(arguments) else { return false };
        let arena = Bump::new();
        let values: Vec<Value<'_>> = operands.iter().map(Constant::value).collect();
        let takes = |kinds: &[Kind]| kinds.iter().zip(&values).all(|(kind, v)| kind.accepts(v));
        let Some(overload) = site.overloads.iter().find(|overload| takes(overload.parameters))
        else {
            return false;
        };
        let pattern = site.pattern.as_deref();
        if overload.pattern.is_some() && pattern.is_none() {
            return false;
        }
        let mut call = Call { arena: &arena, fuel: &mut self.fuel, pattern };
        let folded = (overload.call)(&mut call, &values).ok().and_then(|value| short(&value));
        match folded {
            Some(constant) => {
                self.replace(arguments, constant);
                true
            }
            None => false,
        }
    }
}

fn short(value: &Value<'_>) -> Option<Constant> {
    let length = match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    if length > MAX_BYTES { None } else { Constant::of(value) }
}
