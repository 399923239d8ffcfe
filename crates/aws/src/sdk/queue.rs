//! A queue of SQS, in the protocol JSON 1.0 ("AWS JSON protocol", Amazon SQS Developer Guide).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::signed::{Request, SignedClient};
use crate::error::AwsError;
use crate::operations::{DELETE_MESSAGE, GET_QUEUE_ATTRIBUTES, RECEIVE_MESSAGE};
use crate::queue::{MESSAGES, QueueAttributes, ReceivedMessage};
use cel::Timestamp;
use model::QueueUrl;

/// A call waits so many seconds for the first message: the most that SQS allows.
const WAIT: u32 = 20;

/// Receives and deletes the messages of a queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct QueueClient {
    client: SignedClient,
    url: QueueUrl,
}

impl QueueClient {
    pub(super) const fn new(client: SignedClient, url: QueueUrl) -> Self {
        Self { client, url }
    }

    /// The next messages; none where none came for some twenty seconds.
    ///
    /// # Errors
    ///
    /// When there is no such queue, it may not be read, or SQS cannot be reached.
    pub async fn receive(&self) -> Result<Vec<ReceivedMessage>, AwsError> {
        let body = json!({
            "QueueUrl": self.url.as_str(),
            "MaxNumberOfMessages": MESSAGES,
            "WaitTimeSeconds": WAIT,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount", "SentTimestamp"],
        });
        let request = Request::json_1_0("AmazonSQS.ReceiveMessage", body.to_string());
        let answer: ReceiveAnswer = self.client.ask_json(RECEIVE_MESSAGE, &request).await?;
        Ok(answer.messages.into_iter().map(ReceivedMessage::from).collect())
    }

    /// Deletes at most ten messages by their receipts. Those that SQS does not delete come again.
    ///
    /// # Errors
    ///
    /// As for [`Self::receive`]; and where this replica's lease is over.
    pub async fn delete(&self, receipts: &[&str]) -> Result<(), AwsError> {
        let entries: Vec<_> = receipts
            .iter()
            .enumerate()
            .map(|(at, receipt)| json!({"Id": at.to_string(), "ReceiptHandle": receipt}))
            .collect();
        let body = json!({"QueueUrl": self.url.as_str(), "Entries": entries});
        let request = Request::json_1_0("AmazonSQS.DeleteMessageBatch", body.to_string());
        let answer: DeleteAnswer = self.client.ask_json(DELETE_MESSAGE, &request).await?;
        for failed in answer.failed {
            tracing::debug!(queue = %self.url, code = failed.code, "SQS did not delete a message");
        }
        Ok(())
    }

    /// What is set of the queue.
    ///
    /// # Errors
    ///
    /// As for [`Self::receive`].
    pub async fn attributes(&self) -> Result<QueueAttributes, AwsError> {
        let body = json!({"QueueUrl": self.url.as_str(), "AttributeNames": ["All"]});
        let request = Request::json_1_0("AmazonSQS.GetQueueAttributes", body.to_string());
        let answer: AttributesAnswer = self.client.ask_json(GET_QUEUE_ATTRIBUTES, &request).await?;
        Ok(answer.attributes)
    }
}

/// `ReceiveMessage`, Amazon SQS API Reference: without messages, the list may be missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveAnswer {
    #[serde(default)]
    messages: Vec<MessageAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageAnswer {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteAnswer {
    #[serde(default)]
    failed: Vec<NotDeleted>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NotDeleted {
    code: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributesAnswer {
    attributes: QueueAttributes,
}

impl From<MessageAnswer> for ReceivedMessage {
    fn from(answer: MessageAnswer) -> Self {
        let MessageAnswer { message_id: id, receipt_handle: receipt, body, attributes } = answer;
        let number = |name: &str| attributes.get(name).and_then(|text| text.parse::<i64>().ok());
        let receives = number("ApproximateReceiveCount").and_then(|it| u32::try_from(it).ok());
        let sent_at = number("SentTimestamp").map(|milliseconds| Timestamp {
            seconds: milliseconds.div_euclid(1000),
            nanoseconds: u32::try_from(milliseconds.rem_euclid(1000)).unwrap_or_default()
                * 1_000_000,
        });
        Self { id, receipt, body, receives: receives.unwrap_or(1), sent_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_receipt_and_says_when_it_was_sent() {
        // `ReceiveMessage`, Amazon SQS API Reference, examples.
        let text = r#"{"Messages": [{
            "Attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1677112427387"},
            "Body": "This is a test message", "MD5OfBody": "fafb00f5732ab283681e124bf8747ed1",
            "MessageId": "219f8380-5770-4cc2-8c3e-5c715e145f5e", "ReceiptHandle": "AQEBaZ+j5q"}]}"#;
        let answer: ReceiveAnswer = serde_json::from_str(text).unwrap();
        let messages: Vec<ReceivedMessage> = answer.messages.into_iter().map(Into::into).collect();
        let sent_at = Some(Timestamp { seconds: 1_677_112_427, nanoseconds: 387_000_000 });
        assert_eq!(
            messages,
            [ReceivedMessage {
                id: "219f8380-5770-4cc2-8c3e-5c715e145f5e".to_owned(),
                receipt: "AQEBaZ+j5q".to_owned(),
                body: "This is a test message".to_owned(),
                receives: 2,
                sent_at,
            }]
        );
        assert!(serde_json::from_str::<ReceiveAnswer>("{}").unwrap().messages.is_empty());
    }
}
