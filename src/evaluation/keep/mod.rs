//! Items that are kept until all have come: only what is read of them, in a compact form.
//!
//! An item costs its texts and numbers and about a byte for each value and field; names of fields
//! are kept once. Nothing is lost of what the projection names.

mod decode;
mod encode;

use crate::resource::{ConfigurationItem, Projection, Timestamp};

use self::decode::Decoder;
use self::encode::Encoder;

/// The size of one block of memory. Blocks are never moved, so growing needs no second copy.
const BLOCK: usize = 256 * 1024;

/// Items kept by one worker.
#[derive(Debug, Default)]
pub(super) struct Keep {
    blocks: Vec<Vec<u8>>,
    items: Vec<Kept>,
    encoder: Encoder,
}

/// One kept item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// Its type, by the evaluation's number.
    pub(super) resource_type: u32,
    /// Its account, by the evaluation's number.
    pub(super) account: u32,
    /// When it was captured, in milliseconds since 1970; of all times the first where nobody says.
    pub(super) captured: i64,
    block: u32,
    start: u32,
}

impl Keep {
    /// Keeps what `projection` names of an item.
    pub(super) fn put(
        &mut self,
        resource_type: u32,
        account: u32,
        item: &ConfigurationItem<'_>,
        projection: &Projection,
    ) {
        let bytes = self.encoder.encode(item, projection);
        if self.blocks.last().is_none_or(|block| block.len() + bytes.len() > block.capacity()) {
            self.blocks.push(Vec::with_capacity(bytes.len().max(BLOCK)));
        }
        let block = self.blocks.len().saturating_sub(1);
        if let Some(last) = self.blocks.last_mut() {
            let start = last.len();
            last.extend_from_slice(bytes);
            self.items.push(Kept {
                resource_type,
                account,
                captured: item.capture_time.map_or(i64::MIN, milliseconds),
                block: number(block),
                start: number(start),
            });
        }
    }

    /// What is kept, in the order in which it came.
    pub(super) fn items(&self) -> &[Kept] {
        &self.items
    }

    /// Reads a kept item.
    pub(super) fn decoder(&self, kept: &Kept) -> Decoder<'_> {
        let bytes = self.blocks.get(kept.block as usize).map(Vec::as_slice).unwrap_or_default();
        let bytes = bytes.get(kept.start as usize..).unwrap_or_default();
        Decoder::new(bytes, self.encoder.names())
    }
}

fn milliseconds(time: Timestamp) -> i64 {
    time.seconds.saturating_mul(1000).saturating_add(i64::from(time.nanoseconds / 1_000_000))
}

/// Blocks are fewer and items shorter than 2^32.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
