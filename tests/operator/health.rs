//! The health checks for Argo CD and Flux in `deploy/`, run as these tools run them: in the Lua
//! interpreter that Argo CD embeds, and as CEL.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use cel_crate::{Context, Program};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::yaml::{read, repository};

/// The kinds that users declare.
const KINDS: [&str; 7] = [
    "SecurityBaseline",
    "AwsAccount",
    "AwsOrganization",
    "Control",
    "Pack",
    "Exemption",
    "Attestation",
];

/// An object's conditions, and what tools make of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    name: String,
    #[serde(default = "baseline")]
    kind: String,
    #[serde(default = "current_generation")]
    observed_generation: i64,
    conditions: Option<Vec<Value>>,
    health: String,
    #[serde(default)]
    message: Option<String>,
    status: String,
}

fn baseline() -> String {
    "SecurityBaseline".to_owned()
}

const fn current_generation() -> i64 {
    2
}

impl Case {
    fn object(&self) -> Value {
        let status = match &self.conditions {
            Some(conditions) => json!({
                "observedGeneration": self.observed_generation,
                "conditions": conditions,
            }),
            None => json!({ "observedGeneration": -1 }),
        };
        json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": self.kind,
            "metadata": { "name": "it", "generation": current_generation() },
            "status": status,
        })
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> = read(&repository("tests/operator/health.yaml"));
    assert!(cases.len() > 8);
    cases
}

/// What Argo CD makes of objects, each with the check of its kind.
pub(crate) fn argo(cluster: &Cluster, objects: &[Value]) -> Vec<Value> {
    let map: Value = read(&repository("deploy/argocd/argocd-cm.yaml"));
    let folder = tempfile::tempdir().unwrap();
    let check = |object: &Value| {
        let kind = object["kind"].as_str().unwrap();
        let key = format!("resource.customizations.health.plumbline.dev_{kind}");
        let script = folder.path().join(format!("{kind}.lua"));
        fs::write(&script, map["data"][key].as_str().unwrap()).unwrap();
        let mut child = Command::new(cluster.health_check())
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(object.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{object}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    objects.iter().map(check).collect()
}

/// What Flux makes of an object by the expressions of its kind: it asks in this order.
/// <https://fluxcd.io/flux/components/kustomize/kustomizations/#health-check-expressions>
pub(crate) fn flux(object: &Value) -> &'static str {
    let kustomization: Value = read(&repository("deploy/flux/kustomization.yaml"));
    let expressions = kustomization["spec"]["healthCheckExprs"].as_array().unwrap();
    let [expressions] = expressions
        .iter()
        .filter(|it| it["kind"] == object["kind"] && it["apiVersion"] == object["apiVersion"])
        .collect::<Vec<_>>()[..]
    else {
        panic!("{object} has not one entry")
    };
    let mut context = Context::default();
    for name in ["metadata", "spec", "status"] {
        context.add_variable(name, object[name].clone()).unwrap();
    }
    let holds = |name: &str| {
        let program = Program::compile(expressions[name].as_str().unwrap()).unwrap();
        program.execute(&context) == Ok(cel_crate::Value::Bool(true))
    };
    ["inProgress", "failed", "current"].into_iter().find(|name| holds(name)).unwrap_or("inProgress")
}

#[test]
fn argo_cd_shows_what_hinders_an_object_and_takes_drift_for_health() {
    let Some(cluster) = Cluster::shared() else { return };
    let cases = cases();
    let objects: Vec<Value> = cases.iter().map(Case::object).collect();
    for (case, shown) in cases.iter().zip(argo(cluster, &objects)) {
        assert_eq!(shown["status"], case.health.as_str(), "{}: {shown}", case.name);
        let expected = case.message.as_deref().unwrap_or("Waiting for the operator");
        assert_eq!(shown["message"], expected, "{}", case.name);
    }
}

#[test]
fn flux_waits_for_what_comes_and_fails_for_what_does_not() {
    for case in cases() {
        assert_eq!(flux(&case.object()), case.status, "{}", case.name);
    }
}

#[test]
fn every_kind_that_users_declare_has_a_health_check() {
    let map: Value = read(&repository("deploy/argocd/argocd-cm.yaml"));
    let kustomization: Value = read(&repository("deploy/flux/kustomization.yaml"));
    let of_flux = kustomization["spec"]["healthCheckExprs"].as_array().unwrap();
    let of_argo = map["data"].as_object().unwrap();
    assert_eq!((of_argo.len(), of_flux.len()), (KINDS.len(), KINDS.len()));
    for kind in KINDS {
        assert!(of_argo.keys().any(|key| key.ends_with(&format!(".dev_{kind}"))), "{kind}");
        assert!(of_flux.iter().any(|it| it["kind"] == kind), "{kind}");
    }
}
