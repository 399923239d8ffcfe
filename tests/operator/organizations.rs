//! An organization whose accounts become objects, and what becomes of those that leave.

mod other_version;

use api::{AwsAccount, AwsOrganization};
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Map, Value, json};

use super::cluster::Cluster;
use super::live_accounts::{EXTERNAL_ID, bucket};
use super::operated::{OPEN, Operated, Replica, create, finding_is, said};
use super::rights::{asked, shipped};
use support::double::{Double, State};
use support::waiting::eventually;

const HOME: &str = "999988887777";
const REGION: &str = "eu-west-1";
const CONFIRM: &str = "plumbline.dev/confirm-removal";
const ARCHIVED: [&str; 3] = ["FAILED", "NEW", "ARCHIVED"];

fn id(number: usize) -> String {
    format!("3333{number:08}")
}

/// An operator that reads an organization of the double.
struct Organized {
    double: Double,
    operated: Operated,
    replica: Replica,
    /// The accounts of the organization.
    members: Map<String, Value>,
}

impl Organized {
    async fn start(count: usize, values: &[&str]) -> Option<Self> {
        Self::start_on(Cluster::own()?, count, values).await
    }

    async fn start_on(cluster: Cluster, count: usize, values: &[&str]) -> Option<Self> {
        let members: Map<String, Value> = (0..count)
            .map(|number| {
                let member =
                    json!({ "name": format!("Shop {number}"), "parent": "ou-exam-workload" });
                (id(number), member)
            })
            .collect();
        let ids: Vec<&str> = [HOME].into_iter().chain(members.keys().map(String::as_str)).collect();
        let mut state =
            State::of(&ids, &[REGION]).set("organizations", json!([organization(&members)]));
        for account in members.keys() {
            let roles = json!({ "plumbline": { "externalId": EXTERNAL_ID, "trusted": [HOME] } });
            let items = json!([bucket(account, REGION, &format!("orders-{account}"), "Suspended")]);
            state = state.account(account, "roles", roles).region(account, REGION, "items", items);
        }
        let double = Double::start(&state)?;
        let operated = Operated::with_aws_on(cluster, &double, &[], values).await;
        let replica = operated.start("plumbline-0").await;
        replica.ready().await;
        Some(Self { double, operated, replica, members })
    }

    /// Changes the organization, and asks for a reading.
    async fn change(&mut self, change: impl FnOnce(&mut Map<String, Value>)) {
        change(&mut self.members);
        self.double.change_organizations(&json!([organization(&self.members)]));
        self.ask().await;
    }

    async fn ask(&self) {
        static ASKED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let asked = ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.annotate("plumbline.dev/reconcile-at", &asked.to_string()).await;
    }

