//! What `plumbline run` prints: a table of drift at first, then a line for each change.
//!
//! Standard output that cannot be written to (its reader has gone) does not stop the work.

use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::events::{Event, write_event};
use super::warnings::Warnings;
use crate::cli::output::{self, TableStyle, warn};
use crate::cli::plural::counted;
use crate::cli::progress::ReadingBar;
use crate::cli::results::{
    Advice, JsonChange, JsonSummary, Row, TableResults, change_line, write_summary,
};
use crate::folder::{Observer, Started};
use assess::{Progress, RoundReport};
use aws::publish::{PublishError, Published};
use cel::format_timestamp;
use clock::{Clock, SystemClock};
use engine::evaluation::{EvaluationResult, Results};
use engine::plan::Plan;
use manifest::document::Diagnostic;
use model::{Verdict, printable};

/// How what happens is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConsoleForm {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Prints what happens.
pub(super) struct Console {
    folder: PathBuf,
    form: ConsoleForm,
    style: TableStyle,
    plans: Vec<Plan>,
    /// Takes the first round's drift.
    table: Option<TableResults<Stdout>>,
    advice: Advice,
    rounds: u64,
    warnings: Warnings,
    progress: Arc<ReadingBar>,
}

impl Console {
    pub(super) fn new(folder: &Path, form: ConsoleForm) -> Self {
        Self {
            folder: folder.to_owned(),
            form,
            style: output::style(),
            plans: Vec::new(),
            table: None,
            advice: Advice::default(),
            rounds: 0,
            warnings: Warnings::default(),
            progress: Arc::new(ReadingBar::new()),
        }
    }

    fn is_first(&self) -> bool {
        self.rounds == 0
    }

    /// Writes the first round: what drifts, how to fix it, what is unknown.
    fn first(&mut self, round: &RoundReport) -> io::Result<()> {
        let mut out = io::stdout();
        if let Some(table) = self.table.take() {
            table.finish()?;
        }
        let advice = std::mem::take(&mut self.advice);
        advice.write_fixes(&mut out, self.style)?;
        advice.write_unknown(&mut out, self.style, "`plumbline scan --only unknown` shows all")?;
        write_summary(&mut out, &round.drift.summary, self.style)?;
        if self.plans.is_empty() {
            return writeln!(out, "nothing is evaluated: no baseline is in force");
        }
        let items = counted(round.outcome.items, "item");
        let verdicts = counted(round.outcome.evaluations, "verdict");
        writeln!(out, "\nevaluated {items} in {} ms: {verdicts}", round.took.as_millis())
    }

    fn later(&self, round: &RoundReport) -> io::Result<()> {
        let mut out = io::stdout();
        let now = format_timestamp(SystemClock.now());
        let time = now.get(11..19).unwrap_or(&now);
        for change in &round.drift.changes {
            writeln!(out, "{time} {}", change_line(change))?;
        }
        if round.drift.changes.is_empty() {
            return Ok(());
        }
        write_summary(&mut out, &round.drift.summary, self.style)
    }

    fn events(
        &self,
        round: &RoundReport,
        published: Result<&Published, &PublishError>,
        held_back: &[String],
    ) {
        let changes = if self.is_first() { &[][..] } else { &round.drift.changes };
        for change in changes {
            write_event(&Event::Change(JsonChange::of(change)));
        }
        let milliseconds = u64::try_from(round.took.as_millis()).unwrap_or(u64::MAX);
        write_event(&Event::Evaluated { milliseconds, summary: JsonSummary::new(round) });
        if let Ok(published) = published {
            let refused = warn::refusals(published);
            write_event(&Event::Published { findings: published.accepted, refused, held_back });
        }
    }

    fn text(&mut self, round: &RoundReport, published: Result<&Published, &PublishError>) {
        // Whoever read standard output may have gone; the work goes on.
        drop(if self.is_first() { self.first(round) } else { self.later(round) });
        if let (true, Ok(published)) = (self.is_first(), published) {
            let findings = counted(published.accepted, "finding");
            drop(writeln!(
                io::stdout(),
                "{findings} published; waiting for changes, Ctrl-C stops\n"
            ));
        }
    }
}

impl Results for Console {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        let Some(row) = Row::of(&self.plans, result) else { return };
        match (self.form, &mut self.table) {
            (ConsoleForm::Json, _) => write_event(&Event::Result(row.as_json())),
            (ConsoleForm::Text, Some(table)) => {
                self.advice.note(&row);
                if row.is_drift() {
                    drop(table.row(&row));
                }
            }
            (ConsoleForm::Text, None) => {}
        }
    }
}

impl Observer for Console {
    fn started(&mut self, started: &Started) {
        let Started { address, findings } = started;
        let folder = self.folder.display().to_string();
        let metrics = format!("http://{address}/metrics");
        if self.form == ConsoleForm::Json {
            write_event(&Event::Started { folder: &folder, findings, metrics: &metrics });
            return;
        }
        let (folder, findings) = (printable(&folder), printable(findings));
        let lines = format!("watching {folder}\nfindings {findings}\nmetrics  {metrics}\n\n");
        drop(io::stdout().write_all(lines.as_bytes()));
    }

    fn begun(&mut self, plans: &[Plan], mistakes: &[Diagnostic]) {
        self.plans = plans.to_vec();
        self.warnings.begin(mistakes.iter().map(Diagnostic::in_one_line));
        self.warnings.add(plans.iter().filter_map(|plan| {
            let why = plan.not_evaluated().filter(|_| plan.is_accepted())?;
            Some(format!("{}: {why}", plan.baseline))
        }));
        if plans.is_empty() {
            self.warnings.add([format!(
                "no baseline is in force: {} contains no valid SecurityBaseline, so nothing is \
                 evaluated",
                self.folder.display()
            )]);
        }
        self.table = (self.is_first() && self.form == ConsoleForm::Text)
            .then(|| TableResults::new(io::stdout(), plans, false, self.style));
    }

    fn filter(&self) -> fn(&EvaluationResult<'_>) -> bool {
        if !self.is_first() {
            return |_| false;
        }
        |result| result.is_drift() || matches!(result.verdict, Verdict::Unknown(_))
    }

    fn progress(&self) -> Arc<dyn Progress + Send> {
        Arc::clone(&self.progress) as Arc<dyn Progress + Send>
    }

    fn ended(
        &mut self,
        round: &RoundReport,
        published: Result<&Published, &PublishError>,
        held_back: &[String],
    ) {
        self.progress.clear();
        self.warnings.add(round.sources.iter().flat_map(warn::lines));
        self.warnings.add(published.into_iter().flat_map(warn::refusals));
        self.warnings.add(held_back.iter().cloned());
        let fixed = self.warnings.tell();
        match self.form {
            ConsoleForm::Json => self.events(round, published, held_back),
            ConsoleForm::Text => {
                if fixed {
                    drop(writeln!(io::stdout(), "the mistakes are fixed"));
                }
                self.text(round, published);
            }
        }
        if let Err(error) = published {
            tracing::error!("{error}; retrying");
        }
        self.rounds += 1;
    }
}
