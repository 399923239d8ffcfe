//! Which shards to take and which to give away: a fair share each.
//!
//! Pure. Whatever replicas come and go, each shard finds a holder as soon as those that live have
//! looked once or twice, and nobody holds more than its share for long.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::owned::SHARDS;

/// What a replica sees of the shards.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'v> {
    /// Who looks.
    pub(super) me: &'v str,
    /// Who the leases say holds each shard.
    pub(super) holders: &'v [Option<String>],
    /// The shards that this replica works for.
    pub(super) held: &'v BTreeSet<usize>,
    /// Those that live, whoever looks among them.
    pub(super) alive: &'v BTreeSet<String>,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// Shards to take.
    pub(super) take: Vec<usize>,
    /// Shards to give away, for others to take.
    pub(super) give: Vec<usize>,
    /// Shards that somebody else took.
    pub(super) lost: Vec<usize>,
}

/// What to do about what is seen.
pub(super) fn decide(view: &View<'_>) -> Decision {
    let View { me, holders, held, alive } = *view;
    let share = SHARDS.div_ceil(alive.len().max(1));
    let is_mine = |shard: usize| holders.get(shard).and_then(Option::as_deref) == Some(me);
    let lost: Vec<usize> = held.iter().copied().filter(|shard| !is_mine(*shard)).collect();
    let kept: Vec<usize> = held.iter().copied().filter(|shard| is_mine(*shard)).collect();
    if kept.len() > share {
        return Decision { take: Vec::new(), give: kept.into_iter().skip(share).collect(), lost };
    }
    // What it let go of when it could not renew, and nobody took: nobody else may.
    let (own, rest): (Vec<usize>, Vec<usize>) =
        around(me).filter(|shard| !held.contains(shard)).partition(|shard| is_mine(*shard));
    let is_free = |shard: &usize| match holders.get(*shard) {
        Some(Some(holder)) => !alive.contains(holder),
        Some(None) => true,
        None => false,
    };
    let wanted = share - kept.len();
    let free = rest.into_iter().filter(is_free);
    let take = own.iter().copied().chain(free).take(wanted).collect();
    Decision { take, give: own.into_iter().skip(wanted).collect(), lost }
}

/// Every shard; each replica begins elsewhere, so that two seldom want the same one.
fn around(me: &str) -> impl Iterator<Item = usize> {
    let first = beginning(me);
    (0..SHARDS).map(move |step| (first + step) % SHARDS)
}

fn beginning(me: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    me.hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Replicas that look in turn; a write takes effect at once.
    struct Cluster {
        holders: Vec<Option<String>>,
        held: std::collections::BTreeMap<String, BTreeSet<usize>>,
    }

    impl Default for Cluster {
        fn default() -> Self {
            Self { holders: vec![None; SHARDS], held: std::collections::BTreeMap::new() }
        }
    }

    impl Cluster {
        fn start(&mut self, name: &str) {
            self.held.insert(name.to_owned(), BTreeSet::new());
        }

        fn kill(&mut self, name: &str) {
            self.held.remove(name);
        }

        fn observe(&mut self, name: &str) {
            let alive: BTreeSet<String> = self.held.keys().cloned().collect();
            let Some(held) = self.held.get_mut(name) else { return };
            let view = View { me: name, holders: &self.holders, held, alive: &alive };
            let Decision { take, give, lost } = decide(&view);
            held.retain(|shard| !give.contains(shard) && !lost.contains(shard));
            held.extend(&take);
            for shard in take {
                self.holders[shard] = Some(name.to_owned());
            }
            for shard in give {
                self.holders[shard] = None;
            }
        }

        fn settle(&mut self) {
            let names: Vec<String> = self.held.keys().cloned().collect();
            for _ in 0..3 {
                for name in &names {
                    self.observe(name);
                }
            }
        }

        fn counts(&self) -> Vec<usize> {
            self.held.values().map(BTreeSet::len).collect()
        }
    }

    #[test]
    fn one_replica_takes_everything() {
        let mut cluster = Cluster::default();
        cluster.start("a");
        cluster.settle();
        assert_eq!(cluster.counts(), [SHARDS]);
    }

    #[test]
    fn three_replicas_share_and_two_take_what_the_third_leaves() {
        let mut cluster = Cluster::default();
        for name in ["a", "b", "c"] {
            cluster.start(name);
        }
        cluster.settle();
        assert_eq!(cluster.counts().into_iter().max(), Some(6));
        assert_eq!(cluster.counts().into_iter().sum::<usize>(), SHARDS);
        cluster.kill("b");
        cluster.settle();
        assert_eq!(cluster.counts(), [8, 8]);
    }

    #[test]
    fn a_replica_that_comes_later_gets_its_share() {
        let mut cluster = Cluster::default();
        cluster.start("a");
        cluster.settle();
        cluster.start("b");
        cluster.settle();
        assert_eq!(cluster.counts(), [8, 8]);
    }

    #[test]
    fn who_let_go_takes_its_own_shards_again() {
        let holders = vec![Some("a".to_owned()); SHARDS];
        let (held, alive) = (BTreeSet::new(), BTreeSet::from(["a".to_owned()]));
        let decision = decide(&View { me: "a", holders: &holders, held: &held, alive: &alive });
        assert_eq!(decision.take.len(), SHARDS);
    }

    #[test]
    fn what_somebody_else_took_is_lost() {
        let holders = vec![Some("b".to_owned()); SHARDS];
        let alive = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let held = BTreeSet::from([3]);
        let decision = decide(&View { me: "a", holders: &holders, held: &held, alive: &alive });
        assert_eq!(decision, Decision { lost: vec![3], ..Decision::default() });
    }

    proptest! {
        #[test]
        fn whoever_comes_and_goes_every_shard_has_one_holder_in_the_end(
            turns in prop::collection::vec((0..5_usize, any::<bool>(), 0..4_usize), 1..40),
        ) {
            let mut cluster = Cluster::default();
            cluster.start("r0");
            for (replica, starts, rounds) in turns {
                let name = format!("r{replica}");
                if starts {
                    cluster.start(&name);
                } else if cluster.held.len() > 1 {
                    cluster.kill(&name);
                }
                for turn in 0..rounds {
                    cluster.observe(&format!("r{}", (replica + turn) % 5));
                }
            }
            cluster.settle();
            let share = SHARDS.div_ceil(cluster.held.len());
            prop_assert!(cluster.counts().iter().all(|count| *count <= share));
            let all: Vec<usize> = cluster.held.values().flatten().copied().collect();
            let distinct: BTreeSet<usize> = all.iter().copied().collect();
            prop_assert_eq!((all.len(), distinct.len()), (SHARDS, SHARDS));
        }
    }
}
