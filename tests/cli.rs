//! The command line shows what its documentation says: every example of `docs/commands.md`, and
//! the cases in `tests/cli`. `TRYCMD=overwrite` writes what it shows now.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

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
    let committed = include_str!("../docs/controls.md");
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
    assert!(shown.contains("team/small: 2 drift"), "{shown}");
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
    Command::new(env!("CARGO_BIN_EXE_plumbline"))
}

fn cases() -> trycmd::TestCases {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").env("RUST_LOG", "").env("COLUMNS", "100");
    cases
}
