//! `plumbline validate`: every mistake in YAML files, with its place.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::exit::{CommandError, Exit};
use super::{mistakes, output};
use crate::api::document::Diagnostic;
use crate::controller::{Clock, SystemClock};
use crate::plan::load_paths;

/// Find every mistake in baselines, accounts, controls, packs, exemptions and attestations
///
/// Unknown fields, wrong types, unknown controls and parameters, expressions that do not compile:
/// each with file, line, column and a suggestion where there is one. What a baseline names may
/// stand in any of the PATHs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct ValidateArguments {
    /// Files or folders of YAML.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How mistakes are written: text shows the lines, json is a list of objects.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

const EXAMPLES: &str = "\
Exit codes:
  0  no mistakes
  1  mistakes, each shown
  2  a wrong command line

Examples:
  plumbline validate baselines/
  plumbline validate baseline.yaml controls/ --output json | jq -r '.[].message'";

/// A mistake as data.
#[derive(Serialize)]
struct Mistake<'d> {
    file: &'d Path,
    line: usize,
    column: usize,
    message: &'d str,
    help: Option<&'d str>,
}

impl ValidateArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let (objects, mut found) = load_paths(self.paths.iter().map(PathBuf::as_path));
        found.extend(objects.resolve(SystemClock.now()).mistakes);
        output::write(|out| match self.output {
            OutputFormat::Text => {
                mistakes::write(out, &found)?;
                writeln!(out, "{}", conclusion(&found))
            }
            OutputFormat::Json => {
                let found: Vec<Mistake<'_>> = found.iter().map(Mistake::of).collect();
                serde_json::to_writer_pretty(&mut *out, &found)?;
                writeln!(out)
            }
        })?;
        Ok(if found.is_empty() { Exit::Good } else { Exit::Bad })
    }
}

impl<'d> Mistake<'d> {
    fn of(diagnostic: &'d Diagnostic) -> Self {
        Self {
            file: diagnostic.file.path(),
            line: diagnostic.line(),
            column: diagnostic.column(),
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
        }
    }
}

fn conclusion(found: &[Diagnostic]) -> String {
    match found.len() {
        0 => "no mistakes".to_owned(),
        1 => "1 mistake".to_owned(),
        many => format!("{many} mistakes"),
    }
}
