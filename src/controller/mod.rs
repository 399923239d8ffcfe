//! Brings desired state, sources and sinks together, again and again: the one place with loops
//! that never end.

mod clock;
mod doctor;
mod local;
mod operator;
mod permissions;
mod published;
mod round;
mod schedule;
mod sources;

pub use clock::{Clock, SystemClock};
pub use doctor::{Check, CheckResult, CheckState, Examination, examine};
pub use local::{Observer, RunError, Settings, SinkChoice, Started, WatchError, run};
pub use operator::{OperatorError, OperatorSettings, operate};
pub use permissions::{Condition, Permissions, RolePermissions, Statement, account_of};
pub use round::{Progress, Round, RoundReport, View, evaluate};
pub use sources::{
    AccountInput, AwsAccounts, LiveSources, Reached, Recorded, SnapshotInput, SourceInput,
    SourceReport, Survey, discover, undeclared,
};
