//! An account in its own regions: recorders first, then what they record.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::pages::Pages;
use super::query::QueryScope;
use super::recorded;
use super::region::{Known, Outcomes, RegionReader};
use super::row::Heads;
use super::unread::Unread;
use super::{Asked, LiveAccount, Mirror, Read};
use crate::{ConfigClient, Recorder};
use cel::Timestamp;
use model::{Region, ResourceType, is_global};

/// What each region's recorder says.
type Recorders = BTreeMap<Region, Result<Recorder, Unread>>;

/// Brings all regions up to date, side by side.
pub(super) async fn refresh(
    account: &LiveAccount,
    services: &BTreeMap<Region, ConfigClient>,
    mirror: &Mirror,
    known: &mut BTreeMap<Region, BTreeMap<ResourceType, Known>>,
    asked: &Asked<'_>,
) -> Read {
    let oldest = asked.now.second_before(account.max_age);
    let recorders = recorders(services, oldest).await;
    let heads = Heads::new(&account.account, asked.needs.keys());
    let mut known_of: BTreeMap<&Region, BTreeMap<ResourceType, Known>> =
        services.keys().map(|region| (region, known.remove(region).unwrap_or_default())).collect();
    let readings = known_of.iter_mut().filter_map(|(region, known)| {
        let recorder = recorders.get(*region)?.as_ref().ok()?;
        let service = services.get(*region)?;
        let types: Vec<&ResourceType> =
            asked.needs.keys().filter(|name| asks(account, &recorders, region, name)).collect();
        let pages = Pages {
            service,
            aggregator: None,
            region,
            mirror,
            heads: &heads,
            fetched: asked.fetched,
        };
        let reader = RegionReader {
            pages,
            scope: QueryScope::Own,
            needs: &asked.needs,
            daily: &recorder.daily,
            whole_every: i64::try_from(account.whole_every.as_secs()).unwrap_or(i64::MAX),
            now: asked.now,
        };
        Some(async move { ((*region).clone(), reader.refresh(&types, known).await) })
    });
    let outcomes: BTreeMap<Region, Outcomes> = join_all(readings).await.into_iter().collect();
    known.extend(known_of.into_iter().map(|(region, known)| (region.clone(), known)));
    said(account, &recorders, outcomes, asked)
}

async fn recorders(services: &BTreeMap<Region, ConfigClient>, oldest: Timestamp) -> Recorders {
    let ask = services.iter().map(|(region, service)| async move {
        (region.clone(), recorded::running(service, region, oldest).await)
    });
    join_all(ask).await.into_iter().collect()
}

/// Whether a region is asked for a type: it records it, and for a global type it is the first that
/// does, since each region that records it has the same resources.
fn asks(
    account: &LiveAccount,
    recorders: &Recorders,
    region: &Region,
    resource_type: &ResourceType,
) -> bool {
    if is_global(resource_type.as_str()) {
        return first_recording(account, recorders, resource_type) == Some(region);
    }
    recorders.get(region).is_some_and(|recorder| records(recorder, resource_type))
}

fn records(recorder: &Result<Recorder, Unread>, resource_type: &ResourceType) -> bool {
    recorder.as_ref().is_ok_and(|recorder| recorded::records(recorder, resource_type))
}

/// The first region that records a type, the home region before all others.
fn first_recording<'r>(
    account: &LiveAccount,
    recorders: &'r Recorders,
    resource_type: &ResourceType,
) -> Option<&'r Region> {
    let home = recorders.get_key_value(&account.home_region);
    home.into_iter()
        .chain(recorders)
        .find(|(_, recorder)| records(recorder, resource_type))
        .map(|(region, _)| region)
}

/// What is said of every type in every region.
fn said(
    account: &LiveAccount,
    recorders: &Recorders,
    mut outcomes: BTreeMap<Region, Outcomes>,
    asked: &Asked<'_>,
) -> Read {
    let mut read = Read::default();
    for (region, recorder) in recorders {
        read.recorders.push((region.clone(), recorder.as_ref().map(|_| ()).map_err(Clone::clone)));
    }
    for name in asked.needs.keys() {
        let first = first_recording(account, recorders, name).filter(|_| is_global(name.as_str()));
        for (region, recorder) in recorders {
            let outcome = match recorder {
                Err(unread) => Err(unread.clone()),
                Ok(recorder) if !recorded::records(recorder, name) => Err(Unread::not_recorded(
                    format!("the configuration recorder of {region} does not record {name}"),
                )),
                // What another region was asked for is said of that one alone.
                Ok(_) if first.is_some_and(|first| first != region) => continue,
                Ok(_) => outcomes
                    .get_mut(region)
                    .and_then(|outcomes| outcomes.remove(name))
                    .unwrap_or_else(|| Err(Unread::not_delivered("it was not read".to_owned()))),
            };
            read.types.push((region.clone(), name.clone(), outcome));
        }
    }
    read
}
