//! One control, in full.

use std::io::{self, Write};

use super::ShowFormat;
use crate::api::{ControlSpec, ExpressionCheck};
use crate::catalog::{Catalog, CompiledControl};
use crate::cli::exit::{CommandError, Exit};
use crate::cli::not_in_catalog::NotInCatalog;
use crate::cli::output;
use crate::resource::ResourceType;

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
    serde_json::to_writer_pretty(&mut *out, &object)?;
    writeln!(out)
}

fn text(control: &CompiledControl, out: &mut dyn Write) -> io::Result<()> {
    let spec = &control.spec;
    writeln!(out, "{}: {}", control.name, spec.title)?;
    writeln!(out, "severity {}, domain {}\n", spec.severity, spec.domain)?;
    writeln!(out, "{}", spec.description.trim())?;
    match &spec.check.expression {
        Some(expression) => check(expression, out)?,
        None => writeln!(out, "\nChecked by attestation: evidence that a procedure was done.")?,
    }
    parameters(spec, out)?;
    origins(spec, out)?;
    writeln!(out, "\nTo fix a drift: {}", spec.remediation.text.trim())?;
    spec.remediation.url.iter().try_for_each(|url| writeln!(out, "  {url}"))
}

fn check(expression: &ExpressionCheck, out: &mut dyn Write) -> io::Result<()> {
    let types: Vec<&str> = expression.resource_types.iter().map(ResourceType::as_str).collect();
    writeln!(
        out,
        "\nLooks at {}, one verdict for each {}.",
        types.join(", "),
        subject(expression)
    )?;
    for related in &expression.related {
        writeln!(out, "related.{} are {} with", related.name, related.resource_type)?;
        writeln!(out, "    {} == {}", related.related_key.trim(), related.key.trim())?;
    }
    if let Some(applies_to) = &expression.applies_to {
        writeln!(out, "applies to those with")?;
        indented(applies_to, out)?;
    }
    writeln!(out, "compliant when")?;
    indented(&expression.compliant, out)?;
    if !expression.sensitive.is_empty() {
        writeln!(out, "always masked: {}", expression.sensitive.join(", "))?;
    }
    Ok(())
}

const fn subject(expression: &ExpressionCheck) -> &'static str {
    match expression.scope {
        crate::api::Scope::Resource => "resource",
        crate::api::Scope::Region => "region",
        crate::api::Scope::Account => "account",
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
            None => "must be given".to_owned(),
        };
        writeln!(out, "  {} ({default}): {}", parameter.name, parameter.description.trim())?;
    }
    Ok(())
}

/// Where the control comes from, or where it counts: rules, frameworks, practices.
fn origins(spec: &ControlSpec, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<&str> = spec.implements.iter().map(|managed| managed.rule.as_str()).collect();
    if !rules.is_empty() {
        writeln!(out, "\nSame meaning as the managed rules {}", rules.join(", "))?;
    }
    if !spec.related_to.is_empty() {
        writeln!(out, "\nRelated to the managed rules {}", spec.related_to.join(", "))?;
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
