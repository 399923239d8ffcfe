//! The items that were kept, by account and type, each resource once.

use std::collections::hash_map::Entry as Slot;

use bumpalo::Bump;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::evaluation::keep::{Broken, Head, Keep, Kept};
use crate::evaluation::ledger::ItemKey;
use crate::evaluation::prepared::Evaluation;
use cel::to_json;
use model::{ConfigurationItem, InternalError, ItemStatus};

/// The items that were kept. Of a resource that came several times (one of a global type comes
/// from each region that records it) the copy that was captured last counts, one that is recorded
/// before one that is not. Where nobody can say which was last, none of them does: the resource is
/// unreadable.
pub(super) struct Gathered<'k> {
    items: FxHashMap<(u32, u32), Vec<JoinEntry<'k>>>,
    /// The types of which a resource came several times.
    repeated: FxHashSet<u32>,
    /// Why some of what was kept cannot be read. Nobody knows then whose it is.
    pub(super) lost: Option<InternalError>,
}

/// A kept item.
#[derive(Debug, Clone, Copy)]
pub(super) struct JoinEntry<'k> {
    keep: &'k Keep,
    kept: &'k Kept,
    /// Whether other copies contradict it.
    is_contradicted: bool,
}

/// What tells a resource from others: its account, its type, its region unless it is global, its
/// id.
type JoinKey<'k> = (u32, u32, &'k str, &'k str);

/// By what items of a type are ordered: their ids, then their regions, for regions may share an id.
type Ordering<'k> = (&'k str, &'k str);

/// One copy of a resource.
#[derive(Debug, Clone, Copy)]
struct Copy<'k> {
    entry: JoinEntry<'k>,
    region: &'k str,
}

impl<'k> Gathered<'k> {
    pub(super) fn new(evaluation: &Evaluation<'_>, keeps: &'k [Keep]) -> Self {
        let Copies { single, several, mut lost } = Copies::of(evaluation, keeps);
        let mut by_id: FxHashMap<(u32, u32), Vec<(Ordering<'k>, JoinEntry<'k>)>> =
            FxHashMap::default();
        let repeated = several.keys().map(|(_, resource_type, ..)| *resource_type).collect();
        let mut add = |(account, resource_type, region, id): JoinKey<'k>, entry| {
            by_id.entry((account, resource_type)).or_default().push(((id, region), entry));
        };
        for (key, copy) in single {
            add(key, copy.entry);
        }
        for (key, copies) in several {
            match choose(copies) {
                Ok(chosen) => chosen.into_iter().for_each(|entry| add(key, entry)),
                Err(broken) => _ = lost.get_or_insert(broken.into()),
            }
        }
        let in_order = |(of, mut entries): (_, Vec<(Ordering<'k>, JoinEntry<'k>)>)| {
            entries.sort_unstable_by_key(|(of, _)| *of);
            (of, entries.into_iter().map(|(_, entry)| entry).collect())
        };
        Self { items: by_id.into_iter().map(in_order).collect(), repeated, lost }
    }

    /// Whether a resource of one of these types came several times.
    pub(super) fn repeats(&self, mut types: impl Iterator<Item = u32>) -> bool {
        types.any(|number| self.repeated.contains(&number))
    }

    /// An account's items of a type, by id and region. They stand in memory in this order.
    pub(super) fn of(&self, account: u32, resource_type: u32) -> &[JoinEntry<'k>] {
        self.items.get(&(account, resource_type)).map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'k> JoinEntry<'k> {
    /// What tells its item from others.
    pub(super) const fn key(self) -> ItemKey {
        self.kept.key
    }

    /// Its account's number.
    pub(super) const fn account(self) -> u32 {
        self.kept.account
    }

    /// Reads the item.
    pub(super) fn item<'a>(self, arena: &'a Bump) -> Result<ConfigurationItem<'a>, Broken>
    where
        'k: 'a,
    {
        let item = self.keep.decoder(self.kept)?.item(arena)?;
        let status = if self.is_contradicted { ItemStatus::Unreadable } else { item.status };
        Ok(ConfigurationItem { status, ..item })
    }

    /// Reads what tells the item from others.
    pub(super) fn head(self) -> Result<Head<'k>, Broken> {
        self.keep.decoder(self.kept)?.head()
    }
}

