//! What was seen of each organization, for whoever writes its status.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use api::{ConditionReason, MemberCounts, MemberException};
use cel::Timestamp;

/// What was seen of an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OrganizationObservation {
    /// The uid of its object, and the generation of its spec.
    pub(crate) uid: String,
    pub(crate) generation: Option<i64>,
    /// Why it could not be read the last time.
    pub(crate) failure: Option<OrganizationFailure>,
    /// When it was read completely.
    pub(crate) read: Option<Timestamp>,
    pub(crate) counts: MemberCounts,
    /// Accounts whose objects are not as the spec asks for.
    pub(crate) exceptions: Vec<MemberException>,
}

/// Why an organization could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrganizationFailure {
    pub(crate) reason: ConditionReason,
    pub(crate) message: String,
}

/// What was seen of all organizations that this replica holds, by the names of their objects.
#[derive(Debug, Default)]
pub(crate) struct OrganizationObservations {
    seen: Mutex<BTreeMap<String, OrganizationObservation>>,
    pub(crate) changed: Notify,
}

impl OrganizationObservations {
    /// What was seen last of an organization.
    pub(crate) fn of(&self, name: &str) -> Option<OrganizationObservation> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn write(&self, name: &str, observed: OrganizationObservation) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(name) != Some(&observed) {
            seen.insert(name.to_owned(), observed);
            self.changed.notify_one();
        }
    }

    /// Forgets those that are not held here any more.
    pub(super) fn retain(&self, is_held: impl Fn(&str) -> bool) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|name, _| is_held(name));
    }
}
