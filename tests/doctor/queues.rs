//! `plumbline doctor` on an account with a change queue.

use std::fs;

use super::{EXTERNAL_ID, OPERATOR, Reported, SHOP, healthy};
use serde_json::{Value, json};
use support::double::{Double, State};
use tempfile::TempDir;

const REGION: &str = "eu-west-1";

/// An account that a queue of its own brings changes to.
fn declared() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        r#"
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {{name: shop}}
spec:
  accountId: "{SHOP}"
  regions: [{REGION}]
  allowedNamespaces: {{names: [default]}}
  role: {{arn: "arn:aws:iam::{SHOP}:role/plumbline", externalId: {EXTERNAL_ID}}}
  source:
    configApi:
      changes: {{queueUrl: "https://sqs.{REGION}.amazonaws.com/{SHOP}/changes"}}
---
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {{name: small}}
spec:
  accounts: {{names: [shop]}}
  interval: 1h
  controls: [{{name: s3-bucket-versioning}}]
"#
    );
    fs::write(folder.path().join("all.yaml"), text).unwrap();
    folder
}

/// A queue that events reach, but for these attributes.
fn queue(changed: &Value) -> Value {
    let statement = json!({
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": "*",
    });
    let dead = format!("arn:aws:sqs:{REGION}:{SHOP}:dead");
    let mut attributes = json!({
        "Policy": {"Version": "2012-10-17", "Statement": [statement]},
        "RedrivePolicy": {"deadLetterTargetArn": dead, "maxReceiveCount": 5},
    });
    for (name, value) in changed.as_object().unwrap() {
        attributes[name] = value.clone();
    }
    attributes.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({ "attributes": attributes })
}

fn with_queue(state: State, queue: &Value) -> State {
    state.region(SHOP, REGION, "queues", json!({"changes": queue, "dead": {}}))
}

fn reported(double: &Double) -> Reported {
    Reported::of(double, declared().path().to_str().unwrap())
}

#[test]
fn a_queue_that_events_reach_is_fine_and_loses_no_message_to_the_check() {
    let state = with_queue(healthy(), &queue(&json!({})));
    let Some(double) = Double::start(&state) else { return };
    let messages =
        json!({"account": SHOP, "region": REGION, "name": "changes", "messages": ["1", "2"]});
    double.control("POST", "messages", &messages);
    let found = reported(&double);
    assert_eq!((found.code, found.failed()), (0, Vec::new()), "{}", found.text);
    let (state, message) = found.state(SHOP, None, "changeQueue");
    assert_eq!(state, "ok");
    assert!(message.contains("changes can be read; 2 messages wait"), "{message}");
    let calls = double.calls();
    assert_eq!((calls.of("ReceiveMessage"), calls.of("DeleteMessageBatch")), (0, 0));
    assert_eq!(calls.each("GetQueueAttributes")[0]["account"], SHOP, "by the account's own role");
}

#[test]
fn a_queue_that_is_gone_or_may_not_be_read_is_reported_with_what_helps() {
    let Some(double) = Double::start(&with_queue(healthy(), &queue(&json!({})))) else { return };
    let place = json!({"account": SHOP, "region": REGION, "name": "changes", "change": null});
    double.control("PATCH", "queue", &place);
    let found = reported(&double);
    assert_eq!((found.code, found.failed()), (1, vec![format!("{SHOP} - changeQueue")]));
    let (_, message) = found.state(SHOP, None, "changeQueue");
    for part in ["there is no queue https://sqs.eu-west-1", "correct changes.queueUrl"] {
        assert!(message.contains(part), "{message}");
    }

    let role = json!({"plumbline": {
        "externalId": EXTERNAL_ID, "trusted": [OPERATOR], "actions": ["config:*", "securityhub:*"],
    }});
    let denied = with_queue(healthy(), &queue(&json!({}))).account(SHOP, "roles", role);
    double.control("POST", "reset", denied.json());
    let found = reported(&double);
    assert_eq!((found.code, found.failed()), (1, vec![format!("{SHOP} - changeQueue")]));
    let (_, message) = found.state(SHOP, None, "changeQueue");
    assert!(message.contains("allow sqs:GetQueueAttributes"), "{message}");
}

#[test]
fn what_keeps_messages_away_or_loses_them_is_reported() {
    let Some(double) = Double::start(&healthy()) else { return };
    let root = json!({"Statement": {
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{SHOP}:root")},
        "Action": ["sqs:SendMessage"], "Resource": "*",
    }});
    for (changed, state, parts) in [
        (json!({"Policy": null}), "failed", ["neither EventBridge", "sqs:SendMessage"]),
        (json!({"Policy": root}), "failed", ["neither EventBridge", "sqs:SendMessage"]),
        (json!({"RedrivePolicy": null}), "warning", ["no dead-letter queue", "RedrivePolicy"]),
        (
            json!({"MessageRetentionPeriod": "60"}),
            "warning",
            ["for 60 seconds, which is less than the interval", "MessageRetentionPeriod"],
        ),
        (json!({"VisibilityTimeout": "5"}), "warning", ["for 5 seconds only", "VisibilityTimeout"]),
        (json!({"KmsMasterKeyId": "alias/aws/sqs"}), "warning", ["alias/aws/sqs", "SSE-SQS"]),
    ] {
        double.control("POST", "reset", with_queue(healthy(), &queue(&changed)).json());
        let found = reported(&double);
        let (found_state, message) = found.state(SHOP, None, "changeQueue");
        assert_eq!((found_state, found.code), (state, i32::from(state == "failed")), "{message}");
        assert!(parts.iter().all(|part| message.contains(part)), "{changed}: {message}");
    }
}
