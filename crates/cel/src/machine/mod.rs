//! Runs programs: a stack machine with fuel.
//!
//! Nothing here recurses with the program, so a run takes a bounded part of the thread's stack.
//! Every operation charges fuel for what it does, so a run ends, and what it puts into the arena
//! is bounded. A failure looks for the handler of the operation that failed: success costs nothing
//! for it.
//!
//! Every program of the compiler gives what it takes and names only what it has. Where one does
//! not, the run ends with [`Failure::Internal`]: no value stands in for one that is missing.

mod call;
mod collections;
mod logic;
mod loops;
mod parts;
mod patterns;
mod result;
mod run;

use self::loops::Frame;
use self::patterns::Patterns;
use self::run::Run;
use crate::Value;
use crate::program::{Bindings, Program};
use crate::signature::{Failure, Fuel};
use bumpalo::Bump;

/// What one run may spend: enough to look at ten fields of each of 100,000 items. At 10 to 30
/// nanoseconds a unit where the build is optimised, no run takes a tenth of a second; at 8 bytes
/// a unit, none makes more than some 16 MB.
const FUEL: u64 = 2_000_000;

/// The buffers that runs use again: one for each thread.
///
/// ```
/// use bumpalo::Bump;
/// use cel::{Bindings, Environment, Machine, VariableType, compile, from_json};
/// let environment = Environment::new().variable("ports", VariableType::Any);
/// let program = compile("ports.exists(port, port == 22)", &environment).unwrap();
/// let (arena, mut machine) = (Bump::new(), Machine::new());
/// let ports = from_json(&serde_json::json!([80, 22]), &arena);
/// let bindings = Bindings { values: &[Some(ports)] };
/// let value = program.run(&bindings, &mut machine, &arena).unwrap();
/// assert!(matches!(value, cel::Value::Bool(true)));
/// ```
#[derive(Debug, Default)]
pub struct Machine {
    stack: Vec<Value<'static>>,
    frames: Vec<Frame<'static>>,
    building: Vec<Value<'static>>,
    faults: Vec<MachineFault>,
    patterns: Patterns,
    /// The fuel that the last run took.
    spent: u64,
}

/// A failure that stands for an operand of `&&` or `||`.
#[derive(Debug)]
struct MachineFault {
    /// The operand's place on the stack.
    place: usize,
    failure: Failure,
}

impl Machine {
    /// A machine with empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fuel that the last run took: some ten nanoseconds a unit where the build is optimised.
    #[must_use]
    pub const fn spent(&self) -> u64 {
        self.spent
    }
}

impl Program {
    /// Runs it.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn run<'a>(
        &self,
        bindings: &Bindings<'_, 'a>,
        machine: &mut Machine,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Failure> {
        self.run_with(Fuel::new(FUEL), bindings, machine, arena)
    }

    /// Runs it with so much fuel.
    pub(super) fn run_with<'a>(
        &self,
        fuel: Fuel,
        bindings: &Bindings<'_, 'a>,
        machine: &mut Machine,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Failure> {
        let given = fuel.left();
        let mut run = Run::new(&self.0, bindings.values, machine, arena, fuel);
        let result = run.execute();
        // What the program holds, its texts for one, must not leave it.
        let copied = result.and_then(|value| result::copy(&value, arena, &mut run.fuel));
        run.machine.spent = given - run.fuel.left();
        run.recycle();
        copied
    }
}

/// The most elements that a buffer keeps room for between runs.
const MOST_KEPT: usize = 16 * 1024;

/// The buffer of `used`, emptied, for values of another life: collecting into a vector of the same
/// layout uses it again. What one run made large is given back.
fn emptied<From, To>(mut used: Vec<From>) -> Vec<To> {
    if used.capacity() > MOST_KEPT {
        return Vec::new();
    }
    used.clear();
    used.into_iter().map_while(|_| None).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again() {
        let mut used = Vec::with_capacity(100);
        used.push(Value::Null);
        let (address, capacity) = (used.as_ptr() as usize, used.capacity());
        let emptied: Vec<Value<'_>> = emptied(used);
        assert_eq!((emptied.as_ptr() as usize, emptied.capacity()), (address, capacity));
    }
}
