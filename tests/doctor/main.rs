//! `plumbline doctor` and `plumbline iam-policy` against the AWS double: what is wrong with an
//! account is found and reported, and the printed policies allow what is called and no more.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod costs;
mod policies;
mod queues;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use policies::{actions_of, policies, with_actions};
use serde_json::{Value, json};
use support::double::{Double, State};

/// The accounts of `deploy/samples/live`: where Plumbline runs,
const OPERATOR: &str = "222233334444";
/// one that is read itself,
const SHOP: &str = "111122223333";
/// one that an aggregator shows,
const WAREHOUSE: &str = "444455556666";
/// and the aggregator's.
const AUDIT: &str = "999988887777";
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const SAMPLE: &str = "deploy/samples/live";
const EXTERNAL_ID: &str = "replace-me";

/// A world in which nothing is wrong.
fn healthy() -> State {
    let role = |name: &str| json!({name: {"externalId": EXTERNAL_ID, "trusted": [OPERATOR]}});
    let aggregators = json!([{"name": "all-accounts", "accounts": [WAREHOUSE]}]);
    State::of(&[OPERATOR, SHOP, WAREHOUSE, AUDIT], &REGIONS)
        .account(SHOP, "roles", role("plumbline"))
        .account(WAREHOUSE, "roles", role("plumbline"))
        .account(AUDIT, "roles", role("plumbline-aggregator"))
        .region(AUDIT, "eu-west-1", "aggregators", aggregators)
}

/// What doctor said.
struct Reported {
    code: i32,
    results: Vec<Value>,
    text: String,
}

impl Reported {
    fn of(double: &Double, baseline: &str) -> Self {
        let output = run(double, &["doctor", "--baseline", baseline, "--output", "json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let results = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{errors}"));
        Self { code: output.status.code().unwrap(), results, text: text + &errors }
    }

    /// The state of a check, with what was said of it.
    fn state(&self, account: &str, region: Option<&str>, check: &str) -> (&str, String) {
        let is_meant = |result: &&Value| {
            result["account"] == account
                && result["region"].as_str() == region
                && result["check"] == check
        };
        let found = self.results.iter().find(is_meant);
        let found = found.unwrap_or_else(|| panic!("no {check} of {account}: {}", self.text));
        let reported = format!("{} {}", found["message"], found["remediation"]);
        (found["state"].as_str().unwrap(), reported)
    }

    /// What failed: account, region and check.
    fn failed(&self) -> Vec<String> {
        let failed = self.results.iter().filter(|result| result["state"] == "failed");
        let part = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        failed
            .map(|it| {
                format!("{} {} {}", part(&it["account"]), part(&it["region"]), part(&it["check"]))
            })
            .collect()
    }
}

fn run(double: &Double, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().unwrap()
}

