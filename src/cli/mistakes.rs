//! Mistakes in files, each shown with the lines it stands in.
//!
//! What does not print in a file is shown as an escape, so that no file speaks to the terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::sync::LazyLock;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};
use regex::Regex;
use serde::Serialize;

use super::output;
use engine::evaluation::names_secret;
use manifest::document::Diagnostic;
use model::{printable, printable_lines};

/// How many bytes before and after a mistake are shown at most.
const NEAR: usize = 1000;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Weight {
    /// It must be put right.
    Error,
    /// It may be meant so.
    Warning,
}

/// Writes each diagnostic with its place and what to do about it.
pub(super) fn write(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    weight: Weight,
) -> io::Result<()> {
    let coloured = io::stderr().is_terminal() && output::colours_allowed();
    let theme =
        if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(100);
    for diagnostic in diagnostics {
        let mut text = String::new();
        handler
            .render_report(&mut text, &Shown::of(diagnostic, weight))
            .map_err(io::Error::other)?;
        write!(out, "{text}")?;
    }
    Ok(())
}

/// A diagnostic as it is shown: all its texts printable.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    weight: Weight,
    excerpt: Excerpt,
    label: SourceSpan,
}

/// The lines around a mistake.
#[derive(Debug)]
struct Excerpt {
    path: String,
    text: String,
    /// How many lines of the file stand before these.
    lines_before: usize,
    /// How many characters of the first line stand before it.
    columns_before: usize,
}

impl Shown {
    fn of(diagnostic: &Diagnostic, weight: Weight) -> Self {
        let (lines, lines_before) = excerpt_of(diagnostic);
        // A field may begin before the lines that are shown of it.
        let text = diagnostic.file.text();
        let start = text.floor_char_boundary(lines.start.saturating_sub(NEAR));
        let text = without_secrets(text.get(start..lines.end).unwrap_or_default());
        let part = |from: usize, to: usize| {
            let text = text.get(from - start..to.max(from) - start).unwrap_or_default();
            printable_lines(&text.replace("\r\n", "\n")).into_owned()
        };
        let range = &diagnostic.range;
        let before = part(lines.start, range.start);
        let marked = part(range.start, range.end.min(lines.end));
        let after = part(range.end.max(range.start), lines.end);
        let label = (before.len(), marked.len()).into();
        Self {
            message: printable(&diagnostic.message).into_owned(),
            help: diagnostic.help.as_deref().map(|help| printable(help).into_owned()),
            weight,
            label,
            excerpt: Excerpt {
                path: printable(&diagnostic.file.path().display().to_string()).into_owned(),
                columns_before: columns_before(diagnostic, &before),
                text: before + &marked + &after,
                lines_before,
            },
        }
    }
}

/// A field of YAML or JSON, with a value in quotes or brackets, or up to where a plain one ends.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let value = r#""(?:[^"\\]|\\.)*"?|'[^']*'?|\[[^\]]*\]?|\{[^}]*\}?|[^\s,}\]#][^\n,}\]]*"#;
    Regex::new(&format!(r#"(?P<name>[\w.:-]+)["']?\s*:\s+(?P<value>{value})"#)).ok()
});

/// The text with `*` in the place of what fields hold whose names speak of secrets, such as
/// `externalId`: as many bytes, so that places stay.
fn without_secrets(text: &str) -> String {
    let Some(field) = FIELD.as_ref() else { return String::new() };
    let (mut shown, mut at) = (text.to_owned(), 0);
    while let Some(found) = field.captures_at(text, at) {
        let (Some(name), Some(value)) = (found.name("name"), found.name("value")) else { break };
        // What is not secret may hold fields itself.
        at = name.end();
        if names_secret(name.as_str()) {
            at = with_deeper_lines(text, name.start(), value.end());
            let hidden = |it: char| {
                if it.is_whitespace() { it.to_string() } else { "*".repeat(it.len_utf8()) }
            };
            let secret = text.get(value.start()..at).unwrap_or_default();
            let stars: String = secret.chars().map(hidden).collect();
            shown.replace_range(value.start()..at, &stars);
        }
    }
    shown
}

