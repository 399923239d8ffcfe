//! What is read of a type's items.

use std::collections::BTreeMap;

use cel::Projection;
use model::{Reading, ResourceType};

/// What is read of a type's items.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) read: Projection,
    /// Reads an item so.
    pub(super) reading: Reading,
    /// Whether tags or relationships are read, which batches do not give.
    pub(super) beyond_batches: bool,
}

/// The needs of all types.
pub(super) fn needs(
    types: impl IntoIterator<Item = (ResourceType, Projection)>,
) -> BTreeMap<ResourceType, Need> {
    types
        .into_iter()
        .map(|(name, read)| {
            let reading = Reading::new([(name.clone(), read.clone())]);
            let beyond_batches = is_beyond_batches(&read);
            (name, Need { read, reading, beyond_batches })
        })
        .collect()
}

/// Whether tags or relationships are read.
pub(super) fn is_beyond_batches(read: &Projection) -> bool {
    ["tags", "relationships"].iter().any(|field| read.field(field).is_some())
}
