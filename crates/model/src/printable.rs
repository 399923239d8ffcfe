//! Texts of strangers as a terminal can show them.
//!
//! Names, ids, messages and files may hold characters that move the cursor, change the order of
//! what follows, or end a line. Whoever shows a text to a person shows it through here: such
//! characters become visible escapes, and everything else stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character shows as itself. Those that do not are control characters (the C0 and C1
/// sets, which begin terminal sequences), line and paragraph separators, and what Unicode hides:
/// the bidirectional controls (Unicode Standard Annex 9, section 2), marks without width, and tags.
#[must_use]
pub const fn is_printable(character: char) -> bool {
    !matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The text on one line: what does not print is escaped (`\n`, `\u{1b}`).
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, is_printable)
}

/// The text, lines and tabs kept: what else does not print is escaped.
#[must_use]
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escape(text, |character| is_printable(character) || matches!(character, '\n' | '\t'))
}

fn escape(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&stays) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            _ if stays(character) => escaped.push(character),
            '\n' | '\r' | '\t' => escaped.extend(character.escape_default()),
            _ => {
                let _ = write!(escaped, "{}", character.escape_unicode());
            }
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_prints_stays_as_it_is() {
        for text in ["", "versioning is off", "naïve 🦀 бакет 桶", "👩\u{200d}🔬"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_moves_the_cursor_ends_a_line_or_turns_the_order_becomes_visible() {
        let cases = [
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\nb\rc\td", "a\\nb\\rc\\td"),
            ("x\u{202e}y\u{2066}z", "x\\u{202e}y\\u{2066}z"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("a\u{200b}b\u{feff}\u{7f}", "a\\u{200b}b\\u{feff}\\u{7f}"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected);
            assert!(printable(text).chars().all(is_printable));
        }
        assert_eq!(printable_lines("a\n\tb\u{1b}c"), "a\n\tb\\u{1b}c");
    }
}
