//! The rig itself keeps what it promises to the other tests.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ListParams, PostParams};

use super::cluster::Cluster;
use super::supervised::Supervised;
use support::waiting::eventually;

#[tokio::test]
async fn a_process_ends_and_its_folder_goes_when_nobody_holds_it() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("waits");
    let arguments = ["-f", "/dev/null"].map(str::to_owned); // waits for ever
    let process = Supervised::start(&folder, Path::new("tail"), &arguments);
    assert!(!process.has_ended());
    assert!(folder.is_dir());
    drop(process);
    eventually("its folder is gone", async || (!folder.exists()).then_some(())).await;
}

#[tokio::test]
async fn a_process_that_fails_is_seen_to_have_ended() {
    let parent = tempfile::tempdir().unwrap();
    let arguments = ["-c", "echo no such flag >&2; exit 1"].map(str::to_owned);
    let folder = parent.path().join("fails");
    let process = Supervised::start(&folder, Path::new("sh"), &arguments);
    eventually("it has ended", async || process.has_ended().then_some(())).await;
    assert_eq!(process.log(), "no such flag");
}

#[tokio::test]
async fn a_cluster_keeps_what_it_stored_through_restarts_and_pauses() {
    let Some(cluster) = Cluster::own() else { return };
    let client = cluster.client().await;
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let map = |name: &str| {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_owned());
        map
    };
    eventually("the namespace is there", async || {
        maps.create(&PostParams::default(), &map("before")).await.ok()
    })
    .await;

    cluster.restart_api_server();
    eventually("what was stored is there", async || maps.get("before").await.ok()).await;

    cluster.pause_etcd();
    let asked = async { maps.create(&PostParams::default(), &map("paused")).await };
    let answer = tokio::time::timeout(Duration::from_millis(500), asked).await;
    assert!(answer.is_err(), "nothing is stored while etcd is stopped: {answer:?}");
    cluster.resume_etcd();
    eventually("it answers again", async || {
        maps.list(&ListParams::default()).await.ok().filter(|maps| !maps.items.is_empty())
    })
    .await;
}
