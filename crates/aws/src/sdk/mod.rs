//! All that stands on AWS's SDK.

mod access;
mod bucket;
mod call;
mod config;
mod credentials;
mod facts;
mod failure;
mod fenced;
mod message;
mod organizations;
mod pages;
mod profile;
mod queue;
mod security_hub;
mod signed;
mod sink;
mod transport;

pub use access::{AccountAccess, Aws};
/// Where credentials come from.
pub use aws_credential_types::provider::SharedCredentialsProvider as CredentialsProvider;
pub use bucket::BucketClient;
pub use config::{ConfigClient, is_enumerated};
pub use facts::FactsClient;
pub use organizations::OrganizationsClient;
pub use queue::QueueClient;
pub use security_hub::{
    FindingKey, FindingsPage, NotImported, NotUpdated, SecurityHubClient, SecurityHubService,
    WorkflowUpdate,
};
pub use sink::SecurityHub;
