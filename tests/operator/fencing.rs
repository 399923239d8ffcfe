//! A replica that was stopped past its lease writes nothing when it goes on: another has its work by then.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::live_accounts::Live;
use super::operated::FIXED;
use support::log;
use support::waiting::eventually;

const REGION: &str = "eu-west-1";
/// A call is held so long: longer than it takes to stop a process, shorter than others take to take over.
const SECONDS: f64 = 2.0;

fn writes(live: &Live) -> u64 {
    let calls = live.double.calls();
    ["BatchImportFindings", "BatchUpdateFindings"].map(|operation| calls.of(operation)).iter().sum()
}

/// What stands of the findings: all that any write would change.
fn stands(live: &Live) -> BTreeMap<String, Value> {
    let parts = ["Compliance", "Workflow", "RecordState", "UserDefinedFields", "UpdatedAt"];
    let stands = |finding: &Value| json!(parts.map(|part| finding[part].clone()));
    live.double.findings().iter().map(|(id, finding)| (id.clone(), stands(finding))).collect()
}

/// Stops a replica in the middle of a publication that resolves drift, when it waits for the answer to such
/// a call, and lets it go on when another has published instead.
async fn stopped_at(operation: &str, fault: &str) {
    let Some(live) = Live::start(&["--lease-duration=4s"]).await else { return };
    let (namespace, [account]) = live.published("fencing").await;
    let matching = json!({ "operation": operation, "account": account });
    let held = json!({ "kind": fault, "seconds": SECONDS, "match": matching });
    live.double.order_faults(1, &[held]);
    // In one region: a call that is on its way out when the process stops cannot be called back.
    live.set_versioning(&account, REGION, "Enabled");
    live.operated.ask(&namespace, "fixed").await;
    eventually(&format!("{operation} is under way"), async || {
        live.double.struck().values().any(|count| *count > 0).then_some(())
    })
    .await;
    live.replica.signal("STOP");

    // Another takes over, and publishes.
    live.double.no_faults();
    let second = live.operated.start("plumbline-1").await;
    second.ready().await;
    live.finding_says(&account, REGION, FIXED).await;
    let published = stands(&live);
    live.double.forget_calls();

    live.replica.signal("CONT");
    eventually("it has noticed", async || {
        let log = live.operated.logged("plumbline-0");
        (!log::lines(&log, "lease_lost").is_empty()).then_some(())
    })
    .await;
    // It takes part in the work again, as one that has to read first.
    eventually("it holds shards again", async || {
        live.replica.metric("plumbline_shards_held ").await.filter(|held| *held > 1.0)
    })
    .await;
    assert_eq!(writes(&live), 0, "it wrote after its lease: {:?}", live.double.calls().calls);
    assert_eq!(stands(&live), published);
}

#[tokio::test]
async fn what_follows_an_answer_that_came_in_time_is_not_sent_after_the_lease() {
    stopped_at("BatchUpdateFindings", "slow").await;
}

#[tokio::test]
async fn what_was_cut_off_is_not_tried_again_after_the_lease() {
    stopped_at("BatchImportFindings", "hang").await;
}
