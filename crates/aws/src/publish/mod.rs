//! Where findings go.
//!
//! A sink takes what a comparison found and makes it last before it says so. What it took it
//! counts as known at once, whatever a read of the other side says yet.

mod hubs;
mod jsonl;
mod mark;
mod others;

use std::future::Future;

use thiserror::Error;

use engine::drift::{FindingChange, KnownFindings};
use engine::plan::Target;
use model::{AccountId, Partition, Region};

pub use crate::sdk::SecurityHub;
pub use hubs::Hubs;
pub use jsonl::{JsonLines, OpenError};
pub use mark::{MarkError, has_mark, mark_of_folder};
pub(crate) use others::{OthersFindings, is_vacant, not_own, place_of};

/// Where findings stand: one account in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The account's partition.
    pub partition: Partition,
}

impl From<&Target> for Place {
    fn from(target: &Target) -> Self {
        let Target { account, region, partition, .. } = target;
        Self { account: account.clone(), region: region.clone(), partition: *partition }
    }
}

/// Whether a place takes changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceState {
    /// What stands there has not been read yet, or could not be: why.
    Unread(String),
    /// What stands there is being read, which takes a while: how far that is.
    Reading(String),
    /// Security Hub is not in use there: what AWS says, and what to do.
    NotEnabled(String),
    /// All that stands there is another Plumbline's of the same installation: whose, and what to do.
    Occupied(String),
    /// What stands there is known.
    Ready,
}

impl PlaceState {
    /// Why it is not known what stands there; nothing where that is known, or nothing can.
    #[must_use]
    pub fn unread(&self) -> Option<&str> {
        match self {
            Self::Unread(why) | Self::Reading(why) => Some(why),
            Self::NotEnabled(_) | Self::Occupied(_) | Self::Ready => None,
        }
    }
}

/// Takes findings to where people and other programs see them.
pub trait FindingSink: Send {
    /// What its installation published, own writes among it.
    fn known(&self) -> &KnownFindings;

    /// Reads back what is published in these places, where that is not known yet: to be called
    /// before a comparison. A place that cannot be read takes no changes until it can.
    fn prepare(&mut self, _places: &[Place]) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Goes on reading back what takes longer than [`prepare`](Self::prepare) waits: to be called between
    /// comparisons, and dropped when the next one is due. Whether reading ended somewhere, so that there is
    /// something new to compare with.
    fn read_on(&mut self, _places: &[Place]) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Asks, where nothing was called for a while, whether these places still take findings: to be
    /// called now and then between comparisons. Whether one of them does not any more.
    fn ask(&mut self, _places: &[Place]) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Publishes changes. What succeeds will last; what is refused or fails is among
    /// [`Published::refused`], and the next comparison finds it again.
    ///
    /// # Errors
    ///
    /// When it is not known what was taken. The next comparison finds out what is still to be done.
    fn publish(
        &mut self,
        changes: &[FindingChange],
    ) -> impl Future<Output = Result<Published, PublishError>> + Send;
}

/// What became of the changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// How many findings were taken.
    pub accepted: usize,
    /// Those that were not, in the order of the changes.
    pub refused: Vec<Refused>,
}

/// A change that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place among the changes.
    pub change: usize,
    /// Why not, and what to do about it.
    pub message: String,
}

impl Published {
    /// The changes that were taken, of all that were given to the sink.
    pub fn taken<'c>(
        &self,
        changes: &'c [FindingChange],
    ) -> impl Iterator<Item = &'c FindingChange> {
        let mut refused = self.refused.iter().map(|refused| refused.change).peekable();
        changes.iter().enumerate().filter_map(move |(at, change)| {
            let is_refused = refused.next_if_eq(&at).is_some();
            (!is_refused).then_some(change)
        })
    }
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
