//! Accounts that are read live, with findings in Security Hub: what users see of it, there and in
//! the cluster. The AWS double stands for AWS.

use std::sync::atomic::{AtomicUsize, Ordering};

use k8s_openapi::api::events::v1::Event;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use plumbline::api::{AwsAccount, Exemption, SecurityBaseline};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::double::{Double, State};
use super::operated::{Operated, Replica, baseline_says, create, said};
use super::waiting::eventually;

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
/// Whose credentials the operator has; it reaches the others by their roles.
const OPERATORS: &str = "999988887777";
/// How many accounts there are to take.
const ACCOUNTS: usize = 8;
const EXTERNAL_ID: &str = "a-word-of-ours";

const OPEN: [&str; 3] = ["FAILED", "NEW", "ACTIVE"];
const MENDED: [&str; 3] = ["PASSED", "RESOLVED", "ACTIVE"];
const SUPPRESSED: [&str; 3] = ["FAILED", "SUPPRESSED", "ACTIVE"];

/// An operator over accounts of a double.
struct Live {
    double: Double,
    operated: Operated,
    replica: Replica,
    taken: AtomicUsize,
}

fn account_id(number: usize) -> String {
    format!("1111{number:08}")
}

/// The bucket of a region that keeps no versions.
fn orders(account: &str, region: &str) -> String {
    format!("orders-{account}-{region}")
}

fn bucket(account: &str, region: &str, name: &str, versioning: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-20T05:05:35.185Z",
        "configurationItemStatus": "ResourceDiscovered",
        "configurationStateId": 1,
        "awsAccountId": account,
        "awsRegion": region,
        "resourceType": "AWS::S3::Bucket",
        "resourceId": name,
        "resourceName": name,
        "ARN": format!("arn:aws:s3:::{name}"),
        "resourceCreationTime": "2026-03-11T08:14:22.000Z",
        "tags": {},
        "relatedEvents": [],
        "relationships": [],
        "configuration": { "name": name },
        "supplementaryConfiguration": {
            "BucketVersioningConfiguration": { "status": versioning, "isMfaDeleteEnabled": null },
        },
    })
}

/// Accounts with a role that asks for an external id, and two buckets in each region.
fn state() -> State {
    let ids: Vec<String> = (0..ACCOUNTS).map(account_id).collect();
    let all: Vec<&str> = [OPERATORS].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let mut state = State::of(&all, &REGIONS);
    for account in &ids {
        let roles = json!({ "plumbline": { "externalId": EXTERNAL_ID, "trusted": [OPERATORS] } });
        state = state.account(account, "roles", roles);
        for region in REGIONS {
            let kept = format!("kept-{account}-{region}");
            let items = json!([
                bucket(account, region, &orders(account, region), "Suspended"),
                bucket(account, region, &kept, "Enabled"),
            ]);
            state = state.region(account, region, "items", items);
        }
    }
    state
}

