//! The calls that tell of an account.

mod iam;
mod regional;
mod report;
mod services;

use super::access::AccountAccess;
use super::signed::{Service, SignedClient};
use cel::Timestamp;
use model::AccountId;

/// Calls what tells of an account. Made when something is to be read, and let go of: facts are asked
/// for once an hour.
#[derive(Debug, Clone)]
pub struct FactsClient {
    access: AccountAccess,
    iam: SignedClient,
}

impl FactsClient {
    pub(super) fn new(access: AccountAccess) -> Self {
        let iam = access.signed(Service::Iam, &access.partition().usual_region());
        Self { access, iam }
    }

    /// The account that is asked.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        self.access.account()
    }
}

/// A time as AWS's answers write it.
fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| format!("`{text}` is not a time"))
}

#[cfg(test)]
mod tests;
