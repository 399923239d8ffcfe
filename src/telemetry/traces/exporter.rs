//! Who sends the spans.

use std::env;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::TraceSettings;

/// So long the last spans may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Sends spans; the last of them when it is dropped.
#[derive(Debug)]
pub(in crate::telemetry) struct TraceExporter(SdkTracerProvider);

impl TraceExporter {
    /// Not within an asynchronous runtime: the exporter's client waits.
    pub(in crate::telemetry) fn start(settings: &TraceSettings) -> Result<Self, String> {
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
    pub(in crate::telemetry) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
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

impl Drop for TraceExporter {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_WORDS) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

fn is_ours(span: &Metadata<'_>) -> bool {
    let crate_name = span.target().split("::").next();
    crate_name.is_some_and(|name| crate::telemetry::CRATES.contains(&name))
        && *span.level() <= Level::INFO
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
