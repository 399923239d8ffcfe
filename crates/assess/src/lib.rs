//! One assessment of baselines, for a folder as for a cluster: reach accounts, read what AWS Config
//! recorded, evaluate, compare with what was published.

mod assessment;
mod change_pace;
pub mod measure;
mod organization;
mod round;
pub mod schedule;
mod sink;
mod sources;
mod waiting;

pub use assessment::{Assessed, Assessment, Evaluated, PlacedAccount, place};
pub use change_pace::ChangePace;
pub use organization::{OrganizationError, OrganizationReader};
pub use round::{
    Limits, Progress, Retained, Round, RoundReport, View, evaluate, evaluate_at_once,
    evaluate_changed,
};
pub use sink::{Sink, SinkChoice, SinkError};
pub use sources::{
    AccountInput, AwsAccounts, BucketSource, ChangeNews, DeliveryRequests, LiveSources, QueueState,
    QueueWatch, Reached, Recorded, SnapshotInput, SourceInput, SourceReport, Survey, change_queue,
    discover, home_region, open_bucket, types, undeclared, wanted_rules,
};
pub use waiting::wait;
