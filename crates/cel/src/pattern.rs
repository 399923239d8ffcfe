//! Regular expressions, compiled within limits and priced before they run.
//!
//! Matching takes time proportional to the text and, at worst, to the number of places that the
//! expression can be in at once. So both are charged: see [`Pattern::price`].

use regex::{Regex, RegexBuilder};

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 4096;
/// The most places that an expression may have.
const MAX_PLACES: u64 = 4096;
/// The most memory of a compiled expression, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// How deep groups may nest.
const MAX_NESTING: u32 = 64;

/// A compiled regular expression.
#[derive(Debug)]
pub struct Pattern {
    /// What searches.
    pub regex: Regex,
    places: u64,
}

impl Pattern {
    /// Compiles `text`, or says why it is invalid.
    pub fn compile(text: &str) -> Result<Self, Box<str>> {
        if text.len() > MAX_LENGTH {
            return Err(format!("it is longer than {MAX_LENGTH} bytes").into());
        }
        let places = places(text, 1);
        if places > MAX_PLACES {
            return Err(format!("it repeats more than {MAX_PLACES} characters").into());
        }
        let regex = RegexBuilder::new(text)
            .size_limit(MAX_SIZE)
            .dfa_size_limit(MAX_SIZE)
            .nest_limit(MAX_NESTING)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(Self { regex, places })
    }

    /// The fuel that looking through `bytes` bytes of text takes.
    pub fn price(&self, bytes: usize) -> u64 {
        1 + (bytes as u64).saturating_mul(self.places + 1)
    }
}

/// Compiles a regular expression that texts are held against outside of expressions, within the same
/// limits.
///
/// # Errors
///
/// Why it is invalid.
pub fn text_pattern(text: &str) -> Result<Regex, Box<str>> {
    Pattern::compile(text).map(|pattern| pattern.regex)
}

/// The fuel that compiling `text` takes.
pub(super) fn compile_price(text: &str) -> u64 {
    let places = if text.len() > MAX_LENGTH { 0 } else { places(text, LARGE_CLASS) };
    places.saturating_mul(100).saturating_add(1000)
}

/// What compiling a class of Unicode letters, `\w` or `\pL`, takes in terms of a character.
const LARGE_CLASS: u64 = 200;

/// The last line of the crate's message says what is wrong; the others draw a picture of where.
fn reason(error: &regex::Error) -> Box<str> {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).into()
}

/// How many places an expression has: its characters and classes, repeated ones as often as
/// they are repeated; a class of Unicode letters counts as `large`. An estimate that never counts
/// too few, save for invalid expressions.
fn places(text: &str, large: u64) -> u64 {
    // The sums of the groups that are open, and what stands last in the innermost.
    let mut groups = vec![0u64];
    let mut last = 0u64;
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        let added = match char {
            '(' => {
                groups.push(0);
                continue;
            }
            '*' | '+' | '?' | '|' => continue,
            '{' => {
                let before = last;
                let (counts, after) = rest.as_str().split_once('}').unwrap_or_default();
                rest = after.chars();
                last = last.saturating_mul(repetitions(counts));
                last.saturating_sub(before)
            }
            ')' => {
                last = if groups.len() > 1 { groups.pop().unwrap_or(0) } else { 0 };
                last
            }
            '\\' => {
                last = if matches!(rest.next(), Some('w' | 'W' | 'p' | 'P')) { large } else { 1 };
                last
            }
            _ => {
                last = 1;
                last
            }
        };
        if let Some(sum) = groups.last_mut() {
            *sum = sum.saturating_add(added);
        }
    }
    groups.into_iter().fold(0, u64::saturating_add)
}

/// The larger number of `2,5`; 1 where it is no counted repetition.
fn repetitions(counts: &str) -> u64 {
    counts.split(',').filter_map(|count| count.trim().parse().ok()).max().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_characters_count_as_often_as_they_are_repeated() {
        for (text, least) in [
            ("abc", 3),
            ("a{10}", 10),
            ("(a{10}b){2,10}", 110),
            ("((a{9}){9}){9}", 729),
            ("a{9}{9}", 81),
            ("\\w{9}", 9),
        ] {
            let places = places(text, 1);
            assert!((least..least * 2 + 20).contains(&places), "{text}: {places}");
        }
    }

    #[test]
    fn a_class_of_letters_costs_more_to_compile_than_a_character() {
        assert!(compile_price("\\w") > 10 * compile_price("a"));
        assert!(compile_price("(\\w{9}){9}") > 70 * compile_price("\\w"));
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn expressions_that_would_grow_too_large_are_refused() {
        for text in ["(a{100}){100}", "((((a{99}){99}){99}){99})", "\\pL{4000}", &"a".repeat(5000)]
        {
            assert!(Pattern::compile(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_invalid_expression_is_refused_with_the_reason() {
        let reason = Pattern::compile("a(b").unwrap_err();
        assert_eq!(reason.as_ref(), "unclosed group");
    }
}
