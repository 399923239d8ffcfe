//! Whom a drift belongs to.
//!
//! The text is what somebody wrote as a tag or label, and becomes a field of findings, a label of
//! metrics and a word in status: it is short, on one line, and nothing in it is hidden.

use std::fmt;
use std::sync::Arc;

use crate::is_printable;

/// What stands for what was cut off.
const ELLIPSIS: char = '…';

/// Whom a drift belongs to: at most [`Owner::MAX_BYTES`] bytes that show as they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

impl Owner {
    /// The longest owner. AWS allows tags of 256 characters (AWS Config API Reference, `Tag`); this
    /// is long for a team, and keeps findings, status and metrics small.
    pub const MAX_BYTES: usize = 128;

    /// The owner that a text names: trimmed, on one line, cut where it is long. Nothing where
    /// nothing of it would be seen.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut owner = String::new();
        for character in text.chars() {
            let shown = if is_printable(character) { character } else { ' ' };
            if owner.is_empty() && shown.is_whitespace() {
                continue;
            }
            owner.push(shown);
            if owner.len() > Self::MAX_BYTES {
                break;
            }
        }
        owner.truncate(owner.trim_end().len());
        if owner.len() > Self::MAX_BYTES {
            owner.truncate(owner.floor_char_boundary(Self::MAX_BYTES - ELLIPSIS.len_utf8()));
            owner.push(ELLIPSIS);
        }
        (!owner.is_empty()).then(|| Self(owner.into()))
    }

    /// Stands for all owners that there is no place for.
    #[must_use]
    pub fn others() -> Self {
        Self("(others)".into())
    }

    /// The owner as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(text: &str) -> Option<String> {
        Owner::new(text).map(|owner| owner.to_string())
    }

    #[test]
    fn an_owner_is_what_a_text_shows() {
        for (text, expected) in [
            ("payments", "payments"),
            ("  payments@example.com\n", "payments@example.com"),
            ("Größe 🦀 支付", "Größe 🦀 支付"),
            ("pay\u{202e}ments\u{1b}[2J", "pay ments [2J"),
            ("two\r\nlines", "two  lines"),
        ] {
            assert_eq!(owner(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_shows_nothing_names_nobody() {
        for text in ["", " ", "\t\n", "\u{200b}\u{feff}", "\u{a0}"] {
            assert_eq!(owner(text), None, "{text:?}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn a_huge_text_is_cut_between_characters() {
        for huge in ["x".repeat(1 << 20), "🦀".repeat(1000), format!("{}🦀", "x".repeat(127))] {
            let owner = owner(&huge).unwrap();
            assert!(owner.len() <= Owner::MAX_BYTES && owner.ends_with('…'), "{owner}");
        }
        let longest = "x".repeat(Owner::MAX_BYTES);
        assert_eq!(owner(&longest), Some(longest.clone()));
        assert_eq!(owner(&format!("{longest}   ")), Some(longest));
    }

    /// What was cut is read back as it is.
    #[test]
    fn an_owner_names_itself() {
        for text in ["x".repeat(200), "a\u{7f}b".to_owned(), " ü ".to_owned()] {
            let once = owner(&text).unwrap();
            assert_eq!(owner(&once), Some(once));
        }
    }
}
