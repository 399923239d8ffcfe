//! The check of a control that is delegated to an AWS Config rule: what its results say, as an
//! expression over them.

use super::compiled::{CompiledExpression, CompiledRule};
use super::fault::Fault;
use super::program::{self, Expects};
use crate::functions::{environment, item};
use api::{ConfigRuleCheck, ControlSpec, FieldPath, RuleScope, Scope, closest};
use cel::{Environment, VariableType};
use model::is_global;

/// Values are read however AWS spells them. Those that are not known here never reach an expression.
const APPLIES_TO: &str =
    r#"!resource.configuration.complianceType.matches("(?i)^not[-_ ]?applicable$")"#;
const COMPLIANT: &str = r#"resource.configuration.complianceType.upperAscii() == "COMPLIANT""#;
/// The annotation, where the rule gives one.
const MESSAGE: &str = r#"has(resource.configuration.annotation)
    ? resource.configuration.annotation
    : "the AWS Config rule " + resource.configuration.configRuleName + " reports NON_COMPLIANT""#;

/// Compiles a check by a rule.
pub(super) fn compile(
    spec: &ControlSpec,
    check: &ConfigRuleCheck,
    faults: &mut Vec<Fault>,
) -> Option<CompiledRule> {
    check_fields(check, faults);
    check_parameters(spec, check, faults);
    let environment = results();
    let at = FieldPath::spec("check").field("configRule");
    let mut compile =
        |source, expected| program::compile(source, &environment, expected, &at, faults);
    let applies_to = compile(APPLIES_TO, Expects::Bool);
    let compliant = compile(COMPLIANT, Expects::Bool);
    let message = compile(MESSAGE, Expects::String);
    let expression = CompiledExpression {
        resource_types: Vec::new(),
        scope: Scope::Resource,
        applies_to: Some(applies_to?),
        related: Vec::new(),
        compliant: compliant?,
        message: Some(message?),
        sensitive: Vec::new(),
    };
    Some(CompiledRule { check: check.clone(), expression })
}

/// What the expressions name, in the order of the slots.
fn results() -> Environment {
    environment()
        .variable("resource", item())
        .variable("parameters", VariableType::Fields(Vec::new().into_iter().collect()))
        .variable("now", VariableType::Timestamp)
}

fn check_fields(check: &ConfigRuleCheck, faults: &mut Vec<Fault>) {
    let at = || FieldPath::spec("check").field("configRule");
    if check.identifier.is_none() && check.name.is_none() {
        let fault = Fault::new(at(), "give identifier, name, or both");
        faults.push(fault.reported_by_reader());
    }
    let describes = !check.parameters.is_empty()
        || !check.resource_types.is_empty()
        || check.maximum_execution_frequency.is_some();
    if check.identifier.is_none() && describes {
        let message =
            "parameters, resourceTypes and maximumExecutionFrequency work only with identifier";
        faults.push(Fault::new(at(), message).reported_by_reader());
    }
    for (place, name) in check.resource_types.iter().enumerate() {
        let path = at().field("resourceTypes").index(place);
        super::compile::check_type(name, path, faults);
    }
    let global = check.resource_types.iter().filter(|name| is_global(name.as_str())).count();
    if check.scope == RuleScope::Region && global > 0 && global < check.resource_types.len() {
        let message =
            "some of the types are global and others regional: write a control for each kind";
        faults.push(Fault::new(at().field("resourceTypes"), message));
    }
}

/// Each parameter of the rule names a declared one, and each declared one is given to the rule.
fn check_parameters(spec: &ControlSpec, check: &ConfigRuleCheck, faults: &mut Vec<Fault>) {
    let names: Vec<&str> = spec.parameters.iter().map(|known| known.name.as_str()).collect();
    for (theirs, ours) in &check.parameters {
        if !names.contains(&ours.as_str()) {
            let path = FieldPath::spec("check").field("configRule").field("parameters");
            let fault = Fault::new(path.field(theirs), format!("there is no parameter `{ours}`"));
            faults.push(fault.suggesting(closest(ours, names.iter().copied())));
        }
    }
    for (place, name) in names.iter().enumerate() {
        if !check.parameters.values().any(|ours| ours == name) {
            let path = FieldPath::spec("parameters").index(place).field("name");
            faults.push(Fault::new(path, format!("the parameter `{name}` is never read")));
        }
    }
}
