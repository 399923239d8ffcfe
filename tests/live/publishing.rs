//! The commands publish what they find live, and no more than that.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{ACCOUNT, Desired, World};
use super::{LIVE, key, of_type};
use support::double::Double;
use support::waiting::holds;

/// Longer than anything takes on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_mins(2);

/// `plumbline run` over a folder of baselines.
pub(super) struct Running {
    child: Child,
    lines: Receiver<String>,
}

/// The command `plumbline run`, with findings in Security Hub.
pub(super) fn run(double: &Double, desired: &Desired) -> Command {
    run_in(double, desired.path())
}

fn run_in(double: &Double, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command.arg("run").arg(folder);
    command.args(["--sink", "securityhub", "--installation", "default"]);
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

impl Running {
    pub(super) fn start(double: &Double, desired: &Desired) -> Self {
        Self::start_in(double, desired.path())
    }

    /// The same over any folder.
    pub(super) fn start_in(double: &Double, folder: &Path) -> Self {
        let mut child = run_in(double, folder).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let running = Self { child, lines };
        running.says("findings published");
        running
    }

    /// Waits for a line.
    pub(super) fn says(&self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(DEADLINE).expect(part);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Evaluates again, for a file has changed.
    pub(super) fn nudge(desired: &Desired) {
        let (file, now) = (desired.path().join("foundations.yaml"), jiff::Timestamp::now());
        // A file of its own without an object would be one that was emptied, and hold up archivals.
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{text}# {now}\n")).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a bucket's versioning stands in Security Hub: status, workflow and state.
fn versioning(double: &Double, bucket: &Value) -> Option<[String; 3]> {
    let id = bucket["resourceId"].as_str().unwrap();
    let end = format!("/foundations/{ACCOUNT}/eu-west-1/s3-bucket-versioning/AWS::S3::Bucket/{id}");
    let findings = double.findings();
    let (_, finding) = findings.iter().find(|(id, _)| id.ends_with(&end))?;
    let parts =
        [&finding["Compliance"]["Status"], &finding["Workflow"]["Status"], &finding["RecordState"]];
    Some(parts.map(|part| part.as_str().unwrap().to_owned()))
}

/// A bucket that keeps no versions.
pub(super) fn suspended(world: &World) -> Value {
    let versioning = |item: &Value| {
        item["supplementaryConfiguration"]["BucketVersioningConfiguration"]["status"].clone()
    };
    let buckets = of_type(world, "AWS::S3::Bucket");
    (*buckets.iter().find(|bucket| versioning(bucket) == "Suspended").unwrap()).clone()
}

#[test]
fn run_publishes_resolves_and_archives_in_security_hub() {
    let world = World::of(1);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let bucket = suspended(&world);
    let running = Running::start(&double, &desired);
    let is = |expected: [&str; 3]| {
        let found = versioning(&double, &bucket);
        found.is_some_and(|found| found == expected)
    };
    assert!(is(["FAILED", "NEW", "ACTIVE"]), "{:?}", versioning(&double, &bucket));

    let mut fixed = key(&bucket);
    fixed["patch"] = json!({"supplementaryConfiguration": {"BucketVersioningConfiguration": {
        "status": "Enabled",
    }}});
    double.patch_items(&[fixed]);
    Running::nudge(&desired);
    holds("it is resolved", || is(["PASSED", "RESOLVED", "ACTIVE"]));

    double.forget_calls();
    drop(running);
    let running = Running::start(&double, &desired);
    assert_eq!(double.calls().of("BatchImportFindings"), 0, "a restart publishes nothing");
    assert_eq!(double.calls().of("BatchUpdateFindings"), 0);

    fs::remove_file(desired.path().join("foundations.yaml")).unwrap();
    holds("all of the removed baseline is archived", || {
        let findings = double.findings();
        let mut of_it = findings.iter().filter(|(id, _)| id.contains("/foundations/"));
        of_it.all(|(_, it)| it["RecordState"] == "ARCHIVED") // what was fixed, too
    });
    drop(running);
}

fn scan_and_publish(double: &Double, desired: &Desired) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command
        .args(["scan", "--live", "--publish", "--installation", "default", "--baseline"])
        .arg(desired.path())
        .output()
        .unwrap()
}

#[test]
fn a_region_without_security_hub_refuses_and_the_rest_goes_on() {
    let world = World::of(1);
    let desired = Desired::of(LIVE);
    let off = json!({"enabled": false});
    let state = world.state().region(ACCOUNT, "us-east-1", "securityHub", off);
    let Some(double) = Double::start(&state) else { return };
    let scan = scan_and_publish(&double, &desired);
    let said = String::from_utf8_lossy(&scan.stderr).into_owned();
    assert_eq!(scan.status.code(), Some(2), "{said}");
    assert!(said.contains("us-east-1") && said.contains("not enabled"), "{said}");
    let findings = double.findings();
    assert!(findings.values().all(|finding| finding["Region"] == "eu-west-1"));
    assert!(findings.len() > 20, "{}", findings.len());

    // A second scan has nothing to publish where Security Hub is, and opens all that was refused.
    double.change_region(ACCOUNT, "us-east-1", &json!({"securityHub": {"enabled": true}}));
    double.forget_calls();
    let scan = scan_and_publish(&double, &desired);
    let said = String::from_utf8_lossy(&scan.stderr).into_owned();
    assert_eq!(scan.status.code(), Some(1), "{said}");
    let calls = double.calls();
    let imports = calls.each("BatchImportFindings");
    assert!(!imports.is_empty() && imports.iter().all(|call| call["region"] == "us-east-1"));
}

#[test]
fn a_region_that_is_not_enabled_and_a_clock_that_is_off_are_named_with_what_to_do() {
    let world = World::of(1);
    let desired = Desired::of(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let reported = |fault: Value| {
        double.order_faults(1, &[fault]);
        let scan = scan_and_publish(&double, &desired);
        (scan.status.code(), String::from_utf8_lossy(&scan.stderr).into_owned())
    };
    let (code, said) = reported(json!({
        "kind": "error", "code": "UnrecognizedClientException", "status": 403,
        "message": "The security token included in the request is invalid.",
        "match": {"service": "securityhub", "region": "us-east-1"},
    }));
    assert_eq!(code, Some(2), "{said}");
    for part in ["in us-east-1", "the region is not enabled", "aws account enable-region"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("trust policy"), "{said}");

    let off = json!({"kind": "skew", "match": {"operation": "GetFindings"}});
    let (code, said) = reported(off.clone());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("set the clock of the machine"), "{said}");
    // Off once, and right as soon as AWS's answer has reported the time.
    let mut once = off;
    once["count"] = json!(1);
    let (code, said) = reported(once);
    assert_eq!((code, said.contains("clock")), (Some(1), false), "{said}");
}
