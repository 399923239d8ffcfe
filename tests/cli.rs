//! The command line shows what its documentation says: every example of `docs/commands.md`, and
//! the cases in `tests/cli`. `TRYCMD=overwrite` writes what it shows now.

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
    let listed = std::process::Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["controls", "list", "--output", "markdown"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let committed = include_str!("../docs/controls.md");
    assert!(listed == committed, "docs/controls.md is stale: run `make generate`");
}

fn cases() -> trycmd::TestCases {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").env("RUST_LOG", "").env("COLUMNS", "100");
    cases
}
