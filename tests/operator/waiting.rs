//! Waiting for a condition until a deadline.

use std::time::{Duration, Instant};

/// Longer than anything takes on a machine that is busy with other tests.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// How long to leave what is asked alone before it is asked again.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and gives it.
pub(crate) async fn eventually<T>(what: &str, mut answer: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = answer().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
