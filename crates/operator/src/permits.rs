//! How many accounts are evaluated at once.
//!
//! What took long, or may, leaves a place to what is known to be short: however many accounts a tenant has
//! whose evaluation takes as long as its budget lets it, those of others wait for short ones alone. For the
//! other places tenants take turns.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::turns::{Turn, Turns};
use engine::plan::Plan;

/// An evaluation that takes longer is a long one.
const LONG: Duration = Duration::from_secs(2);
/// A long one is remembered for so long, so that nobody gets the places of short ones by evaluations that are
/// long and short in turn.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Whose evaluation it is: the namespaces of the baselines of an account.
pub(super) type Tenants = BTreeSet<String>;

/// Whose plans these are.
pub(super) fn tenants(plans: &[Plan]) -> Tenants {
    plans.iter().map(|plan| plan.baseline.namespace.clone()).collect()
}

/// How long the evaluations of an account took, in the time that has passed since some moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Experience {
    longest: Option<(Duration, Duration)>,
}

impl Experience {
    /// One that ended now took so long.
    pub(super) fn took(&mut self, took: Duration, now: Duration) {
        let is_longest = self
            .longest
            .is_none_or(|(longest, at)| took >= longest || now.saturating_sub(at) > REMEMBERED);
        if is_longest {
            self.longest = Some((took, now));
        }
    }

    /// Whether they are known to be short. Nothing is known of what is new.
    pub(super) fn is_short(&self) -> bool {
        self.longest.is_some_and(|(longest, _)| longest <= LONG)
    }
}

/// The places for evaluations.
#[derive(Debug)]
pub(super) struct EvaluationPermits {
    all: Turns<Tenants>,
    long: Turns<Tenants>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct EvaluationPermit {
    _any: Turn<Tenants>,
    _long: Option<Turn<Tenants>>,
}

impl EvaluationPermits {
    /// So many places, of which one is for short evaluations where there are several.
    pub(super) fn new(count: usize) -> Self {
        let long = count.saturating_sub(1).max(1);
        Self { all: Turns::new(count), long: Turns::new(long) }
    }

    /// A place, once one is free.
    pub(super) async fn take(&self, tenants: Tenants, is_short: bool) -> EvaluationPermit {
        let mut long = None;
        if !is_short {
            long = Some(self.long.take(tenants.clone()).await);
        }
        EvaluationPermit { _any: self.all.take(tenants).await, _long: long }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_takes_long_leaves_a_place_to_what_does_not() {
        let permits = EvaluationPermits::new(2);
        let take = |is_short| permits.take(Tenants::new(), is_short);
        let first = take(false).await;
        let mut second = Box::pin(take(false));
        assert!(second.as_mut().now_or_never().is_none());
        let short = take(true).now_or_never().expect("one place is for short ones");
        drop(first);
        let second = second.now_or_never().expect("the other long one is next");
        assert!(take(true).now_or_never().is_none(), "both places are taken");
        drop((second, short));
    }

    #[tokio::test]
    async fn one_place_is_for_all() {
        let permits = EvaluationPermits::new(1);
        let take = |is_short| permits.take(Tenants::new(), is_short);
        let long = take(false).await;
        assert!(take(true).now_or_never().is_none());
        drop(long);
        assert!(take(true).now_or_never().is_some());
    }

    #[tokio::test]
    async fn tenants_take_turns_where_nobody_knows_how_long_it_takes() {
        let permits = EvaluationPermits::new(2);
        let take = |tenant: &str| permits.take(Tenants::from([tenant.to_owned()]), false);
        let first = take("worst").await;
        let mut worst: Vec<_> = (0..8).map(|_| Box::pin(take("worst"))).collect();
        for waiting in &mut worst {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        let mut other = Box::pin(take("other"));
        assert!(other.as_mut().now_or_never().is_none());
        drop(first);
        let other = other.now_or_never().expect("the other tenant is next");
        drop(other);
        assert!(worst.remove(0).now_or_never().is_some());
    }

    #[test]
    fn an_account_is_short_only_where_it_is_known_and_was_not_long_lately() {
        let mut experience = Experience::default();
        assert!(!experience.is_short(), "nothing is known");
        let mut now = Duration::from_secs(100);
        experience.took(LONG, now);
        assert!(experience.is_short());
        experience.took(LONG * 10, now);
        // Long and short in turn is long.
        while now < Duration::from_secs(100) + REMEMBERED {
            experience.took(Duration::from_millis(1), now);
            assert!(!experience.is_short());
            now += Duration::from_mins(10);
        }
        now += Duration::from_secs(1);
        experience.took(Duration::from_millis(1), now);
        assert!(experience.is_short(), "it has been short for long");
    }
}
