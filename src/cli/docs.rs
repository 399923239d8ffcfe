//! `plumbline docs`: the pages of the documentation that follow from the program itself.

use std::path::PathBuf;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::output::write_files;
use crate::api::{json_schemas, reference_pages};
use crate::metrics::metrics_page;

/// Write the generated pages of the documentation into a folder
#[derive(Debug, Args)]
pub(super) struct DocsArguments {
    /// The folder `docs` of the repository, or any other.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl DocsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        write_files(&self.dir, &[("metrics.md".to_owned(), metrics_page()?)])?;
        let reference = self.dir.join("reference");
        write_files(&reference, &reference_pages())?;
        write_files(&reference.join("schemas"), &json_schemas())
    }
}
