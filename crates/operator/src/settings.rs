//! How the operator runs, and why it may not.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::serving::MetricsSecurity;
use super::webhook::WebhookSettings;
use assess::SinkChoice;
use aws::AwsSettings;
use engine::drift::{ArchivalLimit, Installation};
use engine::plan::OwnerKeys;
use metrics::{MetricSettings, MetricsError};
use server::{CertificateError, ServerError};

/// How the operator runs.
#[derive(Debug, Clone)]
pub struct OperatorSettings {
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// How they are served over TLS, if they are.
    pub metrics_security: Option<MetricsSecurity>,
    /// What metrics show.
    pub metrics: MetricSettings,
    /// Keeps two Plumblines over one account apart.
    pub installation: Installation,
    /// Whether findings that another Plumbline of the installation published are taken over.
    pub adopts: bool,
    /// Where the replicas' leases stand.
    pub namespace: String,
    /// Tells this replica from the others.
    pub identity: String,
    /// How many accounts are evaluated at once.
    pub max_concurrent: usize,
    /// After so long without a sign of life a replica's work goes to the others.
    pub lease_duration: Duration,
    /// Where findings go.
    pub sink: SinkChoice,
    /// What relative paths of snapshots are relative to.
    pub snapshots: PathBuf,
    /// How AWS is reached, where accounts are read or findings are published there.
    pub aws: AwsSettings,
    /// Which tags and labels name the owners of drift where a baseline does not say.
    pub owner_keys: OwnerKeys,
    /// A deleted baseline waits so long for its findings to be archived.
    pub archive_deadline: Duration,
    /// How many findings are archived at once without a confirmation.
    pub archival_limit: ArchivalLimit,
    /// So many findings of a baseline may stand open in one account.
    pub max_findings: usize,
    /// How many results a `Report` of OpenReports holds, where such reports are written.
    pub open_reports: Option<NonZeroU16>,
    /// The admission webhook, where one is served.
    pub webhook: Option<WebhookSettings>,
    /// Whether `/debug/plan` is served.
    pub debug_plan: bool,
}

/// Why the operator cannot begin or go on.
#[derive(Debug, Error)]
pub enum OperatorError {
    /// There is no API server to talk to.
    #[error(
        "no Kubernetes API server can be used: run in a cluster, or set KUBECONFIG to a file with a \
         context ({0})"
    )]
    Client(String),
    /// The folder of findings cannot be used.
    #[error("cannot use the state folder {folder}: {source}; give another one with --state")]
    State {
        /// The folder.
        folder: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Metrics cannot be served.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The certificate of the metrics cannot be served.
    #[error("{0}; check --metrics-tls-certificate and --metrics-tls-key")]
    Certificate(#[from] CertificateError),
    /// Metrics cannot be made.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A part of the program ended that never does.
    #[error("internal error; please report it: a task ended unexpectedly: {0}")]
    Broken(String),
}
