//! Snapshots in buckets, as `scan` and `plan` read them.

use tokio::runtime::Runtime;

use super::exit::CommandError;
use super::features::Feature;
use super::live;
use assess::{AwsAccounts, BucketSource, open_bucket};
use aws::AwsSettings;
use aws::source::{AccountRegions, DeliveredError, Snapshot, SnapshotError};
use cel::Timestamp;
use engine::drift::Installation;
use manifest::Objects;
use metrics::Metrics;
use model::{Partition, S3Url};

/// How buckets are read, and for whom.
pub(super) struct BucketReading<'o> {
    /// The objects that may declare accounts, and how their buckets are read.
    pub(super) objects: Vec<&'o Objects>,
    pub(super) settings: AwsSettings,
    pub(super) now: Timestamp,
}

impl BucketReading<'_> {
    /// The snapshots of buckets, as if all of them were in one, and what reads them.
    pub(super) fn open(self, urls: &[S3Url]) -> Result<(Snapshot, Runtime), CommandError> {
        Feature::Aws.needed_for("option --snapshot for buckets (s3://)")?;
        let runtime = live::runtime().map_err(CommandError::Runtime)?;
        let snapshot = runtime.block_on(self.opened(urls))?;
        Ok((snapshot, runtime))
    }

    async fn opened(&self, urls: &[S3Url]) -> Result<Snapshot, CommandError> {
        let metrics = Metrics::new()?;
        let settings = self.settings.clone();
        let aws = AwsAccounts::new(settings, metrics.aws().clone(), Installation::default());
        let wanted = self.wanted();
        let mut all: Option<Snapshot> = None;
        for url in urls {
            let bucket = match self.declared(url) {
                Some(declared) => declared,
                None => own(&aws, url).await?,
            };
            let found = open_bucket(&aws, &bucket, wanted.as_ref(), self.now).await?;
            all = Some(match all {
                Some(others) => others.and(found),
                None => found,
            });
        }
        let nothing = || SnapshotError::from(DeliveredError::NoSnapshot(String::new()));
        all.ok_or_else(|| nothing().into())
    }

    /// The accounts that are declared; nothing where every account that is found counts.
    fn wanted(&self) -> Option<AccountRegions> {
        let mut wanted = AccountRegions::new();
        for objects in &self.objects {
            if !objects.names_accounts() {
                return None;
            }
            for account in &objects.accounts {
                let spec = &account.object.spec;
                let regions = wanted.entry(spec.account_id.clone()).or_default();
                regions.extend(spec.regions.iter().cloned());
            }
        }
        Some(wanted)
    }

    /// The bucket as an account declares it, with the role that reads it.
    fn declared(&self, url: &S3Url) -> Option<BucketSource> {
        let accounts = self.objects.iter().flat_map(|objects| &objects.accounts);
        let mut buckets = accounts.filter_map(|it| BucketSource::of(&it.object.spec)?.ok());
        buckets.find(|bucket| bucket.url == *url)
    }
}

/// A bucket that no account declares, read with the process's own credentials.
async fn own(aws: &AwsAccounts, url: &S3Url) -> Result<BucketSource, CommandError> {
    let region = aws.aws().await?.default_region();
    let region = region.unwrap_or_else(|| Partition::Aws.usual_region());
    let partition = Partition::of_region(&region);
    Ok(BucketSource { url: url.clone(), role: None, partition, region })
}
