//! How many resources of each type AWS Config has of an account, and when they were last recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

use super::super::exit::CommandError;
use super::super::live::LiveInput;
use super::counts::CountedTypes;
use aws::source::aws_config::recorded::records;
use aws::{ConfigClient, RegionRecorder};
use cel::{Timestamp, format_timestamp};
use cost::{Changed, CountedType};
use model::{AccountId, Region, ResourceType, is_global};

/// One row of a query that counts by type.
#[derive(Debug, Deserialize)]
struct CountRow {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(rename = "COUNT(*)")]
    count: u64,
}

/// Counts what is recorded of each type in the places of the plans, and says what cannot be counted.
///
/// # Errors
///
/// When an account is read through an aggregator, or AWS does not answer.
pub(super) async fn counted(
    live: &LiveInput,
    now: Timestamp,
) -> Result<(CountedTypes, BTreeSet<String>), CommandError> {
    let (mut counted, mut notes) = (CountedTypes::new(), BTreeSet::new());
    let targets = live.input.resolved.plans.iter().flat_map(|plan| &plan.targets);
    let places: BTreeMap<(AccountId, Region), bool> = targets
        .map(|target| ((target.account.clone(), target.region.clone()), target.home))
        .collect();
    for spec in live.accounts() {
        let mine = || places.iter().filter(|((account, _), _)| *account == spec.account_id);
        if mine().next().is_none() {
            continue;
        }
        if spec.source.config_api.is_none() {
            return Err(CommandError::Usage(format!(
                "account {} is read through an aggregator (spec.source.aggregator), which does not show \
                 what is recorded: give its delivered snapshots (--snapshot), or spec.source.configApi",
                spec.account_id
            )));
        }
        let access = live.aws().own(spec).await?;
        for (place, is_home) in mine() {
            let client = access.config(&place.1);
            let types = of_region(&client, &place.1, *is_home, now, &mut notes).await?;
            counted.insert(place.clone(), types);
        }
    }
    Ok((counted, notes))
}

async fn of_region(
    client: &ConfigClient,
    region: &Region,
    is_home: bool,
    now: Timestamp,
    notes: &mut BTreeSet<String>,
) -> Result<Vec<CountedType>, CommandError> {
    let RegionRecorder::Customer(recorder) = client.recorder().await? else {
        notes.insert(format!(
            "{region} has no customer managed configuration recorder: what is recorded there is not counted"
        ));
        return Ok(Vec::new());
    };
    let mut found: BTreeMap<String, (u64, Changed)> = BTreeMap::new();
    for (name, count) in client.counts().await? {
        found.entry(name).or_default().0 = count;
    }
    let mut searchable = BTreeSet::new();
    for (name, count) in by_type(client, "").await? {
        let resources = &mut found.entry(name.clone()).or_default().0;
        *resources = count.max(*resources);
        searchable.insert(name);
    }
    for (window, length) in Changed::WINDOWS {
        let length = Duration::from_secs(length.unsigned_abs());
        let since = Timestamp { nanoseconds: 0, ..now.second_before(length) };
        // Times are compared as texts: this is how rows write them.
        let since = format_timestamp(since);
        let since = since.trim_end_matches('Z');
        let condition = format!("WHERE configurationItemCaptureTime > '{since}.000Z' ");
        for (name, count) in by_type(client, &condition).await? {
            *found.entry(name).or_default().1.of(window) = count;
        }
    }
    let mut types = Vec::new();
    for (name, (resources, changed)) in found {
        let Ok(resource_type) = name.parse::<ResourceType>() else { continue };
        // Each region that records a global type has the same resources.
        if !records(&recorder, &resource_type) || (is_global(&name) && !is_home) {
            continue;
        }
        if !searchable.contains(&name) {
            notes.insert(format!(
                "queries do not show {name} in {region}, so that its changes are unknown and count as \
                 none: give --items {name}=NUMBER"
            ));
        }
        let daily = recorder.daily.includes(&name);
        types.push(CountedType { name, resources, changed, daily, read: false });
    }
    Ok(types)
}

/// How many resources of each type a query finds.
async fn by_type(
    client: &ConfigClient,
    condition: &str,
) -> Result<Vec<(String, u64)>, CommandError> {
    let query = format!("SELECT resourceType, COUNT(*) {condition}GROUP BY resourceType");
    let rows = client.select_all(&query).await?;
    let counts = rows.iter().map(|row| {
        let row: CountRow = serde_json::from_str(row).map_err(|error| {
            CommandError::Unavailable(format!("AWS Config returned another row: {error}"))
        })?;
        Ok((row.resource_type, row.count))
    });
    counts.collect()
}
