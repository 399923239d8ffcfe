//! What was stored under the first CRDs works under today's, and Helm takes CRDs over.

use std::fs;
use std::path::{Path, PathBuf};

use api::{
    Attestation, AwsAccount, BaselineReport, Control, Exemption, Pack, SecurityBaseline,
    TargetState, TargetStatus,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams,
};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::cluster::{Cluster, install_crds};
use super::release::chart;
use super::yaml::{files, read, repository};
use support::waiting::eventually;

const FIRST: &str = "tests/fixtures/crds/v1alpha1-first";
/// One object of each kind, saying all that the first CRDs knew.
const OBJECTS: &str = "tests/fixtures/crds/v1alpha1-first/objects";

/// Applies the objects as users do with what they keep in their repositories.
async fn apply_objects(cluster: &Cluster) {
    let objects = repository(OBJECTS).display().to_string();
    let apply = ["apply", "--server-side", "--warnings-as-errors", "--filename", &objects];
    // A busy API server tells of some definitions later than of others.
    eventually("the API server knows all definitions", async || {
        let output = cluster.kubectl(&apply);
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_early = errors.contains("ensure CRDs are installed first");
        assert!(output.status.success() || is_early, "{errors}");
        (!is_early).then_some(())
    })
    .await;
}

fn helm(cluster: &Cluster, verb: &str, chart: &str, arguments: &[&str]) {
    let all = [verb, "plumbline-crds", chart, "--namespace=default"];
    cluster.helm_prints(&[&all[..], arguments].concat());
}

#[tokio::test]
async fn objects_of_the_first_version_work_after_an_upgrade() {
    let Some(cluster) = Cluster::own() else { return };
    let client = cluster.client().await;
    let folder = tempfile::tempdir().unwrap();
    let first = chart_with_the_first_definitions(folder.path());
    helm(&cluster, "install", &first, &[]);
    apply_objects(&cluster).await;
    store_states(&client).await;
    store_emptied_lists(&client).await;
    helm(&cluster, "upgrade", &chart("plumbline-crds"), &[]);
    emptied_lists_are_read_and_written(&client).await;
    stored_states_are_read(&client).await;
    every_kind_still_works(&client).await;
    apply_objects(&cluster).await;
}

#[tokio::test]
async fn definitions_that_were_applied_by_hand_are_taken_over_and_outlive_their_chart() {
    let Some(cluster) = Cluster::own() else { return };
    let client = cluster.client().await;
    let first: Vec<CustomResourceDefinition> =
        first_definitions().iter().map(|path| read(path)).collect();
    install_crds(&client, first).await;
    apply_objects(&cluster).await;

    let today = chart("plumbline-crds");
    helm(&cluster, "install", &today, &["--take-ownership", "--force-conflicts"]);
    every_kind_still_works(&client).await;
    cluster.helm_prints(&["uninstall", "plumbline-crds", "--namespace=default"]);
    every_kind_still_works(&client).await;

    // Another installation takes them up again, and this one is asked to take them along.
    helm(&cluster, "install", &today, &["--set=keep=false"]);
    every_kind_still_works(&client).await;
    cluster.helm_prints(&["uninstall", "plumbline-crds", "--namespace=default", "--wait"]);
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    let left = definitions.list(&ListParams::default()).await.unwrap();
    assert_eq!(left.items.len(), 0);
}

fn first_definitions() -> Vec<PathBuf> {
    let mut first = files(&repository(FIRST), ".yaml");
    first.retain(|path| !path.starts_with(repository(OBJECTS)));
    assert_eq!(first.len(), 7);
    first
}

/// A copy of the chart that holds the first definitions.
fn chart_with_the_first_definitions(folder: &Path) -> String {
    let today = PathBuf::from(chart("plumbline-crds"));
    for below in ["templates", "files"] {
        fs::create_dir(folder.join(below)).unwrap();
    }
    for file in ["Chart.yaml", "values.yaml", "values.schema.json", "templates/crds.yaml"] {
        fs::copy(today.join(file), folder.join(file)).unwrap();
    }
    for path in first_definitions() {
        fs::copy(&path, folder.join("files").join(path.file_name().unwrap())).unwrap();
    }
    folder.display().to_string()
}

const REPORT: &str = "production-payments-prod";

/// Stores statuses as earlier versions did: with free texts for states.
async fn store_states(client: &Client) {
    let target = |state: &str| {
        json!({
            "account": "111122223333", "region": "eu-west-1", "state": state,
            "compliant": 1, "nonCompliant": 0, "unknown": 0,
        })
    };
    let reported = json!({ "targets": [target("Complete"), target("Incomplete")] });
    store::<BaselineReport>(client, REPORT, &reported).await;
    // No version stored this so far; one to come may, and be taken back.
    let later =
        json!({ "observedGeneration": 1, "targets": [target("Partial"), target("Pending")] });
    store::<SecurityBaseline>(client, "production", &later).await;
}

