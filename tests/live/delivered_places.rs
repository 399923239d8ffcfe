//! Buckets in any region, and with many accounts.

use std::collections::BTreeMap;

use assess::{AwsAccounts, BucketSource, open_bucket};
use cel::Timestamp;
use engine::drift::Installation;
use jiff::Timestamp as Time;
use metrics::Metrics;
use model::Partition;
use serde_json::Value;

use super::bucket::{
    BUCKET, Delivered, SOURCE, URL, ago, asked, assessed, assessment, deliver, snapshots, sources,
    start, world,
};
use super::delivered::scan;
use super::world::{ACCOUNT, Desired, REGIONS};
use support::double::{Double, State};

/// A double whose bucket is in a region that no account uses.
fn start_elsewhere() -> Option<Double> {
    let double = Double::start(&State::of(&[ACCOUNT], &REGIONS))?;
    let place = "<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint>\
                 </CreateBucketConfiguration>";
    assert_eq!(asked(&double, "PUT", &format!("/{BUCKET}"), place.as_bytes()), 200);
    Some(double)
}

/// How often each outcome of S3 came.
fn outcomes(double: &Double) -> BTreeMap<String, u64> {
    double.calls().counts.get("s3:GET").cloned().unwrap_or_default()
}

#[test]
fn a_scan_follows_to_the_region_of_the_bucket() {
    let Some(double) = start_elsewhere() else { return };
    let (world, desired, folder) = (world(), Desired::of(SOURCE), tempfile::tempdir().unwrap());
    for file in snapshots(&world, ago(5)) {
        file.put(&double);
        file.write(folder.path());
    }
    double.forget_calls();
    let of_bucket = scan(&double, &desired, URL);
    let outcomes = outcomes(&double);
    assert_eq!(outcomes.get("400"), Some(&1), "asked once where it is not: {outcomes:?}");
    assert!(outcomes["ok"] > 4, "{outcomes:?}");
    let on_disk = scan(&double, &desired, folder.path().to_str().unwrap());
    assert_eq!(of_bucket.1["results"], on_disk.1["results"]);
    assert_eq!((of_bucket.0, &of_bucket.2), (on_disk.0, &on_disk.2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_found_from_every_region_and_looked_for_once() {
    let Some(double) = start_elsewhere() else { return };
    deliver(&double, &world(), ago(5));
    for (region, refusal) in [("us-east-1", "400"), ("ap-south-1", "301"), ("eu-central-1", "none")]
    {
        let bucket = BucketSource {
            url: URL.parse().unwrap(),
            role: None,
            partition: Partition::Aws,
            region: region.parse().unwrap(),
        };
        let metrics = Metrics::new().unwrap();
        let metrics = metrics.aws().clone();
        let aws = AwsAccounts::new(double.settings(), metrics, Installation::default());
        let now = Timestamp::from_jiff(Time::now()).unwrap();
        double.forget_calls();
        open_bucket(&aws, &bucket, None, now).await.unwrap();
        let refused = outcomes(&double).get(refusal).copied().unwrap_or_default();
        assert_eq!(refused, u64::from(refusal != "none"), "{region}: {:?}", outcomes(&double));
        double.forget_calls();
        open_bucket(&aws, &bucket, None, now).await.unwrap();
        let outcomes = outcomes(&double);
        assert!(outcomes.len() == 1 && outcomes.contains_key("ok"), "{region}: {outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_accounts_in_one_bucket_take_five_lists_each_at_most() {
    let Some(double) = start() else { return };
    let ids: Vec<String> = (1..=25).map(|number| format!("4444{number:08}")).collect();
    let accounts: Vec<(String, String)> =
        ids.iter().map(|id| (format!("{id}.yaml"), account(id))).collect();
    let accounts: Vec<(&str, &str)> =
        accounts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let desired = Desired::with(SOURCE, &accounts);
    // A year of daily snapshots is there.
    for id in &ids {
        for region in REGIONS {
            for days in [0, 1, 2, 30, 200, 365] {
                Delivered::snapshot(id, region, ago(5 + 24 * days), &[]).put(&double);
            }
        }
    }
    let (mut assessment, _state) = assessment(&double).await;
    let assessed = assessed(&desired);
    for turn in 0..3 {
        double.forget_calls();
        sources(&mut assessment, &assessed).await;
        let calls = double.calls();
        let lists = |id: &str| calls.calls.iter().filter(|call| lists_of(call, id)).count();
        for id in &ids {
            // The account's regions, and a day or two of each.
            assert!((3..=5).contains(&lists(id)), "{turn}: {id}: {}", lists(id));
        }
        let read = outcomes(&double)["ok"];
        let all: usize = ids.iter().map(|id| lists(id)).sum();
        // The account of the world has nothing, which takes a list; beginnings are read once.
        let heads = if turn == 0 { ids.len() * REGIONS.len() } else { 0 };
        assert_eq!(read, (all + 1 + heads) as u64, "{turn}");
    }
}

/// Whether a call lists keys of an account.
fn lists_of(call: &Value, id: &str) -> bool {
    let prefix = call["detail"]["prefix"].as_str();
    prefix.is_some_and(|prefix| prefix.contains(&format!("/AWSLogs/{id}/")))
}

fn account(id: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1\n\
         kind: AwsAccount\n\
         metadata: {{name: acme-{id}, labels: {{env: production}}}}\n\
         spec:\n  \
           accountId: \"{id}\"\n  \
           regions: [eu-west-1, us-east-1]\n  \
           homeRegion: us-east-1\n  \
           allowedNamespaces: {{names: [platform]}}\n  \
           source: {SOURCE}\n"
    )
}
