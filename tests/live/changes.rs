//! Change queues: what AWS Config records becomes a finding within a moment, and whatever a queue does with
//! messages, findings end as those of a read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write as _, stderr}; // past the harness's capture: figures show
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::publishing::{Running, suspended};
use super::world::{ACCOUNT, Desired, World};
use super::{key, of_type};
use support::double::{Double, State};
use support::is_soak;
use support::waiting::holds;

const REGION: &str = "eu-west-1";
const QUEUED: &str = "{configApi: {changes: {queueUrl: \
     'https://sqs.eu-west-1.amazonaws.com/111122223333/changes'}}}";

/// The same, with a queue that all changes of the account come to.
fn with_queue(state: State, queue: &Value) -> State {
    let dead_letters = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:dead"), "maxReceiveCount": 2,
    });
    let mut given = queue.clone();
    given["attributes"] = json!({"VisibilityTimeout": "1", "RedrivePolicy": dead_letters});
    state.region(ACCOUNT, REGION, "queues", json!({"changes": given, "dead": {}}))
}

/// What is left in a queue.
fn messages(double: &Double, name: &str) -> Vec<String> {
    let path = format!("queue?account={ACCOUNT}&region={REGION}&name={name}");
    let queue = double.control("GET", &path, &Value::Null);
    let messages = queue["messages"].as_array().unwrap().iter();
    messages.map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

fn send(double: &Double, texts: &[Value]) {
    let place = json!({
        "account": ACCOUNT, "region": REGION, "name": "changes", "messages": texts,
    });
    double.control("POST", "messages", &place);
}

fn versioned(item: &Value, status: &str) -> Value {
    let mut change = key(item);
    change["patch"] = json!({
        "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": status}},
    });
    change
}

/// How the finding of a bucket without versions stands, where there is one.
fn compliance(double: &Double, bucket: &Value) -> Option<String> {
    let end = format!("/s3-bucket-versioning/AWS::S3::Bucket/{}", bucket["resourceId"].as_str()?);
    let findings = double.findings();
    let (_, finding) =
        findings.iter().find(|(id, _)| id.contains("/foundations/") && id.ends_with(&end))?;
    Some(finding["Compliance"]["Status"].as_str()?.to_owned())
}

#[test]
fn messages_that_come_again_and_in_any_order_end_as_an_undisturbed_read() {
    let world = World::of(4);
    let desired = Desired::of(QUEUED);
    let queue = json!({"follows": [ACCOUNT], "copies": 3, "shuffled": 7, "through": "sns"});
    let Some(double) = Double::start(&with_queue(world.state(), &queue)) else { return };
    let running = Running::start(&double, &desired);
    double.forget_calls();

    let buckets = of_type(&world, "AWS::S3::Bucket");
    let is_enabled = |at: usize, round: usize| (at + round).is_multiple_of(3);
    for round in 0..6 {
        let change = |(at, bucket): (usize, &&Value)| {
            versioned(bucket, if is_enabled(at, round) { "Enabled" } else { "Suspended" })
        };
        let changes: Vec<Value> = buckets.iter().enumerate().map(change).collect();
        double.patch_items(&changes);
    }
    let gone: Vec<Value> =
        of_type(&world, "AWS::EC2::Volume").into_iter().step_by(2).map(key).collect();
    double.delete_items(&gone);
    let mut new = suspended(&world);
    for name in ["resourceId", "resourceName"] {
        new[name] = json!("acme-new");
    }
    new["ARN"] = json!("arn:aws:s3:::acme-new");
    new["configurationItemCaptureTime"] = json!(jiff::Timestamp::now().to_string());
    double.put_items(std::slice::from_ref(&new));

    holds("every message is taken", || messages(&double, "changes").is_empty());
    holds("the new bucket has a finding", || {
        compliance(&double, &new).as_deref() == Some("FAILED")
    });
    holds("every bucket has the finding of its last state", || {
        buckets.iter().enumerate().all(|(at, bucket)| {
            let expected = if is_enabled(at, 5) { "PASSED" } else { "FAILED" };
            compliance(&double, bucket).is_none_or(|it| it == expected)
        })
    });
    holds("what is gone has no open finding", || {
        // Of a control that reads types that are not recorded, nothing is archived.
        let is_of = |id: &str| {
            let end = |it: &Value| {
                format!(
                    "/ebs-volume-encrypted/AWS::EC2::Volume/{}",
                    it["resourceId"].as_str().unwrap()
                )
            };
            gone.iter().any(|it| id.ends_with(&end(it)))
        };
        let findings = double.findings();
        let mut of_gone = findings.iter().filter(|(id, _)| is_of(id));
        of_gone.all(|(_, finding)| finding["RecordState"] == "ARCHIVED")
    });
    let calls = double.calls();
    assert_eq!(calls.of("SelectResourceConfig"), 0, "{:?}", calls.counts);
    assert_eq!(messages(&double, "dead"), Vec::<String>::new());
    drop(running);

    // One that reads everything has nothing to add.
    let before = double.findings();
    double.forget_calls();
    let fresh = Running::start(&double, &desired);
    let calls = double.calls();
    assert_eq!(calls.of("BatchImportFindings"), 0, "{:?}", calls.each("BatchImportFindings"));
    assert_eq!(double.calls().of("BatchUpdateFindings"), 0);
    assert_eq!(double.findings(), before);
    drop(fresh);
}

