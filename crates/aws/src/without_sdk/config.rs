//! AWS Config, which a build without AWS's SDK does not reach.

use super::Never;
use crate::config::{
    AggregatedSource, BatchItems, DeliveryChannel, RegionRecorder, ResourceKey, Rows,
};
use crate::error::AwsError;
use crate::rules::{ConfigRule, NewRule, RuleResult, RuleStatus};
use model::ResourceType;

/// AWS Config, which this build does not reach.
#[derive(Debug, Clone)]
pub struct ConfigClient(Never);

#[allow(missing_docs, clippy::missing_errors_doc)] // as the SDK's own
impl ConfigClient {
    pub async fn recorder(&self) -> Result<RegionRecorder, AwsError> {
        match self.0 {}
    }

    pub async fn select(
        &self,
        _aggregator: Option<&str>,
        _expression: &str,
        _token: Option<String>,
    ) -> Result<Rows, AwsError> {
        match self.0 {}
    }

    pub async fn select_all(&self, _expression: &str) -> Result<Vec<String>, AwsError> {
        match self.0 {}
    }

    pub async fn counts(&self) -> Result<Vec<(String, u64)>, AwsError> {
        match self.0 {}
    }

    pub async fn list(
        &self,
        _resource_type: &ResourceType,
        _token: Option<String>,
    ) -> Result<Rows, AwsError> {
        match self.0 {}
    }

    pub async fn batch(&self, _keys: &[ResourceKey]) -> Result<BatchItems, AwsError> {
        match self.0 {}
    }

    pub async fn newest(&self, _key: &ResourceKey) -> Result<Option<String>, AwsError> {
        match self.0 {}
    }

    pub async fn aggregated(&self, _aggregator: &str) -> Result<Vec<AggregatedSource>, AwsError> {
        match self.0 {}
    }

    pub async fn rules(&self) -> Result<Vec<ConfigRule>, AwsError> {
        match self.0 {}
    }

    pub async fn rule_statuses(&self, _names: &[String]) -> Result<Vec<RuleStatus>, AwsError> {
        match self.0 {}
    }

    pub async fn rule_results(&self, _name: &str) -> Result<Vec<RuleResult>, AwsError> {
        match self.0 {}
    }

    pub async fn rule_tags(&self, _arn: &str) -> Result<Vec<(String, String)>, AwsError> {
        match self.0 {}
    }

    pub async fn put_rule(&self, _new: &NewRule<'_>) -> Result<(), AwsError> {
        match self.0 {}
    }

    pub async fn delete_rule(&self, _name: &str) -> Result<(), AwsError> {
        match self.0 {}
    }

    pub async fn delivery_channel(&self) -> Result<Option<DeliveryChannel>, AwsError> {
        match self.0 {}
    }

    pub async fn deliver_snapshot(&self, _channel: &DeliveryChannel) -> Result<(), AwsError> {
        match self.0 {}
    }
}
