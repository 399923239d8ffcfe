//! From how reading went to what may be believed of it.

use std::collections::BTreeSet;

use super::survey::Recorder;
use super::{AccountInput, Recorded, SnapshotInput, SourceReport, Survey};
use aws::source::aws_config::LiveRead;
use aws::source::{Lost, TypeInRegion};
use cel::Timestamp;
use cel::format_timestamp;
use engine::evaluation::Coverage;
use model::{
    AccountId, Partition, Reading, Region, ResourceType, UnknownReason, fact_types, is_global,
    rule_types,
};

/// What a source was read for.
pub(crate) struct SourceStatement<'s> {
    pub(crate) source: &'s SnapshotInput,
    pub(crate) report: &'s SourceReport,
    /// What is in it; nothing where it could not be opened.
    pub(crate) survey: Option<&'s Survey>,
    /// Of what something was lost.
    pub(crate) lost: &'s BTreeSet<Lost>,
    /// The types that controls read.
    pub(crate) types: &'s BTreeSet<ResourceType>,
    pub(crate) now: Timestamp,
}

impl SourceStatement<'_> {
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
pub(crate) fn state(coverage: &mut Coverage, statement: &SourceStatement<'_>) {
    let SourceStatement { source, report, survey, lost, .. } = statement;
    let problem = report.problems.first().map_or("it could not be read", String::as_str);
    for (account, input) in &source.accounts {
        let Some(survey) = survey else {
            let reason = match &source.snapshot {
                Some(Err(error)) => error.unknown_reason(),
                _ => UnknownReason::NotDelivered,
            };
            coverage.unread(account, None, None, reason, problem);
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
pub(crate) fn misplaced(
    source: &SnapshotInput,
    survey: &Survey,
    reading: &Reading,
) -> Vec<(Lost, String)> {
    let found = survey.contents().report.types.iter().filter_map(|(place, occurrence)| {
        let TypeInRegion { account_id, region, resource_type } = place;
        let account: AccountId = account_id.parse().ok()?;
        let input = source.accounts.get(&account)?;
        let resource_type: ResourceType = resource_type.parse().ok()?;
        if &**region == "global" {
            let name = resource_type.as_str();
            let is_wrong = !is_global(name) && reading.reads(name);
            let message = format!(
                "{} items of {resource_type} of account {account} are in no region (global), and the \
                 type is of regions",
                occurrence.items
            );
            let lost = Lost {
                account_id: Some(account),
                region: None,
                resource_type: Some(resource_type),
            };
            return is_wrong.then_some((lost, message));
        }
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
        let resource_type = Some(resource_type);
        Some((Lost { account_id: Some(account), region: None, resource_type }, message))
    });
    found.collect()
}

/// What to say of items in regions that their accounts do not declare.
pub(crate) fn undeclared_regions(source: &SnapshotInput, survey: &Survey) -> Vec<String> {
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
                "{items} items of account {account} are in regions that its AwsAccount does not \
                 list, and are not evaluated: {}",
                names.join(", ")
            )
        })
    };
    source.accounts.iter().filter_map(of_account).collect()
}

/// States what was read of AWS Config, and what of it was lost since.
pub(crate) fn state_live(
    coverage: &mut Coverage,
    read: &LiveRead,
    report: &SourceReport,
    lost: &BTreeSet<Lost>,
) {
    let problem = report.problems.first().map_or("it could not be read", String::as_str);
    for Lost { region, resource_type, .. } in lost {
        let (region, name) = (region.as_ref(), resource_type.as_ref());
        coverage.unread(&read.account, region, name, UnknownReason::NotDelivered, problem);
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
        return format!("the snapshot has no date, so it may be older than {age}");
    };
    let taken_at = format_timestamp(Timestamp { nanoseconds: 0, ..taken_at });
    format!("the snapshot was taken at {taken_at}, more than {age} ago")
}

/// The account's regions: those in use, and those that items come from.
pub(crate) fn regions(
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
    statement: &SourceStatement<'_>,
) {
    let mut unread = |reason, detail: &str| {
        coverage.unread(account, Some(region), None, reason, detail);
    };
    let opened = statement.source.snapshot.as_ref().and_then(|it| it.as_ref().ok());
    if let Some(of_bucket) = opened.and_then(|snapshot| snapshot.unread(account, region)) {
        return unread(of_bucket.reason, &of_bucket.detail);
    }
    let delivered = survey.contents().delivered.as_ref();
    if delivered.is_some_and(|places| !places.contains(&(account.clone(), region.clone()))) {
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
            let detail = format!("the configuration recorder's item in {region} cannot be read");
            return unread(UnknownReason::NotDelivered, &detail);
        }
        Recorder::Known(recorder) if recorder.is_stopped() => {
            let detail = format!("the configuration recorder of {region} is off");
            return unread(UnknownReason::RecorderStopped, &detail);
        }
        Recorder::Known(recorder) => Some(recorder),
    };
    coverage.complete(account, Some(region), None);
    let is_there = delivered.is_some() || survey.has_items(account, region);
    for resource_type in statement.types {
        let name = resource_type.as_str();
        if fact_types::is_fact(name) {
            state_fact(coverage, (account, region), (input, survey), resource_type, statement.now);
            continue;
        }
        if !is_there {
            let detail = format!(
                "there is no item of account {account} in {region}: check accountId and regions; \
                 a snapshot of an empty region keeps the file name that AWS Config gave it"
            );
            let (region, name) = (Some(region), Some(resource_type));
            coverage.unread(account, region, name, UnknownReason::NotDelivered, &detail);
            continue;
        }
        // What rules report is among what they say of resources, or nobody asked for them.
        if rule_types::is_rule(name) {
            continue;
        }
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

/// No recorder records facts of an account: they are in the snapshot, or nobody asked for them.
/// Each is as old as when it was asked for, whenever AWS Config delivered what else there is.
fn state_fact(
    coverage: &mut Coverage,
    (account, region): (&AccountId, &Region),
    (input, survey): (&AccountInput, &Survey),
    resource_type: &ResourceType,
    now: Timestamp,
) {
    let name = resource_type.as_str();
    let witness = fact_types::witness(name);
    let read_at = survey.read_at(account, region, witness);
    let (reason, detail) = if !survey.occurs(account, region, witness) {
        let detail =
            format!("the snapshot contains no {name}: add account facts to it (`plumbline facts`)");
        (UnknownReason::NotRecorded, detail)
    } else if input.is_stale(read_at, now) {
        let age = input.max_age.map(|age| age.to_string()).unwrap_or_default();
        let read_at = read_at.map_or("an unknown time".to_owned(), |time| {
            format_timestamp(Timestamp { nanoseconds: 0, ..time })
        });
        (UnknownReason::Stale, format!("{name} was read at {read_at}, more than {age} ago"))
    } else {
        return;
    };
    coverage.unread(account, Some(region), Some(resource_type), reason, &detail);
}

fn detail(recorded: &Recorded, has_recorder: bool, name: &str, region: &Region) -> String {
    match (recorded, has_recorder) {
        (Recorded::AsSeen, true) => format!("the recorder of {region} does not record {name}"),
        (Recorded::AsSeen, false) => {
            format!(
                "the snapshot of {region} contains no {name} and does not show that the type \
                is recorded"
            )
        }
        (Recorded::All | Recorded::Types(_), _) => format!("{name} is not among recordedTypes"),
    }
}
