//! An operator over accounts that are read live, with findings in Security Hub. The AWS double stands
//! for AWS.

use std::sync::atomic::{AtomicUsize, Ordering};

use api::{AwsAccount, SecurityBaseline};
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::operated::{Operated, Replica, baseline_says, create, finding_is, said};
use support::double::{Double, State};
use support::waiting::eventually;

pub(crate) const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
/// Whose credentials the operator has; it reaches the others by their roles.
const OPERATORS: &str = "999988887777";
/// Where the queue of each account is.
pub(crate) const QUEUE_REGION: &str = "eu-west-1";
/// How many accounts there are to take: more than the tests that share an operator take together.
const ACCOUNTS: usize = 16;
/// Whom the buckets belong to, by their tags.
pub(crate) const TEAM: &str = "orders-team";
pub(crate) const EXTERNAL_ID: &str = "a-word-of-ours";

/// An operator over accounts of a double.
pub(crate) struct Live {
    pub(crate) double: Double,
    pub(crate) operated: Operated,
    pub(crate) replica: Replica,
    taken: AtomicUsize,
}

fn account_id(number: usize) -> String {
    format!("1111{number:08}")
}

/// The bucket of a region that keeps no versions.
fn orders(account: &str, region: &str) -> String {
    format!("orders-{account}-{region}")
}

pub(crate) fn bucket(account: &str, region: &str, name: &str, versioning: &str) -> Value {
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
        "tags": { "team": TEAM },
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
        let queues = json!({ "changes": { "follows": [account] } });
        state = state.region(account, QUEUE_REGION, "queues", queues);
    }
    state
}

impl Live {
    /// The one that most tests share; `None`, said aloud, where it cannot be had.
    pub(crate) async fn shared() -> Option<&'static Self> {
        static SHARED: OnceCell<Option<Live>> = OnceCell::const_new();
        SHARED.get_or_init(async || Self::start(&[]).await).await.as_ref()
    }

    pub(crate) async fn start(arguments: &[&str]) -> Option<Self> {
        let double = Double::start(&state())?;
        let operated = Operated::with_aws(&double, arguments).await?;
        let replica = operated.start("plumbline-0").await;
        replica.ready().await;
        Some(Self { double, operated, replica, taken: AtomicUsize::new(0) })
    }

    /// Declares an account that nobody else has, open to a namespace.
    pub(crate) async fn account(&self, namespace: &str) -> String {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        assert!(number < ACCOUNTS, "the double has no account left: raise `ACCOUNTS`");
        let id = account_id(number);
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

    /// Has an account read its queue, and gives the queue's URL.
    pub(crate) async fn add_queue(&self, account: &str) -> String {
        let url = format!("https://sqs.{QUEUE_REGION}.amazonaws.com/{account}/changes");
        let patch =
            json!({ "spec": { "source": { "configApi": { "changes": { "queueUrl": url } } } } });
        let (name, patch) = (format!("live-{account}"), Patch::Merge(patch));
        self.accounts().await.patch(&name, &PatchParams::default(), &patch).await.unwrap();
        url
    }

    /// A namespace with a baseline over so many accounts, all of whose drift is published.
    pub(crate) async fn published<const N: usize>(&self, prefix: &str) -> (String, [String; N]) {
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

    pub(crate) async fn accounts(&self) -> Api<AwsAccount> {
        Api::all(self.operated.client().await)
    }

    /// Waits until a condition of an account says this, and gives its message.
    pub(crate) async fn account_says(
        &self,
        id: &str,
        type_: &str,
        expected: (&str, &str),
    ) -> String {
        let accounts = self.accounts().await;
        eventually(&format!("{type_} of account {id} is {expected:?}"), async || {
            let conditions = accounts.get(&format!("live-{id}")).await.unwrap().status?.conditions;
            let message = conditions.iter().find(|it| it.type_ == type_)?.message.clone();
            (said(&conditions, type_) == Some(expected)).then_some(message)
        })
        .await
    }

    /// What each region of an account says of a condition.
    pub(crate) async fn regions_say(&self, id: &str, type_: &str) -> Vec<String> {
        let account = self.accounts().await.get(&format!("live-{id}")).await.unwrap();
        let regions = account.status.unwrap().regions;
        regions.iter().map(|it| said(&it.conditions, type_).unwrap().0.to_owned()).collect()
    }

    /// Waits until a condition of the baseline says this, and gives its message.
    pub(crate) async fn baseline_says(
        &self,
        namespace: &str,
        type_: &str,
        expected: (&str, &str),
    ) -> String {
        let says = |baseline: &SecurityBaseline| baseline_says(baseline, type_) == Some(expected);
        let what = format!("{type_} is {expected:?}");
        let baseline = self.operated.baseline_where(namespace, &what, says).await;
        let conditions = baseline.status.unwrap().conditions;
        conditions.into_iter().find(|it| it.type_ == type_).unwrap().message
    }

    /// Turns versions of the bucket of a region on or off.
    pub(crate) fn set_versioning(&self, account: &str, region: &str, status: &str) {
        self.double.patch_items(&[json!({
            "account": account, "region": region, "resourceType": "AWS::S3::Bucket",
            "resourceId": orders(account, region),
            "patch": { "supplementaryConfiguration": {
                "BucketVersioningConfiguration": { "status": status },
            }},
        })]);
    }

    /// The bucket's finding as Security Hub holds it.
    pub(crate) fn finding(&self, account: &str, region: &str) -> Option<Value> {
        let end = format!("/AWS::S3::Bucket/{}", orders(account, region));
        self.double.findings().into_iter().find(|(id, _)| id.ends_with(&end)).map(|(_, it)| it)
    }

    pub(crate) fn is(&self, account: &str, region: &str, expected: [&str; 3]) -> bool {
        self.finding(account, region).is_some_and(|finding| {
            assert_eq!(finding["AwsAccountId"], account);
            assert_eq!(finding["Region"], region);
            finding_is(&finding, expected)
        })
    }

    /// Waits until the bucket's finding says this of compliance, workflow and record.
    pub(crate) async fn finding_says(&self, account: &str, region: &str, expected: [&str; 3]) {
        eventually(&format!("the finding of {account} in {region} is {expected:?}"), async || {
            self.is(account, region, expected).then_some(())
        })
        .await;
    }

    /// The notes of the events about an object.
    pub(crate) async fn events(&self, namespace: &str, name: &str, reason: &str) -> Vec<String> {
        let events = self.operated.api::<Event>(namespace).await;
        let events = events.list(&ListParams::default()).await.unwrap();
        let about = events.iter().filter(|event| {
            let regarding = event.regarding.as_ref().and_then(|it| it.name.as_deref());
            regarding == Some(name) && event.reason.as_deref() == Some(reason)
        });
        about.filter_map(|event| event.note.clone()).collect()
    }

    /// Waits for an event about an account.
    pub(crate) async fn account_event(&self, id: &str, reason: &str) -> String {
        eventually(&format!("the event {reason}"), async || {
            self.events("default", &format!("live-{id}"), reason).await.pop()
        })
        .await
    }
}

pub(crate) fn role(account: &str, external_id: &str) -> Value {
    let arn = format!("arn:aws:iam::{account}:role/plumbline");
    json!({ "arn": arn, "externalId": external_id })
}
