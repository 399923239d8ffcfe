//! The controls of a baseline: what its packs bring, and what it adds or changes.
//!
//! A later pack overrides an earlier one, and the baseline overrides its packs. A control with a
//! mistake is reported and never run with other settings than those asked for: it stands in the
//! plan as refused, so that what it would have said is unknown. So does a pack that does not exist,
//! whose controls nobody knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Catalog, CompiledCheck, CompiledControl};
use crate::plan::{Parameters, PlannedControl, PlannedRule, ResourceMatch};
use crate::problem::{ProblemKind, TakenKind};
use api::{
    BaselineControl, FieldPath, PackControl, ResourceSelector, SecurityBaselineSpec, closest,
};
use model::{ControlName, ResourceType, Severity};

type ReportProblem<'r> = &'r mut dyn FnMut(FieldPath, ProblemKind);

/// A control on its way into the plan.
struct Draft<'d> {
    /// Where the baseline asks for it, and where it names it or the pack that brings it.
    path: FieldPath,
    name: FieldPath,
    parameters: Parameters,
    severity: Option<Severity>,
    matching: Option<&'d ResourceSelector>,
    exclude: Option<&'d ResourceSelector>,
    /// The first mistake in what the draft was made from.
    mistake: Option<String>,
}

type Drafts<'d> = BTreeMap<&'d ControlName, Draft<'d>>;

/// The controls asked for, by name.
pub(super) fn plan(
    spec: &SecurityBaselineSpec,
    catalog: &Catalog,
    report: ReportProblem<'_>,
) -> Vec<PlannedControl> {
    let mut drafts = Drafts::new();
    let mut missing = Vec::new();
    for (place, reference) in spec.packs.iter().enumerate() {
        let path = FieldPath::spec("packs").index(place).field("name");
        if catalog.has_taken_pack(&reference.name) {
            let (kind, name) = (TakenKind::Pack, reference.name.clone());
            report(path.clone(), ProblemKind::NameTaken { kind, name });
        }
        if let Some(problem) = pack_problem(&reference.name, catalog) {
            if catalog.pack(&reference.name).is_none() {
                missing.push((reference.name.as_str(), problem.in_words()));
            }
            report(path.clone(), problem);
        }
        for control in catalog.pack(&reference.name).iter().flat_map(|pack| &pack.controls) {
            let draft = drafts.entry(&control.name).or_insert_with(|| draft(&path, &path));
            add_from_pack(control, draft, catalog, report);
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
        let name = path.clone().field("name");
        let draft = drafts.entry(&control.name).or_insert_with(|| draft(&path, &name));
        (draft.path, draft.name) = (path, name);
        add_from_baseline(control, draft, catalog, report);
    }
    let mut planned: Vec<PlannedControl> =
        drafts.into_iter().map(|(name, draft)| finish(name, draft, catalog, report)).collect();
    for (pack, why) in missing {
        let name = name_of_missing(pack, &planned);
        planned.extend(name.map(|name| refused(CompiledControl::unknown(name, why), None)));
    }
    planned.sort_by(|one, other| one.control.name.cmp(&other.control.name));
    planned
}

fn draft<'d>(path: &FieldPath, name: &FieldPath) -> Draft<'d> {
    Draft {
        path: path.clone(),
        name: name.clone(),
        parameters: Parameters::new(),
        severity: None,
        matching: None,
        exclude: None,
        mistake: None,
    }
}

/// The name under which a pack that does not exist stands in the plan: its own, as far as that is
/// one of a control and no control has it.
fn name_of_missing(pack: &str, planned: &[PlannedControl]) -> Option<ControlName> {
    let label: String = pack.chars().map(|it| if it == '.' { '-' } else { it }).take(58).collect();
    let label = label.trim_matches('-');
    let names = [label.to_owned(), format!("{label}-pack")].into_iter();
    let mut names = names.filter_map(|name| name.parse::<ControlName>().ok());
    names.find(|name| planned.iter().all(|control| control.control.name != *name))
}

fn add_from_pack(
    control: &PackControl,
    draft: &mut Draft<'_>,
    catalog: &Catalog,
    report: ReportProblem<'_>,
) {
    draft.severity = control.severity.or(draft.severity);
    let path = draft.path.clone();
    add_parameters(&control.name, &control.parameters, |_| path.clone(), draft, catalog, report);
}

fn add_from_baseline<'d>(
    control: &'d BaselineControl,
    draft: &mut Draft<'d>,
    catalog: &Catalog,
    report: ReportProblem<'_>,
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
    report: ReportProblem<'_>,
) {
    let Some(control) = catalog.control(name.as_str()) else { return };
    for (parameter, value) in given {
        match control.check_parameter(parameter, value) {
            Ok(()) => {
                draft.parameters.insert(parameter.clone(), value.clone());
            }
            Err(fault) => {
                let problem = ProblemKind::InvalidParameter { control: name.to_string(), fault };
                draft.note(at(parameter), problem, report);
            }
        }
    }
}

impl Draft<'_> {
    /// Reports a mistake, and keeps the first.
    fn note(&mut self, path: FieldPath, problem: ProblemKind, report: ReportProblem<'_>) {
        self.mistake.get_or_insert_with(|| problem.in_words());
        report(path, problem);
    }
}

