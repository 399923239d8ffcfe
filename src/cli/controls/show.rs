//! One control, in full.

use std::io::{self, Write};
use std::iter;

use super::ShowFormat;
use crate::cli::exit::{CommandError, Exit};
use crate::cli::json::write_pretty;
use crate::cli::not_in_catalog::NotInCatalog;
use crate::cli::output;
use api::{Check, ConfigRuleCheck, ControlSpec, ExpressionCheck};
use engine::catalog::{Bound, Catalog, CompiledControl};
use model::ResourceType;

pub(super) fn write(
    catalog: &Catalog,
    name: &str,
    format: ShowFormat,
) -> Result<Exit, CommandError> {
    let Some(control) = catalog.control(name) else {
        return Err(NotInCatalog::control(catalog, name).into());
    };
    output::write(|out| match format {
        ShowFormat::Text => text(control, out),
        ShowFormat::Json => json(control, out),
    })
}

fn json(control: &CompiledControl, out: &mut dyn Write) -> io::Result<()> {
    let object = serde_json::json!({ "name": control.name, "spec": control.spec });
    write_pretty(out, &object)
}

fn text(control: &CompiledControl, out: &mut dyn Write) -> io::Result<()> {
    let spec = &control.spec;
    writeln!(out, "{}: {}", control.name, spec.title)?;
    writeln!(out, "severity {}, domain {}\n", spec.severity, spec.domain)?;
    writeln!(out, "{}", spec.description.trim())?;
    if let Some(limitations) = &spec.limitations {
        writeln!(out, "\nLimitations: {}", limitations.trim())?;
    }
    match &spec.check {
        Check { expression: Some(expression), .. } => check(expression, out)?,
        Check { config_rule: Some(check), .. } => rule(check, out)?,
        Check { .. } => {
            writeln!(out, "\nChecked by attestation: evidence that a procedure was carried out.")?;
        }
    }
    parameters(spec, out)?;
    origins(spec, out)?;
    writeln!(out, "\nTo fix drift: {}", spec.remediation.text.trim())?;
    spec.remediation.url.iter().try_for_each(|url| writeln!(out, "  {url}"))
}

fn check(expression: &ExpressionCheck, out: &mut dyn Write) -> io::Result<()> {
    let types: Vec<&str> = expression.resource_types.iter().map(ResourceType::as_str).collect();
    writeln!(
        out,
        "\nChecks {}, with one verdict for each {}.",
        types.join(", "),
        subject(expression)
    )?;
    for related in &expression.related {
        writeln!(out, "related.{} are {} with", related.name, related.resource_type)?;
        writeln!(out, "    {} == {}", related.related_key.trim(), related.key.trim())?;
    }
    if let Some(applies_to) = &expression.applies_to {
        writeln!(out, "applies if")?;
        indented(applies_to, out)?;
    }
    writeln!(out, "compliant when")?;
    indented(&expression.compliant, out)?;
    if !expression.sensitive.is_empty() {
        writeln!(out, "always masked: {}", expression.sensitive.join(", "))?;
    }
    Ok(())
}

/// The AWS Config rule whose results are taken over.
fn rule(check: &ConfigRuleCheck, out: &mut dyn Write) -> io::Result<()> {
    if let Some(name) = &check.name {
        writeln!(out, "\nTakes over what the AWS Config rule {name} reports.")?;
    } else if let Some(identifier) = &check.identifier {
        writeln!(out, "\nTakes over what an AWS Config rule of {identifier} reports.")?;
    }
    for (theirs, ours) in &check.parameters {
        writeln!(out, "  its parameter {theirs} is {ours}")?;
    }
    let types: Vec<&str> = check.resource_types.iter().map(ResourceType::as_str).collect();
    if !types.is_empty() {
        writeln!(out, "  it must check {}", types.join(", "))?;
    }
    Ok(())
}

const fn subject(expression: &ExpressionCheck) -> &'static str {
    match expression.scope {
        api::Scope::Resource => "resource",
        api::Scope::Region => "region",
        api::Scope::Account => "account",
    }
}

fn parameters(spec: &ControlSpec, out: &mut dyn Write) -> io::Result<()> {
    if spec.parameters.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nParameters:")?;
    for parameter in &spec.parameters {
        let default = match &parameter.default {
            Some(value) => format!("default {value}"),
            None => "required".to_owned(),
        };
        let bounds = Bound::of(parameter);
        let stated: Vec<String> =
            iter::once(default).chain(bounds.iter().map(ToString::to_string)).collect();
        let (name, description) = (&parameter.name, parameter.description.trim());
        writeln!(out, "  {name} ({}): {description}", stated.join("; "))?;
    }
    Ok(())
}

/// Where the control comes from, or where it counts: rules, frameworks, practices.
fn origins(spec: &ControlSpec, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<&str> = spec.implements.iter().map(|managed| managed.rule.as_str()).collect();
    if !rules.is_empty() {
        writeln!(out, "\nEquivalent managed rules: {}", rules.join(", "))?;
    }
    if !spec.related_to.is_empty() {
        writeln!(out, "\nRelated managed rules: {}", spec.related_to.join(", "))?;
    }
    for framework in &spec.frameworks {
        let requirements = framework.requirements.join(", ");
        writeln!(out, "{} {}: {requirements}", framework.name, framework.version)?;
    }
    Ok(())
}

fn indented(text: &str, out: &mut dyn Write) -> io::Result<()> {
    text.trim().lines().try_for_each(|line| writeln!(out, "    {line}"))
}
