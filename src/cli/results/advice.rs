//! What follows a table: how to fix what drifts, and what is unknown and why.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::grid::{Field, Grid};
use super::table::severity;
use super::{Row, write_line};
use crate::cli::output::TableStyle;
use crate::cli::plural::counted;
use api::Remediation;
use model::{Severity, UnknownReason};

/// So many entries of what is unknown are named.
const NAMED: usize = 20;

/// Gathers from results what to do about them: each control once, so that memory is bounded by the
/// baselines' controls.
#[derive(Debug, Default)]
pub(in crate::cli) struct Advice {
    fixes: BTreeMap<(Reverse<Severity>, String), Remediation>,
    unknown: BTreeMap<(Reverse<Severity>, String, UnknownReason), Unknown>,
}

#[derive(Debug)]
struct Unknown {
    results: u64,
    /// Why the first of them is unknown.
    why: String,
}

impl Advice {
    /// Takes note of a result.
    pub(in crate::cli) fn note(&mut self, row: &Row<'_>) {
        let control = row.control().to_owned();
        if row.is_drift() {
            let fix = || row.remediation().clone();
            self.fixes.entry((Reverse(row.severity), control)).or_insert_with(fix);
        } else if let Some(reason) = row.reason() {
            let key = (Reverse(row.severity), control, reason);
            let first = || Unknown { results: 0, why: row.message.to_string() };
            self.unknown.entry(key).or_insert_with(first).results += 1;
        }
    }

    /// Writes how to fix each control that drifts, the most severe first.
    pub(in crate::cli) fn write_fixes(
        &self,
        out: &mut impl Write,
        style: TableStyle,
    ) -> io::Result<()> {
        if self.fixes.is_empty() {
            return Ok(());
        }
        let mut grid = Grid::new(&["CONTROL", "HOW TO FIX IT"], style);
        for ((_, control), fix) in &self.fixes {
            let url = fix.url.as_deref().unwrap_or_default();
            grid.row([Field::new(control), Field::sentence(&format!("{} {url}", fix.text))]);
        }
        grid.write(out)?;
        writeln!(out)
    }

    /// Writes what is unknown and why, the most severe first, and where the rest of it is shown.
    pub(in crate::cli) fn write_unknown(
        &self,
        out: &mut impl Write,
        style: TableStyle,
        rest: &str,
    ) -> io::Result<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let mut grid = Grid::new(&["SEVERITY", "UNKNOWN", "REASON", "RESULTS", "WHY"], style);
        for ((Reverse(of), control, reason), unknown) in self.unknown.iter().take(NAMED) {
            grid.row([
                severity(*of),
                Field::new(control),
                Field::new(reason.as_str()),
                Field::new(unknown.results.to_string()),
                Field::sentence(&unknown.why),
            ]);
        }
        grid.write(out)?;
        if let Some(more) = self.unknown.len().checked_sub(NAMED).filter(|more| *more > 0) {
            write_line(out, &format!("and {} more; {rest}", counted(more, "control")), style)?;
        }
        writeln!(out)
    }
}
