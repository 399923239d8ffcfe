//! Waits for the next turn of an evaluation, and asks now and then what no turn would show for long: whether
//! Security Hub still takes findings where none are to be published.

use std::time::Duration;

use tokio::select;

use crate::schedule;
use aws::publish::{FindingSink, Place};
use cel::Timestamp;
use clock::Clock;

/// How often the sink is asked between two turns; it calls AWS only where it was silent for long.
const ASK_EVERY: Duration = Duration::from_mins(15);

/// Waits until the time has come, until a place takes no findings any more, or until it is known what stands
/// where reading that took long.
pub async fn wait(
    next: Option<Timestamp>,
    clock: &dyn Clock,
    sink: Option<&mut impl FindingSink>,
    places: &[Place],
) {
    let Some(sink) = sink else { return schedule::reached(next, clock).await };
    select! {
        biased;
        () = schedule::reached(next, clock) => return,
        is_news = sink.read_on(places) => if is_news { return },
    }
    loop {
        let pause = schedule::after(clock.now(), ASK_EVERY);
        if next.is_some_and(|next| next <= pause) {
            return schedule::reached(next, clock).await;
        }
        schedule::reached(Some(pause), clock).await;
        if sink.ask(places).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;
    use aws::publish::{PublishError, Published};
    use engine::drift::{FindingChange, KnownFindings};
    use tokio::time::Instant;

    const INTERVAL: Duration = Duration::from_hours(6);

    /// A clock that goes as tokio's, which a test moves.
    struct Movable(Instant);

    impl Clock for Movable {
        fn now(&self) -> Timestamp {
            let start = Timestamp { seconds: 1_769_904_000, nanoseconds: 0 };
            schedule::after(start, self.0.elapsed())
        }

        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }

        fn wait(&self, period: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(tokio::time::sleep(period))
        }
    }

    /// A sink that is switched off at a time.
    struct Sink {
        known: KnownFindings,
        off_at: Instant,
        asked: u32,
        /// How long it reads on.
        reading: Option<Duration>,
    }

    impl FindingSink for Sink {
        fn known(&self) -> &KnownFindings {
            &self.known
        }

        async fn read_on(&mut self, _places: &[Place]) -> bool {
            let Some(reading) = self.reading.take() else { return false };
            tokio::time::sleep(reading).await;
            true
        }

        async fn ask(&mut self, _places: &[Place]) -> bool {
            self.asked += 1;
            Instant::now() >= self.off_at
        }

        async fn publish(&mut self, _: &[FindingChange]) -> Result<Published, PublishError> {
            Ok(Published::default())
        }
    }

    /// How long was waited for a turn after six hours, and how often was asked meanwhile.
    async fn waited(off_after: Duration, reading: Option<Duration>) -> (Duration, u32) {
        let start = Instant::now();
        let clock = Movable(start);
        let next = schedule::after(clock.now(), INTERVAL);
        let known = KnownFindings::new();
        let mut sink = Sink { known, off_at: start + off_after, asked: 0, reading };
        wait(Some(next), &clock, Some(&mut sink), &[]).await;
        (start.elapsed(), sink.asked)
    }

    #[tokio::test(start_paused = true)]
    async fn a_sink_that_is_switched_off_is_noticed_long_before_the_next_turn() {
        let (waited, _) = waited(Duration::from_mins(50), None).await;
        assert!(waited < Duration::from_mins(66), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sink_that_stays_on_changes_nothing_about_the_turn() {
        let (waited, asked) = waited(INTERVAL * 2, None).await;
        assert!(waited.abs_diff(INTERVAL) < Duration::from_secs(1), "{waited:?}");
        assert_eq!(asked, 23);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_on_is_compared_at_once_and_holds_up_no_turn() {
        let (soon, late) = (Duration::from_mins(7), INTERVAL * 2);
        let (waited_soon, _) = waited(late, Some(soon)).await;
        assert!(waited_soon.abs_diff(soon) < Duration::from_secs(1), "{waited_soon:?}");
        let (waited_late, _) = waited(late, Some(late)).await;
        assert!(waited_late.abs_diff(INTERVAL) < Duration::from_secs(1), "{waited_late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_sink_only_the_time_counts() {
        let start = Instant::now();
        let clock = Movable(start);
        let next = schedule::after(clock.now(), Duration::from_mins(40));
        wait(Some(next), &clock, None::<&mut Sink>, &[]).await;
        assert!(start.elapsed().abs_diff(Duration::from_mins(40)) < Duration::from_secs(1));
    }
}
