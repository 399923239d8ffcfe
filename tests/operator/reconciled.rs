//! What users declare comes about: in status, findings, events and metrics.

use api::{AwsAccount, Control, Exemption, ObjectStatus, SecurityBaseline};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::jiff::SignedDuration;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde_json::json;

use super::operated::{FIXED, OPEN, Operated, SUPPRESSED, baseline_says, create, said};
use support::waiting::eventually;

fn drift(baseline: &SecurityBaseline) -> Option<u64> {
    Some(baseline.status.as_ref()?.summary.as_ref()?.non_compliant)
}

#[tokio::test]
async fn drift_is_reported_everywhere_and_resolved_when_it_is_fixed() {
    let Some((operated, replica)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("drift").await;
    let accounts = [operated.account(&namespace).await, operated.account(&namespace).await];
    let of_namespace = json!({ "selector": { "matchLabels": { "of": namespace } } });
    operated.baseline(&namespace, &of_namespace).await;

    let ready = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
    };
    let baseline = operated.baseline_where(&namespace, "it is ready", ready).await;
    // Two buckets of each account keep no versions; the fix changes one.
    assert_eq!(drift(&baseline), Some(4));
    assert_eq!(baseline_says(&baseline, "Accepted"), Some(("True", "Accepted")));
    assert_eq!(baseline_says(&baseline, "Compliant"), Some(("False", "Drift")));
    assert_eq!(baseline_says(&baseline, "Published"), Some(("True", "Published")));
    let status = baseline.status.unwrap();
    assert_eq!((status.targets.len(), status.drift.len()), (2, 1));
    assert_eq!(status.drift[0].resources, 4);
    for account in &accounts {
        account.finding_says(OPEN).await;
    }
    let events = operated.api::<Event>(&namespace).await;
    let reported = async |reason: &str| {
        let events = events.list(&ListParams::default()).await.unwrap();
        events.iter().filter(|event| event.reason.as_deref() == Some(reason)).count()
    };
    eventually("an event for each account", async || {
        (reported("DriftOpened").await == 2).then_some(())
    })
    .await;
    let labels = format!("namespace=\"{namespace}\"");
    let drifting = format!("{labels},baseline=\"production\"");
    let ratio = format!("plumbline_compliance_ratio{{{drifting}}}");
    eventually("the share is measured", async || replica.metric(&ratio).await).await;
    assert_eq!(replica.sum("plumbline_findings_open", &labels).await.to_string(), "4");

    accounts[0].fix();
    operated.ask(&namespace, "fixed").await;
    accounts[0].finding_says(FIXED).await;
    let three = |baseline: &SecurityBaseline| drift(baseline) == Some(3);
    operated.baseline_where(&namespace, "three drifts are left", three).await;
    accounts[1].finding_says(OPEN).await;
    eventually("an event of what was fixed", async || {
        (reported("DriftResolved").await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_exemption_suppresses_until_it_expires() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("exempt").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;

    operated.exempt(&namespace, SignedDuration::from_secs(12)).await;
    account.finding_says(SUPPRESSED).await;
    let exempt = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Compliant") == Some(("True", "Compliant"))
    };
    operated.baseline_where(&namespace, "what is exempt is no drift", exempt).await;

    account.finding_says(OPEN).await; // the clock did it
    let drifts = |baseline: &SecurityBaseline| drift(baseline) == Some(2);
    operated.baseline_where(&namespace, "the drift is back", drifts).await;
    let exemptions = operated.api::<Exemption>(&namespace).await;
    eventually("the exemption says that it has expired", async || {
        let status = exemptions.get("short").await.unwrap().status?;
        (accepted(&status) == Some(("False", "Expired"))).then_some(())
    })
    .await;
}

fn accepted(status: &ObjectStatus) -> Option<(&str, &str)> {
    said(&status.conditions, "Accepted")
}

#[tokio::test]
async fn a_deleted_baseline_goes_when_its_findings_are_archived() {
    let Some((operated, replica)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("deleted").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;
    account.fix(); // what is fixed is archived, too
    operated.ask(&namespace, "fixed").await;
    account.finding_says(FIXED).await;

    operated.delete_baseline(&namespace).await;
    operated.baseline_gone(&namespace).await;
    // Archived before it went.
    assert_eq!(account.finding().unwrap()["RecordState"], "ARCHIVED");
    assert_eq!(operated.reports(&namespace).await.len(), 0);
    let labels = format!("namespace=\"{namespace}\"");
    eventually("its series are gone", async || {
        let (_, text) = replica.get("/metrics").await;
        (!text.contains(&labels)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_evaluation_that_finds_nothing_new_writes_nothing() {
    let Some((operated, replica)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("quiet").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    let ready = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Published").is_some_and(|it| it.0 == "True")
    };
    let before = operated.baseline_where(&namespace, "it is published", ready).await;
    let (reports, published) = (operated.reports(&namespace).await, account.published().len());
    let accounts: Api<AwsAccount> = Api::all(operated.client().await);
    let of_account = async || accounts.get(&account.name).await.unwrap().resource_version();
    // The finalizer and the mark are put after the status, once.
    let account_version = eventually("the account has a status and is marked", async || {
        let found = accounts.get(&account.name).await.unwrap();
        let conditions = found.status.as_ref().map(|it| it.conditions.clone())?;
        let recorder = said(&conditions, "RecorderRunning")?.1 == "NotReported";
        let is_marked = found.annotations().contains_key("plumbline.dev/operator");
        (recorder && is_marked).then(|| found.resource_version())
    })
    .await;

    let verdicts = || replica.sum("plumbline_evaluations_total", &namespace);
    let first = verdicts().await;
    operated.ask(&namespace, "once").await;
    eventually("it is evaluated again", async || (verdicts().await > first).then_some(())).await;
    let second = verdicts().await;
    operated.ask(&namespace, "twice").await;
    eventually("and again", async || (verdicts().await > second).then_some(())).await;

    assert_eq!(operated.reports(&namespace).await, reports);
    assert_eq!(account.published().len(), published);
    assert_eq!(of_account().await, account_version);
    let after = operated.api::<SecurityBaseline>(&namespace).await.get("production").await.unwrap();
    assert_eq!(after.status, before.status);
}

#[tokio::test]
async fn an_account_that_does_not_allow_the_namespace_is_not_evaluated_for_it() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("stranger").await;
    let account = operated.account("somebody-else").await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    let refused = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Accepted") == Some(("False", "UnknownAccount"))
    };
    let baseline = operated.baseline_where(&namespace, "it is refused", refused).await;
    assert_eq!(baseline_says(&baseline, "Ready"), Some(("False", "NotAccepted")));
    assert_eq!(operated.reports(&namespace).await.len(), 0);
    assert!(account.finding().is_none());
}

#[tokio::test]
async fn a_control_says_where_its_mistake_is_and_when_its_name_is_taken() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let controls: Api<Control> = Api::all(operated.client().await);
    let control = |name: &str, compliant: &str| {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "Control",
            "metadata": { "name": name },
            "spec": {
                "title": "t", "description": "d", "severity": "Low", "domain": "governance",
                "remediation": { "text": "r" },
                "check": { "expression": {
                    "resourceTypes": ["AWS::S3::Bucket"], "compliant": compliant,
                }},
            },
        })
    };
    let reported = async |name: &str| {
        eventually(&format!("{name} has a status"), async || {
            let conditions = controls.get(name).await.unwrap().status?.conditions;
            let accepted = conditions.into_iter().find(|it| it.type_ == "Accepted")?;
            Some((accepted.status, accepted.reason, accepted.message))
        })
        .await
    };
    create(&controls, control("team-misspelt", "resourse.name == 'a'")).await;
    // No baseline of the other tests uses it: they would say that its name is taken.
    create(&controls, control("lambda-reserved-concurrency", "true")).await;
    create(&controls, control("team-right", "resource.name == 'a'")).await;
    let (status, reason, message) = reported("team-misspelt").await;
    assert_eq!((status.as_str(), reason.as_str()), ("False", "Invalid"));
    assert!(message.contains("line 1, column 1"), "{message}");
    assert_eq!(reported("lambda-reserved-concurrency").await.1, "NameTaken");
    assert_eq!(reported("team-right").await.0, "True");
}
