//! An organization as it was read.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use api::{AwsOrganizationSpec, MemberState};
use model::{AccountId, Region};

/// An account as AWS Organizations lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberAccount {
    /// The account.
    pub id: AccountId,
    /// The id of the organization that it is listed in.
    pub organization: String,
    /// Its name; empty where none is listed.
    pub name: String,
    /// Its state, where it is listed and known.
    pub state: Option<MemberState>,
    /// The ids of the root and of the units down to it, where they are listed.
    pub path: Option<Vec<String>>,
}

/// A list of accounts that cannot be that of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListingError {
    /// It is that of another.
    #[error(
        "account {reader} reads the organization {found}, not {expected}: check accountId, role and \
         organizationId"
    )]
    OtherOrganization {
        /// Who reads it.
        reader: AccountId,
        /// The organization that is read.
        found: String,
        /// The one that is meant.
        expected: String,
    },
    /// The account that reads it is not among it, so that others may be missing as well.
    #[error("the list of accounts lacks account {0}, which reads it: it is not complete")]
    LacksReader(AccountId),
}

/// All accounts of an organization: a list that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberListing(BTreeMap<AccountId, MemberAccount>);

impl MemberListing {
    /// Takes a list that was read to its end for that of an organization.
    ///
    /// # Errors
    ///
    /// When it is that of another, or lacks the account that reads it.
    pub fn of(
        spec: &AwsOrganizationSpec,
        accounts: impl IntoIterator<Item = MemberAccount>,
    ) -> Result<Self, ListingError> {
        let mut all = BTreeMap::new();
        for account in accounts {
            if account.organization != spec.organization_id {
                return Err(ListingError::OtherOrganization {
                    reader: spec.account_id.clone(),
                    found: account.organization,
                    expected: spec.organization_id.clone(),
                });
            }
            all.insert(account.id.clone(), account);
        }
        if !all.contains_key(&spec.account_id) {
            return Err(ListingError::LacksReader(spec.account_id.clone()));
        }
        Ok(Self(all))
    }

    /// The accounts, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &MemberAccount> {
        self.0.values()
    }

    /// How many accounts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// An account, if it is in the organization.
    #[must_use]
    pub fn get(&self, account: &AccountId) -> Option<&MemberAccount> {
        self.0.get(account)
    }

    /// The roots and units whose children have to be listed for the names of all units that hold these
    /// accounts.
    #[must_use]
    pub fn parents<'m>(accounts: impl IntoIterator<Item = &'m MemberAccount>) -> BTreeSet<String> {
        let paths = accounts.into_iter().filter_map(|account| account.path.as_deref());
        let parents = paths.filter_map(|path| path.split_last().map(|(_, parents)| parents));
        parents.flatten().cloned().collect()
    }
}

/// The names of organizational units, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitNames(BTreeMap<String, String>);

impl UnitNames {
    /// These names.
    #[must_use]
    pub const fn of(names: BTreeMap<String, String>) -> Self {
        Self(names)
    }

    /// The names of the units down to an account; nothing where one is not known. The root has none.
    pub(super) fn path<'n>(&'n self, account: &MemberAccount) -> Option<Vec<&'n str>> {
        let units = account.path.as_ref()?.iter().skip(1);
        units.map(|unit| self.0.get(unit).map(String::as_str)).collect()
    }
}

/// What calls of their own tell of accounts, and why they do not where they failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberDetails {
    /// Their tags.
    pub tags: BTreeMap<AccountId, Result<BTreeMap<String, String>, String>>,
    /// The regions that they have enabled.
    pub regions: BTreeMap<AccountId, Result<Vec<Region>, String>>,
}

/// An organization, as far as its spec needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationReading {
    /// All its accounts.
    pub listing: MemberListing,
    /// The names of units.
    pub units: UnitNames,
    /// Tags and regions.
    pub details: MemberDetails,
}
