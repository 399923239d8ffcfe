//! Which overloads a call may run, and what they give.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::operators::container;
use super::{Checker, MOST_MISTAKES, Operand};
use crate::mistake::{Mistake, nearest};
use crate::pattern::Pattern;
use crate::signature::{Kind, Overload, Returns};
use crate::syntax::Node;
use crate::types::Type;

/// What a call may run.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The overloads that may take the arguments as far as their types are known.
    pub(crate) overloads: Box<[&'static Overload]>,
    /// The regular expression among the arguments, where it is a literal.
    pub(crate) pattern: Option<Arc<Pattern>>,
}

/// Overloads are distinguished by where they are declared, patterns by their text.
impl Hash for Site {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.overloads.len().hash(state);
        for overload in &self.overloads {
            std::ptr::from_ref(*overload).hash(state);
        }
        self.pattern.as_ref().map(|pattern| pattern.regex.as_str()).hash(state);
    }
}

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        at: usize,
        node: &Node,
        name: &str,
        is_receiver: bool,
        arguments: usize,
    ) {
        let arguments = self.pop_many(arguments);
        if let Some(expected) = expected(name, &arguments) {
            self.expects.insert(at, expected);
        }
        let kind = match self.resolve(node, name, is_receiver, &arguments) {
            Some(overloads) => {
                let pattern = self.literal_pattern(&overloads, &arguments);
                let kind = result(&overloads, &arguments);
                self.calls.insert(at, Site { overloads, pattern });
                kind
            }
            None => Type::Any,
        };
        self.give(node, kind);
    }

    fn resolve(
        &mut self,
        node: &Node,
        name: &str,
        is_receiver: bool,
        arguments: &[Operand],
    ) -> Option<Box<[&'static Overload]>> {
        let overloads = self.environment.overloads(name, is_receiver);
        if overloads.is_empty() {
            self.unknown_function(node, name, is_receiver);
            return None;
        }
        let arity = |overload: &&&Overload| overload.parameters.len() == arguments.len();
        if !overloads.iter().any(|overload| arity(&overload)) {
            let mistake = wrong_arity(node, name, is_receiver, &overloads, arguments.len());
            self.mistake(mistake);
            return None;
        }
        let fits = |overload: &&&Overload| {
            let pairs = overload.parameters.iter().zip(arguments);
            arity(overload) && pairs.into_iter().all(|(kind, given)| given.kind.may_be(*kind))
        };
        let fitting: Box<[_]> = overloads.iter().filter(fits).copied().collect();
        if fitting.is_empty() {
            let given = list(arguments.iter().map(|argument| argument.kind.to_string()));
            let takes = overloads
                .iter()
                .filter(arity)
                .map(|overload| list(overload.parameters.iter().map(|kind| kind.name().into())));
            let takes = takes.collect::<Vec<_>>().join(" or ");
            let message = format!("`{name}` takes {takes}, found {given}");
            self.mistake(Mistake::new(message, node.mark));
            return None;
        }
        Some(fitting)
    }

    fn unknown_function(&mut self, node: &Node, name: &str, is_receiver: bool) {
        if self.mistakes.len() >= MOST_MISTAKES {
            return;
        }
        let mistake = if self.environment.overloads(name, !is_receiver).is_empty() {
            let suggestion = nearest(name, self.environment.functions());
            Mistake::new(format!("unknown function `{name}`"), node.mark).suggesting(suggestion)
        } else if is_receiver {
            Mistake::new(format!("`{name}` is called as `{name}(value)`"), node.mark)
        } else {
            Mistake::new(format!("`{name}` is called as `value.{name}()`"), node.mark)
        };
        self.mistake(mistake);
    }

    /// The compiled form of a literal that is used as a regular expression.
    fn literal_pattern(
        &mut self,
        overloads: &[&Overload],
        arguments: &[Operand],
    ) -> Option<Arc<Pattern>> {
        let place = overloads.iter().find_map(|overload| overload.pattern)?;
        let argument = arguments.get(place)?;
        match Pattern::compile(self.constant(argument)?.as_str()?) {
            Ok(pattern) => Some(Arc::new(pattern)),
            Err(reason) => {
                let message = format!("invalid regular expression: {reason}");
                self.mistake(Mistake::new(message, argument.span));
                None
            }
        }
    }
}

/// What a function that measures, or looks for equals, expects of a part of an item.
fn expected(name: &str, arguments: &[Operand]) -> Option<Kind> {
    match (name, arguments) {
        ("size", [Operand { kind: Type::Data(Kind::String), .. }]) => Some(Kind::String),
        ("size", [Operand { kind: Type::Data(hint), .. }]) => Some(container(*hint)),
        (
            "sets.contains" | "sets.equivalent" | "sets.intersects" | "indexOf" | "lastIndexOf",
            [one, other],
        ) => {
            let elements = |operand: &Operand| match &operand.kind {
                Type::List(element) => element.as_ref().clone(),
                kind => kind.clone(),
            };
            elements(one).must_be_like(&elements(other)).then_some(Kind::Any)
        }
        _ => None,
    }
}

fn list(names: impl Iterator<Item = String>) -> String {
    format!("({})", names.collect::<Vec<_>>().join(", "))
}

fn wrong_arity(
    node: &Node,
    name: &str,
    is_receiver: bool,
    overloads: &[&Overload],
    given: usize,
) -> Mistake {
    let hidden = usize::from(is_receiver);
    let mut counts: Vec<usize> =
        overloads.iter().map(|overload| overload.parameters.len() - hidden).collect();
    counts.sort_unstable();
    counts.dedup();
    let takes = counts.iter().map(usize::to_string).collect::<Vec<_>>().join(" or ");
    let noun = if counts == [1] { "argument" } else { "arguments" };
    let given = given - hidden;
    Mistake::new(format!("`{name}` takes {takes} {noun}, found {given}"), node.mark)
}

fn result(overloads: &[&'static Overload], arguments: &[Operand]) -> Type {
    let mut results = overloads.iter().map(|overload| returned(overload.returns, arguments));
    let first = results.next().unwrap_or(Type::Any);
    results.fold(first, |joined, kind| joined.join_or_any(&kind))
}

fn returned(returns: Returns, arguments: &[Operand]) -> Type {
    let argument = |at: usize| arguments.get(at).map_or(Type::Any, |given| given.kind.clone());
    match returns {
        Returns::A(kind) => Type::of(kind),
        Returns::ListOf(kind) => Type::list(Type::of(kind)),
        Returns::SameAs(at) => argument(at),
        Returns::ElementOf(at) => argument(at).element(),
        Returns::OptionalOf(at) => Type::optional(argument(at)),
        Returns::OptionalElementOf(at) => Type::optional(argument(at).element()),
    }
}
