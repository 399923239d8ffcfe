//! Checks an expression before it runs: names, types as far as they are known, calls, literals.
//!
//! Goes once over the tree with a stack of the operands' types and collects every mistake. Where a
//! type is not known the machine checks it, so what passes here may still fail when it runs; what
//! is refused here could not have given a value on any data that the environment describes.

mod calls;
mod collections;
mod fields;
mod operators;

use rustc_hash::FxHashMap;

pub(super) use self::calls::Site;
use crate::constant::Constant;
use crate::environment::Environment;
use crate::mistake::{Mistake, Span, nearest};
use crate::signature::Kind;
use crate::syntax::{Node, NodeKind, Tree};
use crate::types::Type;

/// The most mistakes that are reported of one expression.
const MOST_MISTAKES: usize = 20;

/// What checking found out.
pub(super) struct Checked {
    /// The type of the whole expression.
    pub(super) result: Type,
    /// What each call may run, by the call's node.
    pub(super) calls: FxHashMap<usize, Site>,
    /// What parts of items have to be, by the node that takes them.
    pub(super) expects: FxHashMap<usize, Kind>,
}

/// The types and calls of `tree`, or all mistakes in it, in the order in which they stand.
pub(super) fn check(tree: &Tree, environment: &Environment) -> Result<Checked, Vec<Mistake>> {
    let mut checker = Checker {
        tree,
        environment,
        variables: environment.types(),
        locals: vec![Type::Any; tree.locals as usize],
        stack: Vec::new(),
        ranges: Vec::new(),
        calls: FxHashMap::default(),
        expects: FxHashMap::default(),
        mistakes: Vec::new(),
        is_sound: true,
    };
    for (at, node) in tree.nodes.iter().enumerate() {
        checker.node(at, node);
    }
    let result = checker.pop().kind;
    if !checker.is_sound || !checker.stack.is_empty() {
        let whole = tree.nodes.last().map(|node| node.span).unwrap_or_default();
        checker.mistake(Mistake::internal(whole));
    }
    let mut mistakes = checker.mistakes;
    if mistakes.is_empty() {
        return Ok(Checked { result, calls: checker.calls, expects: checker.expects });
    }
    mistakes.sort_by_key(|mistake| mistake.span.start);
    Err(mistakes)
}

struct Checker<'t> {
    tree: &'t Tree,
    environment: &'t Environment,
    variables: Vec<Type>,
    locals: Vec<Type>,
    stack: Vec<Operand>,
    /// What the loops around iterate over.
    ranges: Vec<Type>,
    calls: FxHashMap<usize, Site>,
    expects: FxHashMap<usize, Kind>,
    mistakes: Vec<Mistake>,
    /// Whether every operand was there so far: every tree of the parser has them.
    is_sound: bool,
}

/// What is known of a value that something will take.
struct Operand {
    kind: Type,
    span: Span,
    /// The node, where it is a literal.
    literal: Option<usize>,
}

impl Checker<'_> {
    fn node(&mut self, at: usize, node: &Node) {
        match &node.kind {
            NodeKind::Constant(constant) => {
                let kind = Type::A(constant.kind());
                self.stack.push(Operand { kind, span: node.span, literal: Some(at) });
            }
            NodeKind::Variable(slot) => {
                let kind = self.variables.get(*slot as usize).cloned();
                self.give_declared(node, kind);
            }
            NodeKind::Local(slot) => {
                let kind = self.locals.get(*slot as usize).cloned();
                self.give_declared(node, kind);
            }
            NodeKind::Unknown { name, local } => self.unknown(node, name, local.as_deref()),
            NodeKind::Select { field, optional } => self.select(node, field, *optional),
            NodeKind::Has(field) => {
                let operand = self.pop();
                self.field(&operand.kind, field, node.mark);
                self.give(node, Type::BOOL);
            }
            NodeKind::Index { optional } => self.index(at, node, *optional),
            NodeKind::Not => self.not(node),
            NodeKind::Negate => self.negate(node),
            NodeKind::Binary(operator) => self.binary(at, node, *operator),
            NodeKind::Logic(logic) => self.logic(node, *logic),
            NodeKind::Conditional => self.conditional(node),
            NodeKind::List(flags) => self.list(node, flags),
            NodeKind::Map(flags) => self.map(node, flags),
            NodeKind::Call { name, is_receiver, arguments } => {
                self.call(at, node, name, *is_receiver, *arguments as usize);
            }
            NodeKind::Enter(of) => self.enter(at, node, *of),
            NodeKind::Keep => {
                let condition = self.pop();
                self.require(&condition, Kind::Bool, "a macro's condition");
            }
            NodeKind::Leave(of) => self.leave(node, *of),
            NodeKind::Bind(slot) => {
                let value = self.pop().kind;
                self.bind(*slot, value);
            }
            NodeKind::EnterOptional(slot) => {
                let optional = self.pop();
                self.require(&optional, Kind::Optional, "`optMap` and `optFlatMap`");
                self.bind(*slot, optional.kind.element());
            }
            NodeKind::LeaveOptional { flat } => self.leave_optional(node, *flat),
            NodeKind::OrElse { unwrap } => self.or_else(node, *unwrap),
            NodeKind::BetweenLogic(_)
            | NodeKind::Then
            | NodeKind::Else
            | NodeKind::BetweenOrElse { .. }
            | NodeKind::Unbind => {}
        }
    }

    fn give(&mut self, node: &Node, kind: Type) {
        self.stack.push(Operand { kind, span: node.span, literal: None });
    }

    /// Gives what was declared; every name of the parser was.
    fn give_declared(&mut self, node: &Node, kind: Option<Type>) {
        self.is_sound &= kind.is_some();
        self.give(node, kind.unwrap_or(Type::Any));
    }

    /// The operand given last.
    fn pop(&mut self) -> Operand {
        self.is_sound &= !self.stack.is_empty();
        self.stack.pop().unwrap_or(Operand {
            kind: Type::Any,
            span: Span::default(),
            literal: None,
        })
    }

    /// The `count` operands given last, in their order.
    fn pop_many(&mut self, count: usize) -> Vec<Operand> {
        self.is_sound &= count <= self.stack.len();
        self.stack.split_off(self.stack.len().saturating_sub(count))
    }

    fn bind(&mut self, slot: u32, kind: Type) {
        match self.locals.get_mut(slot as usize) {
            Some(local) => *local = kind,
            None => self.is_sound = false,
        }
    }

    fn constant(&self, operand: &Operand) -> Option<&Constant> {
        match &self.tree.nodes.get(operand.literal?)?.kind {
            NodeKind::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    fn mistake(&mut self, mistake: Mistake) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push(mistake);
        }
    }

    fn require(&mut self, operand: &Operand, kind: Kind, by: &str) {
        if !operand.kind.may_be(kind) {
            let message = format!("{by} needs {}, found {}", kind.name(), operand.kind);
            self.mistake(Mistake::new(message, operand.span));
        }
    }

    fn unknown(&mut self, node: &Node, name: &str, local: Option<&str>) {
        if self.mistakes.len() < MOST_MISTAKES {
            let known = self.environment.names().chain(self.environment.namespaces());
            let suggestion = local.or_else(|| nearest(name, known));
            let message = format!("unknown variable `{name}`");
            self.mistake(Mistake::new(message, node.mark).suggesting(suggestion));
        }
        self.give(node, Type::Any);
    }
}
