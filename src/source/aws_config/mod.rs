//! Reads configuration items from AWS Config itself: of an account in each of its regions, or of
//! what an aggregator shows of an account.
//!
//! A round says type by type and region by region what was read, and why not where it was not.
//! Nothing is an error for the whole, and nothing is passed over in silence. Between two reads of
//! everything only what changed is read, and counts prove that nothing is missing.

mod aggregated;
mod counts;
mod need;
mod operations;
mod own;
mod pages;
mod query;
pub mod recorded;
mod region;
mod row;
mod served;
mod unread;
mod unsearchable;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::mirror::{Mirror, Part};
use crate::aws::ConfigService;
use crate::resource::{AccountId, Projection, Region, ResourceType, Timestamp};
use need::Need;
use region::Known;

pub use operations::{of_aggregator, of_own};
pub use unread::Unread;

/// Whose items are read, and how.
#[derive(Debug, Clone)]
pub struct LiveAccount {
    /// The account.
    pub account: AccountId,
    /// All the regions in use.
    pub regions: BTreeSet<Region>,
    /// The region that is asked for global resources first.
    pub home_region: Region,
    /// Between two reads of everything.
    pub whole_every: Duration,
    /// What is older is stale: what a recorder has to deliver, what an aggregator shows.
    pub max_age: Duration,
}

/// The items of one account, as AWS Config shows them.
#[derive(Debug)]
pub struct AwsConfig<S> {
    account: LiveAccount,
    services: Services<S>,
    known: BTreeMap<Region, BTreeMap<ResourceType, Known>>,
    mirror: Arc<Mirror>,
}

/// Who is asked.
#[derive(Debug)]
enum Services<S> {
    /// The account itself, region by region.
    Own(BTreeMap<Region, S>),
    /// An aggregator.
    Aggregator { service: S, name: String },
}

/// What a round read of an account.
#[derive(Debug, Clone)]
pub struct LiveRead {
    /// The account.
    pub account: AccountId,
    /// The items.
    pub mirror: Arc<Mirror>,
    /// Which of them count.
    pub parts: BTreeSet<Part>,
    /// What was read of each type that controls read, region by region.
    pub types: Vec<(Region, ResourceType, Result<(), Unread>)>,
    /// Whether each region's recorder runs, where that was asked and told.
    pub recorders: Vec<(Region, Result<(), Unread>)>,
}

impl LiveRead {
    /// A round that could not read anything, and why.
    #[must_use]
    pub fn nothing<'t>(
        account: &AccountId,
        regions: &BTreeSet<Region>,
        types: impl IntoIterator<Item = &'t ResourceType>,
        unread: &Unread,
    ) -> Self {
        let unread_in = |name: &ResourceType| {
            let said = |region: &Region| (region.clone(), name.clone(), Err(unread.clone()));
            regions.iter().map(said).collect::<Vec<_>>()
        };
        Self {
            account: account.clone(),
            mirror: Arc::default(),
            parts: BTreeSet::new(),
            types: types.into_iter().flat_map(unread_in).collect(),
            recorders: Vec::new(),
        }
    }
}

/// What a round is about.
struct Asked<'a> {
    needs: BTreeMap<ResourceType, Need>,
    now: Timestamp,
    fetched: &'a (dyn Fn(u64) + Sync),
}

impl<S: ConfigService> AwsConfig<S> {
    /// Reads an account in its own regions.
    #[must_use]
    pub fn own(account: LiveAccount, services: BTreeMap<Region, S>) -> Self {
        Self::of(account, Services::Own(services))
    }

    /// Reads what an aggregator shows of an account.
    #[must_use]
    pub fn aggregated(account: LiveAccount, service: S, name: String) -> Self {
        Self::of(account, Services::Aggregator { service, name })
    }

    fn of(account: LiveAccount, services: Services<S>) -> Self {
        Self { account, services, known: BTreeMap::new(), mirror: Arc::default() }
    }

    /// Brings the items of these types up to date, as far as controls read them. `fetched` is told
    /// of items as they come.
    pub async fn refresh(
        &mut self,
        types: impl IntoIterator<Item = (ResourceType, Projection)>,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> LiveRead {
        let asked = Asked { needs: need::needs(types), now, fetched };
        self.forget_unneeded(&asked);
        let read = match &self.services {
            Services::Own(services) => {
                own::refresh(&self.account, services, &self.mirror, &mut self.known, &asked).await
            }
            Services::Aggregator { service, name } => {
                let aggregator = aggregated::Aggregator {
                    account: &self.account,
                    service,
                    name,
                    mirror: &self.mirror,
                };
                aggregator.refresh(&mut self.known, &asked).await
            }
        };
        let parts = read.types.iter().filter(|(_, _, read)| read.is_ok());
        let parts = parts
            .map(|(region, name, _)| Part { region: region.clone(), resource_type: name.clone() });
        LiveRead {
            account: self.account.account.clone(),
            mirror: Arc::clone(&self.mirror),
            parts: parts.collect(),
            types: read.types,
            recorders: read.recorders,
        }
    }

    /// Types that no control reads any more are not kept.
    fn forget_unneeded(&mut self, asked: &Asked<'_>) {
        for (region, known) in &mut self.known {
            known.retain(|name, _| {
                let needed = asked.needs.contains_key(name);
                if !needed {
                    let (region, resource_type) = (region.clone(), name.clone());
                    self.mirror.forget(&Part { region, resource_type });
                }
                needed
            });
        }
    }
}

/// What a round found out.
#[derive(Default)]
struct Read {
    types: Vec<(Region, ResourceType, Result<(), Unread>)>,
    recorders: Vec<(Region, Result<(), Unread>)>,
}
