//! Writes the `AwsAccount`s that an organization asks for, where they differ from what is there.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::write::{self, applying};
use api::{API_VERSION, AwsAccount, AwsAccountSpec, ExceptionReason, Kind, MemberException};
use engine::organization::{DeclaredAccounts, DesiredAccount};

/// The annotation that says what of an object the organization wrote, as a hash: labels that it no longer
/// asks for are seen so.
const WRITTEN: &str = "plumbline.dev/written";
/// So many requests run at once.
const CONCURRENT: usize = 8;

/// What came of writing.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The names of new objects.
    pub(super) added: Vec<String>,
    /// Accounts whose objects could not be written.
    pub(super) exceptions: Vec<MemberException>,
    /// How many of these are worth another try.
    pub(super) failures: usize,
}

/// What came of one object.
enum WriteOutcome {
    Added,
    Changed,
    /// There is one of somebody else.
    NotOurs,
    Failed(kube::Error),
}

/// Writes the objects that are missing or differ.
pub(super) async fn apply(
    client: &Client,
    owner: &OwnerReference,
    accounts: &[DesiredAccount],
    declared: &DeclaredAccounts<'_>,
) -> Applied {
    let mut differing = Vec::new();
    for account in accounts {
        let stands = declared.own(&account.spec.account_id);
        let written = written(account, owner);
        if stands.is_none_or(|stands| !is_written(stands, account, &written)) {
            let uid = stands.and_then(|stands| stands.metadata.uid.clone());
            differing.push((account.clone(), uid, written));
        }
    }
    let writing = stream::iter(differing).map(|(account, uid, written)| {
        let (client, owner) = (client.clone(), owner.clone());
        async move {
            let outcome = write_account(&client, &owner, &account, (uid, &written)).await;
            (account, outcome)
        }
    });
    let mut applied = Applied::default();
    let outcomes: Vec<_> = writing.buffer_unordered(CONCURRENT).collect().await;
    for (account, outcome) in outcomes {
        let (reason, message) = match outcome {
            WriteOutcome::Added => {
                applied.added.push(account.name.clone());
                continue;
            }
            WriteOutcome::Changed => continue,
            WriteOutcome::NotOurs => (
                ExceptionReason::NameTaken,
                "there is an AwsAccount of this name that was not created by this AwsOrganization, \
                 so it is left alone; rename it, or set another template.name"
                    .to_owned(),
            ),
            WriteOutcome::Failed(error) => {
                tracing::warn!(%error, account = account.name, "cannot write an AwsAccount");
                (ExceptionReason::Refused, refusal(&error))
            }
        };
        applied.failures += usize::from(reason == ExceptionReason::Refused);
        applied.exceptions.push(MemberException {
            account_id: account.spec.account_id.clone(),
            object: Some(account.name.clone()),
            reason,
            message,
        });
    }
    applied.added.sort();
    applied
}

/// Why the API server takes no object, and what to do.
pub(super) fn refusal(error: &kube::Error) -> String {
    let advice = match error {
        kube::Error::Api(status) if status.code == 403 => {
            "; set `organizations.enabled` in the chart's values, which allows the operator to \
             create and delete AwsAccounts"
        }
        _ => "; will retry",
    };
    let message = match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    };
    crate::account::shortened(&format!("{message}{advice}"), 512)
}

/// Whether an object is as the organization wants it.
fn is_written(stands: &AwsAccount, account: &DesiredAccount, written: &str) -> bool {
    let labels = stands.labels();
    let has_labels = account.labels.iter().all(|(key, value)| labels.get(key) == Some(value));
    let annotation = stands.annotations().get(WRITTEN);
    has_labels && stands.spec == account.spec && annotation.is_some_and(|it| it == written)
}

