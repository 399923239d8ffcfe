//! What may be wrong with a control or pack.

use std::fmt;
use std::ops::Range;

use crate::api::document::{Diagnostic, Located};
use crate::api::{FieldPath, ObjectKey};

/// Something wrong with a control or pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogProblem {
    /// The control or pack.
    pub object: ObjectKey,
    /// The field to change.
    pub path: FieldPath,
    /// The bytes that are wrong, where the field holds an expression.
    pub part: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A [`CatalogProblem`] whose object is known from where it is found.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) path: FieldPath,
    pub(super) part: Option<Range<usize>>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(path: FieldPath, message: impl Into<String>) -> Self {
        Self { path, part: None, message: message.into(), help: None }
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
        let Self { path, part, message, help } = self;
        CatalogProblem { object: object.clone(), path, part, message, help }
    }
}

impl CatalogProblem {
    /// The problem with its place in the file that the object was read from.
    pub fn located<T>(&self, object: &Located<T>) -> Diagnostic {
        object.diagnostic(&self.path, self.part.clone(), self.message.clone(), self.help.clone())
    }
}

impl fmt::Display for CatalogProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.object, self.path, self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}
