//! A baseline over buckets, whose verdicts a test sets itself.

use std::collections::BTreeMap;

use plumbline::api::{Attestation, AwsAccount, Exemption, SecurityBaseline};
use plumbline::catalog::Catalog;
use plumbline::drift::{Comparison, FindingChange, Installation, KnownFindings};
use plumbline::evaluation::{EvaluationResult, FieldReading, Outcome, Subject};
use plumbline::plan::{Desired, NamespaceLabels, Plan, UnreadAccounts, resolve};
use plumbline::publish::{FindingSink, Place, Published};
use plumbline::resource::{Timestamp, Verdict};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const OTHER_REGION: &str = "us-east-1";

const BASELINE: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production, namespace: platform}
spec:
  accounts: {names: [payments]}
  controls: [{name: s3-bucket-versioning}]
";
const PAYMENTS: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: payments}
spec:
  accountId: '111122223333'
  regions: [eu-west-1, us-east-1]
  source: {snapshot: {url: snapshot.json}}
  allowedNamespaces: {names: [platform]}
";
const EXEMPTION: &str = "
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy, namespace: platform}
spec:
  baseline: production
  controls: [s3-bucket-versioning]
  reason: It is replaced next month.
  approvedBy: security@example.com
  approvedAt: 2026-01-01T00:00:00Z
  expiresAt: 2026-03-01T00:00:00Z
";
/// The name of the exemption that covers [`Bucket::Exempt`].
pub(crate) const EXEMPTION_NAME: &str = "platform/legacy";

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
    pub(crate) installation: Installation,
    /// What the control is said to have read.
    pub(crate) readings: Vec<FieldReading>,
}

impl World {
    pub(crate) fn new() -> Self {
        let baseline: SecurityBaseline = serde_saphyr::from_str(BASELINE).unwrap();
        let accounts: [AwsAccount; 1] = [serde_saphyr::from_str(PAYMENTS).unwrap()];
        let exemptions: [Exemption; 1] = [serde_saphyr::from_str(EXEMPTION).unwrap()];
        let attestations: [Attestation; 0] = [];
        let desired = Desired {
            baseline: &baseline,
            accounts: &accounts,
            unread_accounts: &UnreadAccounts::new(),
            exemptions: &exemptions,
            attestations: &attestations,
            namespaces: &NamespaceLabels::new(),
        };
        let plan = resolve(&desired, Catalog::built_in());
        assert_eq!(plan.problems, []);
        Self { plans: [plan], installation: Installation::default(), readings: Vec::new() }
    }

    /// The places of the baseline.
    pub(crate) fn places(&self) -> Vec<Place> {
        let targets = self.plans[0].targets.iter();
        let place = |target: &plumbline::plan::Target| Place {
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
        let mut comparison = Comparison::new(&self.plans, known, &self.installation, now);
        for ((region, name), bucket) in buckets {
            let (verdict, message, exemption) = match bucket {
                Bucket::Fine => (Verdict::Compliant, "", None),
                Bucket::Failing(message) => (Verdict::NonCompliant, *message, None),
                Bucket::Exempt(message) => (Verdict::NonCompliant, *message, Some(0)),
            };
            let target = |it: &plumbline::plan::Target| it.region.as_str() == *region;
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

/// 2026-02-01T00:00:00Z and so many minutes.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp { seconds: 1_769_904_000 + minutes * 60, nanoseconds: 0 }
}

/// 2026-02-01T00:00:00Z and so many days.
pub(crate) fn day(days: i64) -> Timestamp {
    minute(days * 24 * 60)
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
