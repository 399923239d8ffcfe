//! AWS: clients for each account and region, within budgets, with errors that say what to do.
//!
//! One narrow trait for each service holds the calls in use ([`ConfigService`],
//! [`SecurityHubService`]). Every call waits for its budget, is tried again where that helps, and
//! is counted. No secret, session token or external id is ever shown or logged.

mod access;
mod budget;
mod call;
mod config;
mod credentials;
mod error;
mod message;
pub mod operations;
mod profile;
mod security_hub;

pub use access::{AccountAccess, Aws, AwsSettings, OTHER_ACCOUNT, Role};
pub use budget::{Budget, Budgets, Rate};
pub use call::Patience;
pub use config::{
    AggregatedSource, BatchItems, ConfigClient, ConfigService, Daily, LastRecording, Recorder,
    Recording, ResourceKey, Rows, is_enumerated,
};
pub use error::{AwsError, Class};
pub use operations::{OPERATIONS, Operation};
pub use security_hub::{
    FindingKey, FindingsPage, NotImported, NotUpdated, SecurityHubClient, SecurityHubService,
    WorkflowUpdate,
};
