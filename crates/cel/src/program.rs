//! A compiled expression: a flat sequence of operations for the machine, and what they refer to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::branches::Probe;
use super::checker::Site;
use super::constant::Constant;
use super::reads::ReadPath;
use super::signature::Kind;
use super::syntax::{Binary, Logic, Loop};
use crate::{Projection, Value};

/// A compiled expression. Cloning it copies nothing.
#[derive(Clone)]
pub struct Program(pub(super) Arc<Code>);

/// The values of an expression's variables.
#[derive(Debug, Clone, Copy)]
pub struct Bindings<'b, 'a> {
    /// By the variables' slots; a variable without a value fails where it is read.
    pub values: &'b [Option<Value<'a>>],
}

/// One operation. Numbers name a place in one of [`Code`]'s tables, or the operation to go to.
/// "Takes" and "gives" speak of the machine's stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Op {
    Constant(u32),
    Variable(u32),
    Local(u32),
    /// Takes a value and puts it into a local.
    Store(u32),
    /// Takes a value, gives its field; the number names the field.
    Select(u32),
    SelectOptional(u32),
    Has(u32),
    /// Takes a value and an index, gives the element. With `of_item` the value is a part of an
    /// item: then a map, whose keys are texts, has no element by a number.
    Index {
        of_item: bool,
    },
    IndexOptional {
        of_item: bool,
    },
    Not,
    Negate,
    Binary(Binary),
    /// The same where a part of an item is looked at: what is compared has to be of one kind, and
    /// what `in` searches of the kind named.
    Alike(Binary, Kind),
    /// Takes a value, gives whether the set of constants has it. With `alike` the value is a part
    /// of an item, and has to be of the constants' kind.
    InConstants {
        set: u32,
        alike: bool,
    },
    /// Leaves a part of an item, which has to be of this kind.
    Expect(Kind),
    /// Leaves two values, whose elements have to be of one kind.
    ExpectAlike,
    /// Goes on there where the value given last decides alone, and leaves it.
    ShortCircuit(Logic, u32),
    Logic(Logic),
    /// Takes a boolean and goes on there where it is false.
    Branch(u32),
    Jump(u32),
    /// Takes so many values, gives a list.
    List(u32),
    /// Takes values and optionals as the shape says, gives a list.
    OptionalList(u32),
    /// Takes keys and values as the shape says, gives a map.
    Map(u32),
    Call(u32),
    /// Takes what a loop iterates over; goes on with its body or its end.
    Begin(u32),
    /// Takes a boolean; goes on with the next element where it is false.
    Keep(u32),
    /// Takes what the body gave; goes on with the next element or the end.
    Step(u32),
    /// Gives a loop's result.
    End(u32),
    /// Takes an optional; puts its value into the local, or gives it back and goes on there.
    Unwrap {
        local: u32,
        end: u32,
    },
    /// Takes a value, gives it as an optional; takes an optional and gives it, where `flat`.
    Wrap {
        flat: bool,
    },
    /// Takes an optional; gives its value (or itself, without `unwrap`) and goes on there, or
    /// goes on here where it has none.
    OrElse {
        unwrap: bool,
        end: u32,
    },
    /// Notes which branch the value given last takes, and leaves it.
    Probe(u32),
}

/// What a [`Program`] shares with its clones.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) source: Box<str>,
    pub(super) result: Kind,
    pub(super) ops: Vec<Op>,
    /// For each operation the number of the handler of its failures, if any.
    pub(super) guards: Vec<Option<u32>>,
    pub(super) handlers: Vec<Handler>,
    pub(super) constants: Vec<Constant>,
    pub(super) sets: Vec<Box<[Constant]>>,
    pub(super) names: Vec<Box<str>>,
    pub(super) calls: Vec<CallSite>,
    pub(super) loops: Vec<LoopPlan>,
    pub(super) shapes: Vec<Shape>,
    /// The names of the variables, by slot.
    pub(super) variables: Vec<Box<str>>,
    /// How many locals the machine keeps.
    pub(super) locals: usize,
    /// How many loops run within each other at most.
    pub(super) frames: usize,
    pub(super) projections: Vec<Projection>,
    pub(super) reads: Vec<ReadPath>,
    /// Where branches are counted: nowhere but in a program for coverage.
    pub(super) probes: Arc<[Probe]>,
    /// Stands for all of the above as the compiler made it.
    pub(super) digest: u64,
}

impl Code {
    /// Stands for all but the digest itself: another for any one number that is another.
    pub(super) fn digest_now(&self) -> u64 {
        let Self {
            source,
            result,
            ops,
            guards,
            handlers,
            constants,
            sets,
            names,
            calls,
            loops,
            shapes,
            variables,
            locals,
            frames,
            projections,
            reads,
            probes: _, // they change with each run, and nothing that a run gives
            digest: _,
        } = self;
        let mut hasher = FxHasher::default();
        (source, result, ops, guards, handlers).hash(&mut hasher);
        (constants, sets, names, calls, loops).hash(&mut hasher);
        (shapes, variables, locals, frames, projections, reads).hash(&mut hasher);
        hasher.finish()
    }
}

/// Where a failure of an operand of `&&` and `||`, or of the body of `all` and `exists`, goes on.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) struct Handler {
    /// How many values the stack keeps, without the locals.
    pub(super) depth: u32,
    /// How many loops are running there.
    pub(super) frames: u32,
    pub(super) resume: Resume,
}

/// How a failure is taken up.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum Resume {
    /// The failure stands for an operand; the operation to go on with.
    Operand(u32),
    /// The failure stands for an element's result in this loop.
    Element(u32),
}

/// A call and what it may run.
#[derive(Debug, Clone, Hash)]
pub(super) struct CallSite {
    pub(super) name: Box<str>,
    pub(super) arguments: usize,
    pub(super) site: Site,
}

/// A loop: where its parts are and what they use.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) struct LoopPlan {
    pub(super) of: Loop,
    /// What it goes over, where that is a part of an item: a list or a map. `Any` elsewhere.
    pub(super) over: Kind,
    pub(super) frame: u32,
    pub(super) body: u32,
    pub(super) end: u32,
}

/// What a list or map is made of.
#[derive(Debug, Clone, Hash)]
pub(super) struct Shape {
    /// For each element whether it is optional.
    pub(super) optional: Box<[bool]>,
    /// Whether the keys are known to be different.
    pub(super) distinct: bool,
}

impl Program {
    /// The source that it was compiled from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether it is still what the compiler made. A program that is not gives no verdict.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.0.digest == self.0.digest_now()
    }

    /// What is known of its result.
    #[must_use]
    pub fn returns(&self) -> Kind {
        self.0.result
    }

    /// What it reads of the variable in this slot: run over values projected so, it gives what it
    /// gives over the whole ones.
    #[must_use]
    pub fn projection(&self, variable: usize) -> Projection {
        self.0.projections.get(variable).cloned().unwrap_or(Projection::NOTHING)
    }

    /// The fields that it reads, as long as their paths are fixed, in the order of the source.
    #[must_use]
    pub fn reads(&self) -> &[ReadPath] {
        &self.0.reads
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Program").field(&self.source()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_can_be_shared_between_threads_and_is_small_to_run() {
        fn shared<T: Send + Sync + Clone>() {}
        shared::<Program>();
        assert!(size_of::<Op>() <= 16);
    }
}
