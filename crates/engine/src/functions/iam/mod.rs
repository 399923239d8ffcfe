//! `iam`: IAM policy documents, in a form that an expression can ask without looking out for
//! every way in which a document may be written.
//!
//! The grammar is that of "Grammar of the IAM JSON policy language" in the IAM user guide. What
//! does not follow it is refused rather than skipped: a statement that was overlooked would make
//! a resource compliant by absence.

mod document;
mod json;
mod judgement;
mod statement;
mod wildcard;

use super::{Outcome, invalid, no_overload, quoted};
use cel::extension::{Call, Failure, Kind, Overload, Returns};

const STATEMENTS: Returns = Returns::ListOf(Kind::Map);
const FOUND: Returns = Returns::ListOf(Kind::Map);
const BOOL: Returns = Returns::A(Kind::Bool);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("iam.statements", &[Kind::Map], STATEMENTS, document::statements),
    Overload::global("iam.statements", &[Kind::String], STATEMENTS, document::statements),
    Overload::global("iam.statements", &[Kind::List], STATEMENTS, document::statements),
    Overload::global("iam.outsiders", &[Kind::Any, Kind::Map], FOUND, judgement::outsiders),
    Overload::global("iam.denies", &[Kind::Any, Kind::Map], BOOL, judgement::denies),
    Overload::global("iam.grants", &[Kind::Any], FOUND, judgement::grants),
    Overload::global("iam.matches", &[Kind::String, Kind::String], BOOL, wildcard::matches),
];

#[cfg(test)]
mod tests;
