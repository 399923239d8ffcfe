//! The charts before they are installed: what Helm makes of good and of wrong values.
//!
//! `charts/plumbline/ci/` and `deploy/helm/` hold values that work, and `rendered/` what comes of them
//! (with `INSTA_UPDATE=always` the tests write it); `wrong_values/` holds values that are refused. A file
//! more is a case more.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use api::crds;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::ResourceExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::release::{ASKED_FOR, chart, render, template};
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
pub(crate) fn values() -> Vec<Vec<String>> {
    let files = value_files();
    let files = files.iter().map(|path| vec!["--values".to_owned(), path.display().to_string()]);
    [vec![]].into_iter().chain(files).collect()
}

/// Those that the documentation starts from, and those whose names chart-testing looks for.
fn value_files() -> Vec<PathBuf> {
    let folders = ["charts/plumbline/ci", "deploy/helm"];
    folders.iter().flat_map(|it| files(&repository(it), "-values.yaml")).collect()
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
    let Some(cluster) = Cluster::equipped() else { return };
    let namespace = cluster.namespace("rendered").await;
    // A pod needs its service account, which a controller makes that does not run here.
    for account in ["default", "plumbline", "auditor"] {
        cluster.kubectl_prints(&["create", "serviceaccount", account, "--namespace", &namespace]);
    }
    // Where only the strictest pods may run, a Deployment whose pods could not is warned of.
    let labels =
        ["enforce", "warn"].map(|mode| format!("pod-security.kubernetes.io/{mode}=restricted"));
    cluster.kubectl_prints(&["label", "namespace", &namespace, &labels[0], &labels[1]]);
    let folder = tempfile::tempdir().unwrap();
    let mut kinds = Vec::new();
    for arguments in values() {
        let mut objects = render(cluster, "plumbline", &namespace, &borrowed(&arguments));
        objects.extend(objects.iter().filter_map(pod).collect::<Vec<_>>());
        for object in objects {
            kinds.push(object["kind"].as_str().unwrap().to_owned());
            let file = folder.path().join("object.json");
            fs::write(&file, object.to_string()).unwrap();
            cluster.kubectl_prints(&[
                "apply",
                "--server-side",
                "--dry-run=server",
                "--warnings-as-errors",
                "--validate=strict",
                "--filename",
                file.to_str().unwrap(),
            ]);
        }
    }
    kinds.sort();
    kinds.dedup();
    let every = [
        "AwsAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "Pod",
        "PodDisruptionBudget",
        "PodMonitor",
        "PrometheusRule",
        "Role",
        "RoleBinding",
        "Secret",
        "SecurityBaseline",
        "Service",
        "ServiceAccount",
        "ServiceMonitor",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ];
    assert_eq!(kinds, every);
}

/// A pod as a Deployment makes it.
fn pod(deployment: &Value) -> Option<Value> {
    let mut pod = deployment["spec"].get("template")?.clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "made".into();
    pod["metadata"]["namespace"] = deployment["metadata"]["namespace"].clone();
    Some(pod)
}

#[tokio::test]
async fn what_the_charts_render_is_what_was_reviewed() {
    let Some(cluster) = Cluster::shared() else { return };
    let files = value_files();
    let named = files.iter().map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        (name.trim_end_matches("-values.yaml"), vec!["--values", path.to_str().unwrap()])
    });
    for (name, arguments) in [("default", vec![])].into_iter().chain(named) {
        let output = template(cluster, "plumbline", "plumbline", &arguments);
        let rendered = without_dashboards(&String::from_utf8(output.stdout).unwrap());
        insta::with_settings!({
            snapshot_path => "rendered", prepend_module_to_snapshot => false, omit_expression => true,
        }, {
            insta::assert_snapshot!(name, rendered);
        });
    }
}

/// The same but for the text of dashboards, which are files of their own.
fn without_dashboards(rendered: &str) -> String {
    let mut is_dashboard = false;
    let is_kept = |line: &&str| {
        is_dashboard = line.ends_with("json: |") || (is_dashboard && line.starts_with("    "));
        !is_dashboard || line.ends_with("json: |")
    };
    rendered.lines().filter(is_kept).fold(String::new(), |kept, line| kept + line + "\n")
}

