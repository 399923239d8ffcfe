//! What users see of accounts that are read live: in Security Hub, and in the cluster.

use std::time::Duration;

use api::SecurityBaseline;
use k8s_openapi::jiff::SignedDuration;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::live_accounts::{EXTERNAL_ID, Live, QUEUE_REGION, REGIONS, role};
use super::operated::{FIXED, OPEN, SUPPRESSED, baseline_says, said};
use support::is_soak;
use support::waiting::{eventually, within};

#[tokio::test]
async fn drift_of_two_accounts_in_two_regions_is_reported_everywhere_and_resolved() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, accounts) = live.published::<2>("live-drift").await;
    let drift = |count: u64| {
        move |baseline: &SecurityBaseline| {
            let status = baseline.status.as_ref();
            let summary = status.and_then(|status| status.summary.as_ref());
            summary.is_some_and(|it| (it.non_compliant, it.unknown) == (count, 0))
        }
    };
    let baseline = live.operated.baseline_where(&namespace, "four drifts", drift(4)).await;
    assert_eq!(baseline_says(&baseline, "Compliant"), Some(("False", "Drift")));
    let status = baseline.status.unwrap();
    assert_eq!(status.targets.len(), 4);
    assert!(status.targets.iter().all(|target| target.state.as_str() == "Complete"));
    for account in &accounts {
        for region in REGIONS {
            assert!(live.is(account, region, OPEN), "{:?}", live.finding(account, region));
        }
        for (type_, reason) in [
            ("CredentialsValid", "Verified"),
            ("RecorderRunning", "Recording"),
            ("SecurityHubEnabled", "Enabled"),
        ] {
            live.account_says(account, type_, ("True", reason)).await;
        }
        for type_ in ["RecorderRunning", "SecurityHubEnabled"] {
            assert_eq!(live.regions_say(account, type_).await, ["True", "True"], "{type_}");
        }
        let recorder = format!("plumbline_recorder_running{{account=\"{account}\"");
        assert_eq!(live.replica.metric(&recorder).await.unwrap().to_string(), "1");
    }
    let reported = async |reason: &str, count: usize| {
        eventually(&format!("{count} events {reason}"), async || {
            let notes = live.events(&namespace, "production", reason).await;
            (notes.len() == count).then_some(())
        })
        .await;
    };
    reported("DriftOpened", 2).await;
    let labels = format!("namespace=\"{namespace}\"");
    let sum = async |name: &str| live.replica.sum(name, &labels).await.to_string();
    assert_eq!(sum("plumbline_findings_open").await, "4");
    assert_eq!(sum("plumbline_drift_opened_total").await, "4");

    for account in &accounts {
        for region in REGIONS {
            live.set_versioning(account, region, "Enabled");
        }
    }
    live.operated.ask(&namespace, "fixed").await;
    for account in &accounts {
        for region in REGIONS {
            live.finding_says(account, region, FIXED).await;
        }
    }
    live.operated.baseline_where(&namespace, "no drift is left", drift(0)).await;
    live.baseline_says(&namespace, "Compliant", ("True", "Compliant")).await;
    reported("DriftResolved", 2).await;
    assert_eq!(sum("plumbline_findings_open").await, "0");
    assert_eq!(sum("plumbline_drift_resolved_total").await, "4");
}

