//! A queue of SQS: what Plumbline asks of it, in types of its own.

use std::collections::BTreeMap;

use cel::Timestamp;

/// So many messages come at once, and are deleted at once, at most (`ReceiveMessage` and
/// `DeleteMessageBatch`, Amazon SQS API Reference).
pub const MESSAGES: usize = 10;

/// A message that was received and not deleted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Its id, the same whenever it is received.
    pub id: String,
    /// By what it is deleted; another each time that it is received.
    pub receipt: String,
    /// Its text.
    pub body: String,
    /// How often it was received, this time included.
    pub receives: u32,
    /// When it was sent, where SQS says so.
    pub sent_at: Option<Timestamp>,
}

/// The attributes of a queue by their names, as `GetQueueAttributes` of the Amazon SQS API Reference has
/// them.
pub type QueueAttributes = BTreeMap<String, String>;
