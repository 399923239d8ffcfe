//! The charts as Helm renders and installs them, and the operator as the rendered Deployment says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, EnvVar};
use kube::Api;
use serde_json::Value;

use super::cluster::Cluster;
use super::yaml::{documents, repository};

/// The folder of a chart.
pub(crate) fn chart(name: &str) -> String {
    repository("charts").join(name).display().to_string()
}

/// Every object that a chart gives with these arguments of Helm's.
pub(crate) fn render(
    cluster: &Cluster,
    name: &str,
    namespace: &str,
    arguments: &[&str],
) -> Vec<Value> {
    let output = template(cluster, name, namespace, arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "helm template {name} {arguments:?}: {errors}");
    documents(&String::from_utf8(output.stdout).unwrap())
}

/// The argument that says to `helm template` which kinds the cluster serves: all that the chart may
/// ask for.
pub(crate) fn api_versions() -> String {
    format!("--api-versions={}", ASKED_FOR.map(|(_, kind)| kind).join(","))
}

/// What of the values needs kinds that not every cluster serves.
pub(crate) const ASKED_FOR: [(&str, &str); 8] = [
    ("accounts=[{\"name\":\"a\",\"spec\":{}}]", "plumbline.dev/v1alpha1/AwsAccount"),
    ("baselines=[{\"name\":\"a\",\"spec\":{}}]", "plumbline.dev/v1alpha1/SecurityBaseline"),
    ("dashboards.grafanaOperator.enabled=true", "grafana.integreatly.org/v1beta1/GrafanaDashboard"),
    (
        "metrics.tls.certManager.enabled=true,metrics.tls.certManager.issuerRef.name=internal,\
         metrics.tls.enabled=true",
        "cert-manager.io/v1/Certificate",
    ),
    ("podMonitor.enabled=true", "monitoring.coreos.com/v1/PodMonitor"),
    ("prometheusRule.enabled=true", "monitoring.coreos.com/v1/PrometheusRule"),
    ("serviceMonitor.enabled=true", "monitoring.coreos.com/v1/ServiceMonitor"),
    ("webhook.certManager.enabled=true", "cert-manager.io/v1/Certificate"),
];

/// `helm template`, whatever comes of it.
pub(crate) fn template(
    cluster: &Cluster,
    name: &str,
    namespace: &str,
    arguments: &[&str],
) -> Output {
    let (chart, kinds) = (chart(name), api_versions());
    let all = ["template", name, &chart, "--namespace", namespace, &kinds];
    cluster.helm(&[&all[..], arguments].concat())
}

/// An installed release of the chart `plumbline`.
pub(crate) struct Release<'c> {
    cluster: &'c Cluster,
    pub(crate) namespace: String,
    /// What `helm install` said.
    pub(crate) notes: String,
}

/// The name of every [`Release`]; each has a namespace of its own.
const NAME: &str = "plumbline";

impl<'c> Release<'c> {
    /// Installs the chart into a new namespace, with these arguments of Helm's.
    pub(crate) async fn install(cluster: &'c Cluster, arguments: &[&str]) -> Self {
        let namespace = cluster.namespace("release").await;
        let chart = chart("plumbline");
        let all = ["install", NAME, &chart, "--namespace", &namespace];
        let notes = cluster.helm_prints(&[&all[..], arguments].concat());
        Self { cluster, namespace, notes }
    }

    /// Changes the release as these arguments of Helm's say.
    pub(crate) fn upgrade(&self, arguments: &[&str]) {
        let chart = chart("plumbline");
        let all = ["upgrade", NAME, &chart, "--namespace", &self.namespace];
        self.cluster.helm_prints(&[&all[..], arguments].concat());
    }

    pub(crate) fn uninstall(&self) {
        self.cluster.helm_prints(&["uninstall", NAME, "--namespace", &self.namespace]);
    }

    /// The Deployment as the API server has it.
    pub(crate) async fn deployment(&self) -> Deployment {
        let deployments: Api<Deployment> =
            Api::namespaced(self.cluster.client().await, &self.namespace);
        deployments.get(NAME).await.unwrap()
    }

