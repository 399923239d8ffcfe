//! What a field's name says about its value.
//!
//! A name that speaks of a secret makes the value one, unless its last word says that the value
//! only refers to it (`DB_SECRET_ARN`) or describes it (`passwordLastUsed`).

use std::sync::LazyLock;

use regex::Regex;

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

/// Words that make a name that of a secret, wherever they stand in it. `_`, `-`, `.` and blanks
/// may stand between the parts of a word.
pub(super) const SECRET_WORDS: &str = "passwor[dt]|pass[_. -]?w[_. -]?d|pass[_. -]?phrase\
    |pass[_. -]?code|pwd|secret|token|credential|jwt|cookie|bearer|webhook|auth[_. -]?header\
    |(?:api|access|private|secret|shared|signing|encryption|auth|account|client|ssh|license|deploy)[_. -]?key\
    |authorization[_. -]?header|connection[_. -]?str(?:ing)?|conn[_. -]?str|external[_. -]?id\
    |(?:database|connection|jdbc|redis|mongo(?:db)?|postgres|mysql|amqp|broker|db)[_. -]?ur[li]\
    |user[_. -]?data|custom[_. -]?data|customer[_. -]?gateway[_. -]?configuration\
    |header[_. -]?value|parameter[_. -]?value|output[_. -]?value|build[_. -]?spec\
    |query[_. -]?string[_. -]?parameters|header[_. -]?parameters";

/// Those that are secret whatever their last word is.
const ALWAYS: &str = "(?i)external[_. -]?id|user[_. -]?data|webhook|connection[_. -]?str\
    |customer[_. -]?gateway[_. -]?configuration\
    |(?:database|connection|jdbc|redis|mongo(?:db)?|postgres|mysql|amqp|broker|db)[_. -]?ur[li]$";

/// Short words that make a name that of a secret where nothing else stands in it, or before them;
/// and what is compared with a secret that a content delivery network sends.
const SHORT: &str = "^(?:.*[_. -])?(?:pass|pin|otp|dsn|psk|pat|sas|auth|authorization)$|^aws:(?:referer|useragent)$";

/// The last word of a name that describes a secret or tells where it is.
const REFERENCES: [&str; 66] = [
    "age",
    "algorithm",
    "arn",
    "arns",
    "at",
    "aud",
    "audience",
    "changed",
    "count",
    "created",
    "date",
    "days",
    "description",
    "duration",
    "enabled",
    "encrypted",
    "endpoint",
    "exists",
    "expiration",
    "expires",
    "expiry",
    "format",
    "hint",
    "hops",
    "hours",
    "id",
    "ids",
    "iss",
    "issuer",
    "length",
    "lifetime",
    "limit",
    "minutes",
    "mode",
    "name",
    "names",
    "parameter",
    "path",
    "policy",
    "prevention",
    "provider",
    "region",
    "required",
    "reuse",
    "rotated",
    "rotation",
    "rule",
    "rules",
    "seconds",
    "source",
    "spec",
    "stage",
    "stages",
    "state",
    "status",
    "sub",
    "time",
    "ttl",
    "type",
    "types",
    "uri",
    "url",
    "usage",
    "used",
    "validity",
    "version",
];

/// Names with a word of [`SECRET_WORDS`] that hold none: EC2's requirement of session tokens, and the
/// condition keys and action prefix of Secrets Manager.
const NO_SECRETS: [&str; 3] = ["httpTokens", "masterUserSecret", "secretsmanager"];

const ENVIRONMENTS: [&str; 3] = ["environment", "env", "containerEnvironment"];

/// Where AWS's resources keep names and values of whoever runs them: environments of Lambda, ECS,
/// `CodeBuild`, Batch, App Runner, stages of API Gateway, and commands, which are given secrets too.
const VALUES: [&str; 21] = [
    "variables",
    "environmentVariables",
    "environmentVariablesOverride",
    "environmentFiles",
    "envVars",
    "envs",
    "stageVariables",
    "runtimeEnvironmentVariables",
    "runtimeEnvironmentSecrets",
    "secrets",
    "secretOptions",
    "buildArgs",
    "command",
    "commands",
    "entryPoint",
    "args",
    "arguments",
    "defaultArguments",
    "nonOverridableArguments",
    "dockerLabels",
    "hyperParameters",
];

static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?i){SECRET_WORDS}|{SHORT}")).ok());
static SECRET_ALWAYS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ALWAYS).ok());

/// What a field of this name holds.
pub(super) fn named(name: &str) -> Named {
    let is_one_of = |names: &[&str]| names.iter().any(|it| it.eq_ignore_ascii_case(name));
    if is_one_of(&ENVIRONMENTS) {
        return Named::Environment;
    }
    if is_one_of(&VALUES) {
        return Named::Values;
    }
    // A condition key's service is no part of its name; that of an identity provider is its host.
    let name = match name.split_once(':') {
        Some((service, key)) if service == "secretsmanager" || service.contains('.') => key,
        _ => name,
    };
    // A pattern that does not compile would be found by the tests; hiding is the safe side.
    let matches = |pattern: &Option<Regex>| pattern.as_ref().is_none_or(|it| it.is_match(name));
    if !matches(&SECRET) || NO_SECRETS.iter().any(|it| it.eq_ignore_ascii_case(name)) {
        return Named::Plain;
    }
    let last = last_word(name);
    let refers = REFERENCES.iter().any(|word| word.eq_ignore_ascii_case(last));
    if refers && !matches(&SECRET_ALWAYS) { Named::Reference } else { Named::Secret }
}

/// Whether a field names what another field beside it holds.
pub(super) fn is_label(name: &str) -> bool {
    const LABELS: [&str; 9] = [
        "name",
        "key",
        "type",
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
    const LABELLED: [&str; 6] =
        ["value", "values", "parameterValue", "optionValue", "valueFrom", "default"];
    LABELLED.iter().any(|it| it.eq_ignore_ascii_case(name))
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
            "Principal",
        ] {
            assert_eq!(named(name), Named::Plain, "{name}");
        }
    }
}
