//! Who does what: everything that one replica alone may do belongs to one of a few buckets, and
//! replicas share the buckets.
//!
//! An account's bucket is that of the account whose AWS Config is asked for its items: its own, or
//! that of its aggregator, so that one replica holds the budget of all who are read there. What is
//! told of an object is told by the holder of the object's own bucket.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::api::{AwsAccountSpec, ObjectKey};
use crate::resource::AccountId;

/// How many buckets there are. Replicas of one installation have to agree on it.
pub(super) const BUCKETS: usize = 16;

/// The buckets that this replica holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ownership(BTreeSet<usize>);

impl Ownership {
    /// These buckets.
    pub(super) fn of(buckets: impl IntoIterator<Item = usize>) -> Self {
        Self(buckets.into_iter().collect())
    }

    /// How many buckets they are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the account is evaluated here.
    pub(super) fn has_account(&self, account: &AwsAccountSpec) -> bool {
        self.0.contains(&bucket_of("account", asked(account).as_str()))
    }

    /// Whether the object's status is written here.
    pub(super) fn has_object(&self, key: &ObjectKey) -> bool {
        self.0.contains(&bucket_of("object", &key.to_string()))
    }
}

/// The account whose AWS Config is asked.
fn asked(account: &AwsAccountSpec) -> &AccountId {
    let aggregator = account.source.aggregator.as_ref();
    aggregator.map_or(&account.account_id, |aggregator| &aggregator.account)
}

/// The same on every replica and in every version.
fn bucket_of(kind: &str, key: &str) -> usize {
    let digest = Sha256::digest(format!("{kind}/{key}"));
    digest.first().map_or(0, |byte| usize::from(*byte) % BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64, source: &serde_json::Value) -> AwsAccountSpec {
        let id = format!("{number:012}");
        let spec = serde_json::json!({"accountId": id, "regions": ["eu-west-1"], "source": source});
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_key_stays_in_its_bucket() {
        assert_eq!(bucket_of("account", "111122223333"), bucket_of("account", "111122223333"));
        assert_eq!(bucket_of("account", "111122223333"), 8);
    }

    #[test]
    fn many_accounts_fill_every_bucket() {
        let accounts = (0..1000).map(|number| format!("{number:012}"));
        let used: BTreeSet<usize> = accounts.map(|id| bucket_of("account", &id)).collect();
        assert_eq!(used.len(), BUCKETS);
    }

    #[test]
    fn every_account_has_one_owner_among_those_who_share_the_buckets() {
        let owners = [Ownership::of(0..6), Ownership::of(6..12), Ownership::of(12..BUCKETS)];
        for number in 0..100 {
            let account = account(number, &serde_json::json!({"configApi": {}}));
            let count = owners.iter().filter(|owner| owner.has_account(&account)).count();
            assert_eq!(count, 1);
        }
    }

    #[test]
    fn accounts_of_one_aggregator_have_one_owner_with_its_account() {
        let home = 999_988_887_777;
        let through = serde_json::json!({"aggregator": {
            "name": "all", "account": format!("{home}"), "region": "eu-west-1",
        }});
        let owner = Ownership::of([bucket_of("account", &format!("{home}"))]);
        assert!(owner.has_account(&account(home, &serde_json::json!({"configApi": {}}))));
        let own = |number| account(number, &serde_json::json!({"configApi": {}}));
        assert!((0..100).any(|number| !owner.has_account(&own(number))));
        for number in 0..100 {
            assert!(owner.has_account(&account(number, &through)), "{number}");
        }
    }
}
