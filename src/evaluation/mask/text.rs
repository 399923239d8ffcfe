//! Secrets within a text: in URLs, connection strings, settings, JSON, keys and tokens.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::{Captures, Regex};

use super::name::{Named, SECRET_WORDS, named};
use super::{MASKED, json};

/// What no text without a secret need have; the rest is asked only of one that has it.
static SUSPICIOUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        "(?i)@|-----BEGIN|eyJ|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|_live_|signature|sig=|key=|code=\
         |auth|referer|useragent|environment|variables|command|entrypoint|\"arg|pass|dsn|{SECRET_WORDS}"
    ))
    .ok()
});

/// A private key in PEM.
static PRIVATE_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*-----|$)").ok()
});

/// `user:password@` where no scheme goes before it, as in the DSNs of Go's drivers.
static USER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([^\s:/@"'=,;]+):([^\s@"']+)@([^\s"']*)"#).ok());

/// A name with a value: `password=x`, `"token": "x"`, `--api-key x`, `<secret>x`.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = format!(
        r"[A-Za-z0-9_-]*(?:{SECRET_WORDS}|\bpass|\bdsn|\bauth(?:orization)?)[A-Za-z0-9_-]*"
    );
    let value = r#"\\?"(?:[^"\\]|\\.)*\\?"?|'[^']*'?|\{[^}]*\}?|(?:(?:bearer|basic|token|digest)\s+)?[^\s;,&"'<>)]+"#;
    Regex::new(&format!(
        r#"(?i)(?:(--?{name}(?:\s+|=))|({name})(\\?["']?\]?\s*(?:=>|:=|[=:>])\s*))({value})"#
    ))
    .ok()
});

/// Tokens that are known by how they look, and signatures of URLs.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x) \b(?: gh[pousr]_[A-Za-z0-9]{8,} | github_pat_\w{8,} | glpat-[\w-]{8,}
            | xox[abeoprs]-[\w-]{8,} | (?:sk|rk)_live_\w{8,} | eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]* )
        | (?P<query> [?&](?:[\w-]*[Ss]ignature|[\w-]*[Cc]redential|sig|key|auth|code) = ) [^&\s"']+"#,
    )
    .ok()
});

/// The text without its secrets; nothing where it has none.
pub(super) fn masked(text: &str) -> Option<String> {
    // A pattern that does not compile would be found by the tests.
    if SUSPICIOUS.as_ref().is_some_and(|it| !it.is_match(text)) {
        return None;
    }
    if let Some(masked) = document(text) {
        return masked;
    }
    let mut shown = replace(PRIVATE_KEY.as_ref(), text, |_| Some(MASKED.to_owned()));
    shown = urls(&shown);
    shown = replace(USER.as_ref(), &shown, user);
    // The name of a secret in its ARN is no secret.
    if !text.starts_with("arn:") {
        let before = shown;
        shown = replace(SETTING.as_ref(), &before, |found| setting(found, &before));
    }
    shown = replace(TOKEN.as_ref(), &shown, |found| {
        Some(format!("{}{MASKED}", found.name("query").map_or("", |it| it.as_str())))
    });
    (shown != text).then_some(shown)
}

/// A text that holds JSON, percent-encoded or not, is masked as what it holds.
#[allow(clippy::option_option)] // the outer one says whether it is JSON at all
fn document(text: &str) -> Option<Option<String>> {
    let start = text.trim_start();
    let is_encoded =
        start.starts_with("%7B") || start.starts_with("%7b") || start.starts_with("%5");
    if is_encoded {
        let decoded = percent_decode_str(start).decode_utf8().ok()?;
        return json::masked(&decoded);
    }
    if start.starts_with(['{', '[']) { json::masked(start) } else { None }
}

