//! What a control's expressions may name and must return.

use super::problem::Fault;
use crate::api::{ControlSpec, ExpressionCheck, FieldPath};

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Program(());

/// What an expression must return.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expects {
    Bool,
    String,
    Key,
}

/// What the expressions of a control may name.
pub(super) struct Scopes;

impl Scopes {
    pub(super) fn of(_: &ControlSpec, _: &ExpressionCheck) -> Self {
        Self
    }

    pub(super) fn subject(&self) -> &Self {
        self
    }

    pub(super) fn key(&self) -> &Self {
        self
    }
}

pub(super) fn compile(
    source: &str,
    _: &Scopes,
    _: Expects,
    _: &FieldPath,
    _: &mut Vec<Fault>,
) -> Option<Program> {
    (!source.is_empty()).then_some(Program(()))
}

pub(super) fn reads_parameter(_: &Program, _: &str) -> bool {
    true
}

pub(super) fn reads_related(_: &Program, _: &str) -> bool {
    true
}
