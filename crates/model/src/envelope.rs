//! Takes the envelopes off notifications: SNS, SQS, `EventBridge`, and the events that AWS Config
//! sends to rules. What is inside is read by [`super::parse_item`].

use std::borrow::Cow;

use bumpalo::Bump;
use serde::Deserialize;
use sonic_rs::LazyValue;

use super::Traces;
use super::depth::{self, MAX_DEPTH};
use super::instant;
use super::item::ItemError;
use cel::Timestamp;

/// How many envelopes may stand in each other: SQS around SNS around a rule's event is three.
const MAX_ENVELOPES: usize = 6;
/// How many items one envelope may hold: AWS batches at most ten thousand messages.
pub const MAX_ENCLOSED: usize = 1 << 14;

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enclosed<'a> {
    /// The text of an item.
    Item(&'a str),
    /// Word of an item that was too large for its notification: it has to be read elsewhere.
    Announced(Announced),
}

/// What a notification keeps of an item that was too large for it
/// (`configurationItemSummary` of an `OversizedConfigurationItemChangeNotification`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced(pub Traces);

/// Gives what the envelope holds. Notifications that are about no item, such as scheduled ones, and
/// messages of other services hold nothing.
///
/// # Errors
///
/// For text that is no JSON or no known envelope: nothing in it is to be trusted as all there is.
pub fn open_envelope<'a>(text: &'a [u8], arena: &'a Bump) -> Result<Vec<Enclosed<'a>>, ItemError> {
    let text = std::str::from_utf8(text)
        .map_err(|error| ItemError::NotText { offset: error.valid_up_to() })?;
    let mut items = Vec::new();
    open(text.strip_prefix('\u{feff}').unwrap_or(text), arena, MAX_ENVELOPES, &mut items)?;
    Ok(items)
}

/// The fields of any envelope.
#[derive(Deserialize)]
struct Envelope<'a> {
    /// What only an item has.
    #[serde(borrow, default, rename = "resourceType")]
    resource_type: Option<LazyValue<'a>>,
    #[serde(borrow, default, rename = "configurationItem", alias = "ConfigurationItem")]
    item: Option<LazyValue<'a>>,
    #[serde(default, rename = "configurationItemSummary", alias = "ConfigurationItemSummary")]
    summary: Option<EnvelopeSummary>,
    /// A rule's event.
    #[serde(borrow, default, rename = "invokingEvent")]
    invoking_event: Option<LazyValue<'a>>,
    /// SNS: a string, or where somebody decoded it the message itself.
    #[serde(borrow, default, alias = "Message")]
    message: Option<LazyValue<'a>>,
    /// SNS in an event to a Lambda function.
    #[serde(borrow, default, rename = "Sns")]
    sns: Option<LazyValue<'a>>,
    /// `EventBridge`.
    #[serde(borrow, default)]
    detail: Option<LazyValue<'a>>,
    /// SQS.
    #[serde(borrow, default, alias = "Body")]
    body: Option<LazyValue<'a>>,
    /// SQS or SNS in an event to a Lambda function; the answer of `ReceiveMessage`.
    #[serde(borrow, default, rename = "Records", alias = "Messages")]
    records: Option<Vec<LazyValue<'a>>>,
    #[serde(default, rename = "messageType", alias = "MessageType")]
    message_type: Option<String>,
    /// SNS: whether it is a notification, or word of a subscription.
    #[serde(borrow, default, rename = "Type")]
    kind: Option<LazyValue<'a>>,
    /// `EventBridge`: the service.
    #[serde(borrow, default)]
    source: Option<LazyValue<'a>>,
    /// `CloudTrail` and S3: what happened.
    #[serde(borrow, default, rename = "eventName")]
    event_name: Option<LazyValue<'a>>,
    /// Whose event that is.
    #[serde(borrow, default, rename = "eventSource")]
    event_source: Option<LazyValue<'a>>,
}

/// Messages that are about an item, by type, and where they have it.
const ITEM_CHANGED: &str = "ConfigurationItemChangeNotification";
const ITEM_TOO_LARGE: &str = "OversizedConfigurationItemChangeNotification";
const ITEM_NOT_DELIVERED: &str = "OversizedConfigurationItemChangeDeliveryFailed";

/// Messages that are about no item (AWS Config Developer Guide, "Notifications that AWS Config sends to
/// an Amazon SNS topic" and "Example events for AWS Config rules"). What a message of another type is
/// about nobody knows.
const ABOUT_NO_ITEM: [&str; 6] = [
    "ComplianceChangeNotification",
    "ConfigRulesEvaluationStarted",
    "ConfigurationHistoryDeliveryCompleted",
    "ConfigurationSnapshotDeliveryCompleted",
    "ConfigurationSnapshotDeliveryStarted",
    "ScheduledNotification",
];

