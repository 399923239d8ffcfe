//! How results of an evaluation are shown.

mod json;
mod lines;
mod resource;
mod row;
mod summary;
mod table;

pub(super) use json::JsonResults;
pub(super) use lines::change_line;
pub(super) use row::Row;
pub(super) use summary::{JsonSummary, write_summary};
pub(super) use table::{TableResults, arrange, table_for};

use crate::evaluation::EvaluationResult;
use crate::resource::Verdict;

/// Which results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Only {
    /// What is not as it should be, and not exempt.
    #[default]
    Drift,
    /// What could not be told.
    Unknown,
    /// Every result.
    All,
}

impl Only {
    /// Whether a result is shown.
    pub(super) fn filter(self) -> fn(&EvaluationResult<'_>) -> bool {
        match self {
            Self::Drift => |result| result.is_drift(),
            Self::Unknown => |result| matches!(result.verdict, Verdict::Unknown(_)),
            Self::All => |_| true,
        }
    }
}
