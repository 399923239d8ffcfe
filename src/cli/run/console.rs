//! What `plumbline run` prints: a table of drift at first, then a line for each change.
//!
//! Standard output that cannot be written to (its reader has gone) does not stop the work.

use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::api::document::Diagnostic;
use crate::cli::output::{self, warn};
use crate::cli::progress::ReadingBar;
use crate::cli::results::{Row, TableResults, change_line, write_summary};
use crate::controller::{Clock, Observer, Progress, RoundReport, Started, SystemClock};
use crate::evaluation::{EvaluationResult, Results};
use crate::expression::format_timestamp;
use crate::plan::Plan;
use crate::publish::{PublishError, Published};

/// Prints what happens.
pub(super) struct Console {
    folder: PathBuf,
    plans: Vec<Plan>,
    /// Takes the first round's drift.
    table: Option<TableResults<Stdout>>,
    rounds: u64,
    /// What was last said to be wrong, so that it is said once.
    warned: Vec<String>,
    warnings: Vec<String>,
    progress: Arc<ReadingBar>,
}

impl Console {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            plans: Vec::new(),
            table: None,
            rounds: 0,
            warned: Vec::new(),
            warnings: Vec::new(),
            progress: Arc::new(ReadingBar::new()),
        }
    }

    /// Says what is wrong where that is something else than before.
    fn warn(&mut self) {
        let warnings = std::mem::take(&mut self.warnings);
        if warnings == self.warned {
            return;
        }
        for warning in warnings.iter().filter(|warning| !self.warned.contains(warning)) {
            tracing::warn!("{warning}");
        }
        if warnings.is_empty() {
            drop(writeln!(io::stdout(), "what was wrong is mended"));
        }
        self.warned = warnings;
    }

    fn first(&mut self, round: &RoundReport) -> io::Result<()> {
        let mut out = io::stdout();
        if let Some(table) = self.table.take() {
            table.finish()?;
        }
        write_summary(&mut out, &round.drift.summary)?;
        let items = round.outcome.items;
        let (verdicts, took) = (round.outcome.evaluations, round.took.as_millis());
        writeln!(out, "\nevaluated {items} items in {took} ms: {verdicts} verdicts")
    }

    fn later(round: &RoundReport) -> io::Result<()> {
        let mut out = io::stdout();
        let now = format_timestamp(SystemClock.now());
        let time = now.get(11..19).unwrap_or(&now);
        for change in &round.drift.changes {
            writeln!(out, "{time} {}", change_line(change))?;
        }
        if round.drift.changes.is_empty() {
            return Ok(());
        }
        write_summary(&mut out, &round.drift.summary)
    }
}

impl Results for Console {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        if let (Some(row), Some(table)) = (Row::of(&self.plans, result), &mut self.table) {
            drop(table.row(row));
        }
    }
}

impl Observer for Console {
    fn started(&mut self, started: &Started) {
        let Started { address, findings } = started;
        let folder = self.folder.display();
        let lines = format!(
            "watching {folder}\nfindings {findings}\nmetrics  http://{address}/metrics\n\n"
        );
        drop(io::stdout().write_all(lines.as_bytes()));
    }

    fn begun(&mut self, plans: &[Plan], mistakes: &[Diagnostic]) {
        self.plans = plans.to_vec();
        self.warnings = mistakes.iter().map(Diagnostic::in_one_line).collect();
        self.table = (self.rounds == 0)
            .then(|| TableResults::new(io::stdout(), plans, false, output::look()));
    }

    fn filter(&self) -> fn(&EvaluationResult<'_>) -> bool {
        if self.rounds == 0 { |result| result.is_drift() } else { |_| false }
    }

    fn progress(&self) -> Arc<dyn Progress + Send> {
        Arc::clone(&self.progress) as Arc<dyn Progress + Send>
    }

    fn ended(&mut self, round: &RoundReport, published: Result<&Published, &PublishError>) {
        self.progress.clear();
        self.warnings.extend(round.sources.iter().flat_map(warn::lines));
        self.warnings.extend(published.into_iter().flat_map(warn::refusals));
        self.warn();
        // Whoever read standard output may have gone; the work goes on.
        drop(if self.rounds == 0 { self.first(round) } else { Self::later(round) });
        match published {
            Ok(published) if self.rounds == 0 => {
                let line = format!(
                    "{} findings published; waiting for changes, Ctrl-C stops\n\n",
                    published.accepted
                );
                drop(io::stdout().write_all(line.as_bytes()));
            }
            Ok(_) => {}
            Err(error) => tracing::error!("{error}; trying again"),
        }
        self.rounds += 1;
    }
}
