//! Sets up logs: one line an event on standard error, so that standard output stays data; and
//! traces, where they are asked for.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::traces::{OtlpEndpoint, TraceSettings, Traces};
use crate::metrics::TRACED;

/// Libraries that log requests, whose headers and bodies hold session tokens and external ids, and
/// the least important of their lines that are shown, whatever is asked for. AWS's SDK warns of each
/// place where it found no credentials, and of each answer of STS with all of its headers: what is to
/// be known of that stands in the error of the call.
const SECRETIVE: [(&str, Level); 7] = [
    ("aws_", Level::ERROR),
    ("hyper", Level::WARN),
    ("h2", Level::WARN),
    ("opentelemetry", Level::WARN),
    ("reqwest", Level::WARN),
    ("rustls", Level::WARN),
    ("tower", Level::WARN),
];

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
    /// Nothing can be sent to the collector.
    #[error(
        "cannot send traces to {endpoint}: {message}; see --otlp-endpoint and OTEL_EXPORTER_OTLP_…"
    )]
    Traces {
        /// The collector.
        endpoint: OtlpEndpoint,
        /// What is wrong.
        message: String,
    },
}

/// Keeps sending traces until it is dropped, and then what is left of them.
#[derive(Debug)]
#[must_use]
pub struct Logging {
    _traces: Option<Traces>,
}

/// Starts logging at `level`; `RUST_LOG` goes before it. Traces are not levelled by it.
///
/// # Errors
///
/// When `RUST_LOG` does not parse, logging was started before, or the settings of traces are wrong.
pub fn start_logging(
    format: LogFormat,
    level: LevelFilter,
    traces: Option<&TraceSettings>,
) -> Result<Logging, LoggingError> {
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
    let traces = traces.map(start_traces).transpose()?;
    let spans = traces.as_ref().map(Traces::layer);
    let started =
        tracing_subscriber::registry().with(lines.with_filter(shown)).with(spans).try_init();
    started.map_err(|_| LoggingError::AlreadyStarted)?;
    Ok(Logging { _traces: traces })
}

fn start_traces(settings: &TraceSettings) -> Result<Traces, LoggingError> {
    let endpoint = settings.endpoint.clone();
    Traces::start(settings).map_err(|message| LoggingError::Traces { endpoint, message })
}

fn may_be_shown(event: &Metadata<'_>) -> bool {
    let of_library = SECRETIVE.iter().find(|(library, _)| event.target().starts_with(library));
    event.target() != TRACED && of_library.is_none_or(|(_, least)| event.level() <= least)
}

/// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
fn colours_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
