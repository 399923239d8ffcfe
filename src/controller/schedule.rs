//! When to evaluate next though nothing changed.

use std::time::Duration;

use tokio::time::sleep;

use super::Clock;
use crate::plan::Plan;
use crate::resource::Timestamp;

/// The clock is looked at again at the latest after so long: machines sleep, and clocks are set.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The next time at which an evaluation may say something else than at `last`: an interval has
/// passed, an exemption or attestation begins or ends, or a snapshot becomes stale.
///
/// Nothing where no plan waits for any of these.
pub(super) fn next(
    plans: &[Plan],
    stale_at: impl IntoIterator<Item = Timestamp>,
    last: Timestamp,
) -> Option<Timestamp> {
    let interval = interval(plans).map(|interval| after(last, interval));
    interval.into_iter().chain(turn(plans, stale_at, last)).min()
}

/// The shortest interval of the plans that are evaluated.
pub(super) fn interval(plans: &[Plan]) -> Option<Duration> {
    plans.iter().filter(|plan| !plan.suspended).map(|plan| plan.interval).min()
}

/// The next time after `last` at which time itself changes a verdict: an exemption or attestation
/// begins or ends, or a snapshot becomes stale.
pub(super) fn turn(
    plans: &[Plan],
    stale_at: impl IntoIterator<Item = Timestamp>,
    last: Timestamp,
) -> Option<Timestamp> {
    let active = || plans.iter().filter(|plan| !plan.suspended);
    let exemptions = active().flat_map(|plan| &plan.exemptions);
    let attestations = active().flat_map(|plan| &plan.attestations);
    let turns = exemptions
        .flat_map(|exemption| [exemption.approved_at, exemption.expires_at])
        .chain(attestations.flat_map(|attested| [attested.performed_at, attested.valid_until]))
        .chain(stale_at)
        .filter(|turn| *turn > last);
    turns.min()
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

/// Waits until a time has come; for ever where there is none.
pub(super) async fn reached(time: Option<Timestamp>, clock: &(impl Clock + ?Sized)) {
    let Some(time) = time else { return std::future::pending().await };
    loop {
        let left = until(time, clock.now());
        if left.is_zero() {
            return;
        }
        sleep(left.min(LONGEST_WAIT)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::PublishSettings;
    use crate::plan::{BaselineKey, PlannedAttestation};

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0 }
    }

    fn plan(interval: u64, attested: &[(i64, i64)]) -> Plan {
        let attestation = |(performed, until): &(i64, i64)| PlannedAttestation {
            name: "team/review".to_owned(),
            controls: Vec::new(),
            accounts: None,
            owner: "somebody".to_owned(),
            performed_at: at(*performed),
            valid_until: at(*until),
            evidence: Vec::new(),
        };
        Plan {
            baseline: BaselineKey { namespace: "team".to_owned(), name: "a".to_owned() },
            generation: 0,
            targets: Vec::new(),
            controls: Vec::new(),
            exemptions: Vec::new(),
            attestations: attested.iter().map(attestation).collect(),
            interval: Duration::from_secs(interval),
            publish: PublishSettings::default(),
            suspended: false,
            problems: Vec::new(),
            passed_over: 0,
        }
    }

    #[test]
    fn the_shortest_interval_comes_first() {
        let plans = [plan(600, &[]), plan(300, &[])];
        assert_eq!(next(&plans, [], at(1000)), Some(at(1300)));
    }

    #[test]
    fn what_begins_ends_or_grows_stale_before_that_comes_first() {
        let plans = [plan(600, &[(900, 1200), (1100, 5000)])];
        assert_eq!(next(&plans, [], at(1000)), Some(at(1100)));
        assert_eq!(next(&plans, [], at(1100)), Some(at(1200)));
        assert_eq!(next(&plans, [at(1150)], at(1100)), Some(at(1150)));
        assert_eq!(next(&plans, [at(1150)], at(1200)), Some(at(1800)));
    }

    #[test]
    fn a_suspended_plan_waits_for_nothing() {
        let suspended = Plan { suspended: true, ..plan(600, &[(900, 1200)]) };
        assert_eq!(next(&[suspended], [], at(1000)), None);
    }

    #[test]
    fn time_is_told_to_the_nanosecond() {
        let now = Timestamp { seconds: 10, nanoseconds: 900_000_000 };
        let then = after(now, Duration::from_millis(1200));
        assert_eq!(then, Timestamp { seconds: 12, nanoseconds: 100_000_000 });
        assert_eq!(until(then, now), Duration::from_millis(1200));
        assert_eq!(until(now, then), Duration::ZERO);
    }
}
