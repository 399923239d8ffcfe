//! `plumbline crds`: the Kubernetes custom resource definitions.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{CommandError, Exit};
use super::output;
use crate::api::crd_files;

/// Print the Kubernetes custom resource definitions, or write them into a folder
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct CrdsArguments {
    /// Write one file for each kind into this folder rather than all to standard output.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  plumbline crds | kubectl apply --server-side -f -
  plumbline crds --dir crds";

impl CrdsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let files = crd_files()?;
        match &self.dir {
            Some(dir) => write_files(dir, &files),
            None => output::write(|out| {
                files.iter().try_for_each(|(_, text)| write!(out, "---\n{text}"))
            }),
        }
    }
}

fn write_files(dir: &Path, files: &[(String, String)]) -> Result<Exit, CommandError> {
    let written = |path: &Path| {
        let path = path.display().to_string();
        move |source| CommandError::Write { path, source }
    };
    fs::create_dir_all(dir).map_err(written(dir))?;
    for (name, text) in files {
        let path = dir.join(name);
        fs::write(&path, text).map_err(written(&path))?;
    }
    Ok(Exit::Good)
}
