//! The kinds as their users meet them: names, columns, defaults, status.

use api::{AwsAccount, BaselineReport, SecurityBaseline, crds};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::cluster::Cluster;

fn baseline(name: &str) -> SecurityBaseline {
    let baseline = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": name },
        "spec": { "accounts": { "names": ["payments"] }, "packs": [{ "name": "foundations" }] },
    });
    serde_json::from_value(baseline).unwrap()
}

fn condition(kind: &str, status: &str) -> Value {
    json!({
        "type": kind,
        "status": status,
        "reason": "Tested",
        "message": "It was tested.",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[tokio::test]
async fn every_kind_answers_to_its_names_and_its_category() {
    let Some(cluster) = Cluster::shared() else { return };
    let arguments = ["api-resources", "--categories=plumbline", "--output=name", "--no-headers"];
    let listed = cluster.kubectl_prints(&arguments);
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    let mut names = Vec::new();
    for crd in crds() {
        names.push(crd.name_any());
        let kind = crd.spec.names;
        let singular = kind.singular.into_iter();
        for name in kind.short_names.into_iter().flatten().chain([kind.plural]).chain(singular) {
            cluster.kubectl_prints(&["get", &name, "--all-namespaces"]);
        }
    }
    names.sort_unstable();
    assert_eq!(listed, names);
}

#[tokio::test]
async fn the_list_of_baselines_tells_how_they_stand() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("columns").await;
    let baselines: Api<SecurityBaseline> = Api::namespaced(cluster.client().await, &namespace);
    baselines.create(&PostParams::default(), &baseline("production")).await.unwrap();
    let status = json!({ "status": {
        "observedGeneration": 1,
        "conditions": [
            condition("Accepted", "True"),
            condition("Ready", "True"),
            condition("Compliant", "False"),
            condition("Published", "Unknown"),
        ],
        "lastEvaluation": {
            "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:05Z",
            "items": 100,
            "evaluations": 500,
        },
        "summary": {
            "compliant": 10, "nonCompliant": 7, "notApplicable": 3, "exempt": 2, "unknown": 4,
            "bySeverity": { "critical": 1, "high": 2, "medium": 4, "low": 0, "informational": 0 },
        },
    }});
    let parameters = PatchParams::default();
    baselines.patch_status("production", &parameters, &Patch::Merge(&status)).await.unwrap();

    let table = cluster.kubectl_prints(&["get", "baselines", "--namespace", &namespace]);
    let table = words(&table);
    let columns = ["NAME", "ACCEPTED", "READY", "COMPLIANT", "DRIFT", "CRITICAL", "UNKNOWN", "AGE"];
    assert_eq!(table[0], columns);
    assert_eq!(table[1][..7], ["production", "True", "True", "False", "7", "1", "4"]);
    let wide = ["get", "baselines", "--output=wide", "--namespace", &namespace];
    let wide = cluster.kubectl_prints(&wide);
    assert!(words(&wide)[0].contains(&"PUBLISHED"), "{wide}");

    // What scripts wait for.
    let object = "baseline/production";
    let wait =
        ["wait", "--for=condition=Ready", object, "--namespace", &namespace, "--timeout=30s"];
    assert!(cluster.kubectl_prints(&wait).contains("condition met"));
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("status").await;
    let baselines: Api<SecurityBaseline> = Api::namespaced(cluster.client().await, &namespace);
    let parameters = PatchParams::default();
    let status = json!({ "status": { "observedGeneration": 1 } });
    let created = baselines.create(&PostParams::default(), &baseline("production")).await.unwrap();
    assert_eq!(created.metadata.generation, Some(1));

    let untouched =
        baselines.patch("production", &parameters, &Patch::Merge(&status)).await.unwrap();
    let observed = untouched.status.unwrap().observed_generation;
    assert_eq!(observed, Some(-1), "the spec's writer says nothing of the status");

    let both = json!({ "spec": { "suspend": true }, "status": { "observedGeneration": 1 } });
    let reported =
        baselines.patch_status("production", &parameters, &Patch::Merge(&both)).await.unwrap();
    assert_eq!(reported.status.unwrap().observed_generation, Some(1));
    assert!(!reported.spec.suspend, "the status's writer changes no spec");
    assert_eq!(reported.metadata.generation, Some(1), "a status is no new generation");

    let suspended = json!({ "spec": { "suspend": true } });
    let changed =
        baselines.patch("production", &parameters, &Patch::Merge(&suspended)).await.unwrap();
    assert_eq!(changed.metadata.generation, Some(2));
}

#[tokio::test]
async fn what_is_left_out_has_the_value_that_the_documentation_says() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("defaults").await;
    let client = cluster.client().await;
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let baselines: Api<SecurityBaseline> = Api::namespaced(client.clone(), &namespace);
    let raw = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": "production" },
        "spec": {
            "accounts": { "selector": {} },
            "packs": [{ "name": "foundations" }],
            "publish": {},
        },
    });
    let resource = kube::api::ApiResource::erase::<SecurityBaseline>(&());
    let untyped: Api<kube::api::DynamicObject> =
        Api::namespaced_with(client.clone(), &namespace, &resource);
    let object = serde_json::from_value(raw).unwrap();
    let created = untyped.create(&dry, &object).await.unwrap();
    let spec = &created.data["spec"];
    assert_eq!(spec["interval"], "30m");
    assert_eq!(spec["suspend"], false);
    assert_eq!(spec["publish"], json!({ "securityHub": true, "passed": false }));
    // An object that is written by the types is the same.
    let typed = baselines.create(&dry, &baseline("typed")).await.unwrap();
    assert_eq!(serde_json::to_value(typed.spec.publish).unwrap(), spec["publish"]);

    let accounts = kube::api::ApiResource::erase::<AwsAccount>(&());
    let accounts: Api<kube::api::DynamicObject> = Api::all_with(client, &accounts);
    let raw = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "AwsAccount",
        "metadata": { "name": "defaults" },
        "spec": {
            "accountId": "111122223333",
            "regions": ["eu-west-1"],
            "source": { "snapshot": { "url": "latest.json" } },
        },
    });
    let created = accounts.create(&dry, &serde_json::from_value(raw).unwrap()).await.unwrap();
    assert_eq!(created.data["spec"]["partition"], "aws");
    assert_eq!(created.data["spec"]["source"]["snapshot"]["maxAge"], "24h");
}

