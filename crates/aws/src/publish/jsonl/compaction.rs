//! Makes the file of findings small again.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::log::Log;
use super::{open_to_append, sync_folder};
use engine::drift::{Finding, KnownFindings};

const NEW: &str = "findings.jsonl.new";
/// A file with fewer lines is left alone.
const MIN_LINES: u64 = 10_000;
/// Lines for each finding from which on the file is made smaller.
const LINES_PER_FINDING: u64 = 4;
/// Security Hub too forgets a finding 90 days after its last update.
const KEPT_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Whether most of the lines are of no more use.
pub(super) fn is_worth_it(lines: u64, findings: usize) -> bool {
    lines > MIN_LINES && lines > LINES_PER_FINDING * findings as u64
}

/// Forgets findings that were archived long before the latest publication.
pub(super) fn forget_long_archived(known: &mut KnownFindings) {
    let Some(latest) = known.iter().map(|finding| finding.updated_at.seconds).max() else { return };
    known
        .retain(|finding| !finding.archived || latest - finding.updated_at.seconds <= KEPT_SECONDS);
}

/// Writes a new file with one line for each finding, and puts it in the place of the old one:
/// whenever this is killed, one of the two stands there whole.
pub(super) fn rewrite(
    folder: &Path,
    path: &Path,
    mut findings: Vec<&Finding>,
) -> io::Result<Log<File>> {
    let new = folder.join(NEW);
    findings.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let mut writer = BufWriter::new(File::create(&new)?);
    for finding in findings {
        serde_json::to_writer(&mut writer, &finding.to_asff())?;
        writer.write_all(b"\n")?;
    }
    let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(folder)?;
    let length = file.metadata()?.len();
    Ok(Log::new(open_to_append(path)?, length))
}
