//! Traces for an OpenTelemetry collector: OTLP over HTTP, in batches, from a thread of their own.
//!
//! A collector that is slow or down costs spans, never time. What the specification has variables
//! for (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` and so on,
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>) is set by them.

use std::env;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// So long the last spans may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Where an OpenTelemetry collector listens: an `http` or `https` URL, to which the path of the
/// signal is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpEndpoint(String);

/// Why a text is no [`OtlpEndpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0} is no http or https URL, such as http://localhost:4318")]
pub struct InvalidEndpoint(String);

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
pub struct TraceSettings {
    /// The collector.
    pub endpoint: OtlpEndpoint,
    /// Tells this process from others of the service.
    pub instance: Option<String>,
}

/// Sends spans; the last of them when it is dropped.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Not within an asynchronous runtime: the exporter's client waits.
    pub(super) fn start(settings: &TraceSettings) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", settings.endpoint.0))
            .build()
            .map_err(|error| error.to_string())?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource(settings.instance.as_deref()))
            .build();
        Ok(Self(provider))
    }

    /// Makes spans of this program's spans. Those of libraries stay out: their fields hold what is
    /// secret.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("plumbline"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_ours))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_WORDS) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

fn is_ours(span: &Metadata<'_>) -> bool {
    let crate_name = span.target().split("::").next();
    crate_name == Some("plumbline") && *span.level() <= Level::INFO
}

fn resource(instance: Option<&str>) -> Resource {
    let mut resource = Resource::builder();
    if env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("plumbline");
    }
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let instance = instance.map(|name| KeyValue::new("service.instance.id", name.to_owned()));
    resource.with_attributes([version].into_iter().chain(instance)).build()
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
