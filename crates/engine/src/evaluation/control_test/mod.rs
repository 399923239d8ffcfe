//! Runs a control's test cases: evaluates their items as any others, and compares the verdicts.

mod report;
mod thoroughness;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bumpalo::Bump;
use serde_json::{Map, Value as Json, json};

use super::{Coverage, Evaluation, EvaluationResult, RuleIdentity, RuleNames};
use crate::catalog::CompiledControl;
use crate::plan::{BaselineKey, OwnerKeys, Plan, PlannedControl, PlannedRule, Target};
use api::{ControlTestCase, ControlTestSpec, PublishSettings};
use cel::Timestamp;
use cel::format_timestamp;
use model::{AccountId, Owner, Parsed, Partition, Reading, Region, UnknownReason, parse_item};

use report::Reached;
pub use report::{CaseReport, Mismatch, TestReport};
pub use thoroughness::{ControlCoverage, Share, control_coverage};

/// Where items belong that do not say so.
const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
/// 2026-01-01T00:00:00Z: the time of a case that gives none.
const NOW: Timestamp = Timestamp { seconds: 1_767_225_600, nanoseconds: 0 };

/// Runs every case of a control's test. The account's home region is `eu-west-1` where an item is
/// there, else the first region with an item.
#[must_use]
pub fn run_control_test(control: &Arc<CompiledControl>, test: &ControlTestSpec) -> TestReport {
    let cases = test.cases.iter().map(|case| report(control, case));
    TestReport { control: test.control.clone(), cases: cases.collect() }
}

/// Whether every case passes; those after one that does not are not run.
fn passes(control: &Arc<CompiledControl>, test: &ControlTestSpec) -> bool {
    test.cases.iter().all(|case| report(control, case).passed())
}

fn report(control: &Arc<CompiledControl>, case: &ControlTestCase) -> CaseReport {
    match run_case(control, case) {
        Ok(reached) => CaseReport::compare(case, &reached),
        Err(problem) => CaseReport::failed(case, problem),
    }
}

fn run_case(
    control: &Arc<CompiledControl>,
    case: &ControlTestCase,
) -> Result<Vec<Reached>, String> {
    let now = case.now.as_ref().and_then(|now| Timestamp::from_jiff(now.0)).unwrap_or(NOW);
    let items: Vec<Json> =
        case.items.iter().map(|item| with_defaults(item, now)).collect::<Result<_, String>>()?;
    let parameters = control
        .complete_parameters(case.parameters.clone())
        .map_err(|fault| format!("the parameters of the case: {fault}"))?;
    let rule = PlannedRule::of(control, &parameters);
    let plan = Plan {
        baseline: BaselineKey { namespace: "test".into(), name: control.name.to_string() },
        generation: 0,
        targets: targets(&items),
        controls: vec![PlannedControl {
            control: Arc::clone(control),
            severity: control.spec.severity,
            parameters: Arc::new(parameters),
            matching: None,
            exclude: None,
            rule: rule.map(Arc::new),
        }],
        exemptions: Vec::new(),
        attestations: Vec::new(),
        interval: Duration::ZERO,
        publish: PublishSettings::default(),
        owner_keys: OwnerKeys::default(),
        suspended: false,
        problems: Vec::new(),
        passed_over: 0,
    };
    evaluate(&[plan], &items, &coverage(&items, case), now)
}

fn evaluate(
    plans: &[Plan],
    items: &[Json],
    coverage: &Coverage,
    now: Timestamp,
) -> Result<Vec<Reached>, String> {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, now, &parameters).with_rules(rule_names(plans));
    let reading = Reading::new(evaluation.reading());
    let mut reached = Vec::new();
    let mut collect = |result: &EvaluationResult<'_>| reached.extend(Reached::of(plans, result));
    let mut worker = evaluation.worker();
    for (at, item) in items.iter().enumerate() {
        let text = arena.alloc_str(&item.to_string());
        match parse_item(text.as_bytes(), &reading, &arena) {
            Ok(Parsed::Item(item)) => worker.item(&item, &mut collect),
            Ok(Parsed::Skipped(_)) => {}
            Err(error) => return Err(format!("item {} of the case {error}", at + 1)),
        }
    }
    evaluation.finish(vec![worker], coverage, &mut collect);
    Ok(reached)
}

/// The rule of a control that names none is called as AWS Config's console calls it.
fn rule_names(plans: &[Plan]) -> RuleNames {
    let mut names = RuleNames::default();
    for plan in plans {
        for rule in plan.controls.iter().filter_map(|planned| planned.rule.as_deref()) {
            let (None, Some(identifier)) = (&rule.name, &rule.identifier) else { continue };
            let name = identifier.to_ascii_lowercase().replace('_', "-");
            let called = RuleIdentity { name, id: None };
            for target in &plan.targets {
                names.recorded(&target.account, &target.region, &called, &rule.resource_type);
            }
        }
    }
    names
}

/// The item with account, region, status and capture time where it does not give them.
fn with_defaults(item: &Json, now: Timestamp) -> Result<Json, String> {
    let Json::Object(given) = item else {
        return Err("an item must be a map of its fields".to_owned());
    };
    let mut item: Map<String, Json> = given.clone();
    let defaults = [
        ("awsAccountId", json!(ACCOUNT)),
        ("awsRegion", json!(REGION)),
        ("configurationItemStatus", json!("OK")),
        ("configurationItemCaptureTime", json!(format_timestamp(now))),
    ];
    for (key, value) in defaults {
        let is_given =
            given.contains_key(key) || (key == "awsAccountId" && given.contains_key("accountId"));
        if !is_given {
            item.insert(key.to_owned(), value);
        }
    }
    Ok(Json::Object(item))
}

fn account_of(item: &Json) -> Option<AccountId> {
    item.get("awsAccountId").or_else(|| item.get("accountId"))?.as_str()?.parse().ok()
}

fn region_of(item: &Json) -> Option<Region> {
    item.get("awsRegion")?.as_str()?.parse().ok()
}

fn accounts(items: &[Json]) -> BTreeSet<AccountId> {
    items.iter().filter_map(account_of).chain(ACCOUNT.parse().ok()).collect()
}

/// Every account and region of an item, and those of items that do not say.
fn targets(items: &[Json]) -> Vec<Target> {
    let places = items.iter().filter_map(|item| Some((account_of(item)?, region_of(item)?)));
    let default = ACCOUNT.parse().ok().zip(REGION.parse().ok());
    let places: BTreeSet<(AccountId, Region)> = places.chain(default).collect();
    let target = |(account, region): (AccountId, Region)| Target {
        account_name: account.to_string(),
        account,
        partition: Partition::Aws,
        home: region.as_str() == REGION,
        owner: Owner::others(),
        region,
    };
    places.into_iter().map(target).collect()
}

fn coverage(items: &[Json], case: &ControlTestCase) -> Coverage {
    let mut coverage = Coverage::new();
    for account in accounts(items) {
        coverage.complete(&account, None, None);
        for name in &case.not_recorded {
            let reason = UnknownReason::NotRecorded;
            coverage.unread(&account, None, Some(name), reason, "the type is not recorded");
        }
    }
    coverage
}

#[cfg(test)]
mod tests;
