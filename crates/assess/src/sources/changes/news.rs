//! Wakes whoever assesses accounts when messages have changed what is known of them.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// What messages have changed since somebody looked last.
#[derive(Debug, Default)]
pub struct ChangeNews {
    /// Whether a mirror has changed,
    taken: AtomicBool,
    /// and whether only a read can bring what has.
    to_read: AtomicBool,
    notify: Notify,
}

impl ChangeNews {
    /// Waits for news: of a mirror, or of how reading a queue goes.
    pub async fn arrived(&self) {
        self.notify.notified().await;
    }

    /// Whether a mirror has changed since it was last evaluated.
    pub fn has_changes(&self) -> bool {
        self.taken.load(Ordering::Acquire) || self.to_read.load(Ordering::Acquire)
    }

    /// Takes note that everything up to now is about to be evaluated. Whether the mirrors suffice for that.
    pub(in crate::sources) fn begin(&self) -> bool {
        self.taken.store(false, Ordering::Release);
        !self.to_read.swap(false, Ordering::AcqRel)
    }

    /// A mirror has changed.
    pub(super) fn take(&self) {
        self.taken.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// Something has changed that has to be read.
    pub(super) fn ask_to_read(&self) {
        self.to_read.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// Reading the queue goes otherwise than before.
    pub(super) fn note(&self) {
        self.notify.notify_one();
    }
}
