//! Account facts: what no item of AWS Config holds, read by a handful of calls of the account
//! itself and made into items of types of our own ([`fact_types`]).
//!
//! A fact that was read holds for an hour; one that was not is tried again in the next round, and
//! until then is unknown by itself, whatever became of the others.

mod fact;
mod item;

use std::collections::BTreeMap;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};

use super::aws_config::Unread;
use super::mirror::{Mirror, Part};
use crate::AwsError;
use crate::facts::FactsClient;
use cel::Timestamp;
pub use fact::Fact;
use item::{FactItem, ReadFact};
use model::{AccountId, Region, ResourceType, UnknownReason, fact_types};

/// So many seconds a fact holds.
const HOLDS: i64 = 60 * 60;
/// So many calls are made at once.
const AT_ONCE: usize = 4;

/// The facts of one account.
#[derive(Debug)]
pub struct AccountFacts {
    account: AccountId,
    regions: Vec<Region>,
    home_region: Region,
    known: BTreeMap<FactPlace, KnownFact>,
}

/// A fact of a region; one of the account as a whole is that of its home region.
type FactPlace = (Fact, Region);

/// How reading a fact went, when.
#[derive(Debug, Clone)]
struct KnownFact {
    at: Timestamp,
    /// Of what nothing is known though the fact was read.
    outcome: Result<Vec<String>, Unread>,
}

/// What is known of facts.
#[derive(Debug, Default)]
pub struct FactsRead {
    /// What was read of each type, region by region.
    pub types: Vec<(Region, ResourceType, Result<(), Unread>)>,
    /// What of it was not understood.
    pub problems: Vec<String>,
}

impl AccountFacts {
    /// Nothing is known yet. `home_region` is that of what is of the account as a whole.
    #[must_use]
    pub fn new(
        account: AccountId,
        regions: impl IntoIterator<Item = Region>,
        home_region: Region,
    ) -> Self {
        let regions = regions.into_iter().collect();
        Self { account, regions, home_region, known: BTreeMap::new() }
    }

    /// Whether something has to be read for these types.
    #[must_use]
    pub fn is_due(&self, types: &[ResourceType], now: Timestamp) -> bool {
        self.due(types, now).next().is_some()
    }

    /// Reads what is due for these types into the mirror. `fetched` hears of items as they come.
    pub async fn refresh(
        &mut self,
        types: &[ResourceType],
        client: &FactsClient,
        mirror: &Mirror,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) {
        let mut reads: Vec<BoxFuture<'_, (FactPlace, Result<ReadFact, AwsError>)>> = Vec::new();
        for place in self.due(types, now).collect::<Vec<_>>() {
            let read = async move { (place.clone(), item::read(client, place.0, &place.1).await) };
            reads.push(read.boxed());
        }
        let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
        while let Some((place, read)) = reads.next().await {
            let outcome = match read {
                Ok(ReadFact { items, problems }) => {
                    fetched(items.len() as u64);
                    self.put(&place, &items, mirror, now).map(|()| problems)
                }
                Err(error) => Err(error.into()),
            };
            self.known.insert(place, KnownFact { at: now, outcome });
        }
    }

    /// Takes note that the account cannot be reached.
    pub fn unreached(&mut self, types: &[ResourceType], error: &AwsError, now: Timestamp) {
        for place in self.due(types, now).collect::<Vec<_>>() {
            let outcome = Err(error.clone().into());
            self.known.insert(place, KnownFact { at: now, outcome });
        }
    }

    /// What is known of these types.
    #[must_use]
    pub fn read(&self, types: &[ResourceType]) -> FactsRead {
        let mut read = FactsRead::default();
        for name in types {
            let Some(fact) = Fact::of_type(name.as_str()) else { continue };
            for region in self.regions(fact) {
                let outcome = self.known.get(&(fact, region.clone())).map(|known| &known.outcome);
                match outcome {
                    Some(Ok(problems)) => {
                        read.problems.extend(problems.iter().cloned());
                        read.types.push((region, name.clone(), Ok(())));
                    }
                    Some(Err(unread)) => self.unread(&mut read, &region, name, unread),
                    None => {
                        let unread = Unread::not_delivered("it was not read".to_owned());
                        self.unread(&mut read, &region, name, &unread);
                    }
                }
            }
        }
        // What two types share is said once.
        read.problems.sort_unstable();
        read.problems.dedup();
        read
    }

    /// That facts of these types are not to be read.
    #[must_use]
    pub fn switched_off(&self, types: &[ResourceType]) -> FactsRead {
        let detail = "account facts are not read: set source.accountFacts of the AwsAccount to \
                      Enabled, or leave out --without-account-facts";
        let unread = Unread { reason: UnknownReason::NotRecorded, detail: detail.to_owned() };
        let mut read = FactsRead::default();
        for name in types {
            self.unread(&mut read, &self.home_region, name, &unread);
        }
        read
    }

    /// What is of the account as a whole is unread in whichever region one asks for it.
    fn unread(&self, read: &mut FactsRead, region: &Region, name: &ResourceType, unread: &Unread) {
        let is_whole = *region == self.home_region;
        let regions = self.regions.iter().filter(|it| is_whole || *it == region);
        for region in regions {
            read.types.push((region.clone(), name.clone(), Err(unread.clone())));
        }
    }

    /// The places that have to be read for these types.
    fn due<'d>(
        &'d self,
        types: &'d [ResourceType],
        now: Timestamp,
    ) -> impl Iterator<Item = FactPlace> + 'd {
        let holds = move |known: &KnownFact| {
            known.outcome.is_ok() && (0..HOLDS).contains(&(now.seconds - known.at.seconds))
        };
        let places = Fact::of_types(types)
            .into_iter()
            .flat_map(|fact| self.regions(fact).into_iter().map(move |region| (fact, region)));
        places.filter(move |place| !self.known.get(place).is_some_and(holds))
    }

    /// The regions that a fact is asked for in.
    fn regions(&self, fact: Fact) -> Vec<Region> {
        if fact.is_regional() { self.regions.clone() } else { vec![self.home_region.clone()] }
    }

    /// Lets the mirror hold these items of a fact and no others.
    fn put(
        &self,
        (fact, region): &FactPlace,
        items: &[FactItem],
        mirror: &Mirror,
        now: Timestamp,
    ) -> Result<(), Unread> {
        for name in fact.types() {
            let Ok(resource_type) = name.parse() else { continue };
            let part = Part { region: region.clone(), resource_type };
            mirror.begin(&part, now);
            for item in items.iter().filter(|item| item.resource_type == *name) {
                let text = item.text(&self.account, now);
                mirror.put(&part, (&item.region, &item.id), Some(now), &text)?;
            }
            mirror.finish(&part)?;
        }
        Ok(())
    }
}

/// What a fact came to, outside a round.
#[derive(Debug, Default)]
pub struct FactReading {
    /// The items, as a snapshot has them.
    pub items: Vec<String>,
    /// Of which of them nothing is known, and why.
    pub problems: Vec<String>,
}

/// Reads a fact once.
pub async fn tell(
    client: &FactsClient,
    fact: Fact,
    region: &Region,
    now: Timestamp,
) -> Result<FactReading, AwsError> {
    let ReadFact { items, problems } = item::read(client, fact, region).await?;
    let items = items.iter().map(|item| item.text(client.account(), now)).collect();
    Ok(FactReading { items, problems })
}

/// Whether facts of the type are read here, and not by AWS Config.
#[must_use]
pub fn is_fact(resource_type: &ResourceType) -> bool {
    fact_types::is_fact(resource_type.as_str())
}
