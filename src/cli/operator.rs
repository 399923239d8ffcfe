//! `plumbline operator`: keeps the baselines of a cluster evaluated.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::archivals::ArchivalArguments;
use super::aws::AwsArguments;
use super::exit::{CommandError, Exit};
use super::metrics::MetricArguments;
use super::metrics_security::MetricsSecurityArguments;
use super::owners::OwnerArguments;
use super::run::{runtime, stopped};
use super::traces::TraceArguments;
use super::webhook::WebhookArguments;
use crate::telemetry::TraceSettings;
use api::Period;
use assess::SinkChoice;
use aws::AwsSettings;
use clock::SystemClock;
use engine::drift::{Installation, MOST_FINDINGS};
use operator::{OperatorSettings, operate};

/// Keep the baselines of a Kubernetes cluster evaluated: report drift in findings, status and
/// events
///
/// Watches `SecurityBaseline`, `AwsAccount`, `Control`, `Pack`, `Exemption` and `Attestation`
/// objects. Evaluates the accounts that a change affects at once, every baseline at its `interval`,
/// and exemptions and attestations when they begin or end. `kubectl get baselines` shows the
/// results. Several replicas share the accounts; if one fails, the others take over within the
/// lease duration.
///
/// In a cluster it uses its service account, elsewhere the context of KUBECONFIG.
#[derive(Debug, Args)]
// The chart's `extraArgs` come after what its other values give, and take precedence.
#[command(after_long_help = EXAMPLES, args_override_self = true)]
pub(super) struct OperatorArguments {
    /// The address of /metrics, /healthz and /readyz; port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9464")]
    listen: SocketAddr,
    /// The name of this installation, which distinguishes its findings from those of other
    /// installations on the same account.
    #[arg(long, env = "PLUMBLINE_INSTALLATION", value_name = "NAME", default_value = "default")]
    installation: Installation,
    /// Take over findings of this installation that another Plumbline published, such as the
    /// operator of a lost cluster. Without it they stay as they are, and the account reports them.
    /// Remove it when they are taken over.
    #[arg(long)]
    adopt: bool,
    /// The namespace of the Leases with which replicas share the accounts.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// The name of this replica, unique among the replicas; in a cluster, the name of the pod.
    #[arg(long, env = "POD_NAME", value_name = "NAME", default_value = "plumbline")]
    identity: String,
    /// How many accounts are evaluated at the same time; each may use every core.
    #[arg(
        long, value_name = "NUMBER", default_value = "2",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    max_concurrent: u16,
    /// How long a replica may fail to renew its lease before the others take over its accounts.
    #[arg(long, value_name = "PERIOD", default_value = "15s", value_parser = lease_duration)]
    lease_duration: Period,
    /// Where findings go.
    #[arg(long, value_enum, value_name = "SINK", default_value = "securityhub")]
    sink: SinkArgument,
    /// The folder for findings with `--sink file`, which every replica must reach. It has a file
    /// for each account.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/plumbline")]
    state: PathBuf,
    /// The folder at which relative snapshot paths (`source.snapshot.url`) start.
    #[arg(long, value_name = "DIR", default_value = ".")]
    snapshots: PathBuf,
    /// How long a deleted baseline or account waits for its findings to be archived before it is
    /// removed anyway.
    #[arg(long, value_name = "PERIOD", default_value = "10m")]
    archive_deadline: Period,
    /// How many MiB the temporary files with what AWS Config recorded may take, of all accounts
    /// together. What does not fit is `Unknown` (`NotDelivered`). By default there is no limit.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    mirror_size: Option<u32>,
    #[command(flatten)]
    archivals: ArchivalArguments,
    /// How many findings of a baseline may be open in one account. What drifts beyond that is counted
    /// in status, and not published until other drift is fixed; the last quarter is for Critical and
    /// High.
    #[arg(
        long, value_name = "NUMBER", default_value_t = MOST_FINDINGS,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..)
    )]
    max_findings: usize,
    /// Write a Report (openreports.io/v1alpha1) for each baseline, account and region, for tools
    /// such as the Policy Reporter. Needs the CRDs of OpenReports.
    #[arg(long)]
    open_reports: bool,
    /// The maximum number of results in a Report, the worst first; its summary counts all of them.
    #[arg(
        long, value_name = "NUMBER", default_value = "50", requires = "open_reports",
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    open_reports_max_results: u16,
    /// Serve /debug/plan, which shows what each baseline resolves to. It names accounts and
    /// controls.
    #[arg(long)]
    debug_plan: bool,
    #[command(flatten)]
    webhook: WebhookArguments,
    #[command(flatten)]
    owners: OwnerArguments,
    #[command(flatten)]
    metrics: MetricArguments,
    #[command(flatten)]
    metrics_security: MetricsSecurityArguments,
    #[command(flatten)]
    traces: TraceArguments,
    #[command(flatten)]
    aws: AwsArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SinkArgument {
    /// A file of JSON Lines for each account, in the folder that --state names.
    File,
    /// AWS Security Hub of each account and region, with the account's own role.
    #[value(name = "securityhub")]
    SecurityHub,
}

