//! An organization of many accounts on few replicas: how long all of it takes, what it costs the API server
//! and Security Hub, and what happens when a replica dies.

use std::env;
use std::fs::File;
use std::io::{BufWriter, Write as _, stderr}; // past the harness's capture: the figures show
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use api::{AwsAccount, BaselineReport, SecurityBaseline};
use futures::{StreamExt as _, stream};
use kube::Api;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::operated::{Operated, Replica, baseline_says, create};
use super::scale::{requests_within, writes};
use support::double::{Double, State};
use support::is_soak;
use support::waiting::within;

/// The program of the whole suite's size, optimised; `make soak` builds it.
const OPTIMISED: &str = "PLUMBLINE_OPTIMISED";
/// Where Plumbline's own credentials belong.
const OPERATORS: &str = "999900000000";
const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "eu-central-1", "us-west-2"];
/// One for each of the items' types.
const CONTROLS: [&str; 5] = [
    "ec2-imdsv2",
    "security-group-ssh",
    "rds-instance-private",
    "ebs-volume-encrypted",
    "s3-bucket-tls-only",
];

const TYPES: [&str; 5] = [
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::RDS::DBInstance",
    "AWS::EC2::Volume",
    "AWS::S3::Bucket",
];

/// The items of the benchmarks: 2.9 KB each, two in a hundred of which drift.
#[allow(clippy::cast_possible_truncation)]
#[path = "../../benches/throughput/items.rs"]
mod items;

/// How much there is, and what of it is too much.
struct Size {
    accounts: usize,
    /// In each account, over all regions.
    items: u64,
    /// One in so many of those that drift is among them: the double takes some thousand findings a second.
    drifting: u64,
    replicas: usize,
    /// Longer than anything takes.
    patience: Duration,
    /// So long steady state is measured.
    window: Duration,
    /// After a replica was killed, everything is evaluated again within this time.
    again: Duration,
    /// More memory than a replica may need, in MiB.
    memory: f64,
}

const SMALL: Size = Size {
    accounts: 12,
    items: 40,
    drifting: 1,
    replicas: 2,
    patience: Duration::from_mins(1),
    window: Duration::from_secs(3),
    again: Duration::from_mins(1),
    memory: 200.0,
};
const FULL: Size = Size {
    accounts: 1_000,
    items: 20_000,
    drifting: 10,
    replicas: 3,
    patience: Duration::from_hours(1),
    window: Duration::from_mins(1),
    again: Duration::from_mins(2),
    memory: 1_024.0,
};

fn account_id(number: usize) -> String {
    format!("7777{number:08}")
}

/// An item in one of the four regions.
fn item(number: u64) -> String {
    let item = items::item(number);
    if (number / 20).is_multiple_of(2) {
        return item;
    }
    item.replace("eu-west-1", "eu-central-1").replace("us-east-1", "us-west-2")
}

/// Writes a snapshot for each account, the same but for the account's id.
fn deliver(folder: &Path, size: &Size) {
    let mut template = BufWriter::new(File::create(folder.join("template.json")).unwrap());
    let is_wanted =
        |number: &u64| !items::drifts(*number) || (number / 20).is_multiple_of(size.drifting);
    let numbers = (0..).filter(is_wanted).take(usize::try_from(size.items).unwrap());
    items::write_snapshot(numbers.map(item), &mut template).unwrap();
    template.into_inner().unwrap();
    let script = format!("sed s/{}/$1/g template.json | gzip -1 > $1.json.gz", items::ACCOUNT);
    let mut all = Command::new("xargs")
        .args(["-P", "4", "-I{}", "sh", "-c", &script, "sh", "{}"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ids = all.stdin.take().unwrap();
    (0..size.accounts).for_each(|number| writeln!(ids, "{}", account_id(number)).unwrap());
    drop(ids);
    assert!(all.wait().unwrap().success());
}

fn account(folder: &Path, namespace: &str, number: usize) -> Value {
    let id = account_id(number);
    json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "AwsAccount",
        "metadata": { "name": format!("account-{number:04}"), "labels": { "of": namespace } },
        "spec": {
            "accountId": id,
            "regions": REGIONS,
            "role": { "arn": format!("arn:aws:iam::{id}:role/plumbline") },
            "source": { "snapshot": {
                "url": folder.join(format!("{id}.json.gz")),
                "maxAge": "876000h",
                "recordedTypes": TYPES,
            }},
            "allowedNamespaces": { "names": [namespace] },
        },
    })
}

/// The organization, and who tends it.
struct Organization<'o> {
    size: &'o Size,
    double: &'o Double,
    operated: &'o Operated,
    namespace: String,
    replicas: Vec<Replica>,
}

