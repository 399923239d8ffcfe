//! The charts before they are installed: what Helm makes of good and of wrong values.
//!
//! `values/` holds values that work, `wrong_values/` such as are refused; a file more is a case
//! more.

use std::fs;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::ResourceExt;
use plumbline::api::crds;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::release::{chart, render, template};
use super::yaml::{files, read, repository};

const CHARTS: [&str; 2] = ["plumbline", "plumbline-crds"];

/// Values that are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrongValues {
    chart: String,
    cases: Vec<WrongValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrongValue {
    values: Value,
    /// What Helm says of them.
    says: Vec<String>,
}

/// Arguments for every file of values, the defaults first.
fn values() -> Vec<Vec<String>> {
    let files = files(&repository("tests/operator/values"), ".yaml");
    let files = files.iter().map(|path| vec!["--values".to_owned(), path.display().to_string()]);
    [vec![]].into_iter().chain(files).collect()
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn helm_finds_nothing_to_lint() {
    let Some(cluster) = Cluster::shared() else { return };
    cluster.helm_prints(&["lint", "--strict", &chart("plumbline-crds")]);
    for arguments in values() {
        let chart = chart("plumbline");
        let all = [&["lint", "--strict", &chart][..], &borrowed(&arguments)].concat();
        cluster.helm_prints(&all);
    }
}

#[tokio::test]
async fn what_the_charts_render_is_taken_by_a_cluster_without_a_warning() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("rendered").await;
    // Where only the strictest pods may run, a Deployment whose pods could not is warned of.
    let labels =
        ["enforce", "warn"].map(|mode| format!("pod-security.kubernetes.io/{mode}=restricted"));
    cluster.kubectl_prints(&["label", "namespace", &namespace, &labels[0], &labels[1]]);
    let folder = tempfile::tempdir().unwrap();
    let mut kinds = Vec::new();
    for arguments in values() {
        for object in render(cluster, "plumbline", &namespace, &borrowed(&arguments)) {
            kinds.push(object["kind"].as_str().unwrap().to_owned());
            if object["kind"] == "ServiceMonitor" {
                continue; // its definition is the Prometheus operator's
            }
            let file = folder.path().join("object.json");
            fs::write(&file, object.to_string()).unwrap();
            cluster.kubectl_prints(&[
                "apply",
                "--server-side",
                "--dry-run=server",
                "--warnings-as-errors",
                "--validate=strict",
                "--namespace",
                &namespace,
                "--filename",
                file.to_str().unwrap(),
            ]);
        }
    }
    kinds.sort();
    kinds.dedup();
    let every = [
        "ClusterRole",
        "ClusterRoleBinding",
        "Deployment",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "Service",
        "ServiceAccount",
        "ServiceMonitor",
    ];
    assert_eq!(kinds, every);
}

#[tokio::test]
async fn wrong_values_are_refused_with_what_is_wrong() {
    let Some(cluster) = Cluster::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.json");
    for path in files(&repository("tests/operator/wrong_values"), ".yaml") {
        let wrong: WrongValues = read(&path);
        for WrongValue { values, says } in wrong.cases {
            fs::write(&file, values.to_string()).unwrap();
            let arguments = ["--values", file.to_str().unwrap()];
            let output = template(cluster, &wrong.chart, "default", &arguments);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{values} are taken");
            for text in says {
                assert!(errors.contains(&text), "{values}: {errors} does not say {text}");
            }
        }
    }
}

