//! The command line shows what its documentation says: every example of `docs/commands.md`, and
//! the cases in `tests/cli`. `TRYCMD=overwrite` writes what it shows now.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod costs;
mod inputs;
mod outputs;
mod owners;
mod reports;

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

#[test]
fn commands_do_what_the_cases_say() {
    cases().case("tests/cli/*.trycmd").run();
}

#[test]
fn the_examples_of_the_documentation_work() {
    cases().case("docs/commands.md").run();
}

/// `make generate` writes it.
#[test]
fn the_list_of_controls_in_the_documentation_is_up_to_date() {
    let listed = plumbline().args(["controls", "list", "--output", "markdown"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let committed = include_str!("../../docs/controls.md");
    assert!(listed == committed, "docs/controls.md is stale: run `make generate`");
}

#[test]
fn a_snapshot_is_read_from_standard_input() {
    let output = plumbline()
        .args(["scan", "--baseline", "tests/cli/fixtures/baseline.yaml", "--snapshot", "-"])
        .stdin(File::open("tests/cli/fixtures/snapshot.json").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("team/small: 2 resources drift"), "{shown}");
}

#[test]
fn a_reader_that_goes_away_ends_a_command_without_a_word() {
    for arguments in [&["controls", "list"][..], &["crds"]] {
        let mut child = plumbline()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(141), ""));
    }
}

fn plumbline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("RUST_LOG", "").env("NO_COLOR", "1");
    command
}

/// What a command said.
struct Said {
    code: i32,
    out: String,
    errors: String,
}

/// Runs a command with this on standard input.
fn piped(arguments: &[&str], input: &str) -> Said {
    let mut child = plumbline()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Said::of(&child.wait_with_output().unwrap())
}

/// Runs a command.
fn said(arguments: &[&str]) -> Said {
    Said::of(&plumbline().args(arguments).stdin(Stdio::null()).output().unwrap())
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap();
        Self { code, out: text(&output.stdout), errors: text(&output.stderr) }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

fn cases() -> trycmd::TestCases {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").env("RUST_LOG", "").env("COLUMNS", "100");
    cases
}
