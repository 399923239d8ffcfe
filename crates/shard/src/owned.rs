//! Who does what: everything that one replica alone may do belongs to one of a few shards, and
//! replicas share the shards.
//!
//! An account's shard is that of the account whose AWS Config is asked for its items: its own, or
//! that of its aggregator, so that one replica holds the budget of all who are read there. Accounts that
//! share a change queue have the queue's shard, whoever is asked: a message is received by one replica
//! only, which has to have the account that it is about. What is reported of an object is reported by the
//! holder of the object's own shard.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use api::{AwsAccountSpec, ObjectKey};
use model::AccountId;

/// How many shards there are. Replicas of one installation have to agree on it.
pub const SHARDS: usize = 16;

/// The shards that this replica holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedShards(BTreeSet<usize>);

impl OwnedShards {
    /// These shards.
    pub fn of(shards: impl IntoIterator<Item = usize>) -> Self {
        Self(shards.into_iter().collect())
    }

    /// How many shards they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether the account is evaluated here.
    pub fn has_account(&self, account: &AwsAccountSpec) -> bool {
        let queue = account.source.changes().and_then(|changes| changes.queue().ok());
        let shard = match queue {
            Some(queue) => shard_of("queue", &queue.arn()),
            None => shard_of("account", asked(account).as_str()),
        };
        self.0.contains(&shard)
    }

    /// Whether the object's status is written here.
    pub fn has_object(&self, key: &ObjectKey) -> bool {
        self.0.contains(&shard_of("object", &key.to_string()))
    }
}

/// The account whose AWS Config is asked.
fn asked(account: &AwsAccountSpec) -> &AccountId {
    let aggregator = account.source.aggregator.as_ref();
    aggregator.map_or(&account.account_id, |aggregator| &aggregator.account)
}

/// The same on every replica and in every version.
fn shard_of(kind: &str, key: &str) -> usize {
    let digest = Sha256::digest(format!("{kind}/{key}"));
    digest.first().map_or(0, |byte| usize::from(*byte) % SHARDS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account(number: u64, source: &serde_json::Value) -> AwsAccountSpec {
        let id = format!("{number:012}");
        let spec = serde_json::json!({"accountId": id, "regions": ["eu-west-1"], "source": source});
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_key_stays_in_its_shard() {
        // Replicas of other versions count so, too.
        let pinned = [
            ("account", "111122223333", 8),
            ("account", "999988887777", 6),
            ("object", "SecurityBaseline platform/production", 6),
            ("queue", "arn:aws:sqs:eu-west-1:999988887777:changes", 10),
        ];
        for (kind, key, shard) in pinned {
            assert_eq!(shard_of(kind, key), shard, "{kind} {key}");
        }
    }

    #[test]
    fn many_accounts_fill_every_shard() {
        let accounts = (0..1000).map(|number| format!("{number:012}"));
        let used: BTreeSet<usize> = accounts.map(|id| shard_of("account", &id)).collect();
        assert_eq!(used.len(), SHARDS);
    }

    #[test]
    fn every_account_has_one_owner_among_those_who_share_the_shards() {
        let owners = [OwnedShards::of(0..6), OwnedShards::of(6..12), OwnedShards::of(12..SHARDS)];
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
        let owner = OwnedShards::of([shard_of("account", &format!("{home}"))]);
        assert!(owner.has_account(&account(home, &serde_json::json!({"configApi": {}}))));
        let own = |number| account(number, &serde_json::json!({"configApi": {}}));
        assert!((0..100).any(|number| !owner.has_account(&own(number))));
        for number in 0..100 {
            assert!(owner.has_account(&account(number, &through)), "{number}");
        }
    }

    #[test]
    fn accounts_of_one_queue_have_one_owner_whatever_they_are_read_by() {
        let changes =
            json!({"queueUrl": "https://sqs.eu-west-1.amazonaws.com/999988887777/changes"});
        let other_host =
            json!({"queueUrl": "https://sqs-fips.eu-west-1.amazonaws.com/999988887777/changes"});
        let shard = shard_of("queue", "arn:aws:sqs:eu-west-1:999988887777:changes");
        let owner = OwnedShards::of([shard]);
        for number in 0..100 {
            let aggregator = json!({
                "name": "all", "account": format!("{number:012}"), "region": "eu-west-1",
                "changes": changes,
            });
            for source in [
                json!({"configApi": {"changes": changes}}),
                json!({"configApi": {"changes": other_host}}),
                json!({"aggregator": aggregator}),
            ] {
                assert!(owner.has_account(&account(number, &source)), "{number} {source}");
            }
        }
    }
}