#[test]
fn what_a_message_does_not_hold_is_fetched_and_what_nobody_understands_is_left() {
    let world = World::of(1);
    let desired = Desired::of(QUEUED);
    let Some(double) = Double::start(&with_queue(world.state(), &json!({}))) else { return };
    let bucket = suspended(&world);
    let running = Running::start(&double, &desired);
    assert_eq!(compliance(&double, &bucket).as_deref(), Some("FAILED"));
    double.forget_calls();

    // Too large for its notification.
    double.patch_items(&[versioned(&bucket, "Enabled")]);
    let captured = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::from_secs(1)).unwrap();
    let summary = json!({
        "changeType": "UPDATE", "configurationItemCaptureTime": captured.to_string(),
        "awsAccountId": ACCOUNT, "awsRegion": REGION, "resourceType": "AWS::S3::Bucket",
        "resourceId": bucket["resourceId"],
    });
    let oversized = json!({"source": "aws.config", "account": ACCOUNT, "region": REGION, "detail": {
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": summary,
    }});
    send(&double, &[oversized.clone(), oversized]);
    holds("the item was fetched", || compliance(&double, &bucket).as_deref() == Some("PASSED"));
    let calls = double.calls();
    let fetched = calls.of("BatchGetResourceConfig") + calls.of("GetResourceConfigHistory");
    assert!((1..=2).contains(&fetched), "{:?}", calls.counts);

    // Of others, about nothing, and not to be understood.
    let mut foreign = bucket.clone();
    foreign["awsAccountId"] = json!("444455556666");
    let event = |account: &str, item: &Value| {
        json!({"source": "aws.config", "account": account, "region": REGION, "detail": {
            "messageType": "ConfigurationItemChangeNotification", "configurationItem": item,
        }})
    };
    let scheduled = json!({"source": "aws.config", "account": ACCOUNT, "detail": {
        "messageType": "ScheduledNotification",
    }});
    let poison = json!("hello");
    let forged = event("444455556666", &bucket);
    send(&double, &[event("444455556666", &foreign), scheduled, poison, forged.clone()]);
    holds("what is not understood is left to the dead-letter queue", || {
        messages(&double, "dead").len() == 2
    });
    assert_eq!(messages(&double, "changes"), Vec::<String>::new());
    let mut dead = messages(&double, "dead");
    dead.sort();
    assert_eq!(dead[0], "hello");
    assert_eq!(serde_json::from_str::<Value>(&dead[1]).unwrap(), forged);
    assert_eq!(compliance(&double, &bucket).as_deref(), Some("PASSED"));
    drop(running);
}

#[test]
fn a_message_that_is_lost_is_found_by_the_next_read_and_a_queue_that_is_gone_comes_back() {
    let world = World::of(1);
    let desired = Desired::of(QUEUED);
    let Some(double) = Double::start(&with_queue(world.state(), &json!({}))) else { return };
    let bucket = suspended(&world);
    let running = Running::start(&double, &desired);
    let is = |expected: &str| compliance(&double, &bucket).as_deref() == Some(expected);
    assert!(is("FAILED"));
    double.patch_items(&[versioned(&bucket, "Enabled")]); // which no message tells
    Running::nudge(&desired);
    holds("the next read finds it", || is("PASSED"));

    let queue = |change: &Value| {
        let place =
            json!({"account": ACCOUNT, "region": REGION, "name": "changes", "change": change});
        double.control("PATCH", "queue", &place);
    };
    queue(&Value::Null);
    holds("the queue is missed", || {
        let refused = double.calls().counts.remove("sqs:ReceiveMessage").unwrap_or_default();
        refused.contains_key("QueueDoesNotExist")
    });
    double.patch_items(&[versioned(&bucket, "Suspended")]);
    Running::nudge(&desired);
    holds("reading goes on without it", || is("FAILED"));
    queue(&json!({"follows": [ACCOUNT]}));
    double.patch_items(&[versioned(&bucket, "Enabled")]);
    holds("messages come again", || is("PASSED"));
    drop(running);
}

