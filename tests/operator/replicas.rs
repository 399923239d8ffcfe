//! Replicas share the accounts, and whoever dies is replaced.

use std::collections::{BTreeMap, BTreeSet};

use api::SecurityBaseline;
use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::operated::{Account, Operated, baseline_says};
use support::waiting::eventually;

const BUCKETS: usize = 16;

/// How many buckets each replica holds, by the beginning of its name.
async fn shares(operated: &Operated) -> BTreeMap<String, usize> {
    let leases = operated.api::<Lease>(operated.release_namespace()).await;
    let leases = leases.list(&ListParams::default()).await.unwrap();
    let mut shares = BTreeMap::new();
    for lease in leases.iter().filter(|lease| lease.name_any().contains("-bucket-")) {
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone());
        let holder = holder.unwrap_or_default();
        let pod = holder.rsplit_once('-').map_or("nobody", |(pod, _)| pod);
        *shares.entry(pod.to_owned()).or_default() += 1;
    }
    shares
}

async fn shared_by(operated: &Operated, pods: &[&str]) {
    let fair = BUCKETS.div_ceil(pods.len());
    eventually(&format!("{pods:?} share the buckets"), async || {
        let shares = shares(operated).await;
        let all: usize = shares.values().sum();
        let is_fair =
            shares.iter().all(|(pod, count)| pods.contains(&pod.as_str()) && *count <= fair);
        (is_fair && all == BUCKETS).then_some(())
    })
    .await;
}

/// No two publications of an account say the same of the same finding.
fn published_once(account: &Account<'_>) {
    let mut seen = BTreeSet::new();
    for finding in account.published() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let said = (text(&finding["Id"]), text(&finding["Compliance"]["Status"]));
        assert!(seen.insert(said.clone()), "{said:?} was published twice");
    }
}

#[tokio::test]
async fn three_replicas_share_the_work_and_two_go_on_when_one_is_killed() {
    let Some(operated) = Operated::new(&["--lease-duration=4s"]).await else { return };
    let namespace = operated.cluster.namespace("shared").await;
    let mut accounts = Vec::new();
    for _ in 0..6 {
        accounts.push(operated.account(&namespace).await);
    }
    let of_namespace = json!({ "selector": { "matchLabels": { "of": namespace } } });
    operated.baseline(&namespace, &of_namespace).await;
    let [first, second, third] = [
        operated.start("plumbline-a").await,
        operated.start("plumbline-b").await,
        operated.start("plumbline-c").await,
    ];
    shared_by(&operated, &["plumbline-a", "plumbline-b", "plumbline-c"]).await;
    let drifts = |count: u64| {
        move |baseline: &SecurityBaseline| {
            let summary = baseline.status.as_ref().and_then(|status| status.summary.as_ref());
            summary.is_some_and(|summary| summary.non_compliant == count)
                && baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
        }
    };
    operated.baseline_where(&namespace, "two buckets of each drift", drifts(12)).await;

    second.kill();
    shared_by(&operated, &["plumbline-a", "plumbline-c"]).await;
    accounts.iter().for_each(Account::fix);
    operated.ask(&namespace, "fixed").await;
    operated.baseline_where(&namespace, "one of each is fixed", drifts(6)).await;
    accounts.iter().for_each(published_once);

    // While nobody answers, nobody works; afterwards the work is shared again.
    operated.cluster.restart_api_server();
    shared_by(&operated, &["plumbline-a", "plumbline-c"]).await;

    // Whoever is asked to stop gives its buckets away at once.
    first.stop().await;
    shared_by(&operated, &["plumbline-c"]).await;
    let buckets = eventually("the gauge follows", async || {
        third.metric("plumbline_shards_held").await.filter(|held| *held > 15.0)
    });
    assert_eq!(buckets.await.to_string(), "16");
    third.stop().await;
    assert_eq!(shares(&operated).await, [("nobody".to_owned(), BUCKETS)].into());
    accounts.iter().for_each(published_once);
}