    async fn annotate(&self, name: &str, value: &str) {
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { name: value } } }));
        self.organizations().await.patch("acme", &PatchParams::default(), &patch).await.unwrap();
    }

    async fn organizations(&self) -> Api<AwsOrganization> {
        Api::all(self.operated.client().await)
    }

    async fn accounts(&self) -> Api<AwsAccount> {
        Api::all(self.operated.client().await)
    }

    /// Declares the organization, all accounts of which baselines of a namespace may use.
    async fn declare(&self, namespace: &str) {
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsOrganization",
            "metadata": { "name": "acme" },
            "spec": {
                "organizationId": "o-exampleorgid",
                "accountId": HOME,
                "accounts": { "organizationalUnits": ["/Workloads"] },
                "interval": "1h",
                "template": {
                    "name": "{accountName}",
                    "labels": { "ou": "{ouPath}" },
                    "role": { "name": "plumbline", "externalId": EXTERNAL_ID },
                    "regions": { "names": [REGION] },
                    "source": { "configApi": {} },
                    "allowedNamespaces": { "names": [namespace] },
                },
            },
        });
        create(&self.organizations().await, object).await;
    }

    /// Waits until `Ready` of the organization says this, and gives its message.
    async fn says(&self, expected: (&str, &str)) -> String {
        let organizations = self.organizations().await;
        eventually(&format!("Ready is {expected:?}"), async || {
            let organization = organizations.get("acme").await.unwrap();
            let generation = organization.metadata.generation;
            let status = organization.status.filter(|it| it.observed_generation == generation)?;
            let message = status.conditions.iter().find(|it| it.type_ == "Ready")?.message.clone();
            (said(&status.conditions, "Ready") == Some(expected)).then_some(message)
        })
        .await
    }

    async fn names(&self) -> Vec<String> {
        let accounts = self.accounts().await.list(&ListParams::default()).await.unwrap();
        accounts.iter().map(ResourceExt::name_any).collect()
    }

    /// Waits until there are so many accounts.
    async fn has(&self, count: usize) {
        eventually(&format!("there are {count} accounts"), async || {
            (self.names().await.len() == count).then_some(())
        })
        .await;
    }

    async fn event(&self, name: &str, reason: &str) -> String {
        let events = self.operated.api::<Event>("default").await;
        eventually(&format!("the event {reason} of {name}"), async || {
            let all = events.list(&ListParams::default()).await.unwrap();
            let about = all.items.into_iter().find(|event| {
                let regarding = event.regarding.as_ref().and_then(|it| it.name.as_deref());
                regarding == Some(name) && event.reason.as_deref() == Some(reason)
            });
            about.and_then(|event| event.note)
        })
        .await
    }

    /// The finding of an account's bucket, as Security Hub holds it.
    fn finding(&self, account: &str) -> Option<Value> {
        let end = format!("/AWS::S3::Bucket/orders-{account}");
        self.double.findings().into_iter().find(|(id, _)| id.ends_with(&end)).map(|(_, it)| it)
    }

    async fn finding_says(&self, account: &str, expected: [&str; 3]) {
        eventually(&format!("the finding of {account} is {expected:?}"), async || {
            self.finding(account).is_some_and(|it| finding_is(&it, expected)).then_some(())
        })
        .await;
    }
}

fn organization(members: &Map<String, Value>) -> Value {
    json!({
        "id": "o-exampleorgid",
        "managementAccount": HOME,
        "units": {
            "ou-exam-workload": { "name": "Workloads", "parent": "r-exam" },
            "ou-exam-prodprod": { "name": "Production", "parent": "ou-exam-workload" },
        },
        "accounts": members,
    })
}

const ALLOWED: &str = "--set=organizations.enabled=true";

