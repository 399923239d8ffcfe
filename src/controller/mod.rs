//! Brings desired state, sources and sinks together, again and again: the one place with loops
//! that never end.

mod clock;
mod local;
mod operator;
mod round;
mod schedule;
mod sources;

pub use clock::{Clock, SystemClock};
pub use local::{Observer, RunError, Settings, Started, WatchError, run};
pub use operator::{OperatorError, OperatorSettings, SinkChoice, operate};
pub use round::{Progress, Round, RoundReport, View, evaluate};
pub use sources::{AccountInput, Recorded, SourceInput, SourceReport, Survey, discover};
