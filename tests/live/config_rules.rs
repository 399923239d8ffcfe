//! AWS Config rules that controls delegate to: read where they exist, and never taken for another.

use engine::drift::Installation;
use model::UnknownReason;
use serde_json::{Value, json};

use super::kept_rules::client;
use super::world::{ACCOUNT, Desired, Live, REGIONS};
use support::double::{Double, State};

pub(super) const OBSERVE: &str = "{configApi: {}}";
pub(super) const MANAGE: &str = "{configApi: {}, configRules: Manage}";
pub(super) const HERE: &str = "eu-west-1";
/// The id of the rule `volumes`.
pub(super) const VOLUMES: &str = "config-rule-volumes";
/// What a rule's results are called as a resource where they were not read.
pub(super) const RULE: &str = "unread AWS::Config::ConfigRule";

/// A control that delegates to this rule, and a baseline of it in one region.
pub(super) fn delegated(check: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1
kind: Control
metadata: {{name: volumes}}
spec:
  title: Volumes are encrypted
  description: They hold data.
  severity: High
  domain: data-protection
  remediation: {{text: Encrypt them.}}
  parameters: [{{name: days, type: integer, default: 90, description: Days.}}]
  check:
    configRule: {check}
---
{}",
        baseline("delegated", "{name: volumes}")
    )
}

pub(super) fn baseline(name: &str, control: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {{name: {name}, namespace: platform}}
spec:
  accounts: {{names: [acme-shop]}}
  regions: [{HERE}]
  controls:
    - {control}
"
    )
}

pub(super) const MANAGED: &str =
    "{identifier: ACCESS_KEYS_ROTATED, parameters: {maxAccessKeyAge: days}}";

pub(super) fn result(id: &str, compliance: &str) -> Value {
    let annotation = format!("the rule says {compliance}");
    json!({
        "resourceType": "AWS::EC2::Volume", "resourceId": id, "complianceType": compliance,
        "annotation": annotation,
    })
}

/// A rule as somebody else keeps it.
pub(super) fn rule(name: &str, days: &str, evaluations: &[Value]) -> Value {
    json!({
        "name": name, "identifier": "ACCESS_KEYS_ROTATED",
        "inputParameters": json!({"maxAccessKeyAge": days}).to_string(), "evaluations": evaluations,
        "number": name,
    })
}

/// An account whose recorder records what is given, and no more.
pub(super) fn state(types: &[&str]) -> State {
    let recorder = json!({"recordingGroup": {
        "allSupported": false,
        "resourceTypes": types,
        "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
    }});
    let mut state = State::of(&[ACCOUNT], &REGIONS);
    for region in REGIONS {
        state = state.region(ACCOUNT, region, "recorder", recorder.clone());
    }
    state
}

pub(super) fn change(double: &Double, change: &Value) {
    double.change_region(ACCOUNT, HERE, change);
}

/// One that keeps rules, as the operator does.
pub(super) fn manager(double: &Double) -> Live {
    keeping(Live::new(double))
}

pub(super) fn keeping(live: Live) -> Live {
    let mut sources = live.sources.keeping_rules(Installation::default());
    sources.may_lack_baselines(false);
    Live { sources, ..live }
}

pub(super) async fn verdicts(live: &mut Live, desired: &Desired) -> Vec<(String, String)> {
    let (verdicts, _) = live.round(desired).await;
    let of_control = verdicts.0.into_iter().filter_map(|(key, said)| {
        let key = key.strip_prefix("platform/delegated volumes eu-west-1 ")?.to_owned();
        Some((key, said))
    });
    of_control.collect()
}

