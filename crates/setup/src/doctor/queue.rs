//! Whether a change queue is there, lets `EventBridge` or SNS send to it, and keeps what cannot be understood.
//!
//! Nothing is sent and nothing is received: a message that is received is hidden from whoever takes it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::check::{Check, CheckResult, Place};
use api::RoleReference;
use assess::AwsAccounts;
use aws::{AwsError, Class, QueueAttributes};
use model::QueueUrl;

/// Who sends what AWS Config records ("Amazon SQS targets", `EventBridge` User Guide; "Subscribing an
/// Amazon SQS queue", SNS Developer Guide).
const SENDERS: [&str; 2] = ["events.amazonaws.com", "sns.amazonaws.com"];
/// A message is hidden for so long once it was received; taking it may take as long.
const LEAST_HIDDEN: u64 = 30;

/// Looks into the queue of an account.
pub(super) async fn examine(
    aws: &AwsAccounts,
    place: Place<'_>,
    (url, role): (&QueueUrl, Option<&RoleReference>),
    interval: Duration,
) -> Vec<CheckResult> {
    let answer = match aws.queue(url, role).await {
        Ok(client) => client.attributes().await,
        Err(error) => Err(error),
    };
    of_answer(place, url, &answer, interval)
}

fn of_answer(
    place: Place<'_>,
    url: &QueueUrl,
    answer: &Result<QueueAttributes, AwsError>,
    interval: Duration,
) -> Vec<CheckResult> {
    let check = Check::ChangeQueue;
    let attributes = match answer {
        Ok(attributes) => attributes,
        Err(error) if error.class == Class::NotFound => {
            return vec![place.failed(
                check,
                format!("there is no queue {url}"),
                "correct changes.queueUrl, or create the queue (deploy/iam/changes-queue)",
            )];
        }
        Err(error) => return vec![place.refused(check, error)],
    };
    let found = [
        senders(attributes).map(|(what, remedy)| place.failed(check, what, remedy)),
        dead_letters(attributes).map(|(what, remedy)| place.warning(check, what, remedy)),
        times(attributes, interval).map(|(what, remedy)| place.warning(check, what, remedy)),
        key(attributes).map(|(what, remedy)| place.warning(check, what, remedy)),
    ];
    let found: Vec<CheckResult> = found.into_iter().flatten().collect();
    if !found.is_empty() {
        return found;
    }
    let left = attributes.get("ApproximateNumberOfMessages").map_or("0", String::as_str);
    vec![place.ok(check, format!("{} can be read; {left} messages wait", url.name()))]
}

