//! Sources: where configuration items come from.
//!
//! Blocking: a source runs on threads of its own, and an asynchronous caller starts it on one.

pub mod snapshot;

pub use snapshot::{
    Occurrence, ReadProblem, ReadReport, Snapshot, SnapshotError, TypeInRegion, Worker,
};
