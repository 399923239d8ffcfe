//! Sets up logs: one line an event on standard error, so that standard output stays data; and
//! traces, where they are asked for.

use std::io::{self, IsTerminal, Write};

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::traces::{OtlpEndpoint, TraceExporter, TraceSettings};
use metrics::TRACED;
use model::printable;

/// Libraries that log requests, whose headers and bodies hold session tokens and external ids, and
/// the least important of their lines that are shown, whatever is asked for. AWS's SDK warns of
/// each place where it found no credentials, and of each answer of STS with all of its headers:
/// what is to be known of that stands in the error of the call.
const SECRETIVE: [(&str, Level); 7] = [
    ("aws_", Level::ERROR),
    ("hyper", Level::WARN),
    ("h2", Level::WARN),
    ("opentelemetry", Level::WARN),
    ("reqwest", Level::WARN),
    ("rustls", Level::WARN),
    ("tower", Level::WARN),
];

/// How a colour begins on a terminal (ECMA-48, section 8.3.117).
const COLOUR: &str = "\u{1b}[";

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub(crate) enum LoggingError {
    /// `RUST_LOG` does not parse.
    #[error("RUST_LOG is not a valid log filter (example: plumbline=debug): {0}")]
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
pub(crate) struct Logging {
    _traces: Option<TraceExporter>,
}

/// Directives in which `plumbline=debug` is meant for every crate of the program.
fn of_all_crates(directives: &str) -> String {
    let mut all = vec![directives.to_owned()];
    for directive in directives.split(',') {
        if let Some(level) = directive.trim().strip_prefix("plumbline=") {
            // A directive is for all that begins so: the colons keep the AWS SDKs out.
            let target = |name| if name == "aws" { "aws::" } else { name };
            let crates = super::CRATES.into_iter().filter(|name| *name != "plumbline");
            all.extend(crates.map(|name| format!("{}={level}", target(name))));
        }
    }
    all.join(",")
}

/// Starts logging at `level`; `RUST_LOG` takes precedence. Traces are not levelled by it.
///
/// # Errors
///
/// When `RUST_LOG` does not parse, logging was started before, or the settings of traces are wrong.
pub(crate) fn start_logging(
    format: LogFormat,
    level: LevelFilter,
    traces: Option<&TraceSettings>,
) -> Result<Logging, LoggingError> {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(directives) if !directives.is_empty() => EnvFilter::try_new(of_all_crates(&directives))?,
        _ => EnvFilter::default().add_directive(level.into()),
    };
    let lines = tracing_subscriber::fmt::layer().with_target(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => lines.with_ansi(colours_wanted()).with_writer(|| TextLines).boxed(),
        LogFormat::Json => lines.with_ansi(false).with_writer(io::stderr).json().boxed(),
    };
    let shown = filter.and(filter_fn(may_be_shown));
    let traces = traces.map(start_traces).transpose()?;
    let spans = traces.as_ref().map(TraceExporter::layer);
    let started =
        tracing_subscriber::registry().with(lines.with_filter(shown)).with(spans).try_init();
    started.map_err(|_| LoggingError::AlreadyStarted)?;
    Ok(Logging { _traces: traces })
}

/// Standard error, to which each event is a line, whatever texts of strangers are in it.
struct TextLines;

impl Write for TextLines {
    /// Takes one event, as the layer writes them.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(on_one_line(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The event with everything escaped that does not print, but for its end and for the colours that
/// the layer gives it. The layer itself lets no escape character of a text through.
fn on_one_line(event: &str) -> String {
    let (text, end) = match event.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (event, ""),
    };
    let mut parts = text.split(COLOUR);
    let mut line = printable(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let codes = part.find('m').filter(|end| {
            part.get(..*end).is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit() || b == b';'))
        });
        match codes.and_then(|end| part.split_at_checked(end + 1)) {
            Some((codes, rest)) => {
                line.push_str(COLOUR);
                line.push_str(codes);
                line.push_str(&printable(rest));
            }
            None => line.push_str(&printable(&format!("{COLOUR}{part}"))),
        }
    }
    line + end
}

fn start_traces(settings: &TraceSettings) -> Result<TraceExporter, LoggingError> {
    let endpoint = settings.endpoint.clone();
    TraceExporter::start(settings).map_err(|message| LoggingError::Traces { endpoint, message })
}

fn may_be_shown(event: &Metadata<'_>) -> bool {
    let of_library = SECRETIVE.iter().find(|(library, _)| event.target().starts_with(library));
    event.target() != TRACED && of_library.is_none_or(|(_, least)| event.level() <= least)
}

/// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
fn colours_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_for_the_program_is_for_all_of_its_crates() {
        let all = of_all_crates("info,plumbline=debug");
        assert!(all.starts_with("info,plumbline=debug,"), "{all}");
        assert!(all.contains(",engine=debug,") && all.contains(",operator=debug,"), "{all}");
        assert!(EnvFilter::try_new(&all).unwrap().to_string().contains("aws::=debug"), "{all}");
        assert_eq!(of_all_crates("warn"), "warn");
    }

    #[test]
    fn a_text_of_strangers_stays_on_the_line_of_its_event() {
        let event = "\u{1b}[33m WARN\u{1b}[0m no\nsuch \u{202e}file\u{9b}\u{1b}[2J x\n";
        let line = "\u{1b}[33m WARN\u{1b}[0m no\\nsuch \\u{202e}file\\u{9b}\\u{1b}[2J x\n";
        assert_eq!(on_one_line(event), line);
    }
}
