//! A `Report` of OpenReports, version v1alpha1: what one baseline says of an account in a region.
//!
//! Pure: the same evaluation gives the same report, so that one that says nothing new is not
//! written. What the fields mean stands in <https://github.com/openreports/reports-api>.

use std::collections::{BTreeMap, HashMap};

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::ObjectMeta;
use serde::Serialize;

use super::worst::{Row, WorstResults};
use crate::account::report::{Contribution, shortened};
use crate::write;
use api::API_VERSION;
use cel::Timestamp;
use engine::drift::{KnownFindings, TargetSummary};
use engine::plan::{BaselineKey, PlannedControl, Target};
use model::{ControlName, Region, Severity};

/// Who reports.
pub(super) const SOURCE: &str = "plumbline";
/// The labels by which the reports of an account are found again.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(super) const ACCOUNT_ID: &str = "plumbline.dev/account-id";
const REGION: &str = "plumbline.dev/region";
/// Annotations, since names of baselines may be longer than labels.
const BASELINE: &str = "plumbline.dev/baseline";
const LEFT_OUT: &str = "plumbline.dev/results-left-out";
/// The longest message of a result.
const MAX_MESSAGE: usize = 1024;

/// What the API server takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    api_version: &'static str,
    kind: &'static str,
    pub(super) metadata: ObjectMeta,
    source: &'static str,
    /// The account.
    scope: ObjectReference,
    configuration: ReportConfiguration,
    summary: ReportSummary,
    /// The worst of what is wrong, the worst first.
    results: Vec<ReportResult>,
}

/// Tells readers what they do not see.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ReportConfiguration {
    limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    max_results: usize,
    status_filter: [&'static str; 2],
}

/// All verdicts, counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ReportSummary {
    pass: u64,
    fail: u64,
    warn: u64,
    error: u64,
    skip: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportResult {
    policy: String,
    category: String,
    severity: &'static str,
    result: &'static str,
    scored: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<ReportTime>,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<ObjectReference>,
    properties: BTreeMap<&'static str, String>,
}

/// A time as this API has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct ReportTime {
    seconds: i64,
    nanos: u32,
}

/// When what is published was first seen to drift.
pub(super) struct FirstSeen<'k>(HashMap<SeenKey<'k>, Timestamp>);

/// Baseline, control, region, resource type and id.
type SeenKey<'k> = (&'k BaselineKey, &'k ControlName, &'k Region, &'k str, &'k str);

impl<'k> FirstSeen<'k> {
    pub(super) fn of(known: &'k KnownFindings) -> Self {
        let open = known.iter().filter(|finding| finding.is_open());
        let seen = open.map(|finding| {
            let (generator, resource) = (&finding.generator, &finding.resource);
            let (kind, id) = (resource.resource_type.as_str(), resource.id.as_str());
            let key = (&generator.baseline, &generator.control, &finding.region, kind, id);
            (key, finding.first_observed_at)
        });
        Self(seen.collect())
    }
}

/// The reports of one baseline of an account, one for each region.
pub(super) struct Reporting<'r> {
    pub(super) contribution: &'r Contribution<'r>,
    pub(super) worst: &'r WorstResults,
    pub(super) first_seen: &'r FirstSeen<'r>,
    pub(super) max_results: usize,
    /// The `BaselineReport`, with which the reports go.
    pub(super) owner: &'r OwnerReference,
}

/// The name of the report of a baseline, account and region.
pub(super) fn name(baseline: &str, target: &Target) -> String {
    let place = format!("{}-{}", target.account, target.region);
    write::name_of(&format!("{SOURCE}-{baseline}"), &place)
}

