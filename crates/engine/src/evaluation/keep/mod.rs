//! Items that are kept until all have come: only what is read of them, in a compact form.
//!
//! An item costs its texts and numbers and about a byte for each value and field; names of fields
//! are kept once. Nothing is lost of what the projection names, and what is read back is what was
//! kept: each item carries a digest of its bytes, of what tells it from others and of its place,
//! and the names have one, too. An item that does not agree with its digest is not read.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::ledger::ItemKey;
use cel::{Projection, Timestamp};
use model::ConfigurationItem;

pub(super) use self::decode::{Broken, Decoder, Head};
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
    /// Tells it from others where somebody asks.
    pub(super) key: ItemKey,
    /// When it was captured, in milliseconds since 1970; of all times the first where nobody says.
    pub(super) captured: i64,
    block: u32,
    start: u32,
    length: u32,
    digest: u32,
}

impl Keep {
    /// Keeps what `projection` names of an item.
    pub(super) fn put(
        &mut self,
        (resource_type, account, key): (u32, u32, ItemKey),
        item: &ConfigurationItem<'_>,
        projection: &Projection,
    ) {
        let bytes = self.encoder.encode(item, projection);
        if self.blocks.last().is_none_or(|block| block.len() + bytes.len() > block.capacity()) {
            self.blocks.push(Vec::with_capacity(bytes.len().max(BLOCK)));
        }
        let block = number(self.blocks.len().saturating_sub(1));
        if let Some(last) = self.blocks.last_mut() {
            let mut kept = Kept {
                resource_type,
                account,
                key,
                captured: item.capture_time.map_or(i64::MIN, Timestamp::milliseconds),
                block,
                start: number(last.len()),
                length: number(bytes.len()),
                digest: 0,
            };
            kept.digest = kept.digest_of(bytes);
            last.extend_from_slice(bytes);
            self.items.push(kept);
        }
    }

    /// What is kept, in the order in which it came.
    pub(super) fn items(&self) -> &[Kept] {
        &self.items
    }

    /// Whether the names that items share are those that were kept.
    pub(super) fn check_names(&self) -> Result<(), Broken> {
        if self.encoder.names_agree() { Ok(()) } else { Err(Broken("its names were changed")) }
    }

    /// The bytes of a kept item, if they are those that were kept.
    pub(super) fn decoder(&self, kept: &Kept) -> Result<Decoder<'_>, Broken> {
        let block = self.blocks.get(kept.block as usize).ok_or(Broken("its block is missing"))?;
        let start = kept.start as usize;
        let bytes = start.checked_add(kept.length as usize).and_then(|end| block.get(start..end));
        let bytes = bytes.ok_or(Broken("its bytes are missing"))?;
        if kept.digest_of(bytes) != kept.digest {
            return Err(Broken("its bytes were changed"));
        }
        Ok(Decoder::new(bytes, self.encoder.names()))
    }
}

impl Kept {
    /// Stands for the item's bytes, for what tells it from others and for where it is.
    fn digest_of(&self, bytes: &[u8]) -> u32 {
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        hasher.write_u32(self.resource_type);
        hasher.write_u32(self.account);
        hasher.write_u64(self.key.0);
        hasher.write_i64(self.captured);
        hasher.write_u32(self.block);
        hasher.write_u32(self.start);
        hasher.write_u32(self.length);
        folded(hasher.finish())
    }
}

/// Half as many bits, of which each depends on two of the whole.
#[allow(clippy::cast_possible_truncation)] // half of it is what is meant
const fn folded(digest: u64) -> u32 {
    (digest ^ (digest >> 32)) as u32
}

/// Blocks are fewer and items shorter than 2^32. Were they not, the item would not be found again.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
