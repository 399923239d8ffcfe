//! What time it is, and waiting: the one place that asks the machine.
//!
//! Whatever depends on time takes a [`Clock`]. The machine's is [`SystemClock`]; a test moves a
//! [`ManualClock`], and what waits for a day waits for the test alone.

mod fence;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cel::Timestamp;
use tokio::sync::watch;

pub use fence::Fence;

/// A wait. It keeps nothing from being dropped.
pub type Wait<'c> = Pin<Box<dyn Future<Output = ()> + Send + 'c>>;

/// Tells the time, and waits.
pub trait Clock: Send + Sync {
    /// The time now. It may be set back or ahead, by whoever keeps the machine's.
    fn now(&self) -> Timestamp;

    /// How much time has passed since some moment: never less than before, whatever is set. Time in
    /// which the machine was suspended has passed, too.
    fn elapsed(&self) -> Duration;

    /// Ends after so long, as [`elapsed`](Self::elapsed) counts.
    fn wait(&self, period: Duration) -> Wait<'_>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }

    fn elapsed(&self) -> Duration {
        since_boot()
    }

    fn wait(&self, period: Duration) -> Wait<'_> {
        let due = self.elapsed().saturating_add(period);
        Box::pin(async move {
            // Timers stand still while the machine is suspended.
            while let Some(left) = due.checked_sub(since_boot()).filter(|left| !left.is_zero()) {
                tokio::time::sleep(left.min(SLICE)).await;
            }
        })
    }
}

/// A wait is looked at so often, and ends so late at most after the machine was suspended.
const SLICE: Duration = Duration::from_mins(1);

/// What has passed since the machine was started.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// What has passed since this process asked first. Elsewhere no clock counts suspension for everybody.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// A clock that stands still until it is moved. Clones are one clock.
#[derive(Debug, Clone)]
pub struct ManualClock(watch::Sender<Dial>);

/// What a clock shows: the time of day, and how much has passed.
#[derive(Debug, Clone, Copy)]
struct Dial {
    now: Timestamp,
    elapsed: Duration,
}

impl ManualClock {
    /// It shows this time.
    pub fn at(now: Timestamp) -> Self {
        Self(watch::Sender::new(Dial { now, elapsed: Duration::ZERO }))
    }

    /// Lets time pass. Waits that are over by then end.
    pub fn advance(&self, period: Duration) {
        self.0.send_modify(|shown| {
            shown.now = later(shown.now, period);
            shown.elapsed += period;
        });
    }

    /// Sets the time, as whoever keeps a machine's does; no time passes.
    pub fn set(&self, now: Timestamp) {
        self.0.send_modify(|shown| shown.now = now);
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.0.receiver_count()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.borrow().now
    }

    fn elapsed(&self) -> Duration {
        self.0.borrow().elapsed
    }

    fn wait(&self, period: Duration) -> Wait<'_> {
        let (mut shown, due) = (self.0.subscribe(), self.elapsed() + period);
        Box::pin(async move {
            // The clock is held meanwhile, so that its other end stays.
            let _ = shown.wait_for(|shown| shown.elapsed >= due).await;
        })
    }
}

/// A time of the machine's clock or of a file; times before 1970 count as 1970.
pub fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: since.subsec_nanos(),
    }
}

/// The time so long after another.
pub fn later(time: Timestamp, period: Duration) -> Timestamp {
    let nanoseconds = time.nanoseconds + period.subsec_nanos();
    let seconds = i64::try_from(period.as_secs()).unwrap_or(i64::MAX);
    Timestamp {
        seconds: time.seconds.saturating_add(seconds) + i64::from(nanoseconds / 1_000_000_000),
        nanoseconds: nanoseconds % 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_ends_when_the_test_has_moved_the_clock_so_far() {
        let clock = ManualClock::at(Timestamp { seconds: 100, nanoseconds: 0 });
        let wait = tokio::spawn({
            let clock = clock.clone();
            async move { clock.wait(Duration::from_hours(24)).await }
        });
        while clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_hours(23));
        clock.set(Timestamp { seconds: 1_000_000, nanoseconds: 0 });
        tokio::task::yield_now().await;
        assert!(!wait.is_finished(), "a clock that is set lets no time pass");
        clock.advance(Duration::from_hours(1));
        wait.await.unwrap();
        assert_eq!(clock.now(), Timestamp { seconds: 1_003_600, nanoseconds: 0 });
        assert_eq!((clock.elapsed(), clock.waiting()), (Duration::from_hours(24), 0));
    }

    #[tokio::test]
    async fn the_machine_s_clock_goes_on() {
        let before = (SystemClock.now(), SystemClock.elapsed());
        SystemClock.wait(Duration::from_millis(2)).await;
        assert!(SystemClock.elapsed() >= before.1 + Duration::from_millis(2));
        assert!(SystemClock.now() >= before.0);
    }
}