impl Reporting<'_> {
    /// One report for each region of the plan.
    pub(super) fn reports(&self) -> impl Iterator<Item = Report> {
        let targets = self.contribution.plan.targets.iter().zip(&self.contribution.summary.targets);
        targets.enumerate().map(|(at, (target, summary))| self.report(at, target, summary))
    }

    fn report(&self, at: usize, target: &Target, summary: &TargetSummary) -> Report {
        let counts = &summary.counts;
        let rows = self.worst.of(self.contribution.at, at);
        let results: Vec<_> = rows.filter_map(|row| self.result(row, target)).collect();
        let wrong = counts.non_compliant + counts.unknown();
        let left_out = wrong.saturating_sub(results.len() as u64);
        Report {
            api_version: "openreports.io/v1alpha1",
            kind: "Report",
            metadata: self.metadata(target, left_out),
            source: SOURCE,
            scope: ObjectReference {
                api_version: Some(API_VERSION.to_owned()),
                kind: Some("AwsAccount".to_owned()),
                name: Some(target.account_name.clone()),
                ..ObjectReference::default()
            },
            configuration: ReportConfiguration {
                limits: Limits { max_results: self.max_results, status_filter: ["fail", "error"] },
            },
            summary: ReportSummary {
                pass: counts.compliant,
                fail: counts.non_compliant,
                warn: 0,
                error: counts.unknown(),
                skip: counts.exempt + counts.not_applicable,
            },
            results,
        }
    }

    fn metadata(&self, target: &Target, left_out: u64) -> ObjectMeta {
        let baseline = &self.contribution.plan.baseline;
        let labels = [
            (MANAGED_BY, SOURCE.to_owned()),
            (ACCOUNT_ID, target.account.to_string()),
            (REGION, target.region.to_string()),
        ];
        let mut annotations = BTreeMap::from([(BASELINE.to_owned(), baseline.name.clone())]);
        if left_out > 0 {
            annotations.insert(LEFT_OUT.to_owned(), left_out.to_string());
        }
        ObjectMeta {
            name: Some(name(&baseline.name, target)),
            namespace: Some(baseline.namespace.clone()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value)).into()),
            annotations: Some(annotations),
            owner_references: Some(vec![self.owner.clone()]),
            ..ObjectMeta::default()
        }
    }

    fn result(&self, row: &Row, target: &Target) -> Option<ReportResult> {
        let planned = self.contribution.plan.controls.get(row.control)?;
        let first_seen = self.first_seen(row, planned, target);
        let resource = &row.resource;
        let resources = resource.id.as_ref().map(|id| ObjectReference {
            kind: Some(resource.kind.clone()),
            name: Some(resource.name.as_ref().unwrap_or(id).clone()),
            uid: Some(id.clone()), // of two of one name, dashboards would show one
            ..ObjectReference::default()
        });
        let mut properties = BTreeMap::from([
            ("accountId", target.account.to_string()),
            ("region", target.region.to_string()),
            ("resourceType", resource.kind.clone()),
        ]);
        properties.extend(resource.arn.clone().map(|arn| ("arn", arn)));
        properties.extend(row.owner.as_ref().map(|owner| ("owner", owner.to_string())));
        Some(ReportResult {
            policy: planned.control.name.to_string(),
            category: planned.control.spec.domain.to_string(),
            severity: severity(row.severity()),
            result: if row.is_drift() { "fail" } else { "error" },
            scored: true,
            timestamp: first_seen
                .map(|it| ReportTime { seconds: it.seconds, nanos: it.nanoseconds }),
            message: shortened(&row.message, MAX_MESSAGE),
            resources: resources.into_iter().collect(),
            properties,
        })
    }

    /// When the drift was first seen, where that is known: where findings are published.
    fn first_seen(
        &self,
        row: &Row,
        planned: &PlannedControl,
        target: &Target,
    ) -> Option<Timestamp> {
        let id = row.resource.id.as_deref().filter(|_| row.is_drift())?;
        let baseline = &self.contribution.plan.baseline;
        let key = (baseline, &planned.control.name, &target.region, row.resource.kind.as_str(), id);
        self.first_seen.0.get(&key).copied()
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Informational => "info",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::account::open_reports::worst::Worst;
    use api::{PublicationRecord, PublicationState};
    use engine::drift::fixture::{at, bucket, compare, plan, publish, result};
    use engine::evaluation::{EvaluationResult, Results as _};
    use model::{UnknownReason, Verdict};

    /// The report of an evaluation, and whether its findings were published before.
    fn reported(results: &[EvaluationResult<'_>], max_results: usize) -> Value {
        let plans = [plan(&["s3-bucket-versioning"])];
        let mut known = KnownFindings::new();
        publish(&mut known, &compare(&plans, &KnownFindings::new(), results, at(0)));
        let mut drift = compare(&plans, &known, results, at(60));
        for result in results {
            drift.summary[0].targets[0].counts.count(result.verdict, false);
        }
        let mut worst = Worst::of(&plans, max_results);
        for result in results {
            worst.result(result);
        }
        let contribution = Contribution {
            plan: &plans[0],
            at: 0,
            summary: &drift.summary[0],
            started: at(60),
            finished: at(60),
            unreadable: None,
            is_sure: true,
            publication: PublicationRecord { state: PublicationState::Published, message: None },
        };
        let reporting = Reporting {
            contribution: &contribution,
            worst: &worst.finish(),
            first_seen: &FirstSeen::of(&known),
            max_results,
            owner: &OwnerReference { name: "owner".to_owned(), ..OwnerReference::default() },
        };
        let reports: Vec<Report> = reporting.reports().collect();
        assert_eq!(reports.len(), 1);
        serde_json::to_value(&reports[0]).unwrap()
    }

    #[test]
    fn drift_fails_since_it_was_first_seen() {
        let report = reported(&[result(bucket("logs"), Verdict::NonCompliant)], 10);
        assert_eq!(
            report["results"],
            json!([{
                "policy": "s3-bucket-versioning",
                "category": "data-protection",
                "severity": "medium",
                "result": "fail",
                "scored": true,
                "timestamp": { "seconds": at(0).seconds, "nanos": 0 },
                "message": report["results"][0]["message"],
                "resources": [{ "kind": "AWS::S3::Bucket", "name": "logs", "uid": "logs" }],
                "properties": report["results"][0]["properties"],
            }])
        );
        assert_eq!(report["scope"]["name"], "payments");
        assert_eq!(report["metadata"]["name"], "plumbline-production-111122223333-eu-west-1");
        assert_eq!(report["metadata"]["ownerReferences"][0]["name"], "owner");
    }

    #[test]
    fn what_is_unknown_is_an_error_without_a_time() {
        let unknown = Verdict::Unknown(UnknownReason::Throttled);
        let report = reported(&[result(bucket("logs"), unknown)], 10);
        assert_eq!(report["results"][0]["result"], "error");
        assert_eq!(report["results"][0]["timestamp"], Value::Null);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let names = ["a", "b", "c", "d", "e"];
        let results = names.map(|name| result(bucket(name), Verdict::NonCompliant));
        let report = reported(&results, 2);
        assert_eq!(report["results"].as_array().unwrap().len(), 2);
        assert_eq!(report["configuration"]["limits"]["maxResults"], 2);
        assert_eq!(report["summary"]["fail"], 5);
        assert_eq!(report["metadata"]["annotations"][LEFT_OUT], "3");
    }
}