pub(super) fn said(found: &[(String, String)], key: &str) -> String {
    let verdict = found.iter().find(|(it, _)| it == key);
    verdict.map_or_else(|| format!("nothing in {found:?}"), |(_, said)| said.trim().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_existing_rule_reports_is_taken_over_with_its_annotation() {
    let results: Vec<Value> =
        (0..250).map(|at| result(&format!("vol-{at:03}"), "COMPLIANT")).collect();
    let mut results = results;
    results.extend([
        result("vol-open", "NON_COMPLIANT"),
        result("vol-other", "NOT_APPLICABLE"),
        result("vol-unsure", "INSUFFICIENT_DATA"),
    ]);
    let rules = json!([rule("strict", "60", &[]), rule("volumes", "90", &results)]);
    let Some(double) = Double::start(&state(&[]).region(ACCOUNT, HERE, "rules", rules)) else {
        return;
    };
    let desired = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    let mut live = Live::new(&double);
    let found = verdicts(&mut live, &desired).await;
    assert_eq!(found.len(), 253, "{found:?}");
    assert_eq!(
        said(&found, "AWS::EC2::Volume vol-open"),
        "NonCompliant the rule says NON_COMPLIANT"
    );
    assert_eq!(said(&found, "AWS::EC2::Volume vol-000"), "Compliant");
    assert_eq!(said(&found, "AWS::EC2::Volume vol-other"), "NotApplicable");
    assert_eq!(said(&found, "AWS::EC2::Volume vol-unsure"), "Unknown InsufficientData");
    assert_eq!(double.calls().ok("GetComplianceDetailsByConfigRule"), 3);

    // What did not evaluate again is not read again.
    double.forget_calls();
    assert_eq!(verdicts(&mut live, &desired).await, found);
    assert_eq!(double.calls().of("GetComplianceDetailsByConfigRule"), 0);
    assert_eq!(double.calls().of("PutConfigRule"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_is_missing_or_other_is_unknown_and_says_what_to_do() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let desired = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    for (rules, words) in [
        (json!([]), "set source.configRules of the AwsAccount to Manage"),
        (json!([rule("volumes", "60", &[])]), "has the value 60 for maxAccessKeyAge, not 90"),
        (
            json!([{"name": "volumes", "identifier": "ACCESS_KEYS_ROTATED", "evaluations": null,
                 "inputParameters": "{\"maxAccessKeyAge\": \"90\"}"}]),
            "has not evaluated yet",
        ),
        (
            json!([{"name": "volumes", "identifier": "ACCESS_KEYS_ROTATED", "owner": "CUSTOM_LAMBDA"}]),
            "there is no AWS Config rule of the managed rule ACCESS_KEYS_ROTATED",
        ),
        (
            json!([{"name": "volumes", "identifier": "ACCESS_KEYS_ROTATED",
                 "inputParameters": "{\"maxAccessKeyAge\": \"90\"}", "scope": {"TagKey": "env"}}]),
            "checks only resources with the tag env",
        ),
    ] {
        change(&double, &json!({"rules": rules}));
        let (verdicts, report, messages) = Live::new(&double).round_with_messages(&desired).await;
        let missing = verdicts.unknown(UnknownReason::MissingRule);
        assert_eq!(missing, [format!("platform/delegated volumes {HERE} {RULE}")], "{words}");
        assert!(messages.iter().any(|message| message.contains(words)), "{words}: {messages:?}");
        assert!(report.read_whole(), "{:?}", report.sources);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_cannot_be_read_is_unknown_with_the_reason() {
    let rules = json!([rule("volumes", "90", &[result("vol-1", "COMPLIANT")])]);
    let Some(double) = Double::start(&state(&[]).region(ACCOUNT, HERE, "rules", rules)) else {
        return;
    };
    let desired = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    for operation in [
        "DescribeConfigRules",
        "DescribeConfigRuleEvaluationStatus",
        "GetComplianceDetailsByConfigRule",
    ] {
        double.order_faults(1, &[json!({"kind": "deny", "match": {"operation": operation}})]);
        let (verdicts, report) = Live::new(&double).round(&desired).await;
        let denied = verdicts.unknown(UnknownReason::AccessDenied);
        assert_eq!(denied, [format!("platform/delegated volumes {HERE} {RULE}")], "{operation}");
        let problems = report.sources[0].problems.join("\n");
        assert!(problems.contains(&format!("config:{operation}")), "{problems}");
        double.no_faults();
    }
    let found = verdicts(&mut Live::new(&double), &desired).await;
    assert_eq!(said(&found, "AWS::EC2::Volume vol-1"), "Compliant");
    let failing = json!({"code": "AccessDenied", "message": "no", "time": "2026-06-01T00:00:00Z"});
    let mut broken = rule("volumes", "90", &[result("vol-1", "COMPLIANT")]);
    broken["failure"] = failing;
    change(&double, &json!({"rules": [broken]}));
    let (verdicts, _) = Live::new(&double).round(&desired).await;
    assert_eq!(verdicts.unknown(UnknownReason::NotDelivered).len(), 1, "{verdicts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_compliance_serves_all_rules_at_once_and_annotations_are_read_where_they_tell() {
    const COMPLIANCE: &str = "AWS::Config::ResourceCompliance";
    let item = |id: &str, compliance: &str| {
        json!({
            "resourceType": COMPLIANCE, "resourceId": format!("AWS::EC2::Volume/{id}"),
            "awsRegion": HERE, "awsAccountId": ACCOUNT,
            "configurationItemCaptureTime": "2026-11-20T10:00:00.000Z",
            "configuration": {
                "complianceType": compliance, "targetResourceType": "AWS::EC2::Volume",
                "targetResourceId": id, "configRuleList": [
                    {"configRuleName": "volumes", "configRuleId": VOLUMES, "complianceType": compliance},
                    {"configRuleName": "another", "complianceType": "NON_COMPLIANT"},
                ],
            },
        })
    };
    let rules = json!([rule("volumes", "90", &[result("vol-1", "COMPLIANT")])]);
    let state = state(&[COMPLIANCE]).region(ACCOUNT, HERE, "rules", rules).region(
        ACCOUNT,
        HERE,
        "items",
        json!([item("vol-1", "COMPLIANT")]),
    );
    let Some(double) = Double::start(&state) else { return };
    let desired = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    let mut live = Live::new(&double);
    let found = verdicts(&mut live, &desired).await;
    assert_eq!(found, [("AWS::EC2::Volume vol-1".to_owned(), "Compliant ".to_owned())]);
    assert_eq!(double.calls().of("GetComplianceDetailsByConfigRule"), 0);

    let failing = rule("volumes", "90", &[result("vol-1", "NON_COMPLIANT")]);
    change(&double, &json!({"rules": [failing], "items": [item("vol-1", "NON_COMPLIANT")]}));
    let found = verdicts(&mut Live::new(&double), &desired).await;
    assert_eq!(said(&found, "AWS::EC2::Volume vol-1"), "NonCompliant the rule says NON_COMPLIANT");
    assert_eq!(found.len(), 1, "{found:?}");
}

/// The names of the rules that are there.
pub(super) async fn rules(double: &Double) -> Vec<String> {
    let client = client(&double.settings(), None).await;
    client.rules().await.unwrap().into_iter().map(|rule| rule.name).collect()
}

#[test]
fn a_snapshot_tells_of_rules_by_their_names_alone() {
    let item = json!({
        "resourceType": "AWS::Config::ResourceCompliance",
        "resourceId": "AWS::EC2::Volume/vol-1", "awsRegion": HERE, "awsAccountId": ACCOUNT,
        "configurationItemCaptureTime": "2026-11-20T10:00:00.000Z",
        "configurationItemStatus": "OK",
        "configuration": {
            "complianceType": "NON_COMPLIANT", "targetResourceType": "AWS::EC2::Volume",
            "targetResourceId": "vol-1", "configRuleList": [
                {"configRuleName": "volumes", "complianceType": "NON_COMPLIANT"},
            ],
        },
    });
    let world = super::world::World { items: vec![item] };
    let without = "  parameters: [{name: days, type: integer, default: 90, description: Days.}]\n";
    for (check, key, verdict) in [
        (
            "{name: volumes}",
            "AWS::EC2::Volume vol-1",
            "NonCompliant the AWS Config rule volumes reports NON_COMPLIANT",
        ),
        ("{name: other}", RULE, "Unknown MissingRule"),
        ("{identifier: ACCESS_KEYS_ROTATED}", RULE, "Unknown MissingRule"),
    ] {
        let file = delegated(check).replace(without, "");
        let desired = Desired::with(OBSERVE, &[("rule.yaml", &file)]);
        let (found, _) = desired.evaluate_snapshot(&world);
        let key = format!("platform/delegated volumes {HERE} {key}");
        assert_eq!(found.0.get(&key).map(String::as_str), Some(verdict), "{check}: {found:?}");
    }
    let desired = Desired::with(
        OBSERVE,
        &[("rule.yaml", &delegated("{name: volumes}").replace(without, ""))],
    );
    let (found, _) = desired.evaluate_snapshot(&super::world::World { items: Vec::new() });
    assert!(
        found.unknown(UnknownReason::NotDelivered).iter().any(|key| key.ends_with(RULE)),
        "{found:?}"
    );
}
