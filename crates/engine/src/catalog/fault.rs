//! What may be wrong with a control or pack.

use std::fmt;
use std::ops::Range;

use crate::problem::{Problem, ProblemKind};
use api::{FieldPath, ObjectKey};

/// What is wrong with a control or pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogMistake {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CatalogReason {
    /// Its spec is wrong.
    Invalid,
    /// Another one has its name.
    NameTaken,
}

/// A part of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Its first byte, and the one after its last.
    bytes: (usize, usize),
    /// The line on which it begins, from 1 on.
    pub line: usize,
    /// The column at which it begins, from 1 on.
    pub column: usize,
}

impl Part {
    pub(super) const fn new(bytes: &Range<usize>, line: usize, column: usize) -> Self {
        Self { bytes: (bytes.start, bytes.end), line, column }
    }

    /// Its bytes.
    pub const fn range(&self) -> Range<usize> {
        self.bytes.0..self.bytes.1
    }
}

/// A mistake and the field that has it, of an object that is known from where it is found.
#[derive(Debug)]
pub(super) struct Fault {
    path: FieldPath,
    mistake: CatalogMistake,
}

impl Fault {
    pub(super) fn new(path: FieldPath, message: impl Into<String>) -> Self {
        let mistake = CatalogMistake {
            part: None,
            reason: CatalogReason::Invalid,
            message: message.into(),
            help: None,
            reported_by_reader: false,
        };
        Self { path, mistake }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        self.with_help(Some(help.into()))
    }

    /// What to do about it, where something is known.
    pub(super) fn with_help(mut self, help: Option<String>) -> Self {
        self.mistake.help = help;
        self
    }

    /// The same, unless it says already what to do.
    pub(super) fn or_help(mut self, help: &str) -> Self {
        self.mistake.help.get_or_insert_with(|| help.to_owned());
        self
    }

    pub(super) fn suggesting(self, name: Option<&str>) -> Self {
        match name {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    pub(super) fn at(self, path: FieldPath) -> Self {
        Self { path, ..self }
    }

    pub(super) fn at_part(mut self, part: Part) -> Self {
        self.mistake.part = Some(part);
        self
    }

    pub(super) fn because(mut self, reason: CatalogReason) -> Self {
        self.mistake.reason = reason;
        self
    }

    /// Whoever read the object has reported it.
    pub(super) fn reported_by_reader(mut self) -> Self {
        self.mistake.reported_by_reader = true;
        self
    }

    pub(super) fn of(self, object: &ObjectKey) -> Problem {
        let Self { path, mistake } = self;
        Problem { object: object.clone(), path, kind: ProblemKind::Catalog(mistake) }
    }
}

impl fmt::Display for CatalogMistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match self.part {
            Some(Part { line, column, .. }) => {
                write!(formatter, " at line {line}, column {column}")
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mistake } = self;
        write!(formatter, "{path}: {mistake}")?;
        match &mistake.help {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}
