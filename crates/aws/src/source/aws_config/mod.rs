//! Reads configuration items from AWS Config itself: of an account in each of its regions, or of
//! what an aggregator shows of an account.
//!
//! A round says type by type and region by region what was read, and why not where it was not.
//! Nothing is an error for the whole, and nothing is passed over in silence. Between two reads of
//! everything only what changed is read, and counts prove that nothing is missing.

mod aggregated;
mod counts;
mod intake;
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

use super::account_facts::FactsRead;
use super::config_rules::RulesRead;
use super::mirror::{Mirror, Part};
use crate::ConfigClient;
use cel::{Projection, Timestamp};
use engine::evaluation::RuleIdentity;
use model::{AccountId, Region, ResourceType, UnknownReason, rule_types};
use need::Need;
use region::Known;

pub use intake::{ChangeIntake, Taken};
pub use operations::{of_aggregator, of_own, of_recorders};
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
pub struct AwsConfig {
    account: LiveAccount,
    services: Services,
    known: BTreeMap<Region, BTreeMap<ResourceType, Known>>,
    mirror: Arc<Mirror>,
    intake: ChangeIntake,
}

/// Who is asked.
#[derive(Debug)]
enum Services {
    /// The account itself, region by region.
    Own(BTreeMap<Region, ConfigClient>),
    /// An aggregator.
    Aggregator { service: ConfigClient, name: String },
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
    /// Whether each region's recorder runs, where that was reported or an aggregator shows it.
    pub recorders: Vec<(Region, Result<(), Unread>)>,
    /// What was read and not understood: nothing is known of the resources that it is about.
    pub problems: Vec<String>,
    /// What to say of it though nothing is unknown for it.
    pub notes: Vec<String>,
    /// Where compliance items hold what AWS Config rules report: nothing where nobody asked for rules.
    pub rules: Option<Vec<(Region, RuleIdentity, ResourceType)>>,
    /// When to read again, though nothing changes.
    pub again_at: Option<Timestamp>,
}

impl LiveRead {
    /// A round that could not read anything, and why.
    #[must_use]
    pub fn nothing<'t>(
        account: &AccountId,
        regions: &BTreeSet<Region>,
        types: impl IntoIterator<Item = &'t ResourceType>,
        unread: &Unread,
        mirror: &Arc<Mirror>,
    ) -> Self {
        let unread_in = |name: &ResourceType| {
            let said = |region: &Region| (region.clone(), name.clone(), Err(unread.clone()));
            regions.iter().map(said).collect::<Vec<_>>()
        };
        Self {
            account: account.clone(),
            mirror: Arc::clone(mirror),
            parts: BTreeSet::new(),
            types: types.into_iter().flat_map(unread_in).collect(),
            recorders: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            rules: None,
            again_at: None,
        }
    }

    /// Whether it says the same as another but for what the items are.
    #[must_use]
    pub fn differs_by_items_only(&self, other: &Self) -> bool {
        let Self { account, mirror, parts, types, recorders, problems, notes, rules, again_at: _ } =
            self;
        *account == other.account
            && Arc::ptr_eq(mirror, &other.mirror)
            && *parts == other.parts
            && *types == other.types
            && *recorders == other.recorders
            && *problems == other.problems
            && *notes == other.notes
            && *rules == other.rules
    }

    /// Takes in what AWS Config rules report: results of their own are in the mirror too.
    pub fn add_rules(&mut self, read: RulesRead) {
        let RulesRead { types, recorded, recorders, notes, again_at } = read;
        for (region, name, _) in types.iter().filter(|(_, _, outcome)| outcome.is_ok()) {
            let is_recorded = recorded.iter().any(|(of, _, it)| of == region && it == name);
            if !is_recorded {
                let (region, resource_type) = (region.clone(), name.clone());
                self.parts.insert(Part { region, resource_type });
            }
        }
        // The account itself knows better than an aggregator.
        self.recorders.retain(|(of, _)| recorders.iter().all(|(region, _)| region != of));
        self.recorders.extend(recorders);
        self.types.extend(types);
        self.notes.extend(notes);
        self.rules = Some(recorded);
        self.again_at = again_at;
    }

    /// The regions whose compliance items were read.
    pub fn recorded_compliance(&self) -> impl Iterator<Item = &Region> {
        let read = self.types.iter().filter(|(_, name, outcome)| {
            name.as_str() == rule_types::COMPLIANCE && outcome.is_ok()
        });
        read.map(|(region, _, _)| region)
    }

    /// Forgets that compliance items were not read: rules are asked instead.
    pub fn excuse_compliance(&mut self) {
        self.types.retain(|(_, name, outcome)| {
            name.as_str() != rule_types::COMPLIANCE || outcome.is_ok()
        });
    }

    /// Takes in what facts of the account say, which the mirror holds too.
    pub fn add(&mut self, facts: FactsRead) {
        let read = facts.types.iter().filter(|(_, _, outcome)| outcome.is_ok());
        self.parts.extend(
            read.map(|(region, name, _)| Part {
                region: region.clone(),
                resource_type: name.clone(),
            }),
        );
        self.types.extend(facts.types);
        self.problems.extend(facts.problems);
    }

    /// Whether AWS Config records a type nowhere, so that only the account itself can tell of it.
    #[must_use]
    pub fn is_recorded_nowhere(&self, resource_type: &ResourceType) -> bool {
        let mut of_type = self.types.iter().filter(|(_, name, _)| name == resource_type);
        of_type.all(|(_, _, outcome)| {
            let reason = outcome.as_ref().err().map(|unread| unread.reason);
            matches!(reason, Some(UnknownReason::NotRecorded | UnknownReason::RecorderStopped))
        })
    }
}

