//! Brings the results of chunks that were worked on side by side into the chunks' order.
//!
//! Memory is bounded: whoever is too far ahead waits. The chunk whose turn it is never waits.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::batch::Batch;
use super::withheld::Chunks;
use engine::evaluation::Results;

/// So many chunks may be done ahead of their turn.
const AHEAD: u64 = 16;

/// Passes batches on in their order.
pub(super) struct InOrder<'r> {
    queue: Mutex<Queue<'r>>,
    moved: Condvar,
}

struct Queue<'r> {
    next: u64,
    early: BTreeMap<u64, Batch>,
    receiver: &'r mut (dyn Results + Send),
}

impl<'r> InOrder<'r> {
    /// Passes on to `receiver`, beginning with the chunk 0.
    pub(super) fn new(receiver: &'r mut (dyn Results + Send)) -> Self {
        let queue = Queue { next: 0, early: BTreeMap::new(), receiver };
        Self { queue: Mutex::new(queue), moved: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<'r>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chunks for InOrder<'_> {
    fn deliver(&self, sequence: u64, batch: Batch) {
        let mut queue = self.lock();
        while sequence >= queue.next + AHEAD {
            queue = self.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.early.insert(sequence, batch);
        let before = queue.next;
        while let Some(batch) = queue.take_next() {
            batch.deliver(queue.receiver);
        }
        if queue.next > before {
            self.moved.notify_all();
        }
    }
}

impl Queue<'_> {
    fn take_next(&mut self) -> Option<Batch> {
        let batch = self.early.remove(&self.next)?;
        self.next += 1;
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::round::batch::tests::one;
    use engine::evaluation::EvaluationResult;

    #[test]
    fn chunks_that_end_out_of_order_are_passed_on_in_order() {
        const CHUNKS: usize = 1000;
        let mut received = Vec::new();
        let mut receiver = |result: &EvaluationResult<'_>| received.push(result.plan);
        let in_order = InOrder::new(&mut receiver);
        let next = std::sync::atomic::AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let chunk = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if chunk >= CHUNKS {
                            break;
                        }
                        if chunk.is_multiple_of(7) {
                            thread::yield_now();
                        }
                        in_order.deliver(chunk as u64, one(chunk, ""));
                    }
                });
            }
        });
        assert_eq!(received, (0..CHUNKS).collect::<Vec<_>>());
    }
}