/// One control over the buckets of one region, of which so many keep no versions.
fn buckets(count: usize) -> (World, TempDir) {
    let mut world = World::of(1);
    let bucket = suspended(&world);
    world.items.clear();
    for number in 0..count {
        let mut bucket = bucket.clone();
        let name = format!("measured-{number:04}");
        bucket["ARN"] = json!(format!("arn:aws:s3:::{name}"));
        bucket["resourceId"] = json!(name);
        bucket["resourceName"] = json!(name);
        world.items.push(bucket);
    }
    let folder = tempfile::tempdir().unwrap();
    let objects = format!(
        "apiVersion: plumbline.dev/v1alpha1\n\
         kind: AwsAccount\n\
         metadata: {{name: shop}}\n\
         spec:\n  \
           accountId: \"{ACCOUNT}\"\n  \
           regions: [{REGION}]\n  \
           allowedNamespaces: {{names: [platform]}}\n  \
           source: {QUEUED}\n\
         ---\n\
         apiVersion: plumbline.dev/v1alpha1\n\
         kind: SecurityBaseline\n\
         metadata: {{name: foundations, namespace: platform}}\n\
         spec:\n  \
           accounts: {{names: [shop]}}\n  \
           controls: [{{name: s3-bucket-versioning}}]\n  \
           interval: 1h\n"
    );
    fs::write(folder.path().join("objects.yaml"), objects).unwrap();
    (world, folder)
}

#[test]
fn a_change_is_published_about_a_second_after_its_message() {
    const A_SECOND: usize = 50;
    let seconds = if is_soak() { 60 } else { 4 };
    let bar = Duration::from_secs(if is_soak() { 1 } else { 5 }); // other tests run beside it
    let count = A_SECOND * seconds;
    let (world, folder) = buckets(count);
    let queue = json!({"follows": [ACCOUNT]});
    let Some(double) = Double::start(&with_queue(world.state(), &queue)) else { return };
    let running = Running::start_in(&double, folder.path());
    double.forget_calls();

    let measured = of_type(&world, "AWS::S3::Bucket");
    let started = Instant::now();
    let mut sent = Vec::new();
    for (number, bucket) in measured.iter().enumerate() {
        let due = Duration::from_millis(1000 / A_SECOND as u64) * u32::try_from(number).unwrap();
        thread::sleep(due.saturating_sub(started.elapsed()));
        sent.push(jiff::Timestamp::now());
        double.patch_items(&[versioned(bucket, "Enabled")]);
    }
    let took = started.elapsed();
    let last = measured.last().unwrap();
    holds("the last is published", || compliance(&double, last).as_deref() == Some("PASSED"));
    holds("every message is taken", || messages(&double, "changes").is_empty());

    let calls = double.calls();
    let mut accepted = BTreeMap::new();
    for call in calls.each("BatchImportFindings") {
        let time: jiff::Timestamp = call["time"].as_str().unwrap().parse().unwrap();
        let took = call["milliseconds"].as_f64().unwrap();
        let at = time + Duration::from_secs_f64(took / 1000.0);
        for finding in call["detail"]["sent"].as_array().unwrap() {
            let id = finding["Id"].as_str().unwrap().to_owned();
            accepted.entry(id).or_insert(at);
        }
    }
    let mut latencies: Vec<i64> = measured
        .iter()
        .zip(&sent)
        .map(|(bucket, sent)| {
            let name = bucket["resourceId"].as_str().unwrap();
            let end = format!("/s3-bucket-versioning/AWS::S3::Bucket/{name}");
            let of_bucket =
                accepted.iter().find(|(id, _)| id.contains("/foundations/") && id.ends_with(&end));
            let (_, at) = of_bucket.unwrap_or_else(|| panic!("{name} was not published"));
            at.as_millisecond() - sent.as_millisecond()
        })
        .collect();
    latencies.sort_unstable();
    let part = |hundredths: usize| latencies[(latencies.len() - 1) * hundredths / 100];
    let _ = writeln!(
        stderr(),
        "{count} messages in {:.1} s: published after {} ms (median), {} ms (p99), {} ms at \
         most; {} receives, {} deletes, {} imports, {} reads of AWS Config",
        took.as_secs_f64(),
        part(50),
        part(99),
        part(100),
        calls.of("ReceiveMessage"),
        calls.of("DeleteMessageBatch"),
        calls.of("BatchImportFindings"),
        calls.of("SelectResourceConfig"),
    );
    assert!(u128::try_from(part(99)).unwrap() <= bar.as_millis(), "{} ms", part(99));
    assert_eq!(calls.of("SelectResourceConfig"), 0);
    drop(running);
}
