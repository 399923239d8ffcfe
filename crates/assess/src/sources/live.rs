//! Accounts whose items come from AWS itself, and what was read of them so far.

mod following;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bumpalo::Bump;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};

use super::access::{AwsAccounts, home_region};
use super::changes::{ChangeNews, Subscription};
use super::rules::{are_compliance_items_asked, may_lack_rules, wanted_rules};
use super::sweep::Sweeper;
use super::{AccountInput, SourceInput};
use crate::Progress;
use api::{AwsAccount, AwsAccountSpec, Period};
use aws::AwsError;
use aws::source::account_facts::{AccountFacts, Fact, FactsRead, is_fact};
use aws::source::aws_config::{AwsConfig, LiveAccount, LiveRead};
use aws::source::config_rules::{
    ConfigRules, KnownRecorders, OwnRules, RulesAsked, WantedRule, tally,
};
use aws::source::{Mirror, MirrorSpace};
use cel::{Projection, Timestamp};
use engine::drift::Installation;
use engine::evaluation::Evaluation;
use engine::plan::Plan;
use model::{AccountId, ResourceType, rule_types};

/// So many accounts are read at once.
const AT_ONCE: usize = 4;

/// The accounts that are read live.
#[derive(Debug)]
pub struct LiveSources {
    aws: AwsAccounts,
    accounts: BTreeMap<AccountId, Live>,
    /// Whose AWS Config rules are kept; nothing where rules are only read.
    installation: Option<Installation>,
    /// Whether there may be baselines that no plan stands for.
    may_lack_baselines: bool,
    /// Removes rules where nobody reads any more.
    sweeper: Sweeper,
    /// What messages of change queues have brought; nothing where queues are not read.
    news: Option<Arc<ChangeNews>>,
}

/// One account.
#[derive(Debug)]
struct Live {
    /// What it was made from: after a change of any of it, it is made from the start.
    spec: AwsAccountSpec,
    input: AccountInput,
    /// Made when the account was reached for the first time.
    source: Option<AwsConfig>,
    facts: AccountFacts,
    rules: ConfigRules,
    /// Whether no plan wants a rule, and none of Plumbline's own is left.
    has_no_rules: bool,
    /// What all of these brought.
    mirror: Arc<Mirror>,
    /// What messages bring into the mirror in between.
    changes: Option<Subscription>,
    /// What was read last.
    last: Option<LiveRead>,
}

/// What plans read of types.
type Types = Vec<(ResourceType, Projection)>;

impl LiveSources {
    /// No account yet.
    #[must_use]
    pub const fn new(aws: AwsAccounts) -> Self {
        Self {
            aws,
            accounts: BTreeMap::new(),
            installation: None,
            may_lack_baselines: true,
            sweeper: Sweeper::new(),
            news: None,
        }
    }

    /// The same, keeping AWS Config rules of this installation in the accounts that ask for it.
    #[must_use]
    pub fn keeping_rules(self, installation: Installation) -> Self {
        Self { installation: Some(installation), ..self }
    }

    /// Says whether there may be baselines that no plan stands for: the rules of these stay.
    pub const fn may_lack_baselines(&mut self, may_lack: bool) {
        self.may_lack_baselines = may_lack;
    }

    /// Reads what these plans need of the accounts among `accounts` whose items come from AWS.
    pub async fn refresh<'a>(
        &mut self,
        accounts: impl IntoIterator<Item = &'a AwsAccount>,
        plans: &[Plan],
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Vec<SourceInput> {
        let own = self.installation.clone().map(|installation| {
            let may_remove = !self.may_lack_baselines && !may_lack_rules(plans);
            OwnRules { installation, may_remove }
        });
        if let Some(news) = &self.news {
            news.begin();
        }
        self.settle(accounts, plans);
        if let Some(own) = own.as_ref().filter(|own| own.may_remove) {
            self.sweeper.start(&self.aws, own, now).await;
        }
        let (aws, follows) = (&self.aws, self.news.is_some());
        let mut reads: Vec<BoxFuture<'_, LiveRead>> = Vec::new();
        for (account, live) in &mut self.accounts {
            let types = types(account, plans, now);
            let own = own.as_ref().filter(|_| live.spec.source.manages_config_rules());
            let wanted = Wanted {
                rules: wanted_rules(account, plans),
                own,
                asks_for_compliance: are_compliance_items_asked(plans),
            };
            let read = async move {
                let fetched = |items| progress.fetched(items);
                let read = live.read(aws, types, &wanted, now, &fetched).await;
                live.last = follows.then(|| read.clone());
                read
            };
            reads.push(read.boxed());
        }
        let reads: Vec<LiveRead> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        for read in &reads {
            for (region, state) in &read.recorders {
                aws.metrics().recorder(read.account.as_str(), region.as_str(), state.is_ok());
            }
        }
        if reads.is_empty() {
            // Nobody waits for what is read, and the process may end after this.
            self.sweeper.finish().await;
        }
        reads.into_iter().map(SourceInput::Live).collect()
    }

