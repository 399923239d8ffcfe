//! Takes the envelopes off notifications: SNS, SQS, `EventBridge`, and the events that AWS Config
//! sends to rules. What is inside is read by [`super::parse_item`].

use std::borrow::Cow;

use bumpalo::Bump;
use serde::Deserialize;
use sonic_rs::LazyValue;

use super::depth::{self, MAX_DEPTH};
use super::item::ItemError;
use super::{Timestamp, Traces};

/// How many envelopes may stand in each other: SQS around SNS around a rule's event is three.
const MAX_ENVELOPES: usize = 6;
/// How many items one envelope may hold: AWS batches at most ten thousand messages.
pub(crate) const MAX_ENCLOSED: usize = 1 << 14;

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

/// Gives what the envelope holds. Notifications that are about no item, such as scheduled ones, hold
/// nothing.
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
    #[serde(borrow, default, rename = "configurationItem")]
    item: Option<LazyValue<'a>>,
    #[serde(default, rename = "configurationItemSummary")]
    summary: Option<Summary>,
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
    #[serde(default, rename = "messageType")]
    message_type: Option<String>,
}

/// What a notification keeps of an item that was too large for it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    resource_type: Option<Box<str>>,
    resource_id: Option<Box<str>>,
    #[serde(alias = "accountId")]
    aws_account_id: Option<Box<str>>,
    aws_region: Option<Box<str>>,
    configuration_item_capture_time: Option<String>,
}

impl From<Summary> for Announced {
    fn from(summary: Summary) -> Self {
        let time = summary.configuration_item_capture_time;
        Self(Traces {
            account_id: summary.aws_account_id,
            region: summary.aws_region,
            resource_type: summary.resource_type,
            id: summary.resource_id,
            capture_time: time.and_then(|time| Timestamp::parse(&time)),
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
    let envelope: Envelope<'a> =
        sonic_rs::from_str(text).map_err(|error| ItemError::from_json(&error))?;
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
        trees.extend(message(raw(value), arena)?);
    }
    let is_envelope = items.len() > before || envelope.message_type.is_some() || !trees.is_empty();
    if !is_envelope && room == MAX_ENVELOPES {
        return Err(ItemError::Missing("resourceType"));
    }
    trees.into_iter().try_for_each(|text| open(text, arena, room - 1, items))
}

/// What a message says: a map, or a string that holds one. A text for people says nothing.
fn message<'a>(value: &'a str, arena: &'a Bump) -> Result<Option<&'a str>, ItemError> {
    let text = if value.starts_with('"') {
        let text: String =
            sonic_rs::from_str(value).map_err(|error| ItemError::from_json(&error))?;
        &*arena.alloc_str(&text)
    } else {
        value
    };
    Ok(text.trim_start().starts_with('{').then_some(text))
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
            r#"{"configurationItem":null,"messageType":"x"}"#,
        ] {
            assert_eq!(open_envelope(text.as_bytes(), &arena), Ok(vec![]), "{text}");
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
