//! An account as an aggregator of another account shows it.
//!
//! The aggregator says when it last heard of each account and region. What a recorder records is
//! known where the recorder itself is recorded, and otherwise only of types that do occur.

use std::collections::BTreeMap;
use std::sync::Arc;

use bumpalo::Bump;
use futures::future::join_all;

use super::pages::Pages;
use super::query::{self, QueryScope};
use super::region::{Known, Outcomes, RegionReader};
use super::row::Heads;
use super::unread::Unread;
use super::{Asked, LiveAccount, Mirror, Part, Read};
use crate::source::recorder_item::{RECORDER, RecorderItem};
use crate::{ConfigClient, Daily};
use cel::format_timestamp;
use cel::{Projection, Step, Timestamp};
use model::{Parsed, Reading, Region, ResourceType, UnknownReason, is_global, parse_item};

/// An aggregator's view of an account.
pub(super) struct Aggregator<'a> {
    pub(super) account: &'a LiveAccount,
    pub(super) service: &'a ConfigClient,
    pub(super) name: &'a str,
    pub(super) mirror: &'a Arc<Mirror>,
}

/// What is known of one region before its items are read.
type Regions = BTreeMap<Region, Result<Option<RecorderItem>, Unread>>;

impl Aggregator<'_> {
    pub(super) async fn refresh(
        &self,
        known: &mut BTreeMap<Region, BTreeMap<ResourceType, Known>>,
        asked: &Asked<'_>,
    ) -> Read {
        let regions = self.regions(asked.now).await;
        let heads = Heads::new(&self.account.account, asked.needs.keys());
        let mut known_of: BTreeMap<Region, BTreeMap<ResourceType, Known>> = regions
            .keys()
            .map(|region| (region.clone(), known.remove(region).unwrap_or_default()))
            .collect();
        let readable =
            known_of.iter_mut().filter(|(region, _)| matches!(regions.get(*region), Some(Ok(_))));
        let readings =
            readable.map(|(region, known)| self.region(region, known, &regions, &heads, asked));
        let outcomes: BTreeMap<Region, Outcomes> = join_all(readings).await.into_iter().collect();
        known.extend(known_of);
        self.said(&regions, outcomes, asked)
    }

    /// Reads one region, and in the first that can be read the global types as well.
    async fn region(
        &self,
        region: &Region,
        known: &mut BTreeMap<ResourceType, Known>,
        regions: &Regions,
        heads: &Heads,
        asked: &Asked<'_>,
    ) -> (Region, Outcomes) {
        let account = self.account.account.clone();
        let (global, regional): (Vec<&ResourceType>, Vec<&ResourceType>) =
            asked.needs.keys().partition(|name| is_global(name.as_str()));
        let scope = QueryScope::Aggregated(account.clone(), region.clone());
        let reader = self.reader(region, scope, heads, asked);
        let mut outcomes = reader.refresh(&regional, known).await;
        if self.first(regions) == Some(region) {
            let reader = self.reader(region, QueryScope::AggregatedAnywhere(account), heads, asked);
            outcomes.extend(reader.refresh(&global, known).await);
        }
        (region.clone(), outcomes)
    }

    fn reader<'r>(
        &'r self,
        region: &'r Region,
        scope: QueryScope,
        heads: &'r Heads,
        asked: &'r Asked<'_>,
    ) -> RegionReader<'r> {
        /// Whether the account records daily is not known here: all of it may be late.
        static DAILY: Daily = Daily { usually: true, exceptions: Vec::new() };
        RegionReader {
            pages: Pages {
                service: self.service,
                aggregator: Some(self.name),
                region,
                mirror: self.mirror,
                heads,
                fetched: asked.fetched,
            },
            scope,
            needs: &asked.needs,
            daily: &DAILY,
            whole_every: i64::try_from(self.account.whole_every.as_secs()).unwrap_or(i64::MAX),
            now: asked.now,
        }
    }

    /// The region whose read brings the global types: the home region if it can be read.
    fn first<'r>(&self, regions: &'r Regions) -> Option<&'r Region> {
        let home = regions.get_key_value(&self.account.home_region);
        let mut all = home.into_iter().chain(regions);
        all.find(|(_, known)| known.is_ok()).map(|(region, _)| region)
    }

    /// Which regions can be believed, and what their recorders record where that is known.
    async fn regions(&self, now: Timestamp) -> Regions {
        let sources = match self.service.aggregated(self.name).await {
            Ok(sources) => sources,
            Err(error) => {
                let unread = Unread::from(error);
                let all = self.account.regions.iter();
                return all.map(|region| (region.clone(), Err(unread.clone()))).collect();
            }
        };
        let ask = self.account.regions.iter().map(|region| {
            let source = sources
                .iter()
                .find(|source| source.account == self.account.account && source.region == *region);
            let state = match source {
                None => Err(Unread::not_delivered(format!(
                    "the aggregator {} has no source in {region} of account {}; add it",
                    self.name, self.account.account
                ))),
                Some(source) => self.believable(source.updated, source.failure.as_deref(), now),
            };
            async move {
                let recorder = match state {
                    Ok(()) => self.recorder(region).await,
                    Err(unread) => Err(unread),
                };
                (region.clone(), recorder)
            }
        });
        join_all(ask).await.into_iter().collect()
    }

    fn believable(
        &self,
        updated: Option<Timestamp>,
        failure: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Unread> {
        if let Some(failure) = failure {
            let name = self.name;
            return Err(Unread::not_delivered(format!("the aggregator {name} fails: {failure}")));
        }
        let Some(updated) = updated else {
            let detail = format!("the aggregator {} has not delivered yet", self.name);
            return Err(Unread::not_delivered(detail));
        };
        if updated < now.second_before(self.account.max_age) {
            let updated = format_timestamp(Timestamp { nanoseconds: 0, ..updated });
            let detail = format!("the aggregator {} last delivered at {updated}", self.name);
            return Err(Unread { reason: UnknownReason::Stale, detail });
        }
        Ok(())
    }

    /// The region's recorder, if it is recorded itself.
    async fn recorder(&self, region: &Region) -> Result<Option<RecorderItem>, Unread> {
        let Ok(name) = RECORDER.parse::<ResourceType>() else { return Ok(None) };
        let scope = QueryScope::Aggregated(self.account.account.clone(), region.clone());
        let expression = query::items(&scope, &name);
        let page = self.service.select(Some(self.name), &expression, None).await?;
        let mut part = Projection::NOTHING;
        part.add(&[Step::Field("configuration".into())]);
        let (reading, arena) = (Reading::new([(name, part)]), Bump::new());
        let recorder = match page.rows.first() {
            None => None,
            Some(row) => match parse_item(arena.alloc_str(row).as_bytes(), &reading, &arena) {
                Ok(Parsed::Item(item)) => Some(RecorderItem::of(item.value).ok_or_else(|| {
                    let detail = format!(
                        "the item of the configuration recorder of {region} is not understood"
                    );
                    Unread::not_delivered(detail)
                })?),
                // Whether it runs, and what it records, is not known then.
                Ok(Parsed::Skipped(_)) => {
                    let detail =
                        format!("AWS Config returned another recorder than that of {region}");
                    return Err(Unread::not_delivered(detail));
                }
                Err(error) => {
                    let detail =
                        format!("the item of the configuration recorder of {region} {error}");
                    return Err(Unread::not_delivered(detail));
                }
            },
        };
        match recorder {
            Some(recorder) if recorder.is_stopped() => {
                let detail = format!("the configuration recorder of {region} is off; start it");
                Err(Unread { reason: UnknownReason::RecorderStopped, detail })
            }
            recorder => Ok(recorder),
        }
    }

    fn said(
        &self,
        regions: &Regions,
        mut outcomes: BTreeMap<Region, Outcomes>,
        asked: &Asked<'_>,
    ) -> Read {
        let mut read = Read::default();
        for (region, state) in regions {
            let recorder = state.as_ref().err();
            read.recorders.extend(shown(state).map(|runs| (region.clone(), runs)));
            let mut of_region = outcomes.remove(region).unwrap_or_default();
            for name in asked.needs.keys() {
                let outcome = match recorder {
                    Some(unread) => Err(unread.clone()),
                    None => match of_region.remove(name) {
                        Some(Ok(())) => self.recorded(region, state, name),
                        Some(Err(unread)) => Err(unread),
                        None => continue,
                    },
                };
                read.types.push((region.clone(), name.clone(), outcome));
            }
        }
        read
    }

    /// Whether a type of which a region shows nothing is recorded there.
    fn recorded(
        &self,
        region: &Region,
        state: &Result<Option<RecorderItem>, Unread>,
        name: &ResourceType,
    ) -> Result<(), Unread> {
        let part = Part { region: region.clone(), resource_type: name.clone() };
        let recorder = state.as_ref().ok().and_then(Option::as_ref);
        match recorder {
            Some(recorder) if recorder.records(name.as_str()) => Ok(()),
            Some(_) => Err(Unread::not_recorded(format!(
                "the configuration recorder of {region} does not record {name}"
            ))),
            None if self.mirror.count(&part) > 0 => Ok(()),
            None => Err(Unread::not_recorded(format!(
                "the aggregator {} contains no {name} in {region} and does not show that the type \
                 is recorded",
                self.name
            ))),
        }
    }
}

/// Whether a recorder runs, as far as its own item says so.
fn shown(state: &Result<Option<RecorderItem>, Unread>) -> Option<Result<(), Unread>> {
    match state {
        Ok(Some(recorder)) if recorder.is_running() => Some(Ok(())),
        Err(unread) if unread.reason == UnknownReason::RecorderStopped => Some(Err(unread.clone())),
        Ok(_) | Err(_) => None,
    }
}
