//! From a control's text to a control that is ready to run, or to everything wrong with it.

use std::collections::BTreeSet;

use super::compiled::{
    CompiledCheck, CompiledControl, CompiledExpression, CompiledRelated, Origin,
};
use super::fault::Fault;
use super::program::{self, Expects, Scopes};
use super::sensitive;
use super::{bounds, parameters, rule};
use api::{Check, ControlSpec, ExpressionCheck, FieldPath, Scope, closest};
use cel::Program;
use model::ResourceType;

/// Compiles a control.
pub(super) fn compile(
    name: &str,
    spec: ControlSpec,
    origin: Origin,
) -> Result<CompiledControl, Vec<Fault>> {
    let mut faults = Vec::new();
    let name = name.parse().map_err(|error: model::InvalidName| {
        let path = FieldPath::default().field("metadata").field("name");
        faults.push(Fault::new(path, error.to_string()));
    });
    check_parameters(&spec, &mut faults);
    let check = compile_check(&spec, &mut faults);
    match (name, check) {
        (Ok(name), Some(check)) if faults.is_empty() => {
            Ok(CompiledControl { name, spec, check, origin })
        }
        _ => Err(faults),
    }
}

/// Declarations stand once, defaults are of their type, and managed rules name what is declared.
fn check_parameters(spec: &ControlSpec, faults: &mut Vec<Fault>) {
    let mut names = BTreeSet::new();
    for (place, declaration) in spec.parameters.iter().enumerate() {
        let path = FieldPath::spec("parameters").index(place);
        if !names.insert(declaration.name.as_str()) {
            let message = format!("the parameter `{}` is declared twice", declaration.name);
            faults.push(Fault::new(path.clone().field("name"), message));
        }
        let misplaced = bounds::misplaced(declaration).into_iter();
        faults.extend(misplaced.map(|(field, message)| {
            Fault::new(path.clone().field(field), message).reported_by_reader()
        }));
        let invalid = bounds::invalid_pattern(declaration);
        faults.extend(invalid.map(|message| Fault::new(path.clone().field("pattern"), message)));
        let Some(default) = &declaration.default else { continue };
        if let Err(fault) = parameters::check(spec, &declaration.name, default) {
            let help = fault.help();
            faults.push(Fault::new(path.field("default"), fault.to_string()).with_help(help));
        }
    }
    for (place, rule) in spec.implements.iter().enumerate() {
        for (theirs, ours) in
            rule.parameters.iter().filter(|(_, ours)| !names.contains(ours.as_str()))
        {
            let path = FieldPath::spec("implements").index(place).field("parameters").field(theirs);
            let fault = Fault::new(path, format!("there is no parameter `{ours}`"));
            faults.push(fault.suggesting(closest(ours, names.iter().copied())));
        }
    }
}

fn compile_check(spec: &ControlSpec, faults: &mut Vec<Fault>) -> Option<CompiledCheck> {
    match &spec.check {
        Check { expression: Some(expression), config_rule: None, attestation: None } => {
            compile_expression(spec, expression, faults).map(CompiledCheck::Expression)
        }
        Check { expression: None, config_rule: Some(check), attestation: None } => {
            rule::compile(spec, check, faults).map(CompiledCheck::ConfigRule)
        }
        Check { expression: None, config_rule: None, attestation: Some(_) } => {
            Some(CompiledCheck::Attestation)
        }
        Check { .. } => {
            let message = "give exactly one of expression, configRule and attestation";
            let fault = Fault::new(FieldPath::spec("check"), message);
            faults.push(fault.reported_by_reader());
            None
        }
    }
}

