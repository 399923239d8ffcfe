//! The chart's whole life with each Helm: installed, upgraded from an earlier version, rolled back,
//! removed; and what it renders, against the schemas of the API server.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::charts::values;
use super::cluster::{Cluster, Helm};
use super::release::{chart, render};
use super::yaml::{documents, repository};

/// The chart as it was before its values covered the operator's settings.
const EARLIER: &str = "tests/fixtures/charts/plumbline-1fb628d.tgz";
/// Kinds of which the chart has objects in its own namespace.
const NAMESPACED: &str = "deployments,services,serviceaccounts,roles,rolebindings,\
                          poddisruptionbudgets,networkpolicies,configmaps,servicemonitors,\
                          podmonitors,securitybaselines,secrets";

/// A release of the chart in a namespace of its own, by one Helm.
struct Life<'c> {
    cluster: &'c Cluster,
    helm: Helm,
    namespace: String,
}

impl Life<'_> {
    fn helm(&self, arguments: &[&str]) -> String {
        let all = [arguments, &["--namespace", &self.namespace]].concat();
        self.cluster.helm_of(self.helm, &all)
    }

    /// Every object of the release as the API server has it.
    fn objects(&self) -> Vec<Value> {
        let mut objects = documents(&self.helm(&["get", "manifest", "plumbline"]));
        for object in objects.iter_mut().filter(|it| it["kind"] == "ConfigMap") {
            if object["metadata"]["namespace"].is_null() {
                object["metadata"]["namespace"] = self.namespace.as_str().into();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifest.json");
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        fs::write(&file, list.to_string()).unwrap();
        let get = ["get", "--output=json", "--filename", file.to_str().unwrap()];
        let text = self.cluster.kubectl_prints(&get);
        let mut list: Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }

    fn deployment(&self) -> Value {
        let mut objects = self.objects();
        objects.retain(|object| object["kind"] == "Deployment");
        let [deployment]: [Value; 1] = objects.try_into().unwrap();
        deployment["spec"].clone()
    }

    /// What is left of the release in its namespace.
    fn left(&self) -> String {
        let selector = "--selector=app.kubernetes.io/instance=plumbline";
        let get = ["get", NAMESPACED, selector, "--output=name", "--namespace", &self.namespace];
        self.cluster.kubectl_prints(&get)
    }
}

fn versions(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|it| it["metadata"]["resourceVersion"].to_string()).collect()
}

#[tokio::test]
async fn helm_4_takes_the_chart_from_an_earlier_version_through_its_life_with_all_values() {
    live(Helm::V4).await;
}

#[tokio::test]
async fn helm_3_takes_the_chart_from_an_earlier_version_through_its_life_with_all_values() {
    live(Helm::V3).await;
}

async fn live(helm: Helm) {
    // Its own, for accounts are not in a namespace.
    let Some(cluster) = Cluster::own() else { return };
    cluster.install_every_definition().await;
    for values in values() {
        let namespace = cluster.namespace("life").await;
        let life = Life { cluster: &cluster, helm, namespace };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        life.with(&values);
    }
}

impl Life<'_> {
    fn with(&self, values: &[&str]) {
        let (earlier, chart) = (repository(EARLIER), chart("plumbline"));
        self.helm(&["install", "plumbline", earlier.to_str().unwrap()]);
        let before = self.deployment();

        let upgrade = [&["upgrade", "plumbline", &chart][..], values].concat();
        self.helm(&upgrade);
        // The API server stores the defaults of a status with the first update of an object.
        self.helm(&upgrade);
        let upgraded = self.objects();
        assert_ne!(self.deployment(), before, "{values:?}");
        self.helm(&upgrade);
        assert_eq!(versions(&self.objects()), versions(&upgraded), "{values:?}: nothing changed");

        self.helm(&["rollback", "plumbline", "1"]);
        assert_eq!(self.deployment(), before, "{values:?}");
        self.helm(&["uninstall", "plumbline"]);

        self.helm(&[&["install", "plumbline", &chart][..], values].concat());
        let declared = self.objects().iter().any(is_kept);
        self.helm(&["uninstall", "plumbline"]);
        let left = self.left();
        let is_only_declared = |name: &str| declared && name.starts_with("securitybaseline.");
        assert!(left.lines().all(is_only_declared), "{values:?}: {left}");
        assert_eq!(declared, !left.is_empty(), "{values:?}: {left}");
        self.cluster.kubectl_prints(&["delete", "awsaccounts", "--all"]);
        self.cluster.kubectl_prints(&["delete", "securitybaselines", "--all", "--all-namespaces"]);
    }
}

