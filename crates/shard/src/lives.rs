//! Who lives, judged by changes alone: a replica whose lease has not changed for the lease duration,
//! by this machine's monotonic clock, is dead. Clocks of other machines are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// After so many lease durations nobody comes back: the lease is waste.
const FORGOTTEN: u32 = 8;

/// What was seen of the replicas.
#[derive(Debug, Default)]
pub(super) struct Lives {
    seen: BTreeMap<String, (String, Duration)>,
}

impl Lives {
    /// Looks at each replica's lease: its holder, and what changes with each renewal.
    pub(super) fn observe(&mut self, renewals: &[(String, String)], now: Duration) {
        self.seen.retain(|holder, _| renewals.iter().any(|(it, _)| it == holder));
        for (holder, renewal) in renewals {
            match self.seen.get_mut(holder) {
                Some((known, _)) if known == renewal => {}
                _ => drop(self.seen.insert(holder.clone(), (renewal.clone(), now))),
            }
        }
    }

    /// Those whose lease changed within `duration`.
    pub(super) fn alive(&self, duration: Duration, now: Duration) -> BTreeSet<String> {
        let lives = |at: &Duration| now.saturating_sub(*at) < duration;
        self.seen.iter().filter(|(_, (_, at))| lives(at)).map(|(it, _)| it.clone()).collect()
    }

    /// Those that have been dead for long.
    pub(super) fn forgotten(&self, duration: Duration, now: Duration) -> Vec<String> {
        let is_long = |at: &Duration| now.saturating_sub(*at) >= duration * FORGOTTEN;
        self.seen.iter().filter(|(_, (_, at))| is_long(at)).map(|(it, _)| it.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DURATION: Duration = Duration::from_secs(15);

    fn renewal(name: &str, version: u32) -> (String, String) {
        (name.to_owned(), version.to_string())
    }

    #[test]
    fn who_does_not_renew_is_dead_after_the_lease_duration() {
        let mut lives = Lives::default();
        let at = Duration::from_secs;
        lives.observe(&[renewal("a", 1), renewal("b", 1)], at(0));
        lives.observe(&[renewal("a", 2), renewal("b", 1)], at(10));
        assert_eq!(lives.alive(DURATION, at(14)).len(), 2);
        assert_eq!(lives.alive(DURATION, at(15)), ["a".to_owned()].into());
        assert_eq!(lives.forgotten(DURATION, at(119)), Vec::<String>::new());
        assert_eq!(lives.forgotten(DURATION, at(121)), ["b"]);
    }

    #[test]
    fn who_deletes_its_lease_is_dead_at_once() {
        let (mut lives, now) = (Lives::default(), Duration::from_secs(100));
        lives.observe(&[renewal("a", 1)], now);
        lives.observe(&[], now);
        assert_eq!(lives.alive(DURATION, now), BTreeSet::new());
    }
}
