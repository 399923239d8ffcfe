//! One replica of an operator.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use support::http;
use support::waiting::eventually;

use crate::supervised::Supervised;

/// A running operator.
pub(crate) struct Replica {
    pub(super) process: Supervised,
    pub(super) folder: PathBuf,
}

impl Replica {
    /// Starts one by a command; what it logs goes to the folder.
    pub(crate) fn of(folder: PathBuf, command: &Command) -> Self {
        Self { process: Supervised::of(&folder, command), folder }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    /// The end of what it has logged.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until it has given up to wait for findings of a deleted baseline.
    pub(crate) async fn gives_up(&self) {
        eventually("the archiving is given up", async || {
            let given_up = self.metric("plumbline_archives_given_up_total").await;
            given_up.filter(|count| *count > 0.0)
        })
        .await;
    }

    /// Where it serves, once it does.
    pub(crate) async fn address(&self) -> String {
        let log = self.folder.join("log");
        eventually("the operator says where it serves", async || {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let (_, rest) = text.split_once("\"address\":\"")?;
            Some(rest.split_once('"')?.0.to_owned())
        })
        .await
    }

    /// What it answers on a path: a code and a text.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let address = self.address().await;
        http::get(&address, path)
    }

    pub(crate) async fn ready(&self) {
        eventually("the operator is ready", async || {
            assert!(!self.process.has_ended(), "{}", self.process.log());
            (self.get("/readyz").await.0 == 200).then_some(())
        })
        .await;
    }

    /// The value of a series, by the beginning of its line.
    pub(crate) async fn metric(&self, series: &str) -> Option<f64> {
        http::series(&self.get("/metrics").await.1, series)
    }

    /// What all series of a name and labels come to.
    pub(crate) async fn sum(&self, name: &str, labels: &str) -> f64 {
        let (_, text) = self.get("/metrics").await;
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(labels));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The most memory that it ever had, in MiB.
    pub(crate) fn peak_memory(&self) -> f64 {
        support::memory::peak(&self.process.id().to_string()) / 1_048_576.0
    }

    /// The memory that it has now, without its code, in bytes.
    pub(crate) fn memory(&self) -> f64 {
        support::memory::anonymous(&self.process.id().to_string())
    }

    /// For how long it has kept a processor busy.
    pub(crate) fn processor_time(&self) -> Duration {
        support::memory::processor_time(&self.process.id().to_string())
    }

    /// Sends it a signal by its name: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Ends it without a word.
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.ends().await;
    }

    /// The same; what it logged stays.
    pub(crate) async fn ends(&self) {
        self.process.signal("TERM");
        eventually("the operator stops", async || self.process.has_ended().then_some(())).await;
    }
}
