//! AWS Config rules that controls delegate their checks to: which rule stands for each, and what it
//! says.
//!
//! What the rules of a region are is asked of the account itself. Results come from the compliance items
//! that AWS Config records, where these hold all that there is to say of a rule; else rule by rule, which
//! gives the annotations, too. A rule that does not exist, has not evaluated yet or fails is unknown
//! with a reason, and no rule is taken for another.

mod kept;
mod matching;
mod outcome;
mod own;
mod reading;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};

use super::aws_config::Unread;
use super::mirror::{Mirror, Part};
use crate::operations::{
    DELETE_RULE, DESCRIBE_RULE_STATUS, DESCRIBE_RULES, PUT_RULE, RULE_RESULTS, RULE_TAGS,
};
use crate::rules::ConfigRule;
use crate::sdk::{AccountAccess, ConfigClient};
use crate::{AwsError, Operation};
use cel::Timestamp;
use engine::plan::PlannedRule;
use kept::Kept;
use model::{AccountId, Region, ResourceType, UnknownReason};
pub use outcome::RulesRead;
use outcome::{FoundResults, OfRegion};
pub use own::OwnRules;
use own::{RuleMark, Unchanged};
use reading::RuleReading;
pub use tally::{Tally, tally};

/// So many regions are asked at once.
const AT_ONCE: usize = 4;
/// So many seconds after Plumbline created a rule its first evaluation is looked for; twice as long with
/// each time that it is not there,
const SOON: i64 = 60;
/// so often.
const DOUBLINGS: u32 = 5;

/// What reading rules calls.
pub const READING: [Operation; 3] = [DESCRIBE_RULES, DESCRIBE_RULE_STATUS, RULE_RESULTS];
/// What keeping rules of its own calls beside these.
pub const KEEPING: [Operation; 3] = [PUT_RULE, DELETE_RULE, RULE_TAGS];

/// A rule that plans delegate to, and where.
#[derive(Debug, Clone)]
pub struct WantedRule {
    /// The rule.
    pub rule: Arc<PlannedRule>,
    /// The regions that it is to check.
    pub regions: BTreeSet<Region>,
    /// Whether its results are read: those of a suspended baseline are not.
    pub is_read: bool,
}

/// The rules of one account.
#[derive(Debug)]
pub struct ConfigRules {
    account: AccountId,
    regions: Vec<Region>,
    home_region: Region,
    kept: BTreeMap<(Region, ResourceType), Kept>,
    /// Whose rules are, by ARN.
    marks: BTreeMap<String, RuleMark>,
    /// How often a rule of Plumbline's own was looked for that had not evaluated yet.
    waits: u32,
}

/// What a round is about.
#[derive(Debug, Clone, Copy)]
pub struct RulesAsked<'a> {
    /// The rules, by the type of their results.
    pub wanted: &'a BTreeMap<ResourceType, WantedRule>,
    /// What the compliance items of a region hold, where AWS Config records them.
    pub recorded: &'a BTreeMap<Region, Tally>,
    /// Whether the recorders run: what a rule reported before its region's recorder stopped says nothing
    /// of today.
    pub recorders: KnownRecorders<'a>,
    /// How Plumbline keeps rules of its own; nothing where it only reads.
    pub own: Option<&'a OwnRules>,
    /// The time.
    pub now: Timestamp,
}

/// Whether the recorders of an account run.
#[derive(Debug, Clone, Copy)]
pub struct KnownRecorders<'a> {
    /// As the account itself reported it, or an aggregator shows it.
    pub states: &'a [(Region, Result<(), Unread>)],
    /// Whether an aggregator shows it. That a recorder fails is shown by none: the account is asked.
    pub are_aggregated: bool,
    /// What a recorder has to deliver since longer is stale.
    pub max_age: Duration,
}

impl KnownRecorders<'_> {
    fn state(&self, region: &Region) -> Option<&Result<(), Unread>> {
        self.states.iter().find(|(of, _)| of == region).map(|(_, state)| state)
    }
}

impl ConfigRules {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(
        account: AccountId,
        regions: impl IntoIterator<Item = Region>,
        home_region: Region,
    ) -> Self {
        let (kept, marks) = (BTreeMap::new(), BTreeMap::new());
        let regions = regions.into_iter().collect();
        Self { account, regions, home_region, kept, marks, waits: 0 }
    }

