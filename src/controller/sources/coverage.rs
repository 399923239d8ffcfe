//! From how reading went to what may be believed of it.

use std::collections::BTreeSet;

use super::{AccountInput, Recorded, SnapshotInput, SourceReport, Survey};
use crate::evaluation::Coverage;
use crate::expression::format_timestamp;
use crate::resource::{AccountId, Region, ResourceType, Timestamp, UnknownReason};
use crate::source::RecorderItem;
use crate::source::aws_config::LiveRead;

/// States what the reading of a source covers, for the types that controls read.
pub(in crate::controller) fn state(
    coverage: &mut Coverage,
    source: &SnapshotInput,
    report: &SourceReport,
    survey: &Survey,
    types: &BTreeSet<ResourceType>,
    now: Timestamp,
) {
    for (account, input) in &source.accounts {
        if let Some(problem) = report.problems.first() {
            coverage.unread(account, None, None, UnknownReason::NotDelivered, problem);
            continue;
        }
        if input.is_stale(report.taken_at, now) {
            let detail = staleness(input, report.taken_at);
            coverage.unread(account, None, None, UnknownReason::Stale, &detail);
            continue;
        }
        for region in regions(account, input, survey) {
            state_region(coverage, (account, &region), input, survey, types);
        }
    }
}

/// States what was read of AWS Config. `whole` says whether all that was read is at hand.
pub(in crate::controller) fn state_live(
    coverage: &mut Coverage,
    read: &LiveRead,
    whole: Result<(), &str>,
) {
    if let Err(problem) = whole {
        coverage.unread(&read.account, None, None, UnknownReason::NotDelivered, problem);
        return;
    }
    for (region, name, outcome) in &read.types {
        match outcome {
            Ok(()) => coverage.complete(&read.account, Some(region), Some(name)),
            Err(unread) => {
                let (region, name) = (Some(region), Some(name));
                coverage.unread(&read.account, region, name, unread.reason, &unread.detail);
            }
        }
    }
}

/// What is said of a snapshot that is too old.
fn staleness(input: &AccountInput, taken_at: Option<Timestamp>) -> String {
    let age = input.max_age.map(|age| age.to_string()).unwrap_or_default();
    let taken_at = taken_at.map(|time| Timestamp { nanoseconds: 0, ..time });
    let taken_at = taken_at.map(format_timestamp).unwrap_or_default();
    format!("the snapshot was taken at {taken_at}, longer ago than {age}")
}

/// The account's regions: those in use, and those that items come from.
fn regions(account: &AccountId, input: &AccountInput, survey: &Survey) -> BTreeSet<Region> {
    let mut found = survey.places();
    found.remove(account).into_iter().flatten().chain(input.regions.iter().cloned()).collect()
}

fn state_region(
    coverage: &mut Coverage,
    (account, region): (&AccountId, &Region),
    input: &AccountInput,
    survey: &Survey,
    types: &BTreeSet<ResourceType>,
) {
    let recorder = survey.recorder(account, region).filter(|_| input.recorded == Recorded::AsSeen);
    if recorder.is_some_and(RecorderItem::is_stopped) {
        let stopped = format!("the configuration recorder of {region} is off");
        coverage.unread(account, Some(region), None, UnknownReason::RecorderStopped, &stopped);
        return;
    }
    coverage.complete(account, Some(region), None);
    for resource_type in types {
        let name = resource_type.as_str();
        let recorded = match (&input.recorded, recorder) {
            (Recorded::All, _) => true,
            (Recorded::Types(types), _) => types.contains(resource_type),
            (Recorded::AsSeen, Some(recorder)) => recorder.records(name),
            (Recorded::AsSeen, None) => survey.occurs(account, region, name),
        };
        if !recorded {
            let detail = detail(&input.recorded, recorder.is_some(), name, region);
            let reason = UnknownReason::NotRecorded;
            coverage.unread(account, Some(region), Some(resource_type), reason, &detail);
        }
    }
}

fn detail(recorded: &Recorded, has_recorder: bool, name: &str, region: &Region) -> String {
    match (recorded, has_recorder) {
        (Recorded::AsSeen, true) => format!("the recorder of {region} does not record {name}"),
        (Recorded::AsSeen, false) => {
            format!("no {name} in the snapshot of {region}, and nothing says that it is recorded")
        }
        (Recorded::All | Recorded::Types(_), _) => format!("{name} is not among recordedTypes"),
    }
}
