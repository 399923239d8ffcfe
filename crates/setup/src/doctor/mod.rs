//! Looks into what each account needs before it can be held to its baselines, and says of every
//! failed check how to fix it.
//!
//! Nothing is changed: each check is one call that reads little, and what only writing would show
//! is not tried. A check that failed keeps only those from being tried that stand on it.

mod aggregator;
mod check;
mod delivery;
mod facts;
mod needs;
mod permission;
mod queue;
mod reach;
mod recorder;
mod rules;
mod snapshot;

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::permissions::published_in;
use api::{AggregatorSource, AwsAccount, AwsAccountSpec};
use assess::{AccountInput, AwsAccounts, change_queue, home_region, schedule};
use aws::AccountAccess;
use cel::Timestamp;
use check::Place;
pub use check::{Check, CheckResult, CheckState};
use engine::plan::Plan;
use manifest::document::Located;
use model::{AccountId, Region, S3Url};
use needs::Needs;

/// What is looked into.
#[derive(Debug, Clone, Copy)]
pub struct Examination<'e> {
    /// The accounts; those that no plan holds for are passed over.
    pub accounts: &'e [Located<AwsAccount>],
    /// The baselines.
    pub plans: &'e [Plan],
    /// Only these regions; all of each account's where there is none.
    pub regions: &'e [Region],
    /// The time.
    pub now: Timestamp,
}

/// One account that is looked into.
struct AccountCheck<'e> {
    spec: &'e AwsAccountSpec,
    input: AccountInput,
    /// The regions that are looked into,
    regions: BTreeSet<Region>,
    /// and those of them that findings are published in.
    published: BTreeSet<Region>,
    needs: Needs,
    now: Timestamp,
}

/// Looks into every account, one after the other, in the order that they are given.
pub async fn examine(aws: &AwsAccounts, asked: Examination<'_>) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for located in asked.accounts {
        let Some(account) = AccountCheck::of(&located.object.spec, &asked) else { continue };
        if let Some(source) = &account.spec.source.snapshot {
            let place = Place::account(&account.spec.account_id);
            let path = located.folder().join(&source.url);
            let opened = Box::pin(snapshot::open(aws, &account, &path)).await;
            results.push(snapshot::examine(place, &path, opened, &account.input, asked.now));
            results.extend(snapshot::requested_in_time(place, source));
        }
        results.extend(facts::switched_off(&account));
        if let Some(source) = &account.spec.source.aggregator {
            results.extend(Box::pin(account.aggregator(aws, source)).await);
        }
        results.extend(Box::pin(account.own(aws)).await);
        if let Some((url, role)) = change_queue(account.spec) {
            let place = Place::account(&account.spec.account_id);
            let interval = schedule::interval(asked.plans).unwrap_or_default();
            results.extend(Box::pin(queue::examine(aws, place, (&url, role), interval)).await);
        }
    }
    results
}

impl<'e> AccountCheck<'e> {
    fn of(spec: &'e AwsAccountSpec, asked: &Examination<'_>) -> Option<Self> {
        let input = AccountInput::of(spec, asked.plans)?;
        let is_asked =
            |region: &&Region| asked.regions.is_empty() || asked.regions.contains(region);
        let regions = input.regions.iter().filter(is_asked).cloned().collect();
        let published = published_in(&spec.account_id, asked.plans);
        let published = published.iter().filter(is_asked).cloned().collect();
        let mut needs = Needs::of(&spec.account_id, asked.plans, asked.now);
        if !spec.source.reads_account_facts() {
            needs.substitutes.clear();
        }
        Some(Self { spec, input, regions, published, needs, now: asked.now })
    }

