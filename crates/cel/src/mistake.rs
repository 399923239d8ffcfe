//! A mistake in an expression: what it is, where it stands, and what was probably meant.

use std::fmt;
use std::ops::Range;

/// A part of a source, in bytes. Sources are short enough for 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// From byte `start` to just before byte `end`.
    pub(super) fn new(start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }

    /// From this span's start to the other's end.
    pub(super) const fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start as usize..span.end as usize
    }
}

/// Something in an expression's source that the compiler refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// Where it is, in bytes of the source.
    pub span: Range<usize>,
    /// What may have been meant: a name to write instead.
    pub suggestion: Option<String>,
}

/// The most characters of a source's line that a rendered mistake shows.
const SHOWN: usize = 100;

impl Mistake {
    pub(super) fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span: span.into(), suggestion: None }
    }

    /// The compiler itself went wrong: what it made would not be what the source says.
    pub(super) fn internal(span: Span) -> Self {
        Self::new("internal error; please report it, with this expression", span)
    }

    pub(super) fn suggesting(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// The line and the column where it begins, both counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, source: &str) -> (usize, usize) {
        position(source, self.span.start)
    }

    /// The mistake with its position, the line it stands on and a mark below it:
    ///
    /// ```
    /// use cel::{Environment, VariableType, compile};
    /// let environment = Environment::new().variable("resource", VariableType::Document);
    /// let source = "resourse.name == 'a'";
    /// let mistakes = compile(source, &environment).unwrap_err();
    /// assert_eq!(mistakes[0].render(source), "\
    /// unknown variable `resourse` at line 1, column 1
    ///   | resourse.name == 'a'
    ///   | ^^^^^^^^ did you mean `resource`?");
    /// ```
    #[must_use]
    pub fn render(&self, source: &str) -> String {
        let (line, column) = self.position(source);
        let (start, before) = line_before(source, self.span.start);
        let text: Vec<char> = source
            .get(start..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default()
            .chars()
            .map(|char| if char.is_control() { ' ' } else { char })
            .collect();
        let indent = text.iter().take_while(|char| **char == ' ').count().min(before);
        let skipped = indent.max((before + 1).saturating_sub(SHOWN / 2));
        let shown: String = text.iter().skip(skipped).take(SHOWN).collect();
        let length = source.get(self.span.clone()).unwrap_or_default().chars().count();
        let room = (skipped + SHOWN).min(text.len()).saturating_sub(before);
        let mark = "^".repeat(length.min(room).max(1));
        let gap = " ".repeat(before - skipped);
        let message = &self.message;
        let mut rendered =
            format!("{message} at line {line}, column {column}\n  | {shown}\n  | {gap}{mark}");
        if let Some(suggestion) = &self.suggestion {
            rendered.push_str(" did you mean `");
            rendered.push_str(suggestion);
            rendered.push_str("`?");
        }
        rendered
    }
}

/// The line and the column of a byte of a source, both counted from 1, the column in characters.
#[must_use]
pub fn position(source: &str, at: usize) -> (usize, usize) {
    let (start, before) = line_before(source, at);
    (source.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1, before + 1)
}

/// Where the line of a byte begins, and how many characters stand before the byte in it.
fn line_before(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (start, before.get(start..).unwrap_or_default().chars().count())
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(formatter, " (did you mean `{suggestion}`?)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// The longest name that is compared with others.
const LONGEST_NAME: usize = 64;

/// The name among `known` that is most like `name`, if one is like it at all.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let lower = name.to_lowercase();
    let most = (name.chars().count() / 3).max(1);
    known
        .map(|other| (strsim::osa_distance(&lower, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_with_its_line_and_a_mark() {
        let source = "  true &&\n      naïve.lenth()";
        let at = source.find("lenth").unwrap();
        let mistake = Mistake::new("unknown function `lenth`", Span::new(at, at + 5))
            .suggesting(Some("length"));
        assert_eq!(
            mistake.render(source),
            "unknown function `lenth` at line 2, column 13\n  | naïve.lenth()\n  |       ^^^^^ did you mean `length`?"
        );
    }

    #[test]
    fn a_mistake_far_along_a_long_line_is_shown_with_what_is_around_it() {
        let source = format!("{}x{}", "a".repeat(1000), "b".repeat(1000));
        let rendered = Mistake::new("x", Span::new(1000, 1001)).render(&source);
        assert!(rendered.lines().all(|line| line.chars().count() <= SHOWN + 4), "{rendered}");
        let lines: Vec<&str> = rendered.lines().collect();
        assert_eq!(lines[1].find('x'), lines[2].find('^'));
    }

    #[test]
    fn a_mistake_at_the_end_is_marked_behind_the_last_character() {
        let rendered = Mistake::new("unexpected end", Span::new(2, 2)).render("1+");
        assert_eq!(rendered, "unexpected end at line 1, column 3\n  | 1+\n  |   ^");
    }

    #[test]
    fn only_names_that_are_alike_are_suggested() {
        let known = ["resource", "related", "parameters"];
        assert_eq!(nearest("resourse", known.into_iter()), Some("resource"));
        assert_eq!(nearest("Resource", known.into_iter()), Some("resource"));
        assert_eq!(nearest("x", known.into_iter()), None);
    }
}
