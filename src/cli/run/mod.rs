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

use super::aws::AwsArguments;
use super::exit::{CommandError, Exit};
use super::traces::TraceArguments;
use crate::controller::{Settings, SinkChoice, SystemClock, run};
use crate::drift::Installation;
use crate::server::TraceSettings;
use console::{Console, Form};

/// Keep the baselines of a folder evaluated: publish drift, resolve it when fixed, serve metrics
///
/// Reads every YAML file of DIR (baselines, accounts, controls, packs, exemptions, attestations)
/// and what its accounts name: snapshots, AWS Config of the account, or an aggregator. Prints the
/// drift, and goes on: a file that changes is evaluated within a second, every baseline at its
/// `interval`, and an exemption or attestation that expires at once. Findings go to
/// `findings.jsonl` in the state folder, or to Security Hub. A restart repeats nothing. Ctrl-C
/// stops it cleanly.
///
/// A file with a mistake leaves the objects in force that it last gave; only a file that is
/// deleted takes its objects with it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct RunArguments {
    /// The folder of YAML files.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where findings go: to a file in the state folder, or to AWS Security Hub of each account
    /// and region, with the account's own role.
    #[arg(long, value_enum, value_name = "SINK", default_value = "file")]
    sink: SinkArgument,
    /// Where a file of findings is kept, by one process at a time. Default: `.plumbline` in DIR.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where /metrics, /healthz and /readyz are served; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    listen: SocketAddr,
    /// Keeps the findings of two Plumblines over one account apart.
    #[arg(long, env = "PLUMBLINE_INSTALLATION", value_name = "NAME", default_value = "default")]
    installation: Installation,
    /// How what happens is written on standard output: text for people, or json with an event a
    /// line. Default: as --log-format says.
    #[arg(long, value_enum, value_name = "FORMAT")]
    output: Option<OutputFormat>,
    #[command(flatten)]
    traces: TraceArguments,
    #[command(flatten)]
    aws: AwsArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
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
  66  DIR is no folder
  69  the state folder or the address cannot be used, or files cannot be watched

Examples:
  plumbline run deploy/samples/quickstart
  plumbline run baselines/ --state /var/lib/plumbline --listen 0.0.0.0:9464
  curl -s localhost:9464/metrics | grep plumbline_resources
  plumbline run baselines/ --sink securityhub
  tail -f baselines/.plumbline/findings.jsonl | jq -c '[.Compliance.Status, .Title]'";

impl RunArguments {
    /// Where traces go, if anywhere.
    pub(super) fn traces(&self) -> Option<TraceSettings> {
        self.traces.settings(None)
    }

    pub(super) fn execute(self, logs_are_json: bool) -> Result<Exit, CommandError> {
        let runtime = runtime().map_err(CommandError::Runtime)?;
        let sink = match self.sink {
            SinkArgument::File => {
                SinkChoice::File(self.state.unwrap_or_else(|| self.folder.join(".plumbline")))
            }
            SinkArgument::SecurityHub => SinkChoice::SecurityHub,
        };
        let form = match self.output {
            Some(OutputFormat::Json) => Form::Json,
            None if logs_are_json => Form::Json,
            Some(OutputFormat::Text) | None => Form::Text,
        };
        let console = Console::new(&self.folder, form);
        let settings = Settings {
            folder: self.folder,
            sink,
            listen: self.listen,
            installation: self.installation,
            aws: self.aws.settings(),
        };
        let ran = runtime.block_on(async {
            let stop = stopped().map_err(CommandError::Runtime)?;
            Ok(Box::pin(run(settings, &SystemClock, console, stop)).await?)
        });
        // An evaluation that was given up has nothing to finish.
        runtime.shutdown_background();
        ran.map(|()| Exit::Good)
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
