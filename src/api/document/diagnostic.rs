//! A mistake in a file, with its place and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{LabeledSpan, SourceCode, SourceOffset, SourceSpan};

/// A file that was read: its name and text. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile(Arc<(PathBuf, String)>);

impl SourceFile {
    /// A file of this name with this text.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self(Arc::new((path.into(), text.into())))
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.0.0
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.0.1
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
        self.before().matches('\n').count() + 1
    }

    /// The column of the mistake's first character, from 1 on.
    pub fn column(&self) -> usize {
        let before = self.before();
        before.rsplit('\n').next().unwrap_or(before).chars().count() + 1
    }

    /// All of it in one line, as compilers write it: `baseline.yaml:3:5: unknown field (…)`.
    pub fn in_one_line(&self) -> String {
        let (path, help) = (self.file.path().display(), self.help.as_ref());
        let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{path}:{}:{}: {}{help}", self.line(), self.column(), self.message)
    }

    fn before(&self) -> &str {
        self.file.text().get(..self.range.start).unwrap_or_default()
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
