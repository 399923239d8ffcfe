//! Who does what: everything that one replica alone may do belongs to one of a few buckets, and
//! replicas share the buckets.
//!
//! An account's bucket is that of its id, so that one replica holds its budget, joins and
//! findings. What is told of an object is told by the holder of the object's own bucket.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::api::ObjectKey;
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
    pub(super) fn has_account(&self, account: &AccountId) -> bool {
        self.0.contains(&bucket_of("account", account.as_str()))
    }

    /// Whether the object's status is written here.
    pub(super) fn has_object(&self, key: &ObjectKey) -> bool {
        self.0.contains(&bucket_of("object", &key.to_string()))
    }
}

/// The same on every replica and in every version.
fn bucket_of(kind: &str, key: &str) -> usize {
    let digest = Sha256::digest(format!("{kind}/{key}"));
    digest.first().map_or(0, |byte| usize::from(*byte) % BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let account: AccountId = format!("{number:012}").parse().unwrap();
            let count = owners.iter().filter(|owner| owner.has_account(&account)).count();
            assert_eq!(count, 1);
        }
    }
}