fn compile_expression(
    spec: &ControlSpec,
    check: &ExpressionCheck,
    faults: &mut Vec<Fault>,
) -> Option<CompiledExpression> {
    check_types(check, faults);
    let scopes = Scopes::of(spec, check);
    let at = |field: &str| FieldPath::spec("check").field("expression").field(field);
    let applies_to = check.applies_to.as_deref().map(|source| {
        program::compile(source, &scopes.subject, Expects::Bool, &at("appliesTo"), faults)
    });
    let compliant = program::compile(
        &check.compliant,
        &scopes.subject,
        Expects::Bool,
        &at("compliant"),
        faults,
    );
    let message = check.message.as_deref().map(|source| {
        program::compile(source, &scopes.subject, Expects::String, &at("message"), faults)
    });
    let related = compile_related(check, &scopes, faults);
    let sensitive = sensitive::paths(check, faults);
    let compiled = CompiledExpression {
        resource_types: check.resource_types.clone(),
        scope: check.scope,
        applies_to: transpose(applies_to)?,
        related: related?,
        compliant: compliant?,
        message: transpose(message)?,
        sensitive,
    };
    check_use(spec, &compiled, faults);
    sensitive::check_use(&compiled, faults);
    Some(compiled)
}

/// Nothing where there is a text that did not compile.
#[allow(clippy::option_option)] // the outer one says whether there is a text at all
fn transpose(program: Option<Option<Program>>) -> Option<Option<Program>> {
    match program {
        Some(None) => None,
        Some(Some(program)) => Some(Some(program)),
        None => Some(None),
    }
}

fn check_types(check: &ExpressionCheck, faults: &mut Vec<Fault>) {
    let base = FieldPath::spec("check").field("expression");
    for (place, name) in check.resource_types.iter().enumerate() {
        check_type(name, base.clone().field("resourceTypes").index(place), faults);
    }
    if check.scope != Scope::Resource && !check.related.is_empty() {
        let message = "related works only with scope Resource";
        let fault = Fault::new(base.clone().field("related"), message);
        faults.push(fault.reported_by_reader());
    }
    for (place, related) in check.related.iter().enumerate() {
        let path = base.clone().field("related").index(place).field("resourceType");
        check_type(&related.resource_type, path, faults);
    }
}

pub(super) fn check_type(name: &ResourceType, path: FieldPath, faults: &mut Vec<Fault>) {
    if !model::is_known_type(name.as_str()) {
        let fault = Fault::new(path, format!("unknown resource type `{name}`"));
        faults.push(fault.suggesting(model::suggest_type(name.as_str())));
    }
}

fn compile_related(
    check: &ExpressionCheck,
    scopes: &Scopes,
    faults: &mut Vec<Fault>,
) -> Option<Vec<CompiledRelated>> {
    let base = FieldPath::spec("check").field("expression").field("related");
    let mut compiled = Vec::with_capacity(check.related.len());
    for (place, related) in check.related.iter().enumerate() {
        let at = |field: &str| base.clone().index(place).field(field);
        let key = program::compile(&related.key, &scopes.key, Expects::Key, &at("key"), faults);
        let related_key = program::compile(
            &related.related_key,
            &scopes.key,
            Expects::Key,
            &at("relatedKey"),
            faults,
        );
        if let (Some(key), Some(related_key)) = (key, related_key) {
            let (name, resource_type) = (related.name.clone(), related.resource_type.clone());
            compiled.push(CompiledRelated { name, resource_type, key, related_key });
        }
    }
    (compiled.len() == check.related.len()).then_some(compiled)
}

/// What is declared and never read is a mistake: its author believes that it matters.
fn check_use(spec: &ControlSpec, compiled: &CompiledExpression, faults: &mut Vec<Fault>) {
    let verdict = || {
        [&compiled.applies_to, &compiled.message].into_iter().flatten().chain([&compiled.compliant])
    };
    let keys = || compiled.related.iter().flat_map(|related| [&related.key, &related.related_key]);
    for (place, parameter) in spec.parameters.iter().enumerate() {
        if !verdict()
            .chain(keys())
            .any(|program| program::reads_parameter(program, &parameter.name))
        {
            let path = FieldPath::spec("parameters").index(place).field("name");
            let message = format!("the parameter `{}` is never read", parameter.name);
            faults.push(Fault::new(path, message));
        }
    }
    for (place, related) in compiled.related.iter().enumerate() {
        if !verdict().any(|program| program::reads_related(program, &related.name)) {
            let path = FieldPath::spec("check").field("expression").field("related").index(place);
            let message = format!("`related.{}` is never read", related.name);
            faults.push(Fault::new(path.field("name"), message));
        }
    }
}
