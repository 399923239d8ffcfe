//! What the API server takes and refuses of each kind, as the files in `cases/` say.
//!
//! A file holds one object that is taken and, with `cases`, what is merged into it: then it is
//! taken still, or refused with a message that holds a text. With `updates` the object stands, and
//! the changes are made to it. A file more is a case more; nothing else has to know of it.

use std::collections::BTreeSet;
use std::path::Path;

use api::{
    Attestation, AwsAccount, AwsOrganization, BaselineReport, Control, Exemption, Pack,
    SecurityBaseline, crds,
};
use futures::future::join_all;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::Request;
use kube::{Api, Client, Resource};
use regex::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::yaml::{files, merge, read, repository};

/// One file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    object: Value,
    #[serde(default)]
    cases: Vec<Case>,
    #[serde(default)]
    updates: Vec<Case>,
}

/// A change of the file's object, and what the API server makes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the object does: `names no pack and no control`.
    it: String,
    /// What is merged into the object; null takes a field away.
    #[serde(default = "nothing")]
    with: Value,
    /// JSON pointers to fields that are then null, as `field:` without a value is in YAML.
    #[serde(default)]
    nulls: Vec<String>,
    /// A text of the refusal; without it the object is taken.
    #[serde(default)]
    refused: Option<String>,
}

fn nothing() -> Value {
    json!({})
}

#[tokio::test]
async fn objects_are_taken_and_refused_as_the_case_files_say() {
    let Some(cluster) = Cluster::shared() else { return };
    let client = cluster.client().await;
    let folder = repository("tests/operator/cases");
    let mut faults = Vec::new();
    let mut refusals = Vec::new();
    for path in files(&folder, ".yaml") {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let namespace = cluster.namespace("cases").await;
        let run = run(&client, &namespace, &path).await;
        faults.extend(run.faults.into_iter().map(|fault| format!("{name}: {fault}")));
        refusals.extend(run.refusals);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let untried = untried_rules(&refusals);
    assert!(untried.is_empty(), "no case is refused by these rules:\n{}", untried.join("\n"));
}

/// What came of a file.
#[derive(Default)]
struct Run {
    faults: Vec<String>,
    /// The kind and message of each refusal.
    refusals: Vec<(String, String)>,
}

async fn run(client: &Client, namespace: &str, path: &Path) -> Run {
    let file: CaseFile = read(path);
    let kind = file.object["kind"].as_str().unwrap().to_owned();
    let mut run = Run::default();
    let created = join_all(file.cases.iter().map(async |case| {
        let mut object = file.object.clone();
        merge(&mut object, &case.with);
        for field in &case.nulls {
            let (parent, name) = field.rsplit_once('/').unwrap();
            object.pointer_mut(parent).unwrap()[name] = Value::Null;
        }
        (case, create(client, namespace, &object, true).await)
    }))
    .await;
    for (case, outcome) in created {
        run.add(&kind, case, outcome);
    }
    match create(client, namespace, &file.object, false).await {
        Ok(stored) => {
            run.faults.extend(fault_of_reading(&kind, &stored));
            for case in &file.updates {
                let api = api_of(client, namespace, &file.object);
                let name = stored["metadata"]["name"].as_str().unwrap();
                let patch = Patch::Merge(&case.with);
                let parameters = PatchParams { dry_run: true, ..PatchParams::default() };
                let outcome = api.patch(name, &parameters, &patch).await;
                let outcome = outcome.map(|object| serde_json::to_value(object).unwrap());
                run.add(&kind, case, outcome);
            }
        }
        Err(error) => run.faults.push(format!("the object itself is refused: {error}")),
    }
    run
}

impl Run {
    fn add(&mut self, kind: &str, case: &Case, outcome: Result<Value, kube::Error>) {
        let it = &case.it;
        match (&case.refused, outcome) {
            (None, Ok(object)) => {
                let fault = fault_of_reading(kind, &object);
                self.faults.extend(fault.map(|fault| format!("{it}: {fault}")));
            }
            (None, Err(error)) => self.faults.push(format!("{it}: refused: {error}")),
            (Some(_), Ok(_)) => self.faults.push(format!("{it}: it is taken")),
            (Some(text), Err(error)) => {
                let message = message_of(error);
                if !message.contains(text.as_str()) {
                    self.faults.push(format!("{it}: {message:?} does not say {text:?}"));
                }
                self.refusals.push((kind.to_owned(), message));
            }
        }
    }
}

/// What the API server says of an object that it refuses.
fn message_of(error: kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message,
        other => panic!("the API server does not answer: {other}"),
    }
}

