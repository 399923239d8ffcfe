//! The room that the items of all accounts together may take on disk.
//!
//! Kubernetes evicts a pod whose temporary files take more than their volume allows, and the next one
//! reads everything again and is evicted again. So what would take more is refused beforehand.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::AwsMetrics;

/// The room of all mirrors of a process. Clones share it.
#[derive(Debug, Clone)]
pub struct MirrorSpace(Arc<Occupancy>);

#[derive(Debug)]
struct Occupancy {
    limit: u64,
    taken: AtomicU64,
    metrics: Option<AwsMetrics>,
}

impl Default for MirrorSpace {
    /// As much as there is.
    fn default() -> Self {
        Self(Arc::new(Occupancy { limit: u64::MAX, taken: AtomicU64::new(0), metrics: None }))
    }
}

impl MirrorSpace {
    /// So many bytes at most, where a limit is given. The metrics show how many are taken.
    #[must_use]
    pub fn new(limit: Option<u64>, metrics: AwsMetrics) -> Self {
        let (limit, taken) = (limit.unwrap_or(u64::MAX), AtomicU64::new(0));
        metrics.mirrors(0, limit);
        Self(Arc::new(Occupancy { limit, taken, metrics: Some(metrics) }))
    }

    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        let Occupancy { limit, taken, metrics } = &*self.0;
        let changed = taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
        if let (Some(metrics), Ok(_)) = (metrics, changed) {
            metrics.mirrors(taken.load(Ordering::Acquire), *limit);
        }
        changed.is_ok()
    }
}

/// What one mirror takes of the room. It gives it back when it goes.
#[derive(Debug, Default)]
pub(super) struct Taken {
    space: MirrorSpace,
    bytes: u64,
}

impl Taken {
    /// Nothing yet.
    pub(super) const fn of(space: MirrorSpace) -> Self {
        Self { space, bytes: 0 }
    }

    /// Nothing yet, of the same room.
    pub(super) fn another(&self) -> Self {
        Self::of(self.space.clone())
    }

    /// Takes more.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn take(&mut self, bytes: u64) -> io::Result<()> {
        let limit = self.space.0.limit;
        let sum = |taken: u64| taken.checked_add(bytes).filter(|sum| *sum <= limit);
        if self.space.change(sum) {
            self.bytes += bytes;
            return Ok(());
        }
        let full = format!(
            "the items of all accounts need more than the {} MiB that --mirror-size allows",
            limit >> 20
        );
        Err(io::Error::new(io::ErrorKind::StorageFull, full))
    }

    /// Takes more although there may be no room: for a moment, to need less afterwards.
    pub(super) fn borrow(&mut self, bytes: u64) {
        self.space.change(|taken| Some(taken.saturating_add(bytes)));
        self.bytes += bytes;
    }

    /// Gives some back.
    pub(super) fn give_back(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.space.change(|taken| Some(taken.saturating_sub(bytes)));
        self.bytes -= bytes;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}
