//! In which order statuses are written, and how many of them before the next look.
//!
//! Namespaces take turns, so that what there is to write of one waits for one object of each of the
//! others, however many these have. What a batch leaves out is looked at again: it may be older by then.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// A batch takes about so long: what is new waits for the rest of one.
const MEANT: Duration = Duration::from_millis(200);
/// So many are in a batch at least, however slow the API server is,
const LEAST: usize = 2;
/// and at most.
const MOST: usize = 1024;

/// How many are written before the next look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSize(usize);

impl Default for BatchSize {
    fn default() -> Self {
        Self(LEAST * 8)
    }
}

impl BatchSize {
    pub(super) const fn get(self) -> usize {
        self.0
    }

    /// Takes note of how long it took to write so many.
    pub(super) fn took(&mut self, written: usize, took: Duration) {
        if took > MEANT {
            self.0 = (self.0 / 2).max(LEAST);
        } else if written >= self.0 {
            self.0 = (self.0 * 2).min(MOST);
        }
    }
}

/// The first of each owner, then the second of each, and so on; of one owner in their order.
pub(super) fn in_turn<T, K: Hash + Eq>(all: Vec<T>, owner: impl Fn(&T) -> K) -> Vec<T> {
    let mut counts: HashMap<K, usize> = HashMap::new();
    let ranked = all.into_iter().map(|it| {
        let count = counts.entry(owner(&it)).or_default();
        *count += 1;
        (*count, it)
    });
    let mut ranked: Vec<(usize, T)> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, it)| it).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SLOW: Duration = Duration::from_secs(2);
    const FAST: Duration = Duration::from_millis(20);

    #[test]
    fn a_slow_api_server_makes_batches_small_and_a_fast_one_large() {
        let mut size = BatchSize::default();
        (0..10).for_each(|_| size.took(size.get(), SLOW));
        assert_eq!(size.get(), LEAST);
        size.took(LEAST - 1, FAST);
        assert_eq!(size.get(), LEAST, "nobody knows how long a full one takes");
        (0..20).for_each(|_| size.took(size.get(), FAST));
        assert_eq!(size.get(), MOST);
    }

    #[test]
    fn the_first_of_each_goes_before_the_second_of_any() {
        let all = vec!["a1", "a2", "a3", "b1", "c1", "c2"];
        let turns = in_turn(all, |it| it.chars().next());
        assert_eq!(turns, ["a1", "b1", "c1", "a2", "c2", "a3"]);
    }

    proptest! {
        #[test]
        fn an_owner_waits_for_as_many_of_each_other_as_it_has_itself(
            owners in proptest::collection::vec(0_u8..5, 0..200),
        ) {
            let all: Vec<(u8, usize)> = owners.iter().copied().zip(0..).collect();
            let turns = in_turn(all.clone(), |(owner, _)| *owner);
            for (at, (owner, number)) in turns.iter().enumerate() {
                let before = turns.get(..at).unwrap_or_default();
                let own = before.iter().filter(|(other, _)| other == owner);
                prop_assert!(own.clone().all(|(_, earlier)| earlier < number));
                let most = own.count() + 1;
                for other in 0..5 {
                    let others = before.iter().filter(|(it, _)| *it == other).count();
                    prop_assert!(others <= most, "{turns:?}");
                }
            }
            let mut sorted = turns;
            sorted.sort_by_key(|(_, number)| *number);
            prop_assert_eq!(sorted, all);
        }
    }
}
