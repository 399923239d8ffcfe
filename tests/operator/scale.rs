//! Many baselines over many accounts: nobody starves, memory is bounded, and once all is reported the
//! API server is left alone.

use std::collections::BTreeMap;
use std::io::{Write as _, stderr}; // past the harness's capture: the figures show
use std::time::{Duration, Instant};

use api::{AwsAccount, BaselineReport, SecurityBaseline};
use kube::api::{ListParams, Request};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::{Instant as At, sleep_until};

use super::operated::{Operated, Replica, baseline_says};
use support::is_soak;
use support::waiting::within;

/// How much there is, and what of it is too much.
struct Size {
    baselines: u32,
    accounts: u32,
    /// Longer than anything takes.
    patience: Duration,
    /// So long steady state is measured.
    window: Duration,
    /// More memory than the operator may need, in MiB.
    memory: f64,
}

const SMALL: Size = Size {
    baselines: 20,
    accounts: 4,
    patience: Duration::from_mins(1),
    window: Duration::from_secs(6),
    memory: 160.0,
};
const FULL: Size = Size {
    baselines: 200,
    accounts: 20,
    patience: Duration::from_mins(10),
    window: Duration::from_mins(1),
    memory: 384.0,
};

#[tokio::test]
async fn many_baselines_over_many_accounts_all_become_ready_and_then_cost_little() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let size = if is_soak() { FULL } else { SMALL };
    let namespace = operated.cluster.namespace("scale").await;
    for _ in 0..size.accounts {
        operated.account(&namespace).await;
    }
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;

    let writes = writes(&operated.client().await).await;
    let waits = all_become_ready(&operated, &namespace, &size).await;
    let longest = waits.iter().max().unwrap();
    say(&format!(
        "{} baselines x {} accounts: from apply to Ready {:.1} s at the longest, {:.1} s in the \
         middle",
        size.baselines,
        size.accounts,
        longest.as_secs_f64(),
        waits[waits.len() / 2].as_secs_f64(),
    ));

    let reported = self::writes(&operated.client().await).await - writes;
    let reports = f64::from(size.baselines * size.accounts);
    let each = reported / reports;
    say(&format!("{reported:.0} writes for {reports:.0} reports: {each:.1} each"));
    nothing_new_writes_nothing(&operated, &replica, &namespace, &size).await;

    let with = requests_within(&operated, size.window).await;
    let peak = replica.peak_memory();
    replica.stop().await;
    let without = requests_within(&operated, size.window).await;
    let hours = size.window.as_secs_f64() / 3600.0;
    let hourly = (with - without).max(0.0) / hours;
    say(&format!("steady state: {hourly:.0} requests an hour to the API server"));
    say(&format!("memory of the operator: {peak:.0} MiB at most"));
    assert!(peak <= size.memory, "{peak} MiB");
    // Each tick of 3 s the own lease is renewed and all are looked at; there is room for as many
    // again, and for what the API server does for itself meanwhile.
    let most = 2.0 * 2.0 * 1200.0 + 6.0 / hours;
    assert!(hourly <= most, "{hourly} requests an hour");
}

fn say(line: &str) {
    _ = writeln!(stderr(), "{line}");
}

/// Applies the baselines one after another. How long each took to become Ready, shortest first.
async fn all_become_ready(operated: &Operated, namespace: &str, size: &Size) -> Vec<Duration> {
    let selected = json!({ "selector": { "matchLabels": { "of": namespace } } });
    let mut applied = BTreeMap::new();
    for number in 0..size.baselines {
        let name = format!("baseline-{number:03}");
        operated.baseline_named(namespace, &name, &selected).await;
        applied.insert(name, Instant::now());
    }
    let baselines = operated.api::<SecurityBaseline>(namespace).await;
    let mut waits = BTreeMap::new();
    within(size.patience, "every baseline is ready", async || {
        for baseline in baselines.list(&ListParams::default()).await.unwrap() {
            if baseline_says(&baseline, "Ready") == Some(("True", "Evaluated")) {
                let name = baseline.name_any();
                let wait = applied[&name].elapsed();
                waits.entry(name).or_insert(wait);
            }
        }
        (waits.len() == size.baselines as usize).then_some(())
    })
    .await;
    let mut waits: Vec<Duration> = waits.into_values().collect();
    waits.sort();
    waits
}