/// What the organization writes of an object, as a hash.
fn written(account: &DesiredAccount, owner: &OwnerReference) -> String {
    let what = json!([account.labels, account.spec, owner]).to_string();
    let digest = Sha256::digest(what.as_bytes());
    let (first, _) = digest.split_at(8);
    first.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

async fn write_account(
    client: &Client,
    owner: &OwnerReference,
    account: &DesiredAccount,
    (uid, written): (Option<String>, &str),
) -> WriteOutcome {
    let api = write::api(client, Kind::AwsAccount, None);
    let is_new = uid.is_none();
    let mut metadata = json!({
        "name": account.name,
        "labels": account.labels,
        "annotations": BTreeMap::from([(WRITTEN, written)]),
        "ownerReferences": [owner],
    });
    if let Some(uid) = uid {
        // Another object of the same name is not meant.
        if let Some(fields) = metadata.as_object_mut() {
            fields.insert("uid".to_owned(), uid.into());
        }
    } else {
        // The cache may be behind what somebody wrote.
        match api.get_metadata_opt(&account.name).await {
            Ok(None) => {}
            Ok(Some(found)) if found.owner_references().iter().any(|it| it.uid == owner.uid) => {}
            Ok(Some(_)) => return WriteOutcome::NotOurs,
            Err(error) => return WriteOutcome::Failed(error),
        }
    }
    let patch = json!({
        "apiVersion": API_VERSION,
        "kind": Kind::AwsAccount.as_str(),
        "metadata": metadata,
        "spec": account.spec,
    });
    let applied = match api.patch(&account.name, &applying(), &Patch::Apply(patch)).await {
        Ok(applied) => applied,
        Err(error) => return WriteOutcome::Failed(error),
    };
    let stands = applied.data.get("spec").and_then(|spec| AwsAccountSpec::deserialize(spec).ok());
    if let Some(spec) = stands.and_then(|stands| differing(&stands, &account.spec)) {
        // Lists are sets, of which applying leaves what somebody else added.
        let patch =
            Patch::Merge(json!({ "metadata": { "uid": applied.metadata.uid }, "spec": spec }));
        if let Err(error) = api.patch(&account.name, &PatchParams::default(), &patch).await {
            return WriteOutcome::Failed(error);
        }
    }
    if is_new { WriteOutcome::Added } else { WriteOutcome::Changed }
}

/// What makes of one spec the other; nothing where they are the same.
fn differing(stands: &AwsAccountSpec, wanted: &AwsAccountSpec) -> Option<Value> {
    if stands == wanted {
        return None;
    }
    let (stands, wanted) = (serde_json::to_value(stands).ok()?, serde_json::to_value(wanted).ok()?);
    Some(merge_patch(&stands, wanted))
}

/// The merge patch (RFC 7386) that makes of one value the other.
fn merge_patch(stands: &Value, wanted: Value) -> Value {
    let (Value::Object(stands), Value::Object(mut wanted)) = (stands, wanted.clone()) else {
        return wanted;
    };
    for (name, value) in stands {
        let wanted = wanted.entry(name).or_insert(Value::Null);
        *wanted = merge_patch(value, wanted.take());
    }
    Value::Object(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(labels: &[(&str, &str)]) -> DesiredAccount {
        let spec = json!({
            "accountId": "111122223333",
            "regions": ["eu-west-1"],
            "source": { "configApi": {} },
        });
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        DesiredAccount {
            name: "payments".to_owned(),
            labels: labels.collect(),
            spec: serde_json::from_value(spec).unwrap(),
        }
    }

    #[test]
    fn a_merge_patch_takes_away_what_is_not_wanted() {
        let stands = json!({ "regions": ["a", "b"], "role": { "arn": "x", "id": "y" }, "old": 1 });
        let wanted = json!({ "regions": ["a"], "role": { "arn": "x" }, "new": {} });
        let expected = json!({
            "regions": ["a"], "role": { "arn": "x", "id": null }, "old": null, "new": {},
        });
        assert_eq!(merge_patch(&stands, wanted), expected);
    }

    fn standing(account: &DesiredAccount, written: &str) -> AwsAccount {
        let mut stands = AwsAccount::new(&account.name, account.spec.clone());
        let of_others = ("team".to_owned(), "a".to_owned());
        stands.metadata.labels =
            Some(account.labels.clone().into_iter().chain([of_others]).collect());
        stands.metadata.annotations = Some([(WRITTEN.to_owned(), written.to_owned())].into());
        stands
    }

    #[test]
    fn an_object_is_written_where_it_differs_or_a_label_is_no_longer_asked_for() {
        let owner = write::owner(Kind::AwsOrganization, "acme", "uid");
        let wanted = account(&[("env", "prod")]);
        let hash = written(&wanted, &owner);
        assert!(is_written(&standing(&wanted, &hash), &wanted, &hash));
        let moved = account(&[("env", "test")]);
        assert!(!is_written(&standing(&wanted, &hash), &moved, &written(&moved, &owner)));
        let without = account(&[]);
        assert!(!is_written(&standing(&wanted, &hash), &without, &written(&without, &owner)));
        let mut edited = standing(&wanted, &hash);
        edited.spec.regions.push("us-east-1".parse().unwrap());
        assert!(!is_written(&edited, &wanted, &hash));
    }
}
