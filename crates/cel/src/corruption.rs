//! Programs that are not what the compiler made: every operand of every operation, every entry of
//! every table, changed in turn.
//!
//! What is shown: a changed program is never taken for the one that was compiled, whatever the
//! change ([`Program::is_intact`], which an evaluation asks before it uses a program). And should
//! one be run all the same, the machine ends, within its fuel and without a panic: an operand that
//! names nothing is [`Failure::Internal`](crate::Failure::Internal). An operand that names another thing of the right kind
//! (another constant, another field) gives another value, and nothing but the digest can know.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // a test that cannot go on fails

use std::sync::Arc;

use super::constant::Constant;
use super::program::{Code, Op, Program, Resume};
use super::signature::Kind;
use super::syntax::{Binary, Logic};

/// The program with each change in turn. None of them says that it was changed.
pub fn corrupted(program: &Program) -> Vec<Program> {
    let mut changed = Vec::new();
    let mut add = |change: &dyn Fn(&mut Code)| {
        let mut code = Code::clone(&program.0);
        change(&mut code);
        changed.push(Program(Arc::new(code)));
    };
    instructions(&program.0, &mut add);
    loops(&program.0, &mut add);
    tables(&program.0, &mut add);
    changed
}

/// Takes a change, and makes the program with it.
type Add<'a> = dyn FnMut(&dyn Fn(&mut Code)) + 'a;

/// Changes of what is done, and of where failures go on.
fn instructions(code: &Code, add: &mut Add<'_>) {
    for (at, op) in code.ops.iter().enumerate() {
        for other in others(*op, at) {
            add(&move |code| code.ops[at] = other);
        }
    }
    for at in 0..code.ops.len() {
        add(&move |code| code.guards[at] = code.guards[at].map_or(Some(0), |it| Some(it + 1)));
        add(&move |code| code.guards[at] = Some(u32::MAX));
        if code.guards[at].is_some() {
            add(&move |code| code.guards[at] = None);
        }
    }
    for at in 0..code.handlers.len() {
        for change in changes() {
            add(&move |code| code.handlers[at].depth = change(code.handlers[at].depth));
            add(&move |code| code.handlers[at].frames = change(code.handlers[at].frames));
            add(&move |code| {
                let (Resume::Operand(to) | Resume::Element(to)) = &mut code.handlers[at].resume;
                *to = change(*to);
            });
        }
    }
}

/// Changes of how loops run.
fn loops(code: &Code, add: &mut Add<'_>) {
    for at in 0..code.loops.len() {
        for change in changes() {
            add(&move |code| code.loops[at].frame = change(code.loops[at].frame));
            add(&move |code| code.loops[at].body = change(code.loops[at].body));
            add(&move |code| code.loops[at].end = change(code.loops[at].end));
            add(&move |code| code.loops[at].of.first = change(code.loops[at].of.first));
            add(&move |code| {
                let second = code.loops[at].of.second;
                code.loops[at].of.second = Some(second.map_or(0, change));
            });
        }
        for over in [Kind::Any, Kind::List, Kind::Map, Kind::String] {
            if code.loops[at].over != over {
                add(&move |code| code.loops[at].over = over);
            }
        }
    }
}

/// Changes of what instructions name, and of how much room there is.
fn tables(code: &Code, add: &mut Add<'_>) {
    for at in 0..code.constants.len() {
        add(&move |code| code.constants[at] = other_constant(&code.constants[at]));
    }
    for set in 0..code.sets.len() {
        if !code.sets[set].is_empty() {
            add(&move |code| code.sets[set] = Box::default());
        }
        for at in 0..code.sets[set].len() {
            add(&move |code| code.sets[set][at] = other_constant(&code.sets[set][at]));
        }
    }
    for at in 0..code.names.len() {
        add(&move |code| code.names[at] = format!("{}x", code.names[at]).into());
    }
    for at in 0..code.calls.len() {
        add(&move |code| code.calls[at].arguments += 1);
        add(&move |code| code.calls[at].arguments = usize::MAX);
        add(&move |code| code.calls[at].site.overloads = Box::default());
    }
    for at in 0..code.shapes.len() {
        add(&move |code| code.shapes[at].optional = vec![true; 9].into());
        add(&move |code| code.shapes[at].distinct = !code.shapes[at].distinct);
    }
    add(&|code| code.locals += 1);
    add(&|code| code.frames += 1);
    if code.locals > 0 {
        add(&|code| code.locals = 0);
    }
    if code.frames > 0 {
        add(&|code| code.frames = 0);
    }
    if !code.projections.is_empty() {
        add(&|code| code.projections = Vec::new());
    }
    add(&|code| _ = code.ops.pop());
}

