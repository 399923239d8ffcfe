//! `plumbline run`: keeps a folder's baselines evaluated.

mod console;
mod events;
mod warnings;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tokio::runtime::{Builder, Runtime};
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

use super::archivals::ConfirmedArguments;
use super::aws::AwsArguments;
use super::exit::{CommandError, Exit};
use super::features::Feature;
use super::live;
use super::metrics::MetricArguments;
use super::output::OutputFormat;
use super::owners::OwnerArguments;
use super::traces::TraceArguments;
use crate::folder::{Settings, run};
use crate::telemetry::TraceSettings;
use assess::SinkChoice;
use clock::SystemClock;
use console::{Console, ConsoleForm};
use engine::drift::{Installation, Publisher};

/// Keep the baselines of a folder evaluated: publish drift, resolve it when fixed, serve metrics
///
/// Reads every YAML file of DIR (baselines, accounts, controls, packs, exemptions, attestations)
/// and the sources of its accounts: snapshots, AWS Config of the account, or an aggregator. Prints
/// the drift and keeps running. A changed file is evaluated within a second, every baseline at its
/// `interval`, and an exemption or attestation when it begins or ends. Findings go to
/// `findings.jsonl` in the state folder, or to Security Hub. Nothing is published again after a
/// restart. Ctrl-C stops it cleanly.
///
/// If a file has a mistake, its last valid version stays in force. Deleting a file removes its
/// objects.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct RunArguments {
    /// The folder with the YAML files.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where findings go: to a file in the state folder, or to AWS Security Hub of each account
    /// and region, with the account's own role.
    #[arg(long, value_enum, value_name = "SINK", default_value = "file")]
    sink: SinkArgument,
    /// The folder for the file of findings, which one process can use at a time, and for the id of
    /// this Plumbline, which its findings carry. Keep it. Default: `.plumbline` in DIR.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The address of /metrics, /healthz and /readyz; port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    listen: SocketAddr,
    /// The name of this installation, which distinguishes its findings from those of other
    /// installations on the same account. Required with --sink securityhub; default: `default`.
    #[arg(long, env = "PLUMBLINE_INSTALLATION", value_name = "NAME")]
    installation: Option<Installation>,
    /// Take over findings of this installation that another Plumbline published. Without it they
    /// stay as they are, with a warning.
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    archivals: ConfirmedArguments,
    /// The format of standard output: text for people, or json with one event per line. Default:
    /// that of --log-format.
    #[arg(long, value_enum, value_name = "FORMAT")]
    output: Option<OutputFormat>,
    #[command(flatten)]
    owners: OwnerArguments,
    #[command(flatten)]
    metrics: MetricArguments,
    #[command(flatten)]
    traces: TraceArguments,
    #[command(flatten)]
    aws: AwsArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SinkArgument {
    File,
    #[value(name = "securityhub")]
    SecurityHub,
}

const EXAMPLES: &str = "\
Exit codes:
  0   stopped by Ctrl-C or SIGTERM
  64  a wrong command line
  2   the same, while findings were held back: see the warnings
  66  DIR is not a folder
  69  the state folder or the address cannot be used, or files cannot be watched

Examples:
  plumbline run deploy/samples/quickstart
  plumbline run baselines/ --state /var/lib/plumbline --listen 0.0.0.0:9464
  curl -s localhost:9464/metrics | grep plumbline_drift
  plumbline run baselines/ --sink securityhub --installation platform
  tail -f baselines/.plumbline/findings.jsonl | jq -c '[.Compliance.Status, .Title]'";

impl RunArguments {
    /// Where traces go, if anywhere.
    pub(super) fn traces(&self) -> Option<TraceSettings> {
        self.traces.settings(None)
    }

    pub(super) fn execute(self, logs_are_json: bool) -> Result<Exit, CommandError> {
        let runtime = runtime().map_err(CommandError::Runtime)?;
        let publisher = self.publisher()?;
        let state = self.state.unwrap_or_else(|| self.folder.join(".plumbline"));
        let sink = match self.sink {
            SinkArgument::File => SinkChoice::File(state.clone()),
            SinkArgument::SecurityHub => SinkChoice::SecurityHub,
        };
        let form = match self.output {
            Some(OutputFormat::Json) => ConsoleForm::Json,
            None if logs_are_json => ConsoleForm::Json,
            Some(OutputFormat::Text) | None => ConsoleForm::Text,
        };
        let console = Console::new(&self.folder, form);
        let settings = Settings {
            folder: self.folder,
            sink,
            listen: self.listen,
            owner_keys: self.owners.keys(),
            metrics: self.metrics.settings(),
            state,
            publisher,
            archival_limit: self.archivals.limit(),
            is_archival_confirmed: self.archivals.confirm_archival,
            aws: self.aws.settings(),
        };
        let ran = runtime.block_on(async {
            let stop = stopped().map_err(CommandError::Runtime)?;
            Ok(Box::pin(run(settings, &SystemClock, console, stop)).await?)
        });
        // An evaluation that was given up has nothing to finish.
        runtime.shutdown_background();
        ran.map(|ended| if ended.is_held_back { Exit::Undecided } else { Exit::Good })
    }

    /// Who publishes, but for its mark, which is in the state folder. Security Hub is shared with others:
    /// a name that nobody chose is no reason to publish there.
    fn publisher(&self) -> Result<Publisher, CommandError> {
        if matches!(self.sink, SinkArgument::SecurityHub) {
            Feature::Aws.needed_for("option --sink securityhub")?;
            live::chosen(self.installation.as_ref(), "--sink securityhub")?;
        }
        let installation = self.installation.clone().unwrap_or_default();
        Ok(Publisher { installation, id: None, adopts: self.adopt })
    }
}

/// Two threads: one waits for files and timers, one serves metrics. Evaluations have their own.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Ends when the process is asked to stop. From now on, neither signal ends it by itself.
pub(super) fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
