//! What a report says besides results: what was not read or not evaluated, and why there are none.

use super::places::relative;
use crate::cli::exit::CommandError;
use crate::cli::mistakes::Weight;
use crate::cli::output::warn;
use assess::RoundReport;
use manifest::document::Diagnostic;

/// Something that a report says of the scan itself.
#[derive(Debug)]
pub(super) struct Notice {
    /// An error keeps something from being known.
    pub(super) weight: Weight,
    /// What it is about: a source, a baseline, a file.
    pub(super) about: String,
    pub(super) message: String,
    /// The place of a mistake.
    pub(super) position: Option<Position>,
}

/// A character of a file.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Notice {
    fn new(weight: Weight, about: impl Into<String>, message: impl Into<String>) -> Self {
        Self { weight, about: about.into(), message: message.into(), position: None }
    }

    fn of_mistake(mistake: &Diagnostic) -> Self {
        let help = mistake.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        let file = relative(mistake.file.path());
        let position = Position { file, line: mistake.line(), column: mistake.column() };
        Self {
            weight: Weight::Error,
            about: format!("{}:{}:{}", position.file, position.line, position.column),
            message: format!("{}{help}", mistake.message),
            position: Some(position),
        }
    }
}

/// What is to be said of a scan that came to an end.
pub(super) fn of_scan(report: &RoundReport) -> Vec<Notice> {
    let mut notices = Vec::new();
    for source in &report.sources {
        let weight = if source.is_whole() { Weight::Warning } else { Weight::Error };
        let lines = warn::lines(source);
        notices.extend(lines.into_iter().map(|line| Notice::new(weight, &source.name, line)));
    }
    for summary in &report.drift.summary {
        if let Some(why) = summary.not_evaluated {
            let baseline = summary.baseline.to_string();
            notices.push(Notice::new(Weight::Error, baseline, why.to_string()));
        }
    }
    for (error, count) in report.internal_errors().iter() {
        let message = format!("{error}; {count} in all");
        notices.push(Notice::new(Weight::Error, "plumbline", message));
    }
    notices
}

/// Why a scan has no results.
pub(super) fn of_failure(error: &CommandError) -> Vec<Notice> {
    match error.mistakes() {
        [] => vec![Notice::new(Weight::Error, "plumbline scan", error.to_string())],
        mistakes => mistakes.iter().map(Notice::of_mistake).collect(),
    }
}
