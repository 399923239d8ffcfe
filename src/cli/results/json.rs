//! Results as one JSON object: `results` first, as they come, then `summary`.

use std::io::{self, Write};

use serde::Serialize;

use super::{JsonSummary, Row};
use crate::cli::exit::CommandError;
use crate::cli::json;
use manifest::document::Diagnostic;

/// The version of the form of JSON output. It grows when a field goes or changes its meaning; new
/// fields may come at any time.
pub(in crate::cli) const SCHEMA_VERSION: u32 = 1;

/// Writes rows into an object that [`finish`](Self::finish) closes. One result a line.
pub(in crate::cli) struct JsonResults<W> {
    out: W,
    rows: u64,
}

impl<W: Write> JsonResults<W> {
    pub(in crate::cli) fn begin(mut out: W) -> io::Result<Self> {
        write!(out, "{{\"schemaVersion\":{SCHEMA_VERSION},\"results\":[")?;
        Ok(Self { out, rows: 0 })
    }

    pub(in crate::cli) fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let separator: &[u8] = if self.rows == 0 { b"\n" } else { b",\n" };
        self.out.write_all(separator)?;
        self.rows += 1;
        json::write_compact(&mut self.out, &row.as_json())
    }

    pub(in crate::cli) fn finish(mut self, summary: &JsonSummary) -> io::Result<()> {
        self.out.write_all(b"\n],\n\"summary\":")?;
        json::write_compact(&mut self.out, summary)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

/// What is written in place of results where there are none, so that standard output is JSON
/// whatever happens.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct JsonError {
    schema_version: u32,
    results: [(); 0],
    summary: Option<()>,
    error: ErrorDetails,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorDetails {
    exit_code: u8,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mistakes: Vec<String>,
}

impl JsonError {
    /// The error as data.
    pub(in crate::cli) fn of(error: &CommandError) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            results: [],
            summary: None,
            error: ErrorDetails {
                exit_code: error.code(),
                message: error.to_string(),
                mistakes: error.mistakes().iter().map(Diagnostic::in_one_line).collect(),
            },
        }
    }
}
