//! The parts of SARIF 2.1.0 that are written
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>). What each means to GitHub's
//! code scanning is in
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.

use serde::Serialize;

use model::Severity;

/// Where the schema is published.
pub(super) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The program, and the rules that it knows (sections 3.18 and 3.19).
#[derive(Debug, Serialize)]
pub(super) struct Tool<'p> {
    pub(super) driver: Driver<'p>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver<'p> {
    pub(super) name: &'static str,
    pub(super) semantic_version: &'static str,
    pub(super) information_uri: &'static str,
    pub(super) rules: Vec<SarifRule<'p>>,
}

/// A control (section 3.49).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifRule<'p> {
    pub(super) id: &'p str,
    pub(super) short_description: Message,
    pub(super) full_description: Message,
    pub(super) help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help_uri: Option<String>,
    pub(super) default_configuration: Configuration,
    pub(super) properties: RuleProperties,
}

#[derive(Debug, Serialize)]
pub(super) struct Help {
    pub(super) text: String,
    pub(super) markdown: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Configuration {
    pub(super) level: Level,
}

#[derive(Debug, Serialize)]
pub(super) struct RuleProperties {
    pub(super) tags: Vec<String>,
    /// From which GitHub makes a severity, if `tags` has `security`.
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    pub(super) security_severity: Option<&'static str>,
}

/// How much a result matters (section 3.27.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Level {
    Error,
    Warning,
    Note,
    /// The only one that results have that do not fail.
    None,
}

/// What a result says (section 3.27.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ResultKind {
    Fail,
    Pass,
    NotApplicable,
    /// There was not enough to decide.
    Open,
}

/// One verdict (section 3.27).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding<'r> {
    pub(super) rule_id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule_index: Option<usize>,
    pub(super) kind: ResultKind,
    pub(super) level: Level,
    pub(super) message: Message,
    pub(super) locations: [Location<'r>; 1],
    pub(super) partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) suppressions: Vec<Suppression>,
    pub(super) properties: Properties<'r>,
}

#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) text: String,
}

/// Where the control is asked for, and which resource it judges (section 3.28).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) logical_locations: Vec<LogicalLocation<'r>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: ArtifactLocation,
    pub(super) region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub(super) uri: String,
    /// What a relative address is relative to: the root of the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_base_id: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_column: Option<usize>,
}

/// A resource (section 3.33).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation<'r> {
    pub(super) name: &'r str,
    pub(super) fully_qualified_name: String,
    pub(super) kind: &'static str,
}

/// What tells that two results are the same although lines moved (section 3.27.17).
#[derive(Debug, Serialize)]
pub(super) struct Fingerprints {
    #[serde(rename = "plumblineResult/v1")]
    pub(super) result: String,
    /// The one that GitHub reads.
    #[serde(rename = "primaryLocationLineHash")]
    pub(super) primary: String,
}

/// An exemption (section 3.35).
#[derive(Debug, Serialize)]
pub(super) struct Suppression {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) justification: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties<'r> {
    pub(super) baseline: &'r str,
    pub(super) account: &'r str,
    pub(super) region: &'r str,
    pub(super) resource_type: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<&'r str>,
    pub(super) severity: Severity,
    pub(super) verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<&'r str>,
}

/// How the scan went (section 3.20).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<u8>,
    pub(super) tool_execution_notifications: Vec<Notification>,
}

/// Something that went wrong, or that is not known (section 3.58).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    pub(super) level: Level,
    pub(super) message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<Location<'static>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) associated_rule: Option<RuleReference>,
}

#[derive(Debug, Serialize)]
pub(super) struct RuleReference {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<usize>,
}

impl Level {
    /// The level of drift.
    pub(super) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Informational => Self::Note,
        }
    }
}

/// In the middle of what GitHub calls so: critical above 9.0, high from 7.0, medium from 4.0.
pub(super) const fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Informational => None,
    }
}

impl Message {
    /// A text of which nothing is a placeholder (section 3.11.5) or a link (section 3.11.6).
    pub(super) fn plain(text: &str) -> Self {
        let text = model::printable(text);
        Self { text: text.replace('{', "{{").replace('}', "}}").replace("](", "] (") }
    }
}

impl PhysicalLocation {
    /// A line of a file.
    pub(super) fn of(file: &str, start_line: usize, start_column: Option<usize>) -> Self {
        let (uri, uri_base_id) = address(file);
        Self {
            artifact_location: ArtifactLocation { uri, uri_base_id },
            region: Region { start_line, start_column },
        }
    }
}

/// A path as an address (RFC 3986), and what that is relative to.
fn address(path: &str) -> (String, Option<&'static str>) {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const PATH: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let encoded = utf8_percent_encode(path, PATH).to_string();
    if path.starts_with('/') {
        (format!("file://{encoded}"), None)
    } else {
        (encoded, Some("%SRCROOT%"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_no_placeholder_and_no_link() {
        let text = "{0} [click](https://example.com) {\"a\":1}\u{1b}";
        let expected = "{{0}} [click] (https://example.com) {{\"a\":1}}\\u{{1b}}";
        assert_eq!(Message::plain(text).text, expected);
    }

    #[test]
    fn a_path_is_an_address_of_the_sources_or_of_this_machine() {
        assert_eq!(address("a b/ü.yaml"), ("a%20b/%C3%BC.yaml".to_owned(), Some("%SRCROOT%")));
        assert_eq!(address("/tmp/a.yaml"), ("file:///tmp/a.yaml".to_owned(), None));
    }
}
