//! What a field's name says about its value.
//!
//! A name that speaks of a secret makes the value one, unless its last word says that the value
//! only refers to it (`DB_SECRET_ARN`) or describes it (`passwordLastUsed`).

use std::cell::RefCell;
use std::sync::LazyLock;

use regex::Regex;
use rustc_hash::FxHashMap;

use super::pattern::compiled;
use super::words::{
    ENDINGS, ENVIRONMENTS, KNOWN_HEADERS, NO_ENDINGS, REFERENCES, SECRET_WORDS, VALUES,
};

/// What a field holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing that the name tells.
    Plain,
    /// What describes a secret, or tells where it is.
    Reference,
    /// A secret.
    Secret,
    /// What describes an environment, or an environment itself: a map from names to values.
    Environment,
    /// Names with values that belong to whoever runs the resource: a map, or a list of entries.
    Values,
}

/// Those that are secret whatever their last word is.
const ALWAYS: &str = "(?i-u)external[_. -]?id|user[_. -]?data|webhook|connection[_. -]?str\
    |customer[_. -]?gateway[_. -]?configuration\
    |(?:database|connection|jdbc|redis|mongo(?:db)?|postgres|mysql|amqp|broker|db)[_. -]?ur[li]$";

/// Short words that make a name that of a secret where nothing else stands in it, or before them;
/// and what is compared with a secret that a content delivery network sends.
const SHORT: &str = "^(?:.*[_. -])?(?:pass|pin|otp|dsn|psk|pat|sas|auth|authorization)$|^aws:(?:referer|useragent)$";

/// Names with a word of [`SECRET_WORDS`] that hold none: EC2's requirement of session tokens, and the
/// condition keys and action prefix of Secrets Manager.
const NO_SECRETS: [&str; 3] = ["httpTokens", "masterUserSecret", "secretsmanager"];

static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| compiled(&format!("(?i)(?-u:{SECRET_WORDS})|{SHORT}")));
static SECRET_ALWAYS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ALWAYS));

thread_local! {
    /// What names were found to say. Items have the same few again and again.
    static KNOWN: RefCell<FxHashMap<Box<str>, Named>> = RefCell::default();
}

/// So many names are remembered, none of which is longer.
const MOST_KNOWN: usize = 4096;
const LONGEST_KNOWN: usize = 64;

/// What a field of this name holds.
pub(super) fn named(name: &str) -> Named {
    if name.len() > LONGEST_KNOWN {
        return judged(name);
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(named) = known.get(name) {
            return *named;
        }
        let named = judged(name);
        if known.len() < MOST_KNOWN {
            known.insert(name.into(), named);
        }
        named
    })
}

fn judged(name: &str) -> Named {
    if let Some(held) = variables(name) {
        return held;
    }
    // A condition key's service is no part of its name; that of an identity provider is its host.
    let name = match name.split_once(':') {
        Some((service, key)) if service == "secretsmanager" || service.contains('.') => key,
        _ => name,
    };
    // A pattern that does not compile would be found by the tests; hiding is the safe side.
    let matches = |pattern: &Option<Regex>| pattern.as_ref().is_none_or(|it| it.is_match(name));
    let last = last_word(name);
    let is_secret = matches(&SECRET) || ends_as_secret(name, last) || is_own_header(name);
    if !is_secret || NO_SECRETS.iter().any(|it| it.eq_ignore_ascii_case(name)) {
        return Named::Plain;
    }
    let refers = REFERENCES.iter().any(|word| word.eq_ignore_ascii_case(last));
    if refers && !matches(&SECRET_ALWAYS) { Named::Reference } else { Named::Secret }
}

/// What a field holds whose name is that of an environment or of variables, however it is written:
/// `environment_variables`, and `environment.variables.STAGE` where a path is a name.
fn variables(name: &str) -> Option<Named> {
    let of = |part: &str| {
        let is_mark = |it: char| matches!(it, '_' | '-' | ' ');
        let plain: String =
            part.chars().filter(|it| !is_mark(*it)).map(|it| it.to_ascii_lowercase()).collect();
        let is_one_of = |names: &[&str]| names.contains(&plain.as_str());
        if is_one_of(&ENVIRONMENTS) {
            return Some(Named::Environment);
        }
        is_one_of(&VALUES).then_some(Named::Values)
    };
    let Some((path, last)) = name.rsplit_once('.') else { return of(name) };
    of(last).or_else(|| path.split('.').find_map(of).map(|_| Named::Secret))
}

fn ends_as_secret(name: &str, last: &str) -> bool {
    let ends = |text: &str, with: &str| {
        let start = text.len().checked_sub(with.len());
        start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(with))
    };
    let is_word = |with: &str| last.eq_ignore_ascii_case(with);
    let is_part = |with: &str| ends(name, with) && !NO_ENDINGS.iter().any(|it| ends(name, it));
    ENDINGS.iter().any(|it| is_word(it) || is_part(it))
}

/// Whether the name is that of a header that whoever runs a service made up.
fn is_own_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_word = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
    lower.starts_with("x-")
        && lower.bytes().all(is_word)
        && !KNOWN_HEADERS.iter().any(|known| lower.starts_with(known))
}

