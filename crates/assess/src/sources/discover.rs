//! Declares the accounts of a snapshot, for when nobody has.

use api::{
    AccountSource, AllowedNamespaces, AwsAccount, AwsAccountSpec, LabelSelector, Period,
    SnapshotSource,
};
use aws::source::AccountRegions;
use model::{AccountId, Partition, Region};

/// An `AwsAccount` for each account that a snapshot's items belong to: named by its id, open to
/// every namespace, with the regions that its items come from.
pub fn discover(places: AccountRegions) -> Vec<AwsAccount> {
    let places = places.into_iter();
    places.map(|(account, regions)| declared(&account, regions.into_iter().collect())).collect()
}

fn declared(account: &AccountId, mut regions: Vec<Region>) -> AwsAccount {
    let partition = regions.first().map_or(Partition::Aws, Partition::of_region);
    if regions.is_empty() {
        regions.extend(partition.home_region().parse());
    }
    let snapshot = SnapshotSource {
        url: "-".to_owned(),
        role: None,
        recorded_types: None,
        max_age: Period::hours(0),
        deliver: None,
    };
    let source = AccountSource { snapshot: Some(snapshot), ..AccountSource::default() };
    undeclared(account, partition, regions, source)
}

/// An account that no file declares: named by its id, and open to every namespace.
pub fn undeclared(
    account: &AccountId,
    partition: Partition,
    regions: Vec<Region>,
    source: AccountSource,
) -> AwsAccount {
    let everybody =
        AllowedNamespaces { selector: Some(LabelSelector::default()), names: Vec::new() };
    let spec = AwsAccountSpec {
        account_id: account.clone(),
        partition,
        regions,
        home_region: None,
        role: None,
        source,
        budgets: Vec::new(),
        allowed_namespaces: Some(everybody),
    };
    AwsAccount::new(account.as_str(), spec)
}
