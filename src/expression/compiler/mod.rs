//! Turns a checked tree into operations.
//!
//! Goes once over the tree. Beside the operations it keeps, for each operand that would be on the
//! machine's stack, where its operations begin: so it knows the stack's depth at every place,
//! what an operand's failure has to clear away, and whether an operand is a constant.

mod fold;
mod jumps;

use crate::expression::arithmetic;
use crate::expression::checker::Checked;
use crate::expression::constant::Constant;
use crate::expression::environment::Environment;
use crate::expression::program::{CallSite, Code, Handler, LoopPlan, Op, Resume, Shape};
use crate::expression::reads::reads;
use crate::expression::signature::Fuel;
use crate::expression::syntax::{Form, Logic, Loop, Node, NodeKind, Tree};

/// What folding constants may cost in one expression.
const FOLDING_FUEL: u64 = 10_000;

/// The operations of `tree`.
pub(super) fn compile(
    source: &str,
    tree: &Tree,
    checked: Checked,
    environment: &Environment,
) -> Code {
    let mut compiler = Compiler {
        code: empty(source, tree, &checked, environment),
        checked,
        starts: Vec::new(),
        open: Vec::new(),
        frames: 0,
        regions: Vec::new(),
        fuel: Fuel::new(FOLDING_FUEL),
    };
    for (at, node) in tree.nodes.iter().enumerate() {
        compiler.node(at, node);
    }
    let Compiler { mut code, regions, .. } = compiler;
    code.guards = jumps::guards(code.ops.len(), regions);
    jumps::shorten(&mut code.ops);
    code
}

fn empty(source: &str, tree: &Tree, checked: &Checked, environment: &Environment) -> Code {
    let (projections, reads) = reads(tree, environment);
    Code {
        source: source.into(),
        result: checked.result.kind().into(),
        ops: Vec::with_capacity(tree.nodes.len()),
        guards: Vec::new(),
        handlers: Vec::new(),
        constants: Vec::new(),
        sets: Vec::new(),
        names: Vec::new(),
        calls: Vec::new(),
        loops: Vec::new(),
        shapes: Vec::new(),
        variables: environment.names().map(Into::into).collect(),
        locals: tree.locals as usize,
        frames: 0,
        projections,
        reads,
    }
}

struct Compiler {
    code: Code,
    checked: Checked,
    /// For each operand on the stack, its first operation.
    starts: Vec<u32>,
    /// What is begun and not ended yet.
    open: Vec<Open>,
    /// The loops that are open.
    frames: u32,
    /// The operations whose failures are handled: first, last, handler.
    regions: Vec<jumps::Region>,
    fuel: Fuel,
}

/// A construct that marks have begun.
#[derive(Clone, Copy)]
enum Open {
    /// The operation whose target is where the construct ends.
    Jump(u32),
    /// The first operation of the construct, and that jump.
    Branch { start: u32, jump: u32 },
    /// The first operation of a `cel.bind`.
    Binding { start: u32 },
    /// The first operation of what a loop iterates over, and the loop.
    Loop { start: u32, plan: u32 },
}

impl Compiler {
    fn node(&mut self, at: usize, node: &Node) {
        match &node.kind {
            NodeKind::Constant(constant) => {
                let start = self.here();
                self.constant(start, constant.clone());
            }
            NodeKind::Variable(slot) => self.give(Op::Variable(*slot)),
            NodeKind::Local(slot) => self.give(Op::Local(*slot)),
            NodeKind::Unknown { .. } => {} // the checker has refused it
            NodeKind::Select { field, optional } => {
                let name = push(&mut self.code.names, field.clone());
                let op = if *optional { Op::SelectOptional(name) } else { Op::Select(name) };
                self.emit(op);
            }
            NodeKind::Has(field) => {
                let name = push(&mut self.code.names, field.clone());
                self.emit(Op::Has(name));
            }
            NodeKind::Index { optional } => {
                self.emit(if *optional { Op::IndexOptional } else { Op::Index });
                self.merge(2);
            }
            NodeKind::Not => self.fold_or(1, Op::Not),
            NodeKind::Negate => self.fold_or(1, Op::Negate),
            NodeKind::Binary(operator) => self.binary(*operator),
            NodeKind::BetweenLogic(logic) => self.between_logic(*logic),
            NodeKind::Logic(logic) => self.logic(*logic),
            NodeKind::Then => {
                let start = self.take();
                let jump = self.emit(Op::Branch(0));
                self.open.push(Open::Branch { start, jump });
            }
            NodeKind::Else => self.otherwise(),
            NodeKind::Conditional => self.conditional(),
            NodeKind::List(flags) => self.list(flags),
            NodeKind::Map(flags) => self.map(flags),
            NodeKind::Call { name, arguments, .. } => self.call(at, name, *arguments as usize),
            NodeKind::Enter(of) => self.enter(*of),
            NodeKind::Keep => {
                self.take();
                if let Some(Open::Loop { plan, .. }) = self.open.last() {
                    let plan = *plan;
                    self.emit(Op::Keep(plan));
                }
            }
            NodeKind::Leave(of) => self.leave(*of),
            NodeKind::Bind(slot) => {
                let start = self.take();
                self.emit(Op::Store(*slot));
                self.open.push(Open::Binding { start });
            }
            NodeKind::Unbind => self.unbind(),
            NodeKind::EnterOptional(slot) => {
                let start = self.take();
                let jump = self.emit(Op::Unwrap { local: *slot, end: 0 });
                self.open.push(Open::Branch { start, jump });
            }
            NodeKind::LeaveOptional { flat } => {
                self.emit(Op::Wrap { flat: *flat });
                self.conditional();
            }
            NodeKind::BetweenOrElse { unwrap } => {
                let start = self.take();
                let jump = self.emit(Op::OrElse { unwrap: *unwrap, end: 0 });
                self.open.push(Open::Branch { start, jump });
            }
            NodeKind::OrElse { unwrap } => {
                if !unwrap {
                    self.emit(Op::Wrap { flat: true });
                }
                self.conditional();
            }
        }
    }

