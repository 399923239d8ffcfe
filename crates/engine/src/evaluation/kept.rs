//! For tests: keeps items as an evaluation does, and reads them back.

use bumpalo::Bump;

use super::keep::{Broken, Decoder, Keep};
use super::ledger::ItemKey;
use cel::Projection;
use model::ConfigurationItem;

/// Items that are kept.
#[derive(Debug, Default)]
pub struct KeptItems(Keep);

impl KeptItems {
    /// Keeps what `projection` names of an item.
    pub fn put(&mut self, item: &ConfigurationItem<'_>, projection: &Projection) {
        self.0.put((0, 0, ItemKey::default()), item, projection);
    }

    /// The item that was put at that place.
    ///
    /// # Errors
    /// Why it is not as it was kept, or that there is none.
    pub fn item<'a>(
        &'a self,
        at: usize,
        arena: &'a Bump,
    ) -> Result<ConfigurationItem<'a>, &'static str> {
        let kept = self.0.items().get(at).ok_or("there is no item there")?;
        let decoder = self.0.decoder(kept).map_err(|Broken(why)| why)?;
        decoder.item(arena).map_err(|Broken(why)| why)
    }
}

/// The item that such bytes stand for, with the names that items share.
///
/// # Errors
/// Why they stand for none.
pub fn decode<'a>(
    bytes: &'a [u8],
    names: &'a [Box<str>],
    arena: &'a Bump,
) -> Result<ConfigurationItem<'a>, &'static str> {
    Decoder::new(bytes, names).item(arena).map_err(|Broken(why)| why)
}
