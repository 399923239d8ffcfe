//! Nothing secret is shown, however much is logged.

use std::process::Command;

use serde_json::json;

use super::world::{ACCOUNT, Desired, World};
use support::double::{Double, State};

pub(super) const KEY: &str = "AKIAOFTHEOPERATOR001";
pub(super) const SECRET: &str = "a-secret-key-that-nobody-may-see";
pub(super) const EXTERNAL_ID: &str = "an-external-id-that-nobody-may-see";

pub(super) fn state() -> State {
    let role = json!({"plumbline": {"externalId": EXTERNAL_ID}});
    World::of(1)
        .state()
        .account(ACCOUNT, "accessKeys", json!({KEY: SECRET}))
        .account(ACCOUNT, "roles", role)
}

/// Everything that a live scan says at the loudest level.
fn said(double: &Double, external_id: &str) -> String {
    let desired = Desired::of(super::LIVE);
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    let output = command
        .args(["scan", "--live", "-vv", "--output", "json", "--baseline"])
        .arg(desired.path())
        .args(["--role-arn", &format!("arn:aws:iam::{ACCOUNT}:role/plumbline")])
        .env("PLUMBLINE_EXTERNAL_ID", external_id)
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("RUST_LOG", "trace,aws_smithy_runtime=trace,aws_sigv4=trace,hyper_util=trace")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn no_secret_session_token_or_external_id_is_logged_at_any_level() {
    let Some(double) = Double::start(&state()) else { return };
    // The second time the role refuses: errors show nothing either.
    for external_id in [EXTERNAL_ID, "another-external-id"] {
        let said = said(&double, external_id);
        assert!(said.len() > 1000, "{said}");
        // Of alternate contacts and of who owns the organization's account nothing is kept.
        let personal = "CANARY";
        for secret in [SECRET, EXTERNAL_ID, "another-external-id", "x-amz-security-token", personal]
        {
            assert!(!said.contains(secret), "{secret}");
        }
        // A session token is a long word without blanks or punctuation.
        let is_token = |word: &&str| word.len() > 150 && !word.contains([':', '"', '/']);
        let token = said.split([' ', ',', '"', '\n']).find(is_token);
        assert_eq!(token, None);
    }
    assert!(double.calls().ok("AssumeRole") == 1, "{:?}", double.calls().counts);
}
