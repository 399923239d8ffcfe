//! Accounts whose items come from AWS itself, and what was read of them so far.

use std::collections::BTreeMap;

use bumpalo::Bump;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};

use super::access::{AwsAccounts, home_region};
use super::{AccountInput, SourceInput};
use crate::api::{AwsAccount, AwsAccountSpec, Period};
use crate::aws::{AwsError, ConfigClient};
use crate::controller::Progress;
use crate::evaluation::Evaluation;
use crate::plan::Plan;
use crate::resource::{AccountId, Projection, ResourceType, Timestamp};
use crate::source::aws_config::{AwsConfig, LiveAccount, LiveRead};

/// So many accounts are read at once.
const AT_ONCE: usize = 4;

/// The accounts that are read live.
#[derive(Debug)]
pub struct LiveSources {
    aws: AwsAccounts,
    accounts: BTreeMap<AccountId, Live>,
}

/// One account.
#[derive(Debug)]
struct Live {
    /// What it was made from: a change of any of it makes it anew.
    spec: AwsAccountSpec,
    input: AccountInput,
    /// Made when the account was reached for the first time.
    source: Option<AwsConfig<ConfigClient>>,
}

impl LiveSources {
    /// No account yet.
    #[must_use]
    pub const fn new(aws: AwsAccounts) -> Self {
        Self { aws, accounts: BTreeMap::new() }
    }

    /// Reads what these plans need of the accounts among `accounts` whose items come from AWS.
    pub async fn refresh<'a>(
        &mut self,
        accounts: impl IntoIterator<Item = &'a AwsAccount>,
        plans: &[Plan],
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Vec<SourceInput> {
        self.settle(accounts, plans);
        let aws = &self.aws;
        let mut reads: Vec<BoxFuture<'_, LiveRead>> = Vec::new();
        for (account, live) in &mut self.accounts {
            let types = types(account, plans, now);
            let read =
                async move { live.read(aws, types, now, &|items| progress.fetched(items)).await };
            reads.push(read.boxed());
        }
        let reads: Vec<LiveRead> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        for read in &reads {
            for (region, state) in &read.recorders {
                aws.metrics().recorder(read.account.as_str(), region.as_str(), state.is_ok());
            }
        }
        reads.into_iter().map(SourceInput::Live).collect()
    }

    /// Makes room for accounts that are new or changed, and lets go of the others.
    fn settle<'a>(&mut self, accounts: impl IntoIterator<Item = &'a AwsAccount>, plans: &[Plan]) {
        let mut before = std::mem::take(&mut self.accounts);
        for account in accounts {
            let spec = &account.spec;
            if spec.source.snapshot.is_some() {
                continue;
            }
            let Some(input) = AccountInput::of(spec, plans) else { continue };
            let kept = before.remove(&spec.account_id);
            let kept = kept.filter(|live| live.spec == *spec && live.input == input);
            let live = kept.unwrap_or_else(|| Live { spec: spec.clone(), input, source: None });
            self.accounts.insert(spec.account_id.clone(), live);
        }
    }
}

impl Live {
    /// Nothing is read before it is sure whose account is asked.
    async fn read(
        &mut self,
        aws: &AwsAccounts,
        types: Vec<(ResourceType, Projection)>,
        now: Timestamp,
        fetched: &(dyn Fn(u64) + Sync),
    ) -> LiveRead {
        let source = match &mut self.source {
            Some(source) => source,
            none => match open(aws, &self.spec, &self.input).await {
                Ok(source) => none.insert(source),
                Err(error) => {
                    let types = types.iter().map(|(name, _)| name);
                    let account = &self.spec.account_id;
                    return LiveRead::nothing(account, &self.input.regions, types, &error.into());
                }
            },
        };
        source.refresh(types, now, fetched).await
    }
}

/// Reaches whoever is asked for the account's items.
async fn open(
    aws: &AwsAccounts,
    spec: &AwsAccountSpec,
    input: &AccountInput,
) -> Result<AwsConfig<ConfigClient>, AwsError> {
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
        return Ok(AwsConfig::aggregated(account, service, aggregator.name.clone()));
    }
    let api = spec.source.config_api.clone().unwrap_or_default();
    let own = aws.own(spec).await?;
    let services = input.regions.iter().map(|it| (it.clone(), own.config(it))).collect();
    Ok(AwsConfig::own(account(api.full_read_every, api.max_age), services))
}

/// What the plans that hold for an account read.
pub(in crate::controller) fn types(
    account: &AccountId,
    plans: &[Plan],
    now: Timestamp,
) -> Vec<(ResourceType, Projection)> {
    let concern = |plan: &&Plan| plan.targets.iter().any(|target| target.account == *account);
    let plans: Vec<Plan> = plans.iter().filter(concern).cloned().collect();
    let arena = Bump::new();
    Evaluation::new(&plans, now, &arena).reading()
}
