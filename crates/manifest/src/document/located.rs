//! An object and where it was read.

use std::ops::Range;
use std::path::Path;

use super::{Diagnostic, Node, SourceFile};
use api::FieldPath;

/// An object and where it was read.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The object.
    pub object: T,
    /// The file that holds it.
    pub file: SourceFile,
    /// The object's tree, with places in the file.
    pub node: Node,
}

impl<T> Located<T> {
    /// The folder of the file that holds the object.
    pub fn folder(&self) -> &Path {
        self.file.path().parent().unwrap_or(Path::new(""))
    }

    /// A mistake in the field at `path`, or in the bytes `part` of the text there.
    pub fn diagnostic(
        &self,
        path: &FieldPath,
        part: Option<Range<usize>>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Diagnostic {
        let range = match part {
            Some(part) => self.node.nearest(path).part(self.file.text(), part),
            None => self.node.place(path),
        };
        Diagnostic { file: self.file.clone(), range, message: message.into(), help }
    }
}
