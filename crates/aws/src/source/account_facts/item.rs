//! The items that facts make.

use serde_json::{Map, Value, json};

use super::fact::{Fact, PUBLIC_ACCESS_BLOCK};
use crate::AwsError;
use crate::facts::{ContactKind, CredentialReport, CredentialRow, FactsClient, LogGroup};
use cel::Timestamp;
use cel::format_timestamp;
use model::{AccountId, Region, fact_types};

/// The version of the items' fields. Fields are added within a version; one whose meaning changes
/// gets another name.
const VERSION: u32 = 1;
/// Where resources are that belong to an account as a whole, as AWS Config says of those of IAM.
const GLOBAL: &str = "global";

/// What a fact came to.
#[derive(Debug)]
pub(super) struct ReadFact {
    pub(super) items: Vec<FactItem>,
    /// Of which items nothing is known, and why.
    pub(super) problems: Vec<String>,
}

/// An item that a fact makes.
#[derive(Debug)]
pub(super) struct FactItem {
    pub(super) resource_type: &'static str,
    pub(super) region: String,
    /// The resource's id; that of the account where there is none.
    pub(super) id: String,
    arn: Option<String>,
    /// When AWS made what it says; nothing where it says what is now.
    made_at: Option<Timestamp>,
    /// What is known; nothing where the answer is not understood, so that whoever reads any of it
    /// finds that it is missing.
    configuration: Option<Map<String, Value>>,
}

/// Reads a fact.
pub(super) async fn read(
    client: &FactsClient,
    fact: Fact,
    region: &Region,
) -> Result<ReadFact, AwsError> {
    let account = client.account();
    let of_account = |resource_type, configuration: Value| {
        ReadFact::one(FactItem::of_account(resource_type, account, configuration))
    };
    let of_region = |resource_type, configuration: Value| {
        ReadFact::one(FactItem::of_region(resource_type, account, region, configuration))
    };
    Ok(match fact {
        Fact::AlternateContacts => {
            let contacts = json!({
                "security": client.has_alternate_contact(ContactKind::Security).await?,
                "billing": client.has_alternate_contact(ContactKind::Billing).await?,
                "operations": client.has_alternate_contact(ContactKind::Operations).await?,
            });
            of_account(fact_types::ALTERNATE_CONTACTS, contacts)
        }
        Fact::CredentialReport => credentials(account, client.credential_report().await?),
        Fact::EbsEncryption => {
            let encrypted = client.ebs_encryption_by_default(region).await?;
            of_region(fact_types::EBS_ENCRYPTION, json!({"encryptionByDefault": encrypted}))
        }
        Fact::EbsSnapshots => {
            of_region(fact_types::EBS_SNAPSHOTS, json!(client.public_snapshots(region).await?))
        }
        Fact::Inspector => {
            of_region(fact_types::INSPECTOR, json!(client.inspector_scans(region).await?))
        }
        Fact::LogGroups => {
            let groups = client.log_groups(region).await?;
            let items = groups.iter().map(|group| log_group(account, region, group));
            ReadFact { items: items.collect(), problems: Vec::new() }
        }
        Fact::Macie => {
            let status = client.macie_status(region).await?;
            of_region(fact_types::MACIE, json!({"status": status}))
        }
        Fact::Organization => {
            let organization = client.organization().await?;
            of_account(fact_types::ORGANIZATION, reported("isMember", organization.as_ref()))
        }
        Fact::PasswordPolicy => {
            let policy = client.password_policy().await?;
            of_account(fact_types::PASSWORD_POLICY, reported("isSet", policy.as_ref()))
        }
        Fact::PublicAccessBlock => match client.public_access_block(region).await? {
            Some(block) => of_account(PUBLIC_ACCESS_BLOCK, json!(block)),
            None => ReadFact { items: Vec::new(), problems: Vec::new() },
        },
        Fact::RootUser => of_account(fact_types::ROOT_USER, json!(client.root_user().await?)),
        Fact::RootVirtualMfa => {
            let serial_numbers = client.virtual_mfa_of_root().await?;
            of_account(fact_types::ROOT_VIRTUAL_MFA, json!({"serialNumbers": serial_numbers}))
        }
        Fact::SecurityHub => {
            let is_enabled = client.has_security_hub(region).await?;
            of_region(fact_types::SECURITY_HUB, json!({"isEnabled": is_enabled}))
        }
        Fact::Shield => {
            let subscription = client.shield_subscription().await?;
            of_account(fact_types::SHIELD, reported("isSubscribed", subscription.as_ref()))
        }
    })
}

