//! Controls and packs as they last were without mistakes.
//!
//! A mistake takes nothing out of force: while an object is there and wrong, its last valid version
//! counts. Only an object that is gone takes its version with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compiled::CompiledControl;
use api::{Control, Kind, ObjectKey, Pack, PackSpec};

/// Controls and packs as they last were without mistakes, by name.
#[derive(Debug, Clone, Default)]
pub struct LastGoodCatalog {
    pub(super) controls: BTreeMap<String, Arc<CompiledControl>>,
    pub(super) packs: BTreeMap<String, Arc<PackSpec>>,
}

/// A team's own controls and packs.
#[derive(Debug, Clone, Default)]
pub struct OwnObjects {
    /// The controls.
    pub controls: Vec<Control>,
    /// The packs.
    pub packs: Vec<Pack>,
    /// Controls and packs that are there and cannot be read, and why.
    pub unread: Vec<(ObjectKey, String)>,
}

impl LastGoodCatalog {
    /// Forgets the objects that are there no longer.
    pub(super) fn retain(&mut self, own: &OwnObjects) {
        let unread = |kind: Kind, name: &str| {
            own.unread.iter().any(|(key, _)| key.kind == kind && key.name == name)
        };
        let is = |found: Option<&String>, name: &str| found.is_some_and(|it| it == name);
        self.controls.retain(|name, _| {
            unread(Kind::Control, name)
                || own.controls.iter().any(|it| is(it.metadata.name.as_ref(), name))
        });
        self.packs.retain(|name, _| {
            unread(Kind::Pack, name)
                || own.packs.iter().any(|it| is(it.metadata.name.as_ref(), name))
        });
    }
}
