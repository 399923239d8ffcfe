//! What was lost of an input, as narrowly as it is known: one resource, a type in a region, or more.
//!
//! Only what a lost item would have described becomes unknown. A resource whose item is lost is passed on
//! for evaluation as unreadable; a loss that is wider is reported as a part that was not read.

use super::files::SnapshotFile;
use cel::Timestamp;
use model::{AccountId, Region, ResourceType, Traces, canonical_type, is_global};

/// A part of which something was lost: an account's type in a region. Nothing stands for any.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lost {
    /// The account.
    pub account_id: Option<AccountId>,
    /// The region.
    pub region: Option<Region>,
    /// The type.
    pub resource_type: Option<ResourceType>,
}

impl Lost {
    /// What a file that AWS Config delivered speaks of; anything for another file.
    pub(super) fn of_file(file: &SnapshotFile) -> Self {
        if let Some(history) = &file.history {
            return history.clone();
        }
        let Some(delivery) = &file.delivery else { return Self::default() };
        Self {
            account_id: Some(delivery.account.clone()),
            region: Some(delivery.region.clone()),
            resource_type: None,
        }
    }

    /// Whether the rest of the account counts.
    #[must_use]
    pub const fn is_part_of_account(&self) -> bool {
        self.region.is_some() || self.resource_type.is_some()
    }

    /// Whether an item of that place is of the part.
    #[must_use]
    pub fn includes(&self, account_id: &str, region: &str, resource_type: &str) -> bool {
        let is = |known: Option<&str>, this: &str| known.is_none_or(|known| known == this);
        is(self.account_id.as_ref().map(AccountId::as_str), account_id)
            && is(self.resource_type.as_ref().map(ResourceType::as_str), resource_type)
            && is(self.region.as_ref().map(Region::as_str), region)
    }
}

/// A resource of which an item is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LostItem {
    pub(super) account_id: Box<str>,
    pub(super) region: Box<str>,
    pub(super) resource_type: Box<str>,
    pub(super) id: Box<str>,
    pub(super) captured: Option<Timestamp>,
    /// Whether the item is said to be elsewhere, and nothing is wrong where it follows.
    pub(super) announced: bool,
    pub(super) file: usize,
    pub(super) position: u64,
}

/// Where something was lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'l> {
    pub(super) file: usize,
    pub(super) position: u64,
    /// What the file speaks of.
    pub(super) of_file: &'l Lost,
}

/// What is lost with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Loss {
    Resource(LostItem),
    Part(Lost),
}

/// What is lost with an item of which no more than this is known.
pub(super) fn loss(traces: &Traces, spot: Spot<'_>, announced: bool) -> Loss {
    let account_id: Option<AccountId> =
        traces.account_id.as_ref().and_then(|account| account.parse().ok());
    let name = traces.resource_type.as_deref();
    let resource_type: Option<ResourceType> =
        name.map(|name| canonical_type(name).unwrap_or(name)).and_then(|name| name.parse().ok());
    let global = traces.region.as_deref() == Some("global")
        || resource_type.as_ref().is_some_and(|name| is_global(name.as_str()));
    let region: Option<Region> = traces.region.as_ref().and_then(|region| region.parse().ok());
    match (&account_id, &resource_type, &traces.id) {
        (Some(account_id), Some(resource_type), Some(id)) if global || region.is_some() => {
            let region = region.as_ref().map_or("global", Region::as_str);
            Loss::Resource(LostItem {
                account_id: account_id.as_str().into(),
                region: region.into(),
                resource_type: resource_type.as_str().into(),
                id: id.clone(),
                captured: traces.capture_time,
                announced,
                file: spot.file,
                position: spot.position,
            })
        }
        _ => Loss::Part(Lost {
            account_id: account_id.or_else(|| spot.of_file.account_id.clone()),
            // Each region may have the newest copy of a resource that has none.
            region: region.or_else(|| spot.of_file.region.clone()).filter(|_| !global),
            resource_type,
        }),
    }
}
