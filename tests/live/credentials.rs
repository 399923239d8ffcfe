//! Credentials that are missing or refused are one sentence with a next step, never a dump.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::LIVE;
use super::secrets::{EXTERNAL_ID, KEY, SECRET, state};
use super::world::{ACCOUNT, Desired};
use support::double::Double;

/// A command without any credentials but those of the files in a folder.
fn scan(folder: &std::path::Path) -> (Command, Desired) {
    let desired = Desired::of(LIVE);
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
    }
    command
        .args(["scan", "--live", "--region", "eu-west-1", "--baseline"])
        .arg(desired.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", folder.join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"));
    (command, desired)
}

/// What a command says of the account, a line each, apart from results.
fn reported(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let reported = text(&output.stderr) + &text(&output.stdout);
    for dump in ["ProviderError", "FailedToLoad", "headers", "unhandled error", "account own", "{ "]
    {
        assert!(!reported.contains(dump), "{dump}: {reported}");
    }
    reported
}

#[test]
fn a_profile_that_does_not_exist_is_named_with_those_that_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config"), "[profile dev]\nregion = eu-west-1\n").unwrap();
    let (mut command, _desired) = scan(folder.path());
    let reported = reported(command.args(["--profile", "prod"]));
    assert!(reported.contains("there is no profile `prod` in "), "{reported}");
    assert!(
        reported.contains("(there are dev); name another with --profile or AWS_PROFILE"),
        "{reported}"
    );
}

#[test]
fn an_environment_without_credentials_says_how_to_give_some() {
    let folder = tempfile::tempdir().unwrap();
    let (mut command, _desired) = scan(folder.path());
    let reported = reported(&mut command);
    assert!(reported.contains("no AWS credentials"), "{reported}");
    assert!(
        reported.contains("give --profile, set AWS_PROFILE or AWS_ACCESS_KEY_ID"),
        "{reported}"
    );
}

#[test]
fn a_role_that_is_refused_is_named_with_who_asked_and_what_to_check() {
    let Some(double) = Double::start(&state()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (mut command, _desired) = scan(folder.path());
    double.environment(&mut command);
    let role = format!("arn:aws:iam::{ACCOUNT}:role/plumbline");
    command
        .args(["--role-arn", &role])
        .env("PLUMBLINE_EXTERNAL_ID", "another-external-id")
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    let reported = reported(&mut command);
    assert!(reported.contains(&format!("the role {role} cannot be assumed: ")), "{reported}");
    assert!(reported.contains("trust policy") && reported.contains("sts:AssumeRole"), "{reported}");
    assert!(
        !reported.contains("another-external-id") && !reported.contains(EXTERNAL_ID),
        "{reported}"
    );
}

#[test]
fn a_signature_that_does_not_match_shows_nothing_of_what_was_signed() {
    const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";
    let Some(double) = Double::start(&state()) else { return };
    let message = format!(
        "The request signature we calculated does not match the signature you provided.\n\n\
         The Canonical String for this request should have been\n'POST\n/\n\n\
         x-amz-security-token:{TOKEN}\n'"
    );
    double.order_faults(
        1,
        &[json!({
            "kind": "error", "share": 1.0, "status": 403, "code": "SignatureDoesNotMatch",
            "message": message, "match": {"operation": "GetCallerIdentity"},
        })],
    );
    let folder = tempfile::tempdir().unwrap();
    let (mut command, _desired) = scan(folder.path());
    double.environment(&mut command);
    command
        .args(["-vv", "--output", "json"])
        .env("RUST_LOG", "trace")
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(said.contains("does not match the signature you provided"), "{said}");
    assert!(!said.contains(TOKEN) && !said.contains("Canonical String"), "{said}");
}