impl Organization<'_> {
    async fn declare(&self, folder: &Path) {
        let accounts: Api<AwsAccount> = Api::all(self.operated.client().await);
        let making = (0..self.size.accounts)
            .map(|number| create(&accounts, account(folder, &self.namespace, number)));
        stream::iter(making).buffer_unordered(8).collect::<()>().await;
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "SecurityBaseline",
            "metadata": { "name": "production", "namespace": self.namespace },
            "spec": {
                "accounts": { "selector": { "matchLabels": { "of": self.namespace } } },
                "controls": CONTROLS.map(|name| json!({ "name": name })),
                "interval": "1h",
            },
        });
        create(&self.operated.api::<SecurityBaseline>(&self.namespace).await, object).await;
    }

    /// Waits until everything was evaluated, and gives how much drift there is.
    async fn is_evaluated(&self) -> u64 {
        let baselines = self.operated.api::<SecurityBaseline>(&self.namespace).await;
        let all = self.size.accounts as u64 * self.size.items;
        within(self.size.patience, "everything is evaluated", async || {
            let baseline = baselines.get("production").await.unwrap();
            let summary = baseline.status.as_ref()?.summary.as_ref()?;
            let is_whole = summary.compliant + summary.non_compliant == all && summary.unknown == 0;
            let is_ready = baseline_says(&baseline, "Ready") == Some(("True", "Evaluated"));
            (is_whole && is_ready).then_some(summary.non_compliant)
        })
        .await
    }

    /// Waits until so many findings are in Security Hub.
    async fn is_published(&self, findings: u64) {
        within(self.size.patience, "everything is published", async || {
            (self.double.count_findings("") as u64 == findings).then_some(())
        })
        .await;
    }

    /// Waits until the replicas that run have evaluated every account in every region themselves.
    async fn is_evaluated_by_those_who_run(&self) {
        let all = self.size.accounts * REGIONS.len();
        within(self.size.patience, "everything is evaluated again", async || {
            let mut evaluated = 0;
            for replica in &self.replicas {
                let (_, text) = replica.get("/metrics").await;
                let lines = text.lines();
                evaluated +=
                    lines.filter(|line| line.starts_with("plumbline_target_unknown{")).count();
            }
            (evaluated >= all).then_some(())
        })
        .await;
    }

    fn processor_time(&self) -> Duration {
        self.replicas.iter().map(Replica::processor_time).sum()
    }

    /// Steady state costs next to nothing, and nothing of Security Hub's writes.
    async fn rests(&self) {
        let writes = self.writes_to_security_hub();
        let before = self.processor_time();
        let requests = requests_within(self.operated, self.size.window).await;
        let busy = self.processor_time().saturating_sub(before).as_secs_f64();
        say(&format!(
            "steady state: {:.1} % of one core in all replicas, {:.0} requests a minute to the API server",
            100.0 * busy / self.size.window.as_secs_f64(),
            requests * 60.0 / self.size.window.as_secs_f64(),
        ));
        assert_eq!(self.writes_to_security_hub(), writes);
    }

    fn writes_to_security_hub(&self) -> u64 {
        let calls = self.double.calls();
        calls.of("BatchImportFindings") + calls.of("BatchUpdateFindings")
    }
}

fn say(line: &str) {
    _ = writeln!(stderr(), "{line}");
}

/// How big it is, and the program for that.
fn size() -> (&'static Size, PathBuf) {
    match env::var_os(OPTIMISED).map(PathBuf::from).filter(|_| is_soak()) {
        Some(program) => (&FULL, program),
        None => (&SMALL, support::program()),
    }
}

#[tokio::test]
async fn an_organization_of_a_thousand_accounts_fits_three_small_replicas() {
    let (size, program) = size();
    let Some(cluster) = Cluster::own() else { return };
    let ids: Vec<String> = (0..size.accounts).map(account_id).collect();
    let all: Vec<&str> = [OPERATORS].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let mut state = State::of(&all, &REGIONS);
    for id in &ids {
        state = state.account(id, "roles", json!({ "plumbline": { "trusted": [OPERATORS] } }));
    }
    let Some(double) = Double::start(&state) else { return };
    let operated = Operated::with_aws_on(cluster, &double, &[], &[]).await;
    let folder = tempfile::tempdir().unwrap();
    deliver(folder.path(), size);

    let namespace = operated.cluster.namespace("organization").await;
    let replicas = Vec::new();
    let mut organization =
        Organization { size, double: &double, operated: &operated, namespace, replicas };
    organization.declare(folder.path()).await;
    let client = operated.client().await;
    let written = writes(&client).await;
    let begun = Instant::now();
    for number in 0..size.replicas {
        let pod = format!("plumbline-{number}");
        organization.replicas.push(operated.start_program(&pod, &program).await);
    }
    let drift = organization.is_evaluated().await;
    say(&format!(
        "{} accounts x {} regions, {} items each: all evaluated after {:.0} s",
        size.accounts,
        REGIONS.len(),
        size.items,
        begun.elapsed().as_secs_f64(),
    ));
    organization.is_published(drift).await;
    let busy = organization.processor_time().as_secs_f64();
    say(&format!(
        "{drift} findings published after {:.0} s, {busy:.0} s of processor",
        begun.elapsed().as_secs_f64()
    ));
    let calls = double.calls();
    let reports = operated.api::<BaselineReport>(&organization.namespace).await;
    say(&format!(
        "calls: {:?}; {} reports, {:.0} writes to the API server",
        calls.counts,
        reports.list_metadata(&ListParams::default()).await.unwrap().items.len(),
        writes(&client).await - written,
    ));
    organization.rests().await;

    let published = organization.writes_to_security_hub();
    organization.replicas.remove(0).kill();
    let killed = Instant::now();
    organization.is_evaluated_by_those_who_run().await;
    let took = killed.elapsed();
    say(&format!(
        "one replica killed: everything evaluated again after {:.0} s",
        took.as_secs_f64()
    ));
    for replica in &organization.replicas {
        let memory = replica.peak_memory();
        say(&format!("memory of a replica: {memory:.0} MiB at most"));
        assert!(memory <= size.memory, "{memory} MiB");
    }
    assert!(took <= size.again, "{took:?}");
    assert_eq!(organization.writes_to_security_hub(), published, "nothing has changed");
}
