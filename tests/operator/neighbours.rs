//! A tenant does the worst that the definitions let it do, and its neighbour hardly waits longer.

mod attacks;

use std::fmt;
use std::io::{Write as _, stderr}; // past the harness's capture: the figures show
use std::time::{Duration, Instant};

use api::SecurityBaseline;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::time::sleep;

use super::operated::{OPEN, Operated, Replica, baseline_says};
use super::tenants::team_controls;
use attacks::{Attack, Prepared, Tenant, install_unwatched};
use support::is_soak;
use support::waiting::within;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_mins(2);
/// So many times longer a neighbour may wait, in the middle of all its waits.
const LONGER: f64 = 2.0;
/// Where it waits for less than so many seconds undisturbed, it is for this: on two cores that the API
/// server, etcd and the tests share with the operator, less is chance.
const FLOOR: f64 = 1.0;
/// More memory than the operator may need, in MiB: 400 MB.
const MEMORY: f64 = 400.0 / 1.048_576;
/// Compares each value of a parameter with all others, and runs out of fuel for each resource.
const EXPENSIVE: &str =
    "parameters.list.all(a, parameters.list.all(b, parameters.list.all(c, a + b != c)))";
/// How often the neighbour edits its baseline under an attack.
const EDITS: usize = 9;
/// An attack goes on for so long before the first edit.
const UNDER_WAY: Duration = Duration::from_secs(15);

#[tokio::test]
async fn no_attack_of_a_tenant_makes_its_neighbour_wait_twice_as_long() {
    if !is_soak() {
        return; // It takes the machine for minutes.
    }
    let Some(operated) = Operated::new(&[]).await else { return };
    install_unwatched(&operated).await;
    team_controls(&operated, EXPENSIVE).await;
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let mut neighbour = Neighbour::new(&operated).await;
    let mut failed = Vec::new();
    for attack in Attack::ALL {
        let tenant = Tenant::new(&operated, attack).await;
        let unwatched = tenant.prepare(attack, false).await;
        settled(&replica).await;
        let alone = neighbour.waits_beside(&unwatched).await;
        let watched = tenant.prepare(attack, true).await;
        let beside = neighbour.waits_beside(&watched).await;
        let (said, peak) =
            (format!("{attack:?}: {beside} instead of {alone}"), replica.peak_memory());
        _ = writeln!(stderr(), "from edit to Ready beside {said}; memory {peak:.0} MiB");
        if beside.median > LONGER * alone.median.max(FLOOR) {
            failed.push(said);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    let peak = replica.peak_memory();
    assert!(peak < MEMORY, "{peak} MiB");
}

/// Waits until the operator has done what there was to do.
async fn settled(replica: &Replica) {
    within(PATIENCE * 3, "the operator is at rest", async || {
        let before = replica.processor_time();
        sleep(Duration::from_secs(2)).await;
        (replica.processor_time() < before + Duration::from_millis(200)).then_some(())
    })
    .await;
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

/// Another tenant, with an account and a baseline of its own.
struct Neighbour {
    baselines: Api<SecurityBaseline>,
    edits: usize,
}

impl Neighbour {
    async fn new(operated: &Operated) -> Self {
        let namespace = operated.cluster.namespace("neighbour").await;
        let account = operated.account(&namespace).await;
        operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
        account.finding_says(OPEN).await;
        Self { baselines: operated.api(&namespace).await, edits: 0 }
    }

    async fn waits_beside(&mut self, attack: &Prepared) -> Waits {
        let mut attackers = attack.begin(self.edits as u64);
        sleep(UNDER_WAY).await;
        let mut waits = Vec::new();
        for _ in 0..EDITS {
            waits.push(self.wait().await);
            // An account is evaluated ten times at once, and then every six seconds.
            sleep(Duration::from_secs(3)).await;
        }
        attackers.shutdown().await;
        Waits::of(waits)
    }

    /// How long it takes from an edit to `Ready`.
    async fn wait(&mut self) -> Duration {
        self.edits += 1;
        let severity = ["Low", "High"][self.edits % 2];
        let spec =
            json!({ "controls": [{ "name": "s3-bucket-versioning", "severity": severity }] });
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(json!({ "spec": spec })));
        let edited = self.baselines.patch("production", &parameters, &patch).await.unwrap();
        let began = Instant::now();
        within(PATIENCE, "the edit is evaluated", async || {
            let baseline = self.baselines.get("production").await.unwrap();
            let status = baseline.status.as_ref()?;
            let is_of = status.observed_generation == edited.metadata.generation;
            let evaluated = baseline_says(&baseline, "Ready") == Some(("True", "Evaluated"));
            (is_of && evaluated).then_some(())
        })
        .await;
        began.elapsed()
    }
}