#[tokio::test]
async fn two_hundred_accounts_get_objects_and_leave_only_within_the_limit() {
    let Some(mut live) = Organized::start(200, &[ALLOWED]).await else { return };
    live.declare("nobody").await;
    let message = live.says(("True", "Synchronized")).await;
    assert_eq!(
        message,
        "200 of 201 accounts of the organization are selected; each has its AwsAccount"
    );
    live.has(200).await;
    assert_eq!(live.double.calls().of("ListAccounts"), 11, "201 accounts, 20 a page");
    assert_eq!(live.double.calls().of("ListOrganizationalUnitsForParent"), 1);
    let note = live.event("acme", "AccountsAdded").await;
    assert!(note.starts_with("created 200 AwsAccounts: shop-0, "), "{note}");
    let account = live.accounts().await.get("shop-7").await.unwrap();
    assert_eq!(account.spec.account_id.as_str(), id(7));
    assert_eq!(account.labels()["ou"], "Workloads");
    assert_eq!(account.owner_references()[0].kind, "AwsOrganization");

    // In steady state nothing is written.
    eventually("the accounts are settled", async || {
        let accounts = live.accounts().await.list(&ListParams::default()).await.unwrap();
        accounts.iter().all(|it| !it.finalizers().is_empty() && it.status.is_some()).then_some(())
    })
    .await;
    let generations = async || {
        let accounts = live.accounts().await.list(&ListParams::default()).await.unwrap();
        let of = |it: &AwsAccount| (it.name_any(), it.metadata.generation, it.labels().clone());
        accounts.iter().map(of).collect::<Vec<_>>()
    };
    let before = generations().await;
    live.ask().await;
    eventually("the organization is read again", async || {
        (live.double.calls().of("ListAccounts") >= 22).then_some(())
    })
    .await;
    assert_eq!(generations().await, before);

    // Throttled or denied, nothing is removed, whoever left meanwhile.
    let denied = json!({ "kind": "deny", "match": { "operation": "ListAccounts" }, "skip": 1 });
    live.double.order_faults(1, &[denied]);
    live.change(|members| members.retain(|id, _| id.ends_with('0'))).await;
    let message = live.says(("False", "Refused")).await;
    assert!(message.contains("organizations:ListAccounts"), "{message}");
    let throttled = json!({ "kind": "throttle", "match": { "service": "organizations" } });
    live.double.order_faults(1, &[throttled]);
    live.double.forget_calls();
    live.ask().await;
    eventually("Organizations refuses calls", async || {
        (live.double.calls().of("ListAccounts") >= 5).then_some(())
    })
    .await;
    live.has(200).await;
    live.event("acme", "OrganizationUnreadable").await;
    live.double.no_faults();

    // 180 accounts are gone: nobody confirmed that.
    let message = live.says(("False", "RemovalHeld")).await;
    for part in ["180 accounts", "removalLimit (5)", "kubectl annotate awsorganization acme"] {
        assert!(message.contains(part), "{message}");
    }
    live.event("acme", "RemovalHeld").await;
    live.has(200).await;
    live.annotate(CONFIRM, "yes").await;
    live.has(20).await;
    live.says(("True", "Synchronized")).await;
    eventually("the confirmation is taken back", async || {
        let organization = live.organizations().await.get("acme").await.unwrap();
        (!organization.annotations().contains_key(CONFIRM)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_account_that_leaves_while_it_is_evaluated_has_its_findings_archived() {
    let Some(mut live) = Organized::start(3, &[ALLOWED]).await else { return };
    let namespace = live.operated.cluster.namespace("organized").await;
    live.declare(&namespace).await;
    live.says(("True", "Synchronized")).await;
    let workloads = json!({ "selector": { "matchLabels": { "ou": "Workloads" } } });
    live.operated.baseline(&namespace, &workloads).await;
    for number in 0..3 {
        live.finding_says(&id(number), OPEN).await;
    }
    // A moved account follows its unit, out of the baseline's selector; its object stays.
    let uid = live.accounts().await.get("shop-2").await.unwrap().uid();
    live.change(|members| members[&id(2)]["parent"] = "ou-exam-prodprod".into()).await;
    live.finding_says(&id(2), ARCHIVED).await;
    let moved = live.accounts().await.get("shop-2").await.unwrap();
    assert_eq!((moved.labels()["ou"].as_str(), moved.uid()), ("Workloads.Production", uid));

    let slow = json!({
        "kind": "slow", "seconds": 3,
        "match": { "operation": ["SelectResourceConfig", "GetDiscoveredResourceCounts"], "account": id(0) },
    });
    live.double.order_faults(1, &[slow]);
    live.operated.ask(&namespace, "while-leaving").await;
    eventually("the account is being evaluated", async || {
        live.double.struck().values().any(|count| *count > 0).then_some(())
    })
    .await;
    live.change(|members| members[&id(0)]["state"] = "SUSPENDED".into()).await;
    live.has(2).await;
    assert!(finding_is(&live.finding(&id(0)).unwrap(), ARCHIVED));
    assert!(finding_is(&live.finding(&id(1)).unwrap(), OPEN), "the other account's stay");
    let note = live.event("shop-0", "AccountsRemoved").await;
    assert!(note.contains("its state is Suspended"), "{note}");
    let note = live.event("acme", "AccountsRemoved").await;
    assert_eq!(note, "deleted 1 AwsAccount: shop-0 (its state is Suspended)");
}

#[tokio::test]
async fn an_account_that_a_user_declared_is_never_taken_over() {
    let Some(mut live) = Organized::start(3, &[ALLOWED]).await else { return };
    let by_hand = |name: &str, account: &str| {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": { "name": name, "labels": { "by": "hand" } },
            "spec": {
                "accountId": account,
                "regions": ["us-east-1"],
                "source": { "configApi": {} },
            },
        })
    };
    let accounts = live.accounts().await;
    create(&accounts, by_hand("shop-0", &id(77))).await;
    create(&accounts, by_hand("mine", &id(1))).await;
    live.declare("nobody").await;
    let message = live.says(("False", "NameTaken")).await;
    for part in ["there is an AwsAccount shop-0", "AwsAccount mine is of the same account"] {
        assert!(message.contains(part), "{message}");
    }
    let mut names = live.names().await;
    names.sort();
    assert_eq!(names, ["mine", "shop-0", "shop-2"]);
    for name in ["mine", "shop-0"] {
        let account = accounts.get(name).await.unwrap();
        assert_eq!(account.labels().len(), 1, "{:?}", account.labels());
        assert_eq!(account.spec.regions[0].as_str(), "us-east-1");
        assert!(account.owner_references().is_empty());
    }
    // Nor removed, whoever leaves.
    live.change(|members| members.retain(|account, _| *account != id(1))).await;
    eventually("account 1 is an exception no more", async || {
        let status = live.organizations().await.get("acme").await.unwrap().status.unwrap();
        (status.exceptions.len() == 1).then_some(())
    })
    .await;
    accounts.get("mine").await.unwrap();

    // Once the name is free, the account gets its object.
    accounts.delete("shop-0", &DeleteParams::default()).await.unwrap();
    live.says(("True", "Synchronized")).await;
    eventually("the account has its object", async || {
        let account = accounts.get_opt("shop-0").await.unwrap()?;
        (account.spec.account_id.as_str() == id(0)).then_some(())
    })
    .await;

    let generation = accounts.get("shop-2").await.unwrap().metadata.generation;
    let edit = Patch::Merge(json!({ "spec": { "regions": ["us-west-2"] } }));
    accounts.patch("shop-2", &PatchParams::default(), &edit).await.unwrap();
    eventually("what somebody edits is put right", async || {
        let account = accounts.get("shop-2").await.unwrap();
        let is_changed = account.metadata.generation > generation;
        (is_changed && account.spec.regions[0].as_str() == REGION).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_the_rights_the_condition_says_which_value_of_the_chart_gives_them() {
    let Some(live) = Organized::start(1, &[]).await else { return };
    live.declare("nobody").await;
    let message = live.says(("False", "Incomplete")).await;
    assert!(message.contains("organizations.enabled"), "{message}");
    assert_eq!(live.names().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_rights_that_the_value_adds_are_used_and_are_enough() {
    let Some(cluster) = Cluster::audited() else { return };
    let Some(mut live) = Organized::start_on(cluster, 7, &[ALLOWED]).await else { return };
    live.declare("nobody").await;
    live.says(("True", "Synchronized")).await;
    live.change(|members| members.retain(|id, _| id.ends_with('0'))).await;
    live.says(("False", "RemovalHeld")).await;
    live.annotate(CONFIRM, "yes").await;
    live.has(1).await;
    live.says(("True", "Synchronized")).await;

    let (asked, with) = (asked(&live.operated), shipped(&live.operated, &[ALLOWED]));
    let without = shipped(&live.operated, &["--set=organizations.enabled=false"]);
    let unused: Vec<&String> =
        with.difference(&without).filter(|it| !asked.contains(*it)).collect();
    assert_eq!(unused, Vec::<&String>::new());
    let missing: Vec<&String> = asked.difference(&with).collect();
    assert_eq!(missing, Vec::<&String>::new());
    assert_eq!(with.difference(&without).count(), 4, "{with:?}");
}