/// The item of a log group.
fn log_group(account: &AccountId, region: &Region, group: &LogGroup) -> FactItem {
    FactItem {
        id: group.log_group_name.clone(),
        arn: Some(group.arn.trim_end_matches(":*").to_owned()),
        ..FactItem::of_region(fact_types::LOG_GROUP, account, region, json!(group))
    }
}

/// The fields of something, and by a name whether there is such a thing.
fn reported<T: serde::Serialize>(name: &str, thing: Option<&T>) -> Value {
    let mut fields = Map::from_iter([(name.to_owned(), json!(thing.is_some()))]);
    if let Value::Object(more) = json!(thing) {
        fields.extend(more);
    }
    Value::Object(fields)
}

/// The items of a credential report.
fn credentials(account: &AccountId, report: CredentialReport) -> ReadFact {
    let mut read = ReadFact { items: Vec::new(), problems: Vec::new() };
    if report.rows.iter().all(|row| row.user.is_some()) {
        read.problems.push("the credential report has no row for the root user".to_owned());
        read.items.push(FactItem {
            made_at: Some(report.generated),
            ..FactItem::of_account(fact_types::ROOT_CREDENTIALS, account, Value::Null)
        });
    }
    for CredentialRow { user, arn, credentials } in report.rows {
        let configuration = match &credentials {
            Ok(credentials) => json!(credentials).as_object().cloned(),
            Err(what) => {
                read.problems.push(format!(
                    "the row of {arn} in the credential report is not understood: {what}"
                ));
                None
            }
        };
        let resource_type = match user {
            Some(_) => fact_types::USER_CREDENTIALS,
            None => fact_types::ROOT_CREDENTIALS,
        };
        read.items.push(FactItem {
            resource_type,
            region: GLOBAL.to_owned(),
            id: user.unwrap_or_else(|| account.to_string()),
            arn: Some(arn),
            made_at: Some(report.generated),
            configuration,
        });
    }
    read
}

impl ReadFact {
    fn one(item: FactItem) -> Self {
        Self { items: vec![item], problems: Vec::new() }
    }
}

impl FactItem {
    fn of_account(resource_type: &'static str, account: &AccountId, configuration: Value) -> Self {
        Self {
            resource_type,
            region: GLOBAL.to_owned(),
            id: account.to_string(),
            arn: None,
            made_at: None,
            configuration: match configuration {
                Value::Object(fields) => Some(fields),
                _ => None,
            },
        }
    }

    fn of_region(
        resource_type: &'static str,
        account: &AccountId,
        region: &Region,
        configuration: Value,
    ) -> Self {
        Self {
            region: region.to_string(),
            id: region.to_string(),
            ..Self::of_account(resource_type, account, configuration)
        }
    }

    /// The item as a snapshot has it.
    pub(super) fn text(&self, account: &AccountId, now: Timestamp) -> String {
        let captured = self.made_at.unwrap_or(Timestamp { nanoseconds: 0, ..now });
        let mut item = json!({
            "resourceType": self.resource_type,
            "resourceId": self.id,
            "resourceName": self.id,
            "awsAccountId": account,
            "awsRegion": self.region,
            "configurationItemStatus": "OK",
            "configurationItemCaptureTime": format_timestamp(captured),
        });
        if let Some(item) = item.as_object_mut() {
            if let Some(arn) = &self.arn {
                item.insert("ARN".to_owned(), json!(arn));
            }
            if let Some(mut configuration) = self.configuration.clone() {
                if fact_types::is_fact(self.resource_type) {
                    configuration.insert("version".to_owned(), json!(VERSION));
                }
                item.insert("configuration".to_owned(), Value::Object(configuration));
            }
        }
        item.to_string()
    }
}
