//! Whether a snapshot is there, can be read whole, and is not too old.

use std::path::Path;

use super::AccountCheck;
use super::check::{Check, CheckResult, Place};
use assess::{AccountInput, AwsAccounts, BucketSource, Survey, open_bucket};
use aws::source::{Snapshot, SnapshotError, WantedAccounts};
use cel::Timestamp;
use cel::format_timestamp;

/// Finds the snapshot of an account, at a path or in a bucket.
pub(super) async fn open(
    aws: &AwsAccounts,
    account: &AccountCheck<'_>,
    path: &Path,
) -> Result<Snapshot, SnapshotError> {
    let Some(Ok(bucket)) = BucketSource::of(account.spec) else { return Snapshot::open(path) };
    let regions = account.input.regions.clone();
    let wanted = WantedAccounts::from([(account.spec.account_id.clone(), regions)]);
    open_bucket(aws, &bucket, Some(&wanted), account.now).await
}

/// Reads the snapshot of an account.
pub(super) fn examine(
    place: Place<'_>,
    path: &Path,
    opened: Result<Snapshot, SnapshotError>,
    input: &AccountInput,
    now: Timestamp,
) -> CheckResult {
    let shown = path.display();
    let snapshot = match opened {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let remediation = "correct source.snapshot.url, or deliver a snapshot there";
            return place.failed(Check::Snapshot, error.to_string(), remediation);
        }
    };
    let mut unread = input.regions.iter().filter_map(|it| snapshot.unread(place.account, it));
    let before = snapshot.problems().first().or_else(|| unread.next().map(|it| &it.detail));
    if let Some(problem) = before {
        let remediation = "correct source.snapshot.url, or deliver a snapshot there";
        return place.failed(Check::Snapshot, problem.clone(), remediation);
    }
    let survey = Survey::of(&snapshot, now, &|_| {});
    if let Some(problem) = survey.problems().first() {
        let message = format!("{shown} cannot be read completely: {problem}");
        return place.failed(Check::Snapshot, message, "deliver it again");
    }
    if survey.regions_of(place.account).is_empty() {
        let message = format!("{shown} contains nothing of this account");
        return place.failed(Check::Snapshot, message, "correct accountId or source.snapshot.url");
    }
    // The same times that evaluation goes by; the oldest says most.
    let regions = &input.regions;
    let times = regions.iter().map(|region| survey.contents().taken_at(place.account, region));
    let taken_at = times.min().flatten();
    let taken = taken_at.map(|time| format_timestamp(Timestamp { nanoseconds: 0, ..time }));
    let taken = taken.map(|time| format!(", taken at {time} or later")).unwrap_or_default();
    if input.is_stale(taken_at, now) {
        let message = format!("{shown}{taken}, is older than maxAge, so its data is Unknown");
        let remediation = "deliver snapshots more often, keep AWS Config's file names, or raise \
            source.snapshot.maxAge";
        return place.failed(Check::Snapshot, message, remediation);
    }
    place.ok(Check::Snapshot, format!("{shown}{taken} can be read completely"))
}