/// The control as it is planned; refused where something about it is wrong.
fn finish(
    name: &ControlName,
    mut draft: Draft<'_>,
    catalog: &Catalog,
    report: ReportProblem<'_>,
) -> PlannedControl {
    let severity = draft.severity;
    let Some(control) = catalog.control(name.as_str()) else {
        let problem = unknown_control(name, catalog);
        let why = problem.in_words();
        report(draft.name, problem);
        let control = match catalog.refused(name.as_str()) {
            Some(known) => known.refused(why),
            None => CompiledControl::unknown(name.clone(), why),
        };
        return refused(control, severity);
    };
    if catalog.has_taken_control(name.as_str()) {
        let (kind, name) = (TakenKind::Control, name.to_string());
        report(draft.name.clone(), ProblemKind::NameTaken { kind, name });
    }
    if catalog.invalid(name.as_str()).is_some() {
        report(draft.name.clone(), unknown_control(name, catalog)); // its last valid version counts
    }
    let given = std::mem::take(&mut draft.parameters);
    let parameters = control.complete_parameters(given).unwrap_or_else(|fault| {
        let control = name.to_string();
        let path = draft.path.clone();
        draft.note(path, ProblemKind::InvalidParameter { control, fault }, report);
        Parameters::new()
    });
    let matching = draft.compile(draft.matching, "match", control, report);
    let exclude = draft.compile(draft.exclude, "exclude", control, report);
    let rule = PlannedRule::of(control, &parameters).map(Arc::new);
    let lacks_rule = matches!(control.check, CompiledCheck::ConfigRule(_)) && rule.is_none();
    let internal =
        || "internal error; please report it: its AWS Config rule has no type".to_owned();
    match draft.mistake.or_else(|| lacks_rule.then(internal)) {
        Some(why) => refused(control.refused(why), severity),
        None => PlannedControl {
            control: Arc::clone(control),
            severity: severity.unwrap_or(control.spec.severity),
            parameters: Arc::new(parameters),
            matching: matching.map(Arc::new),
            exclude: exclude.map(Arc::new),
            rule,
        },
    }
}

fn refused(control: CompiledControl, severity: Option<Severity>) -> PlannedControl {
    PlannedControl {
        severity: severity.unwrap_or(control.spec.severity),
        control: Arc::new(control),
        parameters: Arc::default(),
        matching: None,
        exclude: None,
        rule: None,
    }
}

impl Draft<'_> {
    fn compile(
        &mut self,
        selector: Option<&ResourceSelector>,
        field: &str,
        control: &CompiledControl,
        report: ReportProblem<'_>,
    ) -> Option<ResourceMatch> {
        self.check_types(selector, field, control, report);
        match selector.map(ResourceMatch::new).transpose() {
            Ok(matching) => matching,
            Err(error) => {
                self.note(self.path.clone().field(field), error.into(), report);
                None
            }
        }
    }
}

impl Draft<'_> {
    /// A type that the control does not judge is a mistake: it would select nothing.
    fn check_types(
        &mut self,
        selector: Option<&ResourceSelector>,
        field: &str,
        control: &CompiledControl,
        report: ReportProblem<'_>,
    ) {
        let CompiledCheck::Expression(check) = &control.check else { return };
        let given = selector.and_then(|selector| selector.types.as_deref()).unwrap_or_default();
        for (index, name) in given.iter().enumerate() {
            if check.resource_types.contains(name) {
                continue;
            }
            let judged = || check.resource_types.iter().map(ResourceType::as_str);
            let problem = ProblemKind::TypeNotJudged {
                control: control.name.to_string(),
                name: name.to_string(),
                suggestion: closest(name.as_str(), judged()).map(str::to_owned),
                judged: judged().map(str::to_owned).collect(),
            };
            self.note(self.path.clone().field(field).field("types").index(index), problem, report);
        }
    }
}

/// What is wrong with a control that does not count as it is: unknown, or invalid.
pub(super) fn unknown_control(name: &ControlName, catalog: &Catalog) -> ProblemKind {
    let in_force = catalog.control(name.as_str()).is_some();
    let name = name.to_string();
    if let Some(message) = catalog.invalid(&name) {
        return ProblemKind::InvalidControl { name, message: message.to_owned(), in_force };
    }
    let suggestion = closest(&name, catalog.control_names()).map(str::to_owned);
    ProblemKind::UnknownControl { name, suggestion }
}

/// What is wrong with a pack, where something is.
fn pack_problem(name: &str, catalog: &Catalog) -> Option<ProblemKind> {
    let in_force = catalog.pack(name).is_some();
    if let Some(message) = catalog.invalid_pack(name) {
        let (name, message) = (name.to_owned(), message.to_owned());
        return Some(ProblemKind::InvalidPack { name, message, in_force });
    }
    if in_force {
        return None;
    }
    let suggestion = closest(name, catalog.packs().map(|(name, _)| name)).map(str::to_owned);
    Some(ProblemKind::UnknownPack { name: name.to_owned(), suggestion })
}