impl Live {
    /// The one that most tests share; `None`, said aloud, where it cannot be had.
    async fn shared() -> Option<&'static Self> {
        static SHARED: OnceCell<Option<Live>> = OnceCell::const_new();
        SHARED.get_or_init(async || Self::start(&[]).await).await.as_ref()
    }

    async fn start(arguments: &[&str]) -> Option<Self> {
        let double = Double::start(&state())?;
        let operated = Operated::with_aws(&double, arguments).await?;
        let replica = operated.start("plumbline-0").await;
        replica.ready().await;
        Some(Self { double, operated, replica, taken: AtomicUsize::new(0) })
    }

    /// Declares an account that nobody else has, open to a namespace.
    async fn account(&self, namespace: &str) -> String {
        let id = account_id(self.taken.fetch_add(1, Ordering::Relaxed));
        let operations = ["SelectResourceConfig", "BatchGetResourceConfig", "GetFindings"];
        let budgets = operations.map(|it| json!({ "operation": it, "perSecond": 1000 }));
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": { "name": format!("live-{id}"), "labels": { "of": namespace } },
            "spec": {
                "accountId": id,
                "regions": REGIONS,
                "role": role(&id, EXTERNAL_ID),
                "source": { "configApi": {} },
                "budgets": budgets,
                "allowedNamespaces": { "names": [namespace] },
            },
        });
        create(&self.accounts().await, object).await;
        id
    }

    /// A namespace with a baseline over so many accounts, all of whose drift is published.
    async fn published<const N: usize>(&self, prefix: &str) -> (String, [String; N]) {
        let namespace = self.operated.cluster.namespace(prefix).await;
        let mut accounts = [const { String::new() }; N];
        for account in &mut accounts {
            *account = self.account(&namespace).await;
        }
        let of_namespace = json!({ "selector": { "matchLabels": { "of": namespace } } });
        self.operated.baseline(&namespace, &of_namespace).await;
        self.baseline_says(&namespace, "Ready", ("True", "Evaluated")).await;
        self.baseline_says(&namespace, "Published", ("True", "Published")).await;
        (namespace, accounts)
    }

    async fn accounts(&self) -> Api<AwsAccount> {
        Api::all(self.operated.client().await)
    }

    /// Waits until a condition of an account says this, and gives its message.
    async fn account_says(&self, id: &str, type_: &str, expected: (&str, &str)) -> String {
        let accounts = self.accounts().await;
        eventually(&format!("{type_} of account {id} is {expected:?}"), async || {
            let conditions = accounts.get(&format!("live-{id}")).await.unwrap().status?.conditions;
            let message = conditions.iter().find(|it| it.type_ == type_)?.message.clone();
            (said(&conditions, type_) == Some(expected)).then_some(message)
        })
        .await
    }

    /// What each region of an account says of a condition.
    async fn regions_say(&self, id: &str, type_: &str) -> Vec<String> {
        let account = self.accounts().await.get(&format!("live-{id}")).await.unwrap();
        let regions = account.status.unwrap().regions;
        regions.iter().map(|it| said(&it.conditions, type_).unwrap().0.to_owned()).collect()
    }

    /// Waits until a condition of the baseline says this, and gives its message.
    async fn baseline_says(&self, namespace: &str, type_: &str, expected: (&str, &str)) -> String {
        let says = |baseline: &SecurityBaseline| baseline_says(baseline, type_) == Some(expected);
        let what = format!("{type_} is {expected:?}");
        let baseline = self.operated.baseline_where(namespace, &what, says).await;
        let conditions = baseline.status.unwrap().conditions;
        conditions.into_iter().find(|it| it.type_ == type_).unwrap().message
    }

    /// Turns versions of the bucket of a region on or off.
    fn set_versioning(&self, account: &str, region: &str, status: &str) {
        self.double.patch_items(&[json!({
            "account": account, "region": region, "resourceType": "AWS::S3::Bucket",
            "resourceId": orders(account, region),
            "patch": { "supplementaryConfiguration": {
                "BucketVersioningConfiguration": { "status": status },
            }},
        })]);
    }

    /// The bucket's finding as Security Hub holds it.
    fn finding(&self, account: &str, region: &str) -> Option<Value> {
        let end = format!("/AWS::S3::Bucket/{}", orders(account, region));
        self.double.findings().into_iter().find(|(id, _)| id.ends_with(&end)).map(|(_, it)| it)
    }

    fn is(&self, account: &str, region: &str, expected: [&str; 3]) -> bool {
        self.finding(account, region).is_some_and(|finding| {
            let parts = [
                &finding["Compliance"]["Status"],
                &finding["Workflow"]["Status"],
                &finding["RecordState"],
            ];
            assert_eq!(finding["AwsAccountId"], account);
            assert_eq!(finding["Region"], region);
            parts == expected
        })
    }

    /// Waits until the bucket's finding says this of compliance, workflow and record.
    async fn finding_says(&self, account: &str, region: &str, expected: [&str; 3]) {
        eventually(&format!("the finding of {account} in {region} is {expected:?}"), async || {
            self.is(account, region, expected).then_some(())
        })
        .await;
    }

    /// The notes of the events about an object.
    async fn events(&self, namespace: &str, name: &str, reason: &str) -> Vec<String> {
        let events = self.operated.api::<Event>(namespace).await;
        let events = events.list(&ListParams::default()).await.unwrap();
        let about = events.iter().filter(|event| {
            let regarding = event.regarding.as_ref().and_then(|it| it.name.as_deref());
            regarding == Some(name) && event.reason.as_deref() == Some(reason)
        });
        about.filter_map(|event| event.note.clone()).collect()
    }

    /// Waits for an event about an account.
    async fn account_event(&self, id: &str, reason: &str) -> String {
        eventually(&format!("the event {reason}"), async || {
            self.events("default", &format!("live-{id}"), reason).await.pop()
        })
        .await
    }
}

fn role(account: &str, external_id: &str) -> Value {
    let arn = format!("arn:aws:iam::{account}:role/plumbline");
    json!({ "arn": arn, "externalId": external_id })
}

#[tokio::test]
async fn drift_of_two_accounts_in_two_regions_is_told_everywhere_and_resolved() {
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
    assert!(status.targets.iter().all(|target| target.state == "Complete"));
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
    let told = async |reason: &str, count: usize| {
        eventually(&format!("{count} events {reason}"), async || {
            let notes = live.events(&namespace, "production", reason).await;
            (notes.len() == count).then_some(())
        })
        .await;
    };
    told("DriftOpened", 2).await;
    let labels = format!("namespace=\"{namespace}\"");
    let sum = async |name: &str| live.replica.sum(name, &labels).await.to_string();
    assert_eq!(sum("plumbline_findings_open").await, "4");
    assert_eq!(sum("plumbline_drift_opened_total").await, "4");

    for account in &accounts {
        for region in REGIONS {
            live.set_versioning(account, region, "Enabled");
        }
    }
    live.operated.ask(&namespace, "mended").await;
    for account in &accounts {
        for region in REGIONS {
            live.finding_says(account, region, MENDED).await;
        }
    }
    live.operated.baseline_where(&namespace, "no drift is left", drift(0)).await;
    live.baseline_says(&namespace, "Compliant", ("True", "Compliant")).await;
    told("DriftResolved", 2).await;
    assert_eq!(sum("plumbline_findings_open").await, "0");
    assert_eq!(sum("plumbline_drift_resolved_total").await, "4");
}

