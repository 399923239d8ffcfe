//! Which items of a mirror changed, and which of them are read.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::Part;

/// Which resources' items are others than before, or gone.
#[derive(Debug, Clone, Default)]
pub struct Changes(pub(super) BTreeMap<Part, FxHashSet<u64>>);

impl Changes {
    /// The parts of which something changed.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.keys()
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
}

/// Which items of a part are read.
#[derive(Debug, Clone, Copy)]
pub enum Which<'w> {
    /// Every one.
    All,
    /// Those that changed and are there.
    Changed(&'w Changes),
}
