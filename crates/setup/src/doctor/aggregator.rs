//! Whether an aggregator shows an account's regions, and shows them as they are now.

use std::time::Duration;

use super::check::{Check, CheckResult, Place};
use aws::{AggregatedSource, AwsError, Class};
use cel::Timestamp;
use cel::format_timestamp;
use model::{AccountId, Region};

/// Whether the aggregator is there; `place` is where it should be.
pub(super) fn exists(
    place: Place<'_>,
    name: &str,
    answer: &Result<Vec<AggregatedSource>, AwsError>,
) -> CheckResult {
    match answer {
        Ok(_) => place.ok(Check::Aggregator, format!("{name} exists")),
        Err(error) if error.class == Class::NotFound => place.failed(
            Check::Aggregator,
            format!("there is no aggregator {name}"),
            "correct source.aggregator (name, account, region), or create the aggregator",
        ),
        Err(error) => place.refused(Check::Aggregator, error),
    }
}

/// Whether it shows one region of the account, not older than `max_age`.
pub(super) fn shows(
    (account, region): (&AccountId, &Region),
    name: &str,
    sources: &[AggregatedSource],
    max_age: Duration,
    now: Timestamp,
) -> CheckResult {
    let place = Place::region(account, region);
    let check = Check::AggregatedRegion;
    let of_region =
        |source: &&AggregatedSource| source.account == *account && source.region == *region;
    let Some(source) = sources.iter().find(of_region) else {
        return place.failed(
            check,
            format!("the aggregator {name} does not show this account and region"),
            "add both to the aggregator's sources, and authorize the aggregation in the account \
             (`aws configservice put-aggregation-authorization`)",
        );
    };
    if let Some(failure) = &source.failure {
        let message = format!("the aggregator {name} fails: {failure}");
        return place.failed(check, message, "authorize the aggregation in the account and region");
    }
    let Some(updated) = source.updated else {
        let message = format!("the aggregator {name} has not delivered anything yet");
        return place.failed(check, message, "wait a few minutes after adding a source");
    };
    let delivered = format_timestamp(Timestamp { nanoseconds: 0, ..updated });
    let age = u64::try_from(now.seconds.saturating_sub(updated.seconds)).unwrap_or_default();
    if age > max_age.as_secs() {
        let message = format!(
            "the aggregator {name} last delivered at {delivered}, which is older than maxAge"
        );
        let remediation = "check that AWS Config runs and that the aggregation is authorized in the account and \
             region";
        return place.failed(check, message, remediation);
    }
    place.ok(check, format!("the aggregator {name} delivered at {delivered}"))
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckState;
    use super::*;

    const NOW: Timestamp = Timestamp { seconds: 1_790_000_000, nanoseconds: 0 };

    fn state(updated: Option<i64>, failure: Option<&str>, region: &str) -> CheckState {
        let account: AccountId = "111122223333".parse().unwrap();
        let source = AggregatedSource {
            account: account.clone(),
            region: "eu-west-1".parse().unwrap(),
            updated: updated.map(|ago| Timestamp { seconds: NOW.seconds - ago, nanoseconds: 0 }),
            failure: failure.map(str::to_owned),
        };
        let region = region.parse().unwrap();
        let day = Duration::from_hours(24);
        shows((&account, &region), "all", &[source], day, NOW).state
    }

    #[test]
    fn only_a_fresh_source_is_good() {
        assert_eq!(state(Some(60), None, "eu-west-1"), CheckState::Ok);
        assert_eq!(state(Some(60), None, "us-east-1"), CheckState::Failed);
        assert_eq!(state(Some(60), Some("not authorized"), "eu-west-1"), CheckState::Failed);
        assert_eq!(state(None, None, "eu-west-1"), CheckState::Failed);
        assert_eq!(state(Some(90_000), None, "eu-west-1"), CheckState::Failed);
    }
}
