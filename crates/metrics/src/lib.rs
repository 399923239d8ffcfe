//! What Prometheus scrapes: `plumbline_…` series of baselines, accounts and the process.
//!
//! A label's values are always bounded by what the user wrote (never a resource's id), and the
//! series of a baseline and of an account go with it. With A accounts, R regions, C controls, B
//! baselines and P processes there are at most
//!
//! - `A·R·B·7` by target, `A·(B + 20 + R)` by account,
//! - `P·B·(3C + 60)` by control and baseline, `P·C` that describe the controls,
//! - `2·B·N` that show drift in detail, N being the limit ([`DRIFT_SERIES`]),
//! - `P·B·(10·(O + 1) + 1)` by owner, O being the limit ([`OWNERS`]), whatever tags name,
//!
//! and some dozens more for each process. A test counts them.

mod account;
mod aws;
mod baseline;
mod changes;
mod declared;
mod described;
mod duration;
mod exposition;
mod families;
mod figures;
#[cfg(any(test, feature = "test-support"))]
#[doc(hidden)]
pub mod fixture;
mod operator;
mod owners;
mod sums;

use std::fmt;

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts};
use thiserror::Error;

use described::{Description, Registered};

pub use account::{AccountFacts, AccountMetrics, BudgetLevels};
pub use aws::{AwsCall, AwsMetrics};
pub use baseline::{BaselineMetrics, DRIFT_SERIES};
pub use changes::{ChangeMetrics, ChangeResult};
pub use described::metrics_page;
pub use figures::Figures;
pub use operator::OperatorMetrics;
pub use owners::OWNERS;

use model::{InternalErrors, InternalPlace};

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
    accounts: AccountMetrics,
    baselines: BaselineMetrics,
    internal_errors: IntCounterVec,
    configuration_errors: IntGauge,
}

/// What metrics show.
#[derive(Debug, Clone)]
pub struct MetricSettings {
    /// At most so many series of drift by control and target, for each baseline.
    pub drift_series: usize,
    /// At most so many owners have series of their own, for each baseline.
    pub owners: usize,
    /// The labels of `AwsAccount`s that are shown.
    pub account_labels: Vec<String>,
}

impl Default for MetricSettings {
    fn default() -> Self {
        Self { drift_series: DRIFT_SERIES, owners: OWNERS, account_labels: Vec::new() }
    }
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

    /// The same, and shows what `settings` say.
    ///
    /// # Errors
    ///
    /// When two metrics have one name.
    pub fn showing(settings: &MetricSettings) -> Result<Self, MetricsError> {
        let metrics = Self::new()?;
        metrics.baselines.limit_drift(settings.drift_series);
        metrics.baselines.limit_owners(settings.owners);
        metrics.accounts.show_labels(settings.account_labels.clone());
        Ok(metrics)
    }

    fn registered() -> prometheus::Result<Self> {
        let mut registry = Registered::default();
        let build =
            IntGaugeVec::new(name("build_info", "The build that runs; always 1."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let internal_errors = IntCounterVec::new(
            name(
                "internal_errors_total",
                "Internal errors of Plumbline, by place. Please report them.",
            ),
            &["place"],
        )?;
        for place in InternalPlace::ALL {
            internal_errors.with_label_values(&[place.as_str()]);
        }
        register(&registry, &internal_errors)?;
        let configuration_errors = IntGauge::with_opts(name(
            "configuration_errors",
            "Configuration mistakes: files and baselines with mistakes for run, objects for the \
             operator.",
        ))?;
        register(&registry, &configuration_errors)?;
        register(&registry, &build)?;
        let (accounts, baselines) = (AccountMetrics::new(), BaselineMetrics::new());
        let aws = AwsMetrics::new(&registry, &accounts)?;
        registry.expose(accounts.clone());
        registry.expose(baselines.clone());
        Ok(Self { registry, aws, accounts, baselines, internal_errors, configuration_errors })
    }

    /// What is measured of each account.
    pub const fn accounts(&self) -> &AccountMetrics {
        &self.accounts
    }

    /// What is measured of each baseline.
    pub fn baselines(&self) -> &BaselineMetrics {
        &self.baselines
    }

    /// What calls of AWS cost.
    pub const fn aws(&self) -> &AwsMetrics {
        &self.aws
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
        OperatorMetrics::new(&self.registry, &self.baselines).map_err(registering)
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
        self.registry.text().map_err(|source| MetricsError { doing: "write", source })
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
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