#[tokio::test]
async fn an_exemption_suppresses_in_security_hub_until_it_expires() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account]) = live.published("live-exempt").await;
    live.operated.exempt(&namespace, SignedDuration::from_secs(15)).await;
    for region in REGIONS {
        live.finding_says(&account, region, SUPPRESSED).await;
        let finding = live.finding(&account, region).unwrap();
        let exemption = finding["UserDefinedFields"]["plumbline/exemption"].as_str();
        assert!(exemption.is_some_and(|it| it.contains("short")), "{finding}");
    }
    live.baseline_says(&namespace, "Compliant", ("True", "Compliant")).await;
    for region in REGIONS {
        live.finding_says(&account, region, OPEN).await; // the clock did it
    }
    live.baseline_says(&namespace, "Compliant", ("False", "Drift")).await;
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_reported_and_other_accounts_go_on() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account, other]) = live.published("live-role").await;
    let accounts = live.accounts().await;
    let assume = async |external_id: &str| {
        let patch = json!({ "spec": { "role": role(&account, external_id) } });
        let (name, patch) = (format!("live-{account}"), Patch::Merge(patch));
        accounts.patch(&name, &PatchParams::default(), &patch).await.unwrap();
    };
    assume("another-word").await;
    let message = live.account_says(&account, "CredentialsValid", ("False", "Refused")).await;
    assert!(message.contains("AssumeRole"), "{message}");
    assert!(message.contains("external ID"), "{message}");
    live.account_says(&account, "SecurityHubEnabled", ("Unknown", "Unread")).await;
    let message = live.baseline_says(&namespace, "Ready", ("False", "Incomplete")).await;
    assert!(message.contains(&account) && !message.contains(&other), "{message}");
    let message = live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    assert!(message.contains(&account) && !message.contains(&other), "{message}");
    live.account_event(&account, "CredentialsRefused").await;
    // What is not known resolves nothing.
    assert!(live.is(&account, "eu-west-1", OPEN));

    live.set_versioning(&account, "eu-west-1", "Enabled");
    live.set_versioning(&other, "eu-west-1", "Enabled");
    live.operated.ask(&namespace, "others go on").await;
    live.finding_says(&other, "eu-west-1", FIXED).await;
    assert!(live.is(&account, "eu-west-1", OPEN));
    live.account_says(&other, "CredentialsValid", ("True", "Verified")).await;

    assume(EXTERNAL_ID).await;
    live.finding_says(&account, "eu-west-1", FIXED).await;
    live.account_says(&account, "CredentialsValid", ("True", "Verified")).await;
    live.baseline_says(&namespace, "Ready", ("True", "Evaluated")).await;
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
}

#[tokio::test]
async fn a_role_that_trusts_nobody_any_more_is_reported_when_its_session_ends() {
    let Some(live) = Live::start(&[]).await else { return };
    let (namespace, [account]) = live.published("live-trust").await;
    live.account_says(&account, "CredentialsValid", ("True", "Verified")).await;
    let assume = json!({ "operation": "AssumeRole" });
    live.double.order_faults(1, &[json!({ "kind": "deny", "match": assume })]);
    live.double.expire_sessions();
    live.operated.ask(&namespace, "revoked").await;
    let message = live.account_says(&account, "CredentialsValid", ("False", "Refused")).await;
    let refused = format!("the role arn:aws:iam::{account}:role/plumbline cannot be assumed: ");
    assert!(message.contains(&refused), "{message}");
    live.baseline_says(&namespace, "Ready", ("False", "Incomplete")).await;
    live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    for region in REGIONS {
        assert!(live.is(&account, region, OPEN), "what is unknown resolves nothing");
    }
    live.double.no_faults();
    live.operated.ask(&namespace, "trusted again").await;
    live.account_says(&account, "CredentialsValid", ("True", "Verified")).await;
    live.baseline_says(&namespace, "Ready", ("True", "Evaluated")).await;
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
}

