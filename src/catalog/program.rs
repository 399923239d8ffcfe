//! Stands in for the expression compiler's program until it is there.

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Program(());
