//! What services tell of a region or of the account: whether they run, what is shared with everyone, and
//! how long logs are kept.

use serde::Deserialize;

use super::FactsClient;
use crate::error::{AwsError, Class};
use crate::facts::{InspectorScans, LogGroup, PublicSnapshots, ShieldSubscription};
use crate::operations::{
    BATCH_GET_ACCOUNT_STATUS, DESCRIBE_HUB, DESCRIBE_LOG_GROUPS, DESCRIBE_SNAPSHOTS,
    DESCRIBE_SUBSCRIPTION, GET_MACIE_SESSION, GET_SNAPSHOT_BLOCK,
};
use crate::paging::PageCursor;
use crate::sdk::signed::{Request, Service, SignedClient};
use model::{Region, value_of};

use super::services::EC2_VERSION;

/// How many snapshots a page holds at most (`DescribeSnapshots`, EC2 API Reference), and log groups
/// (`DescribeLogGroups`, `CloudWatch` Logs API Reference).
const SNAPSHOTS: &str = "1000";
const LOG_GROUPS: u32 = 50;
/// What Macie says, beside `AccessDeniedException`, where it is not enabled: the code alone is that of a
/// denial (as the session resource of `hashicorp/terraform-provider-aws` reads it, too).
const NO_MACIE: &str = "Macie is not enabled";
/// The states of a type of scans (`State`, Amazon Inspector API Reference).
const SCANS: [(&str, &str); 6] = [
    ("ENABLING", "ENABLING"),
    ("ENABLED", "ENABLED"),
    ("DISABLING", "DISABLING"),
    ("DISABLED", "DISABLED"),
    ("SUSPENDING", "SUSPENDING"),
    ("SUSPENDED", "SUSPENDED"),
];

