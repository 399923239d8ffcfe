//! Sources: where configuration items come from.
//!
//! Blocking: a source runs on threads of its own, and an asynchronous caller starts it on one.

pub mod account_facts;
pub mod aws_config;
mod changes;
pub mod config_rules;
mod delivered;
mod mirror;
mod recorder_item;
pub mod snapshot;
mod space;

pub use changes::{ChangeMessage, ItemChange, MessageError};
pub use delivered::{AccountRegions, DeliveredError, DeliveryBucket};
pub use mirror::{Changes, Mirror, Part, Which};
pub use recorder_item::{RECORDER, RecorderItem};
pub use snapshot::{
    Contents, ItemSink, Lost, NewestSnapshot, Occurrence, ReadAtOnce, ReadProblem, ReadReport,
    Snapshot, SnapshotError, SnapshotState, TypeInRegion, UnreadRegion, survey_reading,
};
pub use space::MirrorSpace;