    /// Makes room for accounts that are new or changed, and lets go of the others. Where nobody reads any
    /// more, rules may be left.
    fn settle<'a>(&mut self, accounts: impl IntoIterator<Item = &'a AwsAccount>, plans: &[Plan]) {
        let mut before = std::mem::take(&mut self.accounts);
        for account in accounts {
            let spec = &account.spec;
            let kept = before.remove(&spec.account_id);
            if spec.source.snapshot.is_some() {
                continue;
            }
            let regions = kept.as_ref().map(|live| live.input.regions.clone()).unwrap_or_default();
            let Some(input) = AccountInput::of(spec, plans) else {
                self.sweeper.abandon(spec, regions.into_iter().chain(spec.regions.clone()), plans);
                continue;
            };
            self.sweeper.take_back(&spec.account_id, &input.regions);
            let left = regions.difference(&input.regions).cloned();
            self.sweeper.abandon(spec, left.collect::<Vec<_>>(), plans);
            let kept = kept.filter(|live| live.spec == *spec && live.input == input);
            let live = kept.unwrap_or_else(|| {
                let subscribe = |news| self.aws.queues().subscribe(&self.aws, spec, news);
                let changes = self.news.as_ref().and_then(subscribe);
                Live { changes, ..Live::new(spec, input, self.aws.space()) }
            });
            self.accounts.insert(spec.account_id.clone(), live);
        }
        for live in before.into_values() {
            self.sweeper.abandon(&live.spec, live.input.regions, plans);
        }
    }
}

/// The AWS Config rules that are wanted of an account.
struct Wanted<'w> {
    rules: BTreeMap<ResourceType, WantedRule>,
    /// How rules of Plumbline's own are kept, where they are.
    own: Option<&'w OwnRules>,
    /// Whether a control looks at compliance items themselves.
    asks_for_compliance: bool,
}

impl Live {
    fn new(spec: &AwsAccountSpec, input: AccountInput, space: MirrorSpace) -> Self {
        let (account, home) = (spec.account_id.clone(), home_region(spec));
        let regions = || input.regions.iter().cloned();
        let facts = AccountFacts::new(account.clone(), regions(), home.clone());
        let rules = ConfigRules::new(account, regions(), home);
        let mirror = Arc::new(Mirror::within(space));
        Self {
            spec: spec.clone(),
            input,
            source: None,
            facts,
            rules,
            has_no_rules: false,
            mirror,
            changes: None,
            last: None,
        }
    }

