//! As many findings as ten teams may have, and those that come and go with each day: the memory of a whole
//! operator that publishes into Security Hub.

use std::cell::Cell;
use std::io::{Write as _, stderr}; // past the harness's capture: the figures show
use std::time::{Duration, Instant};

use api::{AwsAccount, SecurityBaseline};
use kube::Api;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::live_accounts::bucket;
use super::operated::{Account, Operated, Replica, baseline_says, create};
use support::double::{Double, State};
use support::is_soak;
use support::waiting::within;

const ACCOUNT: &str = "666677778888";
const REGION: &str = "eu-west-1";
/// What every bucket fails.
const CONTROLS: [&str; 4] = [
    "s3-bucket-versioning",
    "s3-bucket-mfa-delete",
    "s3-bucket-lifecycle",
    "s3-bucket-object-lock",
];
/// A little less, for findings that nobody touches are gone after 90 days.
const DAY: f64 = 86_000.0;

/// How much there is, and what of it is too much.
struct Size {
    teams: usize,
    buckets: usize,
    /// So many buckets are replaced by others each day.
    daily: usize,
    days: usize,
    /// Longer than anything takes.
    patience: Duration,
    /// More memory than the operator may need while all is published for the first time, in MB. The code of an
    /// optimised program, some 30 MB, is apart.
    memory: f64,
}

const SMALL: Size = Size {
    teams: 2,
    buckets: 60,
    daily: 10,
    days: 5,
    patience: Duration::from_mins(1),
    memory: 100.0,
};
const FULL: Size = Size {
    teams: 10,
    buckets: 3_000,
    daily: 30,
    days: 12,
    patience: Duration::from_mins(40),
    memory: 220.0,
};

/// What a team makes of its buckets.
fn name(number: usize) -> String {
    format!("acme-payments-production-eu-{number:08}")
}

/// An account whose buckets all fail, and a team's namespace for each baseline.
struct Crowd<'c> {
    size: &'c Size,
    double: &'c Double,
    operated: &'c Operated,
    replica: Replica,
    account: Account<'c>,
    teams: Vec<String>,
    /// The most memory that was seen, in MB.
    peak: Cell<f64>,
}