    /// Brings rules up to date, and what they say into the mirror.
    pub async fn refresh(
        &mut self,
        asked: RulesAsked<'_>,
        access: &AccountAccess,
        mirror: &Mirror,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> RulesRead {
        let this = &*self;
        let mut reads: Vec<BoxFuture<'_, (Region, OfRegion)>> = Vec::new();
        for region in &this.regions {
            let client = access.config(region);
            let read = async move {
                (region.clone(), this.region(region, &client, asked, mirror, fetched).await)
            };
            reads.push(read.boxed());
        }
        let mut regions: BTreeMap<Region, OfRegion> =
            stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        let mut read = RulesRead::default();
        for (region, of_region) in &mut regions {
            self.marks.append(&mut of_region.marks);
            for (resource_type, kept) in std::mem::take(&mut of_region.kept) {
                self.kept.insert((region.clone(), resource_type), kept);
            }
            read.notes.append(&mut of_region.notes);
            let asked = of_region.recorder.take();
            read.recorders.extend(asked.map(|state| (region.clone(), state)));
        }
        if regions.values().any(|of_region| of_region.is_new) {
            let wait = SOON << self.waits.min(DOUBLINGS);
            let again_at = Timestamp { seconds: asked.now.seconds + wait, ..asked.now };
            read.again_at = Some(again_at);
            self.waits += 1;
        } else {
            self.waits = 0;
        }
        self.say(&mut read, regions, asked);
        // What the compliance items say of a rule is not needed a second time.
        self.keep_only(mirror, |(region, resource_type)| {
            !read.recorded.iter().any(|(of, _, name)| of == region && name == resource_type)
        });
        read
    }

    /// Lets go of the results of rules that nobody reads any more.
    pub fn forget_unwanted(
        &mut self,
        wanted: &BTreeMap<ResourceType, WantedRule>,
        mirror: &Mirror,
    ) {
        self.keep_only(mirror, |(region, resource_type)| {
            wanted.get(resource_type).is_some_and(|wanted| {
                wanted.is_read && (wanted.rule.is_of_account() || wanted.regions.contains(region))
            })
        });
    }

    fn keep_only(&mut self, mirror: &Mirror, is_needed: impl Fn(&(Region, ResourceType)) -> bool) {
        self.kept.retain(|place, _| {
            let needed = is_needed(place);
            if !needed {
                let (region, resource_type) = place.clone();
                mirror.forget(&Part { region, resource_type });
            }
            needed
        });
    }

    /// What can be said though the account cannot be reached: a rule that its control names, and that the
    /// compliance items name too, is read where the region's recorder is seen to run.
    #[must_use]
    pub fn unreached(&self, asked: RulesAsked<'_>, error: &AwsError) -> RulesRead {
        let mut read = RulesRead::default();
        let regions = self.regions.iter().map(|region| {
            let mut of_region = OfRegion::default();
            let unreached = || Unread::from(error.clone());
            let runs = asked.recorders.state(region).cloned().unwrap_or_else(|| Err(unreached()));
            for (resource_type, wanted) in self.wanted_in(region, asked) {
                let outcome = recorded_by_name(&wanted.rule, region, asked.recorded);
                let outcome = outcome.ok_or_else(unreached);
                of_region.outcomes.insert(resource_type.clone(), outcome);
            }
            of_region.believe(&runs);
            (region.clone(), of_region)
        });
        self.say(&mut read, regions.collect(), asked);
        read
    }

    /// The rules that are looked for in a region: one of an account as a whole in any of its regions, or
    /// in the home region where Plumbline keeps rules of its own.
    fn wanted_in<'a>(
        &self,
        region: &Region,
        asked: RulesAsked<'a>,
    ) -> Vec<(&'a ResourceType, &'a WantedRule)> {
        let is_here = |wanted: &WantedRule| {
            if wanted.rule.is_of_account() {
                let is_own = asked.own.is_some() && wanted.rule.name.is_none();
                !is_own || *region == self.home_region
            } else {
                wanted.regions.contains(region)
            }
        };
        asked.wanted.iter().filter(|(_, wanted)| is_here(wanted)).collect()
    }

