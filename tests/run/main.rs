//! `plumbline run` does what it promises, as a process of its own.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod archivals;
mod archive;
mod files;

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;
use support::process::Sample;
use support::waiting::{DEADLINE, holds};

fn status(finding: &Value) -> (&str, &str, &str) {
    let text = |value: &'_ Value| -> &'static str {
        match value.as_str() {
            Some("FAILED") => "FAILED",
            Some("PASSED") => "PASSED",
            Some("ACTIVE") => "ACTIVE",
            Some("ARCHIVED") => "ARCHIVED",
            Some("NEW") => "NEW",
            Some("RESOLVED") => "RESOLVED",
            Some("SUPPRESSED") => "SUPPRESSED",
            other => panic!("unexpected {other:?}"),
        }
    };
    (
        text(&finding["Compliance"]["Status"]),
        text(&finding["Workflow"]["Status"]),
        text(&finding["RecordState"]),
    )
}

const OPEN: (&str, &str, &str) = ("FAILED", "NEW", "ACTIVE");
const FIXED: (&str, &str, &str) = ("PASSED", "RESOLVED", "ACTIVE");

#[test]
fn drift_is_published_and_measured() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let finding = sample.finding("foundations", "s3-bucket-versioning", "acme-orders-exports");
    assert_eq!(status(&finding.unwrap()), OPEN);
    let (_, metrics) = running.get("/metrics");
    let series = "plumbline_drift_resources{namespace=\"platform\",baseline=\"foundations\",\
                  account=\"111122223333\",region=\"eu-west-1\",owner=\"platform\",control=\"s3-bucket-versioning\",\
                  severity=\"Medium\"}";
    assert_eq!(running.metric(series), Some(2.0), "{metrics}");
    assert_eq!(running.get("/healthz").0, 200);
    assert_eq!(running.get("/elsewhere").0, 404);
}

#[test]
fn a_fixed_resource_passes_once() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    sample.replace("snapshot.json", "\"status\": \"Suspended\"", "\"status\": \"Enabled\"");
    let finding = || sample.finding("foundations", "s3-bucket-versioning", "acme-orders-exports");
    holds("the finding passes", || status(&finding().unwrap()) == FIXED);
    let published = sample.published();
    let rounds = running.rounds("foundations");
    sample.write("unrelated.yaml", "# evaluated again\n");
    holds("another round", || running.rounds("foundations") > rounds);
    assert_eq!(sample.published(), published);
}

#[test]
fn a_changed_baseline_opens_and_archives() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    sample.replace(
        "foundations.yaml",
        "name: codebuild-source-credentials,",
        "name: s3-bucket-tls-only,",
    );
    let finding = || sample.finding("foundations", "s3-bucket-tls-only", "acme-scratch").unwrap();
    holds("the finding is archived", || finding()["RecordState"] == "ARCHIVED");
    sample.replace(
        "foundations.yaml",
        "name: s3-bucket-tls-only,",
        "name: codebuild-source-credentials,",
    );
    holds("the finding is open again", || status(&finding()) == OPEN);
}

#[test]
fn findings_and_series_of_a_removed_baseline_go() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    sample.remove("confidential.yaml");
    let finding = || sample.finding("confidential", "s3-bucket-versioning", "acme-orders-exports");
    holds("the finding is archived", || finding().unwrap()["RecordState"] == "ARCHIVED");
    holds("its series are gone", || {
        !running.get("/metrics").1.contains("baseline=\"confidential\"")
    });
    let others = sample.findings();
    let mut others = others.iter().filter(|(id, _)| id.contains("/foundations/"));
    assert!(others.all(|(_, finding)| finding["RecordState"] == "ACTIVE"));
}

#[test]
fn a_restart_repeats_nothing_and_signals_stop_it_cleanly() {
    let sample = Sample::new();
    for signal in ["-TERM", "-INT"] {
        let running = sample.start();
        running.ready();
        let published = sample.published();
        assert!(running.stop(signal).success());
        let running = sample.start();
        running.ready();
        assert_eq!(sample.published(), published);
        assert!(running.stop(signal).success());
    }
}

/// A pipe that nobody reads from stands for a disk that does not answer.
#[test]
fn a_state_folder_that_does_not_answer_keeps_nobody_from_stopping_it() {
    let sample = Sample::new();
    let pipe = sample.state().join("findings.lock");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = sample.command("127.0.0.1:0", sample.state());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let id = child.id();
    holds("it takes SIGTERM", || {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << (15 - 1)) != 0
    });
    let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().unwrap();
    assert!(asked.success());
    let deadline = Instant::now() + DEADLINE;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it does not end");
        }
        thread::yield_now();
    };
    assert!(ended.success());
}

