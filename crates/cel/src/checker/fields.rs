//! The types of fields and elements.

use super::{Checker, Operand};
use crate::mistake::{Mistake, Span, nearest};
use crate::signature::Kind;
use crate::syntax::Node;
use crate::types::Type;

impl Checker<'_> {
    pub(super) fn select(&mut self, node: &Node, field: &str, optional: bool) {
        let operand = self.pop();
        let kind = self.field(&operand.kind, field, node.mark);
        self.give_part(node, kind, optional);
    }

    /// A part of an optional is an optional anyway.
    fn give_part(&mut self, node: &Node, kind: Type, optional: bool) {
        let is_optional = matches!(kind, Type::Optional(_));
        self.give(node, if optional && !is_optional { Type::optional(kind) } else { kind });
    }

    /// The type of a field of a value of type `of`.
    pub(super) fn field(&mut self, of: &Type, name: &str, mark: Span) -> Type {
        match of {
            Type::Any => Type::Any,
            Type::Data(_) => Type::DATA,
            Type::Map(key, value) if key.may_be(Kind::String) => value.as_ref().clone(),
            Type::Optional(value) => Type::optional(self.field(value, name, mark)),
            Type::Fields(fields) => {
                let found = fields.iter().find(|(field, _)| field.as_ref() == name);
                if let Some((_, kind)) = found {
                    return kind.clone();
                }
                let known = fields.iter().map(|(field, _)| field.as_ref());
                let suggestion = nearest(name, known).map(str::to_owned);
                let message = format!("unknown field `{name}`");
                self.mistake(Mistake::new(message, mark).suggesting(suggestion));
                Type::Any
            }
            _ => {
                self.mistake(Mistake::new(format!("{of} has no field `{name}`"), mark));
                Type::Any
            }
        }
    }

    pub(super) fn index(&mut self, at: usize, node: &Node, optional: bool) {
        let index = self.pop();
        let operand = self.pop();
        if operand.kind.is_data() {
            self.expects.insert(at, Kind::Any);
        }
        let kind = self.element(&operand.kind, &index, node.mark);
        self.give_part(node, kind, optional);
    }

    fn element(&mut self, of: &Type, index: &Operand, mark: Span) -> Type {
        match of {
            Type::Any => Type::Any,
            Type::Data(_) => Type::DATA,
            Type::List(element) => {
                self.require(index, Kind::Int, "a list's index");
                element.as_ref().clone()
            }
            Type::Map(key, value) => {
                if !key.comparable(&index.kind) {
                    let message = format!("the map's keys are {key}, found {}", index.kind);
                    self.mistake(Mistake::new(message, index.span));
                }
                value.as_ref().clone()
            }
            Type::Fields(_) => {
                self.require(index, Kind::String, "a field's name");
                let name = self.constant(index).and_then(|constant| constant.as_str());
                match name.map(str::to_owned) {
                    Some(name) => self.field(of, &name, index.span),
                    None => Type::Any,
                }
            }
            Type::Optional(value) => {
                let value = value.as_ref().clone();
                Type::optional(self.element(&value, index, mark))
            }
            Type::A(_) => {
                self.mistake(Mistake::new(format!("{of} has no elements"), mark));
                Type::Any
            }
        }
    }
}
