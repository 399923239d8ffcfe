//! The controls and packs that baselines name: the built-in ones and a team's own, compiled and
//! indexed by name.
//!
//! An invalid control is reported with the place of its mistake, and its last valid version stays
//! in force where there is one; it never stands in the way of the others.

mod bounds;
mod built_in;
mod compile;
mod compiled;
mod coverage;
mod fault;
mod index;
mod last_good;
mod parameters;
mod practices;
mod program;
mod refused;
mod rule;
mod sensitive;
mod variants;

pub use bounds::Bound;
pub use built_in::{built_in_mistakes, built_in_tests};
pub use compiled::{
    CompiledCheck, CompiledControl, CompiledExpression, CompiledRelated, CompiledRule, Origin,
    SensitivePath, slots,
};
pub use coverage::coverage_page;
pub use fault::{CatalogMistake, CatalogReason, Part};
pub(crate) use index::WHICH_CONTROLS;
pub use index::{Catalog, RESERVED_PREFIX};
pub use last_good::{LastGoodCatalog, OwnObjects};
pub use parameters::{ParameterFault, Parameters};
pub use practices::{PRACTICES, Practice, PracticeKind, practice};
pub use variants::{ExpressionPart, MutantControl};