    /// What AWS Config records of these types, and what only the account itself tells of them.
    async fn read(
        &mut self,
        aws: &AwsAccounts,
        types: Types,
        wanted: &Wanted<'_>,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> LiveRead {
        let (of_facts, recorded): (Types, Types) = types
            .into_iter()
            .filter(|(name, _)| !rule_types::is_rule(name.as_str()))
            .partition(|(name, _)| is_fact(name));
        let mut asked_directly: Vec<ResourceType> =
            of_facts.into_iter().map(|(name, _)| name).collect();
        let substitutes: Vec<ResourceType> = recorded
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| Fact::of_type(name.as_str()).is_some())
            .collect();
        let mut read = self.read_recorded(aws, recorded, now, fetched).await;
        if self.spec.source.reads_account_facts() {
            for name in substitutes {
                if !read.is_recorded_nowhere(&name) {
                    continue;
                }
                read.types.retain(|(_, of, _)| *of != name);
                self.source.iter_mut().for_each(|source| source.forget(&name));
                asked_directly.push(name);
            }
        }
        read.add(self.read_facts(aws, &asked_directly, now, fetched).await);
        self.read_rules(aws, &mut read, wanted, now, fetched).await;
        read
    }

    /// What AWS Config rules report, and the rules themselves where Plumbline keeps them.
    async fn read_rules(
        &mut self,
        aws: &AwsAccounts,
        read: &mut LiveRead,
        wanted: &Wanted<'_>,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) {
        self.rules.forget_unwanted(&wanted.rules, &self.mirror);
        if wanted.rules.is_empty() && (wanted.own.is_none() || self.has_no_rules) {
            return;
        }
        let mut recorded = BTreeMap::new();
        for region in read.recorded_compliance() {
            if let Some(tally) = tally(&self.mirror, region).await {
                recorded.insert(region.clone(), tally);
            }
        }
        let Wanted { rules, own, asks_for_compliance } = wanted;
        let recorders = KnownRecorders {
            states: &read.recorders,
            are_aggregated: self.spec.source.aggregator.is_some(),
            max_age: max_age(&self.spec),
        };
        let asked = RulesAsked { wanted: rules, recorded: &recorded, recorders, own: *own, now };
        let found = match aws.own(&self.spec).await {
            Ok(access) => self.rules.refresh(asked, &access, &self.mirror, fetched).await,
            Err(error) => self.rules.unreached(asked, &error),
        };
        let may_remove = own.is_some_and(|own| own.may_remove);
        self.has_no_rules = rules.is_empty() && may_remove && found.notes.is_empty();
        if !asks_for_compliance {
            read.excuse_compliance();
        }
        read.add_rules(found);
    }

    /// Nothing is read before it is sure whose account is asked.
    async fn read_recorded(
        &mut self,
        aws: &AwsAccounts,
        types: Types,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> LiveRead {
        let source = match &mut self.source {
            Some(source) => source,
            none => match open(aws, &self.spec, &self.input, &self.mirror).await {
                Ok(source) => none.insert(source),
                Err(error) => {
                    let types = types.iter().map(|(name, _)| name);
                    let (account, regions) = (&self.spec.account_id, &self.input.regions);
                    let unread = error.into();
                    return LiveRead::nothing(account, regions, types, &unread, &self.mirror);
                }
            },
        };
        if let Some(changes) = &self.changes {
            changes.attach(source.intake());
        }
        source.refresh(types, now, fetched).await
    }

    async fn read_facts(
        &mut self,
        aws: &AwsAccounts,
        types: &[ResourceType],
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> FactsRead {
        if !self.spec.source.reads_account_facts() {
            return self.facts.switched_off(types);
        }
        if self.facts.is_due(types, now) {
            match aws.own(&self.spec).await {
                Ok(access) => {
                    let client = access.facts();
                    self.facts.refresh(types, &client, &self.mirror, now, fetched).await;
                }
                Err(error) => self.facts.unreached(types, &error, now),
            }
        }
        self.facts.read(types)
    }
}

/// How long what a source shows of an account counts.
pub(super) fn max_age(spec: &AwsAccountSpec) -> Duration {
    let aggregator = spec.source.aggregator.as_ref().map(|aggregator| aggregator.max_age);
    let own = || spec.source.config_api.clone().unwrap_or_default().max_age;
    aggregator.unwrap_or_else(own).duration()
}

/// Reaches whoever is asked for the account's items.
async fn open(
    aws: &AwsAccounts,
    spec: &AwsAccountSpec,
    input: &AccountInput,
    mirror: &Arc<Mirror>,
) -> Result<AwsConfig, AwsError> {
    let account = |whole_every: Period, max_age: Period| LiveAccount {
        account: spec.account_id.clone(),
        regions: input.regions.clone(),
        home_region: home_region(spec),
        whole_every: whole_every.duration(),
        max_age: max_age.duration(),
    };
    if let Some(aggregator) = &spec.source.aggregator {
        let asked = aws.aggregator(spec, aggregator).await?;
        let service = asked.config(&aggregator.region);
        let account = account(aggregator.full_read_every, aggregator.max_age);
        return Ok(AwsConfig::aggregated(account, service, aggregator.name.clone(), mirror));
    }
    let api = spec.source.config_api.clone().unwrap_or_default();
    let own = aws.own(spec).await?;
    let services = input.regions.iter().map(|it| (it.clone(), own.config(it))).collect();
    Ok(AwsConfig::own(account(api.full_read_every, api.max_age), services, mirror))
}

/// What the plans that hold for an account read.
pub fn types(
    account: &AccountId,
    plans: &[Plan],
    now: Timestamp,
) -> Vec<(ResourceType, Projection)> {
    let concern = |plan: &&Plan| plan.targets.iter().any(|target| target.account == *account);
    let plans: Vec<Plan> = plans.iter().filter(concern).cloned().collect();
    let arena = Bump::new();
    Evaluation::new(&plans, now, &arena).reading()
}