/// Everything is evaluated twice more, and no status and no report is written.
async fn nothing_new_writes_nothing(
    operated: &Operated,
    replica: &Replica,
    namespace: &str,
    size: &Size,
) {
    let asked = "baseline-000";
    let verdicts = || replica.sum("plumbline_evaluations_total", namespace);
    let mut round = 0;
    let mut evaluate = async || {
        round += 1;
        // Each account reads two buckets for each baseline.
        let all = f64::from(size.baselines * size.accounts * 2);
        let before = verdicts().await;
        operated.ask_of(namespace, asked, &round.to_string()).await;
        within(size.patience, "everything is evaluated", async || {
            (verdicts().await >= before + all).then_some(())
        })
        .await;
    };
    evaluate().await;
    let client = operated.client().await;
    let before = Versions::of(&client, namespace, asked).await;
    evaluate().await;
    evaluate().await;
    let after = Versions::of(&client, namespace, asked).await;
    assert_eq!(after, before);
}

/// The versions of everything that the operator writes a status of.
#[derive(Debug, PartialEq, Eq)]
struct Versions {
    baselines: BTreeMap<String, String>,
    reports: BTreeMap<String, String>,
    accounts: BTreeMap<String, String>,
}

impl Versions {
    /// Those of a namespace; one baseline is left out, since its annotations change.
    async fn of(client: &Client, namespace: &str, but: &str) -> Self {
        let accounts: Api<AwsAccount> = Api::all(client.clone());
        let mut baselines = versions(&namespaced::<SecurityBaseline>(client, namespace)).await;
        baselines.remove(but);
        let reports = versions(&namespaced::<BaselineReport>(client, namespace)).await;
        Self { baselines, reports, accounts: versions(&accounts).await }
    }
}

fn namespaced<K>(client: &Client, namespace: &str) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(client.clone(), namespace)
}

async fn versions<K>(api: &Api<K>) -> BTreeMap<String, String>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    let objects = api.list(&ListParams::default()).await.unwrap();
    objects.iter().map(|it| (it.name_any(), it.resource_version().unwrap())).collect()
}

/// How many requests the API server answers within a time, those of its own among them.
pub(crate) async fn requests_within(operated: &Operated, window: Duration) -> f64 {
    let client = operated.client().await;
    let before = requests(&client).await;
    sleep_until(At::now() + window).await;
    requests(&client).await - before
}

/// How many requests the API server answered of the groups that the operator may use.
async fn requests(client: &Client) -> f64 {
    let groups = ["plumbline.dev", "coordination.k8s.io", "events.k8s.io"];
    let mut marks: Vec<String> = groups.iter().map(|it| format!("group=\"{it}\"")).collect();
    marks.push("resource=\"namespaces\"".to_owned());
    requests_that(client, |line| marks.iter().any(|mark| line.contains(mark))).await
}

/// How many writes the API server took, events among them.
pub(crate) async fn writes(client: &Client) -> f64 {
    let verbs = ["APPLY", "PATCH", "POST", "PUT"].map(|verb| format!("verb=\"{verb}\""));
    requests_that(client, |line| verbs.iter().any(|verb| line.contains(verb))).await
}

async fn requests_that(client: &Client, counts: impl Fn(&str) -> bool) -> f64 {
    let request = Request::new("/metrics").list(&ListParams::default()).unwrap();
    let text = client.request_text(request).await.unwrap();
    let lines = text.lines().filter(|line| line.starts_with("apiserver_request_total{"));
    let lines = lines.filter(|line| counts(line));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
