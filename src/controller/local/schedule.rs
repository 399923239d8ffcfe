//! When to evaluate next though nothing changed.

use std::time::Duration;

use crate::plan::Plan;
use crate::resource::Timestamp;

/// The next time at which an evaluation may say something else than at `last`: an interval has
/// passed, an exemption or attestation begins or ends, or a snapshot becomes stale.
///
/// Nothing where no plan waits for any of these.
pub(super) fn next(
    plans: &[Plan],
    stale_at: impl IntoIterator<Item = Timestamp>,
    last: Timestamp,
) -> Option<Timestamp> {
    let active = || plans.iter().filter(|plan| !plan.suspended);
    let intervals = active().map(|plan| after(last, plan.interval));
    let exemptions = active().flat_map(|plan| &plan.exemptions);
    let attestations = active().flat_map(|plan| &plan.attestations);
    let turns = exemptions
        .flat_map(|exemption| [exemption.approved_at, exemption.expires_at])
        .chain(attestations.flat_map(|attested| [attested.performed_at, attested.valid_until]))
        .chain(stale_at)
        .filter(|turn| *turn > last);
    intervals.chain(turns).min()
}

/// How long it is from `now` until `then`; nothing where that is past.
pub(super) fn until(then: Timestamp, now: Timestamp) -> Duration {
    let nanoseconds = i128::from(then.seconds - now.seconds) * 1_000_000_000
        + i128::from(then.nanoseconds)
        - i128::from(now.nanoseconds);
    u64::try_from(nanoseconds)
        .map_or(if nanoseconds < 0 { Duration::ZERO } else { Duration::MAX }, Duration::from_nanos)
}

/// The time so long after another.
pub(super) fn after(time: Timestamp, period: Duration) -> Timestamp {
    let nanoseconds = time.nanoseconds + period.subsec_nanos();
    let seconds = i64::try_from(period.as_secs()).unwrap_or(i64::MAX);
    Timestamp {
        seconds: time.seconds.saturating_add(seconds) + i64::from(nanoseconds / 1_000_000_000),
        nanoseconds: nanoseconds % 1_000_000_000,
    }
}
