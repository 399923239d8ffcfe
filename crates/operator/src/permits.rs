//! How many accounts are evaluated at once.
//!
//! What took long the last time leaves a place to what does not: however many accounts a tenant has whose
//! evaluation takes as long as its budget lets it, those of others wait for short ones alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// An evaluation that takes longer is a long one.
const LONG: Duration = Duration::from_secs(2);

/// The places for evaluations.
#[derive(Debug)]
pub(super) struct EvaluationPermits {
    all: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct EvaluationPermit {
    _any: OwnedSemaphorePermit,
    _long: Option<OwnedSemaphorePermit>,
}

impl EvaluationPermits {
    /// So many places, of which one is for short evaluations where there are several.
    pub(super) fn new(count: usize) -> Self {
        let long = count.saturating_sub(1).max(1);
        Self { all: Arc::new(Semaphore::new(count)), long: Arc::new(Semaphore::new(long)) }
    }

    /// A place, once one is free, for what took so long the last time; nothing is known of what is new.
    pub(super) async fn take(
        &self,
        took: Option<Duration>,
    ) -> Result<EvaluationPermit, AcquireError> {
        let mut long = None;
        if took.is_some_and(|took| took > LONG) {
            long = Some(Arc::clone(&self.long).acquire_owned().await?);
        }
        Ok(EvaluationPermit { _any: Arc::clone(&self.all).acquire_owned().await?, _long: long })
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_takes_long_leaves_a_place_to_what_does_not() {
        let permits = EvaluationPermits::new(2);
        let (long, short) = (Some(LONG * 10), Some(LONG));
        let first = permits.take(long).await.unwrap();
        let mut second = Box::pin(permits.take(long));
        assert!(second.as_mut().now_or_never().is_none());
        for took in [None, short] {
            assert!(permits.take(took).now_or_never().is_some());
        }
        let short = permits.take(short).await.unwrap();
        drop(first);
        let second = second.now_or_never().expect("the other long one is next").unwrap();
        assert!(permits.take(None).now_or_never().is_none(), "both places are taken");
        drop((second, short));
    }

    #[tokio::test]
    async fn one_place_is_for_all() {
        let permits = EvaluationPermits::new(1);
        let long = permits.take(Some(LONG * 2)).await.unwrap();
        assert!(permits.take(None).now_or_never().is_none());
        drop(long);
        assert!(permits.take(None).now_or_never().is_some());
    }
}
