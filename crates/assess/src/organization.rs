//! Reads an AWS Organization, as far as its spec needs it.
//!
//! The list of accounts is read each time: a call for every 20 accounts. Names of units, tags and enabled
//! regions take calls of their own; they are read only where the spec needs them, of the accounts that
//! nothing else leaves out, and remembered for the spec's `detailsInterval`. A failure of one of these is
//! that account's; a failure of the list is the whole reading's.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt, stream};
use thiserror::Error;

use crate::sources::AwsAccounts;
use api::{AwsAccountSpec, AwsOrganizationSpec};
use aws::{AwsError, OrganizationsClient};
use engine::organization::{
    DetailNeeds, ListingError, MemberAccount, MemberDetails, MemberListing, Membership,
    OrganizationReading, Selection, UnitNames,
};
use model::{AccountId, Region};

/// So many calls run at once; budgets bound how many a second.
const CONCURRENT: usize = 8;

/// Why an organization cannot be read.
#[derive(Debug, Clone, Error)]
pub enum OrganizationError {
    /// AWS refuses a call.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The list of accounts is not that of the organization.
    #[error(transparent)]
    Listing(#[from] ListingError),
}

/// Something that was read, and when.
#[derive(Debug, Clone)]
struct Remembered<T> {
    value: T,
    read: Duration,
}

/// What was read of a kind of details, by account or unit.
type Memory<K, T> = BTreeMap<K, Remembered<T>>;

/// Reads one organization again and again, and remembers its details.
#[derive(Debug, Default)]
pub struct OrganizationReader {
    /// The names of the units below each root or unit.
    units: Memory<String, BTreeMap<String, String>>,
    tags: Memory<AccountId, BTreeMap<String, String>>,
    regions: Memory<AccountId, Vec<Region>>,
}

impl OrganizationReader {
    /// Reads the organization now, `elapsed` after some moment that is the same each time.
    ///
    /// # Errors
    ///
    /// When its accounts are not listed to the end, or are those of another organization.
    pub async fn read(
        &mut self,
        aws: &AwsAccounts,
        spec: &AwsOrganizationSpec,
        elapsed: Duration,
    ) -> Result<OrganizationReading, OrganizationError> {
        let client = aws.organization(spec).await?.organizations();
        let listing = MemberListing::of(spec, client.accounts().await?)?;
        let age = spec.details_interval.duration();
        let is_fresh = |read: Duration| elapsed.saturating_sub(read) < age;
        let needs = DetailNeeds::of(spec);
        let units = if needs.units {
            self.unit_names(&client, spec, &listing, is_fresh, elapsed).await?
        } else {
            UnitNames::default()
        };
        let selection = Selection::of(spec, &units);
        let is_listed =
            |account: &&MemberAccount| selection.listed(account) == Membership::Selected;
        let listed: Vec<&MemberAccount> = listing.accounts().filter(is_listed).collect();
        let mut details = MemberDetails::default();
        if needs.tags {
            let read = |account: AccountId| {
                let client = client.clone();
                async move { client.tags(&account).await }
            };
            let ids = listed.iter().map(|account| account.id.clone()).collect();
            details.tags = remembering(&mut self.tags, ids, is_fresh, elapsed, read).await;
        }
        if needs.regions {
            let is_selected = |account: &&&MemberAccount| {
                selection.tagged(details.tags.get(&account.id)) == Membership::Selected
            };
            let ids = listed.iter().filter(is_selected).map(|account| account.id.clone()).collect();
            let read = |account: AccountId| {
                let (aws, member) = (aws.clone(), member(spec, &account));
                async move { aws.own(&member).await?.enabled_regions().await }
            };
            details.regions = remembering(&mut self.regions, ids, is_fresh, elapsed, read).await;
        }
        self.tags.retain(|account, _| listing.get(account).is_some());
        self.regions.retain(|account, _| listing.get(account).is_some());
        Ok(OrganizationReading { listing, units, details })
    }

    /// The names of all units that hold accounts in the selected states. One that cannot be read fails the
    /// reading: what is below it may be anything.
    async fn unit_names(
        &mut self,
        client: &OrganizationsClient,
        spec: &AwsOrganizationSpec,
        listing: &MemberListing,
        is_fresh: impl Fn(Duration) -> bool,
        elapsed: Duration,
    ) -> Result<UnitNames, AwsError> {
        let is_meant = |account: &&MemberAccount| {
            account.state.is_some_and(|state| spec.accounts.states.contains(&state))
        };
        let parents = MemberListing::parents(listing.accounts().filter(is_meant));
        let known = |names: &Self, accounts: &MemberListing| {
            // A unit that is new below a parent is not among what was read of that.
            let is_known = |account: &MemberAccount| {
                let mut units = account.path.iter().flat_map(|path| path.iter().skip(1));
                units.all(|unit| names.units.values().any(|below| below.value.contains_key(unit)))
            };
            accounts.accounts().filter(is_meant).all(is_known)
        };
        if !known(self, listing) {
            self.units.clear();
        }
        self.units.retain(|parent, names| parents.contains(parent) && is_fresh(names.read));
        let missing: Vec<&String> =
            parents.iter().filter(|parent| !self.units.contains_key(*parent)).collect();
        for parent in missing {
            let value = client.units_below(parent).await?;
            self.units.insert(parent.clone(), Remembered { value, read: elapsed });
        }
        let names = self.units.values().flat_map(|names| names.value.clone());
        Ok(UnitNames::of(names.collect()))
    }
}

/// What is known of these accounts: what is remembered, and what is read now of the others. What fails is
/// read again next time.
async fn remembering<T: Clone, F>(
    memory: &mut Memory<AccountId, T>,
    accounts: Vec<AccountId>,
    is_fresh: impl Fn(Duration) -> bool,
    elapsed: Duration,
    read: impl Fn(AccountId) -> F,
) -> BTreeMap<AccountId, Result<T, String>>
where
    F: Future<Output = Result<T, AwsError>>,
{
    let mut known = BTreeMap::new();
    let mut missing = Vec::new();
    for account in accounts {
        match memory.get(&account).filter(|it| is_fresh(it.read)) {
            Some(remembered) => {
                known.insert(account, Ok(remembered.value.clone()));
            }
            None => missing.push(account),
        }
    }
    let reading = stream::iter(missing).map(|account| {
        let reading = read(account.clone());
        async move { (account, reading.await) }
    });
    let found: Vec<_> = reading.buffer_unordered(CONCURRENT).collect().await;
    for (account, found) in found {
        if let Ok(value) = &found {
            let remembered = Remembered { value: value.clone(), read: elapsed };
            memory.insert(account.clone(), remembered);
        }
        known.insert(account, found.map_err(|error| error.to_string()));
    }
    known
}

/// An account of the organization, as far as it has to be known to reach it.
fn member(spec: &AwsOrganizationSpec, account: &AccountId) -> AwsAccountSpec {
    AwsAccountSpec {
        account_id: account.clone(),
        partition: spec.partition,
        regions: vec![spec.partition.usual_region()],
        home_region: None,
        role: Some(spec.member_role(account)),
        source: spec.template.source.clone(),
        budgets: Vec::new(),
        allowed_namespaces: None,
    }
}
