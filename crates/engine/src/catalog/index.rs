//! Controls and packs by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::built_in::{self, BuiltInControl};
use super::compile::compile;
use super::compiled::{CompiledCheck, CompiledControl, Origin};
use super::fault::{CatalogReason, Fault};
use super::last_good::{LastGoodCatalog, OwnObjects};
use crate::problem::Problem;
use api::{Control, FieldPath, Kind, ObjectKey, Pack, PackSpec, closest};

/// Where to look for the name of a control.
pub(crate) const WHICH_CONTROLS: &str = "`plumbline controls list` shows the built-in ones";

/// Controls and packs by name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    controls: BTreeMap<String, HeldControl>,
    packs: BTreeMap<String, (Origin, Arc<PackSpec>)>,
    /// What is wrong with each control that is there and invalid. Its last valid version is among
    /// `controls`, where there is one.
    invalid: BTreeMap<String, String>,
    /// Invalid controls of which no valid version is known.
    refused: BTreeMap<String, Arc<CompiledControl>>,
    /// What is wrong with each pack that is there and does not count as it is.
    invalid_packs: BTreeMap<String, String>,
    /// Controls and packs of the team's own that are not used, since built-in ones have their names.
    taken_controls: BTreeSet<String>,
    taken_packs: BTreeSet<String>,
}

#[derive(Debug, Clone)]
enum HeldControl {
    Compiled(Arc<CompiledControl>),
    BuiltIn(Arc<BuiltInControl>),
}

impl HeldControl {
    fn get(&self) -> &Arc<CompiledControl> {
        match self {
            Self::Compiled(control) => control,
            Self::BuiltIn(control) => control.get(),
        }
    }

    fn origin(&self) -> Origin {
        match self {
            Self::Compiled(control) => control.origin,
            Self::BuiltIn(_) => Origin::BuiltIn,
        }
    }
}

/// With what names of a team's own controls and packs begin, if no built-in one shall ever have them.
pub const RESERVED_PREFIX: &str = "team-";

