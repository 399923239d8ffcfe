//! Waiting for a condition until a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes on a machine that is busy with other tests.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// The part of the patience for which what is asked is left alone before it is asked again: what
/// takes long is much, and asking for it costs something.
const PAUSES: u32 = 1000;

/// Asks until there is an answer, and gives it.
pub async fn eventually<T>(what: &str, answer: impl AsyncFnMut() -> Option<T>) -> T {
    within(DEADLINE, what, answer).await
}

/// The same, for what takes longer.
pub async fn within<T>(
    patience: Duration,
    what: &str,
    mut answer: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = answer().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(patience / PAUSES).await;
    }
}

/// Waits until a condition holds, where nothing is asynchronous.
pub fn holds(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
