//! What would archive a great part of an account's findings at once waits for a confirmation, unless its
//! user deleted what asked for them.

use api::{AwsAccount, SecurityBaseline};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::live_accounts::{Live, REGIONS};
use super::operated::OPEN;
use support::waiting::eventually;

const ARCHIVED: [&str; 3] = ["FAILED", "NEW", "ARCHIVED"];
const CONFIRM: &str = "plumbline.dev/confirm-archival";

fn confirmation() -> Patch<Value> {
    Patch::Merge(json!({ "metadata": { "annotations": { CONFIRM: "yes" } } }))
}

fn all(live: &Live, account: &str, expected: [&str; 3]) -> bool {
    REGIONS.iter().all(|region| live.is(account, region, expected))
}

#[tokio::test]
async fn a_spec_that_archives_much_waits_for_a_confirmation_and_a_deletion_does_not() {
    let limit = ["--archival-limit=1", "--archival-limit-percent=10"];
    let Some(live) = Live::start(&limit).await else { return };
    let (namespace, [account]) = live.published("archivals").await;
    let baselines: Api<SecurityBaseline> = live.operated.api(&namespace).await;
    let controls = |name: &str| Patch::Merge(json!({ "spec": { "controls": [{ "name": name }] } }));
    let parameters = PatchParams::default();
    baselines.patch("production", &parameters, &controls("kms-key-rotation")).await.unwrap();

    let message = live.baseline_says(&namespace, "Published", ("False", "ArchivalHeld")).await;
    let annotate =
        format!("kubectl annotate baseline production --namespace {namespace} {CONFIRM}");
    for part in ["2 of ", "more than 1 and more than 10 %", &annotate] {
        assert!(message.contains(part), "{part}: {message}");
    }
    eventually("an event tells of it", async || {
        live.events(&namespace, "production", "ArchivalHeld").await.pop()
    })
    .await;
    let series = format!("plumbline_archivals_held{{account=\"{account}\"}}");
    assert_eq!(live.replica.metric(&series).await.unwrap().to_string(), "2");
    live.operated.ask(&namespace, "again").await;
    live.baseline_says(&namespace, "Published", ("False", "ArchivalHeld")).await;
    assert!(all(&live, &account, OPEN));

    baselines.patch("production", &parameters, &confirmation()).await.unwrap();
    for region in REGIONS {
        live.finding_says(&account, region, ARCHIVED).await;
    }
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
    eventually("the confirmation is taken back", async || {
        let baseline = baselines.get("production").await.unwrap();
        (!baseline.annotations().contains_key(CONFIRM)).then_some(())
    })
    .await;

    // Whoever deletes a baseline wants that.
    baselines.patch("production", &parameters, &controls("s3-bucket-versioning")).await.unwrap();
    for region in REGIONS {
        live.finding_says(&account, region, OPEN).await;
    }
    live.operated.delete_baseline(&namespace).await;
    live.operated.baseline_gone(&namespace).await;
    assert!(all(&live, &account, ARCHIVED));
}

#[tokio::test]
async fn a_baseline_that_is_gone_without_a_deletion_and_a_deleted_definition_archive_nothing() {
    let Some(mut live) = Live::start(&["--archive-deadline=5s"]).await else { return };
    let (namespace, [account]) = live.published("archivals-gone").await;
    let (_, [left]) = live.published("archivals-defined").await;
    let accounts: Api<AwsAccount> = live.accounts().await;

    // As of an older backup of the cluster, in which the baseline was not there yet.
    let baselines: Api<SecurityBaseline> = live.operated.api(&namespace).await;
    vanish(&mut live, &baselines).await;
    let message = live.account_says(&account, "FindingsArchived", ("False", "ArchivalHeld")).await;
    let annotate = format!("kubectl annotate awsaccount live-{account} {CONFIRM}=yes");
    for part in ["2 of 2 findings", "nobody was seen to delete", &annotate] {
        assert!(message.contains(part), "{part}: {message}");
    }
    live.account_event(&account, "ArchivalHeld").await;
    assert!(all(&live, &account, OPEN));
    let name = format!("live-{account}");
    accounts.patch(&name, &PatchParams::default(), &confirmation()).await.unwrap();
    for region in REGIONS {
        live.finding_says(&account, region, ARCHIVED).await;
    }
    eventually("the confirmation is taken back, and nothing is left", async || {
        let account = accounts.get(&name).await.unwrap();
        let conditions = account.status.as_ref()?.conditions.iter();
        let is_done = conditions.clone().all(|it| it.type_ != "FindingsArchived");
        (is_done && !account.annotations().contains_key(CONFIRM)).then_some(())
    })
    .await;

    // The definition goes, and all baselines with it.
    let definitions: Api<CustomResourceDefinition> = Api::all(live.operated.client().await);
    let definition = "securitybaselines.plumbline.dev";
    definitions.delete(definition, &DeleteParams::default()).await.unwrap();
    live.replica.gives_up().await;
    eventually("the definition is gone", async || {
        definitions.get_opt(definition).await.unwrap().is_none().then_some(())
    })
    .await;
    live.account_says(&left, "FindingsArchived", ("False", "ArchivalHeld")).await;
    assert!(all(&live, &left, OPEN));
}

/// Takes the baseline away while no operator runs, which would see that.
async fn vanish(live: &mut Live, baselines: &Api<SecurityBaseline>) {
    live.replica.ends().await;
    let finalizers = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    baselines.patch("production", &PatchParams::default(), &finalizers).await.unwrap();
    baselines.delete("production", &DeleteParams::default()).await.unwrap();
    live.replica = live.operated.start("plumbline-1").await;
    live.replica.ready().await;
}
