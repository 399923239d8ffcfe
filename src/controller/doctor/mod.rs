//! Looks into what each account needs before it can be held to its baselines, and says of every
//! failed check how to mend it.
//!
//! Nothing is changed: each check is one call that reads little, and what only writing would show
//! is not tried. A check that failed keeps only those from being tried that stand on it.

mod aggregator;
mod check;
mod needs;
mod permission;
mod reach;
mod recorder;
mod snapshot;

use std::collections::BTreeSet;

use futures::future::join_all;

use super::permissions::published_in;
use super::sources::{AccountInput, AwsAccounts, home_region};
use crate::api::document::Located;
use crate::api::{AggregatorSource, AwsAccount, AwsAccountSpec};
use crate::aws::{AccountAccess, ConfigService as _};
use crate::plan::Plan;
use crate::resource::{AccountId, Region, Timestamp};
use check::Place;
pub use check::{Check, CheckResult, CheckState};
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
struct Patient<'e> {
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
        let Some(patient) = Patient::of(&located.object.spec, &asked) else { continue };
        if let Some(source) = &patient.spec.source.snapshot {
            let place = Place::account(&patient.spec.account_id);
            let path = located.folder().join(&source.url);
            results.push(snapshot::examine(place, &path, &patient.input, asked.now));
        }
        if let Some(source) = &patient.spec.source.aggregator {
            results.extend(Box::pin(patient.aggregator(aws, source)).await);
        }
        results.extend(Box::pin(patient.own(aws)).await);
    }
    results
}

impl<'e> Patient<'e> {
    fn of(spec: &'e AwsAccountSpec, asked: &Examination<'_>) -> Option<Self> {
        let input = AccountInput::of(spec, asked.plans)?;
        let is_asked =
            |region: &&Region| asked.regions.is_empty() || asked.regions.contains(region);
        let regions = input.regions.iter().filter(is_asked).cloned().collect();
        let published = published_in(&spec.account_id, asked.plans);
        let published = published.iter().filter(is_asked).cloned().collect();
        let needs = Needs::of(&spec.account_id, asked.plans, asked.now);
        Some(Self { spec, input, regions, published, needs, now: asked.now })
    }

    /// The account itself: its recorders where it is read so, and its Security Hub.
    async fn own(&self, aws: &AwsAccounts) -> Vec<CheckResult> {
        let spec = self.spec;
        let is_read = spec.source.config_api.is_some();
        if !is_read && self.published.is_empty() {
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
            return results;
        };
        if is_read {
            results.extend(self.recorders(&access, &home).await);
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
