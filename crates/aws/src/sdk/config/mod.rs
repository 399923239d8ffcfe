//! AWS Config by its SDK.

mod delivery;
mod describe;
mod item;
mod rules;

use aws_config::SdkConfig;
use aws_sdk_config::Client;
use aws_sdk_config::config::Builder;
use aws_sdk_config::types::{ChronologicalOrder, ResourceKey as SdkKey, ResourceType as SdkType};

use super::call::Caller;
use super::fenced::FencedRequests;
use crate::config::{
    AggregatedSource, BatchItems, DeliveryChannel, RegionRecorder, ResourceKey, Rows,
};
use crate::error::AwsError;
use crate::operations::{BATCH, COUNT, HISTORY, LIST, SELECT, SELECT_AGGREGATE};
use crate::sdk::pages::AnswerPage;
use model::ResourceType;

/// Rows and items of one page, at most.
const PAGE: i32 = 100;

/// AWS Config of one account in one region.
#[derive(Debug, Clone)]
pub struct ConfigClient {
    client: Client,
    caller: Caller,
}

/// Whether lists, batches and histories serve a type: they take only the types of AWS's own
/// enumeration, while queries show others, too.
#[must_use]
pub fn is_enumerated(resource_type: &ResourceType) -> bool {
    SdkType::try_parse(resource_type.as_str()).is_ok()
}

impl ConfigClient {
    pub(super) fn new(config: &SdkConfig, caller: Caller) -> Self {
        let fenced = FencedRequests(caller.fence.clone());
        let config = Builder::from(config).interceptor(fenced).build();
        Self { client: Client::from_conf(config), caller }
    }

    /// The customer's configuration recorder and how it fares.
    pub async fn recorder(&self) -> Result<RegionRecorder, AwsError> {
        describe::recorder(&self.client, &self.caller).await
    }

    /// One page of an advanced query over this account and region, or over all that an aggregator
    /// sees.
    pub async fn select(
        &self,
        aggregator: Option<&str>,
        expression: &str,
        token: Option<String>,
    ) -> Result<Rows, AwsError> {
        if let Some(name) = aggregator {
            let query = self
                .client
                .select_aggregate_resource_config()
                .configuration_aggregator_name(name)
                .expression(expression)
                .limit(PAGE)
                .set_next_token(token);
            let page = self.caller.call(SELECT_AGGREGATE, || query.clone().send()).await?;
            return Ok(Rows { rows: page.results.unwrap_or_default(), next: page.next_token });
        }
        let query = self
            .client
            .select_resource_config()
            .expression(expression)
            .limit(PAGE)
            .set_next_token(token);
        let page = self.caller.call(SELECT, || query.clone().send()).await?;
        Ok(Rows { rows: page.results.unwrap_or_default(), next: page.next_token })
    }

    /// All rows of an advanced query over this account and region.
    pub async fn select_all(&self, expression: &str) -> Result<Vec<String>, AwsError> {
        let page = move |token| async move {
            let Rows { rows, next } = self.select(None, expression, token).await?;
            Ok::<_, AwsError>(AnswerPage { entries: rows, next })
        };
        self.caller.pages(SELECT, page).await
    }

    /// How many resources of each type were discovered; types without any are left out.
    pub async fn counts(&self) -> Result<Vec<(String, u64)>, AwsError> {
        let page = move |token| async move {
            let ask =
                self.client.get_discovered_resource_counts().limit(PAGE).set_next_token(token);
            let page = self.caller.call(COUNT, || ask.clone().send()).await?;
            let counts = page.resource_counts.into_iter().flatten().filter_map(|count| {
                let number = u64::try_from(count.count).ok()?;
                Some((count.resource_type?.as_str().to_owned(), number))
            });
            Ok::<_, AwsError>(AnswerPage { entries: counts.collect(), next: page.next_token })
        };
        self.caller.pages(COUNT, page).await
    }

    /// One page of the ids of a type's resources.
    pub async fn list(
        &self,
        resource_type: &ResourceType,
        token: Option<String>,
    ) -> Result<Rows, AwsError> {
        let ask = self
            .client
            .list_discovered_resources()
            .resource_type(SdkType::from(resource_type.as_str()))
            .limit(PAGE)
            .set_next_token(token);
        let page = self.caller.call(LIST, || ask.clone().send()).await?;
        let found = page.resource_identifiers.into_iter().flatten();
        let rows = found.filter_map(|found| found.resource_id).collect();
        Ok(Rows { rows, next: page.next_token })
    }

    /// The present items of at most 100 resources, without tags and relationships.
    pub async fn batch(&self, keys: &[ResourceKey]) -> Result<BatchItems, AwsError> {
        let keys: Vec<SdkKey> = keys
            .iter()
            .map(|key| {
                let name = SdkType::from(key.resource_type.as_str());
                SdkKey::builder().resource_type(name).resource_id(&key.id).build()
            })
            .collect::<Result<_, _>>()
            .map_err(|error| self.caller.unusable(BATCH, &error.to_string()))?;
        let ask = self.client.batch_get_resource_config().set_resource_keys(Some(keys));
        let found = self.caller.call(BATCH, || ask.clone().send()).await?;
        let items = found.base_configuration_items.into_iter().flatten();
        let unprocessed = found.unprocessed_resource_keys.into_iter().flatten();
        Ok(BatchItems {
            items: items.filter_map(item::of_batch).collect(),
            unprocessed: unprocessed.map(|key| key.resource_id).collect(),
        })
    }

    /// The newest item of a resource, with tags and relationships.
    pub async fn newest(&self, key: &ResourceKey) -> Result<Option<String>, AwsError> {
        let ask = self
            .client
            .get_resource_config_history()
            .resource_type(SdkType::from(key.resource_type.as_str()))
            .resource_id(&key.id)
            .chronological_order(ChronologicalOrder::Reverse)
            .limit(1);
        let found = self.caller.call(HISTORY, || ask.clone().send()).await?;
        let newest = found.configuration_items.into_iter().flatten().next();
        Ok(newest.map(|newest| item::of_history(&newest)))
    }

    /// How fresh an aggregator's view of each account and region is.
    pub async fn aggregated(&self, aggregator: &str) -> Result<Vec<AggregatedSource>, AwsError> {
        describe::aggregated(&self.client, &self.caller, aggregator).await
    }

    /// Where the region delivers to; nothing where it has no delivery channel.
    pub async fn delivery_channel(&self) -> Result<Option<DeliveryChannel>, AwsError> {
        delivery::channel(&self.client, &self.caller).await
    }

    /// Requests a snapshot of the region. It comes later, by the channel.
    pub async fn deliver_snapshot(&self, channel: &DeliveryChannel) -> Result<(), AwsError> {
        delivery::snapshot(&self.client, &self.caller, channel).await
    }
}
