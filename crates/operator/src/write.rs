//! Requests that change objects on the API server, all with one field manager. Statuses and reports
//! are written by [`apply`](super::apply).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::ApiResource;
use kube::{Api, Client};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use api::{API_VERSION, BaselineReportSpec, GROUP, Kind, ObjectKey, VERSION};
use engine::plan::BaselineKey;

/// Who owns what is applied.
pub(super) const FIELD_MANAGER: &str = "plumbline";
/// The annotation of a report that says whether findings may stand of its baseline and account.
pub(super) const FINDINGS: &str = "plumbline.dev/findings";
/// Its value where none may; it is taken away before the first is published.
pub(super) const NONE: &str = "none";
/// The annotation that says which operator works on an account.
pub(super) const OPERATOR: &str = "plumbline.dev/operator";
/// The longest name of an object.
const MAX_NAME: usize = 253;

/// The API of a kind, in a namespace or in none.
pub(super) fn api(client: &Client, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
    let resource = ApiResource {
        group: GROUP.to_owned(),
        version: VERSION.to_owned(),
        api_version: API_VERSION.to_owned(),
        kind: kind.to_string(),
        plural: kind.plural(),
    };
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

pub(super) fn applying() -> PatchParams {
    PatchParams::apply(FIELD_MANAGER).force()
}

/// The name of the report of a baseline and account.
pub(super) fn report_name(baseline: &str, account_id: &str) -> String {
    name_of(baseline, account_id)
}

/// A name of two parts, of which the first is shortened where both are too long together.
pub(super) fn name_of(first: &str, second: &str) -> String {
    let name = format!("{first}-{second}");
    if name.len() <= MAX_NAME {
        return name;
    }
    let digest = Sha256::digest(first.as_bytes());
    let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    let hash = format!("{hash:016x}");
    let kept = MAX_NAME - second.len() - hash.len() - 2;
    let beginning = first.get(..kept).unwrap_or(first).trim_end_matches(['-', '.']);
    format!("{beginning}-{hash}-{second}")
}

/// Makes the report of a baseline and account, which goes with the baseline, or notes in one that
/// is there whether it `is_clean`. Its uid.
pub(super) async fn make_report(
    client: &Client,
    baseline: &BaselineKey,
    baseline_uid: &str,
    spec: &BaselineReportSpec,
    is_clean: bool,
) -> kube::Result<Option<String>> {
    let name = report_name(&spec.baseline, spec.account_id.as_str());
    let owner = owner(Kind::SecurityBaseline, &baseline.name, baseline_uid);
    // What the one manager of fields no longer applies is taken away.
    let annotations = if is_clean { json!({ FINDINGS: NONE }) } else { json!({}) };
    let patch = json!({
        "apiVersion": API_VERSION,
        "kind": Kind::BaselineReport.as_str(),
        "metadata": { "name": name, "ownerReferences": [owner], "annotations": annotations },
        "spec": spec,
    });
    let api = api(client, Kind::BaselineReport, Some(&baseline.namespace));
    let made = api.patch(&name, &applying(), &Patch::Apply(patch)).await?;
    Ok(made.metadata.uid)
}

/// Whom an object goes with.
pub(super) fn owner(kind: Kind, name: &str, uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_string(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        controller: Some(true),
        block_owner_deletion: None,
    }
}

/// Deletes a report; one that is gone is deleted.
pub(super) async fn delete_report(
    client: &Client,
    namespace: &str,
    name: &str,
) -> kube::Result<()> {
    delete(&api(client, Kind::BaselineReport, Some(namespace)), name).await
}

/// Deletes an object; one that is gone is deleted.
pub(super) async fn delete(api: &Api<DynamicObject>, name: &str) -> kube::Result<()> {
    match api.delete(name, &DeleteParams::default()).await {
        Err(error) if !is_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Whether the object is not there.
pub(super) fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// Whether somebody else was faster; what he wrote is on its way here.
pub(super) fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

/// Replaces the finalizers of an object as it was when it was read, and says which operator works on
/// it, if that is given.
pub(super) async fn put_finalizers(
    client: &Client,
    kind: Kind,
    metadata: &ObjectMeta,
    finalizers: &[String],
    operator: Option<&str>,
) -> kube::Result<()> {
    // A merge patch leaves alone what an empty map names nothing of.
    let annotations = operator.map_or_else(|| json!({}), |operator| json!({ OPERATOR: operator }));
    let patch: Value = json!({ "metadata": {
        "annotations": annotations,
        "finalizers": finalizers,
        "uid": metadata.uid,
        "resourceVersion": metadata.resource_version,
    }});
    let api = api(client, kind, metadata.namespace.as_deref());
    let name = metadata.name.as_deref().unwrap_or_default();
    let parameters =
        PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    match api.patch_metadata(name, &parameters, &Patch::Merge(patch)).await {
        Err(error) if !is_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Says on an account which operator works on it.
pub(super) async fn mark_account(client: &Client, name: &str, operator: &str) -> kube::Result<()> {
    let patch: Value = json!({ "metadata": { "annotations": { OPERATOR: operator } } });
    let api = api(client, Kind::AwsAccount, None);
    let parameters =
        PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    match api.patch_metadata(name, &parameters, &Patch::Merge(patch)).await {
        Err(error) if !is_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Takes an annotation away from an object.
pub(super) async fn take_back(
    client: &Client,
    key: &ObjectKey,
    annotation: &str,
) -> kube::Result<()> {
    let patch: Value = json!({ "metadata": { "annotations": { annotation: null } } });
    let api = api(client, key.kind, key.namespace.as_deref());
    let parameters =
        PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    match api.patch_metadata(&key.name, &parameters, &Patch::Merge(patch)).await {
        Err(error) if !is_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_named_by_its_baseline_and_account() {
        assert_eq!(report_name("production", "111122223333"), "production-111122223333");
    }

    #[test]
    fn long_names_stay_apart_and_short_enough() {
        let (one, other) = ("a".repeat(253), format!("{}b", "a".repeat(252)));
        let names = [&one, &other].map(|name| report_name(name, "111122223333"));
        assert_ne!(names[0], names[1]);
        assert!(names.iter().all(|name| name.len() <= MAX_NAME), "{names:?}");
    }
}
