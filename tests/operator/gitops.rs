//! What tools that apply and wait see: Helm 4 waits by kstatus, as Flux does, and `kubectl diff` finds
//! nothing to change in what was applied.

use std::fs;
use std::path::Path;
use std::process::Output;

use api::{AwsAccount, Condition, SecurityBaseline};
use kube::Api;
use serde_json::{Value, json};

use super::health::{argo, flux};
use super::operated::{Operated, baseline_says};
use support::waiting::eventually;

/// Longer than the operator waits for another object before it calls a baseline stalled.
const PATIENCE: &str = "--timeout=150s";

fn object(kind: &str, metadata: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec,
    })
}

fn baseline(name: &str, account: &str, more: &Value) -> Value {
    let mut spec = json!({
        "accounts": { "names": [account] },
        "controls": [{ "name": "s3-bucket-versioning" }],
        "publish": { "securityHub": false },
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object("SecurityBaseline", &json!({ "name": name }), &spec)
}

/// Installs objects as a chart, and waits until kstatus calls all of them current.
fn waited_for(operated: &Operated, namespace: &str, objects: &[Value]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    write_chart(folder.path(), objects);
    let chart = folder.path().to_str().unwrap();
    let install = ["install", "objects", chart, "--namespace", namespace];
    operated.cluster.helm(&[&install[..], &["--wait=watcher", PATIENCE]].concat())
}

fn write_chart(folder: &Path, objects: &[Value]) {
    fs::create_dir(folder.join("templates")).unwrap();
    fs::write(folder.join("Chart.yaml"), "{apiVersion: v2, name: objects, version: 0.1.0}")
        .unwrap();
    for (number, object) in objects.iter().enumerate() {
        let file = folder.join(format!("templates/{number}.yaml"));
        fs::write(file, object.to_string()).unwrap();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[tokio::test]
async fn drift_does_not_block_whoever_waits_and_neither_does_what_is_empty_by_choice() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("waited").await;
    let account = operated.account(&namespace).await;
    let disabled = json!({ "controls": [{ "name": "s3-bucket-versioning", "disabled": true }] });
    let objects = [
        baseline("drifting", &account.name, &json!({})),
        baseline("suspended", &account.name, &json!({ "suspend": true })),
        baseline("empty", &account.name, &disabled),
    ];
    let output = waited_for(operated, &namespace, &objects);
    assert!(output.status.success(), "{}", said(&output));
    let baselines: Api<SecurityBaseline> = operated.api(&namespace).await;
    let drifting = baselines.get("drifting").await.unwrap();
    assert_eq!(baseline_says(&drifting, "Compliant"), Some(("False", "Drift")));
    assert_eq!(seen(operated, &drifting), ("Healthy".to_owned(), "current"));
    for (name, reason) in [("suspended", "Suspended"), ("empty", "NoControls")] {
        let baseline = baselines.get(name).await.unwrap();
        assert_eq!(baseline_says(&baseline, "Ready"), Some(("True", reason)));
        assert_eq!(baseline_says(&baseline, "Compliant"), Some(("Unknown", reason)));
        assert_eq!(seen(operated, &baseline), ("Healthy".to_owned(), "current"));
    }
}

/// What Argo CD and Flux make of a baseline by the checks of `deploy/`.
fn seen(operated: &Operated, baseline: &SecurityBaseline) -> (String, &'static str) {
    let mut object = serde_json::to_value(baseline).unwrap();
    object["apiVersion"] = "plumbline.dev/v1alpha1".into();
    object["kind"] = "SecurityBaseline".into();
    let shown = argo(operated.cluster, &[object.clone()]);
    (shown[0]["status"].as_str().unwrap().to_owned(), flux(&object))
}

#[tokio::test]
async fn an_account_that_no_baseline_uses_is_ready() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let account = operated.account("nobody").await;
    let accounts: Api<AwsAccount> = Api::all(operated.client().await);
    eventually("it is ready", async || {
        let conditions = accounts.get(&account.name).await.unwrap().status?.conditions;
        let is = |type_: &str| conditions.iter().find(|it| it.type_ == type_);
        (is("Ready")?.status == "True" && is("Reconciling").is_none()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_mistake_ends_the_wait_and_says_what_is_wrong() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("stalled").await;
    let account = operated.account(&namespace).await;
    let wrong = json!({ "controls": [{ "name": "s3-bucket-versioning",
        "parameters": { "none": 1 } }] });
    let output = waited_for(operated, &namespace, &[baseline("wrong", &account.name, &wrong)]);
    assert!(!output.status.success());
    let baselines: Api<SecurityBaseline> = operated.api(&namespace).await;
    let stalled = stalled(&baselines, "wrong").await;
    let wrong = baselines.get("wrong").await.unwrap();
    assert_eq!(seen(operated, &wrong), ("Degraded".to_owned(), "failed"));
    assert!(stalled.message.contains("none"), "{}", stalled.message);
    assert!(said(&output).contains("Failed"), "{}", said(&output));
}

async fn stalled(baselines: &Api<SecurityBaseline>, name: &str) -> Condition {
    eventually("it is stalled", async || {
        let conditions = baselines.get(name).await.unwrap().status?.conditions;
        conditions.into_iter().find(|it| it.type_ == "Stalled")
    })
    .await
}

#[tokio::test]
async fn what_is_applied_together_is_waited_for_whatever_comes_first() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("together").await;
    let account = operated.account(&namespace).await;
    let control = format!("{namespace}-own");
    let uses = json!({ "controls": [{ "name": control }] });
    let baseline_first = baseline("early", &account.name, &uses);
    let baselines: Api<SecurityBaseline> = operated.api(&namespace).await;
    super::operated::create(&baselines, baseline_first).await;
    eventually("it waits for its control", async || {
        let conditions = baselines.get("early").await.unwrap().status?.conditions;
        assert!(conditions.iter().all(|it| it.type_ != "Stalled"), "{conditions:?}");
        conditions.into_iter().find(|it| it.type_ == "Reconciling" && it.reason == "NotAccepted")
    })
    .await;
    let spec = json!({
        "title": "t", "description": "d", "severity": "Low", "domain": "governance",
        "remediation": { "text": "r" }, "check": { "attestation": {} },
    });
    let own = object("Control", &json!({ "name": control }), &spec);
    let output = waited_for(operated, &namespace, &[own]);
    assert!(output.status.success(), "{}", said(&output));
    eventually("it is ready", async || {
        let baseline = baselines.get("early").await.unwrap();
        let conditions = &baseline.status.as_ref()?.conditions;
        let is_ready = baseline_says(&baseline, "Ready") == Some(("True", "Evaluated"));
        (is_ready && conditions.iter().all(|it| it.type_ != "Reconciling")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn applying_again_what_the_operator_has_worked_on_shows_no_difference() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("again").await;
    let account = operated.account(&namespace).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("objects.json");
    let mut written = baseline("production", &account.name, &json!({}));
    written["metadata"]["namespace"] = namespace.as_str().into();
    fs::write(&file, written.to_string()).unwrap();
    let file = file.to_str().unwrap();
    for by in [&["--server-side"][..], &[]] {
        let apply = ["apply", "--filename", file];
        operated.cluster.kubectl_prints(&[&apply[..], by].concat());
        let ready = |baseline: &SecurityBaseline| {
            let finalizers = baseline.metadata.finalizers.as_deref().unwrap_or_default();
            baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
                && !finalizers.is_empty()
        };
        operated.baseline_where(&namespace, "it is ready", ready).await;
        let diff = operated.cluster.kubectl(&[&["diff", "--filename", file][..], by].concat());
        assert!(diff.status.success() && diff.stdout.is_empty(), "{by:?}: {}", said(&diff));
    }
}