/// What is wrong, and what to do about it.
type QueueFault = (String, &'static str);

/// Whether the policy lets anybody send who brings what AWS Config records.
fn senders(attributes: &QueueAttributes) -> Option<QueueFault> {
    let policy: Option<QueuePolicy> =
        attributes.get("Policy").and_then(|text| serde_json::from_str(text).ok());
    let statements = policy.map(|policy| policy.statements.into_vec()).unwrap_or_default();
    let lets_send = |statement: &PolicyStatement| statement.allows_sending();
    (!statements.iter().any(lets_send)).then(|| {
        (
            "the policy of the queue lets neither EventBridge (events.amazonaws.com) nor SNS \
             (sns.amazonaws.com) send to it"
                .to_owned(),
            "allow sqs:SendMessage to the service, with the ARN of the rule or topic as aws:SourceArn \
             (deploy/iam/changes-queue)",
        )
    })
}

fn dead_letters(attributes: &QueueAttributes) -> Option<QueueFault> {
    let has_none = attributes.get("RedrivePolicy").is_none_or(|it| it.is_empty() || it == "{}");
    has_none.then(|| {
        (
            "the queue has no dead-letter queue: messages that cannot be understood come again until \
             they are too old"
                .to_owned(),
            "set a RedrivePolicy with a dead-letter queue and maxReceiveCount 5 or more",
        )
    })
}

/// Whether messages last until they are taken.
fn times(attributes: &QueueAttributes, interval: Duration) -> Option<QueueFault> {
    let seconds = |name: &str| attributes.get(name).and_then(|text| text.parse::<u64>().ok());
    if let Some(retention) = seconds("MessageRetentionPeriod").filter(|it| *it < interval.as_secs())
    {
        let what = format!(
            "the queue keeps messages for {retention} seconds, which is less than the interval of the \
             baselines"
        );
        return Some((what, "raise MessageRetentionPeriod, such as to 345600 (4 days)"));
    }
    let hidden = seconds("VisibilityTimeout").filter(|it| *it < LEAST_HIDDEN)?;
    let what = format!(
        "the queue hides a received message for {hidden} seconds only: it may come again while it is \
         taken"
    );
    Some((what, "raise VisibilityTimeout to 30 or more"))
}

/// `EventBridge` and SNS may not use the key that AWS manages for SQS ("Key management", Amazon SQS
/// Developer Guide).
fn key(attributes: &QueueAttributes) -> Option<QueueFault> {
    let key = attributes.get("KmsMasterKeyId")?;
    key.ends_with("alias/aws/sqs").then(|| {
        (
            "the queue is encrypted with the key alias/aws/sqs, which EventBridge and SNS cannot use"
                .to_owned(),
            "encrypt it with SSE-SQS, or with a key of your own that lets the service use it",
        )
    })
}

#[derive(Deserialize)]
struct QueuePolicy {
    #[serde(rename = "Statement")]
    statements: OneOrMore<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyStatement {
    effect: String,
    #[serde(default)]
    principal: Value,
    #[serde(default)]
    action: Option<OneOrMore<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }

    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

impl PolicyStatement {
    /// Whether a service that sends what AWS Config records may send. Conditions, which say for which rule
    /// or topic, are not looked into.
    fn allows_sending(&self) -> bool {
        let is_sending = |action: &String| {
            ["sqs:sendmessage", "sqs:*", "*"].contains(&action.to_ascii_lowercase().as_str())
        };
        let actions = self.action.as_ref().map(OneOrMore::as_slice).unwrap_or_default();
        let named = match &self.principal {
            Value::Object(by_kind) => by_kind.get("Service").or_else(|| by_kind.get("AWS")),
            other => Some(other),
        };
        let is_sender =
            |name: &Value| name.as_str().is_some_and(|it| it == "*" || SENDERS.contains(&it));
        let is_let = match named {
            Some(Value::Array(names)) => names.iter().any(is_sender),
            Some(name) => is_sender(name),
            None => false,
        };
        self.effect == "Allow" && is_let && actions.iter().any(is_sending)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckState;
    use super::*;
    use model::AccountId;
    use serde_json::json;

    const HOUR: Duration = Duration::from_hours(1);

    fn attributes(changed: &Value) -> QueueAttributes {
        let policy = json!({"Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": "*",
        }]});
        let mut all = json!({
            "Policy": policy.to_string(), "RedrivePolicy": "{\"maxReceiveCount\":5}",
            "VisibilityTimeout": "30", "MessageRetentionPeriod": "345600",
        });
        for (name, value) in changed.as_object().unwrap() {
            all[name] = value.clone();
        }
        let all = all.as_object().unwrap().iter();
        all.filter_map(|(name, it)| Some((name.clone(), it.as_str()?.to_owned()))).collect()
    }

    fn results(changed: &Value) -> Vec<(CheckState, String)> {
        let account: AccountId = "111122223333".parse().unwrap();
        let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/changes".parse().unwrap();
        let answer = Ok(attributes(changed));
        let results = of_answer(Place::account(&account), &url, &answer, HOUR);
        results.into_iter().map(|result| (result.state, result.message)).collect()
    }

    #[test]
    fn a_queue_that_events_reach_is_good() {
        let results = results(&json!({"ApproximateNumberOfMessages": "3"}));
        let message = "changes can be read; 3 messages wait".to_owned();
        assert_eq!(results, [(CheckState::Ok, message)]);
    }

    #[test]
    fn what_keeps_messages_away_or_loses_them_is_shown() {
        let other = json!({"Statement": {
            "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": ["sqs:SendMessage"],
        }});
        for (changed, state, word) in [
            (json!({"Policy": null}), CheckState::Failed, "EventBridge"),
            (json!({"Policy": other.to_string()}), CheckState::Failed, "EventBridge"),
            (json!({"RedrivePolicy": null}), CheckState::Warning, "dead-letter"),
            (json!({"MessageRetentionPeriod": "60"}), CheckState::Warning, "60 seconds"),
            (json!({"VisibilityTimeout": "0"}), CheckState::Warning, "0 seconds"),
            (json!({"KmsMasterKeyId": "alias/aws/sqs"}), CheckState::Warning, "alias/aws/sqs"),
        ] {
            let [(found, message)] = &results(&changed)[..] else { panic!("{changed}") };
            assert_eq!(*found, state, "{changed}");
            assert!(message.contains(word), "{message}");
        }
    }
}
