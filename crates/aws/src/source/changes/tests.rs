use super::*;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T10:00:00Z").unwrap()
}

fn item() -> Value {
    json!({
        "resourceType": "AWS::S3::Bucket", "resourceId": "logs", "awsAccountId": ACCOUNT,
        "awsRegion": "eu-west-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-22T09:59:58.120Z", "configuration": {"name": "logs"},
    })
}

fn event(item: &Value) -> Value {
    json!({
        "version": "0", "source": "aws.config", "account": ACCOUNT, "region": "eu-west-1",
        "detail-type": "Config Configuration Item Change",
        "detail": {"messageType": "ConfigurationItemChangeNotification", "configurationItem": item},
    })
}

fn read(body: &Value) -> ChangeMessage {
    ChangeMessage::read(&body.to_string(), now())
}

#[test]
fn an_event_tells_the_same_directly_and_through_sns() {
    let direct = read(&event(&item()));
    assert_eq!((direct.changes.len(), &direct.error), (1, &None));
    let change = &direct.changes[0];
    assert_eq!((change.account.as_str(), change.id.as_str()), (ACCOUNT, "logs"));
    assert!(matches!(&change.state, ChangedState::Item { is_unrecorded: false, .. }));
    let sns = json!({"Type": "Notification", "Message": event(&item()).to_string()});
    assert_eq!(read(&sns), direct);
    // What AWS Config's delivery channel sends, and what a rule of EventBridge keeps of an event.
    let channel =
        json!({"messageType": "ConfigurationItemChangeNotification", "configurationItem": item()});
    for body in [channel, item()] {
        let read = read(&body);
        assert_eq!((&read.changes, &read.error), (&direct.changes, &None), "{body}");
    }
}

#[test]
fn a_deletion_and_an_item_that_is_not_recorded_any_more_are_brought_apart() {
    let status = |status: &str| {
        let mut item = item();
        item["configurationItemStatus"] = status.into();
        read(&event(&item)).changes[0].state.clone()
    };
    assert_eq!(status("ResourceDeleted"), ChangedState::Gone);
    assert_eq!(status("ResourceDeletedNotRecorded"), ChangedState::Gone);
    let unrecorded = status("ResourceNotRecorded");
    assert!(matches!(unrecorded, ChangedState::Item { is_unrecorded: true, .. }), "{unrecorded:?}");
}

#[test]
fn an_item_that_is_too_large_or_broken_is_elsewhere() {
    let summary = json!({
        "changeType": "UPDATE", "configurationItemCaptureTime": "2026-11-22T09:59:58.120Z",
        "awsAccountId": ACCOUNT, "awsRegion": "eu-west-1", "resourceType": "AWS::S3::Bucket",
        "resourceId": "logs",
    });
    let detail = json!({
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": summary,
    });
    let oversized = read(&json!({"account": ACCOUNT, "source": "aws.config", "detail": detail}));
    assert_eq!(oversized.error, None);
    let mut broken = event(&item());
    broken["detail"]["configurationItem"]["configuration"] = "not a map".into();
    let broken = read(&broken);
    assert!(matches!(broken.error, Some(MessageError::Item(_))), "{broken:?}");
    for read in [oversized, broken] {
        let [change] = &read.changes[..] else { panic!("{read:?}") };
        assert_eq!((change.id.as_str(), &change.state), ("logs", &ChangedState::Elsewhere));
        assert_eq!(change.captured, Timestamp::parse("2026-11-22T09:59:58.120Z"));
    }
}

#[test]
fn what_is_no_message_of_aws_config_cannot_be_understood() {
    for body in ["", "hello", "{}", "[]", "{\"a\":1}", "{\"detail\":{}}", "{\"detail\""] {
        let read = ChangeMessage::read(body, now());
        assert!(read.error.is_some() && read.changes.is_empty(), "{body}: {read:?}");
    }
}

#[test]
fn what_is_about_no_item_tells_nothing() {
    for detail in [
        json!({"messageType": "ScheduledNotification"}),
        json!({"messageType": "ComplianceChangeNotification", "newEvaluationResult": {}}),
        json!({"messageType": "ConfigurationSnapshotDeliveryCompleted", "s3ObjectKey": "k"}),
    ] {
        let body = json!({"source": "aws.config", "account": ACCOUNT, "detail": detail});
        assert_eq!(read(&body), ChangeMessage::default(), "{body}");
    }
}

#[test]
fn what_contradicts_its_sender_or_is_of_the_future_is_not_believed() {
    let mut foreign = event(&item());
    foreign["account"] = "444455556666".into();
    let read_foreign = read(&foreign);
    assert!(matches!(read_foreign.error, Some(MessageError::Contradiction { .. })));
    let sns = json!({"Type": "Notification", "Message": foreign.to_string()});
    assert_eq!(read(&sns), read_foreign);
    let mut future = item();
    future["configurationItemCaptureTime"] = "2026-11-22T10:20:00Z".into();
    assert_eq!(read(&event(&future)).error, Some(MessageError::Future));
    let mut timeless = item();
    timeless.as_object_mut().unwrap().remove("configurationItemCaptureTime");
    assert!(read(&event(&timeless)).error.is_some());
    for read in [read(&foreign), read(&event(&future)), read(&event(&timeless))] {
        assert_eq!(read.changes, []);
    }
}
