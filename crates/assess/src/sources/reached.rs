//! The accounts that were reached, for a sink that publishes in them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::access::AwsAccounts;
use api::AwsAccountSpec;
use aws::publish::{Hubs, Place};
use aws::{AccountAccess, AwsError, SecurityHubClient};
use model::AccountId;

/// Accounts that were reached. Clones are one: what is reached through one is open to all.
#[derive(Debug, Clone, Default)]
pub struct Reached(Arc<RwLock<HashMap<AccountId, AccountAccess>>>);

impl Reached {
    /// Reaches accounts again, with what their objects say now. Of one that cannot be reached is said
    /// why not; it keeps the access that it had, if it had one, only where AWS merely was busy.
    pub async fn reach<'s>(
        &self,
        aws: &AwsAccounts,
        accounts: impl IntoIterator<Item = &'s AwsAccountSpec>,
    ) -> Vec<AwsError> {
        let mut errors = Vec::new();
        for spec in accounts {
            match aws.own(spec).await {
                Ok(access) => {
                    let mut reached = self.0.write().unwrap_or_else(PoisonError::into_inner);
                    reached.insert(spec.account_id.clone(), access);
                }
                Err(error) => {
                    if !error.class.is_passing() {
                        self.forget(&spec.account_id);
                    }
                    errors.push(error);
                }
            }
        }
        errors
    }

    /// Lets go of an account.
    pub fn forget(&self, account: &AccountId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

impl Hubs for Reached {
    type Hub = SecurityHubClient;

    fn hub(&self, place: &Place) -> Option<SecurityHubClient> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).hub(place)
    }
}