async fn store<K: Resource<DynamicType = ()>>(client: &Client, name: &str, status: &Value) {
    let resource = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = Api::default_namespaced_with(client.clone(), &resource);
    let status = json!({
        "apiVersion": resource.api_version, "kind": resource.kind, "status": status,
    });
    let parameters = PatchParams::apply("plumbline").force();
    let stored = api.patch_status(name, &parameters, &Patch::Apply(&status)).await.unwrap();
    assert_eq!(stored.data["status"], status["status"]);
}

const EMPTIED: &str = "emptied";

/// Stores an exemption whose lists are empty, which the first definitions took.
async fn store_emptied_lists(client: &Client) {
    let exemptions: Api<DynamicObject> =
        Api::default_namespaced_with(client.clone(), &ApiResource::erase::<Exemption>(&()));
    let emptied = json!({
        "apiVersion": api::API_VERSION, "kind": "Exemption", "metadata": { "name": EMPTIED },
        "spec": {
            "baseline": "production", "controls": ["s3-bucket-versioning"],
            "accounts": [], "resources": [], "reason": "It was emptied.",
            "approvedBy": "alice@example.com",
            "approvedAt": "2026-01-01T00:00:00Z", "expiresAt": "2026-06-01T00:00:00Z",
        },
    });
    let emptied: DynamicObject = serde_json::from_value(emptied).unwrap();
    exemptions.create(&PostParams::default(), &emptied).await.unwrap();
}

/// They are no lists that were left out, and what carries them can be labelled and takes a status.
async fn emptied_lists_are_read_and_written(client: &Client) {
    let exemptions: Api<Exemption> = Api::default_namespaced(client.clone());
    let spec = exemptions.get(EMPTIED).await.unwrap().spec;
    assert_eq!((spec.accounts, spec.resources), (Some(Vec::new()), Some(Vec::new())));
    let label = json!({ "metadata": { "labels": { "upgraded": "yes" } } });
    let parameters = PatchParams::default();
    exemptions.patch(EMPTIED, &parameters, &Patch::Merge(&label)).await.unwrap();
    let status = json!({ "status": { "observedGeneration": 1 } });
    exemptions.patch_status(EMPTIED, &parameters, &Patch::Merge(&status)).await.unwrap();
    exemptions.delete(EMPTIED, &DeleteParams::default()).await.unwrap();
}

/// What this version does not know is unknown, and hides nothing else.
async fn stored_states_are_read(client: &Client) {
    let reports: Api<BaselineReport> = Api::default_namespaced(client.clone());
    let reported = reports.get(REPORT).await.unwrap().status.unwrap();
    assert_eq!(states(&reported.targets), [TargetState::Complete, TargetState::Incomplete]);
    let baselines: Api<SecurityBaseline> = Api::default_namespaced(client.clone());
    let targets = baselines.get("production").await.unwrap().status.unwrap().targets;
    assert_eq!(states(&targets), [TargetState::Unknown, TargetState::Pending]);
}

fn states(targets: &[TargetStatus]) -> Vec<TargetState> {
    targets.iter().map(|target| target.state).collect()
}

async fn every_kind_still_works(client: &Client) {
    still_works::<SecurityBaseline>(client).await;
    still_works::<AwsAccount>(client).await;
    still_works::<Control>(client).await;
    still_works::<Pack>(client).await;
    still_works::<Exemption>(client).await;
    still_works::<Attestation>(client).await;
    still_works::<BaselineReport>(client).await;
}

/// The one object of a kind is read, loses nothing, and can be written: its spec and its status.
async fn still_works<K>(client: &Client)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + serde::Serialize + std::fmt::Debug,
{
    let resource = ApiResource::erase::<K>(&());
    let kind = resource.kind.clone();
    let every: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let objects = every.list(&ListParams::default()).await.unwrap().items;
    let [object]: [DynamicObject; 1] = objects.try_into().unwrap();
    let stored = serde_json::to_value(&object).unwrap();
    let typed: K = serde_json::from_value(stored.clone()).unwrap();
    let written = serde_json::to_value(&typed).unwrap();
    assert_eq!(written["spec"], stored["spec"], "{kind}: something is lost in reading");

    let namespace = object.metadata.namespace.clone();
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
        None => every,
    };
    let name = object.metadata.name.unwrap();
    let parameters = PatchParams::apply("plumbline").force();
    let label = json!({
        "apiVersion": resource.api_version,
        "kind": kind,
        "metadata": { "name": name, "labels": { "upgraded": "yes" } },
        "spec": stored["spec"],
    });
    api.patch(&name, &parameters, &Patch::Apply(&label)).await.unwrap();
    let status = if kind == "BaselineReport" {
        json!({ "baselineGeneration": 1 })
    } else {
        json!({ "observedGeneration": 1 })
    };
    let status = json!({
        "apiVersion": resource.api_version,
        "kind": kind,
        "status": status,
    });
    let reported = api.patch_status(&name, &parameters, &Patch::Apply(&status)).await.unwrap();
    assert_eq!(reported.data["status"], status["status"], "{kind}");
}
