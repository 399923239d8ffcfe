//! Two Plumblines of one installation leave each other's findings alone, whoever they are.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::LIVE;
use super::world::{ACCOUNT, Desired, World};
use support::double::Double;
use support::waiting::{DEADLINE, holds};

/// The command `plumbline run` over a folder, with a state folder of its own.
fn run(double: &Double, desired: &Desired, state: &Path) -> Command {
    let mut command = super::publishing::run(double, desired);
    command.arg("--state").arg(state);
    command
}

/// `plumbline run`, and what it says.
struct Running {
    child: Child,
    out: Receiver<String>,
    err: thread::JoinHandle<String>,
}

impl Running {
    /// Starts it, and waits until its first round is published.
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, out) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut errors = child.stderr.take().unwrap();
        let err = thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let running = Self { child, out, err };
        loop {
            let line = running.out.recv_timeout(DEADLINE).expect("a first round");
            if line.contains("published; waiting for changes") {
                return running;
            }
        }
    }

    /// Stops it, and gives its exit code and what it said on standard error.
    fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        (code, self.err.join().unwrap())
    }
}

/// A folder with one of the quickstart's baselines.
fn only(baseline: &str) -> Desired {
    let desired = Desired::of(LIVE);
    for name in ["foundations.yaml", "confidential.yaml"] {
        if name != format!("{baseline}.yaml") {
            fs::remove_file(desired.path().join(name)).unwrap();
        }
    }
    desired
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn marks(double: &Double) -> BTreeMap<String, usize> {
    let mut marks = BTreeMap::new();
    for finding in double.findings().values() {
        let mark = finding["ProductFields"]["plumbline/publisher"].as_str().unwrap_or_default();
        *marks.entry(mark.to_owned()).or_default() += 1;
    }
    marks
}

fn plumbline(double: &Double, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    let Output { status, stdout, stderr } = command.args(arguments).output().unwrap();
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (status.code(), text.concat())
}

#[test]
fn two_folders_of_one_installation_leave_each_other_alone() {
    let world = World::of(1);
    let Some(double) = Double::start(&world.state()) else { return };
    let (one, other) = (only("foundations"), only("confidential"));
    let (one_state, other_state) = (folder(), folder());
    let running = Running::start(run(&double, &one, one_state.path()));
    let published = double.findings();
    assert!(published.len() > 20, "{}", published.len());
    let (marks_of_one, count) = (marks(&double), published.len());
    assert!(marks_of_one.keys().all(|mark| mark.starts_with("folder/")), "{marks_of_one:?}");
    assert_eq!(marks_of_one.values().collect::<Vec<_>>(), [&count]);

    let second = Running::start(run(&double, &other, other_state.path()));
    let (code, said) = second.stop();
    assert_eq!(code, Some(2), "{said}");
    for part in ["belong to another Plumbline (the state folder ", "eu-west-1", "--adopt"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(double.findings(), published, "nothing of the first changed, and nothing is new");

    // The first goes on as if nothing had been.
    assert_eq!(running.stop().0, Some(0));
    let running = Running::start(run(&double, &one, one_state.path()));
    assert_eq!(running.stop().0, Some(0));
    assert_eq!(double.findings(), published);
}

#[test]
fn a_lost_state_folder_is_another_publisher_until_it_adopts() {
    let world = World::of(1);
    let Some(double) = Double::start(&world.state()) else { return };
    let desired = only("foundations");
    assert_eq!(Running::start(run(&double, &desired, folder().path())).stop().0, Some(0));
    let published = double.findings();

    let state = folder();
    let (code, said) = Running::start(run(&double, &desired, state.path())).stop();
    assert_eq!((code, double.findings()), (Some(2), published.clone()), "{said}");

    let mut adopting = run(&double, &desired, state.path());
    adopting.arg("--adopt");
    assert_eq!(Running::start(adopting).stop().0, Some(0));
    let taken = marks(&double);
    assert_eq!(taken.values().collect::<Vec<_>>(), [&published.len()], "{taken:?}");
    let id = fs::read_to_string(state.path().join("publisher")).unwrap();
    assert_eq!(taken.keys().next().map(String::as_str), Some(id.trim()));
    let kept = |findings: &BTreeMap<String, Value>| -> Vec<Value> {
        let parts = ["Id", "CreatedAt", "FirstObservedAt", "Workflow", "Compliance", "RecordState"];
        findings.values().map(|it| json!(parts.map(|part| it[part].clone()))).collect()
    };
    assert_eq!(kept(&double.findings()), kept(&published));
    // From now on it needs no leave.
    let taken = double.findings();
    assert_eq!(Running::start(run(&double, &desired, state.path())).stop().0, Some(0));
    assert_eq!(double.findings(), taken);
}

#[test]
fn a_scan_leaves_what_a_folder_publishes_alone_and_a_folder_what_a_scan_does() {
    let world = World::of(1);
    let Some(double) = Double::start(&world.state()) else { return };
    let desired = Desired::of(LIVE);
    let path = desired.path().to_str().unwrap();
    let scan = ["scan", "--live", "--baseline", path, "--publish"];
    let (code, said) = plumbline(&double, &scan);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("--publish needs --installation"), "{said}");
    let scan = [&scan[..], &["--installation", "shared"]].concat();
    assert_eq!(plumbline(&double, &scan).0, Some(1));
    let published = double.findings();
    assert_eq!(marks(&double), [("scan".to_owned(), published.len())].into());
    assert_eq!(plumbline(&double, &scan).0, Some(1), "another scan goes on with them");
    assert_eq!(double.findings(), published);

    let state = folder();
    let folder = |adopts: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        double.environment(&mut command);
        command.arg("run").arg(desired.path()).arg("--state").arg(state.path());
        command.args(["--sink", "securityhub", "--listen", "127.0.0.1:0"]);
        command.args(["--installation", "shared"]).args(adopts.then_some("--adopt"));
        command
    };
    let (code, said) = Running::start(folder(false)).stop();
    assert_eq!((code, double.findings()), (Some(2), published), "{said}");
    assert!(said.contains("another Plumbline (`plumbline scan`)"), "{said}");
    assert_eq!(Running::start(folder(true)).stop().0, Some(0));

    let taken = double.findings();
    let (code, said) = plumbline(&double, &scan);
    assert_eq!((code, double.findings()), (Some(2), taken), "{said}");
    assert!(said.contains("another Plumbline (the state folder "), "{said}");
}

