//! Waiting for a condition until a deadline.

use std::env;
use std::time::{Duration, Instant};

/// Longer than anything takes on a machine that is busy with other tests.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// The part of the patience for which what is asked is left alone before it is asked again: what
/// takes long is much, and asking for it costs something.
const PAUSES: u32 = 1000;

/// Whether the long suites run, as `make soak` asks for.
pub(crate) fn is_soak() -> bool {
    env::var_os("PLUMBLINE_SOAK").is_some()
}

/// Asks until there is an answer, and gives it.
pub(crate) async fn eventually<T>(what: &str, answer: impl AsyncFnMut() -> Option<T>) -> T {
    within(DEADLINE, what, answer).await
}

/// The same, for what takes longer.
pub(crate) async fn within<T>(
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
