//! Whether a snapshot is there, can be read whole, and is not too old.

use std::path::Path;

use super::AccountCheck;
use super::check::{Check, CheckResult, Place, remediation};
use api::SnapshotSource;
use assess::{AccountInput, AwsAccounts, BucketSource, Survey, open_bucket};
use aws::Class;
use aws::source::{AccountRegions, Snapshot, SnapshotError};
use cel::Timestamp;
use cel::format_timestamp;
use model::UnknownReason;

/// What to do where the snapshot is not.
const ELSEWHERE: &str = "correct source.snapshot.url, or deliver a snapshot there";

/// Finds the snapshot of an account, at a path or in a bucket.
pub(super) async fn open(
    aws: &AwsAccounts,
    account: &AccountCheck<'_>,
    path: &Path,
) -> Result<Snapshot, SnapshotError> {
    let Some(Ok(bucket)) = BucketSource::of(account.spec) else { return Snapshot::open(path) };
    let regions = account.input.regions.clone();
    let wanted = AccountRegions::from([(account.spec.account_id.clone(), regions)]);
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
            let of_aws = match &error {
                SnapshotError::Delivered(error) => error.of_aws(),
                _ => None,
            };
            let of_aws = of_aws.filter(|error| error.class != Class::NotFound);
            let remediation = of_aws.map_or_else(|| ELSEWHERE.to_owned(), remediation);
            return place.failed(Check::Snapshot, error.to_string(), remediation);
        }
    };
    let mut unread = input.regions.iter().filter_map(|it| snapshot.unread(place.account, it));
    let first = unread.next();
    if let Some(problem) = snapshot.problems().first().or(first.map(|it| &it.detail)) {
        let is_denied = first.is_some_and(|it| it.reason == UnknownReason::AccessDenied);
        let remediation = if is_denied {
            "allow what the message names, in the bucket's policy too; `plumbline iam-policy` prints what \
             is needed"
        } else {
            ELSEWHERE
        };
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

/// Whether snapshots are requested before their data becomes too old to count.
pub(super) fn requested_in_time(place: Place<'_>, source: &SnapshotSource) -> Option<CheckResult> {
    let (every, max_age) = (source.deliver.as_ref()?.every, source.max_age);
    (every >= max_age).then(|| {
        let message = format!(
            "deliver.every ({every}) is not below maxAge ({max_age}): data is Unknown until a requested \
             snapshot arrives"
        );
        let remediation = "set source.snapshot.deliver.every a few hours below maxAge";
        place.warning(Check::Snapshot, message, remediation)
    })
}