impl Catalog {
    /// The controls and packs in the binary, each control compiled when it is first asked for.
    pub fn built_in() -> &'static Self {
        built_in::catalog()
    }

    pub(super) fn hold(&mut self, control: BuiltInControl) {
        let name = control.name().to_owned();
        self.controls.insert(name, HeldControl::BuiltIn(Arc::new(control)));
    }

    pub(super) fn hold_pack(&mut self, pack: Pack) {
        let name = ObjectKey::of(&pack).name;
        self.packs.insert(name, (Origin::BuiltIn, Arc::new(pack.spec)));
    }

    /// This catalogue with a team's own controls and packs, and what is wrong with these. A name
    /// that is taken stays with what has it.
    #[must_use]
    pub fn with(
        self,
        controls: impl IntoIterator<Item = Control>,
        packs: impl IntoIterator<Item = Pack>,
    ) -> (Self, Vec<Problem>) {
        let (controls, packs) = (controls.into_iter().collect(), packs.into_iter().collect());
        let own = OwnObjects { controls, packs, unread: Vec::new() };
        self.with_all(own, Origin::Custom, &mut LastGoodCatalog::default())
    }

    /// The same. What is wrong now counts as it last was without mistakes, as far as `last` knows;
    /// `last` then knows of these.
    #[must_use]
    pub fn with_last_good(
        self,
        own: OwnObjects,
        last: &mut LastGoodCatalog,
    ) -> (Self, Vec<Problem>) {
        self.with_all(own, Origin::Custom, last)
    }

    pub(super) fn with_all(
        mut self,
        own: OwnObjects,
        origin: Origin,
        last: &mut LastGoodCatalog,
    ) -> (Self, Vec<Problem>) {
        last.retain(&own);
        let OwnObjects { controls, packs, unread } = own;
        let mut problems = Vec::new();
        for control in controls {
            problems.extend(self.add_control(control, origin, last));
        }
        let (unread_controls, unread_packs): (Vec<_>, Vec<_>) =
            unread.into_iter().partition(|(key, _)| key.kind == Kind::Control);
        for (ObjectKey { name, .. }, why) in unread_controls {
            self.keep_last_control(&name, why, last);
        }
        for pack in packs {
            problems.extend(self.add_pack(pack, origin, last));
        }
        for (ObjectKey { name, .. }, why) in unread_packs {
            self.keep_last_pack(&name, why, last);
        }
        (self, problems)
    }

    fn add_control(
        &mut self,
        control: Control,
        origin: Origin,
        last: &mut LastGoodCatalog,
    ) -> Vec<Problem> {
        let object = ObjectKey::of(&control);
        let name = object.name.clone();
        if let Some(known) = self.controls.get(&name) {
            let fault = taken(known.origin(), object.kind);
            if known.origin() == Origin::BuiltIn {
                self.taken_controls.insert(name);
            }
            return vec![fault.of(&object)];
        }
        let spec = control.spec;
        match compile(&name, spec.clone(), origin) {
            Ok(control) => {
                let control = Arc::new(control);
                last.controls.insert(name.clone(), Arc::clone(&control));
                self.controls.insert(name, HeldControl::Compiled(control));
                Vec::new()
            }
            Err(faults) => {
                let why = faults.first().map(Fault::to_string).unwrap_or_default();
                if !self.keep_last_control(&name, why.clone(), last)
                    && let Ok(known) = name.parse()
                {
                    let check = CompiledCheck::Refused(why);
                    let control = CompiledControl { name: known, spec, check, origin };
                    self.refused.insert(name, Arc::new(control));
                }
                faults.into_iter().map(|fault| fault.of(&object)).collect()
            }
        }
    }

    /// Whether there is a last valid version of the control, which then is in force.
    fn keep_last_control(&mut self, name: &str, why: String, last: &LastGoodCatalog) -> bool {
        if self.controls.contains_key(name) {
            return false; // another one has the name
        }
        self.invalid.insert(name.to_owned(), why);
        let Some(control) = last.controls.get(name) else { return false };
        self.controls.insert(name.to_owned(), HeldControl::Compiled(Arc::clone(control)));
        true
    }

    fn add_pack(&mut self, pack: Pack, origin: Origin, last: &mut LastGoodCatalog) -> Vec<Problem> {
        let object = ObjectKey::of(&pack);
        if let Some((known, _)) = self.packs.get(&object.name) {
            let fault = taken(*known, object.kind);
            if *known == Origin::BuiltIn {
                self.taken_packs.insert(object.name.clone());
            }
            return vec![fault.of(&object)];
        }
        let (faults, name) = (self.faults_of_pack(&pack.spec), object.name.clone());
        let pack = Arc::new(pack.spec);
        if faults.is_empty() {
            last.packs.insert(name.clone(), Arc::clone(&pack));
        }
        let why = faults.first().map(Fault::to_string);
        if !why.is_some_and(|why| self.keep_last_pack(&name, why, last)) {
            // With its mistakes: a baseline that takes it goes on with the rest of it.
            self.invalid_packs.remove(&name);
            self.packs.insert(name, (origin, pack));
        }
        faults.into_iter().map(|fault| fault.of(&object)).collect()
    }

    /// Whether there is a last valid version of the pack, which then is in force.
    fn keep_last_pack(&mut self, name: &str, why: String, last: &LastGoodCatalog) -> bool {
        if self.packs.contains_key(name) {
            return false; // another one has the name
        }
        self.invalid_packs.insert(name.to_owned(), why);
        let Some(pack) = last.packs.get(name) else { return false };
        self.packs.insert(name.to_owned(), (Origin::Custom, Arc::clone(pack)));
        true
    }

    /// What is wrong with a control of the team's own, whatever others there are: their names differ.
    pub fn problems_of_control(control: Control) -> Vec<Problem> {
        Self::built_in().clone().with([control], []).1
    }

    /// What is wrong with a pack of the team's own, which may be among this catalogue's already.
    pub fn problems_of_pack(&self, pack: &Pack) -> Vec<Problem> {
        let object = ObjectKey::of(pack);
        if Self::built_in().pack(&object.name).is_some() {
            return vec![taken(Origin::BuiltIn, object.kind).of(&object)];
        }
        let faults = self.faults_of_pack(&pack.spec).into_iter();
        faults.map(|fault| fault.of(&object)).collect()
    }

    fn faults_of_pack(&self, pack: &PackSpec) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (place, entry) in pack.controls.iter().enumerate() {
            let path = FieldPath::spec("controls").index(place);
            let name = entry.name.as_str();
            let Some(control) = self.control(name) else {
                let fault = Fault::new(path.field("name"), format!("there is no control `{name}`"));
                faults.push(
                    fault.suggesting(closest(name, self.control_names())).or_help(WHICH_CONTROLS),
                );
                continue;
            };
            for (parameter, value) in &entry.parameters {
                if let Err(fault) = control.check_parameter(parameter, value) {
                    let path = path.clone().field("parameters").field(parameter);
                    let help = fault.help();
                    faults.push(Fault::new(path, fault.to_string()).with_help(help));
                }
            }
        }
        faults
    }

    /// The control of that name.
    pub fn control(&self, name: &str) -> Option<&Arc<CompiledControl>> {
        self.controls.get(name).map(HeldControl::get)
    }

    /// Every control, by name.
    pub fn controls(&self) -> impl Iterator<Item = &Arc<CompiledControl>> {
        self.controls.values().map(HeldControl::get)
    }

    /// The name of every control.
    pub fn control_names(&self) -> impl Iterator<Item = &str> {
        self.controls.keys().map(String::as_str)
    }

    /// What is wrong with the control of that name, where it is there and invalid. Where
    /// [`control`](Self::control) knows it nevertheless, its last valid version is in force.
    pub fn invalid(&self, name: &str) -> Option<&str> {
        self.invalid.get(name).map(String::as_str)
    }

    /// The control of that name where it is there and invalid, and no valid version is known.
    pub fn refused(&self, name: &str) -> Option<&Arc<CompiledControl>> {
        self.refused.get(name)
    }

    /// What is wrong with the pack of that name, where it does not count as it is: where
    /// [`pack`](Self::pack) knows it nevertheless, its last valid version is in force.
    pub fn invalid_pack(&self, name: &str) -> Option<&str> {
        self.invalid_packs.get(name).map(String::as_str)
    }

    /// Whether a control of the team's own has the name of a built-in one, which is used instead.
    pub fn has_taken_control(&self, name: &str) -> bool {
        self.taken_controls.contains(name)
    }

    /// The same of packs.
    pub fn has_taken_pack(&self, name: &str) -> bool {
        self.taken_packs.contains(name)
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

fn taken(origin: Origin, kind: Kind) -> Fault {
    let path = FieldPath::default().field("metadata").field("name");
    let another = "choose another name";
    let of_teams = format!("{another}; no built-in one begins with `{RESERVED_PREFIX}`");
    let (message, help, reported_by_reader) = match origin {
        Origin::BuiltIn if kind == Kind::Pack => ("a built-in pack has this name", of_teams, false),
        Origin::BuiltIn => ("a built-in control has this name", of_teams, false),
        Origin::Custom => ("another object has this name", another.to_owned(), true),
    };
    let fault = Fault::new(path, message).help(help).because(CatalogReason::NameTaken);
    if reported_by_reader { fault.reported_by_reader() } else { fault }
}
