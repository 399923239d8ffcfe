//! What only so many may do at once, shared fairly among tenants.
//!
//! Who waits for a turn waits for at most one turn of each other tenant for every turn of its own,
//! however many of theirs wait: the next turn is for the tenant that has the fewest now, and among equals
//! for the one that was served longest ago.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Turns of tenants; `K` says which one.
#[derive(Debug)]
pub(super) struct Turns<K: Ord + Clone>(Arc<Mutex<Queue<K>>>);

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<K: Ord + Clone> {
    /// Nothing where it was never handed over.
    of: Option<(Arc<Mutex<Queue<K>>>, K)>,
}

#[derive(Debug)]
struct Queue<K: Ord + Clone> {
    free: usize,
    /// How many turns there were.
    served: u64,
    tenants: BTreeMap<K, Tenant<K>>,
}

/// A tenant that has turns or waits for one.
#[derive(Debug)]
struct Tenant<K: Ord + Clone> {
    running: usize,
    /// When it was served last, as a count of turns.
    served: u64,
    waiting: VecDeque<oneshot::Sender<Turn<K>>>,
}

impl<K: Ord + Clone> Default for Tenant<K> {
    fn default() -> Self {
        Self { running: 0, served: 0, waiting: VecDeque::new() }
    }
}

impl<K: Ord + Clone> Turns<K> {
    /// So many at once.
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue { free: count, served: 0, tenants: BTreeMap::new() })))
    }

    /// A turn of a tenant, once there is one.
    pub(super) async fn take(&self, tenant: K) -> Turn<K> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = locked(&self.0);
            queue.tenants.entry(tenant).or_default().waiting.push_back(sender);
            queue.hand_over(&self.0);
        }
        // Nobody lets go of the other end without a turn.
        receiver.await.unwrap_or(Turn { of: None })
    }
}

impl<K: Ord + Clone> Queue<K> {
    /// Gives what turns are free to those who wait.
    fn hand_over(&mut self, own: &Arc<Mutex<Self>>) {
        while self.free > 0 {
            for tenant in self.tenants.values_mut() {
                tenant.waiting.retain(|waiting| !waiting.is_closed());
            }
            let waiting = self.tenants.iter_mut().filter(|(_, it)| !it.waiting.is_empty());
            let next = waiting.min_by_key(|(_, it)| (it.running, it.served));
            let Some((key, tenant)) = next else { break };
            let Some(sender) = tenant.waiting.pop_front() else { break };
            let turn = Turn { of: Some((Arc::clone(own), key.clone())) };
            match sender.send(turn) {
                Ok(()) => {
                    self.free -= 1;
                    self.served += 1;
                    (tenant.running, tenant.served) = (tenant.running + 1, self.served);
                }
                Err(mut unwanted) => unwanted.of = None, // it was not counted
            }
        }
        self.tenants.retain(|_, tenant| tenant.running > 0 || !tenant.waiting.is_empty());
    }

    fn give_back(&mut self, tenant: &K) {
        self.free += 1;
        if let Some(tenant) = self.tenants.get_mut(tenant) {
            tenant.running = tenant.running.saturating_sub(1);
        }
    }
}

impl<K: Ord + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        let Some((queue, tenant)) = self.of.take() else { return };
        let mut locked = locked(&queue);
        locked.give_back(&tenant);
        locked.hand_over(&queue);
    }
}

fn locked<K: Ord + Clone>(queue: &Mutex<Queue<K>>) -> MutexGuard<'_, Queue<K>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    type Waiting<'t> = Pin<Box<dyn Future<Output = Turn<u8>> + 't>>;

    #[test]
    fn a_turn_is_for_whom_it_was_given_and_comes_back() {
        let turns = Turns::new(1);
        let first = turns.take(1).now_or_never().expect("one is free");
        let mut given_up: Waiting<'_> = Box::pin(turns.take(2));
        assert!(given_up.as_mut().now_or_never().is_none());
        let mut other: Waiting<'_> = Box::pin(turns.take(3));
        assert!(other.as_mut().now_or_never().is_none());
        drop(given_up);
        drop(first);
        let third = other.now_or_never().expect("nobody else waits");
        // One that was handed over and never looked at comes back, too.
        let mut unseen: Waiting<'_> = Box::pin(turns.take(1));
        assert!(unseen.as_mut().now_or_never().is_none());
        drop(third);
        drop(unseen);
        assert!(turns.take(2).now_or_never().is_some());
        assert!(locked(&turns.0).tenants.is_empty(), "nobody who left is remembered");
    }

    proptest! {
        #[test]
        fn a_tenant_waits_for_one_turn_of_each_other_for_each_of_its_own(
            tenants in proptest::collection::vec(0_u8..4, 1..60),
            count in 1_usize..4,
        ) {
            let turns = Turns::new(count);
            let mut waiting: Vec<(u8, Waiting<'_>)> = Vec::new();
            let mut running: VecDeque<(u8, Turn<u8>)> = VecDeque::new();
            for tenant in tenants {
                let mut turn: Waiting<'_> = Box::pin(turns.take(tenant));
                match turn.as_mut().now_or_never() {
                    Some(turn) => running.push_back((tenant, turn)),
                    None => waiting.push((tenant, turn)),
                }
            }
            prop_assert!(running.len() <= count);
            // One who comes last, with nothing of its own before it.
            let mut last: Waiting<'_> = Box::pin(turns.take(9));
            let mut handed = 0;
            let mut is_served = last.as_mut().now_or_never().is_some();
            while let Some(done) = running.pop_front() {
                drop(done);
                if !is_served {
                    is_served = last.as_mut().now_or_never().is_some();
                }
                let mut left = Vec::new();
                for (tenant, mut turn) in waiting {
                    match turn.as_mut().now_or_never() {
                        Some(turn) => {
                            handed += usize::from(!is_served);
                            running.push_back((tenant, turn));
                        }
                        None => left.push((tenant, turn)),
                    }
                }
                waiting = left;
                prop_assert!(running.len() <= count);
            }
            prop_assert!(is_served && waiting.is_empty());
            prop_assert!(handed <= 4, "{handed} turns of four others came first");
        }
    }
}
