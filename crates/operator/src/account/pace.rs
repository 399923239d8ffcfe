//! How often an account is evaluated on demand: a burst of changes at once, then one at a time, so
//! that nobody who edits an object without end keeps the operator from everybody else's accounts.

use std::time::Duration;

/// So many evaluations may begin at once,
const BURST: u32 = 10;
/// and then one each time that so much has passed.
const EVERY: Duration = Duration::from_secs(6);

/// The pace of one account's evaluations, in the time that has passed since some moment.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When all that was begun is paid for.
    paid_at: Duration,
}

impl Pace {
    /// How long the next evaluation has to wait.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.paid_at.saturating_sub(now).saturating_sub(EVERY * (BURST - 1))
    }

    /// An evaluation begins.
    pub(super) fn begin(&mut self, now: Duration) {
        self.paid_at = self.paid_at.max(now) + EVERY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_begins_at_once_and_what_follows_one_at_a_time() {
        let mut pace = Pace::default();
        for _ in 0..BURST {
            assert_eq!(pace.wait(at(100)), Duration::ZERO);
            pace.begin(at(100));
        }
        assert_eq!(pace.wait(at(100)), EVERY);
        assert_eq!(pace.wait(at(103)), Duration::from_secs(3));
        assert_eq!(pace.wait(at(106)), Duration::ZERO);
        pace.begin(at(106));
        assert_eq!(pace.wait(at(106)), EVERY);
    }

    #[test]
    fn after_a_quiet_minute_a_burst_is_free_again() {
        let mut pace = Pace::default();
        (0..BURST).for_each(|_| pace.begin(at(100)));
        for _ in 0..BURST {
            assert_eq!(pace.wait(at(160)), Duration::ZERO);
            pace.begin(at(160));
        }
        assert_eq!(pace.wait(at(160)), EVERY);
    }
}
