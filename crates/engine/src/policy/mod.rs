//! What IAM policy documents allow, and to whom.
//!
//! A document is judged by the requests that it lets through, not by how it is written: by what
//! [`outsiders`] may use it, whether it [denies](is_denied) every request of a kind, and how broad
//! its [`grants`] are. A judgement asks whether a request exists that a statement allows and that
//! no statement denies. Each condition key is a set of values that a caller of some kind may bring
//! ([`domain`]), each condition a test on them, and a request exists where every key has a value
//! that passes all its tests ([`possible`]). Patterns are compared as sets of texts ([`words`], [`search`]).
//!
//! Promises: whoever outside may make a request is reported. Where a document leaves that open (a
//! policy variable whose value the caller brings), it is taken to be so. What is not understood is
//! an [`Error`], never a silence. Work is bounded by a [`Budget`].
//!
//! The rules are those of the IAM user guide: "Policy evaluation logic", "IAM JSON policy elements:
//! Condition operators", "Multivalued context keys" and "Policy elements: Variables and tags".

mod callers;
mod claims;
mod condition;
mod document;
mod domain;
mod grants;
mod outside;
mod pattern;
mod possible;
mod principal;
mod request;
mod search;
mod values;
mod words;
mod world;

use thiserror::Error;

pub(crate) use document::Statement;
pub(crate) use grants::{Grant, grants};
pub(crate) use outside::{Outsider, Question, outsiders};
pub(crate) use request::{Refusal, is_denied};

/// Why a document cannot be judged.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Something in the document is not understood; says what.
    #[error("{0}")]
    NotUnderstood(String),
    /// The document is too involved for the budget.
    #[error("the document takes too many steps to judge")]
    TooManySteps,
}

impl Error {
    fn not_understood(problem: impl Into<String>) -> Self {
        Self::NotUnderstood(problem.into())
    }
}

type Result<T> = std::result::Result<T, Error>;

/// What a judgement may still spend, in steps of some nanoseconds.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
}

impl Budget {
    /// A budget of so many steps.
    pub(crate) const fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// What is left of it.
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    fn spend(&mut self, steps: usize) -> Result<()> {
        let left = self.left.checked_sub(steps as u64).ok_or(Error::TooManySteps)?;
        self.left = left;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
