//! Which accounts and regions a snapshot is about, for when nobody has declared them.

use std::thread;

use crate::api::{
    AccountSource, AllowedNamespaces, AwsAccount, AwsAccountSpec, LabelSelector, Period,
    SnapshotSource,
};
use crate::resource::{AccountId, ConfigurationItem, Partition, Reading, Region};
use crate::source::{Snapshot, Worker};

use super::Seen;
use super::seen::Recorders;

/// Looks at heads only.
struct Nothing;

impl Worker for Nothing {
    fn item(&mut self, _: ConfigurationItem<'_>) {}
}

/// An `AwsAccount` for each account that the snapshot's items belong to, named by its id, open to
/// every namespace, with the regions that its items come from; and what could not be read.
pub fn discover(
    snapshot: &Snapshot,
    progress: &(dyn Fn(u64) + Sync),
) -> (Vec<AwsAccount>, Vec<String>) {
    let workers: Vec<Nothing> = (0..threads()).map(|_| Nothing).collect();
    let (_, report) = snapshot.read(&Reading::new([]), workers, progress);
    let problems = super::problems(&report);
    let seen = Seen::new(report.types, Recorders::default());
    let accounts = seen.accounts().into_iter();
    (accounts.map(|(account, regions)| declared(&account, regions)).collect(), problems)
}

pub(in crate::controller) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn declared(account: &AccountId, mut regions: Vec<Region>) -> AwsAccount {
    let partition = partition(&regions);
    if regions.is_empty() {
        regions.extend(partition.home_region().parse());
    }
    regions.sort_unstable();
    let everybody =
        AllowedNamespaces { selector: Some(LabelSelector::default()), names: Vec::new() };
    let spec = AwsAccountSpec {
        account_id: account.clone(),
        partition,
        regions,
        home_region: None,
        source: AccountSource {
            snapshot: SnapshotSource {
                url: String::new(),
                recorded_types: None,
                max_age: Period::hours(0),
            },
        },
        allowed_namespaces: Some(everybody),
    };
    AwsAccount::new(account.as_str(), spec)
}

fn partition(regions: &[Region]) -> Partition {
    let begins = |prefix: &str| regions.iter().any(|region| region.as_str().starts_with(prefix));
    if begins("cn-") {
        Partition::AwsCn
    } else if begins("us-gov-") {
        Partition::AwsUsGov
    } else {
        Partition::Aws
    }
}
