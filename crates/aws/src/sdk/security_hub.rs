//! Security Hub: what Plumbline asks of it. Findings are in the SDK's types.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::config::Builder;
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, AwsSecurityFindingIdentifier, WorkflowStatus,
    WorkflowUpdate as SdkWorkflow,
};

use super::call::Caller;
use super::fenced::FencedRequests;
use super::message::shown;
use crate::error::AwsError;
use crate::operations::{DESCRIBE_HUB, GET_FINDINGS, IMPORT_FINDINGS, UPDATE_FINDINGS};

/// Findings of one page.
const PAGE: i32 = 100;

/// The calls of Security Hub in use, in one account and region.
pub trait SecurityHubService: Send + Sync {
    /// Whether Security Hub is there to take findings.
    ///
    /// # Errors
    ///
    /// `NotEnabled` where it is not.
    fn hub(&self) -> impl Future<Output = Result<(), AwsError>> + Send;

    /// One page of the findings that pass the filters.
    fn findings(
        &self,
        filters: &AwsSecurityFindingFilters,
        token: Option<String>,
    ) -> impl Future<Output = Result<FindingsPage, AwsError>> + Send;

    /// Creates and updates at most 100 findings of at most 6 MB; gives those that were not taken. They are made when
    /// they are sent: the SDK's types take some 35 KB for each.
    fn import(
        &self,
        findings: &(dyn Fn() -> Vec<AwsSecurityFinding> + Sync),
    ) -> impl Future<Output = Result<Vec<NotImported>, AwsError>> + Send;

    /// Changes what only customers may of at most 100 findings; gives those that were not changed.
    fn update(
        &self,
        update: &WorkflowUpdate,
    ) -> impl Future<Output = Result<Vec<NotUpdated>, AwsError>> + Send;
}

/// A page of findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FindingsPage {
    /// The findings.
    pub findings: Vec<AwsSecurityFinding>,
    /// How to ask for the next page; nothing where there is none.
    pub next: Option<String>,
}

/// A finding's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingKey {
    /// The finding's id.
    pub id: String,
    /// The product that it came from.
    pub product_arn: String,
}

/// A change of the workflow of some findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowUpdate {
    /// The findings.
    pub findings: Vec<FindingKey>,
    /// The new status.
    pub status: WorkflowStatus,
    /// All user-defined fields from now on; nothing leaves them as they are.
    pub user_defined_fields: Option<Vec<(String, String)>>,
}

/// A finding that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotImported {
    /// The finding's id.
    pub id: String,
    /// AWS's code.
    pub code: String,
    /// What AWS says.
    pub message: String,
}

/// A finding that was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUpdated {
    /// The finding's id.
    pub id: String,
    /// AWS's code.
    pub code: String,
    /// What AWS says.
    pub message: String,
}

/// Security Hub of one account in one region.
#[derive(Debug, Clone)]
pub struct SecurityHubClient {
    client: Client,
    caller: Caller,
}

impl SecurityHubClient {
    pub(super) fn new(config: &SdkConfig, caller: Caller) -> Self {
        let fenced = FencedRequests(caller.fence.clone());
        let config = Builder::from(config).interceptor(fenced).build();
        Self { client: Client::from_conf(config), caller }
    }
}

impl SecurityHubService for SecurityHubClient {
    async fn hub(&self) -> Result<(), AwsError> {
        let ask = self.client.describe_hub();
        self.caller.call(DESCRIBE_HUB, || ask.clone().send()).await.map(|_| ())
    }

    async fn findings(
        &self,
        filters: &AwsSecurityFindingFilters,
        token: Option<String>,
    ) -> Result<FindingsPage, AwsError> {
        let ask = self
            .client
            .get_findings()
            .filters(filters.clone())
            .max_results(PAGE)
            .set_next_token(token);
        let page = self.caller.call(GET_FINDINGS, || ask.clone().send()).await?;
        Ok(FindingsPage { findings: page.findings.unwrap_or_default(), next: page.next_token })
    }

    async fn import(
        &self,
        findings: &(dyn Fn() -> Vec<AwsSecurityFinding> + Sync),
    ) -> Result<Vec<NotImported>, AwsError> {
        let ask = || self.client.batch_import_findings().set_findings(Some(findings())).send();
        let answer = self.caller.call(IMPORT_FINDINGS, ask).await?;
        let failed = answer.failed_findings.into_iter().flatten();
        Ok(failed
            .map(|failed| NotImported {
                id: failed.id.unwrap_or_default(),
                code: failed.error_code.unwrap_or_default(),
                message: shown(&failed.error_message.unwrap_or_default()),
            })
            .collect())
    }

    async fn update(&self, update: &WorkflowUpdate) -> Result<Vec<NotUpdated>, AwsError> {
        let keys: Vec<AwsSecurityFindingIdentifier> = update
            .findings
            .iter()
            .map(|key| {
                AwsSecurityFindingIdentifier::builder()
                    .id(&key.id)
                    .product_arn(&key.product_arn)
                    .build()
            })
            .collect();
        let fields = update.user_defined_fields.clone().map(|fields| fields.into_iter().collect());
        let ask = self
            .client
            .batch_update_findings()
            .set_finding_identifiers(Some(keys))
            .workflow(SdkWorkflow::builder().status(update.status.clone()).build())
            .set_user_defined_fields(fields);
        let answer = self.caller.call(UPDATE_FINDINGS, || ask.clone().send()).await?;
        let failed = answer.unprocessed_findings.into_iter().flatten();
        Ok(failed
            .map(|failed| NotUpdated {
                id: failed.finding_identifier.and_then(|key| key.id).unwrap_or_default(),
                code: failed.error_code.unwrap_or_default(),
                message: shown(&failed.error_message.unwrap_or_default()),
            })
            .collect())
    }
}
