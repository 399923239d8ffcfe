//! Brings desired state, sources and sinks together, again and again: the one place with loops
//! that never end.

mod clock;
mod local;
mod operator;
mod round;
mod schedule;
mod sources;

pub use clock::{Clock, SystemClock};
pub use local::{Observer, RunError, Settings, SinkChoice, Started, WatchError, run};
pub use operator::{OperatorError, OperatorSettings, operate};
pub use round::{Progress, Round, RoundReport, View, evaluate};
pub use sources::{
    AccountInput, AwsAccounts, LiveSources, Reached, Recorded, SnapshotInput, SourceInput,
    SourceReport, Survey, discover,
};