impl Envelope<'_> {
    /// Whether it says by itself that it is about no item.
    fn is_of_others(&self) -> bool {
        let text = |value: &Option<LazyValue<'_>>| {
            value.as_ref().and_then(|value| sonic_rs::from_str::<String>(&value.as_raw_cow()).ok())
        };
        let is_subscription = text(&self.kind).is_some_and(|kind| {
            ["SubscriptionConfirmation", "UnsubscribeConfirmation"].contains(&kind.as_str())
        });
        // Only AWS's own sources begin so: others may pass on what AWS Config sent.
        let is_of_service = text(&self.source)
            .is_some_and(|source| source.starts_with("aws.") && source != "aws.config");
        // A stream of a database may hold items, a trail and a bucket's events do not.
        let is_trail = text(&self.event_source)
            .is_none_or(|source| source == "aws:s3" || source.ends_with(".amazonaws.com"));
        is_subscription || is_of_service || is_trail && text(&self.event_name).is_some()
    }

    /// Whether it has an item, or what holds one: whoever passes that on, it is to be read.
    fn holds_item(&self) -> bool {
        let nested = |detail: &LazyValue<'_>| {
            let detail = detail.as_raw_cow();
            sonic_rs::from_str::<Envelope<'_>>(&detail).is_ok_and(|detail| detail.has_item())
        };
        self.has_item() || self.detail.as_ref().is_some_and(nested)
    }

    fn has_item(&self) -> bool {
        self.is_of_item() || self.invoking_event.is_some()
    }

    fn is_of_item(&self) -> bool {
        let is_null = |item: &LazyValue<'_>| *item.as_raw_cow() == *"null";
        self.summary.is_some() || self.item.as_ref().is_some_and(|item| !is_null(item))
    }

    fn is_a(&self, name: &str) -> bool {
        self.message_type.as_deref().is_some_and(|kind| crate::means(kind, name))
    }

    /// What a message of its type holds and this one lacks.
    fn lacks(&self) -> Option<&'static str> {
        let is_null = |item: &LazyValue<'_>| *item.as_raw_cow() == *"null";
        if self.is_a(ITEM_CHANGED) && self.item.as_ref().is_none_or(is_null) {
            Some("configurationItem")
        } else if (self.is_a(ITEM_TOO_LARGE) || self.is_a(ITEM_NOT_DELIVERED))
            && self.summary.is_none()
        {
            Some("configurationItemSummary")
        } else {
            let is_other = ABOUT_NO_ITEM.iter().all(|name| !self.is_a(name));
            let is_unknown = self.message_type.is_some() && is_other && !self.is_of_item();
            is_unknown.then_some("configurationItem")
        }
    }
}

/// What a notification keeps of an item that was too large for it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeSummary {
    resource_type: Option<Box<str>>,
    resource_id: Option<Box<str>>,
    #[serde(alias = "accountId")]
    aws_account_id: Option<Box<str>>,
    aws_region: Option<Box<str>>,
    configuration_item_capture_time: Option<String>,
}

/// Later than any item: one that is elsewhere and does not say from when may be newer than all.
const LATEST: Timestamp = Timestamp { seconds: 253_402_300_799, nanoseconds: 0 }; // 9999-12-31T23:59:59Z

impl From<EnvelopeSummary> for Announced {
    fn from(summary: EnvelopeSummary) -> Self {
        let time = summary.configuration_item_capture_time;
        let time = time.and_then(|time| Timestamp::parse(&time)).and_then(instant::of_capture);
        Self(Traces {
            account_id: summary.aws_account_id,
            region: summary.aws_region,
            resource_type: summary.resource_type,
            id: summary.resource_id,
            capture_time: time.or(Some(LATEST)),
            state_id: None,
        })
    }
}