#[test]
fn where_nothing_is_wrong_nothing_fails() {
    let Some(double) = Double::start(&healthy()) else { return };
    let reported = Reported::of(&double, SAMPLE);
    assert_eq!((reported.code, reported.failed()), (0, Vec::new()), "{}", reported.text);
    for (account, region, check) in [
        (SHOP, None, "credentials"),
        (SHOP, None, "role"),
        (SHOP, None, "account"),
        (SHOP, Some("us-east-1"), "recorder"),
        (SHOP, Some("eu-west-1"), "recordedTypes"),
        (SHOP, Some("eu-west-1"), "frequency"),
        (SHOP, Some("eu-west-1"), "queries"),
        (SHOP, Some("eu-west-1"), "counts"),
        (SHOP, Some("eu-west-1"), "lists"),
        (SHOP, Some("eu-west-1"), "batches"),
        (SHOP, Some("eu-west-1"), "histories"),
        (SHOP, Some("eu-west-1"), "configRules"),
        (SHOP, Some("eu-west-1"), "securityHub"),
        (SHOP, Some("eu-west-1"), "findings"),
        (AUDIT, Some("eu-west-1"), "aggregator"),
        (AUDIT, Some("eu-west-1"), "queries"),
        (WAREHOUSE, Some("eu-west-1"), "aggregatedRegion"),
        (WAREHOUSE, Some("eu-west-1"), "securityHub"),
    ] {
        assert_eq!(reported.state(account, region, check).0, "ok", "{account} {region:?} {check}");
    }
    assert_eq!(reported.state(SHOP, None, "publishing").0, "notTried");
    assert!(!reported.text.contains(EXTERNAL_ID), "{}", reported.text);
    let text = run(&double, &["doctor", "--baseline", SAMPLE]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("\nok         111122223333  eu-west-1  recorder"), "{text}");
    assert!(!text.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn a_role_with_another_external_id_is_not_assumed_and_the_rest_goes_on() {
    let other = json!({"plumbline": {"externalId": "another"}});
    let Some(double) = Double::start(&healthy().account(SHOP, "roles", other)) else { return };
    let reported = Reported::of(&double, SAMPLE);
    assert_eq!((reported.code, reported.failed()), (1, vec![format!("{SHOP} - role")]));
    let (_, message) = reported.state(SHOP, None, "role");
    assert!(message.contains("sts:ExternalId") && message.contains("iam-policy"), "{message}");
    assert_eq!(reported.state(SHOP, None, "account").0, "notTried");
    assert_eq!(reported.state(SHOP, None, "recorder").0, "notTried");
    assert_eq!(reported.state(WAREHOUSE, Some("eu-west-1"), "securityHub").0, "ok");
    assert!(!reported.text.contains(EXTERNAL_ID), "{}", reported.text);
}

#[test]
fn credentials_of_another_account_are_reported() {
    let Some(double) = Double::start(&healthy()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.yaml");
    std::fs::write(&baseline, OWN_ACCOUNT).unwrap();
    let reported = Reported::of(&double, baseline.to_str().unwrap());
    assert_eq!((reported.code, reported.failed()), (1, vec![format!("{SHOP} - account")]));
    let (_, message) = reported.state(SHOP, None, "account");
    assert!(message.contains(OPERATOR), "{message}");
}

/// An account without a role: the credentials have to be its own.
const OWN_ACCOUNT: &str = r#"
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: shop}
spec:
  accountId: "111122223333"
  regions: [eu-west-1]
  allowedNamespaces: {names: [default]}
  source: {configApi: {}}
---
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: small}
spec:
  accounts: {names: [shop]}
  controls: [{name: s3-bucket-versioning}]
"#;

#[test]
fn without_credentials_that_alone_fails() {
    let Some(double) = Double::start(&healthy()) else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.args(["doctor", "--baseline", SAMPLE, "--output", "json"]).output();
    let results: Vec<Value> = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let failed = results.iter().filter(|result| result["state"] == "failed");
    let checks: Vec<&str> = failed.map(|result| result["check"].as_str().unwrap()).collect();
    assert_eq!(checks, ["credentials"; 3], "{results:?}");
}

#[test]
fn a_recorder_that_is_off_missing_or_failing_is_reported() {
    let Some(double) = Double::start(&healthy()) else { return };
    for (recorder, expected) in [
        (json!({"recording": false}), "start-configuration-recorder"),
        (Value::Null, "no customer managed configuration recorder"),
        (json!({"lastStatus": "FAILURE", "lastErrorCode": "NoSuchBucket"}), "NoSuchBucket"),
    ] {
        double.change_region(SHOP, "eu-west-1", &json!({"recorder": recorder}));
        let reported = Reported::of(&double, SAMPLE);
        assert_eq!(
            (reported.code, reported.failed()),
            (1, vec![format!("{SHOP} eu-west-1 recorder")])
        );
        let (_, message) = reported.state(SHOP, Some("eu-west-1"), "recorder");
        assert!(message.contains(expected), "{message}");
    }
}

/// Queries are empty then, which must not look as if there were no resources.
#[test]
fn service_linked_recorders_are_named_with_what_helps() {
    let Some(double) = Double::start(&healthy()) else { return };
    let paid = json!({"servicePrincipal": "securityhub.amazonaws.com", "recordingScope": "PAID"});
    let internal = json!("securityhubv2.amazonaws.com");
    let nothing = "securityhubv2.amazonaws.com (INTERNAL: nothing is delivered)";
    let items = "securityhub.amazonaws.com (PAID: items are delivered)";
    for (services, named, helps) in [
        (json!([internal]), &[nothing][..], "create a customer managed recorder"),
        (json!([internal, paid]), &[nothing, items], "read the snapshots that AWS Config delivers"),
    ] {
        let change = json!({"recorder": null, "serviceRecorders": services});
        double.change_region(SHOP, "eu-west-1", &change);
        let reported = Reported::of(&double, SAMPLE);
        assert_eq!(reported.failed(), [format!("{SHOP} eu-west-1 recorder")]);
        let (_, message) = reported.state(SHOP, Some("eu-west-1"), "recorder");
        assert!(named.iter().all(|it| message.contains(it)), "{message}");
        assert!(message.contains(helps), "{message}");
    }
}

/// What cannot be listed is not guessed at.
#[test]
fn where_recorders_cannot_be_listed_the_customers_is_still_missed() {
    let mut actions = actions_of(&policies(&[]), SHOP);
    actions.retain(|action| action != "config:ListConfigurationRecorders");
    let Some(double) = Double::start(&with_actions(healthy(), SHOP, &actions)) else { return };
    let services = json!(["securityhubv2.amazonaws.com"]);
    double.change_region(
        SHOP,
        "eu-west-1",
        &json!({"recorder": null, "serviceRecorders": services}),
    );
    let reported = Reported::of(&double, SAMPLE);
    assert_eq!(reported.failed(), [format!("{SHOP} eu-west-1 recorder")]);
    let (_, message) = reported.state(SHOP, Some("eu-west-1"), "recorder");
    assert!(message.contains("no customer managed configuration recorder:"), "{message}");
}

#[test]
fn a_type_that_is_not_recorded_is_reported_with_its_controls() {
    let Some(double) = Double::start(&healthy()) else { return };
    let excluding = json!({
        "allSupported": false,
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
        "exclusionByResourceTypes": {"resourceTypes": ["AWS::KMS::Key"]},
    });
    let mode = json!({
        "recordingFrequency": "CONTINUOUS",
        "recordingModeOverrides": [
            {"resourceTypes": ["AWS::S3::Bucket"], "recordingFrequency": "DAILY"},
        ],
    });
    let recorder = json!({"recordingGroup": excluding, "recordingMode": mode});
    double.change_region(SHOP, "us-east-1", &json!({"recorder": recorder}));
    let reported = Reported::of(&double, SAMPLE);
    assert_eq!(reported.failed(), [format!("{SHOP} us-east-1 recordedTypes")], "{}", reported.text);
    let (_, message) = reported.state(SHOP, Some("us-east-1"), "recordedTypes");
    assert!(message.contains("AWS::KMS::Key (kms-key-rotation"), "{message}");
    let (state, message) = reported.state(SHOP, Some("us-east-1"), "frequency");
    assert_eq!(state, "warning");
    assert!(message.contains("AWS::S3::Bucket"), "{message}");
}

#[test]
fn a_denied_action_is_named() {
    let mut actions = actions_of(&policies(&[]), SHOP);
    actions.retain(|action| action != "config:SelectResourceConfig");
    let Some(double) = Double::start(&with_actions(healthy(), SHOP, &actions)) else { return };
    let reported = Reported::of(&double, SAMPLE);
    let expected = REGIONS.map(|region| format!("{SHOP} {region} queries"));
    assert_eq!((reported.code, reported.failed()), (1, expected.to_vec()));
    let (_, message) = reported.state(SHOP, Some("eu-west-1"), "queries");
    assert!(message.contains("allow config:SelectResourceConfig"), "{message}");
}

#[test]
fn security_hub_that_is_not_enabled_is_reported() {
    let Some(double) = Double::start(&healthy()) else { return };
    double.change_region(SHOP, "us-east-1", &json!({"securityHub": {"enabled": false}}));
    let reported = Reported::of(&double, SAMPLE);
    assert_eq!(
        (reported.code, reported.failed()),
        (1, vec![format!("{SHOP} us-east-1 securityHub")])
    );
    assert_eq!(reported.state(SHOP, Some("us-east-1"), "findings").0, "notTried");
}

#[test]
fn an_aggregator_that_does_not_show_the_account_as_it_is_now_is_reported() {
    let Some(double) = Double::start(&healthy()) else { return };
    let source = format!("{WAREHOUSE}/eu-west-1");
    for (aggregators, failed) in [
        (json!([]), vec![format!("{AUDIT} eu-west-1 aggregator")]),
        (json!([{"name": "all-accounts", "accounts": [SHOP]}]), vec![region_of_warehouse()]),
        (
            json!([{
                "name": "all-accounts",
                "accounts": [WAREHOUSE],
                "statuses": {&source: {"time": "2026-01-01T00:00:00Z"}},
            }]),
            vec![region_of_warehouse()],
        ),
        (
            json!([{
                "name": "all-accounts",
                "accounts": [WAREHOUSE],
                "statuses": {&source: {"status": "FAILED", "code": "NotAuthorized"}},
            }]),
            vec![region_of_warehouse()],
        ),
    ] {
        double.change_region(AUDIT, "eu-west-1", &json!({"aggregators": aggregators}));
        let reported = Reported::of(&double, SAMPLE);
        assert_eq!((reported.code, reported.failed()), (1, failed), "{aggregators}");
    }
}

fn region_of_warehouse() -> String {
    format!("{WAREHOUSE} eu-west-1 aggregatedRegion")
}

#[test]
fn a_snapshot_is_looked_into_without_a_call() {
    let Some(double) = Double::start(&healthy()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples/quickstart");
    for file in ["account.yaml", "snapshot.json"] {
        std::fs::copy(root.join(file), folder.path().join(file)).unwrap();
    }
    let baseline = std::fs::read_to_string(root.join("confidential.yaml")).unwrap()
        + "  publish: {securityHub: false}\n";
    std::fs::write(folder.path().join("baseline.yaml"), baseline).unwrap();
    let path = folder.path().to_str().unwrap();
    let reported = Reported::of(&double, path);
    assert_eq!((reported.code, reported.results.len()), (0, 1), "{}", reported.text);
    assert_eq!(double.calls().total(), 0);
    std::fs::remove_file(folder.path().join("snapshot.json")).unwrap();
    let reported = Reported::of(&double, path);
    assert_eq!((reported.code, reported.failed()), (1, vec![format!("{SHOP} - snapshot")]));
}

#[test]
fn mistakes_and_wrong_command_lines_have_other_exit_codes_than_failures() {
    let Some(double) = Double::start(&healthy()) else { return };
    for (arguments, code) in [
        (&["doctor", "--baseline", "tests/no-such-file.yaml"][..], 66),
        (&["doctor", "--baseline", "tests/cli/fixtures/mistakes.yaml"], 65),
        (&["doctor", "--baseline", SAMPLE, "--account", "000000000000"], 64),
        (&["doctor"], 64),
    ] {
        assert_eq!(run(&double, arguments).status.code(), Some(code), "{arguments:?}");
    }
}
