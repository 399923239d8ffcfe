//! Takes the envelopes off notifications: SNS, SQS, `EventBridge`, and the events that AWS Config
//! sends to rules. What is inside is read by [`super::parse_item`].

use std::borrow::Cow;

use bumpalo::Bump;
use serde::Deserialize;
use sonic_rs::LazyValue;

use super::depth::{self, MAX_DEPTH};
use super::item::ItemError;

/// How many envelopes may stand in each other: SQS around SNS around a rule's event is three.
const MAX_ENVELOPES: usize = 6;

/// Gives the text of each item in the envelope. Notifications that are about no item, such as
/// scheduled ones, give none.
///
/// # Errors
///
/// For text that is no JSON or no known envelope, and for an item that AWS left out because it was
/// too large ([`ItemError::Summary`]): nothing in such an envelope is to be trusted as all there is.
pub fn open_envelope<'a>(text: &'a [u8], arena: &'a Bump) -> Result<Vec<&'a str>, ItemError> {
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
    #[serde(default, rename = "invokingEvent")]
    invoking_event: Option<String>,
    /// SNS.
    #[serde(default, alias = "Message")]
    message: Option<String>,
    /// SNS in an event to a Lambda function.
    #[serde(borrow, default, rename = "Sns")]
    sns: Option<LazyValue<'a>>,
    /// `EventBridge`.
    #[serde(borrow, default)]
    detail: Option<LazyValue<'a>>,
    /// SQS.
    #[serde(default, alias = "Body")]
    body: Option<String>,
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
    resource_type: String,
    resource_id: String,
}

fn open<'a>(
    text: &'a str,
    arena: &'a Bump,
    room: usize,
    items: &mut Vec<&'a str>,
) -> Result<(), ItemError> {
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) || room == 0 {
        return Err(ItemError::TooDeep);
    }
    let envelope: Envelope<'a> =
        sonic_rs::from_str(text).map_err(|error| ItemError::from_json(&error))?;
    if let Some(Summary { resource_type, resource_id }) = envelope.summary {
        let (resource_type, id) = (resource_type.into(), resource_id.into());
        return Err(ItemError::Summary { resource_type, id });
    }
    let raw = |value: LazyValue<'a>| match value.as_raw_cow() {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => arena.alloc_str(&text),
    };
    let before = items.len();
    items.extend(envelope.item.map(raw));
    let trees = envelope.sns.into_iter().chain(envelope.detail);
    let trees = trees.chain(envelope.records.into_iter().flatten()).map(raw);
    let texts = [envelope.invoking_event, envelope.message, envelope.body].into_iter().flatten();
    let texts = texts.filter(|text| text.trim_start().starts_with('{'));
    let texts = texts.map(|text| &*arena.alloc_str(&text));
    let mut inner = trees.chain(texts).peekable();
    let is_envelope =
        items.len() > before || envelope.message_type.is_some() || inner.peek().is_some();
    if !is_envelope && room == MAX_ENVELOPES {
        return Err(ItemError::Missing("resourceType"));
    }
    inner.try_for_each(|text| open(text, arena, room - 1, items))
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
        ] {
            let arena = Bump::new();
            assert_eq!(open_envelope(envelope.as_bytes(), &arena), Ok(vec![ITEM]), "{envelope}");
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
    fn an_item_too_large_for_its_notification_is_an_error() {
        let arena = Bump::new();
        let text = br#"{"configurationItemSummary":{"resourceType":"AWS::EC2::Instance","resourceId":"i-1"}}"#;
        let error = open_envelope(text, &arena).unwrap_err();
        assert!(error.to_string().contains("AWS::EC2::Instance i-1"), "{error}");
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
