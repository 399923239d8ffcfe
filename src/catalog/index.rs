//! Controls and packs by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::built_in;
use super::compile::compile;
use super::compiled::{CompiledControl, Origin};
use super::problem::{CatalogProblem, Fault};
use crate::api::{Control, FieldPath, ObjectKey, Pack, PackSpec, closest};

/// Controls and packs by name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    controls: BTreeMap<String, Arc<CompiledControl>>,
    packs: BTreeMap<String, (Origin, Arc<PackSpec>)>,
    /// What is wrong with each control that is left out.
    invalid: BTreeMap<String, String>,
}

impl Catalog {
    /// The controls and packs in the binary, compiled at the first call.
    pub fn built_in() -> &'static Self {
        &built_in::load().catalog
    }

    /// This catalogue with a team's own controls and packs, and what is wrong with these. A name
    /// that is taken stays with what has it.
    #[must_use]
    pub fn with(
        self,
        controls: impl IntoIterator<Item = Control>,
        packs: impl IntoIterator<Item = Pack>,
    ) -> (Self, Vec<CatalogProblem>) {
        self.with_all(controls, packs, Origin::Custom)
    }

    pub(super) fn with_all(
        mut self,
        controls: impl IntoIterator<Item = Control>,
        packs: impl IntoIterator<Item = Pack>,
        origin: Origin,
    ) -> (Self, Vec<CatalogProblem>) {
        let mut problems = Vec::new();
        for control in controls {
            problems.extend(self.add_control(control, origin));
        }
        for pack in packs {
            problems.extend(self.add_pack(pack, origin));
        }
        (self, problems)
    }

    fn add_control(&mut self, control: Control, origin: Origin) -> Vec<CatalogProblem> {
        let object = ObjectKey::of(&control);
        let name = object.name.clone();
        if let Some(known) = self.controls.get(&name) {
            return vec![taken(known.origin).of(&object)];
        }
        match compile(&name, control.spec, origin) {
            Ok(control) => {
                self.controls.insert(name, Arc::new(control));
                Vec::new()
            }
            Err(faults) => {
                let reason = faults.first().map(Fault::to_string).unwrap_or_default();
                self.invalid.insert(name, reason);
                faults.into_iter().map(|fault| fault.of(&object)).collect()
            }
        }
    }

    fn add_pack(&mut self, pack: Pack, origin: Origin) -> Vec<CatalogProblem> {
        let object = ObjectKey::of(&pack);
        if let Some((known, _)) = self.packs.get(&object.name) {
            return vec![taken(*known).of(&object)];
        }
        let faults = self.faults_of_pack(&pack.spec);
        self.packs.insert(object.name.clone(), (origin, Arc::new(pack.spec)));
        faults.into_iter().map(|fault| fault.of(&object)).collect()
    }

    /// A pack with mistakes is kept: a baseline that takes it goes on with the rest of it.
    fn faults_of_pack(&self, pack: &PackSpec) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (place, entry) in pack.controls.iter().enumerate() {
            let path = FieldPath::spec("controls").index(place);
            let name = entry.name.as_str();
            let Some(control) = self.control(name) else {
                let fault = Fault::new(path.field("name"), format!("there is no control `{name}`"));
                let names = self.controls.keys().map(String::as_str);
                faults.push(fault.suggesting(closest(name, names)));
                continue;
            };
            for (parameter, value) in &entry.parameters {
                if let Err(fault) = control.check_parameter(parameter, value) {
                    let path = path.clone().field("parameters").field(parameter);
                    let help = fault.help();
                    faults.push(Fault { help, ..Fault::new(path, fault.to_string()) });
                }
            }
        }
        faults
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
        self.packs.get(name).map(|(_, pack)| pack.as_ref())
    }

    /// Every pack, by name.
    pub fn packs(&self) -> impl Iterator<Item = (&str, &PackSpec)> {
        self.packs.iter().map(|(name, (_, pack))| (name.as_str(), pack.as_ref()))
    }
}

fn taken(origin: Origin) -> Fault {
    let path = FieldPath::default().field("metadata").field("name");
    let (message, told_by_reader) = match origin {
        Origin::BuiltIn => ("NameTaken: the catalogue has one of this name", false),
        Origin::Custom => ("NameTaken: another one has this name", true),
    };
    Fault { told_by_reader, ..Fault::new(path, message).help("give it a name of its own") }
}
