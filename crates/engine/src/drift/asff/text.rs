//! Texts that fit: cut, never dropped, and never between the bytes of a character.

use std::borrow::Cow;

use model::is_printable;

/// What stands for what was cut off.
const ELLIPSIS: &str = "…";

/// The text within `limit` bytes and on one line, or `instead` where nothing would be seen of it.
///
/// Security Hub refuses a text without a visible character.
pub(super) fn fit<'t>(text: &'t str, limit: usize, instead: &'t str) -> Cow<'t, str> {
    let text = one_line(text);
    if text.trim().is_empty() {
        return cut(Cow::Borrowed(instead), limit);
    }
    cut(text, limit)
}

/// Whether a character would end a line, beyond which the patterns that Security Hub checks texts by
/// do not reach, or would not show as itself to whoever reads a finding: a bidirectional control,
/// say.
pub(in crate::drift) fn breaks_line(character: char) -> bool {
    !is_printable(character)
}

/// What does not print, line breaks among it, becomes spaces.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(breaks_line) {
        Cow::Owned(text.replace(breaks_line, " "))
    } else {
        Cow::Borrowed(text)
    }
}

fn cut(text: Cow<'_, str>, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return text;
    }
    let kept = text.floor_char_boundary(limit.saturating_sub(ELLIPSIS.len()));
    let mut text = text.into_owned();
    text.truncate(kept);
    text.push_str(ELLIPSIS);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_left_as_it_is() {
        assert_eq!(fit("versioning is off", 17, "-"), "versioning is off");
    }

    #[test]
    fn a_long_text_ends_with_an_ellipsis_and_within_the_limit() {
        assert_eq!(fit("versioning is off", 13, "-"), "versioning…");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        for limit in 3..64 {
            let fitted = fit("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", limit, "-").into_owned();
            assert!(fitted.len() <= limit, "{limit}: {fitted}");
            assert!(fitted.ends_with('…'), "{limit}: {fitted}");
        }
    }

    #[test]
    fn a_text_without_anything_visible_gives_way() {
        assert_eq!(fit(" \n\t", 10, "s3-bucket"), "s3-bucket");
        assert_eq!(fit("two\nlines", 10, "-"), "two lines");
        assert_eq!(fit("\u{202e}\u{200b}", 10, "s3-bucket"), "s3-bucket");
        assert_eq!(fit("safe\u{202e}exe\u{2066}\u{9b}", 20, "-"), "safe exe  ");
    }
}