#[test]
fn archive_leaves_what_a_folder_or_an_operator_publishes_unless_it_adopts() {
    let world = World::of(1);
    let Some(double) = Double::start(&world.state()) else { return };
    let desired = only("foundations");
    assert_eq!(Running::start(run(&double, &desired, folder().path())).stop().0, Some(0));
    let published = double.findings();
    let accounts = desired.path().to_str().unwrap();
    let archive = ["archive", "--installation", "default", "--all", "--yes"];
    let archive = [&archive[..], &["--accounts", accounts]].concat();
    let (code, said) = plumbline(&double, &archive);
    assert_eq!((code, double.findings()), (Some(2), published.clone()), "{said}");
    assert!(said.contains("belong to another Plumbline") && said.contains("0 findings"), "{said}");

    let (code, said) = plumbline(&double, &[&archive[..], &["--adopt"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(double.findings().values().all(|it| it["RecordState"] == "ARCHIVED"));
}

#[test]
fn findings_without_a_mark_are_taken_as_its_own_and_get_it_once() {
    let world = World::of(1);
    let Some(double) = Double::start(&world.state()) else { return };
    let (desired, state) = (only("foundations"), folder());
    assert_eq!(Running::start(run(&double, &desired, state.path())).stop().0, Some(0));
    let marked = marks(&double);
    let published = double.findings();
    for (id, finding) in &published {
        // As a version published them that knew no marks.
        let region = finding["Region"].as_str().unwrap();
        let patch = json!({"ProductFields": {"plumbline/publisher": null}});
        double.patch_finding(ACCOUNT, region, id, &patch);
    }
    assert_eq!(marks(&double), [(String::new(), published.len())].into());
    assert_eq!(Running::start(run(&double, &desired, state.path())).stop().0, Some(0));
    assert_eq!(marks(&double), marked);
    double.forget_calls();
    assert_eq!(Running::start(run(&double, &desired, state.path())).stop().0, Some(0));
    assert_eq!(double.calls().of("BatchImportFindings"), 0);
    holds("what was open is open", || {
        double.findings().values().all(|it| it["RecordState"] == "ACTIVE")
    });
}
