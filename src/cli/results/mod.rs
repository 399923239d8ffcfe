//! How results of an evaluation are shown.

mod advice;
mod grid;
mod json;
mod lines;
mod resource;
mod row;
mod summary;
mod table;

pub(super) use advice::Advice;
pub(super) use grid::{Field, Grid};
pub(super) use json::{JsonError, JsonResults, SCHEMA_VERSION};
pub(super) use lines::{JsonChange, change_line};
pub(super) use row::{JsonRow, KeptRow, Row};
pub(super) use summary::{JsonSummary, summary_line, write_summary};
pub(super) use table::TableResults;

use std::io::{self, Write};

use super::output::{Room, TableStyle};
use engine::evaluation::EvaluationResult;
use model::{Verdict, printable};

/// Which results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Only {
    /// Drift that is not exempt.
    #[default]
    Drift,
    /// Unknown verdicts.
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

/// Writes a line, on several where a terminal is narrower.
fn write_line(out: &mut impl Write, line: &str, style: TableStyle) -> io::Result<()> {
    let line = printable(line);
    match style.room {
        Room::Endless => writeln!(out, "{line}"),
        Room::Within(width) => writeln!(out, "{}", grid::wrapped(&line, "", width)),
    }
}
