//! Secrets that command lines give by options which do not name them: `curl -u user:password`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::MASKED;
use super::pattern::compiled;
use super::text::replace;

/// What an option gives: a text in quotes, or up to where the shell ends it.
const VALUE: &str = r#""(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s;|&"']+"#;

/// `-u user:password` of `curl` and what takes options like it.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(&format!(r"((?:^|\s)(?:-u|-U|--user|--proxy-user)(?:\s+|=)?)({VALUE})"))
});

/// Programs with the short option by which each is given a password.
static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let programs = [
        (r"(?:mysql|mariadb)[\w-]*", r"-p"),
        (r"(?:sshpass|mongo\w*|az\s+login|psexec)", r"-p\s*"),
        (r"(?:docker|podman|helm|oras|skopeo|buildah|crane)\s+(?:\w+\s+)?login", r"-p\s*"),
        (r"(?:sqlcmd|bcp)", r"-P\s*"),
        (r"redis-cli", r"-a\s*"),
        (r"ldap\w+", r"-w\s*"),
    ];
    let each = programs.map(|(program, option)| format!(r"{program}\b[^\n;|&]*?\s{option}"));
    compiled(&format!(r"(\b(?:{}))({VALUE})", each.join("|")))
});

/// The text without the passwords of its command lines.
pub(super) fn masked(text: &str) -> String {
    let shown = replace(USER.as_ref(), text, user);
    replace(PASSWORD.as_ref(), &shown, |found| Some(format!("{}{MASKED}", found.get(1)?.as_str())))
}

/// A user with a password; a user's and a group's number are none.
fn user(found: &Captures<'_>) -> Option<String> {
    let (option, given) = (found.get(1)?.as_str(), found.get(2)?.as_str());
    let (name, password) = given.trim_matches(['"', '\'']).split_once(':')?;
    let is_number = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let is_other = is_number(name) && is_number(password) || password.starts_with("//");
    (!is_other).then(|| format!("{option}{MASKED}"))
}

#[cfg(test)]
pub(super) fn compiles() -> bool {
    [&*USER, &*PASSWORD].into_iter().all(Option::is_some)
}
