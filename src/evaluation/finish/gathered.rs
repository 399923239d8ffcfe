//! The items that were kept, by account and type, each resource once.

use std::collections::hash_map::Entry;

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use crate::evaluation::keep::{Keep, Kept};
use crate::evaluation::prepared::Evaluation;
use crate::resource::ConfigurationItem;

/// The items that were kept. Of a resource that came several times (one of a global type comes
/// from each region that records it) the copy that was captured last counts.
pub(super) struct Gathered<'k> {
    keeps: &'k [Keep],
    items: FxHashMap<(u32, u32), Vec<Place>>,
}

/// Where a kept item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    keep: u32,
    item: u32,
}

impl<'k> Gathered<'k> {
    pub(super) fn new(evaluation: &Evaluation<'_>, keeps: &'k [Keep]) -> Self {
        let global: FxHashMap<u32, bool> =
            evaluation.types.values().map(|entry| (entry.number, entry.is_global)).collect();
        let mut latest = FxHashMap::default();
        for (keep, at) in keeps.iter().zip(0..) {
            for (kept, item) in keep.items().iter().zip(0..) {
                let is_global = global.get(&kept.resource_type).copied().unwrap_or_default();
                let head = keep.decoder(kept).head();
                let region = if is_global { "" } else { head.region };
                let key = (kept.account, kept.resource_type, region, head.id);
                // The region decides between copies of one moment: any order gives the same.
                let rank = (kept.captured, head.region);
                let found = (rank, Place { keep: at, item });
                match latest.entry(key) {
                    Entry::Vacant(entry) => {
                        entry.insert(found);
                    }
                    Entry::Occupied(mut entry) if entry.get().0 < rank => {
                        entry.insert(found);
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        let mut items: FxHashMap<(u32, u32), Vec<Place>> = FxHashMap::default();
        for ((account, resource_type, ..), (_, place)) in latest {
            items.entry((account, resource_type)).or_default().push(place);
        }
        let mut gathered = Self { keeps, items: FxHashMap::default() };
        for places in items.values_mut() {
            places.sort_by(|one, other| gathered.id(*one).cmp(gathered.id(*other)));
        }
        gathered.items = items;
        gathered
    }

    /// An account's items of a type, by id.
    pub(super) fn of(&self, account: u32, resource_type: u32) -> &[Place] {
        self.items.get(&(account, resource_type)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Reads an item.
    pub(super) fn item<'a>(&self, place: Place, arena: &'a Bump) -> Option<ConfigurationItem<'a>>
    where
        'k: 'a,
    {
        let (keep, kept) = self.kept(place)?;
        Some(keep.decoder(kept).item(arena))
    }

    /// The region that an item says it is in.
    pub(super) fn region(&self, place: Place) -> &'k str {
        self.kept(place).map(|(keep, kept)| keep.decoder(kept).head().region).unwrap_or_default()
    }

    fn id(&self, place: Place) -> &'k str {
        self.kept(place).map(|(keep, kept)| keep.decoder(kept).head().id).unwrap_or_default()
    }

    fn kept(&self, place: Place) -> Option<(&'k Keep, &'k Kept)> {
        let keep = self.keeps.get(place.keep as usize)?;
        Some((keep, keep.items().get(place.item as usize)?))
    }
}