/// Ways to another number.
fn changes() -> [fn(u32) -> u32; 4] {
    [|it| it.wrapping_add(1), |it| it.wrapping_sub(1), |it| it ^ 0x100, |_| u32::MAX - 1]
}

fn other_constant(constant: &Constant) -> Constant {
    match constant {
        Constant::Bool(bool) => Constant::Bool(!bool),
        Constant::Int(int) => Constant::Int(int.wrapping_add(1)),
        Constant::Double(double) => Constant::Double(-double),
        Constant::String(text) => Constant::String(format!("{text}x").into()),
        Constant::Null => Constant::Bool(true),
        _ => Constant::Null,
    }
}

/// The operation with other operands, and other operations in its place.
fn others(op: Op, at: usize) -> Vec<Op> {
    let here = u32::try_from(at).unwrap();
    let with: &dyn Fn(u32) -> Op = &match op {
        Op::Constant(_) => |it| Op::Constant(it),
        Op::Variable(_) => |it| Op::Variable(it),
        Op::Local(_) => |it| Op::Local(it),
        Op::Store(_) => |it| Op::Store(it),
        Op::Select(_) => |it| Op::Select(it),
        Op::SelectOptional(_) => |it| Op::SelectOptional(it),
        Op::Has(_) => |it| Op::Has(it),
        Op::ShortCircuit(..) => |it| Op::ShortCircuit(Logic::And, it),
        Op::Branch(_) => |it| Op::Branch(it),
        Op::Jump(_) => |it| Op::Jump(it),
        Op::List(_) => |it| Op::List(it),
        Op::OptionalList(_) => |it| Op::OptionalList(it),
        Op::Map(_) => |it| Op::Map(it),
        Op::Call(_) => |it| Op::Call(it),
        Op::Begin(_) => |it| Op::Begin(it),
        Op::Keep(_) => |it| Op::Keep(it),
        Op::Step(_) => |it| Op::Step(it),
        Op::End(_) => |it| Op::End(it),
        Op::Unwrap { .. } => |it| Op::Unwrap { local: it, end: it },
        Op::OrElse { .. } => |it| Op::OrElse { unwrap: true, end: it },
        Op::InConstants { .. } => |it| Op::InConstants { set: it, alike: it % 2 == 0 },
        Op::Index { of_item } | Op::IndexOptional { of_item } if of_item => {
            |_| Op::Index { of_item: false }
        }
        Op::Alike(..) => |_| Op::Alike(Binary::In, Kind::List),
        Op::Expect(_) => |_| Op::Expect(Kind::Bool),
        Op::Wrap { .. } => |_| Op::Wrap { flat: true },
        _ => |_| Op::Binary(Binary::Add),
    };
    let numbers = (0..6).chain([here, here + 1, here + 2, 1000, u32::MAX]);
    let mut others: Vec<Op> = numbers.map(with).collect();
    others.extend([
        Op::Not,
        Op::Negate,
        Op::Jump(here),
        Op::Jump(0),
        Op::Wrap { flat: false },
        Op::Index { of_item: true },
        Op::ExpectAlike,
        Op::Binary(Binary::NotEqual),
        Op::Alike(Binary::Equal, Kind::Any),
        Op::Logic(Logic::Or),
        Op::Constant(0),
    ]);
    others.retain(|other| *other != op);
    others.dedup();
    others
}

// Reads the tables of cases, which Miri keeps from files.
#[cfg(all(test, not(miri)))]
mod tests;
