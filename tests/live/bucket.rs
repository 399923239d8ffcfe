//! A bucket in the double that AWS Config delivers to, and assessments of what is in it.

#![allow(unreachable_pub)] // each module of the tests uses a part of it

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use api::AwsAccount;
use assess::{Assessed, Assessment, AwsAccounts, PlacedAccount, SinkChoice, SourceInput};
use aws::AwsSettings;
use aws::source::SnapshotState;
use cel::Timestamp;
use engine::drift::{Installation, Publisher};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{Span, Timestamp as Time};
use metrics::Metrics;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::world::{ACCOUNT, Desired, REGIONS, World, region_of};
use support::double::{Double, State};
use support::http;

pub const BUCKET: &str = "acme-config-logs";
pub const OTHER: &str = "444455556666";
pub const URL: &str = "s3://acme-config-logs/central";
pub const SOURCE: &str = "{snapshot: {url: 's3://acme-config-logs/central'}}";

/// A file, as the delivery channel names it.
pub struct Delivered {
    pub key: String,
    pub body: Vec<u8>,
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// So many hours before now.
pub fn ago(hours: i64) -> Time {
    Time::now().checked_sub(Span::new().hours(hours)).unwrap()
}

/// The folder of a day, and a time in a name.
fn written(time: Time) -> (String, String) {
    (time.strftime("%Y/%-m/%-d").to_string(), time.strftime("%Y%m%dT%H%M%SZ").to_string())
}

impl Delivered {
    pub fn snapshot(account: &str, region: &str, taken: Time, items: &[&Value]) -> Self {
        let (day, time) = written(taken);
        let text = json!({
            "fileVersion": "1.0", "configSnapshotId": format!("{region}-{time}"),
            "configurationItems": items,
        });
        let key = format!(
            "central/AWSLogs/{account}/Config/{region}/{day}/ConfigSnapshot/{account}_Config_{region}_\
             ConfigSnapshot_{time}_7b29.json.gz"
        );
        Self { key, body: gzip(&text.to_string()) }
    }

    pub fn history(region: &str, last: Time, resource_type: &str, items: &[Value]) -> Self {
        let (day, time) = written(last);
        let key = format!(
            "central/AWSLogs/{ACCOUNT}/Config/{region}/{day}/ConfigHistory/{ACCOUNT}_Config_{region}_\
             ConfigHistory_{resource_type}_{time}_{time}_1.json.gz"
        );
        let text = json!({"fileVersion": "1.0", "requestId": "1", "configurationItems": items});
        Self { key, body: gzip(&text.to_string()) }
    }

    pub fn put(&self, double: &Double) {
        let path = format!("/{BUCKET}/{}", self.key);
        assert_eq!(asked(double, "PUT", &path, &self.body), 200, "{}", self.key);
    }

    pub fn write(&self, folder: &Path) {
        fs::write(folder.join(self.key.rsplit('/').next().unwrap()), &self.body).unwrap();
    }
}

pub fn asked(double: &Double, method: &str, path: &str, body: &[u8]) -> u16 {
    let headers = [("x-moto-account-id", ACCOUNT)];
    http::send(method, double.address(), path, &headers, body).unwrap().0
}

/// A double with an empty bucket.
pub fn start() -> Option<Double> {
    let double = Double::start(&State::of(&[ACCOUNT], &REGIONS))?;
    assert_eq!(asked(&double, "PUT", &format!("/{BUCKET}"), b""), 200);
    Some(double)
}

/// The world's items by the region that records them, with capture times before all snapshots.
pub fn snapshots(world: &World, taken: Time) -> Vec<Delivered> {
    let of = |region: &str| -> Vec<&Value> {
        world.items.iter().filter(|item| region_of(item) == region).collect()
    };
    REGIONS.map(|region| Delivered::snapshot(ACCOUNT, region, taken, &of(region))).into()
}

/// Delivers such snapshots.
pub fn deliver(double: &Double, world: &World, taken: Time) {
    for file in &snapshots(world, taken) {
        file.put(double);
    }
}

/// A world whose items were captured long before anything is delivered.
pub fn world() -> World {
    let mut world = World::of(2);
    for item in &mut world.items {
        item["configurationItemCaptureTime"] = json!("2026-01-01T00:00:00Z");
    }
    world
}

/// What assesses a folder of accounts, and where its findings go.
pub async fn assessment(double: &Double) -> (Assessment, TempDir) {
    assessment_with(double.settings()).await
}

/// The same, reaching AWS in this way.
pub async fn assessment_with(settings: AwsSettings) -> (Assessment, TempDir) {
    let metrics = Metrics::new().unwrap();
    let aws = AwsAccounts::new(settings, metrics.aws().clone(), Installation::default());
    let state = tempfile::tempdir().unwrap();
    let choice = SinkChoice::File(state.path().to_owned());
    (Assessment::open(aws, Publisher::default(), &choice).await.unwrap(), state)
}

/// What is assessed of desired state.
pub fn assessed(desired: &Desired) -> Assessed {
    let placed = |account: &AwsAccount| PlacedAccount {
        account: account.clone(),
        folder: desired.path().to_owned(),
    };
    Assessed {
        plans: desired.plans.clone().into(),
        accounts: desired.accounts.iter().map(placed).collect(),
        may_lack_baselines: false,
    }
}

pub async fn sources(assessment: &mut Assessment, assessed: &Assessed) -> Vec<SourceInput> {
    sources_at(assessment, assessed, Time::now()).await
}

/// What is read at another time.
pub async fn sources_at(
    assessment: &mut Assessment,
    assessed: &Assessed,
    now: Time,
) -> Vec<SourceInput> {
    assessment.read(assessed, Timestamp::from_jiff(now).unwrap(), &()).await
}

/// What tells the files that are read from others.
pub async fn read(assessment: &mut Assessment, assessed: &Assessed) -> Vec<SnapshotState> {
    let state = |source: SourceInput| {
        let SourceInput::Snapshot(source) = source else { panic!("it is a snapshot") };
        let snapshot = Arc::clone(source.snapshot.unwrap().as_ref().unwrap());
        snapshot.state(std::time::SystemTime::now()).unwrap()
    };
    sources(assessment, assessed).await.into_iter().map(state).collect()
}

/// A refusal of calls of S3 after so many.
pub fn refusal(code: &str, message: &str, status: u16, skip: u64) -> Value {
    json!({
        "kind": "error", "code": code, "message": message, "status": status, "skip": skip,
        "match": {"service": "s3"},
    })
}
