//! `plumbline run` does what it promises, as a process of its own.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod process;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use process::{DEADLINE, Sample, eventually};
use serde_json::Value;

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
const MENDED: (&str, &str, &str) = ("PASSED", "RESOLVED", "ACTIVE");

#[test]
fn drift_is_published_and_measured() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let finding = sample.finding("foundations", "s3-bucket-versioning", "acme-orders-exports");
    assert_eq!(status(&finding.unwrap()), OPEN);
    let (_, metrics) = running.get("/metrics");
    let series = "plumbline_resources{namespace=\"platform\",baseline=\"foundations\",\
                  account=\"111122223333\",region=\"eu-west-1\",control=\"s3-bucket-versioning\",\
                  severity=\"Medium\",verdict=\"NonCompliant\"}";
    assert_eq!(running.metric(series), Some(2.0), "{metrics}");
    assert_eq!(running.get("/healthz").0, 200);
    assert_eq!(running.get("/elsewhere").0, 404);
}

#[test]
fn a_mended_resource_passes_once() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    sample.replace("snapshot.json", "\"status\": \"Suspended\"", "\"status\": \"Enabled\"");
    let finding = || sample.finding("foundations", "s3-bucket-versioning", "acme-orders-exports");
    eventually("the finding passes", || status(&finding().unwrap()) == MENDED);
    let published = sample.published();
    let rounds = running.rounds("foundations");
    sample.write("unrelated.yaml", "# evaluated again\n");
    eventually("another round", || running.rounds("foundations") > rounds);
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
    eventually("the finding is archived", || finding()["RecordState"] == "ARCHIVED");
    sample.replace(
        "foundations.yaml",
        "name: s3-bucket-tls-only,",
        "name: codebuild-source-credentials,",
    );
    eventually("the finding is open again", || status(&finding()) == OPEN);
}

#[test]
fn findings_and_series_of_a_removed_baseline_go() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    sample.remove("confidential.yaml");
    let finding = || sample.finding("confidential", "s3-bucket-versioning", "acme-orders-exports");
    eventually("the finding is archived", || finding().unwrap()["RecordState"] == "ARCHIVED");
    eventually("its series are gone", || {
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

#[test]
fn a_file_with_a_mistake_stays_in_force_as_it_was() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let good = sample.read("foundations.yaml");
    for broken in ["spec: [", "", &good.replace("packs:", "pakcs:")] {
        let rounds = running.rounds("foundations");
        sample.write("foundations.yaml", broken);
        eventually("another round", || running.rounds("foundations") > rounds);
    }
    sample.replace("snapshot.json", "\"status\": \"Suspended\"", "\"status\": \"Enabled\"");
    let finding = || sample.finding("foundations", "s3-bucket-versioning", "acme-orders-exports");
    eventually("the finding passes", || status(&finding().unwrap()) == MENDED);
    assert!(sample.findings().values().all(|finding| finding["RecordState"] == "ACTIVE"));
}

#[test]
fn a_start_with_a_mistake_archives_nothing() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    running.kill();
    let published = sample.published();
    for (file, from, to) in [
        ("foundations.yaml", "packs:", "pakcs:"),
        ("confidential.yaml", "s3-bucket-versioning", "s3-bucket-versionning"),
        ("account.yaml", "name: acme-shop", "name: acme-shops"),
    ] {
        sample.replace(file, from, to);
        let running = sample.start();
        running.ready();
        assert_eq!(sample.published(), published, "{file}");
        running.kill();
        sample.replace(file, to, from);
    }
}

#[test]
fn a_snapshot_that_is_cut_or_gone_resolves_nothing() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let published = sample.published();
    let whole = sample.read("snapshot.json");
    let undelivered = || {
        running.metric(
            "plumbline_unknown{namespace=\"platform\",baseline=\"foundations\",\
             account=\"111122223333\",reason=\"NotDelivered\"}",
        )
    };
    assert_eq!(undelivered(), Some(0.0));
    sample.write("snapshot.json", &whole[..whole.len() / 2]);
    eventually("it is noticed", || undelivered() > Some(0.0));
    sample.write("snapshot.json", &whole);
    eventually("it is whole again", || undelivered() == Some(0.0));
    sample.remove("snapshot.json");
    eventually("it is noticed", || undelivered() > Some(0.0));
    assert_eq!(sample.published(), published);
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
    eventually("it is exempt", || status(&finding()) == ("FAILED", "SUPPRESSED", "ACTIVE"));
    eventually("the exemption expires", || status(&finding()) == OPEN);
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
fn mistakes_of_files_are_counted_until_they_are_fixed() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let errors = || running.metric("plumbline_configuration_errors ");
    assert_eq!(errors(), Some(0.0));
    sample.replace("foundations.yaml", "packs:", "pakcs:");
    eventually("the mistake is counted", || errors() > Some(0.0));
    sample.replace("foundations.yaml", "pakcs:", "packs:");
    eventually("it is fixed", || errors() == Some(0.0));
    // Without any baseline, something is wrong too.
    sample.remove("foundations.yaml");
    sample.remove("confidential.yaml");
    eventually("no baseline is a mistake", || errors() == Some(1.0));
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
fn findings_are_kept_in_the_folder_unless_told_otherwise() {
    let sample = Sample::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .arg("run")
        .arg(sample.path())
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let findings = sample.path().join(".plumbline/findings.jsonl");
    eventually("findings are published", || {
        fs::metadata(&findings).is_ok_and(|metadata| metadata.len() > 0)
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

/// `plumbline archive` over a sample's state folder: the exit code, and what it says.
fn archive(sample: &Sample, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["archive", "--state", sample.state().to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn what_a_renamed_installation_left_in_a_file_is_archived_by_command_and_nothing_else() {
    let sample = Sample::new();
    let old = sample.start();
    old.ready();
    assert!(old.stop("-TERM").success());
    let new = sample.start_with(|command| {
        command.args(["--installation", "new"]);
    });
    new.ready();
    let active = |installation: &str| {
        let findings = sample.findings().into_iter();
        let of_it = findings.filter(|(id, _)| id.starts_with(&format!("{installation}/")));
        of_it.filter(|(_, finding)| finding["RecordState"] == "ACTIVE").count()
    };
    let (left, kept) = (active("default"), active("new"));
    assert!(left > 20 && kept == left, "{left}, {kept}");

    // A list needs no turn; archiving does.
    let (code, said) = archive(&sample, &["--all"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{left} findings of installation `default` would")), "{said}");
    let (code, said) = archive(&sample, &["--all", "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("another Plumbline is using the state folder"), "{said}");
    assert!(new.stop("-TERM").success());

    let (code, said) = archive(&sample, &["--all", "--output", "json"]);
    let listed: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &listed["schemaVersion"]), (Some(1), &Value::from(1)), "{said}");
    assert_eq!(listed["found"], left, "{said}");

    let published = sample.published();
    let (code, said) = archive(&sample, &["--baseline", "platform/confidential"]);
    assert_eq!((code, sample.published()), (Some(1), published), "{said}");
    let (code, said) = archive(&sample, &["--all", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((active("default"), active("new")), (0, kept));
    assert_eq!(sample.published(), published + left);
    let (code, said) = archive(&sample, &["--all", "--yes"]);
    assert_eq!((code, sample.published()), (Some(0), published + left), "{said}");

    let (code, said) = archive(&sample, &[]);
    assert_eq!(code, Some(64), "{said}");
    let nowhere = sample.path().to_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["archive", "--all", "--state", nowhere])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(66));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no findings.jsonl"), "{said}");
}
