//! The base of kustomize: the chart's default values, for those who do not use Helm.

use std::fs;

use serde_json::Value;

use super::cluster::Cluster;
use super::release::template;
use super::yaml::{documents, repository};

/// `make generate` writes it.
#[tokio::test]
async fn the_base_is_what_the_chart_renders() {
    let Some(cluster) = Cluster::shared() else { return };
    let output = template(cluster, "plumbline", "plumbline", &["--no-hooks"]);
    let mut rendered = documents(&String::from_utf8(output.stdout).unwrap());
    for object in &mut rendered {
        let pod = object.pointer_mut("/spec/template/metadata/labels").map(Value::take);
        if let Some(mut labels) = pod {
            relabel(&mut labels);
            object["spec"]["template"]["metadata"]["labels"] = labels;
        }
        relabel(&mut object["metadata"]["labels"]);
    }
    let committed = fs::read_to_string(repository("deploy/kustomize/operator.yaml")).unwrap();
    assert!(documents(&committed) == rendered, "it is stale: run `make generate`");
}

/// Nothing of it is Helm's.
fn relabel(labels: &mut Value) {
    let labels = labels.as_object_mut().unwrap();
    labels.remove("helm.sh/chart").unwrap();
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "kustomize".into());
}

#[tokio::test]
async fn the_base_is_applied_to_an_empty_cluster_and_applying_it_again_changes_nothing() {
    let Some(cluster) = Cluster::own() else { return };
    let base = repository("deploy/kustomize").display().to_string();
    let apply = ["apply", "--server-side", "--warnings-as-errors", "--kustomize", &base];
    cluster.kubectl_prints(&apply);
    let again = cluster.kubectl(&["diff", "--server-side", "--kustomize", &base]);
    let shown = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && shown.is_empty(), "{shown}");
    let wait = ["wait", "--for=condition=Established", "customresourcedefinitions", "--all"];
    cluster.kubectl_prints(&wait);
    let args = "jsonpath={.spec.template.spec.containers[0].args}";
    let get = ["get", "deployment", "plumbline", "--namespace=plumbline", "--output", args];
    assert!(cluster.kubectl_prints(&get).contains("operator"));
}