/// The definitions of Grafana's operator cannot be had here, so no cluster takes its objects.
#[tokio::test]
async fn both_ways_give_grafana_each_dashboard_as_it_is() {
    let Some(cluster) = Cluster::shared() else { return };
    let written = |name: &str| -> Value {
        let path = repository("deploy/grafana").join(format!("{name}.json"));
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let names = ["plumbline-operator", "plumbline-overview", "plumbline-owner"];
    for way in ["configMaps", "grafanaOperator"] {
        let argument = format!("dashboards.{way}.enabled=true");
        let objects = render(cluster, "plumbline", "plumbline", &["--set", &argument]);
        let of_dashboards = |object: &&Value| {
            object["metadata"]["labels"]["app.kubernetes.io/component"] == "dashboards"
        };
        let objects: Vec<&Value> = objects.iter().filter(of_dashboards).collect();
        assert_eq!(objects.len(), names.len(), "{way}");
        for (object, name) in objects.into_iter().zip(names) {
            let text = if way == "configMaps" {
                assert_eq!(object["metadata"]["labels"]["grafana_dashboard"], "1");
                &object["data"][format!("{name}.json")]
            } else {
                assert!(object["spec"]["instanceSelector"]["matchLabels"].is_object());
                &object["spec"]["json"]
            };
            let given: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            assert!(given == written(name), "{way}: {name}");
        }
    }
    let both =
        ["--set", "dashboards.configMaps.enabled=true,dashboards.grafanaOperator.enabled=true"];
    let output = template(cluster, "plumbline", "plumbline", &both);
    assert!(String::from_utf8_lossy(&output.stderr).contains("Enable one of them"));
}

#[tokio::test]
async fn what_needs_kinds_that_the_cluster_lacks_is_refused_with_their_name() {
    let Some(cluster) = Cluster::shared() else { return };
    for (value, kind) in ASKED_FOR {
        let (name, given) = value.split_once('=').unwrap();
        let flag = if given.starts_with('[') { "--set-json" } else { "--set" };
        let chart = chart("plumbline");
        let output = cluster.helm(&["template", "plumbline", &chart, flag, value]);
        let errors = String::from_utf8_lossy(&output.stderr);
        let expected = format!("{name} needs the kind {kind}, which this cluster does not serve");
        assert!(!output.status.success(), "{value}");
        assert!(errors.contains(&expected), "{value}: {errors}");
        let rendered = render(cluster, "plumbline", "plumbline", &[flag, value]);
        assert!(rendered.len() > 5, "{value}");
    }
}

/// `make generate` writes it.
#[test]
fn the_page_of_each_chart_lists_its_values() {
    let Some(cluster) = Cluster::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in CHARTS {
        let copy = folder.path().join(name);
        fs::create_dir(&copy).unwrap();
        for file in ["Chart.yaml", "values.yaml", "README.md.gotmpl"] {
            fs::copy(repository("charts").join(name).join(file), copy.join(file)).unwrap();
        }
        let output = Command::new(cluster.helm_docs())
            .arg("--sort-values-order=file")
            .arg(format!("--chart-search-root={}", folder.path().display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let page = repository("charts").join(name).join("README.md");
        let written = fs::read_to_string(copy.join("README.md")).unwrap();
        let undescribed: Vec<&str> = written.lines().filter(|row| row.ends_with("|  |")).collect();
        assert!(undescribed.is_empty(), "{name}: {undescribed:#?}");
        let is_fresh = written == fs::read_to_string(&page).unwrap();
        assert!(is_fresh, "{} is stale: run `make generate`", page.display());
    }
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
        let mut schema: Value = read(&folder.join("values.schema.json"));
        // Helm's own.
        schema["properties"].as_object_mut().unwrap().remove("global");
        let mut seen = Vec::new();
        same_names(&values, &schema, &schema, name, &mut seen);
        assert!(!seen.is_empty(), "{name}: nothing was compared");
    }
}

/// A part of the values has the names that its schema has, unless that leaves them open.
fn same_names(values: &Value, part: &Value, schema: &Value, path: &str, seen: &mut Vec<String>) {
    let part = match part["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
        None => part,
    };
    let (Some(values), Some(properties)) = (values.as_object(), part["properties"].as_object())
    else {
        let is_bounded = ["type", "enum", "anyOf"].iter().any(|it| part.get(it).is_some());
        assert!(is_bounded, "{path} has no type");
        return;
    };
    if part.get("additionalProperties") != Some(&json!(false)) || values.is_empty() {
        return;
    }
    seen.push(path.to_owned());
    let unknown = values.keys().find(|name| !properties.contains_key(*name));
    assert!(unknown.is_none(), "{path}.{unknown:?} is not in the schema");
    for (name, part) in properties {
        match values.get(name) {
            Some(values) => same_names(values, part, schema, &format!("{path}.{name}"), seen),
            // Without a default, and said of its parent.
            None => assert!(["claims"].contains(&name.as_str()), "{path}.{name} is no value"),
        }
    }
}
