//! Results as a table for people.
//!
//! As long as there are not many, they are shown together, the most severe first. Of more than
//! that, each is shown as it comes, so that memory is bounded and the first line does not wait for
//! the last.

use std::cmp::Reverse;
use std::io::{self, Write};

use comfy_table::Color;

use super::grid::{Field, Grid};
use super::{KeptRow, Row};
use crate::cli::output::TableStyle;
use engine::plan::Plan;
use model::Severity;

/// So many rows are held back to be sorted, and form one page after that.
const PAGE: usize = 2000;

/// Writes rows as a table.
pub(in crate::cli) struct TableResults<W> {
    out: W,
    columns: Vec<Column>,
    held: Vec<KeptRow>,
    pages: u64,
    grid: Grid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Severity,
    Verdict,
    Control,
    Baseline,
    Account,
    Region,
    Resource,
    Owner,
    Message,
}

impl<W: Write> TableResults<W> {
    /// A table of results of these plans; `verdicts` where they are not all drift.
    pub(in crate::cli) fn new(out: W, plans: &[Plan], verdicts: bool, style: TableStyle) -> Self {
        let mut accounts: Vec<_> =
            plans.iter().flat_map(|plan| &plan.targets).map(|target| &target.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let wanted = [
            (Column::Severity, true),
            (Column::Verdict, verdicts),
            (Column::Control, true),
            (Column::Baseline, plans.len() > 1),
            (Column::Account, accounts.len() > 1),
            (Column::Region, true),
            (Column::Resource, true),
            (Column::Owner, plans.iter().any(|plan| plan.owner_keys.name_somebody())),
            (Column::Message, true),
        ];
        let columns = wanted.into_iter().filter(|(_, shown)| *shown).map(|(column, _)| column);
        let columns: Vec<Column> = columns.collect();
        let header: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        Self { out, grid: Grid::new(&header, style), columns, held: Vec::new(), pages: 0 }
    }

    pub(in crate::cli) fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.held.push(row.kept());
        if self.held.len() < PAGE { Ok(()) } else { self.write_page() }
    }

    /// Writes what is held back still, and gives the output back.
    pub(in crate::cli) fn finish(mut self) -> io::Result<W> {
        if self.pages == 0 {
            self.held.sort_by_cached_key(|row| {
                let control = row.control().to_owned();
                (Reverse(row.severity), control, row.region.clone(), row.resource())
            });
        }
        if !self.held.is_empty() {
            self.write_page()?;
            writeln!(self.out)?;
        }
        Ok(self.out)
    }

    fn write_page(&mut self) -> io::Result<()> {
        for row in self.held.drain(..) {
            self.grid.row(self.columns.iter().map(|column| column.field(&row)));
        }
        self.pages += 1;
        self.grid.write(&mut self.out)
    }
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::Severity => "SEVERITY",
            Self::Verdict => "VERDICT",
            Self::Control => "CONTROL",
            Self::Baseline => "BASELINE",
            Self::Account => "ACCOUNT",
            Self::Region => "REGION",
            Self::Resource => "RESOURCE",
            Self::Owner => "OWNER",
            Self::Message => "MESSAGE",
        }
    }

    fn field(self, row: &Row<'_>) -> Field {
        match self {
            Self::Severity => severity(row.severity),
            Self::Verdict => Field::new(row.verdict_in_short()),
            Self::Control => Field::new(row.control()),
            Self::Baseline => Field::new(&row.baseline),
            Self::Account => Field::new(&*row.account),
            Self::Region => Field::new(&*row.region),
            Self::Resource => Field::new(row.resource()),
            Self::Owner => Field::new(row.owner.as_ref().map_or("", |owner| owner.as_str())),
            Self::Message => Field::new(&*row.message),
        }
    }
}

/// A severity in its colour.
pub(super) fn severity(severity: Severity) -> Field {
    let colour = match severity {
        Severity::Critical => Some(Color::Red),
        Severity::High => Some(Color::DarkYellow),
        Severity::Medium => Some(Color::Yellow),
        Severity::Low | Severity::Informational => None,
    };
    Field::new(severity.as_str()).coloured(colour)
}
