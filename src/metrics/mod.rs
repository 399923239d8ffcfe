//! What Prometheus scrapes: `plumbline_…` series of baselines, findings and the process.
//!
//! A label's values are always bounded by what the user wrote (never a resource's id), and the
//! series of a baseline go with it.

mod aws;
mod baseline;
mod condition;
mod described;
mod duration;
mod families;
mod family;
mod figures;
mod operator;

use std::fmt;

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, TextEncoder};
use thiserror::Error;

use described::{Description, Registered};

pub use aws::{AwsCall, AwsMetrics};
pub use baseline::BaselineMetrics;
pub use condition::ConditionStatus;
pub use described::metrics_page;
pub use figures::{ControlFigure, Figures};
pub use operator::OperatorMetrics;

use crate::resource::{InternalErrors, InternalPlace};

/// The target of spans that only traces show: log lines name what they are about themselves.
pub const TRACED: &str = "plumbline::traced";

/// Why metrics cannot be shown.
#[derive(Debug, Error)]
#[error("cannot {doing} metrics: {source}")]
pub struct MetricsError {
    doing: &'static str,
    source: prometheus::Error,
}

/// The registry, with everything that is measured.
pub struct Metrics {
    registry: Registered,
    aws: AwsMetrics,
    baselines: BaselineMetrics,
    published: IntCounterVec,
    internal_errors: IntCounterVec,
    configuration_errors: IntGauge,
}

/// How the publishing of one finding went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishResult {
    /// The sink took it.
    Success,
    /// The sink refused it, or could not be reached.
    Failure,
}

impl Metrics {
    /// An empty registry, but for the build's own information.
    ///
    /// # Errors
    ///
    /// When two metrics have one name.
    pub fn new() -> Result<Self, MetricsError> {
        let registering = |source| MetricsError { doing: "register", source };
        Self::registered().map_err(registering)
    }

    fn registered() -> prometheus::Result<Self> {
        let registry = Registered::default();
        let published = IntCounterVec::new(
            name("findings_published_total", "Findings sent to the sink, by how it went."),
            &["result"],
        )?;
        for result in [PublishResult::Success, PublishResult::Failure] {
            published.with_label_values(&[result.as_str()]);
        }
        let build =
            IntGaugeVec::new(name("build_info", "The build that runs; always 1."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let internal_errors = IntCounterVec::new(
            name(
                "internal_errors_total",
                "Failures of Plumbline itself, by the place where they were noticed; please report them.",
            ),
            &["place"],
        )?;
        for place in InternalPlace::ALL {
            internal_errors.with_label_values(&[place.as_str()]);
        }
        register(&registry, &internal_errors)?;
        let configuration_errors = IntGauge::with_opts(name(
            "configuration_errors",
            "Mistakes in what users wrote: files and baselines for run, objects for an operator.",
        ))?;
        register(&registry, &configuration_errors)?;
        register(&registry, &published)?;
        register(&registry, &build)?;
        let aws = AwsMetrics::new(&registry)?;
        let baselines = BaselineMetrics::new(&registry)?;
        Ok(Self { registry, aws, baselines, published, internal_errors, configuration_errors })
    }

    /// What is measured of each baseline.
    pub fn baselines(&self) -> &BaselineMetrics {
        &self.baselines
    }

    /// What calls of AWS cost.
    pub const fn aws(&self) -> &AwsMetrics {
        &self.aws
    }

    /// Counts findings sent to the sink.
    pub fn published(&self, result: PublishResult, findings: u64) {
        self.published.with_label_values(&[result.as_str()]).inc_by(findings);
    }

    /// Counts failures of our own.
    pub fn internal_errors(&self, errors: &InternalErrors) {
        for (error, count) in errors.iter() {
            self.internal_errors.with_label_values(&[error.place.as_str()]).inc_by(count);
        }
    }

    /// So many mistakes are in what users wrote.
    pub fn configuration_errors(&self, mistakes: usize) {
        self.configuration_errors.set(i64::try_from(mistakes).unwrap_or(i64::MAX));
    }

    /// What only an operator measures: to be asked for once.
    ///
    /// # Errors
    ///
    /// When it was asked for before.
    pub fn operator(&self) -> Result<OperatorMetrics, MetricsError> {
        let registering = |source| MetricsError { doing: "register", source };
        OperatorMetrics::new(&self.registry).map_err(registering)
    }

    /// Everything that is measured so far, series or not, by name.
    fn described(&self) -> Vec<Description> {
        self.registry.described()
    }

    /// Every series in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// When a family cannot be written.
    pub fn text(&self) -> Result<String, MetricsError> {
        TextEncoder::new()
            .encode_to_string(&self.registry.registry().gather())
            .map_err(|source| MetricsError { doing: "write", source })
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl PublishResult {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

fn name(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("plumbline")
}

fn register<C: Collector + Clone + 'static>(
    registry: &Registered,
    collector: &C,
) -> prometheus::Result<()> {
    registry.add(collector.clone())
}

#[cfg(test)]
mod tests;
