//! How often accounts are evaluated for what messages bring: a burst in few evaluations, each soon, and
//! none so often that others have no time.

use std::time::Duration;

/// Two evaluations begin so long after each other, at least: a burst is taken in few.
const GATHERING: Duration = Duration::from_millis(200);
/// Where messages come without end, a rest follows that is this part of what the last evaluation took,
const REST: f64 = 0.5;
/// and so long at most.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// The pace of evaluations for messages, in the time that has passed since some moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChangePace {
    /// When the next one may begin.
    next_at: Duration,
    begun_at: Duration,
}

impl ChangePace {
    /// How long the next evaluation has to wait.
    #[must_use]
    pub const fn wait(&self, now: Duration) -> Duration {
        self.next_at.saturating_sub(now)
    }

    /// An evaluation begins, for messages or for something else.
    pub const fn begin(&mut self, now: Duration) {
        self.begun_at = now;
    }

    /// It has ended, and what it found is published.
    pub fn end(&mut self, now: Duration) {
        let took = now.saturating_sub(self.begun_at);
        let rested_at = now + took.mul_f64(REST).min(LONGEST_REST);
        self.next_at = rested_at.max(self.begun_at + GATHERING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_without_end_leave_others_their_time() {
        let (mut pace, mut now) = (ChangePace::default(), Duration::from_secs(100));
        assert_eq!(pace.wait(now), Duration::ZERO);
        for took in [10, 50, 400, 4000, 60_000].map(Duration::from_millis) {
            pace.begin(now);
            let ended = now + took;
            pace.end(ended);
            let wait = pace.wait(ended);
            assert!(took + wait >= GATHERING && wait <= LONGEST_REST, "{took:?} {wait:?}");
            assert!(wait >= (took / 2).min(LONGEST_REST), "{took:?} {wait:?}");
            now = ended + wait;
        }
        assert_eq!(pace.wait(now), Duration::ZERO);
    }
}
