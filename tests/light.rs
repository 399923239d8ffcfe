//! The light build, which `make run` makes: without AWS, Kubernetes and traces it runs the quickstart
//! to its table, and refuses by name what it leaves out.
//!
//! `make test` builds it and names it in `PLUMBLINE_LIGHT`; without that these tests are skipped.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::env;
use std::process::{Command, Output};

use support::process::{Running, Sample};
use support::skipped::skip;

/// Names the light program.
const LIGHT: &str = "PLUMBLINE_LIGHT";
/// Something that is needed is not available.
const UNAVAILABLE: i32 = 69;

/// The light program; nothing, said aloud, where none is named.
fn light() -> Option<Command> {
    let Some(program) = env::var_os(LIGHT) else {
        skip("PLUMBLINE_LIGHT names no light build: run `make light`");
        return None;
    };
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("RUST_LOG", "").env("NO_COLOR", "1");
    Some(command)
}

fn said(arguments: &[&str]) -> Option<Output> {
    Some(light()?.args(arguments).output().unwrap())
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_version_and_the_help_name_what_is_left_out() {
    let Some(version) = said(&["--version"]) else { return };
    assert!(text(&version.stdout).ends_with("\nfeatures: -aws -kubernetes -otlp\n"), "{version:?}");
    let help = said(&["--help"]).unwrap();
    let (_, left_out) = text(&help.stdout).split_once("\nNot in this build (").unwrap();
    for part in ["doctor, facts, organization, scan --live", "operator", "--otlp-endpoint"] {
        assert!(left_out.contains(part), "{part}: {left_out}");
    }
    for command in ["operator", "doctor", "facts", "organization"] {
        let help = said(&[command, "--help"]).unwrap();
        assert_eq!(help.status.code(), Some(0), "{command}");
        assert!(text(&help.stdout).starts_with("Not in this build (feature `"), "{help:?}");
    }
}

#[test]
fn what_is_left_out_is_refused_by_name() {
    const BASELINE: &str = "deploy/samples/quickstart";
    for (arguments, what, feature) in [
        (&["operator"][..], "command `operator`", "kubernetes"),
        (&["operator", "--sink", "file", "--debug-plan"], "command `operator`", "kubernetes"),
        (&["doctor", "--baseline", BASELINE], "command `doctor`", "aws"),
        (&["facts", "--region", "eu-west-1"], "command `facts`", "aws"),
        (&["scan", "--baseline", BASELINE, "--live"], "option --live", "aws"),
        (
            &["scan", "--baseline", BASELINE, "--snapshot", "s3://bucket"],
            "option --snapshot for buckets (s3://)",
            "aws",
        ),
        (&["run", BASELINE, "--sink", "securityhub"], "option --sink securityhub", "aws"),
        (&["archive", "--all"], "command `archive` without --state", "aws"),
        (
            &["run", BASELINE, "--otlp-endpoint", "http://localhost:4318"],
            "option --otlp-endpoint",
            "otlp",
        ),
    ] {
        let Some(refused) = said(arguments) else { return };
        let expected = format!(
            "error: this build of plumbline has no {what}: it was built without the feature \
             `{feature}`; `make build` and `cargo install` build everything\n"
        );
        assert_eq!(text(&refused.stderr), expected, "{arguments:?}");
        assert_eq!(refused.status.code(), Some(UNAVAILABLE), "{arguments:?}");
        assert_eq!(text(&refused.stdout), "", "{arguments:?}");
    }
}

#[test]
fn the_quickstart_comes_to_its_table() {
    if light().is_none() {
        return;
    }
    let (light, full) = (Sample::new(), Sample::new());
    let running = light.start_program(&env::var_os(LIGHT).unwrap());
    let rows = table(&running);
    assert!(rows.iter().any(|row| row.contains("s3-bucket-versioning")), "{rows:#?}");
    assert!(running.stop("-TERM").success());
    let running = full.start();
    assert_eq!(rows, table(&running), "the light build shows another table");
    running.ready();
    assert!(running.stop("-TERM").success());
    assert_eq!(light.findings().len(), full.findings().len());
    assert!(!light.findings().is_empty());
}

/// The lines of the first table, from its header to the first empty line.
fn table(running: &Running) -> Vec<String> {
    let mut lines = running.lines.iter().skip_while(|line| !line.starts_with("SEVERITY"));
    let rows: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    // The round has ended when it says what was published.
    assert!(lines.any(|line| line.contains("findings published")));
    rows
}

#[test]
fn an_account_that_is_read_from_aws_is_unknown_and_says_why() {
    if light().is_none() {
        return;
    }
    let sample = Sample::new();
    let account = sample.read("account.yaml");
    let (head, _) = account.split_once("  source:").unwrap();
    sample.write("account.yaml", &format!("{head}  source: {{configApi: {{}}}}\n"));
    let running = sample.start_program(&env::var_os(LIGHT).unwrap());
    running.ready();
    let verdicts = |verdict: &str| {
        let labels =
            format!("namespace=\"platform\",baseline=\"foundations\",verdict=\"{verdict}\"");
        running.metric(&format!("plumbline_baseline_verdicts{{{labels}}}"))
    };
    assert!(verdicts("Unknown") > Some(100.0), "{:?}", verdicts("Unknown"));
    assert_eq!(verdicts("Compliant"), Some(0.0));
    // What people attest is judged all the same: nobody has.
    assert!(verdicts("NonCompliant") > Some(0.0), "{:?}", verdicts("NonCompliant"));
    let lines: Vec<String> = running.lines.try_iter().collect();
    let why = "this build of plumbline does not reach AWS; build it with the feature `aws`";
    assert!(lines.iter().any(|line| line.contains(why)), "{lines:#?}");
    assert!(running.stop("-TERM").success());
}
