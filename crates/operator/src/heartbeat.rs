//! Whether the operator itself goes on.
//!
//! What directs the work beats while it goes round. It calls nobody: no account, no API server and no
//! file keeps it from its next round, so that only the process itself can be the reason when it stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;

/// It beats at least so often,
pub(crate) const BEAT: Duration = Duration::from_secs(30);
/// and is stuck when it did not for so long.
const STUCK: Duration = Duration::from_mins(5);

/// The last sign of what directs the work. Clones share it.
#[derive(Clone)]
pub(crate) struct Heartbeat {
    clock: Arc<dyn Clock>,
    /// In seconds of the clock.
    last: Arc<AtomicU64>,
}

impl Heartbeat {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let last = Arc::new(AtomicU64::new(clock.elapsed().as_secs()));
        Self { clock, last }
    }

    /// It goes on.
    pub(crate) fn beat(&self) {
        self.last.store(self.clock.elapsed().as_secs(), Ordering::Release);
    }

    /// Why the operator does not go on; nothing where it does.
    pub(crate) fn stuck(&self) -> Option<String> {
        let last = Duration::from_secs(self.last.load(Ordering::Acquire));
        let silent = self.clock.elapsed().saturating_sub(last);
        let seconds = silent.as_secs();
        (silent > STUCK).then(|| format!("the operator has made no progress for {seconds} seconds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::ManualClock;
    use engine::drift::fixture::at;

    #[test]
    fn who_does_not_go_round_for_five_minutes_is_stuck() {
        let clock = ManualClock::at(at(0));
        let heartbeat = Heartbeat::new(Arc::new(clock.clone()));
        clock.advance(STUCK);
        assert_eq!(heartbeat.stuck(), None);
        clock.advance(Duration::from_secs(1));
        assert!(heartbeat.stuck().unwrap().contains("301 seconds"));
        heartbeat.beat();
        assert_eq!(heartbeat.stuck(), None);
    }
}
