//! What the API server asks and is answered: `AdmissionReview` of `admission.k8s.io/v1`.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use api::{Attestation, Control, Exemption, Kind, Pack, SecurityBaseline};
use engine::Problem;
use model::printable;

/// So many problems are listed.
const LISTED: usize = 20;
/// A warning has at most so many characters: longer ones may be cut by the API server.
const WARNING: usize = 240;

/// What the API server asks.
#[derive(Debug, Deserialize)]
pub(super) struct Review {
    request: AdmissionRequest,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdmissionRequest {
    uid: String,
    kind: RequestedKind,
    #[serde(default)]
    object: Value,
    #[serde(default)]
    old_object: Value,
}

#[derive(Debug, Deserialize)]
struct RequestedKind {
    kind: String,
}

/// An object that somebody wants to store.
#[derive(Debug)]
pub(super) enum Submitted {
    Attestation(Attestation),
    Baseline(Arc<SecurityBaseline>),
    Control(Box<Control>),
    Exemption(Exemption),
    Pack(Pack),
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Why it is not stored; empty where it is.
    pub(super) refused: Vec<String>,
    /// What its writer should know.
    pub(super) warnings: Vec<String>,
}

impl Review {
    /// What is to be judged, and what stands in its place; nothing where what users wrote stays as it
    /// is: a label, an annotation or a finalizer changes no verdict.
    pub(super) fn changed(&self) -> Result<Option<(Submitted, Option<Submitted>)>, String> {
        let AdmissionRequest { kind, object, old_object, .. } = &self.request;
        let is_going = object.pointer("/metadata/deletionTimestamp").is_some();
        if object.is_null() || is_going || object.get("spec") == old_object.get("spec") {
            return Ok(None);
        }
        let Some(kind) = Kind::of(&kind.kind) else { return Ok(None) };
        let Some(submitted) = Submitted::read(kind, object)? else { return Ok(None) };
        // What stands may be of an earlier version, and does not parse: then nothing is known of it.
        let stands = Submitted::read(kind, old_object).ok().flatten();
        Ok(Some((submitted, stands)))
    }

    /// What the API server is answered.
    pub(super) fn answered(&self, answer: &Answer) -> Value {
        let Answer { refused, warnings } = answer;
        let warnings: Vec<String> = listed(warnings).iter().map(|it| cut(it)).collect();
        let uid = &self.request.uid;
        let response = if refused.is_empty() {
            json!({ "uid": uid, "allowed": true, "warnings": warnings })
        } else {
            let message = listed(refused).join("\n");
            let status = json!({ "code": 422, "reason": "Invalid", "message": message });
            json!({ "uid": uid, "allowed": false, "warnings": warnings, "status": status })
        };
        json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response,
        })
    }
}

impl Submitted {
    /// Nothing of a kind that is not judged.
    fn read(kind: Kind, object: &Value) -> Result<Option<Self>, String> {
        Ok(Some(match kind {
            Kind::Attestation => Self::Attestation(parsed(object)?),
            Kind::Control => Self::Control(Box::new(parsed(object)?)),
            Kind::Exemption => Self::Exemption(parsed(object)?),
            Kind::Pack => Self::Pack(parsed(object)?),
            Kind::SecurityBaseline => Self::Baseline(Arc::new(parsed(object)?)),
            Kind::AwsAccount | Kind::AwsOrganization | Kind::BaselineReport | Kind::ControlTest => {
                return Ok(None);
            }
        }))
    }
}

/// The object without its status, which is not what is submitted.
fn parsed<K: DeserializeOwned>(object: &Value) -> Result<K, String> {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    serde_json::from_value(object).map_err(|error| error.to_string())
}

/// A problem as `plumbline validate` words it, with its field.
pub(super) fn in_words(problem: &Problem) -> String {
    printable(&format!("{}: {}", problem.path, problem.kind.in_words())).into_owned()
}

fn listed(texts: &[String]) -> Vec<String> {
    let mut listed: Vec<String> = texts.iter().take(LISTED).cloned().collect();
    if texts.len() > LISTED {
        listed.push(format!("and {} more", texts.len() - LISTED));
    }
    listed
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WARNING {
        return text.to_owned();
    }
    text.chars().take(WARNING - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(object: &Value, old: &Value) -> Review {
        serde_json::from_value(json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "1",
                "kind": { "group": "plumbline.dev", "version": "v1alpha1", "kind": "Pack" },
                "operation": "UPDATE",
                "object": object,
                "oldObject": old,
            },
        }))
        .unwrap()
    }

    fn pack(metadata: &Value, control: &str) -> Value {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Pack", "metadata": metadata,
            "spec": { "title": "Ours", "controls": [{ "name": control }] },
            "status": { "observedGeneration": "of another version" },
        })
    }

    #[test]
    fn only_what_users_wrote_is_judged() {
        let stands = pack(&json!({ "name": "ours" }), "s3-bucket-versioning");
        let labelled =
            pack(&json!({ "name": "ours", "labels": { "a": "b" } }), "s3-bucket-versioning");
        let changed = pack(&json!({ "name": "ours" }), "no-such-control");
        let going = json!({ "name": "ours", "deletionTimestamp": "2026-01-01T00:00:00Z" });
        let going = pack(&going, "no-such-control");
        for (object, old, is_judged) in [
            (&labelled, &stands, false),
            (&going, &stands, false),
            (&changed, &stands, true),
            (&stands, &Value::Null, true),
            (&Value::Null, &stands, false),
        ] {
            let changed = review(object, old).changed().unwrap();
            assert_eq!(changed.is_some(), is_judged, "{object}");
        }
        let (_, before) = review(&changed, &stands).changed().unwrap().unwrap();
        assert!(before.is_some());
        let unknown = json!({ "spec": { "controls": 7 } });
        assert!(review(&unknown, &Value::Null).changed().is_err());
    }

    #[test]
    fn a_refusal_lists_some_problems_and_counts_the_others() {
        let stands = pack(&json!({ "name": "ours" }), "s3-bucket-versioning");
        let review = review(&stands, &Value::Null);
        let refused: Vec<String> = (0..LISTED + 2).map(|it| format!("problem {it}")).collect();
        let warnings = vec!["w".repeat(500)];
        let answer = review.answered(&Answer { refused, warnings });
        let response = &answer["response"];
        assert_eq!(response["allowed"], false);
        assert_eq!(response["uid"], "1");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.starts_with("problem 0\nproblem 1\n"), "{message}");
        assert!(message.ends_with("problem 19\nand 2 more"), "{message}");
        assert_eq!(response["warnings"][0].as_str().unwrap().chars().count(), WARNING);
        let none = Answer { refused: Vec::new(), warnings: Vec::new() };
        assert_eq!(review.answered(&none)["response"]["allowed"], true);
    }
}
