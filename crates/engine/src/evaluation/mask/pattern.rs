//! Patterns that are made quickly: a scan of a few resources spends most of its time on them.

use regex::Regex;

/// Compiles a pattern. A pattern that does not compile would be found by the tests.
///
/// `\d` is a digit of ASCII, and `\w` also any character beyond ASCII: the tables of Unicode make a
/// machine of thousands of states for each, and what is hidden is never less. Where case is not looked
/// at, a class with `\w` is best written as `(?-i:[…])`, since the cases of every character would be
/// looked up, and a list of words in ASCII as `(?-u:…)`, since `s` and `k` are then not ASCII alone.
pub(super) fn compiled(pattern: &str) -> Option<Regex> {
    let pattern = pattern.replace(r"\w", r"[0-9A-Za-z_\x{80}-\x{10FFFF}]").replace(r"\d", "[0-9]");
    Regex::new(&pattern).ok()
}