/// Creates an object; unknown fields are refused, as `kubectl` asks.
async fn create(
    client: &Client,
    namespace: &str,
    object: &Value,
    dry_run: bool,
) -> Result<Value, kube::Error> {
    let api = api_of(client, namespace, object);
    let parameters = PostParams { dry_run, ..PostParams::default() };
    let body = serde_json::to_vec(object).unwrap();
    let mut request = Request::new(api.resource_url()).create(&parameters, body).unwrap();
    let uri = format!("{}&fieldValidation=Strict", request.uri());
    *request.uri_mut() = uri.parse().unwrap();
    client.request(request).await
}

fn api_of(client: &Client, namespace: &str, object: &Value) -> Api<DynamicObject> {
    let kind = object["kind"].as_str().unwrap();
    let crd = crds().into_iter().find(|crd| crd.spec.names.kind == kind);
    let crd = crd.unwrap_or_else(|| panic!("there is no kind {kind}"));
    let resource = ApiResource {
        group: crd.spec.group,
        version: "v1alpha1".to_owned(),
        api_version: api::API_VERSION.to_owned(),
        kind: kind.to_owned(),
        plural: crd.spec.names.plural,
    };
    if crd.spec.scope == "Namespaced" {
        Api::namespaced_with(client.clone(), namespace, &resource)
    } else {
        Api::all_with(client.clone(), &resource)
    }
}

/// What the API server takes, Plumbline reads: one object that it cannot read would stop a watch.
fn fault_of_reading(kind: &str, object: &Value) -> Option<String> {
    fn read<K: Resource + DeserializeOwned>(object: &Value) -> Option<String> {
        let read = serde_json::from_value::<K>(object.clone());
        read.err().map(|error| format!("it is taken, but not read: {error}"))
    }
    match kind {
        "Attestation" => read::<Attestation>(object),
        "AwsAccount" => read::<AwsAccount>(object),
        "AwsOrganization" => read::<AwsOrganization>(object),
        "BaselineReport" => read::<BaselineReport>(object),
        "Control" => read::<Control>(object),
        "Exemption" => read::<Exemption>(object),
        "Pack" => read::<Pack>(object),
        "SecurityBaseline" => read::<SecurityBaseline>(object),
        other => panic!("there is no kind {other}"),
    }
}

/// The CEL rules by which none of these refusals came, as `Kind path: message`.
fn untried_rules(refusals: &[(String, String)]) -> Vec<String> {
    let place = Regex::new(r"\[[0-9]+\]").unwrap();
    let refusals: Vec<(&str, String)> = refusals
        .iter()
        .map(|(kind, message)| (kind.as_str(), place.replace_all(message, "[]").into_owned()))
        .collect();
    let mut untried = Vec::new();
    let mut seen = BTreeSet::new();
    for crd in crds() {
        let kind = crd.spec.names.kind.clone();
        let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
        for (path, message) in rules("", &schema["openAPIV3Schema"]) {
            // A message begins with the field: `spec.controls[0].match: Invalid value: ...`.
            let place = if path.is_empty() { "<nil>".to_owned() } else { path.clone() };
            let refused = refusals.iter().any(|(of, text)| {
                *of == kind
                    && (text.contains(&format!("{place}: Invalid value")))
                    && text.contains(&message)
            });
            seen.insert((kind.clone(), path.clone()));
            if !refused {
                untried.push(format!("{kind} {path}: {message}"));
            }
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
    untried
}

/// The path and message of every CEL rule of a schema.
fn rules(path: &str, schema: &Value) -> Vec<(String, String)> {
    let own = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    // A rule may name the field that its refusal is about: `.homeRegion`.
    let place = |rule: &Value| path.to_owned() + rule["fieldPath"].as_str().unwrap_or_default();
    let mut found: Vec<_> =
        own.map(|rule| (place(rule), rule["message"].as_str().unwrap().to_owned())).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let dot = if path.is_empty() { "" } else { "." };
        found.extend(rules(&format!("{path}{dot}{name}"), field));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key) {
            found.extend(rules(&format!("{path}[]"), inner));
        }
    }
    found
}