/// Whether a field names what another field beside it holds: `name` beside `value`,
/// `attributeName` beside `attributeValue`.
pub(super) fn labels_another(name: &str) -> bool {
    const ENDS: [&str; 2] = ["name", "key"];
    const LABELS: [&str; 8] =
        ["field", "label", "attribute", "property", "setting", "option", "parameter", "variable"];
    let lower = name.to_ascii_lowercase();
    is_label(name)
        || ENDS.iter().any(|end| lower.ends_with(end))
        || LABELS.contains(&lower.as_str())
}

/// Whether a field names an entry of an environment or its like.
pub(super) fn is_label(name: &str) -> bool {
    const LABELS: [&str; 12] = [
        "name",
        "key",
        "k",
        "type",
        "field",
        "attributeName",
        "parameterKey",
        "parameterName",
        "optionName",
        "outputKey",
        "headerName",
        "variableName",
    ];
    LABELS.iter().any(|label| label.eq_ignore_ascii_case(name))
}

/// Whether a field holds what another field beside it names.
pub(super) fn is_labelled(name: &str) -> bool {
    const LABELLED: [&str; 9] =
        ["v", "val", "valuefrom", "default", "content", "contents", "data", "text", "string"];
    let lower = name.to_ascii_lowercase();
    lower.ends_with("value") || lower.ends_with("values") || LABELLED.contains(&lower.as_str())
}

/// `Arn` of `dbSecretArn`, `ARN` of `DB_SECRET_ARN`.
fn last_word(name: &str) -> &str {
    let after_mark = name.rfind(|it: char| !it.is_alphanumeric()).map_or(0, |at| {
        at + name.get(at..).and_then(|it| it.chars().next()).map_or(1, char::len_utf8)
    });
    let word = name.get(after_mark..).unwrap_or(name);
    let mut start = 0;
    let mut before = ' ';
    for (at, letter) in word.char_indices() {
        if letter.is_uppercase() && before.is_lowercase() {
            start = at;
        }
        before = letter;
    }
    word.get(start..).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_compile() {
        assert!(SECRET.is_some() && SECRET_ALWAYS.is_some());
    }

    #[test]
    fn a_name_that_speaks_of_a_secret_holds_one() {
        for name in [
            "password",
            "DB_PASSWORD",
            "masterUserPassword",
            "PGPASSWD",
            "db.pwd",
            "Token",
            "authToken",
            "GITHUB_TOKEN",
            "x-api-key",
            "apiKey",
            "AWS_SECRET_ACCESS_KEY",
            "SecretString",
            "clientSecret",
            "PrivateKey",
            "preSharedKey",
            "connectionString",
            "DATABASE_URL",
            "userData",
            "UserData",
            "sts:ExternalId",
            "sts:externalid",
            "externalId",
            "SLACK_WEBHOOK_URL",
            "passphrase",
            "credentials",
            "pin",
            "DB_DSN",
            "customerGatewayConfiguration",
            "buildspec",
            "headerValue",
            "parameterValue",
            "db_pass",
            "PASSWORD_OLD",
            "Authorization",
            "adminPass",
            "dbpass",
            "userpass",
            "DB_PASS",
            "pw",
            "dbPw",
            "tlsKey",
            "TLS_KEY",
            "keyMaterial",
            "X-Origin-Verify",
            "environment.variables.STAGE",
            "searchString",
        ] {
            assert_eq!(named(name), Named::Secret, "{name}");
        }
    }

    #[test]
    fn a_name_that_tells_where_a_secret_is_or_how_old_holds_none() {
        for name in [
            "DB_SECRET_ARN",
            "secretArn",
            "SecretName",
            "passwordLastUsed",
            "tokenUrl",
            "accessKeyId",
            "minimumPasswordLength",
            "passwordReusePrevention",
            "AccessTokenValidity",
            "token.actions.githubusercontent.com:sub_token_id",
        ] {
            assert_eq!(named(name), Named::Reference, "{name}");
        }
    }

    #[test]
    fn variables_are_known_however_their_name_is_written() {
        for name in [
            "environment_variables",
            "environmentVariable",
            "EnvVariables",
            "env-vars",
            "environment.variables",
            "Stage Variables",
        ] {
            assert_eq!(named(name), Named::Values, "{name}");
        }
    }

    #[test]
    fn what_controls_read_of_keys_and_versions_is_shown() {
        for name in [
            "httpTokens",
            "kmsKeyId",
            "kmsMasterKeyArn",
            "keyName",
            "KeyRotationStatus",
            "keyState",
            "status",
            "engine",
            "ipPermissions",
            "token.actions.githubusercontent.com:sub",
            "pinned",
            "secretsmanager:Name",
            "publiclyAccessible",
            "author",
            "compass",
            "bypass",
            "rateLimitBypass",
            "X-Frame-Options",
            "x-amazon-apigateway-integration",
            "keyManager",
            "keySpec",
            "Principal",
        ] {
            assert_eq!(named(name), Named::Plain, "{name}");
        }
    }
}
