//! Nothing is left behind: what is deleted archives its findings first, says what it waits for, and
//! leaves a way to archive the rest.

use std::process::Command;

use api::{AwsAccount, BaselineReport, SecurityBaseline};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::live_accounts::{EXTERNAL_ID, Live, REGIONS};
use super::operated::{OPEN, Operated, baseline_says, create, said};
use support::log;
use support::waiting::eventually;

const ARCHIVED: [&str; 3] = ["FAILED", "NEW", "ARCHIVED"];

/// Deletes an account once it has the finalizer.
async fn delete_account(accounts: &Api<AwsAccount>, name: &str) {
    eventually("the account has the finalizer", async || {
        let account = accounts.get(name).await.unwrap();
        (account.finalizers() == ["plumbline.dev/archive-findings"]).then_some(())
    })
    .await;
    accounts.delete(name, &DeleteParams::default()).await.unwrap();
}

async fn account_gone(accounts: &Api<AwsAccount>, name: &str) {
    eventually("the account is gone", async || {
        accounts.get_opt(name).await.unwrap().is_none().then_some(())
    })
    .await;
}

fn deny(operations: &Value, account: &str) -> Value {
    json!({ "kind": "deny", "match": { "operation": operations, "account": account } })
}

#[tokio::test]
async fn a_deleted_account_archives_its_findings_before_it_goes() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account, other]) = live.published("leaving").await;
    let accounts = live.accounts().await;
    delete_account(&accounts, &format!("live-{account}")).await;
    account_gone(&accounts, &format!("live-{account}")).await;
    for region in REGIONS {
        assert!(live.is(&account, region, ARCHIVED), "{:?}", live.finding(&account, region));
        assert!(live.is(&other, region, OPEN), "the other account's findings stay");
    }
    eventually("its report is gone", async || {
        (live.operated.reports(&namespace).await.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_account_and_its_baselines_go_together() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account]) = live.published("leaving-together").await;
    let accounts = live.accounts().await;
    delete_account(&accounts, &format!("live-{account}")).await;
    live.operated.delete_baseline(&namespace).await;
    live.operated.baseline_gone(&namespace).await;
    account_gone(&accounts, &format!("live-{account}")).await;
    for region in REGIONS {
        assert!(live.is(&account, region, ARCHIVED), "{:?}", live.finding(&account, region));
    }
}

#[tokio::test]
async fn an_account_that_cannot_archive_says_so_goes_after_the_deadline_and_a_command_does_it() {
    let Some(live) = Live::start(&["--archive-deadline=12s"]).await else { return };
    let (_, [account]) = live.published("leaving-late").await;
    let accounts = live.accounts().await;
    let writes = json!(["BatchImportFindings", "BatchUpdateFindings"]);
    live.double.order_faults(1, &[deny(&writes, &account)]);
    delete_account(&accounts, &format!("live-{account}")).await;
    let message = live.account_says(&account, "FindingsArchived", ("False", "Archiving")).await;
    assert!(message.contains("gives up at 20"), "{message}");
    let note = live.account_event(&account, "ArchivingFindings").await;
    assert!(note.contains("waits until the account's findings are archived"), "{note}");
    account_gone(&accounts, &format!("live-{account}")).await;
    live.replica.gives_up().await;
    let note = live.account_event(&account, "FindingsLeftOpen").await;
    assert!(note.contains(&format!("plumbline archive --account {account}")), "{note}");
    assert!(REGIONS.iter().all(|region| live.is(&account, region, OPEN)));

    live.double.no_faults();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    live.double.environment(&mut command);
    let role = format!("arn:aws:iam::{account}:role/plumbline");
    command.args(["archive", "--account", &account, "--role-arn", &role, "--yes", "--adopt"]);
    command.args(REGIONS.map(|region| format!("--region={region}")));
    // The double's own key is of the account that the roles trust.
    let archived = command.env("PLUMBLINE_EXTERNAL_ID", EXTERNAL_ID).output().unwrap();
    let said = String::from_utf8_lossy(&archived.stderr).into_owned();
    assert_eq!(archived.status.code(), Some(0), "{said}");
    for region in REGIONS {
        assert!(live.is(&account, region, ARCHIVED), "{:?}", live.finding(&account, region));
    }
}

#[tokio::test]
async fn a_deletion_that_waits_shows_what_it_waits_for_and_the_account_what_was_left() {
    let Some(live) = Live::start(&["--archive-deadline=16s"]).await else { return };
    let (namespace, [account]) = live.published("leaving-shown").await;
    let assume = json!({ "operation": "AssumeRole" });
    live.double.order_faults(1, &[json!({ "kind": "deny", "match": assume })]);
    live.double.expire_sessions();
    live.operated.ask(&namespace, "revoked").await;
    live.account_says(&account, "CredentialsValid", ("False", "Refused")).await;

    live.operated.delete_baseline(&namespace).await;
    let message = live.baseline_says(&namespace, "Ready", ("False", "Archiving")).await;
    let refused = format!("the role arn:aws:iam::{account}:role/plumbline cannot be assumed");
    for part in [&format!("account live-{account}"), &refused, "gives up at 20"] {
        assert!(message.contains(part), "{message}");
    }
    eventually("an event tells of it", async || {
        live.events(&namespace, "production", "ArchivingFindings").await.pop()
    })
    .await;
    live.operated.baseline_gone(&namespace).await;
    live.replica.gives_up().await;
    live.account_event(&account, "FindingsLeftOpen").await;
    let accounts = live.accounts().await;
    let status = accounts.get(&format!("live-{account}")).await.unwrap().status.unwrap();
    let said = said(&status.conditions, "FindingsArchived");
    assert!(said.is_some_and(|(status, _)| status != "True"), "{said:?}");

    live.double.no_faults();
    for region in REGIONS {
        live.finding_says(&account, region, ARCHIVED).await;
    }
}

