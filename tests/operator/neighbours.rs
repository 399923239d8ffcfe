//! A tenant does the worst that the definitions let it do, and its neighbour still waits seconds only.

use std::fmt;
use std::io::{Write as _, stderr}; // past the harness's capture: the figures show
use std::time::{Duration, Instant};

use api::{Exemption, SecurityBaseline};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::task::JoinSet;

use super::operated::{OPEN, Operated, baseline_says, create};
use super::tenants::{largest, team_controls};
use support::is_soak;
use support::waiting::within;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// So many seconds longer a neighbour may wait, in the middle of all its waits. What is measured shares
/// two cores with the API server, etcd and other tests.
const LONGER: f64 = 10.0;
/// More memory than the operator may need, in MiB: 400 MB.
const MEMORY: f64 = 400.0 / 1.048_576;
/// Compares each value of a parameter with all others, and runs out of fuel for each resource.
const EXPENSIVE: &str =
    "parameters.list.all(a, parameters.list.all(b, parameters.list.all(c, a + b != c)))";

/// How much the tenant has.
struct Size {
    accounts: usize,
    exemptions: usize,
    rounds: usize,
    edits: i64,
}

const FULL: Size = Size { accounts: 8, exemptions: 500, rounds: 3, edits: 7 };

#[tokio::test]
async fn the_worst_tenant_holds_up_its_neighbours_for_seconds_only() {
    if !is_soak() {
        return; // It takes the machine for minutes.
    }
    let Some(operated) = Operated::new(&[]).await else { return };
    let size = FULL;
    team_controls(&operated, EXPENSIVE).await;
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let mut quiet = neighbour(&operated, "quiet", &size).await;

    let worst = operated.cluster.namespace("worst").await;
    let baselines = tenant(&operated, &worst, &size).await;
    let mut beside = Vec::new();
    // In turn, since the machine is not always equally busy.
    for round in 0..size.rounds {
        let mut demands = JoinSet::new();
        for name in &baselines {
            let api = operated.api::<SecurityBaseline>(&worst).await;
            demands.spawn(demand_without_end(api, name.clone()));
        }
        begun(&operated, &worst, &size).await;
        beside.extend(neighbour(&operated, &format!("beside-{round}"), &size).await);
        demands.shutdown().await;
        quiet.extend(neighbour(&operated, &format!("quiet-{round}"), &size).await);
    }
    let peak = replica.peak_memory();
    let [quiet, beside] = [quiet, beside].map(Waits::of);
    _ = writeln!(
        stderr(),
        "from edit to Ready: {quiet}, beside the worst tenant {beside}; memory {peak:.0} MiB",
    );
    assert!(beside.median < quiet.median + LONGER, "{beside} instead of {quiet}");
    assert!(peak < MEMORY, "{peak} MiB");
}

/// How long it took several times, in seconds.
struct Waits {
    median: f64,
    most: f64,
}

impl Waits {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort();
        let at = |place: usize| all[place].as_secs_f64();
        Self { median: at(all.len() / 2), most: at(all.len() - 1) }
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2} s (at most {:.2} s)", self.median, self.most)
    }
}

/// Ten of the largest baselines over accounts of the tenant, and many exemptions. Gives their names.
async fn tenant(operated: &Operated, namespace: &str, size: &Size) -> Vec<String> {
    let mut accounts = Vec::new();
    for _ in 0..size.accounts {
        accounts.push(operated.account(namespace).await.name);
    }
    let exemptions = operated.api::<Exemption>(namespace).await;
    let now = Timestamp::now();
    for number in 0..size.exemptions {
        let ids: Vec<String> = (0..32).map(|id| format!("*{number}*{id:050}?")).collect();
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Exemption",
            "metadata": { "name": format!("exemption-{number}"), "namespace": namespace },
            "spec": {
                "baseline": format!("largest-{}", number % 10), "controls": ["team-0"],
                "resources": [{ "ids": ids }],
                "reason": "a test", "approvedBy": "a test", "approvedAt": now,
                "expiresAt": now + SignedDuration::from_hours(1),
            },
        });
        create(&exemptions, object).await;
    }
    let baselines = operated.api::<SecurityBaseline>(namespace).await;
    let mut names = Vec::new();
    for number in 0..10 {
        let mut object = largest(namespace, number, &accounts[number % accounts.len()]);
        // All that a baseline may name are accounts that are there.
        object["spec"]["accounts"] = json!({ "selector": { "matchLabels": { "of": namespace } } });
        names.push(object["metadata"]["name"].as_str().unwrap().to_owned());
        create(&baselines, object).await;
    }
    names
}

/// Asks for evaluations of a baseline, one after another.
async fn demand_without_end(api: Api<SecurityBaseline>, name: String) {
    for number in 0_u64.. {
        let at = json!({ "plumbline.dev/reconcile-at": number.to_string() });
        let patch = Patch::Merge(json!({ "metadata": { "annotations": at } }));
        // The API server may have enough of it.
        _ = api.patch_metadata(&name, &PatchParams::default(), &patch).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Waits until the tenant was evaluated in each of its accounts, and is evaluated again.
async fn begun(operated: &Operated, namespace: &str, size: &Size) {
    let baselines = operated.api::<SecurityBaseline>(namespace).await;
    within(PATIENCE * 6, "the tenant is evaluated", async || {
        let baseline = baselines.get("largest-9").await.unwrap();
        let targets = baseline.status?.targets;
        let evaluated =
            targets.iter().filter(|it| it.compliant + it.non_compliant + it.unknown > 0);
        (evaluated.count() == size.accounts).then_some(())
    })
    .await;
}

/// How long another tenant waits from an edit to `Ready`, several times.
async fn neighbour(operated: &Operated, prefix: &str, size: &Size) -> Vec<Duration> {
    let namespace = operated.cluster.namespace(prefix).await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;
    let baselines = operated.api::<SecurityBaseline>(&namespace).await;
    let mut waits = Vec::new();
    for number in 0..size.edits {
        let severity = ["Low", "High"][usize::from(number % 2 == 0)];
        let spec =
            json!({ "controls": [{ "name": "s3-bucket-versioning", "severity": severity }] });
        let patch = Patch::Merge(json!({ "spec": spec }));
        let edited = baselines.patch("production", &PatchParams::default(), &patch).await.unwrap();
        let began = Instant::now();
        within(PATIENCE, "the edit is evaluated", async || {
            let baseline = baselines.get("production").await.unwrap();
            let status = baseline.status.as_ref()?;
            let is_of = status.observed_generation == edited.metadata.generation;
            let evaluated = baseline_says(&baseline, "Ready") == Some(("True", "Evaluated"));
            (is_of && evaluated).then_some(())
        })
        .await;
        waits.push(began.elapsed());
    }
    waits
}