#[test]
fn the_share_of_compliance_is_absent_while_nothing_is_read_or_evaluated() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let ratio = || {
        running
            .metric("plumbline_compliance_ratio{namespace=\"platform\",baseline=\"confidential\"}")
    };
    assert!(ratio().is_some_and(|ratio| ratio < 1.0), "{:?}", ratio());
    let snapshot = sample.read("snapshot.json");
    sample.remove("snapshot.json");
    holds("no share is reported of what is not read", || ratio().is_none());
    sample.write("snapshot.json", &snapshot);
    holds("the share is back", || ratio().is_some());
    sample.replace("confidential.yaml", "spec:\n", "spec:\n  suspend: true\n");
    holds("no share is reported of what is suspended", || ratio().is_none());
}

#[test]
fn what_labels_select_no_more_is_archived_with_a_line_for_each() {
    let sample = Sample::new();
    let other = sample
        .read("account.yaml")
        .replace("name: acme-shop", "name: acme-spare")
        .replace("111122223333", "444455556666");
    sample.write("spare.yaml", &other);
    let running = sample.start();
    running.ready();
    let gone = |id: &String| id.contains("/foundations/") && id.contains("111122223333");
    let before = sample.findings().into_keys().filter(gone).count();
    assert!(before > 10, "{before}");
    running.lines.try_iter().for_each(drop);
    sample.remove("account.yaml");
    let archived =
        || sample.findings().values().filter(|it| it["RecordState"] == "ARCHIVED").count();
    holds("what labels asked for is archived", || archived() == before);
    let lines = Cell::new(0);
    holds("a line for each", || {
        let new = running.lines.try_iter().filter(|line| line.contains(" archived ")).count();
        lines.set(lines.get() + new);
        lines.get() == before
    });
}

#[test]
fn an_exemption_suppresses_and_expires_by_the_clock() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let control = "s3-bucket-public-access-block";
    let finding = || sample.finding("foundations", control, "acme-website").unwrap();
    assert_eq!(status(&finding()), OPEN);
    sample.exempt_website(jiff::SignedDuration::from_secs(6));
    holds("it is exempt", || status(&finding()) == ("FAILED", "SUPPRESSED", "ACTIVE"));
    holds("the exemption expires", || status(&finding()) == OPEN);
}

#[test]
fn every_line_for_programs_has_its_event_and_says_what_happens() {
    let sample = Sample::new();
    let running = sample.start_with(|command| {
        command.args(["--output", "json"]);
    });
    running.ready();
    let next = |event: &str| -> Value {
        loop {
            let line = running.lines.recv_timeout(DEADLINE).expect("it goes on");
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["schemaVersion"], 1, "{line}");
            assert!(line["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{line}");
            if line["event"] == event {
                return line;
            }
        }
    };
    // The line that says where it serves was the first.
    let result = next("result");
    for field in ["baseline", "control", "severity", "account", "region", "verdict"] {
        assert!(result[field].is_string(), "{field}: {result}");
    }
    let evaluated = next("evaluated");
    assert!(evaluated["milliseconds"].is_u64(), "{evaluated}");
    assert!(evaluated["summary"]["nonCompliant"].as_u64() > Some(0), "{evaluated}");
    let published = next("published");
    assert_eq!(published["findings"].as_u64(), u64::try_from(sample.published()).ok());
    assert_eq!(published["refused"], serde_json::json!([]));
    sample.replace("snapshot.json", "\"status\": \"Suspended\"", "\"status\": \"Enabled\"");
    // The other baseline asks for more, so that its finding is only updated.
    let changes = [next("change"), next("change")];
    let change = changes.iter().find(|change| change["change"] == "resolved").unwrap();
    assert_eq!(change["control"], "s3-bucket-versioning", "{change}");
    for field in ["baseline", "severity", "account", "region", "resourceType", "resourceId"] {
        assert!(change[field].is_string(), "{field}: {change}");
    }
    next("evaluated");
    next("published");
}

#[test]
fn an_address_or_a_state_folder_in_use_is_a_clear_error() {
    let (sample, other) = (Sample::new(), Sample::new());
    let running = sample.start();
    let refused = |sample: &Sample, listen: &str, state: &Path| {
        let output = sample.command(listen, state).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(69));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refused(&other, running.address(), other.state());
    assert!(error.contains("--listen"), "{error}");
    let error = refused(&sample, "127.0.0.1:0", sample.state());
    assert!(error.contains("another Plumbline is using the state folder"), "{error}");
    let error = refused(&other, "127.0.0.1:0", Path::new("/dev/null/state"));
    assert!(error.contains("/dev/null/state"), "{error}");
}

#[test]
fn findings_are_kept_in_the_folder_unless_another_is_named() {
    let sample = Sample::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .arg("run")
        .arg(sample.path())
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let findings = sample.path().join(".plumbline/findings.jsonl");
    holds("findings are published", || {
        fs::metadata(&findings).is_ok_and(|metadata| metadata.len() > 0)
    });
    child.kill().unwrap();
    child.wait().unwrap();
}
