//! How many accounts are evaluated at once.
//!
//! What took long the last time leaves a place to what does not: however many accounts a tenant has whose
//! evaluation takes as long as its budget lets it, those of others wait for short ones alone. Of what
//! nobody knows yet how long it takes, as after a start, tenants take turns.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::turns::{Turn, Turns};
use engine::plan::Plan;

/// An evaluation that takes longer is a long one.
const LONG: Duration = Duration::from_secs(2);

/// Whose evaluation it is: the namespaces of the baselines of an account.
pub(super) type Tenants = BTreeSet<String>;

/// Whose plans these are.
pub(super) fn tenants(plans: &[Plan]) -> Tenants {
    plans.iter().map(|plan| plan.baseline.namespace.clone()).collect()
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

    /// A place, once one is free, for what took so long the last time; nothing is known of what is new.
    pub(super) async fn take(&self, tenants: Tenants, took: Option<Duration>) -> EvaluationPermit {
        let mut long = None;
        if took.is_some_and(|took| took > LONG) {
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
        let take = |took| permits.take(Tenants::new(), took);
        let (long, short) = (Some(LONG * 10), Some(LONG));
        let first = take(long).await;
        let mut second = Box::pin(take(long));
        assert!(second.as_mut().now_or_never().is_none());
        for took in [None, short] {
            assert!(take(took).now_or_never().is_some());
        }
        let short = take(short).await;
        drop(first);
        let second = second.now_or_never().expect("the other long one is next");
        assert!(take(None).now_or_never().is_none(), "both places are taken");
        drop((second, short));
    }

    #[tokio::test]
    async fn one_place_is_for_all() {
        let permits = EvaluationPermits::new(1);
        let take = |took| permits.take(Tenants::new(), took);
        let long = take(Some(LONG * 2)).await;
        assert!(take(None).now_or_never().is_none());
        drop(long);
        assert!(take(None).now_or_never().is_some());
    }

    #[tokio::test]
    async fn tenants_take_turns_where_nobody_knows_how_long_it_takes() {
        let permits = EvaluationPermits::new(1);
        let take = |tenant: &str| permits.take(Tenants::from([tenant.to_owned()]), None);
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
}
