//! What rules report is believed only while it is known to be theirs and of today: of a rule that was deleted
//! since, of one whose results contradict each other, or where nobody knows whether the recorder runs,
//! nothing is.

use aws::source::aws_config::LiveRead;
use model::UnknownReason;
use serde_json::{Value, json};

use assess::SourceInput;
use support::double::{Double, State};

use super::config_rules::{
    HERE, MANAGED, OBSERVE, RULE, VOLUMES, change, delegated, result, rule, said, state, verdicts,
};
use super::world::{ACCOUNT, Desired, Live, REGIONS, Verdicts, World};

const COMPLIANCE: &str = "AWS::Config::ResourceCompliance";
const RECORDER: &str = "AWS::Config::ConfigurationRecorder";
/// The account of the aggregator.
const HOME: &str = "999988887777";
const VOLUME: &str = "AWS::EC2::Volume vol-1";

/// A control without parameters, which delegates to a rule by its name alone.
fn named() -> String {
    let parameters =
        "  parameters: [{name: days, type: integer, default: 90, description: Days.}]\n";
    delegated("{name: volumes}").replace(parameters, "")
}

/// A compliance item that holds these entries.
fn compliance(entries: &Value) -> Value {
    json!({
        "resourceType": COMPLIANCE, "resourceId": "AWS::EC2::Volume/vol-1",
        "awsRegion": HERE, "awsAccountId": ACCOUNT, "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T10:00:00.000Z",
        "configuration": {
            "complianceType": "COMPLIANT", "targetResourceType": "AWS::EC2::Volume",
            "targetResourceId": "vol-1", "configRuleList": entries,
        },
    })
}

fn entry(id: &str, compliance: &str) -> Value {
    let mut entry = json!({"configRuleName": "volumes", "complianceType": compliance});
    if !id.is_empty() {
        entry["configRuleId"] = json!(id);
    }
    entry
}

/// An account that an aggregator of another account shows, with a rule that reports nothing wrong.
fn aggregated(items: &[Value]) -> State {
    let rules = json!([rule("volumes", "90", &[result("vol-1", "COMPLIANT")])]);
    let mut json = state(&[COMPLIANCE, RECORDER])
        .region(ACCOUNT, HERE, "rules", rules)
        .region(ACCOUNT, HERE, "items", json!(items))
        .json()
        .clone();
    let regions = json!({HERE: {"aggregators": [{"name": "all", "accounts": [ACCOUNT]}]}});
    json["accounts"][HOME] =
        json!({"accessKeys": {"test": "test"}, "roles": {}, "regions": regions});
    json["accounts"][ACCOUNT]["accessKeys"] = json!({});
    State::from_json(json)
}

/// Read through the aggregator, and the rules by a role of the account.
fn through_aggregator(file: &str) -> Desired {
    let source = format!("{{aggregator: {{name: all, account: \"{HOME}\", region: {HERE}}}}}");
    let mut desired = Desired::with(&source, &[("rule.yaml", file)]);
    let role = json!({"arn": format!("arn:aws:iam::{ACCOUNT}:role/plumbline")});
    desired.accounts[0].spec.role = Some(serde_json::from_value(role).unwrap());
    desired
}

/// The recorder's own item, as an aggregator shows it.
fn recorder_item(is_recording: bool) -> Value {
    json!({
        "resourceType": RECORDER, "resourceId": "default", "awsRegion": HERE,
        "awsAccountId": ACCOUNT, "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T10:00:00.000Z",
        "configuration": {
            "Name": "default", "Recording": is_recording,
            "RecordingGroup": {
                "AllSupported": false, "ResourceTypes": [COMPLIANCE, RECORDER],
                "RecordingStrategy": {"UseOnly": "INCLUSION_BY_RESOURCE_TYPES"},
            },
        },
    })
}