/// What a round is about.
struct Asked<'a> {
    needs: BTreeMap<ResourceType, Need>,
    now: Timestamp,
    fetched: &'a (dyn Fn(u64) + Sync),
}

impl AwsConfig {
    /// Reads an account in its own regions, into the mirror.
    #[must_use]
    pub fn own(
        account: LiveAccount,
        services: BTreeMap<Region, ConfigClient>,
        mirror: &Arc<Mirror>,
    ) -> Self {
        Self::of(account, Services::Own(services), mirror)
    }

    /// Reads what an aggregator shows of an account, into the mirror.
    #[must_use]
    pub fn aggregated(
        account: LiveAccount,
        service: ConfigClient,
        name: String,
        mirror: &Arc<Mirror>,
    ) -> Self {
        Self::of(account, Services::Aggregator { service, name }, mirror)
    }

    fn of(account: LiveAccount, services: Services, mirror: &Arc<Mirror>) -> Self {
        let own = match &services {
            Services::Own(services) => services.clone(),
            Services::Aggregator { .. } => BTreeMap::new(),
        };
        let intake = ChangeIntake::new(account.account.clone(), mirror, own);
        Self { account, services, known: BTreeMap::new(), mirror: Arc::clone(mirror), intake }
    }

    /// What takes messages about the account, from the first [`refresh`](Self::refresh) on.
    #[must_use]
    pub const fn intake(&self) -> &ChangeIntake {
        &self.intake
    }

    /// Lets go of what is known of a type: somebody else brings its items now.
    pub fn forget(&mut self, resource_type: &ResourceType) {
        for known in self.known.values_mut() {
            known.remove(resource_type);
        }
    }

    /// Brings the items of these types up to date, as far as controls read them. `fetched` hears of
    /// items as they come.
    pub async fn refresh(
        &mut self,
        types: impl IntoIterator<Item = (ResourceType, Projection)>,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> LiveRead {
        let asked = Asked { needs: need::needs(types), now, fetched };
        self.intake.reads(&asked.needs);
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
            problems: Vec::new(),
            notes: Vec::new(),
            rules: None,
            again_at: None,
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
