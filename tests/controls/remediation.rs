//! The commands that remediations name: AWS's own command line accepts each of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use engine::catalog::Catalog;
use serde_json::json;
use support::skipped::skip;

/// What is published of a remediation, in bytes.
const TEXT: usize = 512;

/// The Python that has AWS's command line, where it could be installed.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let set_up = Command::new(root.join("tests/setup-python.sh")).status().unwrap();
        set_up.success().then(|| root.join(".cache/venv/bin/python"))
    });
    if python.is_none() {
        assert!(
            std::env::var_os("PLUMBLINE_REQUIRE_AWS_DOUBLE").is_none(),
            "tests/setup-python.sh failed"
        );
        skip("the AWS CLI is not installed: run `tests/setup-python.sh`");
    }
    python.as_deref()
}

/// What AWS's command line refuses of commands, each given with the control that names it.
fn refused(python: &Path, commands: &[(&str, &str)]) -> String {
    let mut checker = Command::new(python)
        .args(["-B", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/controls/commands.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = commands.iter().map(|(control, command)| {
        format!("{}\n", json!({ "control": control, "command": command }))
    });
    checker.stdin.take().unwrap().write_all(lines.collect::<String>().as_bytes()).unwrap();
    let output = checker.wait_with_output().unwrap();
    assert!(output.status.success(), "tests/controls/commands.py: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Every command between backticks of a remediation, with the control's name. What begins with an
/// option continues the command before it.
fn commands() -> Vec<(&'static str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for control in Catalog::built_in().controls() {
        let mut command = "";
        for quoted in control.spec.remediation.text.split('`').skip(1).step_by(2) {
            if quoted.starts_with("aws ") {
                command = quoted;
                commands.push((control.name.as_str(), command.to_owned()));
            } else if quoted.starts_with("--") {
                commands.push((control.name.as_str(), format!("{command} {quoted}")));
            }
        }
    }
    commands
}

#[test]
fn the_command_line_of_aws_accepts_every_command_of_a_remediation() {
    let Some(python) = python() else { return };
    let commands = commands();
    let commands: Vec<(&str, &str)> =
        commands.iter().map(|(control, command)| (*control, command.as_str())).collect();
    _ = writeln!(super::stderr(), "{} commands", commands.len());
    assert!(commands.len() > 200, "{} commands", commands.len());
    assert_eq!(refused(python, &commands), "");
}

#[test]
fn a_command_that_does_not_work_is_refused() {
    let Some(python) = python() else { return };
    let attributes = "aws s3api put-bucket-versioning --bucket BUCKET --versioning-configuration";
    let [listed, unlisted, unknown] = ["Status=Enabled", "Status=On", "State=Enabled"]
        .map(|value| format!("{attributes} {value}"));
    let wrong = [
        (unlisted.as_str(), "Status is 'On', not one of Enabled, Suspended"),
        (unknown.as_str(), "Unknown parameter in VersioningConfiguration: \"State\""),
        ("aws s3api put-bucket-version --bucket BUCKET", "'put-bucket-version'"),
        ("aws s4api put-bucket-versioning --bucket BUCKET", "'s4api'"),
        (attributes, "--versioning-configuration: expected one argument"),
        ("aws s3api get-bucket-policy", "required: --bucket"),
        ("aws rds modify-db-instance --db-instance-identifier DB --multi-zone", "--multi-zone"),
        ("aws logs put-retention-policy --log-group-name L --retention-in-days DAYS", "'DAYS'"),
    ];
    for (command, why) in wrong {
        let refused = refused(python, &[("a", command)]);
        assert!(refused.contains(why), "{command}: {refused:?}");
    }
    let right = [
        listed.as_str(),
        "aws s3api put-bucket-policy --bucket BUCKET --policy file://policy.json",
        "aws cloudfront update-distribution --id ID --distribution-config file://c.json",
        // Each leaves handlers behind that fail in the next command.
        "aws ec2 modify-instance-attribute --instance-id I --no-source-dest-check",
        "aws ec2 release-address --allocation-id ADDRESS",
    ];
    assert_eq!(refused(python, &right.map(|command| ("a", command))), "");
}

#[test]
fn remediations_fit_into_a_finding_and_quote_their_commands() {
    for control in Catalog::built_in().controls() {
        let (name, text) = (&control.name, &control.spec.remediation.text);
        assert!(text.len() <= TEXT, "{name}: {} bytes", text.len());
        assert!(text.matches('`').count() % 2 == 0, "{name}: a backtick is not closed");
        let mut prose = text.split('`').step_by(2);
        assert!(!prose.any(|part| part.contains("aws ")), "{name}: a command without backticks");
    }
}
