//! Macros: calls that bind names or do not run all of their arguments.

use super::Parser;
use super::member::is_free;
use crate::lexer::Token;
use crate::mistake::{Mistake, Span};
use crate::syntax::{Form, Loop, NodeKind};

/// What a macro that iterates looks like.
#[derive(Clone, Copy)]
struct Shape {
    form: Form,
    /// How many names it takes, at least and at most.
    names: (usize, usize),
    /// Whether it may take a condition before its last argument.
    filters: bool,
    example: &'static str,
}

fn shape(name: &str) -> Option<Shape> {
    let (form, names, filters, example) = match name {
        "all" => (Form::All, (1, 2), false, "list.all(x, x > 0)"),
        "exists" => (Form::Exists, (1, 2), false, "list.exists(x, x > 0)"),
        "exists_one" | "existsOne" => (Form::ExistsOne, (1, 2), false, "list.exists_one(x, x > 0)"),
        "filter" => (Form::Filter, (1, 1), false, "list.filter(x, x > 0)"),
        "map" => (Form::List, (1, 1), true, "list.map(x, x + 1)"),
        "sortBy" => (Form::Sorted, (1, 1), false, "list.sortBy(x, x.name)"),
        "transformList" => (Form::List, (2, 2), true, "map.transformList(key, value, value)"),
        "transformMap" => (Form::Map, (2, 2), true, "map.transformMap(key, value, value)"),
        "transformMapEntry" => {
            (Form::Entries, (2, 2), true, "map.transformMapEntry(key, value, {value: key})")
        }
        _ => return None,
    };
    Some(Shape { form, names, filters, example })
}

impl Parser<'_> {
    /// `has(value.field)`; the next token is the opening parenthesis.
    pub(super) fn has(&mut self, mark: Span) -> Result<(), Mistake> {
        self.expect("(")?;
        let argument = self.span();
        self.expression()?;
        self.expect(")")?;
        let whole = mark.to(self.span_of(self.at.saturating_sub(1)));
        match self.nodes.last_mut() {
            Some(node) => match &mut node.kind {
                NodeKind::Select { field, optional: false } => {
                    node.kind = NodeKind::Has(std::mem::take(field));
                    node.span = whole;
                    Ok(())
                }
                _ => Err(Mistake::new(
                    "`has` takes a field: `has(value.field)`",
                    argument.to(self.span_of(self.at.saturating_sub(2))),
                )),
            },
            None => Ok(()),
        }
    }

    /// Parses the call of `name` on the value parsed last, where `name` is a macro's.
    pub(super) fn receiver_macro(
        &mut self,
        start: Span,
        mark: Span,
        name: &str,
    ) -> Result<bool, Mistake> {
        if let Some(shape) = shape(name) {
            return self.iterate(start, mark, name, shape).map(|()| true);
        }
        match name {
            "optMap" => self.map_optional(start, mark, false)?,
            "optFlatMap" => self.map_optional(start, mark, true)?,
            "or" => self.or_else(start, mark, false)?,
            "orValue" => self.or_else(start, mark, true)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `name(x, body)`, `name(i, x, body)`, `name(x, condition, body)`.
    fn iterate(
        &mut self,
        start: Span,
        mark: Span,
        name: &str,
        shape: Shape,
    ) -> Result<(), Mistake> {
        let misused = |span| Mistake::new(format!("`{name}` is used as `{}`", shape.example), span);
        self.expect("(")?;
        let (least, most) = shape.names;
        let mut names = Vec::new();
        while names.len() < most && *self.peek_at(1) == Token::Symbol(",") {
            // `all(x, y, ...)` has two names: the last argument is never one.
            let Some(name) = self.local_name() else { break };
            names.push(name);
        }
        if names.len() < least || names.first() == names.get(1) {
            return Err(misused(self.span()));
        }
        let first = names.first().map(|name| self.scope.enter(name)).unwrap_or_default();
        let second = names.get(1).map(|name| self.scope.enter(name));
        let loop_ = Loop { form: shape.form, first, second };
        self.push(NodeKind::Enter(loop_), start, mark);
        self.expression()?;
        if shape.filters && self.accept(",") {
            self.push(NodeKind::Keep, mark, mark);
            self.expression()?;
        }
        if !self.accept(")") {
            return Err(if self.is_next(",") { misused(mark) } else { self.unexpected("`)`") });
        }
        self.scope.leave(names.len());
        self.push(NodeKind::Leave(loop_), start, mark);
        Ok(())
    }

    /// `cel.bind(name, value, body)`; the next token is the opening parenthesis.
    pub(super) fn bind(&mut self, start: Span) -> Result<(), Mistake> {
        let mark = start.to(self.span_of(self.at.saturating_sub(1)));
        self.expect("(")?;
        let name = self.expect_name("cel.bind(name, value, name + name)")?;
        self.expression()?;
        self.expect(",")?;
        let local = self.scope.enter(&name);
        self.push(NodeKind::Bind(local), start, mark);
        self.expression()?;
        self.expect(")")?;
        self.scope.leave(1);
        self.push(NodeKind::Unbind, start, mark);
        Ok(())
    }

    /// `optional.optMap(x, body)`.
    fn map_optional(&mut self, start: Span, mark: Span, flat: bool) -> Result<(), Mistake> {
        self.expect("(")?;
        let name = self.expect_name("value.optMap(x, x + 1)")?;
        let local = self.scope.enter(&name);
        self.push(NodeKind::EnterOptional(local), start, mark);
        self.expression()?;
        self.expect(")")?;
        self.scope.leave(1);
        self.push(NodeKind::LeaveOptional { flat }, start, mark);
        Ok(())
    }

    /// `optional.or(other)`, `optional.orValue(other)`: what stands in is run only when needed.
    fn or_else(&mut self, start: Span, mark: Span, unwrap: bool) -> Result<(), Mistake> {
        self.expect("(")?;
        self.push(NodeKind::BetweenOrElse { unwrap }, start, mark);
        self.expression()?;
        self.expect(")")?;
        self.push(NodeKind::OrElse { unwrap }, start, mark);
        Ok(())
    }

    fn expect_name(&mut self, example: &str) -> Result<Box<str>, Mistake> {
        let span = self.span();
        let message = || format!("a name is missing: `{example}`");
        self.local_name().ok_or_else(|| Mistake::new(message(), span))
    }

    /// A name and the comma behind it.
    fn local_name(&mut self) -> Option<Box<str>> {
        let Token::Name(name) = self.peek() else { return None };
        if !is_free(name) || *self.peek_at(1) != Token::Symbol(",") {
            return None;
        }
        let name = name.clone();
        self.at += 2;
        Some(name)
    }
}
