//! Where findings go.
//!
//! A sink takes what a comparison found and makes it last before it says so. What it took it
//! counts as known at once, whatever a read of the other side says yet.

mod jsonl;

use std::future::Future;

use thiserror::Error;

use crate::drift::{FindingChange, KnownFindings};

pub use jsonl::{JsonLines, OpenError};

/// Takes findings to where people and other programs see them.
pub trait FindingSink {
    /// What is published, own writes among it.
    fn known(&self) -> &KnownFindings;

    /// Publishes changes, in their order. When it succeeds, all of them will last; when it fails,
    /// some may, and the next comparison finds out which are still to be made.
    fn publish(
        &mut self,
        changes: &[FindingChange],
    ) -> impl Future<Output = Result<Published, PublishError>> + Send;
}

/// What became of the changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// How many findings were taken.
    pub accepted: usize,
}

/// Why findings could not be published.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The file could not be written. Nothing of it was lost that had been published before.
    #[error("cannot write findings to {path}: {source}; free some space or check the permissions")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A finding could not be written as JSON.
    #[error("cannot write finding {id} as JSON: {source}")]
    Encode {
        /// The finding.
        id: String,
        /// What the encoder says.
        source: serde_json::Error,
    },
}
