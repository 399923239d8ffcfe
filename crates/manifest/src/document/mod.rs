//! Objects as files hold them: YAML or JSON trees in which every value knows its place, so that a
//! mistake is shown where it stands.

mod check;
mod diagnostic;
mod located;
mod node;
mod place;
mod reader;
mod scalar;
mod schema;
mod syntax;

use std::ops::Range;

use serde_json::Value;

pub(crate) use check::{Checked, check};
pub use diagnostic::{Diagnostic, SourceFile};
pub use located::Located;
pub use node::{Content, Entry, Node, Text};
pub use reader::read;
pub(crate) use reader::{Read, read_with_tags};
#[doc(hidden)]
pub use schema::derived_schemas;
pub(crate) use schema::{kinds, of_kind};

/// A mistake in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes of the text that are wrong.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Mistake {
    /// The mistake with the file in which it was made.
    #[must_use]
    pub fn in_file(self, file: &SourceFile) -> Diagnostic {
        let Self { range, message, help } = self;
        Diagnostic { file: file.clone(), range, message, help }
    }
}

/// A rule of a schema (`x-kubernetes-validations`) and the value that it holds for.
#[derive(Debug)]
pub(crate) struct Rule<'s> {
    /// Where the value stands.
    pub(crate) range: Range<usize>,
    /// The expression, in which the value is `self`.
    pub(crate) source: &'s str,
    /// What is wrong where it gives false.
    pub(crate) message: &'s str,
    /// The same, computed of the value, where the rule tells more.
    pub(crate) message_expression: Option<&'s str>,
    /// The value with the defaults of its schema.
    pub(crate) value: Value,
}