    fn here(&self) -> u32 {
        index(self.code.ops.len())
    }

    fn emit(&mut self, op: Op) -> u32 {
        push(&mut self.code.ops, op)
    }

    /// Emits an operation that gives an operand and takes none.
    fn give(&mut self, op: Op) {
        let start = self.emit(op);
        self.starts.push(start);
    }

    /// Forgets the operand given last; its first operation.
    fn take(&mut self) -> u32 {
        self.starts.pop().unwrap_or_default()
    }

    /// Makes one operand of the last `count`.
    fn merge(&mut self, count: usize) {
        if count == 0 {
            // The operation just emitted takes nothing.
            let start = self.here().saturating_sub(1);
            self.starts.push(start);
        } else {
            self.starts.truncate(self.starts.len() + 1 - count.min(self.starts.len()));
        }
    }

    /// Lets a jump emitted before go to what is emitted next.
    fn land(&mut self, jump: u32) {
        let here = self.here();
        if let Some(
            Op::ShortCircuit(_, target)
            | Op::Branch(target)
            | Op::Jump(target)
            | Op::Unwrap { end: target, .. }
            | Op::OrElse { end: target, .. },
        ) = self.code.ops.get_mut(jump as usize)
        {
            *target = here;
        }
    }

    fn between_logic(&mut self, logic: Logic) {
        let start = self.starts.last().copied().unwrap_or_default();
        let jump = self.emit(Op::ShortCircuit(logic, 0));
        self.guard(start, jump, self.starts.len() - 1, Resume::Operand(jump + 1));
        self.open.push(Open::Jump(jump));
    }

    fn logic(&mut self, logic: Logic) {
        let Some(Open::Jump(jump)) = self.open.pop() else { return };
        let here = self.here();
        self.guard(jump + 1, here - 1, self.starts.len() - 1, Resume::Operand(here));
        self.emit(Op::Logic(logic));
        self.land(jump);
        self.merge(2);
    }

    /// Handles the failures of the operations `first` to `last`, which begin with `depth` operands
    /// on the stack.
    fn guard(&mut self, first: u32, last: u32, depth: usize, resume: Resume) {
        let handler = Handler { depth: index(depth), frames: self.frames, resume };
        let handler = push(&mut self.code.handlers, handler);
        self.regions.push(jumps::Region { first, last, handler });
    }

    fn otherwise(&mut self) {
        let Some(Open::Branch { start, jump }) = self.open.pop() else { return };
        self.take();
        let end = self.emit(Op::Jump(0));
        self.land(jump);
        self.open.push(Open::Branch { start, jump: end });
    }

    fn conditional(&mut self) {
        let Some(Open::Branch { start, jump }) = self.open.pop() else { return };
        self.land(jump);
        self.take();
        self.starts.push(start);
    }

    fn unbind(&mut self) {
        let Some(Open::Binding { start }) = self.open.pop() else { return };
        self.take();
        self.starts.push(start);
    }

    fn enter(&mut self, of: Loop) {
        let start = self.take();
        let plan = LoopPlan { of, frame: self.frames, body: self.here() + 1, end: 0 };
        let plan = push(&mut self.code.loops, plan);
        self.emit(Op::Begin(plan));
        self.open.push(Open::Loop { start, plan });
        self.frames += 1;
        self.code.frames = self.code.frames.max(self.frames as usize);
    }

    fn leave(&mut self, of: Loop) {
        let Some(Open::Loop { start, plan }) = self.open.pop() else { return };
        self.take();
        let step = self.emit(Op::Step(plan));
        if matches!(of.form, Form::All | Form::Exists) {
            let body = self.code.loops.get(plan as usize).map_or(step, |plan| plan.body);
            self.guard(body, step, self.starts.len(), Resume::Element(plan));
        }
        let end = self.emit(Op::End(plan));
        if let Some(plan) = self.code.loops.get_mut(plan as usize) {
            plan.end = end;
        }
        self.frames -= 1;
        self.starts.push(start);
    }

    fn list(&mut self, flags: &[bool]) {
        if flags.contains(&true) {
            let shape = Shape { optional: flags.into(), distinct: true };
            let shape = push(&mut self.code.shapes, shape);
            self.emit(Op::OptionalList(shape));
        } else {
            self.emit(Op::List(index(flags.len())));
        }
        self.merge(flags.len());
    }

    fn map(&mut self, flags: &[bool]) {
        let first = self.starts.len().saturating_sub(flags.len() * 2);
        let distinct = self.distinct_constants((first..self.starts.len()).step_by(2));
        let shape = Shape { optional: flags.into(), distinct };
        let shape = push(&mut self.code.shapes, shape);
        self.emit(Op::Map(shape));
        self.merge(flags.len() * 2);
    }

    fn call(&mut self, at: usize, name: &str, arguments: usize) {
        let Some(site) = self.checked.calls.remove(&at) else { return };
        if self.fold_call(&site, arguments) {
            return;
        }
        let call = push(&mut self.code.calls, CallSite { name: name.into(), arguments, site });
        self.emit(Op::Call(call));
        self.merge(arguments);
    }
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Adds an element and gives its place.
fn push<T>(table: &mut Vec<T>, element: T) -> u32 {
    table.push(element);
    index(table.len() - 1)
}
