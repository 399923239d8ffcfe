//! How a command ends: its exit code, or the error that ended it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use thiserror::Error;

use super::mistakes;
use super::not_in_catalog::NotInCatalog;
use crate::api::CrdError;
use crate::api::document::Diagnostic;
use crate::aws::AwsError;
use crate::controller::{OperatorError, RunError};
use crate::metrics::MetricsError;
use crate::publish::PublishError;
use crate::server::LoggingError;
use crate::source::SnapshotError;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is as it should be.
    Good,
    /// Something is not: drift, a mistake, a failed test.
    Bad,
    /// It cannot be told: input that could not be read whole, or unknown verdicts.
    Undecided,
}

/// Why a command could not do its work.
#[derive(Debug, Error)]
pub(super) enum CommandError {
    #[error("the reader of standard output has gone")]
    OutputClosed,
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    #[error("cannot write {path}: {source}")]
    Write { path: String, source: io::Error },
    #[error("cannot read {path}: {source}")]
    Read { path: String, source: io::Error },
    #[error("{0}")]
    Usage(String),
    #[error("{}", nothing_to_scan(.path, *.items, .problem.as_deref()))]
    Empty { path: PathBuf, items: u64, problem: Option<String> },
    #[error(transparent)]
    NotInCatalog(#[from] NotInCatalog),
    /// Shown by themselves, each with its place.
    #[error("mistakes in the input")]
    Mistakes(Vec<Diagnostic>),
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
    #[error(transparent)]
    Operator(#[from] OperatorError),
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
            Self::Mistakes(found) => mistakes::write(&mut io::stderr().lock(), found),
            _ => writeln!(io::stderr(), "error: {self}"),
        };
        match self {
            // What a shell reports of a program that SIGPIPE ended.
            Self::OutputClosed => ExitCode::from(141),
            Self::NotInCatalog(_) | Self::Expression(_) => Exit::Bad.into(),
            _ => Exit::Undecided.into(),
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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Good => Self::SUCCESS,
            Exit::Bad => Self::from(1),
            Exit::Undecided => Self::from(2),
        }
    }
}

/// Why a snapshot shows no account.
fn nothing_to_scan(path: &Path, items: u64, problem: Option<&str>) -> String {
    let path = path.display();
    match problem {
        Some(problem) => format!("no item in {path} can be attributed to an account: {problem}"),
        None if items == 0 => format!(
            "{path} holds no configuration items, so it does not show which accounts it is of: \
             declare an AwsAccount beside the baselines"
        ),
        None => format!(
            "no item in {path} is of a type that is recorded, so it does not show which accounts \
             it is of: declare an AwsAccount beside the baselines"
        ),
    }
}
