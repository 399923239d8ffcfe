//! The items that were kept, by account and type, each resource once.

use bumpalo::Bump;
use rustc_hash::{FxHashMap, FxHashSet};

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

/// What tells a resource from others: its account, its type, its region unless it is global, its
/// id.
type Key<'k> = (u32, u32, &'k str, &'k str);

/// Which of several copies counts: the latest. The region decides between copies of one moment,
/// so that any order gives the same.
type Rank<'k> = (i64, &'k str);

impl<'k> Gathered<'k> {
    pub(super) fn new(evaluation: &Evaluation<'_>, keeps: &'k [Keep]) -> Self {
        let mut gathered = Self { keeps, items: FxHashMap::default() };
        let mut items: FxHashMap<(u32, u32), Vec<Place>> = FxHashMap::default();
        for ((account, resource_type, ..), (_, place)) in latest(evaluation, keeps) {
            items.entry((account, resource_type)).or_default().push(place);
        }
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

/// The copy of each resource that counts.
fn latest<'k>(
    evaluation: &Evaluation<'_>,
    keeps: &'k [Keep],
) -> FxHashMap<Key<'k>, (Rank<'k>, Place)> {
    let types = evaluation.types.values().filter(|entry| entry.is_global);
    let global: FxHashSet<u32> = types.map(|entry| entry.number).collect();
    let mut latest = FxHashMap::default();
    for (keep, at) in keeps.iter().zip(0..) {
        for (kept, item) in keep.items().iter().zip(0..) {
            let head = keep.decoder(kept).head();
            let region = if global.contains(&kept.resource_type) { "" } else { head.region };
            let key = (kept.account, kept.resource_type, region, head.id);
            let found = ((kept.captured, head.region), Place { keep: at, item });
            let known = latest.entry(key).or_insert(found);
            if known.0 < found.0 {
                *known = found;
            }
        }
    }
    latest
}
