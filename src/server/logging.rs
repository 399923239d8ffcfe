//! Sets up logs: one line an event on standard error, so that standard output stays data.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// Libraries that log requests, whose headers and bodies hold session tokens and external ids.
/// Nothing below a warning of theirs is shown, whatever is asked for.
const SECRETIVE: [&str; 5] = ["aws_", "hyper", "h2", "rustls", "tower"];

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
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(colours_wanted());
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let shown = filter.and(filter_fn(may_be_shown));
    let started = tracing_subscriber::registry().with(lines.with_filter(shown)).try_init();
    started.map_err(|_| LoggingError::AlreadyStarted)
}

fn may_be_shown(event: &Metadata<'_>) -> bool {
    let secretive = SECRETIVE.iter().any(|library| event.target().starts_with(library));
    !secretive || *event.level() <= Level::WARN
}

/// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
fn colours_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
