//! Whose findings are: what another Plumbline published stays as it is, is reported, and can be taken over.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt};
use serde_json::json;

use super::live_accounts::{Live, REGIONS};
use super::operated::{FIXED, OPEN};
use support::waiting::eventually;

/// The mark of a cluster that is not this one.
const OTHER: &str = "cluster/5b0c6c1e-0000-4000-8000-000000000000";

fn mark(live: &Live, account: &str, region: &str) -> String {
    let finding = live.finding(account, region).unwrap();
    finding["ProductFields"]["plumbline/publisher"].as_str().unwrap_or_default().to_owned()
}

/// Another process goes on in the place of the operator, which knows only what it reads.
async fn restarted(live: &mut Live, pod: &str, others: &[(&str, &str)]) {
    let next = live.operated.start_with(pod, others).await;
    next.ready().await;
    std::mem::replace(&mut live.replica, next).stop().await;
}

#[tokio::test]
async fn findings_of_another_cluster_stay_as_they_are_until_they_are_adopted() {
    let Some(mut live) = Live::start(&[]).await else { return };
    let (namespace, [account]) = live.published("publishers").await;
    let namespaces: Api<Namespace> = Api::all(live.operated.client().await);
    let uid = namespaces.get("kube-system").await.unwrap().uid().unwrap();
    let own = format!("cluster/{uid}");
    for region in REGIONS {
        assert_eq!(mark(&live, &account, region), own);
        let id = live.finding(&account, region).unwrap()["Id"].as_str().unwrap().to_owned();
        let patch = json!({ "ProductFields": { "plumbline/publisher": OTHER } });
        live.double.patch_finding(&account, region, &id, &patch);
        live.set_versioning(&account, region, "Enabled");
    }
    restarted(&mut live, "plumbline-1", &[]).await;

    let message = live.account_says(&account, "SolePublisher", ("False", "OtherPublisher")).await;
    for part in ["another Plumbline", &OTHER["cluster/".len()..], "--adopt", "findings.adopt"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let note = live.account_event(&account, "OtherPublisher").await;
    assert!(note.contains("another Plumbline"), "{note}");
    let message = live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    assert!(message.contains("another Plumbline"), "{message}");
    let series = format!("plumbline_other_publisher_findings{{account=\"{account}\"}}");
    eventually("the metric counts them", async || {
        live.replica.metric(&series).await.filter(|count| *count > 1.0)
    })
    .await;
    // Fixed, and asked for: and yet another's.
    live.operated.ask(&namespace, "fixed").await;
    live.baseline_says(&namespace, "Compliant", ("True", "Compliant")).await;
    for region in REGIONS {
        assert!(live.is(&account, region, OPEN), "{:?}", live.finding(&account, region));
        assert_eq!(mark(&live, &account, region), OTHER);
    }

    restarted(&mut live, "plumbline-2", &[("--adopt", "")]).await;
    for region in REGIONS {
        live.finding_says(&account, region, FIXED).await;
        assert_eq!(mark(&live, &account, region), own);
    }
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
    let accounts = live.accounts().await;
    eventually("the condition is gone", async || {
        let status = accounts.get(&format!("live-{account}")).await.unwrap().status?;
        status.conditions.iter().all(|it| it.type_ != "SolePublisher").then_some(())
    })
    .await;
}
