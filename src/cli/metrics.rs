//! The arguments of commands that serve metrics: what they show.

use clap::Args;

use metrics::{DRIFT_SERIES, MetricSettings, OWNERS};

#[derive(Debug, Args)]
pub(super) struct MetricArguments {
    /// The maximum number of series in /metrics, for each baseline, of drift by control, account
    /// and region. The worst are kept.
    #[arg(long, value_name = "NUMBER", default_value_t = DRIFT_SERIES)]
    max_drift_series: usize,
    /// How many owners have series of their own, for each baseline; those of most drift are kept, and
    /// the others are `(others)`.
    #[arg(long, value_name = "NUMBER", default_value_t = OWNERS)]
    max_owners: usize,
    /// A label of `AwsAccount` objects that the metric `plumbline_account_info` shows as
    /// `label_NAME`. Repeat the option, or separate names with commas.
    #[arg(long = "metrics-account-label", value_name = "NAME", value_delimiter = ',')]
    account_labels: Vec<String>,
}

impl MetricArguments {
    pub(super) fn settings(self) -> MetricSettings {
        MetricSettings {
            drift_series: self.max_drift_series,
            owners: self.max_owners,
            account_labels: self.account_labels,
        }
    }
}
