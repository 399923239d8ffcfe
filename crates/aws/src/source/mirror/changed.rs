//! Which items changed since somebody asked.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::Part;
use engine::evaluation::ItemKey;
use model::ResourceType;

/// Which resources' items are others than before, or gone.
#[derive(Debug, Clone, Default)]
pub struct Changes(BTreeMap<Part, FxHashSet<u64>>);

/// Which items of a part are read.
#[derive(Debug, Clone, Copy)]
pub enum Which<'w> {
    /// Every one.
    All,
    /// Those that changed and are there.
    Changed(&'w Changes),
    /// Those of these that are there.
    Of(&'w FxHashSet<ItemKey>),
}

impl Changes {
    /// The parts of which something changed.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.keys()
    }

    /// Whether something changed of one of these types.
    pub(super) fn concerns(&self, types: &BTreeSet<ResourceType>) -> bool {
        self.parts().any(|part| types.contains(&part.resource_type))
    }

    /// Leaves out what changed in other parts.
    pub fn retain(&mut self, mut counts: impl FnMut(&Part) -> bool) {
        self.0.retain(|part, _| counts(part));
    }

    pub(super) fn add(&mut self, part: &Part, key: u64) {
        if !self.0.contains_key(part) {
            self.0.insert(part.clone(), FxHashSet::default());
        }
        self.0.entry(part.clone()).or_default().insert(key);
    }

    pub(super) fn of(&self, part: &Part) -> impl Iterator<Item = u64> {
        self.0.get(part).into_iter().flatten().copied()
    }
}
