//! Nothing that the operator writes into the cluster, publishes, serves or logs repeats a secret of
//! the resources that it is about.

use std::fs;

use api::{AwsAccount, BaselineReport, Control, SecurityBaseline};
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::operated::{Account, Operated, create};
use support::waiting::eventually;

const CANARY: &str = "hunter2canary";
const CONTROL: &str = "says-what-it-reads";

/// A control that says secrets, changed and as they are.
fn control() -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Control",
        "metadata": { "name": CONTROL },
        "spec": {
            "title": "As it should be",
            "description": "For the test.",
            "severity": "Critical",
            "domain": "data-protection",
            "remediation": { "text": "Fix it." },
            "check": { "expression": {
                "resourceTypes": ["AWS::S3::Bucket"],
                "compliant": "resource.configuration == {}",
                "message": "'password ' + resource.configuration.password + ' '
                    + resource.configuration.endpoint.upperAscii() + ' '
                    + resource.configuration.environment.variables.STAGE",
            }},
        },
    })
}

/// Puts canaries into every bucket of the account's snapshot.
fn plant(account: &Account<'_>) {
    let text = fs::read_to_string(account.snapshot()).unwrap();
    let mut snapshot: Value = serde_json::from_str(&text).unwrap();
    for item in snapshot["configurationItems"].as_array_mut().unwrap() {
        if item["resourceType"] == "AWS::S3::Bucket" {
            item["configuration"]["password"] = CANARY.into();
            item["configuration"]["endpoint"] = format!("https://user:{CANARY}@host/").into();
            item["configuration"]["environment"] = json!({ "variables": { "STAGE": CANARY } });
        }
    }
    account.deliver(&snapshot.to_string());
}

/// Every object of a kind in a namespace, as JSON.
async fn all<K>(api: Api<K>) -> String
where
    K: Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    serde_json::to_string(&api.list(&ListParams::default()).await.unwrap()).unwrap()
}

#[tokio::test]
async fn status_reports_events_findings_metrics_and_logs_repeat_no_secret() {
    let Some(cluster) = Cluster::own() else { return };
    cluster.install_open_reports();
    let values = ["--set=openReports.enabled=true", "--set-string=log.filter=trace"];
    let operated = Operated::with_values(cluster, &[], &values).await;
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let namespace = operated.cluster.namespace("discreet").await;
    let account = operated.account(&namespace).await;
    plant(&account);
    let client = operated.client().await;
    create(&Api::<Control>::all(client.clone()), control()).await;
    let baseline = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": "production", "namespace": namespace },
        "spec": { "accounts": { "names": [account.name] }, "controls": [{ "name": CONTROL }] },
    });
    create(&operated.api::<SecurityBaseline>(&namespace).await, baseline).await;

    let kind =
        ApiResource::from_gvk(&GroupVersionKind::gvk("openreports.io", "v1alpha1", "Report"));
    let reports = || Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &kind);
    eventually("a report of OpenReports shows the drift", async || {
        all(reports()).await.contains("(masked)").then_some(())
    })
    .await;
    eventually("the status shows the drift", async || {
        let shown = all(operated.api::<SecurityBaseline>(&namespace).await).await;
        shown.contains("acme-orders-exports").then_some(())
    })
    .await;
    let published = serde_json::to_string(&account.published()).unwrap();
    assert!(published.contains("(masked)"), "{published}");
    for (what, text) in [
        ("OpenReports", all(reports()).await),
        ("baselines", all(operated.api::<SecurityBaseline>(&namespace).await).await),
        ("BaselineReports", all(operated.api::<BaselineReport>(&namespace).await).await),
        ("accounts", all(Api::<AwsAccount>::all(client.clone())).await),
        ("events", all(Api::<Event>::all(client.clone())).await),
        ("findings", published),
        ("metrics", replica.get("/metrics").await.1),
        ("the log", operated.logged("plumbline-0")),
    ] {
        assert!(!text.to_lowercase().contains("canary"), "{what} repeats a secret");
    }
}
