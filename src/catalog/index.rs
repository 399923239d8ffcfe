//! Controls and packs by name.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::api::{Control, Pack, PackSpec};
use crate::catalog::CompiledControl;

/// Controls and packs by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    controls: BTreeMap<String, Arc<CompiledControl>>,
    packs: BTreeMap<String, Arc<PackSpec>>,
    /// What is wrong with each control that is left out.
    invalid: BTreeMap<String, String>,
}

/// What is wrong with a control or pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogProblem {
    /// The control's or pack's name.
    pub name: String,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl Catalog {
    /// The controls and packs in the binary.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Catalog> = LazyLock::new(Catalog::default);
        &BUILT_IN
    }

    /// This catalogue and a team's own controls and packs.
    #[must_use]
    pub fn with(self, _controls: Vec<Control>, _packs: Vec<Pack>) -> (Self, Vec<CatalogProblem>) {
        (self, Vec::new())
    }

    /// The control of that name.
    pub fn control(&self, name: &str) -> Option<&Arc<CompiledControl>> {
        self.controls.get(name)
    }

    /// Every control, by name.
    pub fn controls(&self) -> impl Iterator<Item = &Arc<CompiledControl>> {
        self.controls.values()
    }

    /// What is wrong with the control of that name, where it is there and invalid.
    pub fn invalid(&self, name: &str) -> Option<&str> {
        self.invalid.get(name).map(String::as_str)
    }

    /// The pack of that name.
    pub fn pack(&self, name: &str) -> Option<&PackSpec> {
        self.packs.get(name).map(Arc::as_ref)
    }

    /// Every pack, by name.
    pub fn packs(&self) -> impl Iterator<Item = (&str, &PackSpec)> {
        self.packs.iter().map(|(name, pack)| (name.as_str(), pack.as_ref()))
    }
}
