//! What `plumbline run` prints for programs: one JSON object a line.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::json;
use crate::cli::results::{JsonChange, JsonRow, JsonSummary, SCHEMA_VERSION};
use cel::format_timestamp;
use clock::{Clock, SystemClock};

/// Something that happens.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub(super) enum Event<'e> {
    /// The work begins.
    Started { folder: &'e str, findings: &'e str, metrics: &'e str },
    /// Drift or an unknown verdict of the first round.
    Result(JsonRow<'e>),
    /// A finding changes, in a later round.
    Change(JsonChange<'e>),
    /// A round ends.
    Evaluated { milliseconds: u64, summary: JsonSummary },
    /// Findings were published.
    #[serde(rename_all = "camelCase")]
    Published {
        findings: usize,
        refused: Vec<String>,
        /// What stays as it is though an evaluation asks for something else, and why.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        held_back: &'e [String],
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'e> {
    schema_version: u32,
    time: String,
    #[serde(flatten)]
    event: &'e Event<'e>,
}

/// Writes an event. Whoever read standard output may have gone; the work goes on.
pub(super) fn write_event(event: &Event<'_>) {
    let time = format_timestamp(SystemClock.now());
    let mut line = Vec::new();
    let line_of_event = Line { schema_version: SCHEMA_VERSION, time, event };
    if json::write_compact(&mut line, &line_of_event).is_ok() {
        line.push(b'\n');
        drop(io::stdout().write_all(&line));
    }
}