#[tokio::test]
async fn what_never_published_anything_goes_at_once_though_aws_cannot_be_reached() {
    let Some(live) = Live::start(&[]).await else { return };
    live.double.order_faults(
        1,
        &[json!({
            "kind": "deny", "match": { "operation": "AssumeRole" },
        })],
    );
    let namespace = live.operated.cluster.namespace("leaving-clean").await;
    let account = live.account(&namespace).await;
    live.operated.baseline(&namespace, &json!({ "names": [format!("live-{account}")] })).await;
    live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    let reports: Api<BaselineReport> = live.operated.api(&namespace).await;
    let report = reports.list(&ListParams::default()).await.unwrap().items.remove(0);
    assert_eq!(report.annotations()["plumbline.dev/findings"], "none");

    // The deadline is ten minutes, and a test waits for one.
    live.operated.delete_baseline(&namespace).await;
    live.operated.baseline_gone(&namespace).await;
    let accounts = live.accounts().await;
    delete_account(&accounts, &format!("live-{account}")).await;
    account_gone(&accounts, &format!("live-{account}")).await;
    assert_eq!(live.replica.metric("plumbline_archives_given_up_total").await, Some(0.0));
}

#[tokio::test]
async fn before_anything_is_published_the_report_says_that_findings_may_stand() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account]) = live.published("leaving-noted").await;
    let reports: Api<BaselineReport> = live.operated.api(&namespace).await;
    let report = reports.list(&ListParams::default()).await.unwrap().items.remove(0);
    assert_eq!(report.annotations().get("plumbline.dev/findings"), None);
    assert!(live.is(&account, "eu-west-1", OPEN));
}

#[tokio::test]
async fn of_two_objects_for_one_account_the_deleted_one_leaves_the_findings_to_the_other() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("leaving-rival").await;
    let account = operated.account(&namespace).await;
    let selector = json!({ "selector": { "matchLabels": { "of": namespace } } });
    operated.baseline(&namespace, &selector).await;
    account.finding_says(OPEN).await;
    let accounts: Api<AwsAccount> = Api::all(operated.client().await);
    let mut twin = serde_json::to_value(accounts.get(&account.name).await.unwrap()).unwrap();
    let name = format!("{}-twin", account.name);
    twin["metadata"] = json!({ "name": name, "labels": { "of": namespace } });
    twin["status"].take();
    create(&accounts, twin).await;
    eventually("the younger one reports the older", async || {
        let conditions = accounts.get(&name).await.unwrap().status?.conditions;
        (said(&conditions, "CredentialsValid")?.1 == "SameAccount").then_some(())
    })
    .await;

    delete_account(&accounts, &account.name).await;
    account_gone(&accounts, &account.name).await;
    let is_reported_by_twin = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
    };
    operated.ask(&namespace, "by the other").await;
    operated.baseline_where(&namespace, "it is evaluated", is_reported_by_twin).await;
    let states: Vec<Value> =
        account.published().iter().map(|finding| finding["RecordState"].clone()).collect();
    assert!(states.iter().all(|state| state == "ACTIVE"), "{states:?}");
}

#[tokio::test]
async fn two_operators_that_work_on_the_same_account_each_report_the_other() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let first = operated.start("plumbline-0").await;
    first.ready().await;
    let namespace = operated.cluster.namespace("leaving-two").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;
    let accounts: Api<AwsAccount> = Api::all(operated.client().await);
    let own = format!("default/{}", operated.release_namespace());
    let mark = async || {
        let account = accounts.get(&account.name).await.unwrap();
        account.annotations().get("plumbline.dev/operator").cloned()
    };
    eventually("the account is marked", async || (mark().await? == own).then_some(())).await;

    let state = tempfile::tempdir().unwrap();
    let others = [("--installation", "team-b"), ("--state", state.path().to_str().unwrap())];
    let second = operated.start_with("plumbline-1", &others).await;
    second.ready().await;
    let both = format!("{own} and team-b/{}", operated.release_namespace());
    for pod in ["plumbline-0", "plumbline-1"] {
        eventually(&format!("{pod} warns"), async || {
            let warned = log::lines(&operated.logged(pod), "other_operator").pop()?;
            assert_eq!(warned["fields"]["operators"], both, "{warned}");
            Some(())
        })
        .await;
    }
    let events: Api<k8s_openapi::api::events::v1::Event> = operated.api("default").await;
    let events = events.list(&ListParams::default()).await.unwrap();
    let reported = events.iter().filter(|event| event.reason.as_deref() == Some("OtherOperator"));
    assert_eq!(reported.count(), 2);
    eventually("the account says so", async || {
        let conditions = accounts.get(&account.name).await.unwrap().status?.conditions;
        (said(&conditions, "SoleOperator")? == ("False", "OtherOperator")).then_some(())
    })
    .await;
    second.stop().await;
    first.stop().await;
}
