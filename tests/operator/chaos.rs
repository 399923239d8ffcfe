//! Replicas are killed, the API server is restarted and etcd stops: afterwards all is as if nothing
//! had happened, nothing was published twice, and no account had two evaluators for long.

mod evaluations;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write as _, stderr}; // past the harness's capture: the figures show
use std::iter;
use std::time::Duration;

use api::{AwsAccount, Condition, SecurityBaseline};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::operated::{Account, Operated, Replica, said};
use evaluations::{Evaluation, evaluations, longest_overlap};
use support::double::{Double, State};
use support::is_soak;
use support::random::Random;
use support::waiting::within;

const ACCOUNTS: usize = 6;
const BASELINES: usize = 3;
const LEASE: SignedDuration = SignedDuration::from_secs(4);
/// Longer than the lease, so that everybody lapses.
const PAUSE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_mins(2);
const LOGGED: &str = "info,plumbline=debug";
/// Whoever owns drift is the same in both scenes, whose namespaces differ: findings say it.
const OWNED: &str = "--owner-account-label=team";
/// Whose credentials the operator has, where findings go to Security Hub.
const OPERATORS: &str = "999988887777";

#[tokio::test]
async fn whatever_breaks_security_hub_and_statuses_are_as_in_an_undisturbed_run() {
    let (Some(calm), Some(broken)) = (Scene::with_hub().await, Scene::with_hub().await) else {
        return;
    };
    compare(calm, broken).await;
}

#[tokio::test]
async fn whatever_breaks_files_and_statuses_are_as_in_an_undisturbed_run() {
    let (Some(calm), Some(broken)) = (Scene::with_files().await, Scene::with_files().await) else {
        return;
    };
    compare(calm, broken).await;
}

/// Lets all break in one scene, and compares what stands in the end with the other.
async fn compare(calm: Scene, broken: Scene) {
    let undisturbed = calm.undisturbed().await;
    let troubled = broken.troubled().await;
    within(PATIENCE, "all is as in the undisturbed run", async || {
        let stands = broken.stands().await;
        (stands == undisturbed).then_some(())
    })
    .await;
    broken.published_in_order();

    let evaluations = troubled.evaluations(&broken.operated);
    let overlap = longest_overlap(&evaluations);
    let pods = troubled.killed.len() + troubled.running.len();
    say(&format!(
        "{pods} processes evaluated accounts {} times; two of them one account at once for {:.3} s \
         at most",
        evaluations.len(),
        overlap.as_secs_f64(),
    ));
    assert!(evaluations.len() >= ACCOUNTS, "{evaluations:?}");
    assert!(overlap <= LEASE, "{overlap:?}");
    for (_, replica) in troubled.running {
        replica.stop().await;
    }
}

fn lease_duration() -> String {
    format!("--lease-duration={}s", LEASE.as_secs())
}

fn account_id(number: usize) -> String {
    format!("6666{number:08}")
}

fn say(line: &str) {
    _ = writeln!(stderr(), "{line}");
}

/// A cluster with accounts and baselines. Findings go to Security Hub, if there is one.
struct Scene {
    operated: Operated,
    hub: Option<Double>,
    namespace: String,
    ids: Vec<(String, String)>,
}

/// What stands in the end: statuses and findings, without times.
#[derive(Debug, PartialEq)]
struct Stands {
    statuses: BTreeMap<String, Value>,
    findings: BTreeMap<String, Value>,
}

impl Scene {
    async fn with_files() -> Option<Self> {
        let operated = Operated::logging(LOGGED, &[&lease_duration(), OWNED]).await?;
        Some(Self::of(operated, None).await)
    }

    async fn with_hub() -> Option<Self> {
        let ids: Vec<String> = (0..ACCOUNTS).map(account_id).collect();
        let all: Vec<&str> = iter::once(OPERATORS).chain(ids.iter().map(String::as_str)).collect();
        let mut state = State::of(&all, &["eu-west-1"]);
        for id in &ids {
            state = state.account(id, "roles", json!({ "plumbline": { "trusted": [OPERATORS] } }));
        }
        let hub = Double::start(&state)?;
        let operated =
            Operated::with_aws_logging(LOGGED, &hub, &[&lease_duration(), OWNED]).await?;
        Some(Self::of(operated, Some(hub)).await)
    }

    async fn of(operated: Operated, hub: Option<Double>) -> Self {
        let namespace = operated.cluster.namespace("chaos").await;
        let mut ids = Vec::new();
        for number in 0..ACCOUNTS {
            let (name, id) = (format!("account-{number}"), account_id(number));
            let role = hub.as_ref().map(|_| format!("arn:aws:iam::{id}:role/plumbline"));
            let role = role.map_or(Value::Null, |arn| json!({ "arn": arn }));
            operated.account_reached(&name, &id, &namespace, &role).await;
            ids.push((name, id));
        }
        let selected = json!({ "selector": { "matchLabels": { "of": namespace } } });
        for number in 0..BASELINES {
            let name = format!("baseline-{number}");
            operated.baseline_every("10s", &namespace, &name, &selected).await;
        }
        Self { operated, hub, namespace, ids }
    }