    /// The account itself: its recorders where it is read so, and its Security Hub.
    async fn own(&self, aws: &AwsAccounts) -> Vec<CheckResult> {
        let spec = self.spec;
        let is_read = spec.source.config_api.is_some();
        let Needs { facts, substitutes, .. } = &self.needs;
        let are_needed = !facts.is_empty() || !substitutes.is_empty();
        let reads_facts = spec.source.reads_account_facts() && are_needed;
        let reads_rules = spec.source.snapshot.is_none() && !self.needs.rules.is_empty();
        let requested = self.requested();
        let is_reached = is_read || reads_facts || reads_rules || requested.is_some();
        if !is_reached && self.published.is_empty() {
            return Vec::new();
        }
        let (place, home) = (Place::account(&spec.account_id), home_region(spec));
        let (mut results, access) =
            Box::pin(reach::reach(aws, place, spec.role.as_ref(), &home, aws.own(spec))).await;
        let Some(access) = access else {
            let unreached = "the account cannot be reached";
            results.extend(is_read.then(|| place.not_tried(Check::Recorder, unreached)));
            let published = !self.published.is_empty();
            results.extend(published.then(|| place.not_tried(Check::SecurityHub, unreached)));
            results.extend(reads_facts.then(|| place.not_tried(Check::AccountFacts, unreached)));
            results.extend(reads_rules.then(|| place.not_tried(Check::ConfigRules, unreached)));
            let requests = requested.map(|_| place.not_tried(Check::DeliveryChannel, unreached));
            results.extend(requests);
            return results;
        };
        if is_read {
            results.extend(self.recorders(&access, &home).await);
        }
        if reads_facts {
            let (client, needs) = (access.facts(), &self.needs);
            let read = facts::examine(place, &client, &self.regions, &home, needs, self.now);
            results.extend(read.await);
        }
        if reads_rules {
            for region in &self.regions {
                let (place, client) =
                    (Place::region(&spec.account_id, region), access.config(region));
                if !is_read {
                    // Rules are believed only while the recorder runs, which no aggregator shows.
                    let aggregator = self.spec.source.aggregator.as_ref();
                    let max_age = aggregator.map(|source| source.max_age.duration());
                    let oldest = self.now.second_before(max_age.unwrap_or_default());
                    let found = client.recorder().await;
                    results.push(recorder::runs(place, region, &found, oldest));
                }
                results.extend(rules::examine(place, &client, self).await);
            }
        }
        if let Some(url) = requested {
            results.extend(self.delivery(&access, &url).await);
        }
        results.extend(self.security_hub(&access).await);
        results
    }

    /// All the account's recorders are looked at, since any of them may record global types.
    async fn recorders(&self, access: &AccountAccess, home: &Region) -> Vec<CheckResult> {
        let account = &self.spec.account_id;
        let ask =
            self.input.regions.iter().map(|region| async move {
                (region.clone(), access.config(region).recorder().await)
            });
        let recorders: recorder::Recorders = join_all(ask).await.into_iter().collect();
        let source = self.spec.source.config_api.clone().unwrap_or_default();
        let oldest = self.now.second_before(source.max_age.duration());
        let first = self.regions.get(home).or_else(|| self.regions.first()).unwrap_or(home);
        let mut results = Vec::new();
        for region in &self.regions {
            results.extend(recorder::examine(
                account,
                region,
                &recorders,
                first,
                &self.needs,
                oldest,
            ));
            let place = Place::region(account, region);
            let service = access.config(region);
            results.extend(permission::of_own_account(place, &service, &self.needs).await);
        }
        results
    }

    /// The bucket that snapshots are read from, where they are requested.
    fn requested(&self) -> Option<S3Url> {
        let snapshot = self.spec.source.snapshot.as_ref()?;
        snapshot.deliver.as_ref()?;
        snapshot.bucket()?.ok()
    }

    /// The delivery channels that snapshots are requested of.
    async fn delivery(&self, access: &AccountAccess, url: &S3Url) -> Vec<CheckResult> {
        let account = &self.spec.account_id;
        let ask = self.regions.iter().map(|region| async move {
            let channel = access.config(region).delivery_channel().await;
            delivery::examine(Place::region(account, region), url, &channel)
        });
        let mut results = join_all(ask).await;
        results.push(delivery::of_requesting(Place::account(account)));
        results
    }

    async fn security_hub(&self, access: &AccountAccess) -> Vec<CheckResult> {
        let account: &AccountId = &self.spec.account_id;
        let mut results = Vec::new();
        for region in &self.published {
            let place = Place::region(account, region);
            let service = access.security_hub(region);
            results.extend(permission::of_security_hub(place, &service).await);
        }
        let publishes = !self.published.is_empty();
        results.extend(publishes.then(|| permission::of_publishing(Place::account(account))));
        results
    }

    /// The aggregator that shows the account, in an account of its own.
    async fn aggregator(&self, aws: &AwsAccounts, source: &AggregatorSource) -> Vec<CheckResult> {
        let place = Place::account(&source.account);
        let reached = aws.aggregator(self.spec, source);
        let (mut results, access) =
            Box::pin(reach::reach(aws, place, source.role.as_ref(), &source.region, reached)).await;
        let place = Place::region(&source.account, &source.region);
        let Some(access) = access else {
            results.push(place.not_tried(Check::Aggregator, "its account cannot be reached"));
            return results;
        };
        let service = access.config(&source.region);
        let answer = service.aggregated(&source.name).await;
        results.push(aggregator::exists(place, &source.name, &answer));
        results.push(permission::of_aggregator(place, &service, &source.name).await);
        let (name, max_age) = (source.name.as_str(), source.max_age.duration());
        let account = &self.spec.account_id;
        for region in self.regions.iter().filter(|_| answer.is_ok()) {
            let sources = answer.as_deref().unwrap_or_default();
            results.push(aggregator::shows((account, region), name, sources, max_age, self.now));
        }
        results
    }
}
