//! Whether what a source would call is allowed: each operation is called once, to read little.

use super::check::{Check, CheckResult, Place};
use super::needs::Needs;
use aws::operations::{
    BATCH, COUNT, DESCRIBE_HUB, GET_FINDINGS, HISTORY, IMPORT_FINDINGS, LIST, SELECT,
    SELECT_AGGREGATE, UPDATE_FINDINGS, action,
};
use aws::source::aws_config::of_own;
use aws::{Class, ConfigClient, ResourceKey, SecurityHubService, is_enumerated};
use aws_sdk_securityhub::types::{AwsSecurityFindingFilters, StringFilter, StringFilterComparison};
use model::ResourceType;

/// Reads next to nothing.
const QUERY: &str = "SELECT resourceType, COUNT(*) WHERE \
                     resourceType = 'AWS::Config::ConfigurationRecorder' GROUP BY resourceType";
/// The id of nothing.
pub(super) const NOBODY: &str = "plumbline-doctor";

/// Calls what reading an account in its own regions would.
pub(super) async fn of_own_account(
    place: Place<'_>,
    service: &ConfigClient,
    needs: &Needs,
) -> Vec<CheckResult> {
    let operations = of_own(needs.reads.values());
    if !operations.contains(&SELECT) {
        return Vec::new();
    }
    let query = service.select(None, QUERY, None).await;
    let mut results = vec![place.allowed(Check::Queries, SELECT, &query)];
    results.push(place.allowed(Check::Counts, COUNT, &service.counts().await));
    let Some(listed) = needs.reads.keys().find(|name| is_enumerated(name)) else { return results };
    let list = service.list(listed, None).await;
    results.push(place.allowed(Check::Lists, LIST, &list));
    let id = list.ok().and_then(|page| page.rows.into_iter().next());
    let key = key(listed, id);
    let batch = service.batch(std::slice::from_ref(&key)).await;
    results.push(place.allowed(Check::Batches, BATCH, &batch));
    if operations.contains(&HISTORY) {
        results.push(place.allowed(Check::Histories, HISTORY, &service.newest(&key).await));
    }
    results
}

fn key(resource_type: &ResourceType, id: Option<String>) -> ResourceKey {
    let id = id.unwrap_or_else(|| NOBODY.to_owned());
    ResourceKey { resource_type: resource_type.clone(), id }
}

/// Queries an aggregator.
pub(super) async fn of_aggregator(
    place: Place<'_>,
    service: &ConfigClient,
    name: &str,
) -> CheckResult {
    let query = service.select(Some(name), QUERY, None).await;
    place.allowed(Check::Queries, SELECT_AGGREGATE, &query)
}

/// Whether Security Hub is in use, and findings may be read back.
pub(super) async fn of_security_hub<S: SecurityHubService>(
    place: Place<'_>,
    service: &S,
) -> Vec<CheckResult> {
    let hub = match service.hub().await {
        Ok(()) => {
            place.ok(Check::SecurityHub, format!("enabled; {} is allowed", action(DESCRIBE_HUB)))
        }
        Err(error) if matches!(error.class, Class::NotEnabled | Class::NotFound) => {
            let message = "Security Hub is not enabled, so drift is not published";
            let disabled = place.failed(
                Check::SecurityHub,
                message,
                "enable Security Hub in this account and region, or set publish.securityHub to \
                 false in the baselines",
            );
            let waits = place.not_tried(Check::Findings, "Security Hub is not enabled");
            return vec![disabled, waits];
        }
        Err(error) => place.refused(Check::SecurityHub, &error),
    };
    let found = service.findings(&nobody(), None).await;
    vec![hub, place.allowed(Check::Findings, GET_FINDINGS, &found)]
}

/// What cannot be tried without publishing something.
pub(super) fn of_publishing(place: Place<'_>) -> CheckResult {
    let (import, update) = (action(IMPORT_FINDINGS), action(UPDATE_FINDINGS));
    let message =
        format!("whether {import} and {update} are allowed shows only when something is published");
    place.not_tried(Check::Publishing, message)
}

fn nobody() -> AwsSecurityFindingFilters {
    let id = StringFilter::builder().value(NOBODY).comparison(StringFilterComparison::Equals);
    AwsSecurityFindingFilters::builder().id(id.build()).build()
}
