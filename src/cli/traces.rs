//! The arguments of commands that go on: where their traces go.

use clap::Args;

use crate::telemetry::{OtlpEndpoint, TraceSettings};

#[derive(Debug, Args)]
pub(super) struct TraceArguments {
    /// Send traces to this OpenTelemetry collector (such as `http://localhost:4318`), by OTLP over
    /// HTTP. Variables such as `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER` are
    /// supported.
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<OtlpEndpoint>,
}

impl TraceArguments {
    /// Where traces go, as a process of that name.
    pub(super) fn settings(&self, instance: Option<&str>) -> Option<TraceSettings> {
        let endpoint = self.otlp_endpoint.clone()?;
        Some(TraceSettings { endpoint, instance: instance.map(str::to_owned) })
    }
}
