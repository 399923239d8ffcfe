//! Results as a table for people.
//!
//! As long as there are not many, they are shown together, the most severe first. Of more than
//! that, each is shown as it comes, so that memory is bounded and the first line does not wait for
//! the last.

use std::cmp::Reverse;
use std::io::{self, Write};

use comfy_table::{
    Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets,
};

use super::Row;
use crate::cli::output::Look;
use crate::plan::Plan;
use crate::resource::Severity;

/// So many rows are held back to be sorted, and form one page after that.
const PAGE: usize = 2000;

/// What stands between columns.
const PADDING: u16 = 2;
/// Sentences are not wrapped into less than this.
const NARROWEST: u16 = 24;

/// Writes rows as a table.
pub(in crate::cli) struct TableResults<W> {
    out: W,
    columns: Vec<Column>,
    held: Vec<Row>,
    pages: u64,
    look: Look,
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
    Message,
}

impl<W: Write> TableResults<W> {
    /// A table of results of these plans; `verdicts` where they are not all drift.
    pub(in crate::cli) fn new(out: W, plans: &[Plan], verdicts: bool, look: Look) -> Self {
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
            (Column::Message, true),
        ];
        let columns = wanted.into_iter().filter(|(_, shown)| *shown).map(|(column, _)| column);
        Self { out, columns: columns.collect(), held: Vec::new(), pages: 0, look }
    }

    pub(in crate::cli) fn row(&mut self, row: Row) -> io::Result<()> {
        self.held.push(row);
        if self.held.len() < PAGE { Ok(()) } else { self.write_page() }
    }

    /// Writes what is held back still, and gives the output back.
    pub(in crate::cli) fn finish(mut self) -> io::Result<W> {
        if self.pages == 0 {
            self.held.sort_by_cached_key(|row| {
                (Reverse(row.severity), row.control.clone(), row.region.clone(), row.resource())
            });
        }
        if !self.held.is_empty() {
            self.write_page()?;
            writeln!(self.out)?;
        }
        Ok(self.out)
    }

    fn write_page(&mut self) -> io::Result<()> {
        let mut table = table_for(self.look);
        if self.pages == 0 {
            let header = self.columns.iter().map(|column| column.name());
            table.set_header(header.map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        }
        for row in self.held.drain(..) {
            table.add_row(self.columns.iter().map(|column| column.cell(&row)));
        }
        arrange(&mut table, self.look);
        self.pages += 1;
        writeln!(self.out, "{}", table.trim_fmt())
    }
}

/// An empty table without lines.
pub(in crate::cli) fn table_for(look: Look) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !look.coloured {
        table.force_no_tty();
    }
    table
}

/// Takes the space away that would stand before the first column, and on a terminal wraps the last
/// one, which holds sentences. Where the others leave no room for it, nothing is wrapped.
pub(in crate::cli) fn arrange(table: &mut Table, look: Look) {
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    let Some(width) = Table::new().width().filter(|_| look.wrapped) else { return };
    let widths = table.column_max_content_widths();
    let Some((_, others)) = widths.split_last() else { return };
    let taken: u16 = others.iter().map(|width| width + PADDING).sum();
    let Some(room) = width.checked_sub(taken).filter(|room| *room >= NARROWEST) else { return };
    let sentences = ColumnConstraint::UpperBoundary(Width::Fixed(room));
    let constraints = others.iter().map(|_| ColumnConstraint::ContentWidth).chain([sentences]);
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_constraints(constraints);
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
            Self::Message => "MESSAGE",
        }
    }

    fn cell(self, row: &Row) -> Cell {
        match self {
            Self::Severity => {
                let cell = Cell::new(row.severity);
                match colour(row.severity) {
                    Some(colour) => cell.fg(colour),
                    None => cell,
                }
            }
            Self::Verdict => Cell::new(row.verdict()),
            Self::Control => Cell::new(&row.control),
            Self::Baseline => Cell::new(&row.baseline),
            Self::Account => Cell::new(&row.account),
            Self::Region => Cell::new(&row.region),
            Self::Resource => Cell::new(row.resource()),
            Self::Message => Cell::new(&row.message),
        }
    }
}

const fn colour(severity: Severity) -> Option<Color> {
    match severity {
        Severity::Critical => Some(Color::Red),
        Severity::High => Some(Color::DarkYellow),
        Severity::Medium => Some(Color::Yellow),
        Severity::Low | Severity::Informational => None,
    }
}
