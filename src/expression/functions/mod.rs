//! The functions of the expression language, one file for each library.

use super::signature::Overload;

/// All of them.
pub(crate) const LIBRARIES: &[&[Overload]] = &[];