fn open<'a>(
    text: &'a str,
    arena: &'a Bump,
    room: usize,
    items: &mut Vec<Enclosed<'a>>,
) -> Result<(), ItemError> {
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) || room == 0 {
        return Err(ItemError::TooDeep);
    }
    ItemError::of_escapes(text)?;
    let envelope: Envelope<'a> =
        sonic_rs::from_str(text).map_err(|error| ItemError::from_json(&error))?;
    let is_item = envelope.resource_type.is_some() && envelope.message_type.is_none();
    if is_item && room < MAX_ENVELOPES {
        items.push(Enclosed::Item(text));
        return Ok(());
    }
    if envelope.is_of_others() && !envelope.holds_item() {
        return Ok(());
    }
    if let Some(lacking) = envelope.lacks() {
        return Err(ItemError::Missing(lacking));
    }
    let before = items.len();
    items.extend(envelope.summary.map(|summary| Enclosed::Announced(summary.into())));
    let raw = |value: LazyValue<'a>| match value.as_raw_cow() {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => arena.alloc_str(&text),
    };
    items.extend(envelope.item.map(raw).filter(|text| *text != "null").map(Enclosed::Item));
    if items.len() > MAX_ENCLOSED {
        return Err(ItemError::TooMany(MAX_ENCLOSED));
    }
    let mut trees: Vec<&'a str> =
        envelope.sns.into_iter().chain(envelope.detail).map(raw).collect();
    trees.extend(envelope.records.into_iter().flatten().map(raw));
    for value in [envelope.invoking_event, envelope.message, envelope.body].into_iter().flatten() {
        trees.push(message(raw(value), arena)?);
    }
    let is_envelope = items.len() > before || envelope.message_type.is_some() || !trees.is_empty();
    if !is_envelope {
        return Err(ItemError::Missing("resourceType"));
    }
    trees.into_iter().try_for_each(|text| open(text, arena, room - 1, items))
}

