//! AWS Organizations, which this build does not reach.

use std::collections::BTreeMap;

use super::{AccountAccess, Never};
use crate::error::AwsError;
use engine::organization::MemberAccount;
use model::{AccountId, Region};

/// An organization, which this build does not read.
#[derive(Debug, Clone)]
pub struct OrganizationsClient(Never);

#[allow(missing_docs, clippy::missing_errors_doc)] // as the SDK's own
impl OrganizationsClient {
    pub async fn accounts(&self) -> Result<Vec<MemberAccount>, AwsError> {
        match self.0 {}
    }

    pub async fn units_below(&self, _parent: &str) -> Result<BTreeMap<String, String>, AwsError> {
        match self.0 {}
    }

    pub async fn tags(&self, _account: &AccountId) -> Result<BTreeMap<String, String>, AwsError> {
        match self.0 {}
    }
}

impl AccountAccess {
    /// The organization that the account manages or administers.
    #[must_use]
    pub fn organizations(&self) -> OrganizationsClient {
        match self.0 {}
    }

    /// The regions that the account has enabled.
    ///
    /// # Errors
    ///
    /// Never, for nobody calls it.
    pub async fn enabled_regions(&self) -> Result<Vec<Region>, AwsError> {
        match self.0 {}
    }
}
