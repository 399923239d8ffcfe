//! SARIF 2.1.0: a rule for each control, a result for each verdict that is not fine.
//!
//! What is unknown is a result of the kind `open`, and a notification for each control and reason
//! too, since not every reader of SARIF shows results that do not fail. What is exempt is a
//! suppressed result.

mod log;
mod rules;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use self::log::{
    Finding, Fingerprints, Invocation, Level, Location, LogicalLocation, Message, Notification,
    PhysicalLocation, Properties, ResultKind, RuleReference, SCHEMA, Suppression,
};
use self::rules::Rules;
use super::notice::Notice;
use super::{DeclaredPlaces, End, Report};
use crate::cli::json;
use crate::cli::mistakes::Weight;
use crate::cli::plural::counted;
use crate::cli::results::Row;
use engine::plan::Plan;
use model::{Owner, UnknownReason, Verdict};

/// Writes a log with one run.
pub(super) struct SarifLog<'p, W> {
    out: W,
    places: &'p DeclaredPlaces,
    rules: Rules,
    is_first: bool,
    unknown: BTreeMap<(String, UnknownReason), Unknown>,
}

/// Results that are unknown for one reason.
struct Unknown {
    results: u64,
    /// What the first of them says.
    example: String,
}

impl<'p, W: Write> SarifLog<'p, W> {
    pub(super) fn begin(
        mut out: W,
        plans: &[Plan],
        places: &'p DeclaredPlaces,
    ) -> io::Result<Self> {
        write!(out, "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\n\"tool\":")?;
        json::write_compact(&mut out, &rules::tool(plans))?;
        write!(out, ",\n\"columnKind\":\"unicodeCodePoints\",\n\"results\":[")?;
        let rules = Rules::of(plans);
        Ok(Self { out, places, rules, is_first: true, unknown: BTreeMap::new() })
    }

    fn finding<'r>(&self, row: &'r Row<'_>) -> Finding<'r> {
        let place = self.places.of_control(&row.baseline, row.control());
        let (kind, level) = match row.verdict {
            Verdict::NonCompliant => (ResultKind::Fail, Level::of(row.severity)),
            Verdict::Compliant => (ResultKind::Pass, Level::None),
            Verdict::NotApplicable => (ResultKind::NotApplicable, Level::None),
            Verdict::Unknown(_) => (ResultKind::Open, Level::None),
        };
        let suppressions = row.exemption.iter().map(|exemption| Suppression {
            kind: "external",
            status: "accepted",
            justification: exemption.to_string(),
        });
        Finding {
            rule_id: row.control(),
            rule_index: self.rules.index(row.control()),
            kind,
            level,
            message: Message::plain(&format!("{}: {}", row.whereabouts(), row.sentence())),
            locations: [Location {
                physical_location: place
                    .map(|place| PhysicalLocation::of(place.file, place.line, None)),
                logical_locations: vec![logical_location(row)],
            }],
            partial_fingerprints: fingerprints(row),
            suppressions: suppressions.collect(),
            properties: Properties {
                baseline: &row.baseline,
                account: &row.account,
                region: &row.region,
                resource_type: &row.resource_type,
                resource_id: row.resource_id.as_deref(),
                severity: row.severity,
                verdict: row.verdict.as_str(),
                reason: row.verdict.reason().map(UnknownReason::as_str),
                owner: row.owner.as_deref().map(Owner::as_str),
            },
        }
    }

    fn note_unknown(&mut self, row: &Row<'_>) {
        let Verdict::Unknown(reason) = row.verdict else { return };
        let key = (row.control().to_owned(), reason);
        let first = || Unknown {
            results: 0,
            example: format!("{}: {}", row.whereabouts(), row.sentence()),
        };
        self.unknown.entry(key).or_insert_with(first).results += 1;
    }

    fn notifications(&self, end: &End) -> Vec<Notification> {
        let said = end.notices.iter().map(of_notice);
        let unknown = self.unknown.iter().map(|((control, reason), unknown)| {
            let Unknown { results, example } = unknown;
            let verb = if *results == 1 { "is" } else { "are" };
            let results = counted(*results, "result");
            let text = format!("{control}: {results} {verb} Unknown ({reason}), such as {example}");
            let index = self.rules.index(control);
            Notification {
                level: Level::Warning,
                message: Message::plain(&text),
                locations: Vec::new(),
                associated_rule: Some(RuleReference { id: control.clone(), index }),
            }
        });
        said.chain(unknown).collect()
    }
}

impl<W: Write> Report for SarifLog<'_, W> {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.note_unknown(row);
        let separator: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.is_first = false;
        self.out.write_all(separator)?;
        let finding = self.finding(row);
        json::write_compact(&mut self.out, &finding)
    }

    fn finish(mut self: Box<Self>, end: &End) -> io::Result<()> {
        let invocation = Invocation {
            execution_successful: end.is_sure,
            exit_code: end.exit_code,
            tool_execution_notifications: self.notifications(end),
        };
        self.out.write_all(b"\n],\n\"invocations\":[")?;
        json::write_compact(&mut self.out, &invocation)?;
        self.out.write_all(b"]\n}]}\n")?;
        self.out.flush()
    }
}

/// The resource by its ARN, or by account, region, type and id.
fn logical_location<'r>(row: &'r Row<'_>) -> LogicalLocation<'r> {
    let id = row.resource_id.as_deref();
    let parts = [&*row.account, &*row.region, &*row.resource_type];
    let path = || parts.into_iter().chain(id).collect::<Vec<_>>().join("/");
    LogicalLocation {
        name: id.unwrap_or(&row.resource_type),
        fully_qualified_name: row.arn.as_deref().map_or_else(path, str::to_owned),
        kind: "resource",
    }
}

/// The same for the same control, baseline and resource, wherever the baseline stands.
fn fingerprints(row: &Row<'_>) -> Fingerprints {
    let mut hash = Sha256::new();
    let id = row.resource_id.as_deref().unwrap_or_default();
    let [account, region] = [&*row.account, &*row.region];
    for part in [&row.baseline, row.control(), account, region, &row.resource_type, id] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut result = String::new();
    for byte in hash.finalize().iter().take(16) {
        let _ = write!(result, "{byte:02x}");
    }
    // GitHub's own end with a count of equal lines.
    Fingerprints { primary: format!("{result}:1"), result }
}

fn of_notice(notice: &Notice) -> Notification {
    let location = notice.position.as_ref().map(|at| Location {
        physical_location: Some(PhysicalLocation::of(&at.file, at.line, Some(at.column))),
        logical_locations: Vec::new(),
    });
    Notification {
        level: match notice.weight {
            Weight::Error => Level::Error,
            Weight::Warning => Level::Note,
        },
        message: Message::plain(&format!("{}: {}", notice.about, notice.message)),
        locations: location.into_iter().collect(),
        associated_rule: None,
    }
}
