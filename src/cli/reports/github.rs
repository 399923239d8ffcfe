//! Annotations of GitHub Actions: a workflow command for each result.
//!
//! GitHub shows the first ten errors, warnings and notices of a step beside its log, so that the
//! most severe stand first, as long as there are not too many to be sorted. The commands and their
//! escapes are those of <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
//! and of `packages/core/src/command.ts` in <https://github.com/actions/toolkit>.

use std::cmp::Reverse;
use std::fmt;
use std::io::{self, Write};

use super::notice::{Notice, Position};
use super::places::LinePlace;
use super::{DeclaredPlaces, End, Report};
use crate::cli::mistakes::Weight;
use crate::cli::results::{KeptRow, Row};
use model::{Severity, Verdict, printable_lines};

/// So many results are held back to be sorted.
const SORTED: usize = 2000;

/// Writes annotations.
pub(super) struct Annotations<'p, W> {
    out: W,
    places: &'p DeclaredPlaces,
    held: Vec<KeptRow>,
    /// Whether there are too many to be sorted.
    is_unsorted: bool,
}

/// What a workflow command is called, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Command {
    Error,
    Warning,
    Notice,
}

impl<'p, W: Write> Annotations<'p, W> {
    pub(super) const fn new(out: W, places: &'p DeclaredPlaces) -> Self {
        Self { out, places, held: Vec::new(), is_unsorted: false }
    }

    fn write_held(&mut self) -> io::Result<()> {
        self.held.sort_by_cached_key(|row| {
            let resource = (row.account.clone(), row.region.clone(), row.resource());
            (Command::of(row), Reverse(row.severity), row.control().to_owned(), resource)
        });
        for row in std::mem::take(&mut self.held) {
            self.write_row(&row)?;
        }
        Ok(())
    }

    fn write_row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let place = self.places.of_control(&row.baseline, row.control());
        let title = format!("{} ({})", row.control(), grade(row));
        let mut message = format!("{}: {}", row.whereabouts(), row.sentence());
        if row.is_drift() {
            let fix = row.remediation();
            let url = fix.url.as_deref().unwrap_or_default();
            message.push_str(format!("\nTo fix it: {} {url}", fix.text).trim_end());
        }
        write_command(&mut self.out, Command::of(row), place.map(Into::into), &title, &message)
    }
}

impl<W: Write> Report for Annotations<'_, W> {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        if self.is_unsorted {
            return self.write_row(row);
        }
        self.held.push(row.kept());
        if self.held.len() < SORTED {
            return Ok(());
        }
        self.is_unsorted = true;
        self.write_held()
    }

    fn finish(mut self: Box<Self>, end: &End) -> io::Result<()> {
        for notice in &end.notices {
            let Notice { weight, about, message, position } = notice;
            let command = match weight {
                Weight::Error => Command::Error,
                Weight::Warning => Command::Warning,
            };
            write_command(
                &mut self.out,
                command,
                position.as_ref().map(Into::into),
                about,
                message,
            )?;
        }
        self.write_held()?;
        for line in &end.summary {
            write_command(&mut self.out, Command::Notice, None, "plumbline scan", line)?;
        }
        self.out.flush()
    }
}

/// Where an annotation stands.
#[derive(Debug, Clone, Copy)]
struct Spot<'p> {
    file: &'p str,
    line: usize,
    column: Option<usize>,
}

impl<'p> From<LinePlace<'p>> for Spot<'p> {
    fn from(LinePlace { file, line }: LinePlace<'p>) -> Self {
        Self { file, line, column: None }
    }
}

impl<'p> From<&'p Position> for Spot<'p> {
    fn from(Position { file, line, column }: &'p Position) -> Self {
        Self { file, line: *line, column: Some(*column) }
    }
}

impl Command {
    /// What a result is worth.
    fn of(row: &Row<'_>) -> Self {
        match (row.verdict, row.severity) {
            (Verdict::NonCompliant, _) if !row.is_drift() => Self::Notice,
            (Verdict::NonCompliant, Severity::Critical | Severity::High) => Self::Error,
            (Verdict::NonCompliant, Severity::Medium) | (Verdict::Unknown(_), _) => Self::Warning,
            _ => Self::Notice,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// How severe drift is, or what else the verdict is.
fn grade(row: &Row<'_>) -> String {
    match row.verdict {
        Verdict::NonCompliant if row.is_drift() => row.severity.to_string(),
        Verdict::Unknown(reason) => format!("Unknown: {reason}"),
        _ => row.verdict_in_short().to_owned(),
    }
}

fn write_command(
    out: &mut impl Write,
    command: Command,
    spot: Option<Spot<'_>>,
    title: &str,
    message: &str,
) -> io::Result<()> {
    write!(out, "::{} ", command.name())?;
    if let Some(Spot { file, line, column }) = spot {
        write!(out, "file={},line={line},", Property(file))?;
        if let Some(column) = column {
            write!(out, "col={column},")?;
        }
    }
    writeln!(out, "title={}::{}", Property(title), Data(message))
}

/// The text of a command.
struct Data<'t>(&'t str);

/// The value of one of its properties.
struct Property<'t>(&'t str);

impl fmt::Display for Data<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, "", formatter)
    }
}

impl fmt::Display for Property<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, ":,", formatter)
    }
}

/// Percent-encodes what ends a line, `%`, and these.
fn escape(text: &str, more: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in printable_lines(text).chars() {
        if matches!(character, '%' | '\r' | '\n') || more.contains(character) {
            write!(formatter, "%{:02X}", u32::from(character))?;
        } else {
            fmt::Write::write_char(formatter, character)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(title: &str, message: &str) -> String {
        let spot = Spot { file: "a,b:c.yaml", line: 7, column: None };
        let mut out = Vec::new();
        write_command(&mut out, Command::Error, Some(spot), title, message).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_in_a_text_ends_a_command_or_begins_another() {
        let text = "100%: a, b\r\n::stop-commands::x";
        assert_eq!(
            written(text, text),
            "::error file=a%2Cb%3Ac.yaml,line=7,\
             title=100%25%3A a%2C b\\r%0A%3A%3Astop-commands%3A%3Ax::\
             100%25: a, b\\r%0A::stop-commands::x\n"
        );
    }

    #[test]
    fn what_moves_a_cursor_is_shown_as_an_escape() {
        assert!(written("a\u{1b}[2J", "b\u{202e}").ends_with("title=a\\u{1b}[2J::b\\u{202e}\n"));
    }
}
