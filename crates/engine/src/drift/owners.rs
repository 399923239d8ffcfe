//! Whose drift it is, by control and target.
//!
//! Tags are written by many, and could name as many owners as there are resources: of each baseline
//! so many are distinguished, those that come first by name, whatever the order that results come in.
//! The drift of the others is that of one, [`Owner::others`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use cel::Timestamp;
use model::Owner;

/// So many owners of a baseline are distinguished.
const MAX_OWNERS: usize = 1000;
/// The most owners that a control's drift names.
const MAX_LISTED: usize = 5;

/// How much of a control's drift belongs to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerDrift {
    /// Whom it belongs to.
    pub owner: Owner,
    /// How many subjects drift.
    pub resources: u64,
}

/// Which of the plan's controls, and which of its targets.
pub(super) type TargetIndex = (usize, usize);

/// The drift of somebody in one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnerSeen {
    pub(super) resources: u64,
    /// Since when the oldest of it is there.
    pub(super) since: Timestamp,
}

/// Whose the drift of one plan is.
#[derive(Debug, Clone, Default)]
pub(super) struct Owners {
    known: BTreeMap<Owner, BTreeMap<TargetIndex, OwnerSeen>>,
    others: BTreeMap<TargetIndex, OwnerSeen>,
}

impl Owners {
    /// One subject of `owner` drifts since then.
    pub(super) fn add(&mut self, owner: Cow<'_, Owner>, place: TargetIndex, since: Timestamp) {
        let seen = OwnerSeen { resources: 1, since };
        if let Some(places) = self.known.get_mut(&*owner) {
            return add(places, place, seen);
        }
        let is_full = self.known.len() >= MAX_OWNERS;
        let is_beyond = self.known.last_key_value().is_some_and(|(last, _)| *last < *owner);
        if is_full && is_beyond {
            return add(&mut self.others, place, seen);
        }
        add(self.known.entry(owner.into_owned()).or_default(), place, seen);
        if self.known.len() > MAX_OWNERS
            && let Some((_, places)) = self.known.pop_last()
        {
            for (place, seen) in places {
                add(&mut self.others, place, seen);
            }
        }
    }

    /// What belongs to whom, by place.
    pub(super) fn by_place(self) -> BTreeMap<TargetIndex, BTreeMap<Owner, OwnerSeen>> {
        let mut by_place: BTreeMap<TargetIndex, BTreeMap<Owner, OwnerSeen>> = BTreeMap::new();
        for (owner, places) in self.known.into_iter().chain([(Owner::others(), self.others)]) {
            for (place, seen) in places {
                add(by_place.entry(place).or_default(), owner.clone(), seen);
            }
        }
        by_place
    }
}

fn add<K: Ord>(all: &mut BTreeMap<K, OwnerSeen>, of: K, seen: OwnerSeen) {
    let known = all.entry(of).or_insert(OwnerSeen { resources: 0, ..seen });
    known.resources += seen.resources;
    known.since = known.since.min(seen.since);
}

/// The owners of most drift, those of most first.
pub(super) fn most(owners: BTreeMap<&Owner, u64>) -> Vec<OwnerDrift> {
    let mut owners: Vec<_> = owners.into_iter().collect();
    // Stable, and they come by name.
    owners.sort_by_key(|(_, resources)| std::cmp::Reverse(*resources));
    let listed = owners.into_iter().take(MAX_LISTED);
    listed.map(|(owner, resources)| OwnerDrift { owner: owner.clone(), resources }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp { seconds: 43_200, nanoseconds: 0 };

    fn owner(number: usize) -> Owner {
        Owner::new(&format!("team-{number:05}")).unwrap()
    }

    fn gathered(numbers: impl Iterator<Item = usize>) -> Vec<(TargetIndex, Owner, u64)> {
        let mut owners = Owners::default();
        for number in numbers {
            owners.add(Cow::Owned(owner(number)), (0, number % 2), NOON);
        }
        let by_place = owners.by_place().into_iter();
        let listed = by_place.flat_map(|(place, owners)| {
            owners.into_iter().map(move |(owner, seen)| (place, owner, seen.resources))
        });
        listed.collect()
    }

    #[test]
    fn of_endless_owners_the_same_are_distinguished_in_any_order_and_nothing_is_lost() {
        let all = 3 * MAX_OWNERS;
        let forwards = gathered(0..all);
        assert_eq!(forwards, gathered((0..all).rev()));
        assert_eq!(forwards, gathered((0..all).map(|number| number * 7 % all)));
        let others: Vec<u64> = forwards
            .iter()
            .filter(|(_, owner, _)| *owner == Owner::others())
            .map(|(.., resources)| *resources)
            .collect();
        assert_eq!(others, [1000, 1000], "{} entries", forwards.len());
        assert_eq!(forwards.len(), MAX_OWNERS + 2);
        assert_eq!(forwards.iter().map(|(.., resources)| resources).sum::<u64>(), all as u64);
    }

    #[test]
    fn the_owner_of_most_drift_comes_first_and_the_list_is_short() {
        let owners: Vec<Owner> = (0..9).map(owner).collect();
        let counted = owners.iter().enumerate().map(|(at, owner)| (owner, [1, 3][at % 2]));
        let listed: Vec<(String, u64)> =
            most(counted.collect()).iter().map(|it| (it.owner.to_string(), it.resources)).collect();
        let expected =
            [1, 3, 5, 7, 0].map(|number| (owner(number).to_string(), [1, 3][number % 2]));
        assert_eq!(listed, expected);
    }
}
