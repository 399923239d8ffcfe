//! The whole catalogue, a line for each control.

use std::io::{self, Write};
use std::sync::Arc;

use comfy_table::{Attribute, Cell};
use serde::Serialize;

use super::ListFormat;
use crate::api::{ControlSpec, Domain};
use crate::catalog::{Catalog, CompiledControl};
use crate::cli::exit::{CommandError, Exit};
use crate::cli::output;
use crate::cli::results::{arrange, table_for};

/// A control with its name, as `Control` objects nest them.
#[derive(Serialize)]
struct Named<'c> {
    name: &'c str,
    #[serde(flatten)]
    spec: &'c ControlSpec,
}

pub(super) fn write(catalog: &Catalog, format: ListFormat) -> Result<Exit, CommandError> {
    output::write(|out| match format {
        ListFormat::Table => table(catalog, out),
        ListFormat::Json => json(catalog, out),
        ListFormat::Markdown => markdown(catalog, out),
    })
}

fn table(catalog: &Catalog, out: &mut dyn Write) -> io::Result<()> {
    let mut table = table_for(output::look());
    let header = ["CONTROL", "SEVERITY", "LOOKS AT", "TITLE"];
    table.set_header(header.map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    for control in catalog.controls() {
        let spec = &control.spec;
        let severity = spec.severity.as_str();
        table.add_row([control.name.as_str(), severity, &looks_at(spec), &spec.title]);
    }
    arrange(&mut table, output::look());
    writeln!(out, "{}", table.trim_fmt())
}

fn json(catalog: &Catalog, out: &mut dyn Write) -> io::Result<()> {
    let controls: Vec<Named<'_>> = catalog
        .controls()
        .map(|control| Named { name: control.name.as_str(), spec: &control.spec })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &controls)?;
    writeln!(out)
}

/// The page of the documentation, a section for each domain.
fn markdown(catalog: &Catalog, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Controls\n")?;
    writeln!(out, "Written by `make generate`; `plumbline controls show NAME` says more.")?;
    let mut controls: Vec<&Arc<CompiledControl>> = catalog.controls().collect();
    controls.sort_by_key(|control| control.spec.domain);
    let mut domain = None;
    for control in controls {
        let spec = &control.spec;
        if domain.replace(spec.domain) != Some(spec.domain) {
            writeln!(out, "\n## {}\n", heading(spec.domain))?;
            writeln!(out, "| control | severity | looks at | what holds |")?;
            writeln!(out, "|---|---|---|---|")?;
        }
        let looks_at = looks_at(spec);
        writeln!(out, "| {} | {} | {looks_at} | {} |", control.name, spec.severity, spec.title)?;
    }
    Ok(())
}

/// `data-protection` becomes `Data protection`.
fn heading(domain: Domain) -> String {
    let name = domain.to_string().replace('-', " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The resource types without `AWS::`, or the kind of evidence.
fn looks_at(spec: &ControlSpec) -> String {
    let Some(expression) = &spec.check.expression else { return "an attestation".to_owned() };
    let short = |text: &str| text.strip_prefix("AWS::").unwrap_or(text).to_owned();
    let names: Vec<String> =
        expression.resource_types.iter().map(|name| short(name.as_str())).collect();
    match names.as_slice() {
        [one, two, _, rest @ ..] => format!("{one}, {two} and {} more", rest.len() + 1),
        few => few.join(", "),
    }
}