/// Where a value ends with the lines that are indented deeper than its field: those of a block, and
/// of a plain value of several lines.
fn with_deeper_lines(text: &str, field: usize, end: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let line = text.get(..field).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let own = indent(text.get(line..).unwrap_or_default());
    let mut end = end;
    for (at, line) in text.get(end..).unwrap_or_default().split_inclusive('\n').enumerate() {
        let is_blank = line.trim().is_empty();
        let belongs = if at == 0 { is_blank } else { is_blank || indent(line) > own };
        if !belongs {
            break;
        }
        end += line.len();
    }
    end
}

/// How many characters of the mistake's line are not shown where the excerpt begins within it.
fn columns_before(diagnostic: &Diagnostic, before: &str) -> usize {
    if before.contains('\n') {
        0
    } else {
        (diagnostic.column() - 1).saturating_sub(before.chars().count())
    }
}

/// The bytes around a mistake that are shown, and how many lines precede them. Of an endless line
/// only what is near.
fn excerpt_of(diagnostic: &Diagnostic) -> (Range<usize>, usize) {
    let (lines, before) = diagnostic.lines_around();
    let (range, text) = (&diagnostic.range, diagnostic.file.text());
    let start = text.floor_char_boundary(range.start.saturating_sub(NEAR)).max(lines.start);
    let end = text.ceil_char_boundary(range.end.saturating_add(NEAR)).min(lines.end);
    let skipped = text.get(lines.start..start).unwrap_or_default().matches('\n').count();
    (start..end.max(start), before + skipped)
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn severity(&self) -> Option<Severity> {
        Some(match self.weight {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(None, self.label);
        Some(Box::new(std::iter::once(label)))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            found.data(),
            *found.span(),
            found.line() + self.lines_before,
            found.column() + if found.line() == 0 { self.columns_before } else { 0 },
            found.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::document::SourceFile;

    fn drawn(name: &str, text: &str, range: Range<usize>, message: &str) -> String {
        let file = SourceFile::new(name, text);
        let message = message.to_owned();
        let mut out = Vec::new();
        let diagnostic = Diagnostic { file, range, message, help: Some("a\u{1b}b".into()) };
        write(&mut out, &[diagnostic], Weight::Error).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_of_a_file_speaks_to_the_terminal() {
        let text = "one: \u{1b}[2J\ntwo\u{202e}: \u{9b}x\u{7}\r\nthree: \rgone\n";
        let at = text.find("two").unwrap();
        let shown = drawn("a\n\u{1b}]0;b.yaml", text, at..at + 6, "unknown field `two\u{202e}\n×`");
        assert!(shown.chars().all(|it| it == '\n' || model::is_printable(it)), "{shown:?}");
        assert!(shown.contains("unknown field `two\\u{202e}\\n×`"), "{shown}");
        assert!(shown.contains("[a\\n\\u{1b}]0;b.yaml:2:1]"), "{shown}");
        assert!(shown.contains("1 │ one: \\u{1b}[2J"), "{shown}");
        assert!(shown.contains("2 │ two\\u{202e}: \\u{9b}x\\u{7}\n"), "{shown}");
        assert!(shown.contains("  · ───────────"), "{shown}");
    }

    #[test]
    fn a_secret_beside_a_mistake_is_not_shown() {
        for text in [
            "role:\n  externalId: CANARY-1\n  wrnog: 1\n",
            "role: {arn: x, externalId: 'CANARY, 2', wrnog: 1}\n",
            "role:\n  \"externalId\": \"CANARY\"\n  wrnog: 1\n",
            "role:\n  externalId: >\n    CANARY\n  wrnog: 1\n",
            "parameters: {apiToken: [CANARY, 1], wrnog: 1}\n",
            "role: {externalId: {CANARY: ü}, wrnog: 1}\n",
        ] {
            for part in ["wrnog", "CANARY"] {
                let at = text.find(part).unwrap();
                let shown = drawn("a.yaml", text, at..at + part.len(), "unknown field");
                assert!(!shown.contains("CANARY") && shown.contains("wrnog: 1"), "{shown}");
                assert!(shown.contains("────"), "{shown}");
            }
        }
    }

    #[test]
    fn the_last_line_and_a_place_after_it_are_shown() {
        let text = "a: 1\nb: 2\nc: 3";
        for (range, place) in [(10..11, "3:1"), (14..14, "3:5"), (0..1, "1:1")] {
            let shown = drawn("a.yaml", text, range, "wrong");
            assert!(shown.contains(&format!("[a.yaml:{place}]")), "{shown}");
        }
        assert!(drawn("a.yaml", "", 0..0, "empty").contains("[a.yaml:1:1]"));
    }
}
