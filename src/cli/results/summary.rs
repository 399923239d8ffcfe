//! What an evaluation came to, in a line or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::write_line;
use crate::cli::output::{TableStyle, warn};
use crate::cli::plural::counted;
use api::Domain;
use assess::RoundReport;
use engine::drift::Summary;
use engine::evaluation::Counts;
use engine::plan::NotEvaluated;
use model::{Severity, UnknownReason};

/// The `summary` of JSON output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct JsonSummary {
    #[serde(flatten)]
    totals: Totals,
    /// Configuration items read of the types that controls look at.
    items: u64,
    evaluations: u64,
    /// Whether the input was read whole, and nothing of our own failed.
    read_whole: bool,
    /// What could not be read, and what was passed over.
    problems: Vec<String>,
    baselines: Vec<BaselineTotals>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Totals {
    compliant: u64,
    non_compliant: u64,
    not_applicable: u64,
    exempt: u64,
    unknown: u64,
    unknown_by_reason: BTreeMap<UnknownReason, u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BaselineTotals {
    baseline: String,
    #[serde(flatten)]
    totals: Totals,
    by_severity: BTreeMap<Severity, u64>,
    by_domain: BTreeMap<Domain, u64>,
    by_owner: BTreeMap<String, u64>,
    /// Why nothing of it was evaluated, although nothing is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_evaluated: Option<NotEvaluated>,
}

impl JsonSummary {
    pub(in crate::cli) fn new(report: &RoundReport) -> Self {
        let outcome = &report.outcome;
        Self {
            totals: Totals::of(&outcome.counts()),
            items: outcome.items,
            evaluations: outcome.evaluations,
            read_whole: report.is_sure(),
            problems: report.sources.iter().flat_map(warn::lines).collect(),
            baselines: report.drift.summary.iter().map(BaselineTotals::of).collect(),
        }
    }
}

impl Totals {
    fn of(counts: &Counts) -> Self {
        Self {
            compliant: counts.compliant,
            non_compliant: counts.non_compliant,
            not_applicable: counts.not_applicable,
            exempt: counts.exempt,
            unknown: counts.unknown(),
            unknown_by_reason: reasons(counts).collect(),
        }
    }
}

impl BaselineTotals {
    fn of(summary: &Summary) -> Self {
        Self {
            baseline: summary.baseline.to_string(),
            totals: Totals::of(&summary.counts),
            by_severity: summary.by_severity.clone(),
            by_domain: summary.by_domain.clone(),
            by_owner: summary
                .by_owner
                .iter()
                .map(|(owner, drift)| (owner.to_string(), *drift))
                .collect(),
            not_evaluated: summary.not_evaluated,
        }
    }
}

/// Writes a line for each baseline, and one more where something is unknown.
pub(in crate::cli) fn write_summary(
    out: &mut impl Write,
    summaries: &[Summary],
    style: TableStyle,
) -> io::Result<()> {
    for summary in summaries {
        let counts = &summary.counts;
        if let Some(why) = summary.not_evaluated {
            write_line(out, &format!("{}: {why}", summary.baseline), style)?;
            continue;
        }
        write_line(out, &summary_line(summary), style)?;
        if counts.unknown() > 0 {
            let reasons: Vec<String> =
                reasons(counts).map(|(reason, count)| format!("{count} {reason}")).collect();
            write_line(out, &format!("  unknown: {}", reasons.join(", ")), style)?;
        }
    }
    Ok(())
}

/// What was evaluated of one baseline.
pub(in crate::cli) fn summary_line(summary: &Summary) -> String {
    let counts = &summary.counts;
    format!(
        "{}: {}{}, {} unknown, {} exempt, {} compliant, {} not applicable",
        summary.baseline,
        drifting(counts.non_compliant),
        severities(summary),
        counts.unknown(),
        counts.exempt,
        counts.compliant,
        counts.not_applicable,
    )
}

/// `1 resource drifts`, `2 resources drift`.
fn drifting(resources: u64) -> String {
    let verb = if resources == 1 { "drifts" } else { "drift" };
    format!("{} {verb}", counted(resources, "resource"))
}

/// ` (1 Critical, 3 High)`, or nothing without drift.
fn severities(summary: &Summary) -> String {
    let mut text = String::new();
    for (severity, count) in summary.by_severity.iter().rev() {
        let _ = write!(text, "{}{count} {severity}", if text.is_empty() { " (" } else { ", " });
    }
    if !text.is_empty() {
        text.push(')');
    }
    text
}

fn reasons(counts: &Counts) -> impl Iterator<Item = (UnknownReason, u64)> {
    let all = UnknownReason::ALL.into_iter();
    all.map(|reason| (reason, counts.unknown_for(reason))).filter(|(_, count)| *count > 0)
}
