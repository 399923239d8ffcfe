//! Runs `plumbline run` as a process of its own on a copy of the quickstart.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::waiting::{DEADLINE, holds};
use crate::{http, program, repository};

/// A copy of the quickstart that a test may change.
#[derive(Debug)]
pub struct Sample {
    folder: TempDir,
    state: TempDir,
}

/// A process that watches a sample.
#[derive(Debug)]
pub struct Running {
    child: Child,
    address: String,
    /// Keeps the output flowing, and tells of each line.
    pub lines: Receiver<String>,
}

impl Sample {
    /// A copy without what is in force for a time only.
    #[allow(clippy::new_without_default)] // a folder is made
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let quickstart = repository().join("deploy/samples/quickstart");
        for entry in fs::read_dir(quickstart).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        let sample = Self { folder, state: tempfile::tempdir().unwrap() };
        // The sample's own dates pass.
        sample.remove("website-exemption.yaml");
        sample.remove("access-review.yaml");
        sample
    }

    /// The folder that is watched.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the findings.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// Writes a file as editors do: a new one, renamed over the old.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.path().join(format!(".{name}.new"));
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path().join(name)).unwrap();
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    /// Replaces text in a file that holds it.
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} does not hold {from}");
        self.write(name, &text.replace(from, to));
    }

    /// An exemption of the website's bucket, as of now.
    pub fn exempt_website(&self, expires_in: jiff::SignedDuration) {
        let now = jiff::Timestamp::now();
        let approved = now.checked_sub(jiff::SignedDuration::from_hours(1)).unwrap();
        let expires = now.checked_add(expires_in).unwrap();
        let text = format!(
            "apiVersion: plumbline.dev/v1alpha1\n\
             kind: Exemption\n\
             metadata: {{name: website, namespace: platform}}\n\
             spec:\n  \
               baseline: foundations\n  \
               controls: [s3-bucket-public-access-block]\n  \
               resources: [{{ids: [acme-website]}}]\n  \
               reason: It is public.\n  \
               approvedBy: alice@example.com\n  \
               approvedAt: \"{approved}\"\n  \
               expiresAt: \"{expires}\"\n"
        );
        self.write("exemption.yaml", &text);
    }

    /// How many lines have been published.
    pub fn published(&self) -> usize {
        self.lines().len()
    }

    /// Every complete line of the file of findings.
    pub fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.state().join("findings.jsonl")).unwrap_or_default();
        let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
        complete.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The findings as Security Hub would hold them: of one `Id` the newest `UpdatedAt`.
    pub fn findings(&self) -> BTreeMap<String, Value> {
        let mut findings: BTreeMap<String, Value> = BTreeMap::new();
        for line in self.lines() {
            let id = line["Id"].as_str().unwrap().to_owned();
            let updated = |finding: &Value| finding["UpdatedAt"].as_str().unwrap().to_owned();
            let known = findings.get(&id);
            if known.is_none_or(|known| updated(known) <= updated(&line)) {
                findings.insert(id, line);
            }
        }
        findings
    }

    /// The finding of a control of a baseline on a resource.
    pub fn finding(&self, baseline: &str, control: &str, resource: &str) -> Option<Value> {
        let mut findings = self.findings().into_iter().filter(|(id, _)| {
            id.contains(&format!("/platform/{baseline}/"))
                && id.contains(&format!("/{control}/"))
                && id.ends_with(&format!("/{resource}"))
        });
        findings.next().map(|(_, finding)| finding)
    }

    /// Starts watching, and waits until it serves.
    pub fn start(&self) -> Running {
        self.start_with(|_| {})
    }

    /// The same with another build of the program.
    pub fn start_program(&self, program: &OsStr) -> Running {
        Self::watched(self.command_of(program, "127.0.0.1:0", self.state()))
    }

    /// The same with another command line or environment.
    pub fn start_with(&self, change: impl FnOnce(&mut Command)) -> Running {
        let mut command = self.command("127.0.0.1:0", self.state());
        change(&mut command);
        Self::watched(command)
    }

    fn watched(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let address = loop {
            let line = lines.recv_timeout(DEADLINE).expect("it says where it serves metrics");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split("/metrics").next().unwrap().to_owned();
            }
        };
        Running { child, address, lines }
    }

    /// The command that watches.
    pub fn command(&self, listen: &str, state: &Path) -> Command {
        self.command_of(program().as_os_str(), listen, state)
    }

    fn command_of(&self, program: &OsStr, listen: &str, state: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg("run")
            .arg(self.path())
            .arg("--state")
            .arg(state)
            .args(["--listen", listen])
            .env_remove("RUST_LOG")
            .stderr(Stdio::inherit());
        command
    }
}

impl Running {
    /// Where it serves metrics.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it answers: the status and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        http::get(&self.address, path)
    }

    /// Waits until the first round is published.
    pub fn ready(&self) {
        holds("it is ready", || self.get("/readyz").0 == 200);
    }

    /// The value of a series, by the beginning of its line.
    pub fn metric(&self, series: &str) -> Option<f64> {
        http::series(&self.get("/metrics").1, series)
    }

    /// How many evaluations of the baseline have ended.
    pub fn rounds(&self, baseline: &str) -> u64 {
        let series = format!(
            "plumbline_evaluation_duration_seconds_count{{namespace=\"platform\",baseline=\"{baseline}\"}}"
        );
        #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)] // a small count
        self.metric(&series).map_or(0, |count| count as u64)
    }

    /// Asks it to stop by a signal, and waits until it has.
    pub fn stop(mut self, signal: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not stop");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
