//! Sets up logs: one line an event on standard error, so that standard output stays data.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub enum LoggingError {
    /// `RUST_LOG` does not parse.
    #[error("the environment variable RUST_LOG is no log filter (such as plumbline=debug): {0}")]
    Filter(#[from] ParseError),
    /// Somebody in this process had set it up before.
    #[error("logging is already set up")]
    AlreadyStarted,
}

/// Starts logging at `level`; `RUST_LOG` goes before it.
///
/// # Errors
///
/// When `RUST_LOG` does not parse, or logging was started before.
pub fn start_logging(format: LogFormat, level: LevelFilter) -> Result<(), LoggingError> {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(directives) if !directives.is_empty() => EnvFilter::try_new(directives)?,
        _ => EnvFilter::default().add_directive(level.into()),
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(colours_wanted());
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|_| LoggingError::AlreadyStarted)
}

/// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
fn colours_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