impl FactsClient {
    /// Whether Security Hub is in use in a region.
    pub async fn has_security_hub(&self, region: &Region) -> Result<bool, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct HubAnswer {
            hub_arn: String,
        }
        let request = Request::get("/accounts", Vec::new());
        let service = self.access.signed(Service::SecurityHub, region);
        let answer: Result<HubAnswer, AwsError> = service.ask_json(DESCRIBE_HUB, &request).await;
        match answer {
            Ok(answer) if answer.hub_arn.starts_with("arn:") => Ok(true),
            Ok(_) => Err(service.not_understood(DESCRIBE_HUB, "it names no hub")),
            Err(error) if matches!(error.class, Class::NotEnabled | Class::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether Macie is in use in a region: `ENABLED`, `PAUSED` or `DISABLED`.
    pub async fn macie_status(&self, region: &Region) -> Result<&'static str, AwsError> {
        #[derive(Deserialize)]
        struct SessionAnswer {
            status: String,
        }
        const STATUSES: [(&str, &str); 2] = [("ENABLED", "ENABLED"), ("PAUSED", "PAUSED")];
        let request = Request::get("/macie", Vec::new());
        let service = self.access.signed(Service::Macie, region);
        let answer: Result<SessionAnswer, AwsError> =
            service.ask_json(GET_MACIE_SESSION, &request).await;
        match answer {
            Ok(SessionAnswer { status }) => value_of(&status, &STATUSES).ok_or_else(|| {
                service.not_understood(GET_MACIE_SESSION, &format!("the status `{status}`"))
            }),
            Err(error) if error.class == Class::Denied && error.message.contains(NO_MACIE) => {
                Ok("DISABLED")
            }
            Err(error) => Err(error),
        }
    }

    /// What Amazon Inspector scans in a region.
    pub async fn inspector_scans(&self, region: &Region) -> Result<InspectorScans, AwsError> {
        #[derive(Deserialize)]
        struct StatusAnswer {
            accounts: Vec<InspectedAccount>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct InspectedAccount {
            account_id: String,
            resource_state: ResourceState,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ResourceState {
            ec2: ScanState,
            ecr: ScanState,
            lambda: Option<ScanState>,
            lambda_code: Option<ScanState>,
        }
        #[derive(Deserialize)]
        struct ScanState {
            status: String,
        }
        let account = self.access.account().to_string();
        let body = serde_json::json!({"accountIds": [account]}).to_string();
        let request = Request::rest_json("/status/batch/get", body);
        let service = self.access.signed(Service::Inspector, region);
        let answer: StatusAnswer = service.ask_json(BATCH_GET_ACCOUNT_STATUS, &request).await?;
        let read = || {
            let state = |ScanState { status }: ScanState| {
                value_of(&status, &SCANS).ok_or_else(|| format!("the status `{status}`"))
            };
            let own = answer.accounts.into_iter().find(|it| it.account_id == account);
            let own = own.ok_or_else(|| "it does not speak of the account".to_owned())?;
            let ResourceState { ec2, ecr, lambda, lambda_code } = own.resource_state;
            Ok(InspectorScans {
                ec2: state(ec2)?,
                ecr: state(ecr)?,
                lambda: lambda.map(state).transpose()?,
                lambda_code: lambda_code.map(state).transpose()?,
            })
        };
        read().map_err(|what: String| service.not_understood(BATCH_GET_ACCOUNT_STATUS, &what))
    }

    /// The account's subscription to Shield Advanced; nothing where it has none.
    pub async fn shield_subscription(&self) -> Result<Option<ShieldSubscription>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct SubscriptionAnswer {
            subscription: Subscription,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Subscription {
            auto_renew: String,
        }
        let request = Request::json(DESCRIBE_SUBSCRIPTION, "AWSShield_20160616", "{}".to_owned());
        let service = self.access.signed(Service::Shield, &self.access.partition().usual_region());
        let answer: Result<SubscriptionAnswer, AwsError> =
            service.ask_json(DESCRIBE_SUBSCRIPTION, &request).await;
        match answer {
            Ok(answer) => {
                let said = answer.subscription.auto_renew;
                let auto_renew = value_of(&said, &[("ENABLED", true), ("DISABLED", false)]);
                let auto_renew = auto_renew.ok_or_else(|| {
                    service.not_understood(DESCRIBE_SUBSCRIPTION, &format!("AutoRenew is `{said}`"))
                })?;
                Ok(Some(ShieldSubscription { auto_renew }))
            }
            Err(error) if error.class == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The snapshots of EBS in a region that everyone can restore.
    pub async fn public_snapshots(&self, region: &Region) -> Result<PublicSnapshots, AwsError> {
        let service = self.access.signed(Service::Ec2, region);
        let public_snapshot_ids = public_snapshot_ids(&service).await?;
        let block_public_access = if public_snapshot_ids.is_empty() {
            None
        } else {
            Some(snapshot_block(&service).await?)
        };
        Ok(PublicSnapshots { public_snapshot_ids, block_public_access })
    }

    /// The log groups of a region.
    pub async fn log_groups(&self, region: &Region) -> Result<Vec<LogGroup>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct LogGroupPage {
            log_groups: Vec<LogGroup>,
            next_token: Option<String>,
        }
        let service = self.access.signed(Service::Logs, region);
        let (mut found, mut cursor) = (Vec::new(), PageCursor::default());
        loop {
            let body = match cursor.token() {
                None => serde_json::json!({"limit": LOG_GROUPS}),
                Some(token) => serde_json::json!({"limit": LOG_GROUPS, "nextToken": token}),
            };
            let request = Request::json(DESCRIBE_LOG_GROUPS, "Logs_20140328", body.to_string());
            let page: LogGroupPage = service.ask_json(DESCRIBE_LOG_GROUPS, &request).await?;
            found.extend(page.log_groups);
            let followed = cursor.follow(page.next_token);
            if !followed.map_err(|repeated| service.repeated(DESCRIBE_LOG_GROUPS, repeated))? {
                return Ok(found);
            }
        }
    }
}

/// The own snapshots whose attribute lets everyone restore them.
async fn public_snapshot_ids(service: &SignedClient) -> Result<Vec<String>, AwsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct SnapshotPage {
        snapshot_set: SnapshotSet,
        next_token: Option<String>,
    }
    #[derive(Deserialize)]
    struct SnapshotSet {
        #[serde(default)]
        item: Vec<PublicSnapshot>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PublicSnapshot {
        snapshot_id: String,
    }
    let (mut found, mut cursor) = (Vec::new(), PageCursor::default());
    loop {
        let token = cursor.token();
        let mut parameters =
            vec![("Owner.1", "self"), ("RestorableBy.1", "all"), ("MaxResults", SNAPSHOTS)];
        parameters.extend(token.as_deref().map(|token| ("NextToken", token)));
        let request = Request::query(DESCRIBE_SNAPSHOTS, EC2_VERSION, &parameters);
        let page: SnapshotPage = service.ask_xml(DESCRIBE_SNAPSHOTS, &request).await?;
        found.extend(page.snapshot_set.item.into_iter().map(|snapshot| snapshot.snapshot_id));
        let followed = cursor.follow(page.next_token);
        if !followed.map_err(|repeated| service.repeated(DESCRIBE_SNAPSHOTS, repeated))? {
            return Ok(found);
        }
    }
}

/// Whether the region keeps snapshots from being public, whatever their attributes say.
async fn snapshot_block(service: &SignedClient) -> Result<&'static str, AwsError> {
    #[derive(Deserialize)]
    struct BlockAnswer {
        state: String,
    }
    const STATES: [(&str, &str); 3] = [
        ("block-all-sharing", "block-all-sharing"),
        ("block-new-sharing", "block-new-sharing"),
        ("unblocked", "unblocked"),
    ];
    let request = Request::query(GET_SNAPSHOT_BLOCK, EC2_VERSION, &[]);
    let BlockAnswer { state } = service.ask_xml(GET_SNAPSHOT_BLOCK, &request).await?;
    value_of(&state, &STATES)
        .ok_or_else(|| service.not_understood(GET_SNAPSHOT_BLOCK, &format!("the state `{state}`")))
}
