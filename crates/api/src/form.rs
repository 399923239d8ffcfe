//! The forms that texts have: their patterns, for schemas, and what to call them, for people.

use std::sync::OnceLock;

use model::pattern::{ACCOUNT_ID, CONTROL_NAME, RESOURCE_TYPE};
use regex::Regex;

pub(super) use model::pattern::REGION;

/// The name of a Kubernetes object: a DNS subdomain.
pub const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
pub(super) const FIELD_NAME: &str = "^[a-zA-Z][a-zA-Z0-9]*$";
pub(super) const RULE_IDENTIFIER: &str = "^[A-Z][A-Z0-9_]*$";
pub(super) const HTTPS: &str = "^https://";
pub(super) const SHA256: &str = "^[0-9a-f]{64}$";
pub(super) const PERIOD: &str = "^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$";
/// A time of RFC 3339 as both the API server and this program read it: nanoseconds at the finest, and
/// an offset of less than a day. The API server itself would take one of `+00:60`.
pub(super) const TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\
     ([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// The ARN of an IAM role.
pub const ROLE_ARN: &str =
    "^arn:aws(-cn|-us-gov|-eusc|-iso|-iso-b|-iso-e|-iso-f)?:iam::[0-9]{12}:role/[\\w+=,.@/-]+$";
/// A queue of SQS, as [`model::QueueUrl`] reads it; a test compares them.
pub(super) const QUEUE_URL: &str = "^https://sqs(-fips)?[.][a-z]+(-[a-z]+)+-[0-9]{1,2}[.][a-z0-9.-]+\
     /[0-9]{12}/[A-Za-z0-9_-]{1,75}([.]fifo|[A-Za-z0-9_-]{0,5})$";
pub(super) const WORDS: &str = "^[\\w-]+$";
pub(super) const SESSION_NAME: &str = "^[\\w+=,.@-]+$";

pub(super) const ORGANIZATION_ID: &str = "^o-[a-z0-9]{10,32}$";
/// Ids as the API reference of Organizations has them, or a path of names.
pub(super) const ORGANIZATIONAL_UNIT: &str =
    "^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|(/[^/]{1,128}){1,6})$";
pub(super) const ROLE_NAME: &str = "^[\\w+=,.@-]+(/[\\w+=,.@-]+)*$";
/// A text with placeholders; what stands between them fits names and labels.
pub(super) const NAME_PATTERN: &str =
    "^([A-Za-z0-9._-]|[{](accountId|accountName|ou|ouPath|tag:[^{}]{1,128})[}])+$";

/// Each pattern and what a text is that matches it.
static FORMS: [Form; 19] = [
    Form::new(ACCOUNT_ID, "an AWS account id (twelve digits)"),
    Form::new(REGION, "an AWS region (such as eu-west-1)"),
    Form::new(RESOURCE_TYPE, "a resource type (such as AWS::S3::Bucket)"),
    Form::new(CONTROL_NAME, "a control name (lower-case letters, digits and `-`)"),
    Form::new(OBJECT_NAME, "an object name (lower-case letters, digits, `-` and `.`)"),
    Form::new(FIELD_NAME, "a name (letters and digits, a letter first)"),
    Form::new(RULE_IDENTIFIER, "a managed rule (capital letters, digits and `_`, a letter first)"),
    Form::new(HTTPS, "an https:// address"),
    Form::new(SHA256, "a SHA-256 (64 hexadecimal digits)"),
    Form::new(ROLE_ARN, "the ARN of a role (such as arn:aws:iam::111122223333:role/plumbline)"),
    Form::new(
        QUEUE_URL,
        "the URL of a queue of SQS (such as https://sqs.eu-west-1.amazonaws.com/111122223333/changes)",
    ),
    Form::new(WORDS, "a name (letters, digits, `-` and `_`)"),
    Form::new(SESSION_NAME, "a session name (letters, digits and `+=,.@-_`)"),
    Form::new(PERIOD, "a period (such as 30m or 1h30m)"),
    Form::new(TIME, "a point in time (such as 2026-01-31T12:00:00Z)"),
    Form::new(ORGANIZATION_ID, "an organization's id (such as o-exampleorgid)"),
    Form::new(
        ORGANIZATIONAL_UNIT,
        "an organizational unit (an id such as ou-exam-a1b2c3d4, or a path such as /Workloads)",
    ),
    Form::new(ROLE_NAME, "the name of a role (such as plumbline or security/plumbline)"),
    Form::new(
        NAME_PATTERN,
        "a pattern (letters, digits, `.`, `_`, `-`, and {accountId}, {accountName}, {ou}, {ouPath} or {tag:KEY})",
    ),
];

/// A form that a text may have.
pub struct Form {
    pattern: &'static str,
    /// Compiled when it is first needed: all of them would take a third of the program's start.
    regex: OnceLock<Option<Regex>>,
    /// What a text of this form is.
    pub meaning: &'static str,
}

impl Form {
    const fn new(pattern: &'static str, meaning: &'static str) -> Self {
        Self { pattern, regex: OnceLock::new(), meaning }
    }

    /// The form of a pattern of the API's schemas.
    pub fn of(pattern: &str) -> Option<&'static Self> {
        FORMS.iter().find(|form| form.pattern == pattern)
    }

    /// Whether a text has this form.
    pub fn fits(&self, text: &str) -> bool {
        let regex = self.regex.get_or_init(|| Regex::new(&ascii(self.pattern)).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// The pattern as the API server reads it, for which a word has ASCII characters alone
/// (<https://pkg.go.dev/regexp/syntax>). All patterns have them among others in brackets.
fn ascii(pattern: &str) -> String {
    pattern.replace("\\w", "0-9A-Za-z_")
}

#[cfg(test)]
mod tests {
    use model::QueueUrl;

    use super::*;

    #[test]
    fn every_form_can_be_asked_and_words_are_ascii() {
        for form in &FORMS {
            assert!(Regex::new(&ascii(form.pattern)).is_ok(), "{}", form.pattern);
        }
        let role = Form::of(ROLE_ARN).unwrap();
        assert!(role.fits("arn:aws:iam::111122223333:role/team_a/plumbline-1"));
        assert!(!role.fits("arn:aws:iam::111122223333:role/plumbliné"));
    }

    #[test]
    fn what_is_the_address_of_a_queue_the_schema_and_the_program_agree_on() {
        let form = Form::of(QUEUE_URL).unwrap();
        for (host, path) in [
            ("https://sqs.eu-west-1.amazonaws.com", "/111122223333/changes"),
            ("https://sqs-fips.us-gov-west-1.amazonaws.com", "/111122223333/changes.fifo"),
            ("https://sqs.cn-north-1.amazonaws.com.cn", "/111122223333/Config_changes-1"),
            ("https://sqs.eusc-de-east-1.amazonaws.eu", "/111122223333/x"),
        ] {
            let url = format!("{host}{path}");
            assert!(form.fits(&url) && url.parse::<QueueUrl>().is_ok(), "{url}");
            let wrong = [
                url.replacen("https", "http", 1),
                url.replacen("sqs", "sns", 1),
                url.replacen("111122223333/", "", 1),
                format!("{url}/x"),
                format!("{url}.x"),
                host.to_owned(),
            ];
            for url in wrong {
                assert!(!form.fits(&url) && url.parse::<QueueUrl>().is_err(), "{url}");
            }
        }
    }
}
