//! Times as Kubernetes writes them: whole seconds.

use std::time::Duration;

use k8s_openapi::jiff;

use api::Time;
use cel::Timestamp;

/// The second in which `timestamp` lies.
pub(super) fn time_of(timestamp: Timestamp) -> Time {
    Time(jiff::Timestamp::from_second(timestamp.seconds).unwrap_or_default())
}

/// The moment that a time of an object names.
pub(super) fn moment(time: &Time) -> Timestamp {
    Timestamp { seconds: time.0.as_second(), nanoseconds: 0 }
}

/// How long it is from `then` to `now`; nothing where that lies ahead.
pub(super) fn since(then: &Time, now: Timestamp) -> Duration {
    let seconds = now.seconds.saturating_sub(then.0.as_second());
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
