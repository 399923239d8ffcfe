//! Traces for an OpenTelemetry collector: OTLP over HTTP, in batches, from a thread of their own.
//!
//! A collector that is slow or down costs spans, never time. What the specification has variables
//! for (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` and so on,
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>) is set by them.

#[cfg(feature = "otlp")]
mod exporter;
#[cfg(not(feature = "otlp"))]
#[path = "without_exporter.rs"]
mod exporter;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub(super) use exporter::TraceExporter;

/// Where an OpenTelemetry collector listens: an `http` or `https` URL, to which the path of the
/// signal is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtlpEndpoint(String);

/// Why a text is no [`OtlpEndpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0} is not an http or https URL, such as http://localhost:4318")]
pub(crate) struct InvalidEndpoint(String);

impl FromStr for OtlpEndpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let is_url = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && !text.contains(|it: char| it.is_whitespace() || it == '?' || it == '#');
        let invalid = || InvalidEndpoint(without_user(text));
        is_url.then(|| Self(text.trim_end_matches('/').to_owned())).ok_or_else(invalid)
    }
}

/// Without user and password.
impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_user(&self.0))
    }
}

fn without_user(url: &str) -> String {
    match (url.split_once("//"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}//(masked)@{host}"),
        _ => url.to_owned(),
    }
}

/// Where traces go, and who sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceSettings {
    /// The collector.
    pub endpoint: OtlpEndpoint,
    /// Tells this process from others of the service.
    pub instance: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url() {
        for text in ["http://localhost:4318", "https://collector.example.com/otlp/"] {
            let endpoint: OtlpEndpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), text.trim_end_matches('/'));
        }
        let secret: OtlpEndpoint = "https://user:hunter2@collector:4318/v1".parse().unwrap();
        assert_eq!(secret.to_string(), "https://(masked)@collector:4318/v1");
        for text in ["", "localhost:4318", "http://", "http:///v1", "grpc://a:4317", "http://a b"] {
            assert!(text.parse::<OtlpEndpoint>().is_err(), "{text}");
        }
    }
}
