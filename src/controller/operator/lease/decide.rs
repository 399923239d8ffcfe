//! Which buckets to take and which to give away: a fair share each.
//!
//! Pure. Whatever replicas come and go, each bucket finds a holder as soon as those that live have
//! looked once or twice, and nobody holds more than its share for long.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::bucket::BUCKETS;

/// What a replica sees of the buckets.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'v> {
    /// Who looks.
    pub(super) me: &'v str,
    /// Who the leases say holds each bucket.
    pub(super) holders: &'v [Option<String>],
    /// The buckets that this replica works for.
    pub(super) held: &'v BTreeSet<usize>,
    /// Those that live, whoever looks among them.
    pub(super) alive: &'v BTreeSet<String>,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// Buckets to take.
    pub(super) take: Vec<usize>,
    /// Buckets to give away, for others to take.
    pub(super) give: Vec<usize>,
    /// Buckets that somebody else took.
    pub(super) lost: Vec<usize>,
}

/// What to do about what is seen.
pub(super) fn decide(view: &View<'_>) -> Decision {
    let View { me, holders, held, alive } = *view;
    let share = BUCKETS.div_ceil(alive.len().max(1));
    let is_mine = |bucket: usize| holders.get(bucket).and_then(Option::as_deref) == Some(me);
    let lost: Vec<usize> = held.iter().copied().filter(|bucket| !is_mine(*bucket)).collect();
    let kept: Vec<usize> = held.iter().copied().filter(|bucket| is_mine(*bucket)).collect();
    if kept.len() > share {
        return Decision { take: Vec::new(), give: kept.into_iter().skip(share).collect(), lost };
    }
    // What it let go of when it could not renew, and nobody took: nobody else may.
    let (own, rest): (Vec<usize>, Vec<usize>) =
        around(me).filter(|bucket| !held.contains(bucket)).partition(|bucket| is_mine(*bucket));
    let is_free = |bucket: &usize| match holders.get(*bucket) {
        Some(Some(holder)) => !alive.contains(holder),
        Some(None) => true,
        None => false,
    };
    let wanted = share - kept.len();
    let free = rest.into_iter().filter(is_free);
    let take = own.iter().copied().chain(free).take(wanted).collect();
    Decision { take, give: own.into_iter().skip(wanted).collect(), lost }
}

/// Every bucket; each replica begins elsewhere, so that two seldom want the same one.
fn around(me: &str) -> impl Iterator<Item = usize> {
    let first = beginning(me);
    (0..BUCKETS).map(move |step| (first + step) % BUCKETS)
}

fn beginning(me: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    me.hash(&mut hasher);
    usize::try_from(hasher.finish() % BUCKETS as u64).unwrap_or_default()
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
            Self { holders: vec![None; BUCKETS], held: std::collections::BTreeMap::new() }
        }
    }

    impl Cluster {
        fn start(&mut self, name: &str) {
            self.held.insert(name.to_owned(), BTreeSet::new());
        }

        fn kill(&mut self, name: &str) {
            self.held.remove(name);
        }

        fn look(&mut self, name: &str) {
            let alive: BTreeSet<String> = self.held.keys().cloned().collect();
            let Some(held) = self.held.get_mut(name) else { return };
            let view = View { me: name, holders: &self.holders, held, alive: &alive };
            let Decision { take, give, lost } = decide(&view);
            held.retain(|bucket| !give.contains(bucket) && !lost.contains(bucket));
            held.extend(&take);
            for bucket in take {
                self.holders[bucket] = Some(name.to_owned());
            }
            for bucket in give {
                self.holders[bucket] = None;
            }
        }

        fn settle(&mut self) {
            let names: Vec<String> = self.held.keys().cloned().collect();
            for _ in 0..3 {
                for name in &names {
                    self.look(name);
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
        assert_eq!(cluster.counts(), [BUCKETS]);
    }

    #[test]
    fn three_replicas_share_and_two_take_what_the_third_leaves() {
        let mut cluster = Cluster::default();
        for name in ["a", "b", "c"] {
            cluster.start(name);
        }
        cluster.settle();
        assert_eq!(cluster.counts().into_iter().max(), Some(6));
        assert_eq!(cluster.counts().into_iter().sum::<usize>(), BUCKETS);
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
    fn who_let_go_takes_its_own_buckets_anew() {
        let holders = vec![Some("a".to_owned()); BUCKETS];
        let (held, alive) = (BTreeSet::new(), BTreeSet::from(["a".to_owned()]));
        let decision = decide(&View { me: "a", holders: &holders, held: &held, alive: &alive });
        assert_eq!(decision.take.len(), BUCKETS);
    }

    #[test]
    fn what_somebody_else_took_is_lost() {
        let holders = vec![Some("b".to_owned()); BUCKETS];
        let alive = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let held = BTreeSet::from([3]);
        let decision = decide(&View { me: "a", holders: &holders, held: &held, alive: &alive });
        assert_eq!(decision, Decision { lost: vec![3], ..Decision::default() });
    }

    proptest! {
        #[test]
        fn whoever_comes_and_goes_every_bucket_has_one_holder_in_the_end(
            turns in prop::collection::vec((0..5_usize, any::<bool>(), 0..4_usize), 1..40),
        ) {
            let mut cluster = Cluster::default();
            cluster.start("r0");
            for (replica, starts, looks) in turns {
                let name = format!("r{replica}");
                if starts {
                    cluster.start(&name);
                } else if cluster.held.len() > 1 {
                    cluster.kill(&name);
                }
                for turn in 0..looks {
                    cluster.look(&format!("r{}", (replica + turn) % 5));
                }
            }
            cluster.settle();
            let share = BUCKETS.div_ceil(cluster.held.len());
            prop_assert!(cluster.counts().iter().all(|count| *count <= share));
            let all: Vec<usize> = cluster.held.values().flatten().copied().collect();
            let distinct: BTreeSet<usize> = all.iter().copied().collect();
            prop_assert_eq!((all.len(), distinct.len()), (BUCKETS, BUCKETS));
        }
    }
}
