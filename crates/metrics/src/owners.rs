//! Whose the drift of a baseline is.
//!
//! Tags name owners, and anybody may write a tag: of each baseline the owners of most drift are
//! shown, and the drift of the others as that of one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::baseline::Measured;
use super::figures::Figures;
use cel::Timestamp;
use model::{Owner, Severity};

/// So many owners have series of their own, for each baseline.
pub const OWNERS: usize = 100;

/// Whose the drift of a baseline is.
#[derive(Default)]
pub(super) struct OwnerSums {
    pub(super) shown: BTreeMap<Owner, OwnerSum>,
    /// How many owners are shown as one.
    pub(super) left_out: u64,
}

/// The drift of one owner.
#[derive(Default, Clone)]
pub(super) struct OwnerSum {
    /// By severity: zero for one that a control has in an account of theirs.
    pub(super) drift: BTreeMap<Severity, u64>,
    /// By severity: since when the oldest drift exists.
    pub(super) oldest: BTreeMap<Severity, Timestamp>,
}

/// The owners of most drift, at most `limit`, and the others as one.
pub(super) fn owner_sums(measured: &Measured, limit: usize) -> OwnerSums {
    let mut all: BTreeMap<&Owner, OwnerSum> = BTreeMap::new();
    for figures in measured.last.values() {
        for target in &figures.targets {
            let sum = all.entry(&target.owner).or_default();
            for severity in target.drift.keys() {
                sum.drift.entry(*severity).or_default();
            }
        }
    }
    for (_, drift) in measured.last.values().flat_map(Figures::drift) {
        all.entry(&drift.owner).or_default().add(drift.severity, drift.resources, drift.since);
    }
    let as_one = Owner::others();
    let mut others = all.remove(&as_one);
    let mut left_out = u64::from(others.is_some());
    let mut owners: Vec<(&Owner, OwnerSum)> = all.into_iter().collect();
    if owners.len() > limit {
        owners.sort_by_cached_key(|(owner, sum)| (Reverse(sum.rank()), *owner));
        for (_, sum) in owners.split_off(limit) {
            left_out += 1;
            others.get_or_insert_default().merge(sum);
        }
    }
    let owners = owners.into_iter().map(|(owner, sum)| (owner.clone(), sum));
    OwnerSums { shown: owners.chain(others.map(|sum| (as_one, sum))).collect(), left_out }
}

impl OwnerSum {
    fn add(&mut self, severity: Severity, resources: u64, since: Timestamp) {
        *self.drift.entry(severity).or_default() += resources;
        let oldest = self.oldest.entry(severity).or_insert(since);
        *oldest = since.min(*oldest);
    }

    fn merge(&mut self, other: Self) {
        for (severity, resources) in other.drift {
            *self.drift.entry(severity).or_default() += resources;
        }
        for (severity, since) in other.oldest {
            let oldest = self.oldest.entry(severity).or_insert(since);
            *oldest = since.min(*oldest);
        }
    }

    /// What makes one owner's drift more than another's: the most severe drift counts first.
    fn rank(&self) -> [u64; Severity::ALL.len()] {
        let mut rank = Severity::ALL;
        rank.sort_unstable_by_key(|severity| Reverse(*severity));
        rank.map(|severity| self.drift.get(&severity).copied().unwrap_or_default())
    }
}
