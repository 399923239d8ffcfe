//! Holds the results of chunks back until it is sure that they count.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::batch::Batch;
use engine::evaluation::Results;

/// So many bytes of results are held back.
const ROOM: usize = 16 << 20;

/// Takes the results of chunks.
pub(super) trait Chunks: Sync {
    /// Takes those of the chunk `sequence`; every chunk is delivered once.
    fn deliver(&self, sequence: u64, batch: Batch);

    /// Whether those of further chunks can be held back.
    fn has_room(&self) -> bool {
        true
    }
}

/// Results that may turn out to count for nothing.
#[derive(Default)]
pub(super) struct Withheld {
    chunks: Mutex<WithheldChunks>,
}

#[derive(Default)]
struct WithheldChunks {
    batches: BTreeMap<u64, Batch>,
    bytes: usize,
}

impl Chunks for Withheld {
    fn deliver(&self, sequence: u64, mut batch: Batch) {
        batch.shrink();
        let mut chunks = self.lock();
        chunks.bytes += batch.bytes();
        if chunks.bytes <= ROOM {
            chunks.batches.insert(sequence, batch);
        } else {
            chunks.batches.clear();
        }
    }

    fn has_room(&self) -> bool {
        self.lock().bytes <= ROOM
    }
}

impl Withheld {
    /// Passes all of them on, in the order of the chunks.
    pub(super) fn pass_on(self, receiver: &mut dyn Results) {
        let chunks = self.chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Each is gone before the next one: whoever receives results may keep them.
        chunks.batches.into_values().for_each(|batch| batch.deliver(receiver));
    }

    fn lock(&self) -> MutexGuard<'_, WithheldChunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round::batch::tests::one;
    use engine::evaluation::EvaluationResult;

    #[test]
    fn results_are_passed_on_in_the_order_of_their_chunks() {
        let withheld = Withheld::default();
        for number in [2, 0, 1] {
            withheld.deliver(number as u64, one(number, ""));
        }
        let mut received = Vec::new();
        withheld.pass_on(&mut |result: &EvaluationResult<'_>| received.push(result.plan));
        assert_eq!(received, [0, 1, 2]);
    }

    #[test]
    fn there_is_room_for_so_many_bytes_and_what_does_not_fit_frees_them() {
        let (withheld, long) = (Withheld::default(), "x".repeat(ROOM / 4));
        for chunk in 0..3 {
            withheld.deliver(chunk, one(0, &long));
            assert!(withheld.has_room(), "{chunk}");
        }
        withheld.deliver(3, one(0, &long));
        assert!(!withheld.has_room() && withheld.lock().batches.is_empty());
        withheld.deliver(4, one(0, ""));
        assert!(!withheld.has_room(), "what is gone does not come back");
    }
}
