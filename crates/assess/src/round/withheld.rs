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
