//! `plumbline validate`: every mistake in YAML files, with its place.

use engine::plan::Resolved;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::exit::{CommandError, Exit};
use super::files::{Exclusion, listed, summary};
use super::mistakes::{self, Weight};
use super::output::OutputFormat;
use super::plural::counted;
use super::{json, output};
use clock::{Clock, SystemClock};
use engine::plan::{AccountChecks, OwnerKeys};
use manifest::Objects;
use manifest::document::Diagnostic;

/// Find every mistake in baselines, accounts, controls, packs, exemptions and attestations
///
/// Unknown fields, wrong types, unknown controls and parameters, expressions that do not compile:
/// each with its file, line, column and, if possible, a suggestion. Objects may refer to objects in
/// any of the PATHs.
///
/// If the PATHs contain no `AwsAccount`, references to accounts are not checked, so that a team can
/// validate its files alone.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct ValidateArguments {
    /// Files or folders of YAML, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    exclusion: Exclusion,
    /// Do not check references to accounts, even if the files declare an `AwsAccount`.
    #[arg(long)]
    without_accounts: bool,
    /// The output format: text shows the lines with mistakes, json is a list of objects.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

const EXAMPLES: &str = "\
Exit codes:
  0   no mistakes; there may be warnings
  1   mistakes, each shown
  64  a wrong command line
  66  a PATH cannot be read, or none of them contains a Plumbline object

Examples:
  plumbline validate baselines/
  plumbline validate team-a/ --exclude 'charts/' --exclude 'values*.yaml'
  kustomize build overlays/prod | plumbline validate -
  plumbline validate baseline.yaml controls/ --output json | jq -r '.[].message'";

/// A mistake as data.
#[derive(Serialize)]
struct MistakeRecord {
    file: String,
    line: usize,
    column: usize,
    severity: Weight,
    message: String,
    help: Option<String>,
}

/// What was found.
struct Validation {
    objects: Objects,
    mistakes: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    accounts: AccountChecks,
}

impl ValidateArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let found = self.find()?;
        output::write(|out| match self.output {
            OutputFormat::Text => {
                mistakes::write(out, &found.warnings, Weight::Warning)?;
                mistakes::write(out, &found.mistakes, Weight::Error)?;
                writeln!(out, "{}", found.conclusion())
            }
            OutputFormat::Json => json::write_pretty(out, &found.as_data()),
        })?;
        if !found.objects.unreadable.is_empty() {
            Ok(Exit::NoInput)
        } else if !found.mistakes.is_empty() {
            Ok(Exit::Bad)
        } else if found.objects.is_empty() {
            Err(CommandError::NothingFound { what: "Plumbline object", paths: listed(&self.paths) })
        } else {
            Ok(Exit::Good)
        }
    }

    fn find(&self) -> Result<Validation, CommandError> {
        let (mut objects, mut mistakes) = self.exclusion.load(&self.paths)?;
        let accounts = if self.without_accounts || !objects.names_accounts() {
            AccountChecks::LeftOut
        } else {
            AccountChecks::Made
        };
        let resolved =
            Resolved::checking(&objects, SystemClock.now(), accounts, &OwnerKeys::default());
        mistakes.extend(resolved.mistakes);
        let mut warnings = std::mem::take(&mut objects.passed_over);
        warnings.extend(resolved.warnings);
        Ok(Validation { objects, mistakes, warnings, accounts })
    }
}

impl Validation {
    fn as_data(&self) -> Vec<MistakeRecord> {
        let mistakes =
            self.mistakes.iter().map(|mistake| MistakeRecord::of(mistake, Weight::Error));
        let warnings =
            self.warnings.iter().map(|warning| MistakeRecord::of(warning, Weight::Warning));
        mistakes.chain(warnings).collect()
    }

    /// `3 files: 2 baselines, 1 account; no mistakes`.
    fn conclusion(&self) -> String {
        let mistakes = match self.mistakes.len() {
            0 => "no mistakes".to_owned(),
            some => counted(some, "mistake"),
        };
        let warnings = match self.warnings.len() {
            0 => String::new(),
            some => format!(", {}", counted(some, "warning")),
        };
        let unchecked = match self.accounts {
            AccountChecks::Made => "",
            AccountChecks::LeftOut if self.objects.baselines.is_empty() => "",
            AccountChecks::LeftOut => "; references to accounts were not checked",
        };
        format!("{}; {mistakes}{warnings}{unchecked}", summary(&self.objects))
    }
}

impl MistakeRecord {
    fn of(diagnostic: &Diagnostic, severity: Weight) -> Self {
        Self {
            file: diagnostic.file.path().display().to_string(),
            line: diagnostic.line(),
            column: diagnostic.column(),
            severity,
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
        }
    }
}
