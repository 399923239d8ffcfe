//! One pack, in full.

use std::io::{self, Write};

use super::entry::Entry;
use crate::api::PackSpec;
use crate::catalog::Catalog;
use crate::cli::controls::ShowFormat;
use crate::cli::exit::{CommandError, Exit};
use crate::cli::not_in_catalog::NotInCatalog;
use crate::cli::output;
use crate::cli::results::{Field, Grid};

pub(super) fn write(
    catalog: &Catalog,
    name: &str,
    format: ShowFormat,
) -> Result<Exit, CommandError> {
    let Some(pack) = catalog.pack(name) else {
        return Err(NotInCatalog::pack(catalog, name).into());
    };
    output::write(|out| match format {
        ShowFormat::Text => text(catalog, name, pack, out),
        ShowFormat::Json => json(name, pack, out),
    })
}

fn json(name: &str, pack: &PackSpec, out: &mut dyn Write) -> io::Result<()> {
    let object = serde_json::json!({ "name": name, "spec": pack });
    serde_json::to_writer_pretty(&mut *out, &object)?;
    writeln!(out)
}

fn text(catalog: &Catalog, name: &str, pack: &PackSpec, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{name}: {} ({} controls)", pack.title, pack.controls.len())?;
    if let Some(description) = &pack.description {
        writeln!(out, "\n{}", description.trim())?;
    }
    writeln!(out, "\nIn a baseline: packs: [{{name: {name}}}]\n")?;
    let mut grid = Grid::new(&["CONTROL", "SEVERITY", "PARAMETERS"], output::look());
    for entry in Entry::all(catalog, pack) {
        grid.row([
            Field::new(entry.control.name.as_str()),
            Field::new(entry.severity().as_str()),
            Field::new(entry.parameters()),
        ]);
    }
    grid.write(out)
}
