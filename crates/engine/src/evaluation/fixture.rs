//! Small evaluations from texts, for tests.

use std::sync::Arc;
use std::time::Duration;

use bumpalo::Bump;
use serde_json::{Value as Json, json};

use super::{Coverage, Evaluation, EvaluationResult, Outcome, Subject};
use crate::catalog::{Catalog, CompiledControl};
use crate::plan::{BaselineKey, OwnerKeys, Plan, PlannedControl, PlannedRule, Target};
use api::{Control, PublishSettings};
use cel::Timestamp;
use model::{AccountId, Owner, Parsed, Partition, Reading, UnknownReason, parse_item};

pub(super) const NOW: Timestamp = Timestamp { seconds: 1_770_000_000, nanoseconds: 0 };

pub(super) fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

/// A control with this check.
pub(super) fn control(name: &str, check: &str) -> Arc<CompiledControl> {
    let control = format!(
        "{{apiVersion: plumbline.dev/v1alpha1, kind: Control, metadata: {{name: {name}}}, spec: {{
            title: As it should be, description: It matters., severity: High,
            domain: data-protection, remediation: {{text: Fix it.}}, check: {{{check}}}}}}}"
    );
    let control: Control = serde_saphyr::from_str(&control).unwrap();
    let (catalog, problems) = Catalog::default().with([control], []);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::clone(catalog.control(name).unwrap())
}

pub(super) fn planned(control: Arc<CompiledControl>) -> PlannedControl {
    PlannedControl {
        severity: control.spec.severity,
        parameters: Arc::default(),
        matching: None,
        exclude: None,
        rule: PlannedRule::of(&control, &serde_json::Map::new()).map(Arc::new),
        control,
    }
}

/// A plan for these checks, in `eu-west-1` (the home) and `us-east-1`.
pub(super) fn plan(checks: &[&str]) -> Plan {
    let target = |region: &str| Target {
        account: account(),
        account_name: "payments".into(),
        partition: Partition::Aws,
        region: region.parse().unwrap(),
        home: region == "eu-west-1",
        owner: Owner::new("platform").unwrap(),
    };
    let controls = checks.iter().zip(1..);
    Plan {
        baseline: BaselineKey { namespace: "platform".into(), name: "production".into() },
        generation: 1,
        targets: vec![target("eu-west-1"), target("us-east-1")],
        controls: controls
            .map(|(check, number)| planned(control(&format!("c{number}"), check)))
            .collect(),
        exemptions: Vec::new(),
        attestations: Vec::new(),
        interval: Duration::from_mins(30),
        publish: PublishSettings::default(),
        owner_keys: OwnerKeys::default(),
        suspended: false,
        problems: Vec::new(),
        passed_over: 0,
    }
}

/// An item in `eu-west-1` with these fields too.
pub(super) fn item(resource_type: &str, id: &str, fields: Json) -> Json {
    let mut item = json!({
        "resourceType": resource_type, "resourceId": id, "awsAccountId": "111122223333",
        "awsRegion": "eu-west-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-01-01T00:00:00Z",
    });
    let Json::Object(fields) = fields else { panic!("fields are a map") };
    item.as_object_mut().unwrap().extend(fields);
    item
}

pub(super) fn bucket(id: &str, status: &str) -> Json {
    item("AWS::S3::Bucket", id, json!({"configuration": {"status": status}}))
}

/// All was read.
pub(super) fn complete() -> Coverage {
    let mut coverage = Coverage::new();
    coverage.complete(&account(), None, None);
    coverage
}

/// All was read but this type, which is not recorded in that region, or in none.
pub(super) fn without(resource_type: &str, region: Option<&str>) -> Coverage {
    let region = region.map(|region| region.parse().unwrap());
    let mut coverage = complete();
    coverage.unread(
        &account(),
        region.as_ref(),
        Some(&resource_type.parse().unwrap()),
        UnknownReason::NotRecorded,
        "",
    );
    coverage
}

/// What an evaluation says, a line each, sorted: control, region, subject, verdict, message.
pub(super) fn evaluate(plans: &[Plan], items: &[Json], coverage: &Coverage) -> Vec<String> {
    evaluate_on(1, plans, items, coverage).0
}

/// The same with so many workers, and the totals.
pub(super) fn evaluate_on(
    workers: usize,
    plans: &[Plan],
    items: &[Json],
    coverage: &Coverage,
) -> (Vec<String>, Outcome) {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut lines = Vec::new();
    let mut collect = |result: &EvaluationResult<'_>| lines.push(line(plans, result));
    let mut workers: Vec<_> = (0..workers).map(|_| evaluation.worker()).collect();
    for (at, item) in items.iter().enumerate() {
        let text = arena.alloc_str(&item.to_string());
        if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
            let count = workers.len();
            workers[at % count].item(&item, &mut collect);
        }
    }
    let outcome = evaluation.finish(workers, coverage, &mut collect);
    lines.sort_unstable();
    (lines, outcome)
}

/// What the drifts among the results were explained by, a line each.
pub(super) fn explanations(plans: &[Plan], items: &[Json]) -> Vec<String> {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut lines = Vec::new();
    let mut collect = |result: &EvaluationResult<'_>| {
        let readings = result.explanation.iter();
        lines.extend(readings.map(|reading| format!("{} = {}", reading.path, reading.value)));
    };
    let mut worker = evaluation.worker();
    for item in items {
        let text = arena.alloc_str(&item.to_string());
        if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
            worker.item(&item, &mut collect);
        }
    }
    evaluation.finish(vec![worker], &complete(), &mut collect);
    lines
}

pub(super) fn line(plans: &[Plan], result: &EvaluationResult<'_>) -> String {
    let plan = &plans[result.plan];
    let (control, target) = (&plan.controls[result.control], &plan.targets[result.target]);
    let subject = match result.subject {
        Subject::Resource { id, .. } => id.to_owned(),
        Subject::Region => "region".to_owned(),
        Subject::Account => "account".to_owned(),
        Subject::Unread { resource_type } => format!("unread {resource_type}"),
    };
    let reason = result.verdict.reason().map(|reason| format!("({reason})")).unwrap_or_default();
    let exempt = if result.exemption.is_some() { " exempt" } else { "" };
    format!(
        "{} {} {subject}: {}{reason}{exempt} {}",
        control.control.name, target.region, result.verdict, result.message
    )
    .trim_end()
    .to_owned()
}