fn recorder(change: &Value) -> Value {
    let mut recorder = json!({"recordingGroup": {
        "allSupported": false, "resourceTypes": [COMPLIANCE, RECORDER],
        "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
    }});
    for (name, value) in change.as_object().unwrap() {
        recorder[name] = value.clone();
    }
    json!({"recorder": recorder})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_is_believed_through_an_aggregator_only_while_the_accounts_recorder_runs() {
    let Some(double) = Double::start(&aggregated(&[])) else { return };
    let desired = through_aggregator(&delegated(MANAGED));
    let found = verdicts(&mut Live::new(&double), &desired).await;
    assert_eq!(said(&found, VOLUME), "Compliant");

    let failing = json!({"lastStatus": "FAILURE", "lastErrorCode": "NoSuchBucket"});
    for stopped in [json!({"recording": false}), failing] {
        change(&double, &recorder(&stopped));
        let found = verdicts(&mut Live::new(&double), &desired).await;
        let unknown = (RULE.to_owned(), "Unknown RecorderStopped".to_owned());
        assert_eq!(found, [unknown], "{stopped}");
    }
    change(&double, &recorder(&json!({})));
    for operation in ["DescribeConfigurationRecorders", "DescribeConfigurationRecorderStatus"] {
        double.order_faults(1, &[json!({"kind": "deny", "match": {"operation": operation}})]);
        let found = verdicts(&mut Live::new(&double), &desired).await;
        let unknown = (RULE.to_owned(), "Unknown AccessDenied".to_owned());
        assert_eq!(found, [unknown], "{operation}");
        double.no_faults();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_account_that_cannot_be_reached_rules_are_believed_only_where_the_recorder_is_seen_to_run()
 {
    let reported = compliance(&json!([entry(VOLUMES, "COMPLIANT")]));
    for (items, verdict) in [
        (vec![reported.clone(), recorder_item(true)], Some("Compliant")),
        (vec![reported.clone()], None),
        (vec![reported, recorder_item(false)], None),
    ] {
        let mut json = aggregated(&items).json().clone();
        json["accounts"][ACCOUNT]["roles"] = json!({});
        let Some(double) = Double::start(&State::from_json(json)) else { return };
        let found = verdicts(&mut Live::new(&double), &through_aggregator(&named())).await;
        match verdict {
            Some(verdict) => assert_eq!(said(&found, VOLUME), verdict),
            None => assert!(
                matches!(&found[..], [(key, said)] if key == RULE && said.starts_with("Unknown")),
                "{found:?}"
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_of_a_deleted_rule_of_the_same_name_are_not_those_of_the_rule_that_is_there() {
    let rules = json!([rule("volumes", "90", &[result("vol-1", "NON_COMPLIANT")])]);
    let state = state(&[COMPLIANCE]).region(ACCOUNT, HERE, "rules", rules);
    let Some(double) = Double::start(&state) else { return };
    let desired = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    let now = "NonCompliant the rule says NON_COMPLIANT";
    for entries in [
        json!([entry("config-rule-older", "COMPLIANT")]),
        json!([entry("", "COMPLIANT")]),
        json!([entry("config-rule-older", "COMPLIANT"), entry(VOLUMES, "NON_COMPLIANT")]),
    ] {
        change(&double, &json!({"items": [compliance(&entries)]}));
        let found = verdicts(&mut Live::new(&double), &desired).await;
        assert_eq!((said(&found, VOLUME).as_str(), found.len()), (now, 1), "{entries}");
    }
    // Beside an older one, what the rule itself reported counts.
    let rules = json!([rule("volumes", "90", &[])]);
    let entries = json!([entry("config-rule-older", "NON_COMPLIANT"), entry(VOLUMES, "COMPLIANT")]);
    change(&double, &json!({"rules": rules, "items": [compliance(&entries)]}));
    double.forget_calls();
    let found = verdicts(&mut Live::new(&double), &desired).await;
    assert_eq!((said(&found, VOLUME).as_str(), found.len()), ("Compliant", 1), "{found:?}");
    assert_eq!(double.calls().of("GetComplianceDetailsByConfigRule"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_that_contradict_each_other_are_undecided_and_equal_ones_are_one() {
    let twice = |one: &str, other: &str| {
        let mut second = result("vol-1", other);
        second["annotation"] = json!("and again");
        json!([rule("volumes", "90", &[result("vol-1", one), second])])
    };
    let Some(double) = Double::start(&state(&[])) else { return };
    let desired = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    for (one, other, verdict) in [
        ("NON_COMPLIANT", "COMPLIANT", "Unknown InsufficientData"),
        ("COMPLIANT", "NON_COMPLIANT", "Unknown InsufficientData"),
        ("COMPLIANT", "NOT_APPLICABLE", "Unknown InsufficientData"),
        ("COMPLIANT", "COMPLIANT", "Compliant"),
        ("NON_COMPLIANT", "NON_COMPLIANT", "NonCompliant and again; the rule says NON_COMPLIANT"),
    ] {
        change(&double, &json!({"rules": twice(one, other)}));
        let found = verdicts(&mut Live::new(&double), &desired).await;
        assert_eq!((said(&found, VOLUME).as_str(), found.len()), (verdict, 1), "{one} {other}");
    }
}

#[test]
fn entries_of_a_snapshot_that_contradict_each_other_are_undecided_and_equal_ones_are_one() {
    for (entries, verdict) in [
        (["COMPLIANT", "NON_COMPLIANT"], "Unknown InsufficientData"),
        (["NON_COMPLIANT", "COMPLIANT"], "Unknown InsufficientData"),
        (["COMPLIANT", "COMPLIANT"], "Compliant"),
    ] {
        let entries: Vec<Value> = entries.iter().map(|said| entry("", said)).collect();
        let world = World { items: vec![compliance(&json!(entries))] };
        let desired = Desired::with(OBSERVE, &[("rule.yaml", &named())]);
        let (found, _): (Verdicts, _) = desired.evaluate_snapshot(&world);
        let key = format!("platform/delegated volumes {HERE} {VOLUME}");
        let said = found.0.get(&key).map(|said| said.trim());
        assert_eq!(said, Some(verdict), "{entries:?}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_aggregator_shows_of_recorders_gives_way_to_what_the_account_says() {
    let Some(double) = Double::start(&aggregated(&[recorder_item(false)])) else { return };
    let desired = through_aggregator(&delegated(MANAGED));
    let mut live = Live::new(&double);
    let now = super::world::hours_later(0);
    let sources = live.sources.refresh(&desired.accounts, &desired.plans, now, &()).await;
    let [SourceInput::Live(LiveRead { recorders, .. })] = &sources[..] else { panic!("one") };
    let of_region: Vec<bool> = recorders
        .iter()
        .filter(|(region, _)| region.as_str() == HERE)
        .map(|(_, state)| state.is_ok())
        .collect();
    assert_eq!(of_region, [true]);
    assert!(desired.evaluate(&sources).0.unknown(UnknownReason::RecorderStopped).len() > 1);
    assert_eq!(REGIONS.len(), 2);
}
