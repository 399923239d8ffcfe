//! When to evaluate next though nothing changed.

use std::time::Duration;

use crate::sources::{SourceInput, SourceReport};
use api::Period;
use cel::Timestamp;
use clock::Clock;
use engine::plan::Plan;

/// Findings of a suspended baseline are looked at after so long: Security Hub forgets what nobody updates.
const SUSPENDED: Duration = Duration::from_hours(24);
/// The clock is looked at again at the latest after so long: machines sleep, and clocks are set.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The next time at which an evaluation may say something else than at `last`: an interval has
/// passed, an exemption or attestation begins or ends, or a snapshot becomes stale.
///
/// Nothing where no plan waits for any of these.
pub fn next(
    plans: &[Plan],
    stale_at: impl IntoIterator<Item = Timestamp>,
    last: Timestamp,
) -> Option<Timestamp> {
    let interval = interval(plans).map(|interval| after(last, interval));
    interval.into_iter().chain(turn(plans, stale_at, last)).min()
}

/// The shortest interval of the plans that are evaluated.
pub fn interval(plans: &[Plan]) -> Option<Duration> {
    plans.iter().filter(|plan| !plan.suspended).map(|plan| plan.interval).min()
}

/// The next time after `last` at which time itself changes a verdict: an exemption or attestation
/// begins or ends, or a snapshot becomes stale; or, of a suspended plan, a day later.
pub fn turn(
    plans: &[Plan],
    stale_at: impl IntoIterator<Item = Timestamp>,
    last: Timestamp,
) -> Option<Timestamp> {
    let active = || plans.iter().filter(|plan| !plan.suspended);
    let exemptions = active().flat_map(|plan| &plan.exemptions);
    let attestations = active().flat_map(|plan| &plan.attestations);
    let asleep = plans.iter().any(|plan| plan.suspended).then(|| after(last, SUSPENDED));
    let turns = exemptions
        .flat_map(|exemption| [exemption.approved_at, exemption.expires_at])
        .chain(attestations.flat_map(|attested| [attested.performed_at, attested.valid_until]))
        .chain(stale_at)
        .chain(asleep)
        .filter(|turn| *turn > last);
    turns.min()
}

/// When the snapshots among these sources and the facts in them become stale, each for every account
/// that it is read for, and when AWS Config rules that are new are to be looked at again.
pub fn stale_at(sources: &[SourceInput], reports: &[SourceReport]) -> Vec<Timestamp> {
    let mut stale_at = Vec::new();
    for (source, report) in sources.iter().zip(reports) {
        let source = match source {
            SourceInput::Snapshot(source) => source,
            SourceInput::Live(read) => {
                stale_at.extend(read.again_at);
                continue;
            }
        };
        for age in source.accounts.values().filter_map(|account| account.max_age) {
            let times = report.taken.iter().chain(&report.facts);
            stale_at.extend(times.map(|at| first_stale(*at, age)));
        }
    }
    stale_at
}

/// The first second at which what was taken then is older than its age: ages count in whole seconds.
fn first_stale(taken: Timestamp, age: Period) -> Timestamp {
    let whole = Timestamp { nanoseconds: 0, ..taken };
    after(whole, age.duration().saturating_add(Duration::from_secs(1)))
}

/// How long it is from `now` until `then`; nothing where that is past.
pub fn until(then: Timestamp, now: Timestamp) -> Duration {
    let nanoseconds = i128::from(then.seconds - now.seconds) * 1_000_000_000
        + i128::from(then.nanoseconds)
        - i128::from(now.nanoseconds);
    u64::try_from(nanoseconds)
        .map_or(if nanoseconds < 0 { Duration::ZERO } else { Duration::MAX }, Duration::from_nanos)
}

/// The time so long after another.
pub fn after(time: Timestamp, period: Duration) -> Timestamp {
    clock::later(time, period)
}

/// Waits until a time has come; for ever where there is none.
pub async fn reached(time: Option<Timestamp>, clock: &(impl Clock + ?Sized)) {
    let Some(time) = time else { return std::future::pending().await };
    loop {
        let left = until(time, clock.now());
        if left.is_zero() {
            return;
        }
        clock.wait(left.min(LONGEST_WAIT)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sources::{AccountInput, Recorded, SnapshotInput};
    use api::PublishSettings;
    use clock::ManualClock;
    use engine::plan::{BaselineKey, OwnerKeys, PlannedAttestation};
    use model::Partition;

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
            owner_keys: OwnerKeys::default(),
            suspended: false,
            problems: Vec::new(),
            passed_over: 0,
        }
    }

    #[test]
    fn findings_of_a_suspended_baseline_are_looked_at_once_a_day() {
        let suspended = Plan { suspended: true, ..plan(600, &[(900, 1200)]) };
        assert_eq!(next(&[suspended], [], at(1000)), Some(at(1000 + 24 * 60 * 60)));
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
    fn a_snapshot_becomes_stale_for_each_account_at_its_own_age() {
        let account = |hours: u32| AccountInput {
            regions: BTreeSet::new(),
            partition: Partition::Aws,
            recorded: Recorded::All,
            max_age: Some(Period::hours(hours)),
        };
        let accounts = [("111122223333", 1), ("444455556666", 2)];
        let source = SourceInput::Snapshot(SnapshotInput {
            path: "snapshot.json".into(),
            bucket: None,
            snapshot: None,
            survey: None,
            requests: None,
            accounts: accounts.map(|(id, hours)| (id.parse().unwrap(), account(hours))).into(),
        });
        let (taken, facts) = ([at(0), at(60)].into(), [at(90)].into());
        let report = SourceReport { taken, facts, ..SourceReport::default() };
        let input = account(1);
        let stale_at = stale_at(&[source], &[report]);
        assert_eq!(stale_at, [3601, 3661, 3691, 7201, 7261, 7291].map(at));
        assert!(input.is_stale(Some(at(0)), at(3601)) && !input.is_stale(Some(at(0)), at(3600)));
    }

    #[test]
    fn time_is_reported_to_the_nanosecond() {
        let now = Timestamp { seconds: 10, nanoseconds: 900_000_000 };
        let then = after(now, Duration::from_millis(1200));
        assert_eq!(then, Timestamp { seconds: 12, nanoseconds: 100_000_000 });
        assert_eq!(until(then, now), Duration::from_millis(1200));
        assert_eq!(until(now, then), Duration::ZERO);
    }

    /// Lets the other task go on until it waits again, if it does.
    async fn settled() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_time_is_waited_for_by_the_clock_however_it_is_set() {
        let clock = ManualClock::at(at(1000));
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { reached(Some(at(4600)), &clock).await }
        });
        settled().await;
        clock.set(at(4590)); // somebody sets it ahead: it is looked at again within a minute
        clock.advance(Duration::from_secs(5));
        settled().await;
        assert!(!waiting.is_finished());
        clock.set(at(4500)); // and back
        clock.advance(LONGEST_WAIT);
        settled().await;
        assert!(!waiting.is_finished(), "it is not yet the time");
        clock.advance(Duration::from_secs(40));
        waiting.await.unwrap();
    }
}
