//! What change queues bring.

use prometheus::{IntCounterVec, IntGaugeVec};

use super::described::Registered;
use super::{name, register};

/// What became of a message. What is left to do is greater than what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeResult {
    /// No control reads what it tells of.
    Unneeded,
    /// It is about an account that is not read with this queue.
    Foreign,
    /// What it tells was known, or is older than what was.
    Repeated,
    /// What it tells is news.
    Taken,
    /// It could not be kept, or the item that it announces not be fetched: it comes again.
    Failed,
    /// It cannot be understood: it is left to the dead-letter queue.
    Unread,
}

/// The messages of all queues. Clones count together.
#[derive(Debug, Clone)]
pub(super) struct QueuesMetrics {
    messages: IntCounterVec,
    readable: IntGaugeVec,
}

/// The messages of one queue. Its series go with it.
#[derive(Debug)]
pub struct ChangeMetrics {
    queue: String,
    all: QueuesMetrics,
}

impl ChangeResult {
    const ALL: [Self; 6] =
        [Self::Unneeded, Self::Foreign, Self::Repeated, Self::Taken, Self::Failed, Self::Unread];

    /// Whether the message has nothing left to tell.
    #[must_use]
    pub const fn is_done(self) -> bool {
        !matches!(self, Self::Failed | Self::Unread)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Unneeded => "unneeded",
            Self::Foreign => "foreign",
            Self::Repeated => "repeated",
            Self::Taken => "taken",
            Self::Failed => "failed",
            Self::Unread => "unread",
        }
    }
}

impl QueuesMetrics {
    pub(super) fn new(registry: &Registered) -> prometheus::Result<Self> {
        let messages = IntCounterVec::new(
            name(
                "change_messages_total",
                "Messages received from change queues, by outcome: taken (news), repeated (known or older), unneeded \
                 (no control reads the resource), foreign (of another account), failed (will be received again), \
                 unread (not understood; left to the dead-letter queue).",
            ),
            &["queue", "outcome"],
        )?;
        register(registry, &messages)?;
        let readable = IntGaugeVec::new(
            name(
                "change_queue_readable",
                "Whether messages are received from the change queue: 1 for yes, 0 for no.",
            ),
            &["queue"],
        )?;
        register(registry, &readable)?;
        Ok(Self { messages, readable })
    }

    pub(super) fn of(&self, queue: &str) -> ChangeMetrics {
        for result in ChangeResult::ALL {
            self.messages.with_label_values(&[queue, result.as_str()]);
        }
        self.readable.with_label_values(&[queue]).set(0);
        ChangeMetrics { queue: queue.to_owned(), all: self.clone() }
    }
}

impl ChangeMetrics {
    /// Counts a message.
    pub fn received(&self, result: ChangeResult) {
        self.all.messages.with_label_values(&[self.queue.as_str(), result.as_str()]).inc();
    }

    /// Shows whether messages are received.
    pub fn is_readable(&self, is_readable: bool) {
        self.all.readable.with_label_values(&[self.queue.as_str()]).set(is_readable.into());
    }
}

impl Drop for ChangeMetrics {
    fn drop(&mut self) {
        for result in ChangeResult::ALL {
            let _ = self.all.messages.remove_label_values(&[self.queue.as_str(), result.as_str()]);
        }
        let _ = self.all.readable.remove_label_values(&[self.queue.as_str()]);
    }
}