#[tokio::test]
async fn a_status_beyond_its_bounds_is_refused() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("bounds").await;
    let reports: Api<BaselineReport> = Api::namespaced(cluster.client().await, &namespace);
    let report = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "BaselineReport",
        "metadata": { "name": "production" },
        "spec": { "baseline": "production", "account": "payments", "accountId": "111122223333" },
    });
    let report: BaselineReport = serde_json::from_value(report).unwrap();
    reports.create(&PostParams::default(), &report).await.unwrap();
    let entry = |example: usize| {
        json!({
            "control": "s3-bucket-versioning",
            "severity": "High",
            "resources": 9,
            "examples": vec!["arn:aws:s3:::logs"; example],
            "since": "2026-01-01T00:00:00Z",
        })
    };
    let drift = |entries: usize, examples: usize| json!({ "status": { "drift": vec![entry(examples); entries] } });
    let patch = async |status: Value| {
        let parameters = PatchParams { dry_run: true, ..PatchParams::default() };
        reports.patch_status("production", &parameters, &Patch::Merge(&status)).await
    };
    patch(drift(50, 3)).await.unwrap();
    for (status, says) in [
        (drift(51, 3), "status.drift: Too many: 51: must have at most 50 items"),
        (drift(1, 4), "status.drift[0].examples: Too many: 4: must have at most 3 items"),
    ] {
        let refused = patch(status).await.unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
    }
}
