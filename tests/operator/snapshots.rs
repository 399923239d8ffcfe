//! A snapshot that cannot be read keeps nobody else from being evaluated, and says so.

use std::fs;
use std::process::Command;

use api::SecurityBaseline;
use serde_json::json;

use super::operated::{OPEN, Operated, baseline_says};

#[tokio::test]
async fn snapshots_that_are_pipes_are_unknown_and_hold_up_no_other_account() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let sick = operated.cluster.namespace("pipes").await;
    let mut accounts = Vec::new();
    for _ in 0..4 {
        let account = operated.account(&sick).await;
        fs::remove_file(account.snapshot()).unwrap();
        assert!(Command::new("mkfifo").arg(account.snapshot()).status().unwrap().success());
        accounts.push(account);
    }
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    operated.baseline(&sick, &json!({ "names": names })).await;

    let well = operated.cluster.namespace("well").await;
    let account = operated.account(&well).await;
    operated.baseline(&well, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;

    let unread = |baseline: &SecurityBaseline| {
        let conditions = baseline.status.iter().flat_map(|status| &status.conditions);
        let mut ready = conditions.filter(|it| it.type_ == "Ready");
        ready.any(|it| it.reason == "Incomplete" && it.message.contains("not a regular file"))
    };
    let baseline = operated.baseline_where(&sick, "the pipes are reported", unread).await;
    assert_eq!(baseline_says(&baseline, "Compliant"), Some(("Unknown", "Unknown")));

    // Once there are snapshots, all is well by itself.
    for account in &accounts {
        account.damage();
    }
    operated.ask(&sick, "now").await;
    let read = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
    };
    operated.baseline_where(&sick, "the snapshots are read", read).await;
}
