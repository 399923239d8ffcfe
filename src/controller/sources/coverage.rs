//! From how reading went to what may be believed of it.

use std::collections::BTreeSet;

use super::survey::Recorder;
use super::{AccountInput, Recorded, SnapshotInput, SourceReport, Survey};
use crate::evaluation::Coverage;
use crate::expression::format_timestamp;
use crate::resource::{AccountId, Partition, Region, ResourceType, Timestamp, UnknownReason};
use crate::source::aws_config::LiveRead;
use crate::source::{Lost, TypeInRegion};

/// What a source was read for.
pub(in crate::controller) struct Statement<'s> {
    pub(in crate::controller) source: &'s SnapshotInput,
    pub(in crate::controller) report: &'s SourceReport,
    /// What is in it; nothing where it could not be opened.
    pub(in crate::controller) survey: Option<&'s Survey>,
    /// Of what something was lost.
    pub(in crate::controller) lost: &'s BTreeSet<Lost>,
    /// The types that controls read.
    pub(in crate::controller) types: &'s BTreeSet<ResourceType>,
    pub(in crate::controller) now: Timestamp,
}

impl Statement<'_> {
    /// Whether something was lost that may be of a type, or of any where there is none.
    fn is_lost(
        &self,
        account: &AccountId,
        region: &Region,
        resource_type: Option<&ResourceType>,
    ) -> bool {
        self.lost.iter().any(|lost| {
            lost.account_id.as_ref().is_none_or(|of| of == account)
                && lost.region.as_ref().is_none_or(|of| of == region)
                && lost.resource_type.as_ref().is_none_or(|of| Some(of) == resource_type)
        })
    }
}

/// States what the reading of a source covers.
pub(in crate::controller) fn state(coverage: &mut Coverage, statement: &Statement<'_>) {
    let Statement { source, report, survey, lost, .. } = statement;
    let problem = report.problems.first().map_or("it could not be read", String::as_str);
    for (account, input) in &source.accounts {
        let Some(survey) = survey else {
            coverage.unread(account, None, None, UnknownReason::NotDelivered, problem);
            continue;
        };
        let theirs = |lost: &&Lost| lost.account_id.as_ref().is_none_or(|of| of == account);
        for Lost { region, resource_type, .. } in lost.iter().filter(theirs) {
            let (region, name) = (region.as_ref(), resource_type.as_ref());
            coverage.unread(account, region, name, UnknownReason::NotDelivered, problem);
        }
        for region in regions(account, input, survey) {
            if statement.is_lost(account, &region, None) {
                continue;
            }
            state_region(coverage, (account, &region), (input, survey), statement);
        }
    }
}

/// The parts of which there are items in regions of another partition than the account's: where the
/// resources are that these speak of, nobody can say.
pub(in crate::controller) fn misplaced(
    source: &SnapshotInput,
    survey: &Survey,
) -> Vec<(Lost, String)> {
    let found = survey.contents().report.types.iter().filter_map(|(place, occurrence)| {
        let TypeInRegion { account_id, region, resource_type } = place;
        let account: AccountId = account_id.parse().ok()?;
        let input = source.accounts.get(&account)?;
        let region: Region = region.parse().ok()?;
        if Partition::of_region(&region) == input.partition {
            return None;
        }
        let message = format!(
            "{} items of {resource_type} are of account {account} in {region}, which is in no \
             region of the partition {}",
            occurrence.items,
            input.partition.as_str()
        );
        let resource_type = resource_type.parse().ok();
        Some((Lost { account_id: Some(account), region: None, resource_type }, message))
    });
    found.collect()
}

/// What to say of items in regions that their accounts do not declare.
pub(in crate::controller) fn undeclared_regions(
    source: &SnapshotInput,
    survey: &Survey,
) -> Vec<String> {
    let types = &survey.contents().report.types;
    let of_account = |(account, input): (&AccountId, &AccountInput)| {
        let mut regions: std::collections::BTreeMap<Region, u64> =
            std::collections::BTreeMap::new();
        for (place, occurrence) in
            types.iter().filter(|(it, _)| *it.account_id == *account.as_str())
        {
            if let Ok(region) = place.region.parse::<Region>()
                && !input.regions.contains(&region)
                && Partition::of_region(&region) == input.partition
            {
                *regions.entry(region).or_default() += occurrence.items;
            }
        }
        let items: u64 = regions.values().sum();
        let names: Vec<&str> = regions.keys().map(Region::as_str).collect();
        (items > 0).then(|| {
            format!(
                "{items} items of account {account} are in regions that it does not declare, and \
                 have no verdicts: {}",
                names.join(", ")
            )
        })
    };
    source.accounts.iter().filter_map(of_account).collect()
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
    let Some(taken_at) = taken_at else {
        return format!("nothing says when the snapshot was taken, and it may be older than {age}");
    };
    let taken_at = format_timestamp(Timestamp { nanoseconds: 0, ..taken_at });
    format!("the snapshot was taken at {taken_at}, longer ago than {age}")
}

/// The account's regions: those in use, and those that items come from.
pub(in crate::controller) fn regions(
    account: &AccountId,
    input: &AccountInput,
    survey: &Survey,
) -> BTreeSet<Region> {
    let mut found = survey.places();
    found.remove(account).into_iter().flatten().chain(input.regions.iter().cloned()).collect()
}

fn state_region(
    coverage: &mut Coverage,
    (account, region): (&AccountId, &Region),
    (input, survey): (&AccountInput, &Survey),
    statement: &Statement<'_>,
) {
    let mut unread = |reason, detail: &str| {
        coverage.unread(account, Some(region), None, reason, detail);
    };
    if let Some(delivered) = &survey.contents().delivered
        && !delivered.contains(&(account.clone(), region.clone()))
    {
        let detail = format!("there is no snapshot of {region}");
        return unread(UnknownReason::NotDelivered, &detail);
    }
    let taken_at = survey.contents().taken_at(account, region);
    if input.is_stale(taken_at, statement.now) {
        return unread(UnknownReason::Stale, &staleness(input, taken_at));
    }
    let recorder = match survey.recorder(account, region) {
        _ if input.recorded != Recorded::AsSeen => None,
        Recorder::Unknown => None,
        Recorder::Unreadable => {
            let detail =
                format!("the item of the configuration recorder of {region} is unreadable");
            return unread(UnknownReason::NotDelivered, &detail);
        }
        Recorder::Known(recorder) if recorder.is_stopped() => {
            let detail = format!("the configuration recorder of {region} is off");
            return unread(UnknownReason::RecorderStopped, &detail);
        }
        Recorder::Known(recorder) => Some(recorder),
    };
    coverage.complete(account, Some(region), None);
    for resource_type in statement.types {
        let name = resource_type.as_str();
        let recorded = match (&input.recorded, recorder) {
            (Recorded::All, _) => true,
            (Recorded::Types(types), _) => types.contains(resource_type),
            (Recorded::AsSeen, Some(recorder)) => recorder.records(name),
            (Recorded::AsSeen, None) => survey.occurs(account, region, name),
        };
        if !recorded && !statement.is_lost(account, region, Some(resource_type)) {
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
