//! The items that were kept, by account and type, each resource once.

use std::collections::hash_map::Entry;

use bumpalo::Bump;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::evaluation::keep::{Keep, Kept};
use crate::evaluation::prepared::Evaluation;
use crate::expression::to_json;
use crate::resource::{ConfigurationItem, ItemStatus};

/// The items that were kept. Of a resource that came several times (one of a global type comes
/// from each region that records it) the copy that was captured last counts, one that is recorded
/// before one that is not. Where nobody can say which was last, none of them does: the resource is
/// unreadable.
pub(super) struct Gathered<'k> {
    keeps: &'k [Keep],
    items: FxHashMap<(u32, u32), Vec<Place>>,
    /// Those whose copies contradict each other.
    contradicted: FxHashSet<Place>,
}

/// Where a kept item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    keep: u32,
    item: u32,
}

/// What tells a resource from others: its account, its type, its region unless it is global, its
/// id.
type Key<'k> = (u32, u32, &'k str, &'k str);

/// One copy of a resource.
#[derive(Debug, Clone, Copy)]
struct Copy<'k> {
    place: Place,
    captured: i64,
    region: &'k str,
}

impl<'k> Gathered<'k> {
    pub(super) fn new(evaluation: &Evaluation<'_>, keeps: &'k [Keep]) -> Self {
        let (items, contradicted) = (FxHashMap::default(), FxHashSet::default());
        let mut gathered = Self { keeps, items, contradicted };
        let mut items: FxHashMap<(u32, u32), Vec<Place>> = FxHashMap::default();
        let (single, several) = copies(evaluation, keeps);
        for ((account, resource_type, ..), copy) in single {
            items.entry((account, resource_type)).or_default().push(copy.place);
        }
        for ((account, resource_type, ..), copies) in several {
            items.entry((account, resource_type)).or_default().extend(gathered.choose(copies));
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
        let item = keep.decoder(kept).item(arena);
        let status =
            if self.contradicted.contains(&place) { ItemStatus::Unreadable } else { item.status };
        Some(ConfigurationItem { status, ..item })
    }

    /// The one of several copies of a resource that counts.
    fn choose(&mut self, mut copies: Vec<Copy<'k>>) -> Option<Place> {
        let arena = Bump::new();
        let status = |copy: &Copy<'k>| {
            self.item(copy.place, &arena).map_or(ItemStatus::Unreadable, |it| it.status)
        };
        // Whatever came last, another region's not recording the type says nothing of the resource.
        if copies.iter().any(|copy| status(copy) != ItemStatus::NotRecorded) {
            copies.retain(|copy| status(copy) != ItemStatus::NotRecorded);
        }
        let latest = copies.iter().copied().max_by_key(|copy| (copy.captured, copy.region))?;
        let undated = copies.len() > 1 && copies.iter().any(|copy| copy.captured == i64::MIN);
        let mut rivals = copies.iter().filter(|copy| copy.captured == latest.captured);
        if undated || rivals.any(|rival| self.content(rival) != self.content(&latest)) {
            self.contradicted.insert(latest.place);
        }
        Some(latest.place)
    }

    /// What a copy says, but for the region and time that it says it of.
    fn content(&self, copy: &Copy<'k>) -> Option<(serde_json::Value, ItemStatus)> {
        let arena = Bump::new();
        let item = self.item(copy.place, &arena)?;
        let mut content = to_json(&item.value);
        if let Some(fields) = content.as_object_mut() {
            fields.retain(|name, _| name != "region" && name != "captureTime");
        }
        Some((content, item.status))
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

/// The resources of which one copy came, and those of which several did.
type Copies<'k> = (FxHashMap<Key<'k>, Copy<'k>>, FxHashMap<Key<'k>, Vec<Copy<'k>>>);

fn copies<'k>(evaluation: &Evaluation<'_>, keeps: &'k [Keep]) -> Copies<'k> {
    let types = evaluation.types.values().filter(|entry| entry.is_global);
    let global: FxHashSet<u32> = types.map(|entry| entry.number).collect();
    let (mut single, mut several) = Copies::default();
    for (keep, at) in keeps.iter().zip(0..) {
        for (kept, item) in keep.items().iter().zip(0..) {
            let head = keep.decoder(kept).head();
            let region = if global.contains(&kept.resource_type) { "" } else { head.region };
            let key = (kept.account, kept.resource_type, region, head.id);
            let place = Place { keep: at, item };
            let copy = Copy { place, captured: kept.captured, region: head.region };
            match single.entry(key) {
                Entry::Vacant(entry) => drop(entry.insert(copy)),
                Entry::Occupied(first) => {
                    several.entry(key).or_insert_with(|| vec![*first.get()]).push(copy);
                }
            }
        }
    }
    single.retain(|key, _| !several.contains_key(key));
    (single, several)
}
