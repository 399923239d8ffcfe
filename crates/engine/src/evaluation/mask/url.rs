//! Secrets in the URLs of a text: user information, and the paths of webhooks.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::MASKED;
use super::pattern::compiled;
use super::text::replace;

/// `user:password@` where no scheme goes before it, as in the DSNs of Go's drivers.
static USER: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(r#"([^\s:/@"'=,;]+):([^\s@"']+)@([^\s"']*)"#));

/// User information in a URL that is percent-encoded, once or more often.
static ENCODED: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(r#"(?i)(%(?:25)*2F%(?:25)*2F)[^\s&"'?]*(%(?:25)*40)"#));

/// An address that whoever knows it may post to: chats, pagers and what serves `/hooks/`.
static WEBHOOK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r#"(?xi) (// (?: hooks?\.(?-i:[\w.:-])+ | (?-i:[\w.-])*webhook(?-i:[\w.:-])* | api\.telegram\.org
            | events\.(?:eu\.)?pagerduty\.com/(?:integration|x-ere)
            | (?:(?-i:[\w-])+\.)*discord(?:app)?\.com/api | outlook\.office(?:365)?\.com
            | maker\.ifttt\.com | (?-i:[\w.:-])+/(?:(?-i:[\w.-])+/)*(?:hooks|webhooks?) ) /) [^\s"'<>]+"#,
    )
});

/// The text with user information of URLs masked, and what makes webhooks secret.
pub(super) fn masked(text: &str) -> String {
    let shown = urls(text);
    let shown = replace(ENCODED.as_ref(), &shown, |found| {
        Some(format!("{}{MASKED}{}", found.get(1)?.as_str(), found.get(2)?.as_str()))
    });
    let shown = replace(WEBHOOK.as_ref(), &shown, |found| {
        Some(format!("{}{MASKED}", found.get(1)?.as_str()))
    });
    replace(USER.as_ref(), &shown, user)
}

/// The text with all user information of URLs masked, whatever their scheme.
fn urls(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("//") {
        shown.push_str(before);
        shown.push_str("//");
        rest = after;
        if let Some(end) = user_information(after) {
            shown.push_str(MASKED);
            rest = after.get(end..).unwrap_or_default();
        }
    }
    shown.push_str(rest);
    shown
}

/// Where the user information ends that begins a URL after its `//`. A password may hold a slash
/// that should have been encoded: then what stands before it is no host with a port.
fn user_information(url: &str) -> Option<usize> {
    let end = url.find(|it: char| it.is_whitespace() || "\"'<>`".contains(it)).unwrap_or(url.len());
    let url = url.get(..end)?;
    let authority = url.get(..url.find(['/', '?', '#']).unwrap_or(url.len()))?;
    if let Some(at) = authority.rfind('@') {
        return Some(at);
    }
    let (_, port) = authority.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
    if is_port { None } else { url.rfind('@') }
}

fn user(found: &Captures<'_>) -> Option<String> {
    let [name, password, after] = [1, 2, 3].map(|at| found.get(at).map_or("", |it| it.as_str()));
    // A digest of an image, a session's name in an ARN, and what is a URL.
    let is_other = after.starts_with("sha256:") || name == "arn" || password.starts_with("//");
    (!is_other).then(|| format!("{MASKED}@{after}"))
}

#[cfg(test)]
pub(super) fn compiles() -> bool {
    [&*USER, &*ENCODED, &*WEBHOOK].into_iter().all(Option::is_some)
}
