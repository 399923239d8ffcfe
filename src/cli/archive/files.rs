//! Findings in files.

use std::path::Path;

use super::report::Report;
use crate::cli::exit::CommandError;
use crate::cli::live;
use crate::drift::Leftovers;
use crate::publish::{FindingSink as _, JsonLines};
use crate::resource::Timestamp;

/// Looks at each file of findings in a state folder, and archives there what is meant.
pub(super) fn archive(
    state: &Path,
    leftovers: &Leftovers,
    now: Timestamp,
    report: &mut Report,
) -> Result<(), CommandError> {
    let path = || state.display().to_string();
    let folders =
        JsonLines::folders(state).map_err(|source| CommandError::Read { path: path(), source })?;
    if folders.is_empty() {
        let problem = format!(
            "there is no findings.jsonl in {} or in a folder of it; name the state folder of \
             `plumbline run` or of the operator",
            path()
        );
        return Err(CommandError::NoInput(problem));
    }
    let runtime = live::runtime().map_err(CommandError::Runtime)?;
    for folder in folders {
        if report.is_dry_run() {
            match JsonLines::look(&folder, &leftovers.installation) {
                Ok(known) => drop(report.found(&known, leftovers, now)),
                Err(error) => report.problem(error.to_string()),
            }
            continue;
        }
        match JsonLines::open(&folder, &leftovers.installation) {
            Ok(mut sink) => {
                let changes = report.found(sink.known(), leftovers, now);
                let published = runtime.block_on(sink.publish(&changes));
                report.published(published);
            }
            Err(error) => report.problem(error.to_string()),
        }
    }
    Ok(())
}
