//! AWS: clients for each account and region, within budgets, with errors that say what to do.
//!
//! One narrow type for each service holds the calls in use ([`ConfigClient`],
//! [`SecurityHubService`]). Every call waits for its budget, is tried again where that helps, and
//! is counted. No secret, session token or external id is ever shown or logged.
//!
//! All that stands on AWS's SDK is in one module. Without the feature `sdk` there is another in its
//! place, in which nothing can reach AWS: reading files, and publishing into one, go without.

mod bucket;
mod budget;
mod config;
mod error;
pub mod facts;
pub mod operations;
mod paging;
pub mod publish;
mod queue;
mod rules;
#[cfg(feature = "sdk")]
mod sdk;
#[cfg(not(feature = "sdk"))]
#[path = "without_sdk.rs"]
mod sdk;
mod settings;
pub mod source;

pub use bucket::{KeysPage, ListedObject};
pub use budget::{Budget, Budgets, Rate};
pub use config::{
    AggregatedSource, BatchItems, Daily, DeliveryChannel, LastRecording, Recorder, Recording,
    RecordingScope, RegionRecorder, ResourceKey, Rows, ServiceRecorder,
};
pub use error::{AwsError, Class};
pub use operations::{OPERATIONS, Operation};
pub use queue::{MESSAGES, QueueAttributes, ReceivedMessage};
pub use rules::{ConfigRule, NewRule, RuleResult, RuleStatus};
pub use sdk::{
    AccountAccess, Aws, BucketClient, ConfigClient, CredentialsProvider, OrganizationsClient,
    QueueClient, SecurityHubClient, SecurityHubService, is_enumerated,
};
#[cfg(feature = "sdk")]
pub use sdk::{FindingKey, FindingsPage, NotImported, NotUpdated, WorkflowUpdate};
pub use settings::{AwsSettings, OTHER_ACCOUNT, Patience, Role};
