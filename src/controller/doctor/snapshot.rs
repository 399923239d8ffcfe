//! Whether a snapshot is there, can be read whole, and is not too old.

use std::path::Path;

use super::check::{Check, CheckResult, Place};
use crate::controller::sources::{AccountInput, Survey};
use crate::expression::format_timestamp;
use crate::resource::Timestamp;
use crate::source::Snapshot;

/// Reads the snapshot of an account.
pub(super) fn examine(
    place: Place<'_>,
    path: &Path,
    input: &AccountInput,
    now: Timestamp,
) -> CheckResult {
    let shown = path.display();
    let snapshot = match Snapshot::open(path) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let mend = "correct source.snapshot.url, or let AWS Config deliver a snapshot there";
            return place.failed(Check::Snapshot, error.to_string(), mend);
        }
    };
    let survey = Survey::of(&snapshot, now, &|_| {});
    if let Some(problem) = survey.problems().first() {
        let message = format!("{shown} cannot be read whole: {problem}");
        return place.failed(Check::Snapshot, message, "deliver it again");
    }
    if survey.regions_of(place.account).is_empty() {
        let message = format!("{shown} holds nothing of this account");
        return place.failed(Check::Snapshot, message, "correct accountId or source.snapshot.url");
    }
    // The same times that evaluation goes by; the oldest says most.
    let regions = &input.regions;
    let times = regions.iter().map(|region| survey.contents().taken_at(place.account, region));
    let taken_at = times.min().flatten();
    let told = taken_at.map(|time| format_timestamp(Timestamp { nanoseconds: 0, ..time }));
    let told = told.map(|time| format!(", taken at {time} or later")).unwrap_or_default();
    if input.is_stale(taken_at, now) {
        let message =
            format!("{shown}{told}, is older than maxAge: what it holds of that time is Unknown");
        let mend = "let AWS Config deliver snapshots more often, keep the names that it gives them, \
                    or raise source.snapshot.maxAge";
        return place.failed(Check::Snapshot, message, mend);
    }
    place.ok(Check::Snapshot, format!("{shown}{told} can be read whole"))
}