/// What a message says: a map, or a string that holds one.
fn message<'a>(value: &'a str, arena: &'a Bump) -> Result<&'a str, ItemError> {
    let text = if value.starts_with('"') {
        let text: String =
            sonic_rs::from_str(value).map_err(|error| ItemError::from_json(&error))?;
        &*arena.alloc_str(&text)
    } else {
        value
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_map = text.trim_start().starts_with('{');
    is_map.then_some(text).ok_or(ItemError::Missing("resourceType"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"resourceType":"AWS::S3::Bucket","resourceId":"b"}"#;

    fn quote(text: &str) -> String {
        sonic_rs::to_string(text).unwrap()
    }

    #[test]
    fn every_envelope_gives_the_item_inside() {
        let event = format!(r#"{{"messageType":"x","configurationItem":{ITEM}}}"#);
        let sns = format!(r#"{{"Type":"Notification","Message":{}}}"#, quote(&event));
        for envelope in [
            event.clone(),
            sns.clone(),
            format!(r#"{{"invokingEvent":{}}}"#, quote(&event)),
            format!(r#"{{"detail-type":"Config","detail":{event}}}"#),
            format!(r#"{{"Body":{}}}"#, quote(&sns)),
            format!(r#"{{"Records":[{{"body":{}}}]}}"#, quote(&sns)),
            format!(r#"{{"Records":[{{"Sns":{sns}}}]}}"#),
            format!(r#"{{"Type":"Notification","Message":{event}}}"#),
            format!(r#"{{"Records":[{{"Sns":{{"Message":{event}}}}}]}}"#),
            format!(r#"{{"Records":[{{"body":{}}}]}}"#, quote(ITEM)),
            format!(r#"{{"Messages":[{{"Body":{}}}]}}"#, quote(ITEM)),
            format!(r#"{{"Records":[{{"body":{}}}]}}"#, quote(&format!("\u{feff}{event}"))),
            format!(r#"{{"Message":{}}}"#, quote(ITEM)),
            format!(r#"{{"source":"aws.config","detail":{ITEM}}}"#),
            format!(r#"{{"source":"acme.relay","detail":{event}}}"#),
            format!(r#"{{"source":"aws.partner/acme/relay","detail":{event}}}"#),
            format!(r#"{{"eventName":"Changed","configurationItem":{ITEM}}}"#),
            format!(r#"{{"eventName":"Changed","invokingEvent":{}}}"#, quote(&event)),
            format!(r#"{{"Records":[{ITEM}]}}"#),
            format!(r#"{{"MessageType":"x","ConfigurationItem":{ITEM}}}"#),
        ] {
            let arena = Bump::new();
            let expected = Ok(vec![Enclosed::Item(ITEM)]);
            assert_eq!(open_envelope(envelope.as_bytes(), &arena), expected, "{envelope}");
        }
    }

    #[test]
    fn a_notification_about_no_item_gives_none() {
        let arena = Bump::new();
        for text in [
            r#"{"messageType":"ScheduledNotification"}"#,
            r#"{"invokingEvent":"{\"messageType\":\"ScheduledNotification\"}"}"#,
            r#"{"detail":{"eventName":"CreateDomain"}}"#,
            r#"{"configurationItem":null,"messageType":"ScheduledNotification"}"#,
            r#"{"messageType":"ConfigurationSnapshotDeliveryCompleted","s3Bucket":"b"}"#,
            r#"{"source":"aws.guardduty","detail":{"severity":8}}"#,
            r#"{"source":"aws.config","detail":{"messageType":"ComplianceChangeNotification",
                "resourceType":"AWS::S3::Bucket","resourceId":"b"}}"#,
            r#"{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{}}]}"#,
            r#"{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe"}"#,
        ] {
            assert_eq!(open_envelope(text.as_bytes(), &arena), Ok(vec![]), "{text}");
        }
    }

    #[test]
    fn what_an_envelope_holds_and_nobody_understands_is_an_error() {
        let arena = Bump::new();
        for text in [
            r#"{"Records":[{"body":"garbage"}]}"#,
            r#"{"source":"aws.other","detail":{"a":"\u00e:"}}"#,
            r#"{"Records":[{"body":"{\"messageType\":\"ScheduledNotification\",\"a\":\"\\u00\"}"}]}"#,
            r#"{"Records":[{"body":"[{}]"}]}"#,
            r#"{"Records":[{"body":"\"{}\""}]}"#,
            r#"{"Records":[{"kinesis":{"data":"e30="}}]}"#,
            r#"{"Records":[{"Sns":null}]}"#,
            r#"{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT","dynamodb":{}}]}"#,
            r#"{"source":"acme.relay","detail":{"item":{}}}"#,
            r#"{"Records":[{"body":"{\"__type\":\"ThrottlingException\"}"}]}"#,
            r#"{"message":"{}"}"#,
            r#"{"Type":"Notification","Message":"see the console"}"#,
            r#"{"messageType":"ConfigurationItemChangeNotification","configurationItem":null}"#,
            r#"{"messageType":"ConfigurationItemChangeNotification"}"#,
            r#"{"messageType":"OversizedConfigurationItemChangeNotification"}"#,
            r#"{"messageType":"OversizedConfigurationItemChangeDeliveryFailed"}"#,
            r#"{"messageType":"ConfigurationSnapshotDeliveryFailed"}"#,
            r#"{"messageType":"ConfigurationItemChangedNotification","configurationitem":{}}"#,
            r#"{"Records":[{"messageType":"oversizedConfigurationItemChangeNotification",
                "configurationItemSummary":null}]}"#,
        ] {
            assert!(open_envelope(text.as_bytes(), &arena).is_err(), "{text}");
        }
    }

    #[test]
    fn an_item_elsewhere_of_no_time_may_be_newer_than_all() {
        let arena = Bump::new();
        for time in ["null", "\"yesterday\"", "\"1970-01-01T00:00:00Z\""] {
            let text = format!(
                r#"{{"configurationItemSummary":{{"resourceType":"AWS::S3::Bucket",
                    "resourceId":"b","configurationItemCaptureTime":{time}}}}}"#
            );
            let enclosed = open_envelope(text.as_bytes(), &arena).unwrap();
            let [Enclosed::Announced(Announced(traces))] = &enclosed[..] else { panic!("{time}") };
            assert_eq!(traces.capture_time, Some(LATEST), "{time}");
        }
    }

    #[test]
    fn an_item_too_large_for_its_notification_is_announced() {
        let arena = Bump::new();
        let text = br#"{"configurationItemSummary":{"resourceType":"AWS::EC2::Instance","resourceId":"i-1","awsAccountId":"111122223333","awsRegion":"eu-west-1","configurationItemCaptureTime":"2024-05-01T10:00:00Z"}}"#;
        let enclosed = open_envelope(text, &arena).unwrap();
        let [Enclosed::Announced(Announced(traces))] = &enclosed[..] else {
            panic!("one that is announced")
        };
        assert_eq!(traces.id.as_deref(), Some("i-1"));
        assert_eq!(traces.capture_time, Timestamp::parse("2024-05-01T10:00:00Z"));
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn an_envelope_of_too_many_items_is_named_as_that() {
        let event = format!(r#"{{"configurationItem":{ITEM}}}"#);
        let records = vec![event.as_str(); MAX_ENCLOSED + 1].join(",");
        let (text, arena) = (format!(r#"{{"Records":[{records}]}}"#), Bump::new());
        let error = open_envelope(text.as_bytes(), &arena).unwrap_err();
        assert_eq!(error, ItemError::TooMany(MAX_ENCLOSED));
        assert!(!error.to_string().contains("nest"), "{error}");
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let arena = Bump::new();
        for text in ["{}", "[]", "{\"a\":1}", "", "{\"detail\":", "\u{fffd}"] {
            assert!(open_envelope(text.as_bytes(), &arena).is_err(), "{text}");
        }
        let mut nested = String::from("{}");
        for _ in 0..10 {
            nested = format!(r#"{{"detail":{nested}}}"#);
        }
        assert_eq!(open_envelope(nested.as_bytes(), &arena), Err(ItemError::TooDeep));
    }
}
