//! An organization's object that does not parse.

use api::AwsOrganization;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::json;

use super::{ALLOWED, Organized, id, organization};
use support::waiting::eventually;

#[tokio::test]
async fn an_organization_that_another_version_wrote_keeps_its_accounts_until_it_is_put_right() {
    let Some(mut live) = Organized::start(3, &[ALLOWED]).await else { return };
    live.declare("nobody").await;
    live.says(("True", "Synchronized")).await;
    // What a later version of the CRD would take.
    let crds: Api<CustomResourceDefinition> = Api::all(live.operated.client().await);
    let name = "awsorganizations.plumbline.dev";
    let mut crd = crds.get(name).await.unwrap();
    let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = crd.spec.versions[0].schema.as_mut().unwrap();
    schema.open_api_v3_schema = Some(serde_json::from_value(anything).unwrap());
    crds.replace(name, &PostParams::default(), &crd).await.unwrap();
    let organizations = Api::<DynamicObject>::all_with(
        live.operated.client().await,
        &ApiResource::erase::<AwsOrganization>(&()),
    );
    let interval = async |interval: &str| {
        let patch = Patch::Merge(json!({ "spec": { "interval": interval } }));
        organizations.patch("acme", &PatchParams::default(), &patch).await.unwrap();
    };
    eventually("the object is stored", async || {
        interval("at full moon").await;
        let stored = organizations.get("acme").await.unwrap();
        (stored.data["spec"]["interval"] == "at full moon").then_some(())
    })
    .await;
    eventually("the log says that it cannot be parsed", async || {
        let log = live.replica.log();
        (log.contains("AwsOrganization") && log.contains("cannot be parsed")).then_some(())
    })
    .await;
    // Whoever leaves meanwhile stays, for nobody knows whether the account is still selected.
    live.members.retain(|account, _| *account != id(1));
    live.double.change_organizations(&json!([organization(&live.members)]));
    interval("on Sundays").await;
    eventually("the log says it of the next one", async || {
        live.replica.log().contains("on Sundays").then_some(())
    })
    .await;
    live.has(3).await;
    interval("1h").await;
    live.has(2).await;
    live.says(("True", "Synchronized")).await;
}
