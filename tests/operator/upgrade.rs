//! What was stored under the first CRDs works under today's, and Helm takes CRDs over.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource};
use plumbline::api::{
    Attestation, AwsAccount, BaselineReport, Control, Exemption, Pack, SecurityBaseline, crds,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::cluster::{Cluster, install_crds};
use super::release::chart;
use super::yaml::{files, read, repository};

const FIRST: &str = "tests/fixtures/crds/v1alpha1-first";
/// One object of each kind, saying all that the first CRDs knew.
const OBJECTS: &str = "tests/fixtures/crds/v1alpha1-first/objects";

#[tokio::test]
async fn objects_of_the_first_version_work_after_helm_takes_the_definitions_over() {
    let Some(cluster) = Cluster::own() else { return };
    let client = cluster.client().await;
    let first = files(&repository(FIRST), "s.yaml")
        .into_iter()
        .filter(|path| path.parent().is_some_and(|folder| folder.ends_with("v1alpha1-first")));
    let first: Vec<CustomResourceDefinition> = first.map(|path| read(&path)).collect();
    assert_eq!(first.len(), 7);
    install_crds(&client, first).await;
    let objects = repository(OBJECTS).display().to_string();
    let apply = ["apply", "--server-side", "--warnings-as-errors", "--filename", &objects];
    cluster.kubectl_prints(&apply);

    let crds = chart("plumbline-crds");
    // Whoever applied the first version owns fields that today's changes.
    let install = [
        "install",
        "plumbline-crds",
        &crds,
        "--namespace=default",
        "--take-ownership",
        "--force-conflicts",
    ];
    cluster.helm_prints(&install);

    still_works::<SecurityBaseline>(&client).await;
    still_works::<AwsAccount>(&client).await;
    still_works::<Control>(&client).await;
    still_works::<Pack>(&client).await;
    still_works::<Exemption>(&client).await;
    still_works::<Attestation>(&client).await;
    still_works::<BaselineReport>(&client).await;
    // What users keep in their repositories is applied again, as it was.
    cluster.kubectl_prints(&apply);

    // The definitions, and with them the objects, outlive their chart.
    cluster.helm_prints(&["uninstall", "plumbline-crds", "--namespace=default"]);
    still_works::<SecurityBaseline>(&client).await;
    // Another installation takes them up again, and this one is asked to take them along.
    let install = ["install", "plumbline-crds", &crds, "--namespace=default", "--set=keep=false"];
    cluster.helm_prints(&install);
    still_works::<SecurityBaseline>(&client).await;
    cluster.helm_prints(&["uninstall", "plumbline-crds", "--namespace=default", "--wait"]);
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    let left = definitions.list(&ListParams::default()).await.unwrap();
    assert_eq!(left.items.len(), 0);
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
    assert!(crds().iter().any(|crd| crd.spec.names.kind == kind));
}