fn is_kept(object: &Value) -> bool {
    object["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
}

#[tokio::test]
async fn both_helms_render_the_same() {
    let Some(cluster) = Cluster::shared() else { return };
    for values in values() {
        let rendered = [Helm::V3, Helm::V4].map(|helm| {
            let chart = chart("plumbline");
            let kinds = super::release::api_versions();
            let template = ["template", "plumbline", &chart, "--namespace=plumbline", &kinds];
            let values = values.iter().map(String::as_str);
            let all: Vec<&str> = template.into_iter().chain(values).collect();
            let mut objects = documents(&cluster.helm_of(helm, &all));
            objects.sort_by_key(ToString::to_string);
            objects
        });
        assert_eq!(rendered[0], rendered[1], "{values:?}");
    }
}

#[tokio::test]
async fn values_that_an_upgrade_lost_are_reported_with_the_way_to_keep_them() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("reused").await;
    let life = Life { cluster, helm: Helm::V4, namespace };
    let (earlier, chart) = (repository(EARLIER), chart("plumbline"));
    life.helm(&["install", "plumbline", earlier.to_str().unwrap(), "--set=installation=blue"]);
    let upgrade = ["upgrade", "plumbline", &chart, "--namespace", &life.namespace];
    let output = cluster.helm(&[&upgrade[..], &["--reuse-values"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("Use --reset-then-reuse-values"), "{errors}");
    life.helm(&["upgrade", "plumbline", &chart, "--reset-then-reuse-values"]);
    let arguments = life.deployment()["template"]["spec"]["containers"][0]["args"].to_string();
    assert!(arguments.contains("--installation=blue"), "{arguments}");
}

#[tokio::test]
async fn the_chart_conforms_to_the_schemas_of_the_api_server() {
    let Some(cluster) = Cluster::equipped() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_schemas(cluster, folder.path());
    let file = folder.path().join("rendered.json");
    for values in values() {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut objects = render(cluster, "plumbline", "plumbline", &values);
        conforms(cluster, folder.path(), &file, &objects).unwrap();

        // The schemas are in force: a field that no kind has is seen.
        let deployment = objects.iter_mut().find(|it| it["kind"] == "Deployment").unwrap();
        deployment["spec"]["template"]["spec"]["replica"] = json!(1);
        let errors = conforms(cluster, folder.path(), &file, &objects).unwrap_err();
        assert!(errors.contains("replica"), "{errors}");
    }
}

/// Runs kubeconform; what it finds otherwise.
fn conforms(
    cluster: &Cluster,
    schemas: &Path,
    file: &Path,
    objects: &[Value],
) -> Result<(), String> {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    fs::write(file, list.to_string()).unwrap();
    let location = "{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json";
    let output = Command::new(cluster.kubeconform())
        .arg("-strict")
        .args(["-schema-location", &format!("{}/{location}", schemas.display())])
        .arg(file)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.success() { Ok(()) } else { Err(text) }
}

/// Writes a schema for each kind that the API server has, from its own `OpenAPI` document.
fn write_schemas(cluster: &Cluster, folder: &Path) {
    let document: Value =
        serde_json::from_str(&cluster.kubectl_prints(&["get", "--raw", "/openapi/v2"])).unwrap();
    let mut definitions = document["definitions"].as_object().unwrap().clone();
    for (name, definition) in &mut definitions {
        close(definition);
        // Written as texts, and read as numbers too:
        // https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
        if name.ends_with(".api.resource.Quantity") {
            *definition = json!({ "type": ["string", "number"] });
        } else if name.ends_with(".util.intstr.IntOrString") {
            *definition = json!({ "type": ["string", "integer"] });
        }
    }
    for (name, definition) in &definitions {
        let kinds = definition["x-kubernetes-group-version-kind"].as_array();
        let Some([kind]) = kinds.map(Vec::as_slice) else { continue };
        let text = |field: &str| kind[field].as_str().unwrap().to_owned();
        // The core group has no name; kubeconform puts its version there.
        let group = Some(text("group")).filter(|group| !group.is_empty());
        let folder = folder.join(group.unwrap_or_else(|| text("version")));
        fs::create_dir_all(&folder).unwrap();
        let mut needed = Map::new();
        gather(name, &definitions, &mut needed);
        let schema = json!({ "$ref": format!("#/definitions/{name}"), "definitions": needed });
        let file = format!("{}_{}.json", text("kind").to_lowercase(), text("version"));
        fs::write(folder.join(file), schema.to_string()).unwrap();
    }
}

/// Takes no field but those that a schema names, wherever it names some.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_open = fields.contains_key("x-kubernetes-preserve-unknown-fields")
                || fields.contains_key("additionalProperties");
            let is_object = fields.get("type").is_some_and(|it| it == "object");
            if is_object && fields.contains_key("properties") && !is_open {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// A definition and all that it refers to.
fn gather(name: &str, all: &Map<String, Value>, needed: &mut Map<String, Value>) {
    if needed.contains_key(name) {
        return;
    }
    needed.insert(name.to_owned(), all[name].clone());
    let text = all[name].to_string();
    for rest in text.split("\"#/definitions/").skip(1) {
        let (name, _) = rest.split_once('"').unwrap();
        gather(name, all, needed);
    }
}
