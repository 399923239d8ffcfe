//! `plumbline docs`: the pages of the documentation that follow from the program itself.

use std::path::PathBuf;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::output::write_files;
use engine::catalog::{Catalog, coverage_page};
use manifest::{json_schemas, reference_pages};
use metrics::metrics_page;

/// Write the generated pages of the documentation into a folder
#[derive(Debug, Args)]
pub(super) struct DocsArguments {
    /// The folder `docs` of the repository, or any other.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl DocsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let pages =
            [("metrics.md", metrics_page()?), ("coverage.md", coverage_page(Catalog::built_in()))];
        write_files(&self.dir, &pages.map(|(name, text)| (name.to_owned(), text)))?;
        let reference = self.dir.join("reference");
        write_files(&reference, &reference_pages())?;
        write_files(&reference.join("schemas"), &json_schemas())
    }
}
