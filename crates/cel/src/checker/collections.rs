//! The types of lists and maps, and of the macros over them.

use rustc_hash::FxHashSet;

use super::operators::ORDERED;
use super::{Checker, Operand};
use crate::constant::Constant;
use crate::mistake::Mistake;
use crate::signature::Kind;
use crate::syntax::{Form, Loop, Node};
use crate::types::Type;

/// The types that a map's keys may have.
const KEYS: [Kind; 4] = [Kind::Bool, Kind::Int, Kind::UInt, Kind::String];

impl Checker<'_> {
    pub(super) fn list(&mut self, node: &Node, flags: &[bool]) {
        let elements = self.pop_many(flags.len());
        let mut joined: Option<Type> = None;
        for (element, optional) in elements.iter().zip(flags) {
            let kind = self.unwrapped(element, *optional);
            joined = Some(join(joined.as_ref(), kind));
        }
        self.give(node, Type::list(joined.unwrap_or(Type::Any)));
    }

    /// The type of `?element`'s value where it has one.
    fn unwrapped(&mut self, operand: &Operand, optional: bool) -> Type {
        if !optional {
            return operand.kind.clone();
        }
        self.require(operand, Kind::Optional, "`?`");
        operand.kind.element()
    }

    pub(super) fn map(&mut self, node: &Node, flags: &[bool]) {
        let operands = self.pop_many(flags.len() * 2);
        let (mut keys, mut values): (Option<Type>, Option<Type>) = (None, None);
        let mut seen = FxHashSet::default();
        for (entry, optional) in operands.chunks(2).zip(flags) {
            let [key, value] = entry else { continue };
            self.key(key, &mut seen);
            keys = Some(join(keys.as_ref(), key.kind.clone()));
            let value = self.unwrapped(value, *optional);
            values = Some(join(values.as_ref(), value));
        }
        self.give(node, Type::map(keys.unwrap_or(Type::Any), values.unwrap_or(Type::Any)));
    }

    fn key(&mut self, key: &Operand, seen: &mut FxHashSet<String>) {
        if !KEYS.into_iter().any(|kind| key.kind.may_be(kind)) {
            let message =
                format!("a map's key must be a bool, int, uint or string, found {}", key.kind);
            self.mistake(Mistake::new(message, key.span));
        }
        let text = match self.constant(key) {
            // Numbers that are equal are the same key whatever their types.
            Some(Constant::Int(int)) => int.to_string(),
            Some(Constant::UInt(uint)) => uint.to_string(),
            Some(Constant::Bool(bool)) => bool.to_string(),
            Some(Constant::String(text)) => format!("\"{text}"),
            _ => return,
        };
        if !seen.insert(text) {
            self.mistake(Mistake::new("the key appears twice in the map", key.span));
        }
    }

    pub(super) fn enter(&mut self, at: usize, node: &Node, of: Loop) {
        let range = self.pop();
        if let Type::Data(hint) = range.kind {
            self.expects.insert(at, goes_over(hint, of));
        }
        let (key, value) = match &range.kind {
            Type::List(element) => (Type::A(Kind::Int), element.as_ref().clone()),
            Type::Map(key, value) => (key.as_ref().clone(), value.as_ref().clone()),
            Type::Fields(_) => (Type::A(Kind::String), Type::Any),
            Type::Any => (Type::Any, Type::Any),
            Type::Data(Kind::Map) => (Type::A(Kind::String), Type::DATA),
            Type::Data(_) => (Type::Any, Type::DATA),
            other => {
                let message = format!("only lists and maps have elements, found {other}");
                self.mistake(Mistake::new(message, node.mark));
                (Type::Any, Type::Any)
            }
        };
        if let Some(second) = of.second {
            self.bind(of.first, key);
            self.bind(second, value);
        } else {
            let has_elements = match range.kind {
                Type::Data(kind) => kind != Kind::Map,
                Type::List(_) => true,
                _ => false,
            };
            self.bind(of.first, if has_elements { value } else { key });
        }
        self.ranges.push(range.kind);
    }

    pub(super) fn leave(&mut self, node: &Node, of: Loop) {
        let body = self.pop();
        self.is_sound &= !self.ranges.is_empty();
        let range = self.ranges.pop().unwrap_or(Type::Any);
        if matches!(of.form, Form::All | Form::Exists | Form::ExistsOne | Form::Filter) {
            self.require(&body, Kind::Bool, "a macro's condition");
        }
        let kind = match of.form {
            Form::All | Form::Exists | Form::ExistsOne => Type::BOOL,
            Form::Filter => match range {
                Type::Map(key, _) => Type::List(key),
                Type::Data(kind) if kind != Kind::Map => Type::list(Type::DATA),
                Type::Data(_) | Type::Fields(_) => Type::list(Type::A(Kind::String)),
                Type::List(_) => range,
                _ => Type::list(Type::Any),
            },
            Form::Sorted => {
                self.sorted(node, &range, &body);
                match range {
                    Type::List(_) => range,
                    Type::Data(_) => Type::list(Type::DATA),
                    _ => Type::list(Type::Any),
                }
            }
            Form::List => Type::list(body.kind),
            Form::Map => match range {
                Type::List(_) => Type::map(Type::A(Kind::Int), body.kind),
                Type::Map(key, _) => Type::map(key.as_ref().clone(), body.kind),
                _ => Type::map(Type::Any, body.kind),
            },
            Form::Entries => {
                self.require(&body, Kind::Map, "`transformMapEntry`");
                body.kind
            }
        };
        self.give(node, kind);
    }

    /// `sortBy` takes a list, and keys that have an order.
    fn sorted(&mut self, node: &Node, range: &Type, key: &Operand) {
        if !range.may_be(Kind::List) {
            self.mistake(Mistake::new(format!("`sortBy` needs list, found {range}"), node.mark));
        }
        let has_order = |kind: Kind| key.kind.may_be(kind);
        if !key.kind.is_number() && !ORDERED.into_iter().any(has_order) {
            let message = format!("a list is not sorted by {}", key.kind);
            self.mistake(Mistake::new(message, key.span));
        }
    }

    pub(super) fn leave_optional(&mut self, node: &Node, flat: bool) {
        let body = self.pop();
        if flat {
            self.require(&body, Kind::Optional, "`optFlatMap`");
            self.give(node, body.kind);
        } else {
            self.give(node, Type::optional(body.kind));
        }
    }

    pub(super) fn or_else(&mut self, node: &Node, unwrap: bool) {
        let otherwise = self.pop();
        let optional = self.pop();
        let by = if unwrap { "`orValue`" } else { "`or`" };
        self.require(&optional, Kind::Optional, by);
        let value = optional.kind.element();
        if unwrap {
            let joined = value.join(&otherwise.kind);
            if joined.is_none() {
                let message = format!("{by} needs {value}, found {}", otherwise.kind);
                self.mistake(Mistake::new(message, otherwise.span));
            }
            self.give(node, joined.unwrap_or(Type::Any));
        } else {
            self.require(&otherwise, Kind::Optional, by);
            let joined = value.join_or_any(&otherwise.kind.element());
            self.give(node, Type::optional(joined));
        }
    }
}

/// What a macro goes over that is given a part of an item. One name stands for a list's elements,
/// unless the author shows that a map is meant; two names may stand for either's.
const fn goes_over(hint: Kind, of: Loop) -> Kind {
    match hint {
        Kind::List | Kind::Map => hint,
        _ if of.second.is_some() => Kind::Any,
        _ => Kind::List,
    }
}

fn join(joined: Option<&Type>, kind: Type) -> Type {
    match joined {
        Some(joined) => joined.join_or_any(&kind),
        None => kind,
    }
}