impl Crowd<'_> {
    /// Delivers a snapshot of this day's buckets: a few of those of the day before are gone.
    fn deliver(&self, day: usize) {
        let first = day * self.size.daily;
        let items: Vec<Value> = (first..first + self.size.buckets)
            .map(|number| bucket(ACCOUNT, REGION, &name(number), "Suspended"))
            .collect();
        let snapshot = json!({
            "fileVersion": "1.0",
            "configSnapshotId": format!("day-{day}"),
            "configurationItems": items,
        });
        self.account.deliver(&snapshot.to_string());
    }

    async fn declare(&self) {
        let accounts: Api<AwsAccount> = Api::all(self.operated.client().await);
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": { "name": self.account.name },
            "spec": {
                "accountId": ACCOUNT,
                "regions": [REGION],
                "source": { "snapshot": {
                    "url": self.account.snapshot(),
                    "maxAge": "876000h",
                    "recordedTypes": ["AWS::S3::Bucket"],
                }},
                "allowedNamespaces": { "names": self.teams },
            },
        });
        create(&accounts, object).await;
        for team in &self.teams {
            let object = json!({
                "apiVersion": "plumbline.dev/v1alpha1",
                "kind": "SecurityBaseline",
                "metadata": { "name": "production", "namespace": team },
                "spec": {
                    "accounts": { "names": [self.account.name] },
                    "controls": CONTROLS.map(|name| json!({ "name": name })),
                    "interval": "1h",
                },
            });
            create(&self.operated.api::<SecurityBaseline>(team).await, object).await;
        }
    }

    /// The memory of the operator, in MB.
    fn memory(&self) -> f64 {
        self.replica.memory() / 1e6
    }

    /// Lets a day pass, in which a few buckets are replaced.
    async fn live_through(&self, day: usize) {
        self.double.advance(DAY);
        self.deliver(day);
        self.operated.ask_of(&self.teams[0], "production", &format!("day {day}")).await;
        self.has(day).await;
    }

    /// Puts another operator in the place of this one, as a node that fails does.
    async fn restart(&mut self) {
        let next = self.operated.start("plumbline-1").await;
        std::mem::replace(&mut self.replica, next).kill();
        self.replica.ready().await;
        self.peak.set(0.0);
    }

    /// Waits until the findings of this day's buckets are active in Security Hub, and no others.
    async fn has(&self, day: usize) {
        let of_a_bucket = self.size.teams * CONTROLS.len();
        let newest = name(day * self.size.daily + self.size.buckets - 1);
        within(self.size.patience, &format!("day {day} is published"), async || {
            self.peak.set(self.peak.get().max(self.memory()));
            let of_newest = self.double.count_findings(&newest);
            let is_complete = of_newest == of_a_bucket
                && self.double.count_findings("") == self.size.buckets * of_a_bucket;
            is_complete.then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn memory_stays_within_its_bound_with_as_many_findings_as_ten_teams_may_have() {
    let size = if is_soak() { FULL } else { SMALL };
    let Some(cluster) = Cluster::own() else { return };
    let Some(double) = Double::start(&State::of(&[ACCOUNT], &[REGION])) else { return };
    let operated = Operated::with_aws_on(cluster, &double, &[], &[]).await;
    let mut teams = Vec::new();
    for number in 0..size.teams {
        teams.push(operated.cluster.namespace(&format!("team-{number}")).await);
    }
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let mut crowd = Crowd {
        size: &size,
        double: &double,
        operated: &operated,
        replica,
        account: operated.account_of("crowded", ACCOUNT),
        teams,
        peak: Cell::default(),
    };
    crowd.deliver(0);
    crowd.declare().await;

    let begun = Instant::now();
    let of_a_bucket = size.teams * CONTROLS.len();
    let open = size.buckets * of_a_bucket;
    crowd.has(0).await;
    let peak = crowd.peak.get();
    say(&format!(
        "{open} findings published after {:.0} s: {peak:.0} MB at most",
        begun.elapsed().as_secs_f64()
    ));
    assert!(peak <= size.memory, "{peak} MB");

    let mut after_a_third = 0.0;
    for day in 1..=size.days {
        crowd.live_through(day).await;
        if day == size.days / 3 {
            after_a_third = crowd.memory();
        }
    }
    let (peak, after_all) = (crowd.peak.get(), crowd.memory());
    say(&format!(
        "{} days, {} findings come and gone: {after_a_third:.0} MB after a third of them, {after_all:.0} \
         MB after all, {peak:.0} MB at most",
        size.days,
        size.days * size.daily * of_a_bucket,
    ));
    // What is archived is known for 90 days: no more than by 0.4 kB each. An evaluation takes 15 MB of one of the
    // allocator's two arenas, which it keeps: whether the other had its turn before or has it after is chance.
    let known = size.days * size.daily * of_a_bucket * 2 / 3;
    let more = f64::from(u32::try_from(known).unwrap()) * 4e-4 + 20.0;
    assert!(after_all <= after_a_third * 1.1 + more, "{after_a_third} and then {after_all} MB");
    // Nothing is published of what has not been read back.
    crowd.restart().await;
    crowd.live_through(size.days + 1).await;
    let peak = crowd.peak.get();
    say(&format!("after a restart, with all of them read back: {peak:.0} MB at most"));
    assert!(peak <= size.memory, "{peak} MB after a restart");
    for team in &crowd.teams {
        let baselines = operated.api::<SecurityBaseline>(team).await;
        within(size.patience, "the baseline is ready", async || {
            let baseline = baselines.get("production").await.unwrap();
            (baseline_says(&baseline, "Ready") == Some(("True", "Evaluated"))).then_some(())
        })
        .await;
    }
}

fn say(line: &str) {
    _ = writeln!(stderr(), "{line}");
}