/// The one of several copies of a resource that counts.
fn choose(mut copies: Vec<Copy<'_>>) -> Result<Option<JoinEntry<'_>>, Broken> {
    let arena = Bump::new();
    let mut unrecorded = Vec::with_capacity(copies.len());
    for copy in &copies {
        unrecorded.push(copy.entry.item(&arena)?.status == ItemStatus::NotRecorded);
    }
    // Whatever came last, another region's not recording the type says nothing of the resource.
    if unrecorded.contains(&false) {
        let mut unrecorded = unrecorded.into_iter();
        copies.retain(|_| unrecorded.next() != Some(true));
    }
    let captured = |copy: &Copy<'_>| copy.entry.kept.captured;
    let latest = copies.iter().copied().max_by_key(|copy| (captured(copy), copy.region));
    let Some(latest) = latest else { return Ok(None) };
    let undated = copies.len() > 1 && copies.iter().any(|copy| captured(copy) == i64::MIN);
    let mut is_contradicted = undated;
    for rival in copies.iter().filter(|copy| captured(copy) == captured(&latest)) {
        is_contradicted |= content(rival)? != content(&latest)?;
    }
    Ok(Some(JoinEntry { is_contradicted, ..latest.entry }))
}

/// What a copy says, but for the region and time that it says it of, and the ARN, which may name the
/// region.
fn content(copy: &Copy<'_>) -> Result<(serde_json::Value, ItemStatus), Broken> {
    let arena = Bump::new();
    let item = copy.entry.item(&arena)?;
    let mut content = to_json(&item.value);
    if let Some(fields) = content.as_object_mut() {
        fields.retain(|name, _| !matches!(name.as_str(), "region" | "captureTime" | "arn"));
    }
    Ok((content, item.status))
}

/// The resources of which one copy came, and those of which several did.
#[derive(Default)]
struct Copies<'k> {
    single: FxHashMap<JoinKey<'k>, Copy<'k>>,
    several: FxHashMap<JoinKey<'k>, Vec<Copy<'k>>>,
    /// Why some copies cannot be read.
    lost: Option<InternalError>,
}

impl<'k> Copies<'k> {
    fn of(evaluation: &Evaluation<'_>, keeps: &'k [Keep]) -> Self {
        let types = evaluation.types.values().filter(|entry| entry.is_global);
        let global: FxHashSet<u32> = types.map(|entry| entry.number).collect();
        let mut copies = Self::default();
        for keep in keeps {
            let read = keep.check_names().and_then(|()| {
                keep.items().iter().try_for_each(|kept| {
                    let entry = JoinEntry { keep, kept, is_contradicted: false };
                    let head = entry.head()?;
                    let is_global = global.contains(&kept.resource_type);
                    let region = if is_global { "" } else { head.region };
                    let key = (kept.account, kept.resource_type, region, head.id);
                    copies.add(key, Copy { entry, region: head.region });
                    Ok(())
                })
            });
            if let Err(broken) = read {
                copies.lost.get_or_insert(broken.into());
            }
        }
        let Self { single, several, .. } = &mut copies;
        single.retain(|key, _| !several.contains_key(key));
        copies
    }

    fn add(&mut self, key: JoinKey<'k>, copy: Copy<'k>) {
        match self.single.entry(key) {
            Slot::Vacant(slot) => drop(slot.insert(copy)),
            Slot::Occupied(first) => {
                self.several.entry(key).or_insert_with(|| vec![*first.get()]).push(copy);
            }
        }
    }
}
