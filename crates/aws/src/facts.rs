//! Account facts: what no configuration item holds, and one call each tells of an account.
//!
//! Answers are read strictly. A field that is missing, or has a value that is not known here, makes
//! the fact unknown; what the answer does not say is never filled in.

use serde::Serialize;

pub use crate::sdk::FactsClient;
use cel::Timestamp;

/// The password policy of an account (`PasswordPolicy`, IAM API Reference).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
#[allow(clippy::struct_excessive_bools)] // as IAM has it
pub struct PasswordPolicy {
    /// The shortest password.
    pub minimum_password_length: u32,
    /// Whether one needs a symbol,
    pub require_symbols: bool,
    /// a digit,
    pub require_numbers: bool,
    /// a capital letter,
    pub require_uppercase_characters: bool,
    /// a small letter.
    pub require_lowercase_characters: bool,
    /// Whether users may change their own.
    pub allow_users_to_change_password: bool,
    /// Whether passwords expire,
    pub expire_passwords: bool,
    /// and after how many days; nothing where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_password_age: Option<u32>,
    /// How many earlier passwords may not be used again; nothing for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_reuse_prevention: Option<u32>,
    /// Whether only an administrator can renew an expired one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard_expiry: Option<bool>,
}

/// The root user of an account, as the account's summary has it (`GetAccountSummary`, IAM API
/// Reference).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootUser {
    /// Whether the root user signs in with MFA.
    pub mfa_enabled: bool,
    /// How many access keys there are.
    pub access_key_count: i64,
    /// Whether there is a password; nothing where IAM does not say. An account of an organization may
    /// have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_exists: Option<bool>,
    /// How many signing certificates there are; nothing where IAM does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_certificate_count: Option<i64>,
}

/// The account's block of public access to S3, as AWS Config records it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all(serialize = "camelCase", deserialize = "PascalCase"))]
#[allow(clippy::struct_excessive_bools)] // as S3 has it
pub struct PublicAccessBlock {
    /// Whether new public ACLs are refused.
    pub block_public_acls: bool,
    /// Whether public ACLs have no effect.
    pub ignore_public_acls: bool,
    /// Whether new public policies are refused.
    pub block_public_policy: bool,
    /// Whether public policies have no effect outside the account.
    pub restrict_public_buckets: bool,
}

/// The organization that an account belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Organization {
    /// Its id.
    #[serde(rename(deserialize = "Id"))]
    pub organization_id: String,
    /// The account that manages it.
    #[serde(rename(deserialize = "MasterAccountId"))]
    pub management_account_id: String,
    /// `ALL` or `CONSOLIDATED_BILLING`.
    #[serde(rename(deserialize = "FeatureSet"))]
    pub feature_set: String,
}

/// In what matter AWS turns to an alternate contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKind {
    /// In matters of billing.
    Billing,
    /// In matters of operations.
    Operations,
    /// In matters of security.
    Security,
}

/// A credential report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialReport {
    /// When IAM made it.
    pub generated: Timestamp,
    /// The root user and each user, as far as there is a row.
    pub rows: Vec<CredentialRow>,
}

/// What a report says of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// The user's name; nothing for the root user.
    pub user: Option<String>,
    /// The user's ARN.
    pub arn: String,
    /// The credentials, or what of them is not understood.
    pub credentials: Result<Credentials, String>,
}

/// A user's credentials. Times are RFC 3339, as the report writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// When the user was made.
    pub user_creation_time: String,
    /// Whether there is a password. Of a root user the report may not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_enabled: Option<bool>,
    /// When it was last used; nothing where it never was since October 2014.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_last_used: Option<String>,
    /// When it was last set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_last_changed: Option<String>,
    /// Whether the user signs in with MFA.
    pub mfa_active: bool,
    /// The two access keys that a user can have; of one that there is not, `active` is false.
    pub keys: Vec<AccessKey>,
}

/// A user's access key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessKey {
    /// Which of the two.
    pub number: u8,
    /// Whether it is in force.
    pub active: bool,
    /// When it was made, or last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_rotated: Option<String>,
    /// When it was last used; nothing where it never was since April 2015.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// The service that it was last used with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_service: Option<String>,
}

/// The snapshots of a region that everyone can restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicSnapshots {
    /// The snapshots whose attribute says so.
    pub public_snapshot_ids: Vec<String>,
    /// Whether the region blocks that: `block-all-sharing`, `block-new-sharing` or `unblocked`. Asked only
    /// where there is such a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_public_access: Option<&'static str>,
}

/// What Amazon Inspector scans in a region: `ENABLED`, `DISABLED` or a state between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectorScans {
    /// Instances,
    pub ec2: &'static str,
    /// images,
    pub ecr: &'static str,
    /// packages of functions,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<&'static str>,
    /// and their code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_code: Option<&'static str>,
}

/// The subscription to Shield Advanced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShieldSubscription {
    /// Whether it renews by itself.
    pub auto_renew: bool,
}

/// A log group (`LogGroup`, `CloudWatch` Logs API Reference).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Its name.
    pub log_group_name: String,
    /// Its ARN, with `:*` at its end.
    #[serde(skip_serializing)]
    pub arn: String,
    /// For how many days events are kept; nothing where for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<u32>,
    /// The key that they are encrypted with; nothing where with one of `CloudWatch` Logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_class: Option<String>,
}