#[tokio::test]
async fn a_recorder_that_is_off_and_a_hub_that_is_off_are_reported_by_region() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account]) = live.published("live-off").await;
    let here = |change: Value| live.double.change_region(&account, "eu-west-1", &change);

    here(json!({ "recorder": { "recording": false } }));
    live.operated.ask(&namespace, "recorder").await;
    let message =
        live.account_says(&account, "RecorderRunning", ("False", "RecorderStopped")).await;
    assert!(message.contains("eu-west-1") && !message.contains("us-east-1"), "{message}");
    assert_eq!(live.regions_say(&account, "RecorderRunning").await, ["False", "True"]);
    let message = live.baseline_says(&namespace, "Ready", ("False", "Incomplete")).await;
    assert!(message.contains("eu-west-1: RecorderStopped"), "{message}");
    live.account_event(&account, "RecorderStopped").await;
    assert!(live.is(&account, "eu-west-1", OPEN), "what is unknown resolves nothing");
    here(json!({ "recorder": { "recording": true } }));
    live.operated.ask(&namespace, "recorder again").await;
    live.account_says(&account, "RecorderRunning", ("True", "Recording")).await;

    here(json!({ "recorder": null, "serviceRecorders": ["securityhubv2.amazonaws.com"] }));
    live.operated.ask(&namespace, "recorder of a service").await;
    let message =
        live.account_says(&account, "RecorderRunning", ("False", "RecorderMissing")).await;
    let named =
        "eu-west-1 has no customer managed configuration recorder, only service-linked ones";
    assert!(message.starts_with(named), "{message}");
    assert!(message.contains("create a customer managed recorder"), "{message}");
    assert_eq!(live.regions_say(&account, "RecorderRunning").await, ["False", "True"]);
    live.account_event(&account, "RecorderMissing").await;
    assert!(live.is(&account, "eu-west-1", OPEN), "what is unknown resolves nothing");
    here(json!({ "recorder": {}, "serviceRecorders": [] }));
    live.operated.ask(&namespace, "recorder of the customer").await;
    live.account_says(&account, "RecorderRunning", ("True", "Recording")).await;

    here(json!({ "securityHub": { "enabled": false } }));
    for region in REGIONS {
        live.set_versioning(&account, region, "Enabled");
    }
    live.operated.ask(&namespace, "hub").await;
    let message = live.account_says(&account, "SecurityHubEnabled", ("False", "NotEnabled")).await;
    assert!(message.contains("eu-west-1") && message.contains("enable it"), "{message}");
    assert_eq!(live.regions_say(&account, "SecurityHubEnabled").await, ["False", "True"]);
    let message = live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    assert!(message.contains("eu-west-1") && message.contains("not enabled"), "{message}");
    live.finding_says(&account, "us-east-1", FIXED).await;
    live.baseline_says(&namespace, "Ready", ("True", "Evaluated")).await;
    live.account_event(&account, "SecurityHubUnavailable").await;

    // Nothing is to be published now, and still nobody knows what stands there.
    live.set_versioning(&account, "eu-west-1", "Suspended");
    live.operated.ask(&namespace, "nothing to do").await;
    live.baseline_says(&namespace, "Compliant", ("False", "Drift")).await;
    live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;

    live.set_versioning(&account, "eu-west-1", "Enabled");
    here(json!({ "securityHub": { "enabled": true } }));
    live.operated.ask(&namespace, "hub again").await;
    live.account_says(&account, "SecurityHubEnabled", ("True", "Enabled")).await;
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
    live.finding_says(&account, "eu-west-1", FIXED).await;
}

#[tokio::test]
async fn a_deleted_baseline_is_archived_in_security_hub_before_it_goes() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, accounts) = live.published::<2>("live-deleted").await;
    live.operated.delete_baseline(&namespace).await;
    live.operated.baseline_gone(&namespace).await;
    for account in &accounts {
        for region in REGIONS {
            let finding = live.finding(account, region).unwrap();
            assert_eq!(finding["RecordState"], "ARCHIVED", "{account} {region}");
        }
    }
    assert_eq!(live.operated.reports(&namespace).await.len(), 0);
}