    /// Every publication of an account, in order: its id, when, and what it says.
    fn sent(&self, account: &Account<'_>) -> Vec<(String, Timestamp, Value)> {
        let time = |value: &Value| text(value, "UpdatedAt").parse().unwrap();
        let Some(hub) = &self.hub else {
            let says = |it: &Value| {
                json!([it["Compliance"]["Status"], it["Workflow"]["Status"], it["RecordState"]])
            };
            let published = account.published().into_iter();
            return published.map(|it| (text(&it, "Id"), time(&it), says(&it))).collect();
        };
        let calls = hub.calls();
        let imports = calls.each("BatchImportFindings").into_iter();
        let sent = imports.filter_map(|call| call["detail"]["sent"].as_array()).flatten();
        let sent = sent.filter(|it| text(it, "Id").contains(&format!("/{}/", account.id)));
        sent.map(|it| (text(it, "Id"), time(it), json!([it["Compliance"], it["RecordState"]])))
            .collect()
    }

    /// The findings of an account as they stand.
    fn findings(&self, account: &Account<'_>) -> BTreeMap<String, Value> {
        let Some(hub) = &self.hub else { return latest(&account.published()) };
        let mut findings = hub.findings();
        findings.retain(|_, finding| finding["AwsAccountId"] == account.id);
        findings
    }

    /// Of one finding, each publication says another thing than the one before, and says it later.
    fn published_in_order(&self) {
        for account in self.accounts() {
            let mut latest: BTreeMap<String, (Timestamp, Value)> = BTreeMap::new();
            for (id, at, says) in self.sent(&account) {
                if let Some((before, said)) = latest.insert(id.clone(), (at, says.clone())) {
                    assert!(at > before, "{id}: {at} after {before}");
                    assert_ne!(says, said, "{id} was published twice");
                }
            }
            let ids: BTreeSet<&String> = latest.keys().collect();
            assert_eq!(ids.len(), 2 * BASELINES, "two buckets in each baseline: {ids:?}");
        }
    }

    fn accounts(&self) -> impl Iterator<Item = Account<'_>> {
        self.ids.iter().map(|(name, id)| self.operated.account_of(name, id))
    }

    /// Whether an account is fixed in the end.
    fn ends_fixed(number: usize) -> bool {
        number.is_multiple_of(2)
    }

    fn settle(&self, is_fixed: impl Fn(usize) -> bool) {
        for (number, account) in self.accounts().enumerate() {
            account.damage();
            if is_fixed(number) {
                account.fix();
            }
        }
    }

    /// Every account drifts, is fixed, and is left as it ends; nothing disturbs.
    async fn undisturbed(&self) -> Stands {
        let replica = self.operated.start("plumbline-calm").await;
        self.published("FAILED", |_| true).await;
        self.settle(|_| true);
        self.published("PASSED", |_| true).await;
        self.settle(Self::ends_fixed);
        self.published("FAILED", |number| !Self::ends_fixed(number)).await;
        self.reported_of(ACCOUNTS + ACCOUNTS / 2).await;
        let stands = self.stands().await;
        replica.stop().await;
        stands
    }

    /// Asks for an evaluation, and waits until the bucket of these accounts has this compliance in
    /// every baseline.
    async fn published(&self, compliance: &str, concerned: impl Fn(usize) -> bool) {
        let when = Timestamp::now().to_string();
        self.operated.ask_of(&self.namespace, "baseline-0", &when).await;
        within(PATIENCE, &format!("all is published as {compliance}"), async || {
            let all = self.accounts().enumerate().filter(|(number, _)| concerned(*number));
            let mut findings = all.map(|(_, account)| self.findings(&account));
            let is_so = findings.all(|findings| {
                let of_bucket =
                    findings.values().filter(|it| text(it, "Id").ends_with("/acme-orders-exports"));
                let so = of_bucket.filter(|it| it["Compliance"]["Status"] == compliance);
                so.count() == BASELINES
            });
            is_so.then_some(())
        })
        .await;
    }

    /// Waits until every baseline tells of so many drifts.
    async fn reported_of(&self, drifts: usize) {
        let baselines = self.operated.api::<SecurityBaseline>(&self.namespace).await;
        within(PATIENCE, "every baseline tells of the drift", async || {
            let all = baselines.list(&ListParams::default()).await.ok()?;
            let mut summaries = all.iter().map(|it| it.status.as_ref()?.summary.as_ref());
            let reported =
                summaries.all(|it| it.is_some_and(|it| it.non_compliant == drifts as u64));
            reported.then_some(())
        })
        .await;
    }

    async fn stands(&self) -> Stands {
        let baselines = self.operated.api::<SecurityBaseline>(&self.namespace).await;
        let accounts: Api<AwsAccount> = Api::all(self.operated.client().await);
        let mut statuses = BTreeMap::new();
        for baseline in baselines.list(&ListParams::default()).await.unwrap() {
            let mut status = json!(baseline.status);
            without_times(&mut status);
            statuses.insert(baseline.name_any(), self.neutral(&status));
        }
        for (number, (name, _)) in self.ids.iter().enumerate() {
            let status = accounts.get(name).await.unwrap().status;
            let conditions = status.map(|it| it.conditions).unwrap_or_default();
            let reported = |condition: &Condition| {
                let (holds, reason) = said(&conditions, &condition.type_).unwrap();
                json!([condition.type_, holds, reason])
            };
            statuses.insert(format!("account {number}"), conditions.iter().map(reported).collect());
        }
        let findings = self.accounts().flat_map(|account| self.findings(&account));
        let findings = findings.map(|(id, mut finding)| {
            without_times(&mut finding);
            (text(&self.neutral(&json!({ "Id": id })), "Id"), self.neutral(&finding))
        });
        Stands { statuses, findings: findings.collect() }
    }

    /// With numbers for the names that differ from run to run.
    fn neutral(&self, value: &Value) -> Value {
        let mut text = value.to_string().replace(&self.namespace, "namespace");
        for (number, (name, id)) in self.ids.iter().enumerate() {
            text = text.replace(id, &format!("id-{number}"));
            text = text.replace(&format!("\"{name}\""), &format!("\"account {number}\""));
        }
        serde_json::from_str(&text).unwrap()
    }

    /// Everything that may break breaks, while the accounts drift and are fixed.
    async fn troubled(&self) -> Troubled {
        let time = Duration::from_secs(if is_soak() { 120 } else { 20 });
        let mut troubled = Troubled::start(&self.operated).await;
        let begun = Instant::now();
        let mut random = Random::new(0);
        let (mut restarts, mut is_paused) = (0, false);
        let mut next = begun;
        while begun.elapsed() < time {
            next =
                Instant::now().max(next) + Duration::from_millis(500 + random.below(2000) as u64);
            sleep_until(next).await; // how far each got is what differs
            let fixed = random.bits();
            self.settle(|number| (fixed >> number) & 1 == 1);
            troubled.kill(random.below(3));
            if !is_paused && begun.elapsed() > time / 2 {
                is_paused = true;
                self.operated.cluster.pause_etcd();
                sleep_until(Instant::now() + PAUSE).await; // that long it lasts
                self.operated.cluster.resume_etcd();
            }
            if restarts < 2 && begun.elapsed() > time * (1 + restarts * 2) / 4 {
                restarts += 1;
                self.operated.cluster.restart_api_server();
            }
            troubled.replace(&self.operated).await;
        }
        assert!(restarts == 2 && is_paused, "{restarts} restarts in {time:?}");
        // Whatever was seen meanwhile, everybody sees that all is fixed, and what it comes to.
        self.settle(|_| false);
        self.published("FAILED", |_| true).await;
        self.settle(|_| true);
        self.published("PASSED", |_| true).await;
        self.settle(Self::ends_fixed);
        self.published("FAILED", |number| !Self::ends_fixed(number)).await;
        troubled
    }
}

