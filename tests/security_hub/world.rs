//! A baseline over buckets, whose verdicts a test sets itself.

use std::collections::BTreeMap;

use aws::publish::{FindingSink, Place, Published};
use cel::Timestamp;
use engine::drift::{Comparison, FindingChange, KnownFindings, Publisher};
use engine::evaluation::{EvaluationResult, FieldReading, Outcome, OwnerTagPlace, Subject};
use engine::plan::Plan;
use model::Verdict;
use serde_json::{Value, json};
pub(crate) use support::world::{ACCOUNT, EXEMPTION as EXEMPTION_NAME, day, minute};

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const OTHER_REGION: &str = "us-east-1";

/// How a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Fine,
    Failing(&'static str),
    Exempt(&'static str),
}

/// Buckets by region and name. What is not named is gone.
pub(crate) type Buckets = BTreeMap<(&'static str, String), Bucket>;

pub(crate) fn buckets(named: &[(&str, Bucket)]) -> Buckets {
    named.iter().map(|(name, bucket)| ((REGION, (*name).to_owned()), *bucket)).collect()
}

pub(crate) struct World {
    pub(crate) plans: [Plan; 1],
    pub(crate) publisher: Publisher,
    /// What the control is said to have read.
    pub(crate) readings: Vec<FieldReading>,
}

impl World {
    pub(crate) fn new() -> Self {
        let asked = json!({"controls": [{"name": "s3-bucket-versioning"}]});
        let plan = support::world::plan(&asked, &[REGION, OTHER_REGION], &Value::Null);
        Self { plans: [plan], publisher: Publisher::default(), readings: Vec::new() }
    }

    /// The places of the baseline.
    pub(crate) fn places(&self) -> Vec<Place> {
        let targets = self.plans[0].targets.iter();
        let place = |target: &engine::plan::Target| Place {
            account: target.account.clone(),
            region: target.region.clone(),
            partition: target.partition,
        };
        targets.map(place).collect()
    }

    /// What is to be published when the buckets stand so.
    pub(crate) fn compare(
        &self,
        known: &KnownFindings,
        buckets: &Buckets,
        now: Timestamp,
    ) -> Vec<FindingChange> {
        let mut comparison = Comparison::new(&self.plans, known, &self.publisher, now);
        for ((region, name), bucket) in buckets {
            let (verdict, message, exemption) = match bucket {
                Bucket::Fine => (Verdict::Compliant, "", None),
                Bucket::Failing(message) => (Verdict::NonCompliant, *message, None),
                Bucket::Exempt(message) => (Verdict::NonCompliant, *message, Some(0)),
            };
            let target = |it: &engine::plan::Target| it.region.as_str() == *region;
            comparison.observe(&EvaluationResult {
                plan: 0,
                target: self.plans[0].targets.iter().position(target).unwrap(),
                control: 0,
                subject: Subject::Resource {
                    resource_type: "AWS::S3::Bucket",
                    id: name,
                    arn: Some(&format!("arn:aws:s3:::{name}")),
                    name: Some(name),
                    region,
                },
                verdict,
                message,
                explanation: &self.readings,
                exemption,
                owner_tag: OwnerTagPlace::NONE,
            });
        }
        let mut outcome = Outcome::of(&self.plans);
        let targets = outcome.plans.iter_mut().flat_map(|plan| &mut plan.targets);
        targets.flat_map(|target| &mut target.controls).for_each(|it| it.complete = true);
        comparison.finish(&outcome).changes
    }

    /// Reads back, compares and publishes; gives the changes and what became of them.
    pub(crate) async fn round(
        &self,
        sink: &mut impl FindingSink,
        buckets: &Buckets,
        now: Timestamp,
    ) -> (Vec<FindingChange>, Published) {
        sink.prepare(&self.places()).await;
        let changes = self.compare(sink.known(), buckets, now);
        let published = sink.publish(&changes).await.unwrap();
        assert_eq!(published.accepted + published.refused.len(), changes.len());
        (changes, published)
    }
}

/// The name of the finding of a bucket in [`REGION`].
pub(crate) fn id_of(bucket: &str) -> String {
    format!(
        "default/platform/production/{ACCOUNT}/{REGION}/s3-bucket-versioning/AWS::S3::Bucket/{bucket}"
    )
}

/// The time by the clock.
pub(crate) fn by_the_clock() -> Timestamp {
    let now = jiff::Timestamp::now();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap();
    Timestamp { seconds: now.as_second(), nanoseconds }
}

/// The names of changes, sorted.
pub(crate) fn names(changes: &[FindingChange]) -> Vec<&'static str> {
    let mut names: Vec<&str> = changes.iter().map(FindingChange::as_str).collect();
    names.sort_unstable();
    names
}
