//! The controls of a baseline: what its packs bring, and what it adds or changes.
//!
//! A later pack overrides an earlier one, and the baseline overrides its packs. A control with a
//! mistake is left out and reported, never run with other settings than those asked for.

use std::collections::BTreeMap;

use crate::api::{
    BaselineControl, FieldPath, PackControl, ResourceSelector, SecurityBaselineSpec, closest,
};
use crate::catalog::Catalog;
use crate::plan::{Parameters, PlannedControl, ProblemKind, ResourceMatch};
use crate::resource::{ControlName, Severity};

type Report<'r> = &'r mut dyn FnMut(FieldPath, ProblemKind);

/// A control on its way into the plan.
struct Draft<'d> {
    /// Where the baseline asks for it.
    path: FieldPath,
    parameters: Parameters,
    severity: Option<Severity>,
    matching: Option<&'d ResourceSelector>,
    exclude: Option<&'d ResourceSelector>,
    /// Set by a mistake in what the draft was made from.
    invalid: bool,
}

type Drafts<'d> = BTreeMap<&'d ControlName, Draft<'d>>;

/// The controls asked for, by name.
pub(super) fn plan(
    spec: &SecurityBaselineSpec,
    catalog: &Catalog,
    report: Report<'_>,
) -> Vec<PlannedControl> {
    let mut drafts = Drafts::new();
    for (place, reference) in spec.packs.iter().enumerate() {
        let path = FieldPath::spec("packs").index(place).field("name");
        match catalog.pack(&reference.name) {
            Some(pack) => {
                for control in &pack.controls {
                    let draft = drafts.entry(&control.name).or_insert_with(|| draft(&path));
                    add_from_pack(control, draft, catalog, report);
                }
            }
            None => report(path, unknown_pack(&reference.name, catalog)),
        }
    }
    for (place, control) in spec.controls.iter().enumerate() {
        let path = FieldPath::spec("controls").index(place);
        if control.disabled {
            if drafts.remove(&control.name).is_none()
                && catalog.control(control.name.as_str()).is_none()
            {
                report(path.field("name"), unknown_control(&control.name, catalog));
            }
            continue;
        }
        let draft = drafts.entry(&control.name).or_insert_with(|| draft(&path));
        draft.path = path;
        add_from_baseline(control, draft, catalog, report);
    }
    drafts.into_iter().filter_map(|(name, draft)| finish(name, draft, catalog, report)).collect()
}

fn draft<'d>(path: &FieldPath) -> Draft<'d> {
    Draft {
        path: path.clone(),
        parameters: Parameters::new(),
        severity: None,
        matching: None,
        exclude: None,
        invalid: false,
    }
}

fn add_from_pack(
    control: &PackControl,
    draft: &mut Draft<'_>,
    catalog: &Catalog,
    report: Report<'_>,
) {
    draft.severity = control.severity.or(draft.severity);
    let path = draft.path.clone();
    add_parameters(&control.name, &control.parameters, |_| path.clone(), draft, catalog, report);
}

fn add_from_baseline<'d>(
    control: &'d BaselineControl,
    draft: &mut Draft<'d>,
    catalog: &Catalog,
    report: Report<'_>,
) {
    draft.severity = control.severity.or(draft.severity);
    draft.matching = control.matching.as_ref();
    draft.exclude = control.exclude.as_ref();
    let path = draft.path.clone();
    let at = |name: &str| path.clone().field("parameters").field(name);
    add_parameters(&control.name, &control.parameters, at, draft, catalog, report);
}

/// Each value replaces an earlier one of its name.
fn add_parameters(
    name: &ControlName,
    given: &Parameters,
    at: impl Fn(&str) -> FieldPath,
    draft: &mut Draft<'_>,
    catalog: &Catalog,
    report: Report<'_>,
) {
    let Some(control) = catalog.control(name.as_str()) else { return };
    for (parameter, value) in given {
        match control.check_parameter(parameter, value) {
            Ok(()) => {
                draft.parameters.insert(parameter.clone(), value.clone());
            }
            Err(fault) => {
                draft.invalid = true;
                let control = name.to_string();
                report(at(parameter), ProblemKind::InvalidParameter { control, fault });
            }
        }
    }
}

/// The control as it is planned; nothing where something about it is wrong.
fn finish(
    name: &ControlName,
    draft: Draft<'_>,
    catalog: &Catalog,
    report: Report<'_>,
) -> Option<PlannedControl> {
    let Draft { path, parameters, severity, matching, exclude, invalid } = draft;
    let Some(control) = catalog.control(name.as_str()) else {
        report(path.field("name"), unknown_control(name, catalog));
        return None;
    };
    let parameters = control.complete_parameters(parameters).map_err(|fault| {
        let control = name.to_string();
        report(path.clone(), ProblemKind::InvalidParameter { control, fault });
    });
    let matching = compile(matching, path.clone().field("match"), report);
    let exclude = compile(exclude, path.field("exclude"), report);
    if invalid {
        return None;
    }
    Some(PlannedControl {
        control: control.clone(),
        severity: severity.unwrap_or(control.spec.severity),
        parameters: parameters.ok()?,
        matching: matching.ok()?,
        exclude: exclude.ok()?,
    })
}

/// A mistake that was reported.
struct Reported;

fn compile(
    selector: Option<&ResourceSelector>,
    path: FieldPath,
    report: Report<'_>,
) -> Result<Option<ResourceMatch>, Reported> {
    selector.map(ResourceMatch::new).transpose().map_err(|error| {
        report(path, error.into());
        Reported
    })
}

/// Why there is no such control: unknown, or invalid.
pub(super) fn unknown_control(name: &ControlName, catalog: &Catalog) -> ProblemKind {
    let name = name.to_string();
    if let Some(message) = catalog.invalid(&name) {
        return ProblemKind::InvalidControl { name, message: message.to_owned() };
    }
    let names = catalog.controls().map(|control| control.name.as_str());
    let suggestion = closest(&name, names).map(str::to_owned);
    ProblemKind::UnknownControl { name, suggestion }
}

fn unknown_pack(name: &str, catalog: &Catalog) -> ProblemKind {
    let suggestion = closest(name, catalog.packs().map(|(name, _)| name)).map(str::to_owned);
    ProblemKind::UnknownPack { name: name.to_owned(), suggestion }
}
