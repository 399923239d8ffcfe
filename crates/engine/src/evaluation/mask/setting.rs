//! Settings within a text: a name that speaks of a secret, with its value.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::MASKED;
use super::name::{Named, named};
use super::pattern::compiled;
use super::text::replace;
use super::words::SECRET_WORDS;

/// A name with a value: `password=x`, `"token": "x"`, `--api-key x`, `<secret>x`.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = format!(
        r"(?-u:[A-Za-z0-9_-]*(?:{SECRET_WORDS}|pass|pw|\bdsn|\bpsk|\bauth(?:orization)?)[A-Za-z0-9_-]*)"
    );
    let value = r#"\\?"(?:[^"\\]|\\.)*\\?"?|'[^']*'?|\{[^}]*\}?|(?:(?:bearer|basic|token|digest)\s+)?[^\s;,&"'<>)]+"#;
    compiled(&format!(
        r#"(?i)(?:(--?(?P<option>{name})(?:\s+|=))|(?P<name>{name})(?P<mark>\\?["']?\]?\s*(?:=>|:=|[=:>]|%3[ad])\s*))(?P<value>{value})"#
    ))
});

/// A sentence that says what a secret is.
static PROSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r#"(?xi) (\b(?-u: passwor[dt] | passwd | pass[ -]?phrase | pass[ -]?code | pwd | pw | pin | secret
            | token | api[ _-]?key | credentials? )
            (?:\s+(?:for|of)\s+\S+)? \s+ (?:is|was|are) (?:\s*:)? \s+) (["']?) ([^\s"',;]+)"#,
    )
});

/// What a sentence says of a secret without telling it.
const NO_VALUES: [&str; 43] = [
    "a",
    "absent",
    "also",
    "always",
    "an",
    "being",
    "disabled",
    "empty",
    "enabled",
    "encrypted",
    "expired",
    "in",
    "incorrect",
    "invalid",
    "kept",
    "long",
    "longer",
    "managed",
    "mandatory",
    "missing",
    "needed",
    "never",
    "no",
    "not",
    "older",
    "on",
    "only",
    "optional",
    "present",
    "required",
    "rotated",
    "set",
    "shorter",
    "stored",
    "strong",
    "the",
    "too",
    "unset",
    "used",
    "valid",
    "weak",
    "wrong",
    "your",
];

/// The first line of a YAML field; what is indented below it belongs to its value.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r#"(?m)^(?P<indent>[ \t]*(?:-[ \t]+)*)["']?(?P<name>[\w.-]+)["']?[ \t]*:(?:[ \t][^\n]*)?\n"#,
    )
});

/// The text without the values of its settings.
pub(super) fn masked(text: &str) -> String {
    let shown = blocks(text);
    let shown = settings(&shown);
    replace(PROSE.as_ref(), &shown, prose)
}

/// The text without what stands below YAML fields that speak of secrets.
fn blocks(text: &str) -> String {
    let Some(field) = FIELD.as_ref() else { return MASKED.to_owned() };
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(found) = field.captures_at(text, at) {
        let end = found.get(0).map_or(text.len(), |it| it.end());
        let indent = found.name("indent").map_or(0, |it| it.len());
        let is_secret =
            found.name("name").is_some_and(|name| named(name.as_str()) == Named::Secret);
        shown.push_str(text.get(at..end).unwrap_or_default());
        at = end;
        let below = text.get(end..).unwrap_or_default();
        let length = if is_secret { indented(below, indent) } else { 0 };
        if below.get(..length).is_some_and(|block| !block.trim().is_empty()) {
            shown.push_str(&" ".repeat(indent + 2));
            shown.push_str(MASKED);
            shown.push('\n');
            at += length;
        }
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

/// How long the lines are that are indented deeper, from the beginning of the text.
fn indented(text: &str, indent: usize) -> usize {
    let deeper = |line: &&str| {
        line.trim().is_empty() || line.len() - line.trim_start_matches([' ', '\t']).len() > indent
    };
    text.split_inclusive('\n').take_while(deeper).map(str::len).sum()
}

fn settings(text: &str) -> String {
    let Some(setting) = SETTING.as_ref() else { return MASKED.to_owned() };
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(found) = setting.captures_at(text, at) {
        let whole = found.get(0).map_or(text.len()..text.len(), |it| it.range());
        shown.push_str(text.get(at..whole.start).unwrap_or_default());
        if let Some(value) = found.name("value").filter(|_| holds_secret(&found, text)) {
            shown.push_str(text.get(whole.start..value.start()).unwrap_or_default());
            shown.push_str(MASKED);
            let is_enclosed = value.as_str().starts_with(['"', '\'', '{', '\\']);
            at = if is_enclosed { value.end() } else { with_tail(text, value.end()) };
        } else {
            shown.push_str(text.get(whole.clone()).unwrap_or_default());
            at = whole.end;
        }
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

fn holds_secret(found: &Captures<'_>, text: &str) -> bool {
    let text_of = |name: &str| found.name(name).map(|it| it.as_str());
    // A value ends before a bracket, and so does what was masked before.
    let is_masked = text_of("value").is_some_and(|it| it.starts_with(MASKED.trim_end_matches(')')));
    if is_masked {
        return false;
    }
    if let Some(option) = text_of("option") {
        return named(option) != Named::Plain;
    }
    let (Some(name), Some(mark)) = (found.name("name"), text_of("mark")) else { return false };
    let before = text.get(..name.start()).and_then(|before| before.chars().next_back());
    // A part of an ARN: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:db`.
    let is_in_arn = mark == ":" && before == Some(':');
    !is_in_arn && named(name.as_str()) == Named::Secret
}

/// Where a value ends that is not enclosed and ended at `end` for certain: what follows a comma, a
/// blank or `&` belongs to it too, unless it begins another setting or option.
fn with_tail(text: &str, end: usize) -> usize {
    const MARKS: [char; 4] = [',', '&', ' ', '\t'];
    let mut end = end;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let next = rest.trim_start_matches(MARKS);
        let ends = |it: char| it.is_whitespace() || ";,&\"'<>".contains(it);
        let word = next.get(..next.find(ends).unwrap_or(next.len())).unwrap_or_default();
        if next.len() == rest.len() || word.is_empty() || begins_another(word) {
            return end;
        }
        end += rest.len() - next.len() + word.len();
    }
}

fn begins_another(word: &str) -> bool {
    // At the end of base64 `=` is no mark.
    word.starts_with(['-', '|']) || word.ends_with(':') || word.trim_end_matches('=').contains('=')
}

fn prose(found: &Captures<'_>) -> Option<String> {
    let [sentence, quote, value] = [1, 2, 3].map(|at| found.get(at).map_or("", |it| it.as_str()));
    let word = value.trim_end_matches(['.', '!', '?', ':', ')']).to_ascii_lowercase();
    let tells = !word.is_empty() && !value.starts_with('(') && !NO_VALUES.contains(&&*word);
    tells.then(|| format!("{sentence}{quote}{MASKED}"))
}

#[cfg(test)]
pub(super) fn compiles() -> bool {
    [&*SETTING, &*PROSE, &*FIELD].into_iter().all(Option::is_some)
}