fn replace(
    pattern: Option<&Regex>,
    text: &str,
    with: impl Fn(&Captures<'_>) -> Option<String>,
) -> String {
    let Some(pattern) = pattern else { return MASKED.to_owned() };
    let whole = |found: &Captures<'_>| found.get(0).map_or("", |it| it.as_str()).to_owned();
    pattern
        .replace_all(text, |found: &Captures<'_>| with(found).unwrap_or_else(|| whole(found)))
        .into_owned()
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

fn setting(found: &Captures<'_>, text: &str) -> Option<String> {
    // A value ends before a bracket, and so does what was masked before.
    if found.get(4)?.as_str().starts_with(MASKED.trim_end_matches(')')) {
        return None;
    }
    if let Some(option) = found.get(1) {
        return Some(format!("{}{MASKED}", option.as_str()));
    }
    let (name, mark) = (found.get(2)?, found.get(3)?.as_str());
    let mut before = text.get(..name.start())?.chars();
    // A part of an ARN: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:db`.
    let is_in_arn = mark == ":" && before.next_back() == Some(':');
    if is_in_arn || named(name.as_str()) != Named::Secret {
        return None;
    }
    Some(format!("{}{mark}{MASKED}", name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2CANARY";

    #[test]
    fn the_patterns_compile() {
        for pattern in [&*SUSPICIOUS, &*PRIVATE_KEY, &*USER, &*SETTING, &*TOKEN] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn secrets_within_a_text_are_masked() {
        for text in [
            "https://user:§@github.com/acme/x.git",
            "https://§@github.com/acme/x.git",
            "https://user:pa/§@github.com/x",
            "see https://u:§@h1,https://v:§@h2 and git+ssh://x:§@y",
            "//user:§@host/path",
            "postgres://app:§@db:5432/shop?sslmode=require",
            "app:§@tcp(db:3306)/shop",
            "jdbc:oracle:thin:scott/§@db:1521/shop",
            "Server=db;User Id=app;Password=§;Encrypt=true",
            "Server=db;Pwd={§;§};Encrypt=true",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§==",
            "mysql --user app --password § shop",
            "mysql -u app --password=§",
            "export GITHUB_TOKEN='§'\necho done",
            "#!/bin/bash\nDB_PASSWORD=\"§ §\" ./run",
            "{\"password\": \"§\"}",
            "{\"a\":{\"environment\":{\"variables\":{\"X\":\"§\"}}}}",
            "%7B%22password%22%3A%22§%22%7D",
            "config: {\"token\":\"§\"}",
            "{\\\"token\\\":\\\"§\\\"}",
            "Authorization: Bearer §",
            "<preSharedKey>§</preSharedKey>",
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=§&X-Amz-Signature=§&X-Amz-Security-Token=§",
            "-----BEGIN RSA PRIVATE KEY-----\n§\n-----END RSA PRIVATE KEY-----",
            "ghp_§",
            "xoxb-1-§",
            "github_pat_§",
            "eyJhbGciOiJIUzI1NiJ9.§.§",
        ] {
            let text = text.replace('§', SECRET);
            let shown = masked(&text).unwrap_or_else(|| panic!("nothing is masked in {text}"));
            assert!(!shown.contains(SECRET), "{text} became {shown}");
            assert!(shown.contains(MASKED), "{text} became {shown}");
            assert_eq!(masked(&shown), None, "masking again changes {shown}");
        }
    }

    #[test]
    fn what_explains_a_verdict_and_is_no_secret_is_shown() {
        for text in [
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
            "arn:aws:sts::111122223333:assumed-role/admin/jane@example.com",
            "secretsmanager:GetSecretValue",
            "see arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1.2@sha256:0123456789abcdef",
            "https://github.com/acme/x.git@v2",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
            "platform@example.com",
            "password",
            "the password policy requires 14 characters",
            "PasswordLength=14;PasswordReusePrevention=24",
            "{\"Statement\":[{\"Action\":\"secretsmanager:GetSecretValue\",\"Effect\":\"Allow\"}]}",
            "token.actions.githubusercontent.com:sub",
            "ELBSecurityPolicy-TLS13-1-2-2021-06",
        ] {
            assert_eq!(masked(text), None, "{text}");
        }
    }

    #[test]
    fn the_rest_of_a_text_stays() {
        assert_eq!(
            masked("https://user:x@github.com/acme/x.git").as_deref(),
            Some("https://(masked)@github.com/acme/x.git")
        );
        assert_eq!(
            masked("Server=db;Password=x;Encrypt=true").as_deref(),
            Some("Server=db;Password=(masked);Encrypt=true")
        );
    }
}
