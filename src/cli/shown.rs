//! What `scan` writes to standard output, in the format that was asked for.

use std::io::{self, BufWriter, Stdout, Write};

use clap::ValueEnum;

use super::exit::CommandError;
use super::json;
use super::output::{self, Room, TableStyle};
use super::reports::{DeclaredPlaces, End, Report, ReportFormat};
use super::results::{
    Advice, JsonError, JsonResults, JsonSummary, Only, Row, TableResults, write_summary,
};
use assess::RoundReport;
use engine::evaluation::{EvaluationResult, Results};
use engine::plan::Plan;
use model::Verdict;

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    Table,
    Wide,
    Json,
    Asff,
    Sarif,
    Junit,
    Github,
}

impl OutputFormat {
    /// Which results are shown. Findings come from the comparison with what is published: nothing.
    pub(super) fn filter(self, only: Option<Only>) -> fn(&EvaluationResult<'_>) -> bool {
        let wanted = only.unwrap_or_default();
        match self {
            Self::Table | Self::Wide if wanted == Only::Drift => {
                // What is unknown is named below the table.
                |result| result.is_drift() || matches!(result.verdict, Verdict::Unknown(_))
            }
            Self::Table | Self::Wide | Self::Json => wanted.filter(),
            Self::Asff => |_| false,
            Self::Sarif | Self::Junit | Self::Github => {
                self.report().map_or_else(|| wanted.filter(), |report| report.filter(only))
            }
        }
    }

    /// Where programs read the output and nothing of it is written yet, an error is written in the
    /// same format.
    pub(super) fn or_failure<T>(self, done: Result<T, CommandError>) -> Result<T, CommandError> {
        if let Err(error) = &done {
            if self == Self::Json {
                output::write(|out| json::write_pretty(out, &JsonError::of(error)))?;
            } else if let Some(report) = self.report() {
                report.write_failure(BufWriter::new(io::stdout()), error)?;
            }
        }
        done
    }

    const fn report(self) -> Option<ReportFormat> {
        match self {
            Self::Sarif => Some(ReportFormat::Sarif),
            Self::Junit => Some(ReportFormat::Junit),
            Self::Github => Some(ReportFormat::Github),
            Self::Table | Self::Wide | Self::Json | Self::Asff => None,
        }
    }
}

/// Writes results as they come. Before the first one nothing is written.
pub(super) struct Shown<'p> {
    output: OutputFormat,
    only: Option<Only>,
    plans: &'p [Plan],
    places: &'p DeclaredPlaces,
    /// Nothing before the first result.
    form: Option<ShownForm<'p>>,
    /// The first error of writing; nothing is written after it.
    failed: Option<io::Error>,
}

type Out = BufWriter<Stdout>;

enum ShownForm<'p> {
    Table(Box<ShownTable>),
    Json(JsonResults<Out>),
    Asff(Out),
    Report(Box<dyn Report + Send + 'p>),
}

/// A table, and what is said below it.
struct ShownTable {
    table: TableResults<Out>,
    advice: Advice,
    only: Only,
    style: TableStyle,
}

impl<'p> Shown<'p> {
    pub(super) const fn new(
        output: OutputFormat,
        only: Option<Only>,
        plans: &'p [Plan],
        places: &'p DeclaredPlaces,
    ) -> Self {
        Self { output, only, plans, places, form: None, failed: None }
    }

    fn begin(&self) -> io::Result<ShownForm<'p>> {
        let Self { output, plans, places, .. } = *self;
        let out = BufWriter::new(io::stdout());
        let (style, wanted) = (output::style(), self.only.unwrap_or_default());
        Ok(match (output, output.report()) {
            (_, Some(report)) => ShownForm::Report(report.begin(out, plans, places)?),
            (OutputFormat::Json, _) => ShownForm::Json(JsonResults::begin(out)?),
            (OutputFormat::Asff, _) => ShownForm::Asff(out),
            (OutputFormat::Wide, _) => {
                let style = TableStyle { room: Room::Endless, ..style };
                ShownForm::Table(Box::new(ShownTable::new(out, plans, wanted, style)))
            }
            _ => ShownForm::Table(Box::new(ShownTable::new(out, plans, wanted, style))),
        })
    }

    fn write(&mut self, row: &Row<'_>) -> io::Result<()> {
        let form = match self.form.take() {
            Some(begun) => begun,
            None => self.begin()?,
        };
        match self.form.insert(form) {
            ShownForm::Table(table) => table.row(row),
            ShownForm::Json(json) => json.row(row),
            ShownForm::Asff(_) => Ok(()),
            ShownForm::Report(report) => report.row(row),
        }
    }

    /// Writes what follows the results.
    pub(super) fn finish(mut self, report: &RoundReport) -> Result<(), CommandError> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let form = match self.form.take() {
            Some(begun) => begun,
            None => self.begin()?,
        };
        match form {
            ShownForm::Table(table) => table.finish(report)?,
            ShownForm::Json(json) => json.finish(&JsonSummary::new(report))?,
            ShownForm::Asff(mut out) => {
                for change in &report.drift.changes {
                    json::write_compact(&mut out, &change.finding().to_asff())?;
                    out.write_all(b"\n")?;
                }
                out.flush()?;
            }
            ShownForm::Report(shown) => shown.finish(&End::of(report))?,
        }
        Ok(())
    }
}

impl ShownTable {
    fn new(out: Out, plans: &[Plan], only: Only, style: TableStyle) -> Self {
        let table = TableResults::new(out, plans, only != Only::Drift, style);
        Self { table, advice: Advice::default(), only, style }
    }

    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.advice.note(row);
        if self.only == Only::Drift && !row.is_drift() { Ok(()) } else { self.table.row(row) }
    }

    fn finish(self, report: &RoundReport) -> io::Result<()> {
        let Self { table, advice, only, style } = self;
        let mut out = table.finish()?;
        advice.write_fixes(&mut out, style)?;
        if only == Only::Drift {
            advice.write_unknown(&mut out, style, "--only unknown shows every unknown verdict")?;
        }
        write_summary(&mut out, &report.drift.summary, style)?;
        out.flush()
    }
}

impl Results for Shown<'_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        if self.failed.is_some() {
            return;
        }
        if let Some(row) = Row::of(self.plans, result) {
            self.failed = self.write(&row).err();
        }
    }
}