#[tokio::test]
async fn the_definitions_are_those_of_the_types_and_stay_when_their_chart_goes() {
    let Some(cluster) = Cluster::shared() else { return };
    for keep in [true, false] {
        let keep_argument = format!("keep={keep}");
        let arguments = ["--set", &keep_argument, "--set", "labels.team=platform"];
        let mut rendered = render(cluster, "plumbline-crds", "default", &arguments);
        rendered.retain(|object| object["kind"] != "ClusterRole");
        for crd in &mut rendered {
            let metadata = crd["metadata"].as_object_mut().unwrap();
            let annotations = metadata.remove("annotations").unwrap_or(json!({}));
            let kept = annotations["helm.sh/resource-policy"] == "keep";
            assert_eq!(kept, keep);
            let labels = metadata.remove("labels").unwrap();
            assert_eq!(labels["team"], "platform");
            assert_eq!(labels["app.kubernetes.io/name"], "plumbline");
        }
        let mut rendered: Vec<CustomResourceDefinition> =
            rendered.into_iter().map(|crd| serde_json::from_value(crd).unwrap()).collect();
        let mut expected = crds();
        rendered.sort_by_key(ResourceExt::name_any);
        expected.sort_by_key(ResourceExt::name_any);
        assert!(rendered == expected, "the chart changes the definitions");
    }
}

/// The rig has no controller that aggregates roles: each is bound by itself.
#[tokio::test]
async fn people_who_may_edit_a_namespace_write_baselines_there_and_approve_no_exemption() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = cluster.namespace("people").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("role.json");
    for role in render(cluster, "plumbline-crds", "default", &[]) {
        if role["kind"] == "ClusterRole" {
            fs::write(&file, role.to_string()).unwrap();
            cluster.kubectl_prints(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
        }
    }
    for (user, roles) in [
        ("viewer", &["plumbline-view"][..]),
        ("editor", &["plumbline-view", "plumbline-edit"]),
        ("owner", &["plumbline-view", "plumbline-edit", "plumbline-admin"]),
    ] {
        for role in roles {
            let (name, user) = (format!("{user}-{role}"), format!("--user={user}"));
            let role = format!("--clusterrole={role}");
            let bind = ["create", "rolebinding", &name, &role, &user, "--namespace", &namespace];
            cluster.kubectl_prints(&bind);
        }
    }
    for (user, verb, resource, allowed) in [
        ("viewer", "list", "securitybaselines", true),
        ("viewer", "create", "securitybaselines", false),
        ("editor", "create", "securitybaselines", true),
        ("editor", "delete", "attestations", true),
        ("editor", "create", "exemptions", false),
        ("editor", "list", "awsaccounts", false),
        ("owner", "create", "exemptions", true),
        ("owner", "patch", "securitybaselines/status", false),
    ] {
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let resource = format!("{resource}.plumbline.dev");
        let (user, part) = (format!("--as={user}"), format!("--subresource={part}"));
        let asked =
            ["auth", "can-i", verb, &resource, &part, &user, "--namespace", &namespace, "--quiet"];
        let answer = cluster.kubectl(&asked).status.success();
        assert_eq!(answer, allowed, "{user} {verb} {resource} {part}");
    }
}

#[test]
fn every_aggregated_role_is_aggregated_to_those_above_it() {
    let roles = fs::read_to_string(repository("charts/plumbline-crds/templates/roles.yaml"));
    let roles = roles.unwrap();
    for (to, times) in [("view", 1), ("edit", 2), ("admin", 3)] {
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{to}: \"true\"");
        assert_eq!(roles.matches(&label).count(), times, "{label}");
    }
}

#[test]
fn the_charts_have_the_version_of_the_program() {
    for name in CHARTS {
        let chart: Value = read(&repository("charts").join(name).join("Chart.yaml"));
        assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"), "{name}");
        assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"), "{name}");
    }
}

#[test]
fn every_value_is_known_to_the_schema_and_the_other_way_round() {
    for name in CHARTS {
        let folder = repository("charts").join(name);
        let values: Value = read(&folder.join("values.yaml"));
        let schema: Value = read(&folder.join("values.schema.json"));
        let names = |value: &Value| -> Vec<String> {
            let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
            names.retain(|name| name != "global"); // Helm's own
            names.sort();
            names
        };
        assert_eq!(names(&values), names(&schema["properties"]), "{name}");
    }
}
