//! Secrets within a text: in URLs, connection strings, settings, JSON, keys and tokens.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::{Captures, Regex};

use super::pattern::compiled;
use super::words::SECRET_WORDS;
use super::{MASKED, command, json, setting, url};

/// What no text without a secret need have; the rest is asked only of one that has it.
static SUSPICIOUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(&format!(
        "(?i-u)@|-----BEGIN|basic|bearer|eyJ|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|_live_|signature|sig=|key=|code=\
         |auth|referer|useragent|environment|variables|command|entrypoint|\"arg|pass|pw|dsn|psk|\\bpin\\b|hook\
         |telegram|pagerduty|discord|ifttt|office|%40|%2540|(?u:\\s)-[upwaPU]|--user|--proxy-user|{SECRET_WORDS}"
    ))
});

/// A private key in PEM.
static PRIVATE_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled("(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*-----|$)")
});

/// Tokens that are known by how they look, and signatures of URLs.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r#"(?x) \b(?: gh[pousr]_[A-Za-z0-9]{8,} | github_pat_\w{8,} | glpat-[\w-]{8,}
            | xox[abeoprs]-[\w-]{8,} | \d{8,10}:[\w-]{35}\b | (?:sk|rk)_live_\w{8,} | eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]* )
        | (?P<scheme> \b(?i:basic|bearer)\s+ ) (?P<credentials> [A-Za-z0-9+/_.~-]{8,}=* )
        | (?P<shared> \bSharedAccessSignature[=\s] ) [^\s"';]+
        | (?P<query> [?&](?:[\w-]*[Ss]ignature|[\w-]*[Cc]redential|sig|key|auth|code) = ) [^&\s"']+"#,
    )
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
    shown = url::masked(&shown);
    // The name of a secret in its ARN is no secret.
    if !text.starts_with("arn:") {
        shown = command::masked(&shown);
        shown = setting::masked(&shown);
    }
    shown = replace(TOKEN.as_ref(), &shown, token);
    (shown != text).then_some(shown)
}

/// What is left of a token: what says that it is one.
fn token(found: &Captures<'_>) -> Option<String> {
    let is_prose = found.name("credentials").is_some_and(|it| is_word(it.as_str()));
    let shown = ["scheme", "shared", "query"].into_iter().find_map(|name| found.name(name));
    (!is_prose).then(|| format!("{}{MASKED}", shown.map_or("", |it| it.as_str())))
}

/// Whether it may be a word, as in "basic authentication", rather than credentials.
fn is_word(text: &str) -> bool {
    let rest = text.trim_end_matches('.').get(1..).unwrap_or_default();
    rest.chars().all(|it| it.is_ascii_lowercase() || it == '-')
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

pub(super) fn replace(
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2CANARY";

    #[test]
    fn the_patterns_compile() {
        assert!([&*SUSPICIOUS, &*PRIVATE_KEY, &*TOKEN].into_iter().all(Option::is_some));
        assert!(url::compiles() && command::compiles() && setting::compiles());
    }

    #[test]
    fn secrets_within_a_text_are_masked() {
        for text in [
            "https://user:§@github.com/acme/x.git",
            "Basic dXNlcjo§",
            "header: Bearer §",
            "SharedAccessSignature=sr%3dx&x=§",
            "SharedAccessSignature sr=x&sv=§",
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
            "https://hooks.slack.com/services/T0/B0/§",
            "see https://x.webhook.office.com/webhookb2/§/IncomingWebhook/§",
            "https://outlook.office.com/webhook/§",
            "https://api.telegram.org/bot123:§/sendMessage",
            "https://events.pagerduty.com/integration/§/enqueue",
            "https://discord.com/api/webhooks/1/§",
            "https://chat.example.com/hooks/§",
            "curl -u admin:§ https://h",
            "curl --user 'admin:§ §' https://h",
            "wget --proxy-user=admin:§ https://h",
            "mysql -uroot -p§",
            "mysqldump --all -p'§' shop",
            "sshpass -p § ssh h",
            "docker login -u me -p § registry",
            "sqlcmd -S h -P §",
            "redis-cli -h h -a §",
            "ldapsearch -p 389 -w §",
            "password is §",
            "the password for root is: '§'",
            "my secret is: §",
            "db:\n  password: >\n    §\n    §\n  user: app\n",
            "password: |-\n\n  §\nuser: app\n",
            "password: a\n  §\n",
            "https%3A%2F%2Fuser%3A§%40h%2Fx",
            "next=https%253A%252F%252Fuser%253A§%2540h",
            "next=password%3D§",
            "password=a,§",
            "password=a&§",
            "password=a §",
            "password=a, §== and user=b",
            "dbpass=§",
            "adminPass: §",
            "tlsKey=§",
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
            "docker run -u 1000:1000 app",
            "the password is required",
            "bypass: on",
            "mysql -h db -u app",
            "https://example.com/a%40b",
            "https://webhooks",
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
        assert_eq!(
            masked("password=a b, user=app --flag").as_deref(),
            Some("password=(masked), user=app --flag")
        );
        assert_eq!(
            masked("db:\n  password: >\n    x\n  user: app\n").as_deref(),
            Some("db:\n  password: >\n    (masked)\n  user: app\n")
        );
        assert_eq!(
            masked("curl -u admin:x https://h").as_deref(),
            Some("curl -u (masked) https://h")
        );
        assert_eq!(
            masked("https://hooks.slack.com/services/T0/B0/x now").as_deref(),
            Some("https://hooks.slack.com/(masked) now")
        );
    }
}
