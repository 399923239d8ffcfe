//! Findings in files.

use std::path::Path;

use super::ArchiveOrder;
use super::report::ArchiveReport;
use crate::cli::exit::CommandError;
use crate::cli::live;
use aws::publish::{FindingSink as _, JsonLines, MarkError, has_mark, mark_of_folder};
use cel::Timestamp;
use engine::drift::{Publisher, PublisherId};

/// Looks at each file of findings in a state folder, and archives there what is meant.
pub(super) fn archive(
    state: &Path,
    wanted: &ArchiveOrder,
    now: Timestamp,
    report: &mut ArchiveReport,
) -> Result<(), CommandError> {
    let ArchiveOrder { leftovers, adopts, archivals } = wanted;
    let path = || state.display().to_string();
    let folders =
        JsonLines::folders(state).map_err(|source| CommandError::Read { path: path(), source })?;
    if folders.is_empty() {
        let problem = format!(
            "no findings.jsonl found in {} or its subfolders; pass the state folder of \
             `plumbline run` or of the operator",
            path()
        );
        return Err(CommandError::NoInput(problem));
    }
    let runtime = live::runtime().map_err(CommandError::Runtime)?;
    let id = match mark_of_state(state) {
        Ok(id) => id,
        Err(error) => {
            report.problem(error.to_string());
            None
        }
    };
    let publisher = Publisher { installation: leftovers.installation.clone(), id, adopts: *adopts };
    for folder in &folders {
        if report.is_dry_run() {
            match JsonLines::read_only(folder, &publisher) {
                Ok((known, others)) => {
                    report.found(&known, leftovers, now);
                    for problem in others {
                        report.problem(problem);
                    }
                }
                Err(error) => report.problem(error.to_string()),
            }
            continue;
        }
        match JsonLines::open(folder, &publisher) {
            Ok(mut sink) => {
                let mut changes = report.found(sink.known(), leftovers, now);
                archivals
                    .hold(&mut changes, sink.known(), now)
                    .into_iter()
                    .for_each(|it| report.problem(it));
                let published = runtime.block_on(sink.publish(&changes));
                report.published(published);
                let others = sink.others_places().filter_map(|place| sink.others(place));
                others.for_each(|(_, problem)| report.problem(problem));
            }
            Err(error) => report.problem(error.to_string()),
        }
    }
    if report.is_empty() {
        for folder in &folders {
            // What cannot be read has been reported.
            report.installations(JsonLines::installations(folder).unwrap_or_default());
        }
    }
    Ok(())
}

/// The id of the state folder, where it has one: a list makes none.
fn mark_of_state(state: &Path) -> Result<Option<PublisherId>, MarkError> {
    has_mark(state).then(|| mark_of_folder(state)).transpose()
}
