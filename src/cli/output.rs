//! Standard output, where data goes, and what is said beside it.

use std::fs;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;

use clap::ValueEnum;

use super::exit::{CommandError, Exit};

/// How what is for people first is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OutputFormat {
    Text,
    Json,
}

/// How tables look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableStyle {
    /// How wide they may be.
    pub(super) room: Room,
    /// Whether there are colours.
    pub(super) coloured: bool,
}

/// How wide lines may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// However wide: a row is a line.
    Endless,
    /// A terminal of so many columns.
    Within(u16),
}

/// Writes what a command shows, and ends well.
///
/// # Errors
///
/// [`CommandError::OutputClosed`] when the reader has gone, as `head` does.
pub(super) fn write(
    content: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> io::Result<()>,
) -> Result<Exit, CommandError> {
    let mut out = BufWriter::new(io::stdout().lock());
    content(&mut out)?;
    out.flush()?;
    Ok(Exit::Good)
}

/// Writes files into a folder, which is made where it is missing. Others in it stay.
pub(super) fn write_files(dir: &Path, files: &[(String, String)]) -> Result<Exit, CommandError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| CommandError::Write { path, source }
    };
    fs::create_dir_all(dir).map_err(failed(dir))?;
    for (name, text) in files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    Ok(Exit::Good)
}

/// How tables on standard output look: plain and as wide as they are unless it is a terminal.
pub(super) fn style() -> TableStyle {
    let terminal = io::stdout().is_terminal();
    let width = if terminal { comfy_table::Table::new().width() } else { None };
    let room = width.map_or(Room::Endless, Room::Within);
    TableStyle { room, coloured: terminal && colours_allowed() }
}

/// Unless `NO_COLOR` is set to anything (<https://no-color.org>).
pub(super) fn colours_allowed() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Warnings on standard error.
pub(super) mod warn {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::{self, Write};

    use crate::cli::plural::counted;
    use assess::{RoundReport, SourceReport};
    use aws::publish::Published;
    use manifest::document::Diagnostic;
    use model::printable;

    /// So many problems of a source are shown.
    const SHOWN: usize = 20;

    /// Says what of the sources could not be read, and what was passed over.
    pub(in crate::cli) fn reading(sources: &[SourceReport]) {
        for line in sources.iter().flat_map(lines) {
            // Where standard error cannot be written to, there is nobody left to tell.
            let _ = writeln!(io::stderr(), "warning: {}", printable(&line));
        }
    }

    /// Says what findings do not show: baselines that were not evaluated, and verdicts that are unknown.
    pub(in crate::cli) fn unseen_in_findings(report: &RoundReport) {
        for summary in &report.drift.summary {
            if let Some(why) = summary.not_evaluated {
                let line = format!("baseline {} was not evaluated: {why}", summary.baseline);
                let _ = writeln!(io::stderr(), "warning: {}", printable(&line));
            }
        }
        let unknown = report.outcome.counts().unknown();
        if unknown > 0 {
            let verdicts = counted(unknown, "unknown verdict");
            let _ = writeln!(
                io::stderr(),
                "warning: {verdicts}, of which there are no findings; `--only unknown` with another \
                 --output shows why"
            );
        }
    }

    /// Says what of the files is right and has no effect, a line each.
    pub(in crate::cli) fn diagnostics(found: &[Diagnostic]) {
        for diagnostic in found.iter().take(SHOWN) {
            let _ = writeln!(io::stderr(), "warning: {}", printable(&diagnostic.in_one_line()));
        }
        if let Some(more) = found.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ =
                writeln!(io::stderr(), "warning: and {more} more; `plumbline validate` shows all");
        }
    }

    /// Says how many findings were taken, and why others were not. Gives whether all were.
    pub(in crate::cli) fn published(published: &Published) -> bool {
        let _ = writeln!(io::stderr(), "{} published", counted(published.accepted, "finding"));
        for line in refusals(published) {
            let _ = writeln!(io::stderr(), "warning: {}", printable(&line));
        }
        published.refused.is_empty()
    }

    /// Says which places take no findings. Whether all of them do.
    pub(in crate::cli) fn refusing(refusals: &BTreeSet<String>) -> bool {
        for refusal in refusals {
            let _ = writeln!(io::stderr(), "warning: {}", printable(refusal));
        }
        refusals.is_empty()
    }

    /// Why findings were not taken, each reason once.
    pub(in crate::cli) fn refusals(published: &Published) -> Vec<String> {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for refused in &published.refused {
            *reasons.entry(&refused.message).or_default() += 1;
        }
        let said = |(reason, findings): (&str, u64)| match findings {
            1 => format!("a finding was not published: {reason}"),
            _ => format!("{findings} findings were not published: {reason}"),
        };
        let mut lines: Vec<String> = reasons.into_iter().map(said).collect();
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        if more > 0 {
            lines.push(format!("and {more} more reasons"));
        }
        lines
    }

    /// What is to be said of the reading of one source.
    pub(in crate::cli) fn lines(source: &SourceReport) -> Vec<String> {
        let mut lines: Vec<String> = source.problems.iter().take(SHOWN).cloned().collect();
        let more = source.problems.len().saturating_sub(SHOWN);
        if more > 0 {
            lines.push(format!("and {more} more problems"));
        }
        let name = &source.name;
        if !source.is_whole() {
            let unknown = if source.is_partial {
                "what is missing is Unknown"
            } else {
                "nothing in it counts as compliant"
            };
            lines.push(format!(
                "{name} could not be read completely: {unknown}, and no finding of it is resolved"
            ));
        }
        lines.extend(source.notes.iter().map(|note| format!("{name}: {note}")));
        if source.foreign > 0 {
            let items = counted(source.foreign, "item");
            lines.push(format!("{name} contains {items} of accounts without an AwsAccount"));
        }
        lines
    }
}
