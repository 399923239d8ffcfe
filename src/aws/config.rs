//! AWS Config: what Plumbline asks of it, in types of its own.
//!
//! Items come as JSON text in the API's encoding, as [`parse_item`](crate::resource::parse_item)
//! takes them.

mod describe;
mod item;

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_config::Client;
use aws_sdk_config::types::{ChronologicalOrder, ResourceKey as SdkKey, ResourceType as SdkType};

use super::call::Caller;
use super::error::AwsError;
use super::operations::{BATCH, COUNT, HISTORY, LIST, SELECT, SELECT_AGGREGATE};
use crate::resource::{AccountId, Region, ResourceType, Timestamp};

/// Rows and items of one page, at most.
pub(super) const PAGE: i32 = 100;

/// The calls of AWS Config in use, in one account and region.
pub trait ConfigService: Send + Sync {
    /// The customer's configuration recorder and how it fares; nothing where there is none.
    fn recorder(&self) -> impl Future<Output = Result<Option<Recorder>, AwsError>> + Send;

    /// One page of an advanced query over this account and region, or over all that an aggregator
    /// sees.
    fn select(
        &self,
        aggregator: Option<&str>,
        expression: &str,
        token: Option<String>,
    ) -> impl Future<Output = Result<Rows, AwsError>> + Send;

    /// How many resources of each type were discovered; types without any are left out.
    fn counts(&self) -> impl Future<Output = Result<Vec<(String, u64)>, AwsError>> + Send;

    /// One page of the ids of a type's resources.
    fn list(
        &self,
        resource_type: &ResourceType,
        token: Option<String>,
    ) -> impl Future<Output = Result<Rows, AwsError>> + Send;

    /// The present items of at most 100 resources, without tags and relationships.
    fn batch(
        &self,
        keys: &[ResourceKey],
    ) -> impl Future<Output = Result<BatchItems, AwsError>> + Send;

    /// The newest item of a resource, with tags and relationships.
    fn newest(
        &self,
        key: &ResourceKey,
    ) -> impl Future<Output = Result<Option<String>, AwsError>> + Send;

    /// How fresh an aggregator's view of each account and region is.
    fn aggregated(
        &self,
        aggregator: &str,
    ) -> impl Future<Output = Result<Vec<AggregatedSource>, AwsError>> + Send;
}

/// One page: of a query its rows, of a list the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<String>,
    /// How to ask for the next page; nothing where there is none.
    pub next: Option<String>,
}

/// A resource by its type and id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// The type.
    pub resource_type: ResourceType,
    /// The id.
    pub id: String,
}

/// What a batch gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchItems {
    /// Items, each with the id of its resource.
    pub items: Vec<(String, String)>,
    /// Ids that were not looked up this time.
    pub unprocessed: Vec<String>,
}

/// A configuration recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub recording: bool,
    /// What became of what it recorded last.
    pub last: LastRecording,
    /// What it records.
    pub records: Recording,
    /// The types that are recorded once a day.
    pub daily: Daily,
}

#[cfg(test)]
impl Recorder {
    /// One that runs, and records this.
    pub(crate) fn running(records: Recording) -> Self {
        Self {
            name: "default".to_owned(),
            recording: true,
            last: LastRecording::Delivered,
            records,
            daily: Daily::default(),
        }
    }
}

/// What became of what a recorder recorded last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastRecording {
    /// It was delivered.
    Delivered,
    /// It is to be delivered since then, where AWS Config says since when.
    Pending(Option<Timestamp>),
    /// It could not be delivered; why.
    Failed(String),
    /// AWS Config does not say, or says what is not known here.
    NotTold(Option<String>),
}

/// What a recorder records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// All types that AWS Config supports, those of IAM only if asked for.
    All {
        /// Whether those of IAM are, too.
        with_iam: bool,
    },
    /// All but these.
    AllBut(Vec<String>),
    /// These.
    These(Vec<String>),
}

/// The types that are recorded once a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Daily {
    /// Whether all are, but for the exceptions.
    pub usually: bool,
    /// The exceptions.
    pub exceptions: Vec<String>,
}

impl Daily {
    /// Whether a type is.
    #[must_use]
    pub fn includes(&self, resource_type: &str) -> bool {
        self.usually != self.exceptions.iter().any(|name| name == resource_type)
    }
}

/// How fresh an aggregator's view of an account and region is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregatedSource {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// When it was last brought up to date.
    pub updated: Option<Timestamp>,
    /// Why the last update failed, if it did.
    pub failure: Option<String>,
}

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
        Self { client: Client::new(config), caller }
    }
}

impl ConfigService for ConfigClient {
    async fn recorder(&self) -> Result<Option<Recorder>, AwsError> {
        describe::recorder(&self.client, &self.caller).await
    }

    async fn select(
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

    async fn counts(&self) -> Result<Vec<(String, u64)>, AwsError> {
        let mut counts = Vec::new();
        let mut token = None;
        loop {
            let ask =
                self.client.get_discovered_resource_counts().limit(PAGE).set_next_token(token);
            let page = self.caller.call(COUNT, || ask.clone().send()).await?;
            counts.extend(page.resource_counts.into_iter().flatten().filter_map(|count| {
                let number = u64::try_from(count.count).ok()?;
                Some((count.resource_type?.as_str().to_owned(), number))
            }));
            token = page.next_token;
            if token.is_none() {
                return Ok(counts);
            }
        }
    }

    async fn list(
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

    async fn batch(&self, keys: &[ResourceKey]) -> Result<BatchItems, AwsError> {
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

    async fn newest(&self, key: &ResourceKey) -> Result<Option<String>, AwsError> {
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

    async fn aggregated(&self, aggregator: &str) -> Result<Vec<AggregatedSource>, AwsError> {
        describe::aggregated(&self.client, &self.caller, aggregator).await
    }
}