#[tokio::test]
async fn an_exemption_suppresses_in_security_hub_until_it_expires() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, [account]) = live.published("live-exempt").await;
    let now = Timestamp::now();
    let object = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Exemption",
        "metadata": { "name": "short", "namespace": namespace },
        "spec": {
            "baseline": "production",
            "controls": ["s3-bucket-versioning"],
            "reason": "a test",
            "approvedBy": "a test",
            "approvedAt": now - SignedDuration::from_mins(1),
            "expiresAt": now + SignedDuration::from_secs(8),
        },
    });
    create(&live.operated.api::<Exemption>(&namespace).await, object).await;
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
async fn a_role_that_cannot_be_assumed_is_told_and_other_accounts_go_on() {
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
    assert!(message.contains("external id"), "{message}");
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
    live.finding_says(&other, "eu-west-1", MENDED).await;
    assert!(live.is(&account, "eu-west-1", OPEN));
    live.account_says(&other, "CredentialsValid", ("True", "Verified")).await;

    assume(EXTERNAL_ID).await;
    live.finding_says(&account, "eu-west-1", MENDED).await;
    live.account_says(&account, "CredentialsValid", ("True", "Verified")).await;
    live.baseline_says(&namespace, "Ready", ("True", "Evaluated")).await;
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
}

#[tokio::test]
async fn a_role_that_trusts_nobody_any_more_is_told_when_its_session_ends() {
    let Some(live) = Live::start(&[]).await else { return };
    let (namespace, [account]) = live.published("live-trust").await;
    live.account_says(&account, "CredentialsValid", ("True", "Verified")).await;
    let assume = json!({ "operation": "AssumeRole" });
    live.double.order_faults(1, &[json!({ "kind": "deny", "match": assume })]);
    live.double.expire_sessions();
    live.operated.ask(&namespace, "revoked").await;
    let message = live.account_says(&account, "CredentialsValid", ("False", "Refused")).await;
    assert!(message.contains("the role cannot be assumed"), "{message}");
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
async fn a_recorder_that_is_off_and_a_hub_that_is_off_are_told_by_region() {
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
    live.finding_says(&account, "us-east-1", MENDED).await;
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
    live.finding_says(&account, "eu-west-1", MENDED).await;
}

#[tokio::test]
async fn a_deleted_baseline_is_archived_in_security_hub_before_it_goes() {
    let Some(live) = Live::shared().await else { return };
    let (namespace, accounts) = live.published::<2>("live-deleted").await;
    let baselines = live.operated.api::<SecurityBaseline>(&namespace).await;
    let standing = baselines.get("production").await.unwrap();
    assert_eq!(standing.finalizers(), ["plumbline.dev/archive-findings"]);
    baselines.delete("production", &DeleteParams::default()).await.unwrap();
    eventually("the baseline is gone", async || {
        baselines.get_opt("production").await.unwrap().is_none().then_some(())
    })
    .await;
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
    let baselines = live.operated.api::<SecurityBaseline>(&namespace).await;
    baselines.delete("production", &DeleteParams::default()).await.unwrap();
    let message = live.account_says(&account, "FindingsArchived", ("False", "LeftOpen")).await;
    assert!(message.starts_with("2 findings"), "{message}");
    eventually("the baseline is gone", async || {
        baselines.get_opt("production").await.unwrap().is_none().then_some(())
    })
    .await;
    for region in REGIONS {
        assert!(live.is(&account, region, OPEN));
    }
    eventually("it is counted", async || {
        let given_up = live.replica.metric("plumbline_archives_given_up_total").await;
        given_up.filter(|count| *count > 0.0)
    })
    .await;
    let log = live.replica.log();
    let told = log.lines().find(|line| line.contains("could not be archived in time"));
    assert!(told.is_some_and(|line| line.contains(&format!("live-{account}"))), "{told:?}");

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

    let baselines = live.operated.api::<SecurityBaseline>(&namespace).await;
    baselines.delete("production", &DeleteParams::default()).await.unwrap();
    eventually("it is given up", async || {
        let given_up = live.replica.metric("plumbline_archives_given_up_total").await;
        given_up.filter(|count| *count > 0.0)
    })
    .await;
    assert!(live.is(&account, "eu-west-1", OPEN));
    live.double.no_faults();
    for region in REGIONS {
        live.finding_says(&account, region, ["FAILED", "NEW", "ARCHIVED"]).await;
    }
}
