//! Until when a process may write: what two processes must not do at once is asked of this right before it
//! is done.
//!
//! A process may be stopped at any moment, and go on long after others took over its work. It finds its
//! fence closed then, whatever it was about to do.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Clock;

/// Says whether this process may write. Clones are one fence.
#[derive(Clone, Default)]
pub struct Fence(Option<Arc<Gate>>);

struct Gate {
    clock: Arc<dyn Clock>,
    /// The nanoseconds on the clock until which it is open.
    until: AtomicU64,
}

impl Fence {
    /// A fence that is closed until it is held open.
    pub fn closed(clock: Arc<dyn Clock>) -> Self {
        Self(Some(Arc::new(Gate { clock, until: AtomicU64::new(0) })))
    }

    /// Holds it open until the clock has counted so much ([`Clock::elapsed`]).
    pub fn hold(&self, until: Duration) {
        if let Some(held) = &self.0 {
            held.until.store(nanoseconds(until), Ordering::SeqCst);
        }
    }

    /// Closes it.
    pub fn close(&self) {
        self.hold(Duration::ZERO);
    }

    /// Whether this process may write now. One that nobody closes is always open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.as_ref().is_none_or(|held| {
            nanoseconds(held.clock.elapsed()) < held.until.load(Ordering::SeqCst)
        })
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fence").field("is_open", &self.is_open()).finish()
    }
}

fn nanoseconds(period: Duration) -> u64 {
    u64::try_from(period.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;
    use cel::Timestamp;

    #[test]
    fn a_fence_is_open_until_time_has_passed_and_never_by_a_time_that_is_set() {
        let clock = ManualClock::at(Timestamp { seconds: 100, nanoseconds: 0 });
        clock.advance(Duration::from_secs(1));
        let fence = Fence::closed(Arc::new(clock.clone()));
        assert!(!fence.is_open());
        fence.hold(clock.elapsed() + Duration::from_secs(10));
        clock.advance(Duration::from_secs(9));
        assert!(fence.is_open() && fence.clone().is_open());
        clock.set(Timestamp { seconds: 1_000_000, nanoseconds: 0 });
        assert!(fence.is_open());
        clock.advance(Duration::from_secs(1));
        assert!(!fence.is_open());
        fence.hold(Duration::from_hours(1));
        fence.close();
        assert!(!fence.is_open());
        assert!(Fence::default().is_open());
    }
}
