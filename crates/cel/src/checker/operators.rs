//! The types that operators take and give.

use super::Checker;
use crate::mistake::Mistake;
use crate::signature::Kind;
use crate::syntax::{Binary, Logic, Node};
use crate::types::Type;

/// An overload of an operator: what it takes on the left and on the right, what it gives.
type OperandRule = (Kind, Kind, Kind);

const ADD: &[OperandRule] = &[
    (Kind::Int, Kind::Int, Kind::Int),
    (Kind::UInt, Kind::UInt, Kind::UInt),
    (Kind::Double, Kind::Double, Kind::Double),
    (Kind::String, Kind::String, Kind::String),
    (Kind::Bytes, Kind::Bytes, Kind::Bytes),
    (Kind::List, Kind::List, Kind::List),
    (Kind::Timestamp, Kind::Duration, Kind::Timestamp),
    (Kind::Duration, Kind::Timestamp, Kind::Timestamp),
    (Kind::Duration, Kind::Duration, Kind::Duration),
];
const SUBTRACT: &[OperandRule] = &[
    (Kind::Int, Kind::Int, Kind::Int),
    (Kind::UInt, Kind::UInt, Kind::UInt),
    (Kind::Double, Kind::Double, Kind::Double),
    (Kind::Timestamp, Kind::Timestamp, Kind::Duration),
    (Kind::Timestamp, Kind::Duration, Kind::Timestamp),
    (Kind::Duration, Kind::Duration, Kind::Duration),
];
const MULTIPLY: &[OperandRule] = &[
    (Kind::Int, Kind::Int, Kind::Int),
    (Kind::UInt, Kind::UInt, Kind::UInt),
    (Kind::Double, Kind::Double, Kind::Double),
];
const MODULO: &[OperandRule] =
    &[(Kind::Int, Kind::Int, Kind::Int), (Kind::UInt, Kind::UInt, Kind::UInt)];
/// Types whose values have an order, numbers apart.
pub(super) const ORDERED: [Kind; 5] =
    [Kind::Bool, Kind::String, Kind::Bytes, Kind::Timestamp, Kind::Duration];

impl Checker<'_> {
    pub(super) fn binary(&mut self, at: usize, node: &Node, operator: Binary) {
        let right = self.pop().kind;
        let left = self.pop().kind;
        if let Some(expected) = expected(operator, &left, &right) {
            self.expects.insert(at, expected);
        }
        let result = match operator {
            Binary::Add => arithmetic(ADD, &left, &right),
            Binary::Subtract => arithmetic(SUBTRACT, &left, &right),
            Binary::Multiply | Binary::Divide => arithmetic(MULTIPLY, &left, &right),
            Binary::Modulo => arithmetic(MODULO, &left, &right),
            Binary::Equal | Binary::NotEqual => left.comparable(&right).then_some(Type::BOOL),
            Binary::In => contains(&left, &right).then_some(Type::BOOL),
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                ordered(&left, &right).then_some(Type::BOOL)
            }
        };
        if result.is_none() {
            self.mistake(Mistake::new(refused(operator, &left, &right), node.mark));
        }
        self.give(node, result.unwrap_or(Type::Any));
    }

    pub(super) fn logic(&mut self, node: &Node, logic: Logic) {
        let right = self.pop();
        let left = self.pop();
        let by = format!("`{}`", logic.symbol());
        self.require(&left, Kind::Bool, &by);
        self.require(&right, Kind::Bool, &by);
        self.give(node, Type::BOOL);
    }

    pub(super) fn not(&mut self, node: &Node) {
        let operand = self.pop();
        self.require(&operand, Kind::Bool, "`!`");
        self.give(node, Type::BOOL);
    }

    pub(super) fn negate(&mut self, node: &Node) {
        let operand = self.pop();
        let negatable = [Kind::Int, Kind::Double].into_iter().any(|kind| operand.kind.may_be(kind));
        if !negatable {
            let message = format!("`-` needs int or double, found {}", operand.kind);
            self.mistake(Mistake::new(message, operand.span));
        }
        self.give(node, if negatable { operand.kind } else { Type::Any });
    }

    pub(super) fn conditional(&mut self, node: &Node) {
        let otherwise = self.pop();
        let then = self.pop();
        let condition = self.pop();
        self.require(&condition, Kind::Bool, "`?`");
        let joined = then.kind.join(&otherwise.kind);
        if joined.is_none() {
            let (then, otherwise) = (&then.kind, &otherwise.kind);
            let message = format!("the branches of `?` differ in type: {then} and {otherwise}");
            self.mistake(Mistake::new(message, node.mark));
        }
        self.give(node, joined.unwrap_or(Type::Any));
    }
}

/// What an operator that looks for equals expects of a part of an item: for `in`, what is
/// searched; else only that both sides are of one kind. Nothing where both may be anything.
fn expected(operator: Binary, left: &Type, right: &Type) -> Option<Kind> {
    match (operator, right) {
        (Binary::Equal | Binary::NotEqual, _) => left.must_be_like(right).then_some(Kind::Any),
        (Binary::In, Type::Data(hint)) => Some(container(*hint)),
        (Binary::In, Type::List(element) | Type::Map(element, _)) => {
            left.must_be_like(element).then_some(right.kind())
        }
        _ => None,
    }
}

/// What a part of an item has to be where elements are asked for: a list, unless the author shows
/// that a map is meant.
pub(super) const fn container(hint: Kind) -> Kind {
    if matches!(hint, Kind::Map) { Kind::Map } else { Kind::List }
}

/// Everybody's first mistake is a number beside a text.
fn refused(operator: Binary, left: &Type, right: &Type) -> String {
    let symbol = operator.symbol();
    let message = format!("`{symbol}` does not take {left} and {right}");
    let text = Type::A(Kind::String);
    if operator == Binary::Add && *left == text && right.has_text() {
        return format!("{message}: write `string(...)` around the value on the right");
    }
    if operator == Binary::Add && *right == text && left.has_text() {
        return format!("{message}: write `string(...)` around the value on the left");
    }
    message
}

/// The type that the rules give for operands that may be of several types.
fn arithmetic(rules: &[OperandRule], left: &Type, right: &Type) -> Option<Type> {
    let mut results = rules
        .iter()
        .filter(|(a, b, _)| left.may_be(*a) && right.may_be(*b))
        .map(|(_, _, result)| *result);
    let first = results.next()?;
    if results.any(|other| other != first) {
        return Some(Type::Any);
    }
    match (left, right) {
        (Type::List(a), Type::List(b)) => Some(Type::list(a.join_or_any(b))),
        _ => Some(Type::of(first)),
    }
}

fn ordered(left: &Type, right: &Type) -> bool {
    let numeric = |kind: &Type| kind.is_number() || kind.is_open();
    let alike = |kind: Kind| left.may_be(kind) && right.may_be(kind);
    numeric(left) && numeric(right) || ORDERED.into_iter().any(alike)
}

fn contains(element: &Type, container: &Type) -> bool {
    match container {
        Type::Any | Type::Data(_) => true,
        Type::List(part) | Type::Map(part, _) => element.comparable(part),
        Type::Fields(_) => element.may_be(Kind::String),
        Type::A(_) | Type::Optional(_) => false,
    }
}
