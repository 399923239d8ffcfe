//! `plumbline operator`: keeps the baselines of a cluster evaluated.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::aws::AwsArguments;
use super::exit::{CommandError, Exit};
use super::run::{runtime, stopped};
use super::traces::TraceArguments;
use crate::api::Period;
use crate::controller::{OperatorSettings, SinkChoice, SystemClock, operate};
use crate::drift::Installation;
use crate::server::TraceSettings;

/// Keep the baselines of a Kubernetes cluster evaluated: publish drift, tell it in status and events
///
/// Watches `SecurityBaseline`, `AwsAccount`, `Control`, `Pack`, `Exemption` and `Attestation`, and
/// evaluates what a change touches at once, every baseline at its `interval`, and an exemption or
/// attestation when it begins or ends. `kubectl get baselines` shows what came of it. Several
/// replicas share the accounts; one that dies is replaced within the lease duration.
///
/// Runs in a cluster as its service account, elsewhere as KUBECONFIG says.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct OperatorArguments {
    /// Where /metrics, /healthz and /readyz are served; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9464")]
    listen: SocketAddr,
    /// Keeps the findings of two Plumblines over one account apart.
    #[arg(long, env = "PLUMBLINE_INSTALLATION", value_name = "NAME", default_value = "default")]
    installation: Installation,
    /// The namespace for the leases by which replicas share the work.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// Tells this replica from the others. The pod's name is right.
    #[arg(long, env = "POD_NAME", value_name = "NAME", default_value = "plumbline")]
    identity: String,
    /// How many accounts are evaluated at once; each may use every core.
    #[arg(
        long, value_name = "NUMBER", default_value = "2",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    max_concurrent: u16,
    /// After so long without a sign of life, a replica's accounts go to the others.
    #[arg(long, value_name = "PERIOD", default_value = "15s", value_parser = lease_duration)]
    lease_duration: Period,
    /// Where findings go.
    #[arg(long, value_enum, value_name = "SINK", default_value = "securityhub")]
    sink: SinkArgument,
    /// The folder for findings of `--sink file`: a file for each account, which all replicas reach.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/plumbline")]
    state: PathBuf,
    /// The folder that relative paths of snapshots (`source.snapshot.url`) are relative to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    snapshots: PathBuf,
    /// A deleted baseline waits so long for its findings to be archived; then it goes without.
    #[arg(long, value_name = "PERIOD", default_value = "10m")]
    archive_deadline: Period,
    /// Write a Report (openreports.io/v1alpha1) for each baseline, account and region, for the Policy
    /// Reporter and the like. The CRD of OpenReports must be there.
    #[arg(long)]
    open_reports: bool,
    /// How many results such a report lists at most, the worst first; its summary counts all.
    #[arg(
        long, value_name = "NUMBER", default_value = "50", requires = "open_reports",
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    open_reports_max_results: u16,
    /// Serve /debug/plan: what each baseline comes to. It names accounts and controls.
    #[arg(long)]
    debug_plan: bool,
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
  69  could not start or go on: no API server, or the address or state folder cannot be used

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
            Ok(operate(settings, Arc::new(SystemClock), stop).await?)
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
            installation: self.installation,
            namespace: self.namespace,
            identity: self.identity,
            max_concurrent: usize::from(self.max_concurrent),
            lease_duration: self.lease_duration.duration(),
            sink,
            snapshots: self.snapshots,
            aws: self.aws.settings(),
            archive_deadline: self.archive_deadline.duration(),
            open_reports: NonZeroU16::new(self.open_reports_max_results)
                .filter(|_| self.open_reports),
            debug_plan: self.debug_plan,
        }
    }
}

/// Shorter leases would cost more requests than they save time.
fn lease_duration(text: &str) -> Result<Period, String> {
    const SHORTEST: Duration = Duration::from_secs(3);
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    if period.duration() < SHORTEST {
        return Err("a lease lasts at least 3s, so that a slow answer does not lose it".to_owned());
    }
    Ok(period)
}
