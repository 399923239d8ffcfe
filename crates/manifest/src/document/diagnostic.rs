//! A mistake in a file, with its place and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use miette::{LabeledSpan, SourceCode, SourceOffset, SourceSpan};
use model::printable;

/// A file that was read: its name and text. Cheap to clone.
#[derive(Clone)]
pub struct SourceFile(Arc<Source>);

struct Source {
    path: PathBuf,
    text: String,
    /// Made once, so that many mistakes in a large file stay cheap.
    index: OnceLock<Index>,
}

/// Where things stand in a text.
struct Index {
    /// Where each line begins.
    lines: Vec<usize>,
    /// How many characters begin before each block of bytes.
    characters: Vec<usize>,
}

/// How many bytes of a text are looked through for a column at most.
const BLOCK: usize = 1024;

impl SourceFile {
    /// A file of this name with this text.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        Self(Arc::new(Source { path, text, index: OnceLock::new() }))
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The number of the line, from 0 on, in which a byte stands.
    fn line_of(&self, byte: usize) -> usize {
        self.lines().partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Where a line begins; the end of the text after the last one.
    fn start_of(&self, line: usize) -> usize {
        self.lines().get(line).copied().unwrap_or(self.text().len())
    }

    fn lines(&self) -> &[usize] {
        &self.index().lines
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, byte: usize) -> usize {
        let byte = byte.min(self.text().len());
        let block = byte / BLOCK;
        let before = self.index().characters.get(block).copied().unwrap_or_default();
        before + characters(self.text().as_bytes().get(block * BLOCK..byte).unwrap_or_default())
    }

    fn index(&self) -> &Index {
        self.0.index.get_or_init(|| {
            let bytes = self.text().as_bytes();
            let ends = memchr::memchr_iter(b'\n', bytes);
            let lines = std::iter::once(0).chain(ends.map(|end| end + 1)).collect();
            let blocks = bytes.chunks(BLOCK).scan(0, |total, block| {
                *total += characters(block);
                Some(*total)
            });
            Index { lines, characters: std::iter::once(0).chain(blocks).collect() }
        })
    }
}

/// How many characters of UTF-8 begin among these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

impl PartialEq for SourceFile {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.path() == other.path() && self.text() == other.text())
    }
}

impl Eq for SourceFile {}

impl fmt::Debug for SourceFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SourceFile").field(&self.path()).field(&self.text()).finish()
    }
}

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: SourceFile,
    /// The mistake's bytes in the file's text.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// The line on which the mistake begins, from 1 on.
    pub fn line(&self) -> usize {
        self.file.line_of(self.range.start) + 1
    }

    /// The column of the mistake's first character, from 1 on.
    pub fn column(&self) -> usize {
        let line = self.file.start_of(self.file.line_of(self.range.start));
        self.file.characters_before(self.range.start) - self.file.characters_before(line) + 1
    }

    /// The bytes of the lines that the mistake stands in and of one before and after them, and how
    /// many lines precede these.
    pub fn lines_around(&self) -> (Range<usize>, usize) {
        let first = self.file.line_of(self.range.start).saturating_sub(1);
        let last = self.file.line_of(self.range.end.max(self.range.start)) + 1;
        (self.file.start_of(first)..self.file.start_of(last + 1), first)
    }

    /// All of it in one line, as compilers write it: `baseline.yaml:3:5: unknown field (…)`. What would end the
    /// line or move a terminal's cursor is escaped.
    pub fn in_one_line(&self) -> String {
        let (path, help) = (self.file.path().display(), self.help.as_ref());
        let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
        let line = format!("{path}:{}:{}: {}{help}", self.line(), self.column(), self.message);
        printable(&line).into_owned()
    }
}

/// The message alone, without its place.
impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// For a report that shows the place: [`miette`] prints the message, the lines and the help.
impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let start = SourceOffset::from(self.range.start);
        let span = SourceSpan::new(start, self.range.len());
        let label = LabeledSpan::new_with_span(None, span);
        Some(Box::new(std::iter::once(label)))
    }
}

impl SourceCode for SourceFile {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let found = self.text().read_span(span, lines_before, lines_after)?;
        let named = miette::MietteSpanContents::new_named(
            self.path().display().to_string(),
            found.data(),
            *found.span(),
            found.line(),
            found.column(),
            found.line_count(),
        );
        Ok(Box::new(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_whatever_names_are_written_with() {
        let file = SourceFile::new("a.yaml", "x");
        let message = "unknown field `a\nb\u{1b}[31m`".to_owned();
        let help = Some("did you mean\r`c`?".to_owned());
        let diagnostic = Diagnostic { file, range: 0..1, message, help };
        assert_eq!(
            diagnostic.in_one_line(),
            "a.yaml:1:1: unknown field `a\\nb\\u{1b}[31m` (did you mean\\r`c`?)"
        );
    }
}
