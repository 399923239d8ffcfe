//! The `plumbline` command line.
//!
//! Each command reads its arguments, calls one function of the library and shows what it gave.
//! Data goes to standard output; progress, logs and mistakes go to standard error.

#[cfg(not(feature = "kubernetes"))]
mod absent;
mod archivals;
mod archive;
mod aws;
mod bucket;
mod chosen;
mod completions;
mod controls;
mod cost;
mod crds;
mod docs;
#[cfg(feature = "aws")]
mod doctor;
mod eval;
mod exit;
#[cfg(feature = "aws")]
mod facts;
mod features;
mod files;
mod iam_policy;
mod input;
mod json;
mod live;
mod metrics;
#[cfg(feature = "kubernetes")]
mod metrics_security;
mod mistakes;
mod not_in_catalog;
#[cfg(feature = "kubernetes")]
mod operator;
#[cfg(feature = "aws")]
mod organization;
mod output;
mod owners;
mod packs;
mod plan;
mod plural;
mod progress;
mod ready;
mod reports;
mod results;
mod run;
mod scan;
mod shown;
mod source;
mod test;
mod traces;
mod validate;
#[cfg(feature = "kubernetes")]
mod webhook;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::level_filters::LevelFilter;

use crate::telemetry::{LogFormat, Logging, TraceSettings, start_logging};
use exit::{CODES, CommandError, Exit};
pub use exit::{internal_error, refuse};
use features::Feature;

#[cfg(feature = "kubernetes")]
use self::operator::OperatorArguments;
#[cfg(not(feature = "kubernetes"))]
use absent::OperatorArguments;
#[cfg(not(feature = "aws"))]
use absent::{DoctorArguments, FactsArguments, OrganizationArguments};
#[cfg(feature = "aws")]
use {
    self::doctor::DoctorArguments, self::facts::FactsArguments,
    self::organization::OrganizationArguments,
};

/// Keeps AWS accounts at the security baseline that their owners declared.
///
/// Plumbline compares declared baselines with what AWS Config recorded. It shows and publishes each
/// drift, and resolves it when it is fixed. Resources that could not be checked never count as
/// compliant.
#[derive(Debug, Parser)]
#[command(
    name = "plumbline", version, long_version = features::version(), max_term_width = 100,
    after_long_help = format!("{}{CODES}\n\n{EXAMPLES}", features::left_out())
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logs: Logs,
}

const EXAMPLES: &str = "\
Examples:
  plumbline run deploy/samples/quickstart
      keep a folder's baselines evaluated, publish findings, serve metrics
  plumbline scan --baseline baseline.yaml --snapshot snapshot.json.gz
      evaluate once; the exit code shows whether there is drift
  plumbline validate baselines/
      find every mistake before anything is applied
  plumbline doctor --baseline baselines/
      check what accounts need before they are evaluated
  plumbline controls list
      list the built-in controls

`plumbline COMMAND --help` explains each command with examples and exit codes.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArguments),
    Operator(OperatorArguments),
    Ready(ready::ReadyArguments),
    Scan(scan::ScanArguments),
    Plan(plan::PlanArguments),
    Cost(self::cost::CostArguments),
    Archive(archive::ArchiveArguments),
    Doctor(DoctorArguments),
    Facts(FactsArguments),
    Organization(OrganizationArguments),
    IamPolicy(iam_policy::IamPolicyArguments),
    Validate(validate::ValidateArguments),
    Test(test::TestArguments),
    Eval(eval::EvalArguments),
    Controls(controls::ControlsArguments),
    Packs(packs::PacksArguments),
    Crds(crds::CrdsArguments),
    /// For `make generate`.
    #[command(hide = true)]
    Docs(docs::DocsArguments),
    Completions(completions::CompletionsArguments),
}

#[derive(Debug, Args)]
struct Logs {
    /// The format of log lines on standard error.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormatArgument,
    /// Log more: -v for details, -vv for debugging. The variable `RUST_LOG` takes precedence.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormatArgument {
    Text,
    Json,
}

impl Cli {
    /// Does what the command line asks.
    pub fn execute(self) -> ExitCode {
        match self.done() {
            Ok(exit) => exit.into(),
            Err(error) => error.report(),
        }
    }

    fn done(self) -> Result<Exit, CommandError> {
        let traces = self.command.traces();
        if traces.is_some() {
            Feature::Otlp.needed_for("option --otlp-endpoint")?;
        }
        let _logging = self.logs.start(traces.as_ref())?;
        self.command.execute(self.logs.log_format)
    }
}

impl Command {
    fn execute(self, logs: LogFormatArgument) -> Result<Exit, CommandError> {
        match self {
            Self::Run(arguments) => arguments.execute(logs == LogFormatArgument::Json),
            Self::Operator(arguments) => arguments.execute(),
            Self::Ready(arguments) => arguments.execute(),
            Self::Scan(arguments) => arguments.execute(),
            Self::Plan(arguments) => arguments.execute(),
            Self::Cost(arguments) => arguments.execute(),
            Self::Archive(arguments) => arguments.execute(),
            Self::Doctor(arguments) => arguments.execute(),
            Self::Facts(arguments) => arguments.execute(),
            Self::Organization(arguments) => arguments.execute(),
            Self::IamPolicy(arguments) => arguments.execute(),
            Self::Validate(arguments) => arguments.execute(),
            Self::Test(arguments) => arguments.execute(),
            Self::Eval(arguments) => arguments.execute(),
            Self::Controls(arguments) => arguments.execute(),
            Self::Packs(arguments) => arguments.execute(),
            Self::Crds(arguments) => arguments.execute(),
            Self::Docs(arguments) => arguments.execute(),
            Self::Completions(arguments) => arguments.execute(),
        }
    }

    /// Where traces go, if anywhere.
    fn traces(&self) -> Option<TraceSettings> {
        match self {
            Self::Run(arguments) => arguments.traces(),
            Self::Operator(arguments) => arguments.traces(),
            _ => None,
        }
    }
}

impl Logs {
    fn start(&self, traces: Option<&TraceSettings>) -> Result<Logging, CommandError> {
        let format = match self.log_format {
            LogFormatArgument::Text => LogFormat::Text,
            LogFormatArgument::Json => LogFormat::Json,
        };
        let level = match self.verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        Ok(start_logging(format, level, traces)?)
    }
}
