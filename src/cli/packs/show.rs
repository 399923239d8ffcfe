//! One pack, in full.

use std::io::{self, Write};

use super::entry::Entry;
use crate::cli::controls::ShowFormat;
use crate::cli::exit::{CommandError, Exit};
use crate::cli::json::write_pretty;
use crate::cli::not_in_catalog::NotInCatalog;
use crate::cli::output;
use crate::cli::results::{Field, Grid};
use api::PackSpec;
use engine::catalog::Catalog;

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
    write_pretty(out, &object)
}

fn text(catalog: &Catalog, name: &str, pack: &PackSpec, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{name}: {} ({} controls)", pack.title, pack.controls.len())?;
    if let Some(description) = &pack.description {
        writeln!(out, "\n{}", description.trim())?;
    }
    writeln!(out, "\nIn a baseline: packs: [{{name: {name}}}]\n")?;
    let mut grid = Grid::new(&["CONTROL", "SEVERITY", "PARAMETERS"], output::style());
    for entry in Entry::all(catalog, pack) {
        grid.row([
            Field::new(entry.control.name.as_str()),
            Field::new(entry.severity().as_str()),
            Field::new(entry.parameters()),
        ]);
    }
    grid.write(out)
}