    /// Puts together what is known of the regions.
    fn say(
        &self,
        read: &mut RulesRead,
        mut regions: BTreeMap<Region, OfRegion>,
        asked: RulesAsked<'_>,
    ) {
        for (resource_type, wanted) in asked.wanted.iter().filter(|(_, wanted)| wanted.is_read) {
            let outcomes: Vec<(Region, Result<FoundResults, Unread>)> = regions
                .iter_mut()
                .filter_map(|(region, of_region)| {
                    Some((region.clone(), of_region.outcomes.remove(resource_type)?))
                })
                .collect();
            if wanted.rule.is_of_account() {
                self.say_of_account(read, resource_type, outcomes);
                continue;
            }
            for (region, outcome) in outcomes {
                read.add(region, resource_type, outcome);
            }
        }
    }

    /// A rule of the account as a whole counts in the first region that has it, the home region before
    /// all others.
    fn say_of_account(
        &self,
        read: &mut RulesRead,
        resource_type: &ResourceType,
        mut outcomes: Vec<(Region, Result<FoundResults, Unread>)>,
    ) {
        outcomes.sort_by_key(|(region, outcome)| (outcome.is_err(), *region != self.home_region));
        let mut outcomes = outcomes.into_iter();
        let Some((region, outcome)) = outcomes.next() else { return };
        if outcome.is_ok() {
            return read.add(region, resource_type, outcome);
        }
        // What is unread in the home region is unread in whichever region one asks for it.
        let unread = outcome.map(|_| ());
        for region in &self.regions {
            read.types.push((region.clone(), resource_type.clone(), unread.clone()));
        }
    }

    async fn region(
        &self,
        region: &Region,
        client: &ConfigClient,
        asked: RulesAsked<'_>,
        mirror: &Mirror,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> OfRegion {
        let (account, kept) = (&self.account, &self.kept);
        let place = RuleReading { account, region, client, asked, kept, mirror, fetched };
        let mut of_region = OfRegion::default();
        let wanted = self.wanted_in(region, asked);
        if wanted.is_empty() && asked.own.is_none() {
            return of_region;
        }
        if wanted.iter().any(|(_, wanted)| wanted.is_read) {
            let runs = place.recorder(&mut of_region).await;
            self.rules(&place, wanted, &mut of_region).await;
            of_region.believe(&runs);
        } else {
            self.rules(&place, wanted, &mut of_region).await;
        }
        of_region
    }

    /// Brings the rules of a region up to date, and reads what they say.
    async fn rules(
        &self,
        place: &RuleReading<'_>,
        wanted: Vec<(&ResourceType, &WantedRule)>,
        of_region: &mut OfRegion,
    ) {
        let RuleReading { region, client, asked, .. } = *place;
        let rules = match client.rules().await {
            Ok(rules) => rules,
            Err(error) => {
                if wanted.is_empty() {
                    of_region.notes.push(error.to_string());
                }
                for (resource_type, wanted) in wanted {
                    let outcome = recorded_by_name(&wanted.rule, region, asked.recorded);
                    let outcome = outcome.ok_or_else(|| Unread::from(error.clone()));
                    of_region.outcomes.insert(resource_type.clone(), outcome);
                }
                return;
            }
        };
        let mut chosen: BTreeMap<&ResourceType, Result<ConfigRule, Unread>> = BTreeMap::new();
        if let Some(own) = asked.own {
            let marked = Unchanged { own, marks: &self.marks };
            let unchanged = marked.keep(region, client, &rules, &wanted).await;
            of_region.is_new = unchanged.is_new;
            of_region.marks = unchanged.marks;
            of_region.notes = unchanged.notes;
            chosen.extend(unchanged.chosen);
        }
        for (resource_type, wanted) in wanted.iter().filter(|(_, wanted)| wanted.is_read) {
            let matched = || matching::find(&wanted.rule, &rules, region).cloned();
            chosen.entry(resource_type).or_insert_with(matched);
        }
        place.results(chosen, of_region).await;
    }
}

/// What the compliance items say of a rule that its control names.
fn recorded_by_name(
    rule: &PlannedRule,
    region: &Region,
    recorded: &BTreeMap<Region, Tally>,
) -> Option<FoundResults> {
    let name = rule.name.as_ref().filter(|_| rule.identifier.is_none())?;
    recorded.get(region)?.only(name).map(FoundResults::Recorded)
}

fn missing(detail: String) -> Unread {
    Unread { reason: UnknownReason::MissingRule, detail }
}