/// The replicas that run, and when those that do not were killed.
struct Troubled {
    running: Vec<(String, Replica)>,
    killed: BTreeMap<String, Timestamp>,
    count: usize,
}

impl Troubled {
    async fn start(operated: &Operated) -> Self {
        let mut troubled = Self { running: Vec::new(), killed: BTreeMap::new(), count: 0 };
        for _ in 0..3 {
            troubled.replace(operated).await;
        }
        for (_, replica) in &troubled.running {
            replica.ready().await;
        }
        troubled
    }

    /// Starts one more, as a pod of another name.
    async fn replace(&mut self, operated: &Operated) {
        let pod = format!("plumbline-{}", self.count);
        self.count += 1;
        let replica = operated.start(&pod).await;
        self.running.push((pod, replica));
    }

    fn kill(&mut self, victim: usize) {
        let (pod, replica) = self.running.swap_remove(victim);
        replica.kill();
        self.killed.insert(pod, Timestamp::now());
    }

    /// Every evaluation that a log tells of: the account, the process, and from when until when.
    fn evaluations(&self, operated: &Operated) -> Vec<Evaluation> {
        let running = self.running.iter().map(|(pod, _)| (pod, Timestamp::now()));
        let all = running.chain(self.killed.iter().map(|(pod, at)| (pod, *at)));
        all.flat_map(|(pod, end)| evaluations(pod, end, &operated.logged(pod))).collect()
    }
}

/// The last publication of each finding.
fn latest(published: &[Value]) -> BTreeMap<String, Value> {
    published.iter().map(|finding| (text(finding, "Id"), finding.clone())).collect()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// Takes times and marks out, which differ from run to run.
fn without_times(value: &mut Value) {
    const TIMES: [&str; 12] = [
        "plumbline/publisher",
        "CreatedAt",
        "ProcessedAt",
        "UpdatedAt",
        "FirstObservedAt",
        "LastObservedAt",
        "lastTransitionTime",
        "lastSuccess",
        "startedAt",
        "finishedAt",
        "since",
        "observedGeneration",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !TIMES.contains(&name.as_str()));
            fields.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}
