//! AWS Config rules in a cluster: the operator creates them for the controls that delegate to one, takes
//! over what they report, and removes them with the last baseline that needs them.

use api::{Control, SecurityBaseline};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::live_accounts::{Live, REGIONS};
use super::operated::create;
use support::waiting::eventually;

/// A control of a team's own, which delegates to an AWS Config rule.
const CONTROL: &str = "team-snapshots-private";

/// How often an operation of an account went well.
fn count(live: &Live, account: &str, operation: &str) -> usize {
    let calls = live.double.calls();
    let of_account =
        |call: &&&serde_json::Value| call["account"] == account && call["outcome"] == "ok";
    calls.each(operation).iter().filter(of_account).count()
}

async fn becomes(live: &Live, account: &str, operation: &str, expected: usize) {
    eventually(&format!("{expected} calls of {operation}"), async || {
        (count(live, account, operation) == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_rule_comes_with_the_first_baseline_and_goes_with_the_last() {
    let Some(live) = Live::shared().await else { return };
    let namespace = live.operated.cluster.namespace("config-rules").await;
    let account = live.account(&namespace).await;
    let public = json!({"EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK": [{
        "resourceType": "AWS::::Account", "resourceId": account,
        "complianceType": "NON_COMPLIANT", "annotation": "a snapshot is public",
    }]});
    for region in REGIONS {
        live.double.change_region(&account, region, &json!({"ruleResults": public}));
    }
    let manage = json!({"spec": {"source": {"configRules": "Manage"}}});
    let accounts = live.accounts().await;
    let name = format!("live-{account}");
    accounts.patch(&name, &PatchParams::default(), &Patch::Merge(manage)).await.unwrap();
    let controls: Api<Control> = Api::all(live.operated.client().await);
    let control = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Control",
        "metadata": { "name": CONTROL },
        "spec": {
            "title": "Snapshots are not public",
            "description": "A public snapshot is a whole disk that everyone can restore.",
            "severity": "Critical",
            "domain": "data-protection",
            "remediation": { "text": "Make them private." },
            "check": { "configRule": { "identifier": "EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK" } },
        },
    });
    create(&controls, control).await;
    let baselines = live.operated.api::<SecurityBaseline>(&namespace).await;
    for name in ["production", "second"] {
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "SecurityBaseline",
            "metadata": { "name": name, "namespace": namespace },
            "spec": {
                "accounts": { "names": [format!("live-{account}")] },
                "controls": [{ "name": CONTROL }],
            },
        });
        create(&baselines, object).await;
    }
    becomes(live, &account, "PutConfigRule", REGIONS.len()).await;
    live.operated.ask(&namespace, "evaluated").await;
    let drift = |baseline: &SecurityBaseline| {
        let summary = baseline.status.as_ref().and_then(|status| status.summary.as_ref());
        summary.is_some_and(|it| (it.non_compliant, it.unknown) == (2, 0))
    };
    live.operated.baseline_where(&namespace, "drift in two regions", drift).await;
    eventually("a finding says what the rule says", async || {
        let findings = live.double.findings();
        let mut own = findings.values().filter(|finding| finding["AwsAccountId"] == account);
        own.any(|it| it["Description"].as_str().is_some_and(|it| it.contains("snapshot is public")))
            .then_some(())
    })
    .await;

    live.operated.delete_baseline(&namespace).await;
    live.operated.baseline_gone(&namespace).await;
    live.operated.ask_of(&namespace, "second", "alone").await;
    assert_eq!(count(live, &account, "DeleteConfigRule"), 0, "the second baseline needs them");
    baselines.delete("second", &DeleteParams::default()).await.unwrap();
    becomes(live, &account, "DeleteConfigRule", REGIONS.len()).await;
    assert_eq!(count(live, &account, "PutConfigRule"), REGIONS.len());
}