#[tokio::test]
async fn a_baseline_whose_findings_cannot_be_archived_goes_after_the_deadline() {
    let Some(live) = Live::start(&["--archive-deadline=5s"]).await else { return };
    let (namespace, [account]) = live.published("live-deadline").await;
    let writes = json!({
        "service": "securityhub", "account": account,
        "operation": ["BatchImportFindings", "BatchUpdateFindings"],
    });
    live.double.order_faults(1, &[json!({ "kind": "deny", "match": writes })]);
    live.operated.delete_baseline(&namespace).await;
    let message = live.account_says(&account, "FindingsArchived", ("False", "LeftOpen")).await;
    assert!(message.starts_with("2 findings"), "{message}");
    live.operated.baseline_gone(&namespace).await;
    for region in REGIONS {
        assert!(live.is(&account, region, OPEN));
    }
    live.replica.gives_up().await;
    let log = live.operated.logged("plumbline-0");
    let given_up = support::log::lines(&log, "archiving_given_up");
    let mut accounts = given_up.iter().filter_map(|line| line["fields"]["accounts"].as_str());
    assert!(accounts.any(|it| it.contains(&format!("live-{account}"))), "{given_up:?}");

    // The account goes on trying.
    live.double.no_faults();
    for region in REGIONS {
        eventually("it is archived", async || {
            let finding = live.finding(&account, region).unwrap();
            (finding["RecordState"] == "ARCHIVED").then_some(())
        })
        .await;
    }
    let accounts = live.accounts().await;
    eventually("nothing is left open", async || {
        let conditions = accounts.get(&format!("live-{account}")).await.unwrap().status?.conditions;
        said(&conditions, "FindingsArchived").is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_deleted_baseline_waits_for_findings_that_cannot_be_read_back() {
    let Some(mut live) = Live::start(&["--archive-deadline=5s"]).await else { return };
    let (namespace, [account]) = live.published("live-unread").await;
    let reads = json!({ "operation": "GetFindings", "account": account });
    live.double.order_faults(1, &[json!({ "kind": "deny", "match": reads })]);
    // One that knows nothing of what the first has published.
    let second = live.operated.start("plumbline-1").await;
    second.ready().await;
    std::mem::replace(&mut live.replica, second).stop().await;
    live.account_says(&account, "SecurityHubEnabled", ("Unknown", "Unread")).await;
    live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;

    live.operated.delete_baseline(&namespace).await;
    live.replica.gives_up().await;
    assert!(live.is(&account, "eu-west-1", OPEN));
    live.double.no_faults();
    for region in REGIONS {
        live.finding_says(&account, region, ["FAILED", "NEW", "ARCHIVED"]).await;
    }
}

#[tokio::test]
async fn an_account_that_throttles_holds_up_nobody_and_is_reported_to_be_unreachable() {
    let Some(live) = Live::start(&["--max-concurrent=1"]).await else { return };
    let throttled_namespace = live.operated.cluster.namespace("live-throttled").await;
    let throttled = live.account(&throttled_namespace).await;
    let throttle = json!({ "kind": "throttle", "share": 1.0, "match": { "account": throttled } });
    live.double.order_faults(1, &[throttle]);
    let of_namespace = json!({ "selector": { "matchLabels": { "of": throttled_namespace } } });
    live.operated.baseline(&throttled_namespace, &of_namespace).await;
    eventually("the account is throttled", async || {
        live.double.struck().values().any(|count| *count > 0).then_some(())
    })
    .await;

    live.published::<1>("live-beside").await; // though only one is evaluated at a time
    if !is_soak() {
        return; // it is tried for minutes
    }
    within(Duration::from_mins(5), "an event tells of it", async || {
        live.events("default", &format!("live-{throttled}"), "AccountUnreachable").await.pop()
    })
    .await;
    live.account_says(&throttled, "CredentialsValid", ("Unknown", "Unreachable")).await;
    live.double.no_faults();
    live.operated.ask(&throttled_namespace, "not throttled").await;
    live.account_says(&throttled, "CredentialsValid", ("True", "Verified")).await;
    live.baseline_says(&throttled_namespace, "Ready", ("True", "Evaluated")).await;
}

#[tokio::test]
async fn a_queue_brings_changes_before_the_interval_and_is_reported_when_it_is_gone() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account]) = live.published("live-queue").await;
    let url = live.add_queue(&account).await;
    live.account_says(&account, "ChangesReceived", ("True", "Receiving")).await;

    for region in REGIONS {
        live.set_versioning(&account, region, "Enabled");
    }
    for region in REGIONS {
        live.finding_says(&account, region, FIXED).await; // though nobody asked
    }
    live.baseline_says(&namespace, "Compliant", ("True", "Compliant")).await;
    let taken = format!("plumbline_change_messages_total{{outcome=\"taken\",queue=\"{url}\"}}");
    assert!(live.replica.metric(&taken).await.unwrap() >= 2.0);

    let queue = |more: Value| {
        let mut place = json!({ "account": account, "region": QUEUE_REGION, "name": "changes" });
        place.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        place
    };
    let nonsense = queue(json!({ "messages": [{ "hello": "world" }] }));
    live.double.control("POST", "messages", &nonsense);
    live.account_says(&account, "ChangesReceived", ("True", "UnreadMessages")).await;
    live.account_event(&account, "ChangesNotUnderstood").await;

    live.double.control("PATCH", "queue", &queue(json!({ "change": null })));
    let message = live.account_says(&account, "ChangesReceived", ("False", "QueueMissing")).await;
    assert!(message.contains("will retry"), "{message}");
    live.account_event(&account, "ChangeQueueUnreadable").await;
    live.set_versioning(&account, "eu-west-1", "Suspended");
    live.operated.ask(&namespace, "without a queue").await;
    live.finding_says(&account, "eu-west-1", OPEN).await;
}
