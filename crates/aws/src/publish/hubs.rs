//! How the sink comes to Security Hub of a place.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::publish::Place;
use crate::{AccountAccess, SecurityHubClient, SecurityHubService};
use model::AccountId;

/// Opens Security Hub in many places.
pub trait Hubs: Send + Sync {
    /// Security Hub in one of them.
    type Hub: SecurityHubService + 'static;

    /// Security Hub of a place; nothing where nobody gives access to its account. What it gives
    /// belongs to that account: whoever made it has verified that.
    fn hub(&self, place: &Place) -> Option<Self::Hub>;
}

/// The accounts that this process reaches now.
impl<S: BuildHasher + Send + Sync> Hubs for HashMap<AccountId, AccountAccess, S> {
    type Hub = SecurityHubClient;

    fn hub(&self, place: &Place) -> Option<SecurityHubClient> {
        let access = self.get(&place.account)?;
        (access.partition() == place.partition).then(|| access.security_hub(&place.region))
    }
}
