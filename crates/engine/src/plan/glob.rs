//! Texts with `*` and `?`, as in policies of AWS: any text, and any one character.
//!
//! Nothing is compiled: a glob costs what its text does, and matching reads a text once for each part
//! between two `*`, so that no glob can be made to take long or much.

/// Whether the glob matches all of the text. Only `*` and `?` mean more than themselves: ids may hold
/// brackets and braces, and slashes are characters as any other.
pub(super) fn matches(glob: &str, text: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else {
        return without(glob, text) == Some("");
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let after_first = without(first, text);
    // The first place is the best one: it leaves the most for what follows.
    let after_middle = middle.split('*').fold(after_first, |left, part| beyond(part, left?));
    after_middle.is_some_and(|left| ends_with(left, last))
}

/// What is left of the text when it begins with this part.
fn without<'t>(part: &str, text: &'t str) -> Option<&'t str> {
    if !part.contains('?') {
        return text.strip_prefix(part);
    }
    let mut left = text.chars();
    let takes = |wanted: char| left.next().is_some_and(|given| wanted == '?' || wanted == given);
    part.chars().all(takes).then_some(left.as_str())
}

/// What is left of the text behind the first place where this part is.
fn beyond<'t>(part: &str, text: &'t str) -> Option<&'t str> {
    if !part.contains('?') {
        return text.split_once(part).map(|(_, behind)| behind);
    }
    let mut left = text.chars();
    loop {
        if let Some(behind) = without(part, left.as_str()) {
            return Some(behind);
        }
        left.next()?;
    }
}

fn ends_with(text: &str, part: &str) -> bool {
    if !part.contains('?') {
        return text.ends_with(part);
    }
    let mut left = text.chars();
    part.chars()
        .rev()
        .all(|wanted| left.next_back().is_some_and(|given| wanted == '?' || wanted == given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Slowly, and plainly right.
    fn by_definition(glob: &[char], text: &[char]) -> bool {
        match glob {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|it| by_definition(rest, &text[it..])),
            ['?', rest @ ..] => !text.is_empty() && by_definition(rest, &text[1..]),
            [own, rest @ ..] => text.first() == Some(own) && by_definition(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn globs_match_what_they_are_defined_to(glob in "[abé*?]{0,8}", text in "[abé]{0,10}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = by_definition(&characters(&glob), &characters(&text));
            prop_assert_eq!(matches(&glob, &text), expected);
        }
    }

    #[test]
    fn no_glob_takes_long() {
        let (glob, text) = ("*a?".repeat(300) + "b", "a".repeat(100_000));
        assert!(!matches(&glob, &text));
    }
}
