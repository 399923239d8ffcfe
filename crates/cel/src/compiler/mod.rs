//! Turns a checked tree into operations.
//!
//! Goes once over the tree. Beside the operations it keeps, for each operand that would be on the
//! machine's stack, where its operations begin: so it knows the stack's depth at every place,
//! what an operand's failure has to clear away, and whether an operand is a constant.

mod fold;
mod jumps;
mod probes;

use std::sync::Arc;

use crate::arithmetic;
use crate::branches::{Probe, Purpose};
use crate::checker::Checked;
use crate::constant::Constant;
use crate::environment::Environment;
use crate::mistake::{Mistake, Span};
use crate::program::{CallSite, Code, Handler, LoopPlan, Op, Resume, Shape};
use crate::reads::{Reads, reads};
use crate::signature::{Fuel, Kind};
use crate::syntax::{Form, Logic, Loop, Node, NodeKind, Tree};

/// What folding constants may cost in one expression.
const FOLDING_FUEL: u64 = 10_000;

/// The operations of `tree`, with probes where its branches are to be counted.
pub(super) fn compile(
    source: &str,
    tree: &Tree,
    mut checked: Checked,
    environment: &Environment,
    coverage: Option<Purpose>,
) -> Result<Code, Mistake> {
    let reads = reads(tree, environment);
    for at in &reads.of_maps {
        checked.expects.entry(*at).and_modify(|expected| {
            if *expected == Kind::List {
                *expected = Kind::Map;
            }
        });
    }
    let is_sound = reads.is_sound;
    let mut compiler = Compiler {
        code: empty(source, tree, &checked, environment, reads),
        checked,
        starts: Vec::new(),
        open: Vec::new(),
        frames: 0,
        regions: Vec::new(),
        fuel: Fuel::new(FOLDING_FUEL),
        is_sound,
        probes: Vec::new(),
    };
    for (at, node) in tree.nodes.iter().enumerate() {
        if let Some(purpose) = coverage {
            compiler.probe_before(&tree.nodes, at, purpose);
        }
        compiler.node(at, node);
    }
    if coverage == Some(Purpose::Decision) {
        compiler.probe_result(&tree.nodes);
    }
    let Compiler { mut code, regions, starts, open, is_sound, probes, .. } = compiler;
    code.probes = probes.into();
    if !is_sound || starts.len() != 1 || !open.is_empty() {
        return Err(Mistake::internal(Span::new(0, source.len())));
    }
    code.guards = jumps::guards(code.ops.len(), regions);
    jumps::shorten(&mut code.ops);
    code.digest = code.digest_now();
    Ok(code)
}

fn empty(
    source: &str,
    tree: &Tree,
    checked: &Checked,
    environment: &Environment,
    reads: Reads,
) -> Code {
    Code {
        source: source.into(),
        result: checked.result.kind(),
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
        projections: reads.projections,
        reads: reads.paths,
        probes: Arc::default(),
        digest: 0,
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
    /// Whether every operand and construct was there so far: every tree of the parser has them.
    is_sound: bool,
    probes: Vec<Probe>,
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
                let of_item = self.checked.expects.contains_key(&at);
                self.emit(if *optional {
                    Op::IndexOptional { of_item }
                } else {
                    Op::Index { of_item }
                });
                self.merge(2);
            }
            NodeKind::Not => self.fold_or(1, Op::Not),
            NodeKind::Negate => self.fold_or(1, Op::Negate),
            NodeKind::Binary(operator) => self.binary(at, *operator),
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
            NodeKind::Enter(of) => self.enter(at, *of),
            NodeKind::Keep => self.keep(),
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

    fn keep(&mut self) {
        self.take();
        if let Some(Open::Loop { plan, .. }) = self.open.last() {
            let plan = *plan;
            self.emit(Op::Keep(plan));
        } else {
            self.is_sound = false;
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
        self.is_sound &= !self.starts.is_empty();
        self.starts.pop().unwrap_or_default()
    }

    /// Ends the construct begun last.
    fn close(&mut self) -> Option<Open> {
        self.is_sound &= !self.open.is_empty();
        self.open.pop()
    }

    /// Makes one operand of the last `count`.
    fn merge(&mut self, count: usize) {
        if count == 0 {
            // The operation just emitted takes nothing.
            let start = self.here().saturating_sub(1);
            self.starts.push(start);
        } else {
            self.is_sound &= count <= self.starts.len();
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
        } else {
            self.is_sound = false;
        }
    }

    fn between_logic(&mut self, logic: Logic) {
        self.is_sound &= !self.starts.is_empty();
        let start = self.starts.last().copied().unwrap_or_default();
        let jump = self.emit(Op::ShortCircuit(logic, 0));
        self.guard(start, jump, self.starts.len().saturating_sub(1), Resume::Operand(jump + 1));
        self.open.push(Open::Jump(jump));
    }

    fn logic(&mut self, logic: Logic) {
        let Some(Open::Jump(jump)) = self.close() else { return self.unsound() };
        let here = self.here();
        self.guard(jump + 1, here - 1, self.starts.len().saturating_sub(1), Resume::Operand(here));
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
        let Some(Open::Branch { start, jump }) = self.close() else { return self.unsound() };
        self.take();
        let end = self.emit(Op::Jump(0));
        self.land(jump);
        self.open.push(Open::Branch { start, jump: end });
    }

    fn conditional(&mut self) {
        let Some(Open::Branch { start, jump }) = self.close() else { return self.unsound() };
        self.land(jump);
        self.take();
        self.starts.push(start);
    }

    fn unbind(&mut self) {
        let Some(Open::Binding { start }) = self.close() else { return self.unsound() };
        self.take();
        self.starts.push(start);
    }

    /// What is open is of another kind than what ends it.
    fn unsound(&mut self) {
        self.is_sound = false;
    }

    fn enter(&mut self, at: usize, of: Loop) {
        let start = self.take();
        let any = if of.form == Form::Sorted { Kind::List } else { Kind::Any };
        let over = self.checked.expects.get(&at).copied().unwrap_or(any);
        let plan = LoopPlan { of, over, frame: self.frames, body: self.here() + 1, end: 0 };
        let plan = push(&mut self.code.loops, plan);
        self.emit(Op::Begin(plan));
        self.open.push(Open::Loop { start, plan });
        self.frames += 1;
        self.code.frames = self.code.frames.max(self.frames as usize);
    }

    fn leave(&mut self, of: Loop) {
        let Some(Open::Loop { start, plan }) = self.close() else { return self.unsound() };
        self.take();
        let step = self.emit(Op::Step(plan));
        if matches!(of.form, Form::All | Form::Exists) {
            let body = self.code.loops.get(plan as usize).map_or(step, |plan| plan.body);
            self.guard(body, step, self.starts.len(), Resume::Element(plan));
        }
        let end = self.emit(Op::End(plan));
        match self.code.loops.get_mut(plan as usize) {
            Some(plan) => plan.end = end,
            None => self.is_sound = false,
        }
        self.frames = self.frames.saturating_sub(1);
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
        let Some(site) = self.checked.calls.remove(&at) else { return self.unsound() };
        if self.fold_call(&site, arguments) {
            return;
        }
        match self.checked.expects.get(&at).copied() {
            None => {}
            Some(Kind::Any) => _ = self.emit(Op::ExpectAlike),
            Some(kind) => _ = self.emit(Op::Expect(kind)),
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