const EXAMPLES: &str = "\
Exit codes:
  0   stopped by Ctrl-C or SIGTERM
  64  a wrong command line
  69  cannot run: no API server, or the address or the state folder cannot be used

Examples:
  plumbline crds | kubectl apply --server-side -f -
      install the CRDs first
  plumbline operator --sink file --state findings --listen 127.0.0.1:9464
      run on this machine against the cluster of KUBECONFIG
  kubectl annotate baseline production plumbline.dev/reconcile-at=\"$(date)\" --overwrite
      ask for an evaluation now
  kubectl wait baseline/production --for=condition=Ready";

impl OperatorArguments {
    /// Where traces go, if anywhere.
    pub(super) fn traces(&self) -> Option<TraceSettings> {
        self.traces.settings(Some(&self.identity))
    }

    pub(super) fn execute(self) -> Result<Exit, CommandError> {
        let runtime = runtime().map_err(CommandError::Runtime)?;
        let settings = self.settings();
        let ran = runtime.block_on(async {
            let stop = stopped().map_err(CommandError::Runtime)?;
            let operated = operate(settings, Arc::new(SystemClock), stop).await;
            operated.map_err(|error| CommandError::Unavailable(error.to_string()))
        });
        // An evaluation that was given up has nothing to finish.
        runtime.shutdown_background();
        ran.map(|()| Exit::Good)
    }

    fn settings(self) -> OperatorSettings {
        let sink = match self.sink {
            SinkArgument::File => SinkChoice::File(self.state),
            SinkArgument::SecurityHub => SinkChoice::SecurityHub,
        };
        OperatorSettings {
            listen: self.listen,
            owner_keys: self.owners.keys(),
            metrics_security: self.metrics_security.settings(),
            metrics: self.metrics.settings(),
            installation: self.installation,
            adopts: self.adopt,
            namespace: self.namespace,
            identity: self.identity,
            max_concurrent: usize::from(self.max_concurrent),
            lease_duration: self.lease_duration.duration(),
            sink,
            snapshots: self.snapshots,
            aws: AwsSettings {
                mirror_size: self.mirror_size.map(|mib| u64::from(mib) << 20),
                ..self.aws.settings()
            },
            archive_deadline: self.archive_deadline.duration(),
            archival_limit: self.archivals.limit(),
            max_findings: self.max_findings,
            open_reports: NonZeroU16::new(self.open_reports_max_results)
                .filter(|_| self.open_reports),
            webhook: self.webhook.settings(),
            debug_plan: self.debug_plan,
        }
    }
}

/// Shorter leases would cost more requests than they save time.
fn lease_duration(text: &str) -> Result<Period, String> {
    const SHORTEST: Duration = Duration::from_secs(3);
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    if period.duration() < SHORTEST {
        return Err("must be at least 3s, so that a slow answer does not lose the lease".to_owned());
    }
    Ok(period)
}