    /// What a pod of the Deployment runs.
    pub(crate) async fn operator(&self, pod: &str) -> Operator {
        Operator::of(&self.deployment().await, pod)
    }

    /// A token of the service account that a pod of the Deployment has.
    pub(crate) async fn token(&self) -> String {
        let service_account = self.operator("any").await.service_account;
        self.cluster.token(&self.namespace, &service_account).await
    }

    /// The command that runs the operator here as a pod of the Deployment would run it: with the
    /// container's command, arguments and environment, and as its service account. Only the address
    /// differs on which it listens, since every pod has an address of its own.
    pub(crate) async fn command(&self, pod: &str, listen: &str, folder: &Path) -> Command {
        let operator = self.operator(pod).await;
        let kubeconfig = folder.join(format!("{pod}.kubeconfig"));
        self.cluster.write_kubeconfig(&kubeconfig, &self.token().await);
        operator.command(listen, &kubeconfig)
    }
}

/// What the one container of a Deployment runs, its references resolved as a kubelet does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operator {
    /// The command and its arguments.
    pub(crate) words: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) service_account: String,
}

impl Operator {
    /// As the pod of that name runs it.
    pub(crate) fn of(deployment: &Deployment, pod: &str) -> Self {
        let namespace = deployment.metadata.namespace.clone().unwrap();
        let template = deployment.spec.template.spec.clone().unwrap();
        let [container]: [Container; 1] = template.containers.try_into().unwrap();
        let mut environment: BTreeMap<String, String> = BTreeMap::new();
        for variable in container.env.into_iter().flatten() {
            let value = value_of(&variable, pod, &namespace);
            // A variable may refer to those before it.
            let value = expand(&value, &environment);
            environment.insert(variable.name, value);
        }
        let words = container.command.into_iter().chain(container.args).flatten();
        let words = words.map(|word| expand(&word, &environment)).collect();
        Self { words, environment, service_account: template.service_account_name.unwrap() }
    }

    /// What runs it here, as that kubeconfig file says.
    pub(crate) fn command(&self, listen: &str, kubeconfig: &Path) -> Command {
        let (program, arguments) = self.words.split_first().unwrap();
        assert_eq!(program, "plumbline");
        let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_plumbline")));
        for argument in arguments {
            if argument.starts_with("--listen=") {
                command.arg(format!("--listen={listen}"));
            } else {
                command.arg(argument);
            }
        }
        command.env_clear().envs(&self.environment).env("KUBECONFIG", kubeconfig);
        command
    }
}

fn value_of(variable: &EnvVar, pod: &str, namespace: &str) -> String {
    let Some(source) = &variable.value_from else {
        return variable.value.clone().unwrap_or_default();
    };
    let field = source.field_ref.as_ref().map(|field| field.field_path.as_str());
    match field {
        Some("metadata.name") => pod.to_owned(),
        Some("metadata.namespace") => namespace.to_owned(),
        other => panic!("{}: the tests do not know {other:?}", variable.name),
    }
}

/// Puts variables for `$(NAME)`; what is not known stays, and `$$` is a `$`.
fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let named = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        if let Some((value, beyond)) =
            named.and_then(|(name, beyond)| Some((variables.get(name)?, beyond)))
        {
            expanded.push_str(value);
            rest = beyond;
        } else {
            expanded.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    expanded.push_str(rest);
    expanded
}

#[test]
fn references_are_resolved_as_a_kubelet_does() {
    let variables = BTreeMap::from([("A".to_owned(), "x".to_owned())]);
    for (text, expected) in [
        ("--namespace=$(A)", "--namespace=x"),
        ("$(A)$(A)", "xx"),
        ("$(B) $A $", "$(B) $A $"),
        ("$$(A)", "$(A)"),
        ("none", "none"),
    ] {
        assert_eq!(expand(text, &variables), expected, "{text}");
    }
}
