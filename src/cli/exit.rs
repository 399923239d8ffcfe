//! How a command ends: its exit code, or the error that ended it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use thiserror::Error;

use super::features::NotBuilt;
use super::mistakes::{self, Weight};
use super::not_in_catalog::NotInCatalog;
use crate::folder::RunError;
use crate::telemetry::LoggingError;
use api::CrdError;
use aws::AwsError;
use aws::publish::PublishError;
use aws::source::SnapshotError;
use manifest::document::Diagnostic;
use metrics::MetricsError;
use model::{printable, printable_lines};

/// What every exit code means; the table of `docs/commands.md` says the same.
pub(super) const CODES: &str = "\
Exit codes (those from 64 on as sysexits.h has them):
  0   success
  1   a problem was found: drift, a mistake, a failed check or test
  2   the result is not certain: an unknown verdict, or input that could not be read completely
  64  a wrong command line
  65  a mistake in the YAML input; `plumbline validate` shows it too
  66  a file is missing or cannot be read, or contains nothing that the command needs
  69  something is unavailable: AWS, Kubernetes, an address, the state folder, or a part of the
      program that this build leaves out
  70  an internal error; please report it
  74  the output cannot be written
  141 the reader of standard output closed it";

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is as it should be.
    Good,
    /// Something is not: drift, a mistake, a failed test.
    Bad,
    /// It could not be determined: input that could not be read whole, or unknown verdicts.
    Undecided,
    /// What was to be looked at is not there.
    NoInput,
}

/// Why a command could not do its work, as `sysexits.h` tells these apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Usage = 64,
    Data = 65,
    NoInput = 66,
    Unavailable = 69,
    Internal = 70,
    Output = 74,
    /// What a shell reports of a program that SIGPIPE ended.
    OutputClosed = 141,
}

/// Why a command could not do its work.
#[derive(Debug, Error)]
pub(super) enum CommandError {
    #[error("the reader of standard output closed it")]
    OutputClosed,
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    #[error("cannot write {path}: {source}")]
    Write { path: String, source: io::Error },
    #[error("cannot read {path}: {source}")]
    Read { path: String, source: io::Error },
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Data(String),
    #[error("{0}")]
    NoInput(String),
    #[error("there is no {what} in {paths}: nothing was checked")]
    NothingFound { what: &'static str, paths: String },
    #[error("{}", nothing_to_scan(.path, *.items, .problem.as_deref()))]
    Empty { path: PathBuf, items: u64, problem: Option<String> },
    #[error(transparent)]
    NotInCatalog(#[from] NotInCatalog),
    /// Shown by themselves, each with its place.
    #[error("mistakes in the input")]
    Mistakes(Vec<Diagnostic>),
    /// Files that were named and cannot be read, among other mistakes.
    #[error("a file cannot be read")]
    Unreadable(Vec<Diagnostic>),
    /// Shown with its place.
    #[error("{0}")]
    Expression(String),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Logging(#[from] LoggingError),
    #[error(transparent)]
    Crds(#[from] CrdError),
    #[error(transparent)]
    Run(#[from] RunError),
    /// Something that was needed is not available.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    NotBuilt(#[from] NotBuilt),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Aws(Box<AwsError>),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl CommandError {
    /// Says on standard error what is wrong, and gives the exit code.
    pub(super) fn report(&self) -> ExitCode {
        // Where standard error cannot be written to, there is nobody left to tell.
        let _ = match self {
            Self::OutputClosed => Ok(()),
            Self::Mistakes(found) | Self::Unreadable(found) => {
                mistakes::write(&mut io::stderr().lock(), found, Weight::Error)
            }
            Self::Expression(_) => {
                writeln!(io::stderr(), "error: {}", printable_lines(&self.to_string()))
            }
            _ => writeln!(io::stderr(), "error: {}", printable(&self.to_string())),
        };
        ExitCode::from(self.code())
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::NotInCatalog(_) | Self::Expression(_) => Exit::Bad.code(),
            Self::Empty { .. } => Exit::Undecided.code(),
            _ => self.failure() as u8,
        }
    }

    /// What is wrong with files, where it is that.
    pub(super) fn mistakes(&self) -> &[Diagnostic] {
        match self {
            Self::Mistakes(found) | Self::Unreadable(found) => found,
            _ => &[],
        }
    }

    fn failure(&self) -> Failure {
        match self {
            Self::Snapshot(SnapshotError::Delivered(error)) if error.is_of_aws() => {
                Failure::Unavailable
            }
            Self::OutputClosed => Failure::OutputClosed,
            Self::Output(_)
            | Self::Write { .. }
            | Self::Snapshot(SnapshotError::StandardInput(_)) => Failure::Output,
            Self::Usage(_)
            | Self::Logging(LoggingError::Filter(_) | LoggingError::Traces { .. }) => {
                Failure::Usage
            }
            Self::Data(_)
            | Self::Empty { .. }
            | Self::Mistakes(_)
            | Self::Expression(_)
            | Self::NotInCatalog(_) => Failure::Data,
            Self::Read { .. }
            | Self::NoInput(_)
            | Self::NothingFound { .. }
            | Self::Unreadable(_)
            | Self::Snapshot(_)
            | Self::Run(RunError::Folder(_)) => Failure::NoInput,
            Self::Runtime(_)
            | Self::Logging(LoggingError::AlreadyStarted)
            | Self::Crds(_)
            | Self::Metrics(_)
            | Self::Run(RunError::Metrics(_) | RunError::Broken(_)) => Failure::Internal,
            Self::Run(_)
            | Self::Unavailable(_)
            | Self::NotBuilt(_)
            | Self::Aws(_)
            | Self::Publish(_) => Failure::Unavailable,
        }
    }
}

impl From<AwsError> for CommandError {
    fn from(error: AwsError) -> Self {
        Self::Aws(Box::new(error))
    }
}

impl From<io::Error> for CommandError {
    /// An error of standard output: others say which file they are about.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Output(error),
        }
    }
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Undecided => 2,
            Self::NoInput => Failure::NoInput as u8,
        }
    }
}

/// Why a snapshot shows no account.
fn nothing_to_scan(path: &Path, items: u64, problem: Option<&str>) -> String {
    let path = path.display();
    match problem {
        Some(problem) => format!("no item in {path} can be attributed to an account: {problem}"),
        None if items == 0 => format!(
            "{path} contains no configuration items, so its accounts cannot be determined: \
             declare an AwsAccount next to the baselines"
        ),
        None => format!(
            "no item in {path} is of a recorded type, so its accounts cannot be determined: \
             declare an AwsAccount next to the baselines"
        ),
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What a command line that does not parse comes to: help and the version are shown where they are
/// asked for, and anything else is a wrong command line.
pub fn refuse(error: &clap::Error) -> ExitCode {
    let shown = error.render();
    let text = shown.to_string();
    let dangerous = printable_lines(&text) != text;
    // Where neither can be written to, there is nobody left to tell.
    let _ = if error.use_stderr() && dangerous {
        write!(io::stderr(), "{}", printable_lines(&text))
    } else {
        error.print()
    };
    if error.use_stderr() { ExitCode::from(Failure::Usage as u8) } else { ExitCode::SUCCESS }
}

/// What an internal error comes to, which was shown already.
pub fn internal_error() -> ExitCode {
    let _ = writeln!(
        io::stderr(),
        "internal error: please report it with the lines above at {}/issues",
        env!("CARGO_PKG_REPOSITORY")
    );
    ExitCode::from(Failure::Internal as u8)
}
