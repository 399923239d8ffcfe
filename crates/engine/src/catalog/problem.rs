//! What may be wrong with a control or pack.

use std::fmt;
use std::ops::Range;

use api::{FieldPath, ObjectKey};
use manifest::document::{Diagnostic, Located};

/// Something wrong with a control or pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogProblem {
    /// The control or pack.
    pub object: ObjectKey,
    /// The field to change.
    pub path: FieldPath,
    /// The part that is wrong, where the field holds an expression.
    pub part: Option<Part>,
    /// What sort of mistake it is.
    pub reason: CatalogReason,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether whoever read the object has reported it: a rule of the CRD, or two of one name.
    pub reported_by_reader: bool,
}

/// What sort of mistake a control or pack has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogReason {
    /// Its spec is wrong.
    Invalid,
    /// Another one has its name.
    NameTaken,
}

/// A part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its bytes.
    pub range: Range<usize>,
    /// The line on which it begins, from 1 on.
    pub line: usize,
    /// The column at which it begins, from 1 on.
    pub column: usize,
}

/// A [`CatalogProblem`] whose object is known from where it is found.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) path: FieldPath,
    pub(super) part: Option<Part>,
    pub(super) reason: CatalogReason,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) reported_by_reader: bool,
}

impl Fault {
    pub(super) fn new(path: FieldPath, message: impl Into<String>) -> Self {
        Self {
            path,
            part: None,
            reason: CatalogReason::Invalid,
            message: message.into(),
            help: None,
            reported_by_reader: false,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn suggesting(self, name: Option<&str>) -> Self {
        match name {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    pub(super) fn of(self, object: &ObjectKey) -> CatalogProblem {
        let Self { path, part, reason, message, help, reported_by_reader } = self;
        let object = object.clone();
        CatalogProblem { object, path, part, reason, message, help, reported_by_reader }
    }
}

impl CatalogProblem {
    /// The problem with its place in the file that the object was read from.
    pub fn located<T>(&self, object: &Located<T>) -> Diagnostic {
        let part = self.part.as_ref().map(|part| part.range.clone());
        object.diagnostic(&self.path, part, self.message.clone(), self.help.clone())
    }
}

impl fmt::Display for CatalogProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.object, self.path, self.message)?;
        describe(formatter, self.part.as_ref(), self.help.as_deref())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)?;
        describe(formatter, self.part.as_ref(), self.help.as_deref())
    }
}

fn describe(
    formatter: &mut fmt::Formatter<'_>,
    part: Option<&Part>,
    help: Option<&str>,
) -> fmt::Result {
    if let Some(Part { line, column, .. }) = part {
        write!(formatter, " at line {line}, column {column}")?;
    }
    match help {
        Some(help) => write!(formatter, "; {help}"),
        None => Ok(()),
    }
}
