//! The controls and packs that baselines name: the built-in ones and a team's own, compiled and
//! indexed by name.
//!
//! An invalid control is left out and reported; it never stands in the way of the others.

mod compiled;
mod index;
mod program;

pub use compiled::{
    CompiledCheck, CompiledControl, CompiledExpression, CompiledRelated, Origin, slots,
};
pub use index::{Catalog, CatalogProblem};
pub use program::Program;
