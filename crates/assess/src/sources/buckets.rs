//! Snapshots in buckets: which files there are to read is found out before they are evaluated.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};

use super::{AwsAccounts, SnapshotInput, SourceInput, deliveries};
use api::{AwsAccountSpec, RoleReference};
use aws::source::{AccountRegions, DeliveredError, NewestSnapshot, Snapshot, SnapshotError};
use cel::Timestamp;
use model::{AccountId, Partition, Region, S3Url, S3UrlError};

/// So many accounts' snapshots are looked for at once.
const AT_ONCE: usize = 8;

/// A bucket that snapshots are delivered to, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BucketSource {
    /// The bucket and its prefix.
    pub url: S3Url,
    /// The role to assume; nothing for Plumbline's own credentials.
    pub role: Option<RoleReference>,
    /// The partition that it is in.
    pub partition: Partition,
    /// Where the role is assumed and the bucket is looked for first.
    pub region: Region,
}

impl BucketSource {
    /// The bucket of an account's snapshots; nothing where these are in files.
    pub fn of(spec: &AwsAccountSpec) -> Option<Result<Self, S3UrlError>> {
        let snapshot = spec.source.snapshot.as_ref()?;
        let of = |url| Self {
            url,
            role: snapshot.role.clone(),
            partition: spec.partition,
            region: super::home_region(spec),
        };
        Some(snapshot.bucket()?.map(of))
    }
}

/// Finds the snapshots of accounts in a bucket; of all accounts in it where none are named.
///
/// # Errors
///
/// When there is nothing to read.
pub async fn open_bucket(
    aws: &AwsAccounts,
    bucket: &BucketSource,
    wanted: Option<&AccountRegions>,
    now: Timestamp,
) -> Result<Snapshot, SnapshotError> {
    let reached = aws.bucket(bucket).await.map_err(DeliveredError::from)?;
    reached.open(wanted, now).await
}

/// Opens those of these sources that are in buckets, and requests newer snapshots where their accounts
/// declare that.
pub(crate) async fn open_buckets(
    aws: &AwsAccounts,
    sources: &mut [SourceInput],
    specs: &BTreeMap<&AccountId, &AwsAccountSpec>,
    now: Timestamp,
) {
    let mut opening: Vec<BoxFuture<'_, ()>> = Vec::new();
    for source in sources {
        if let SourceInput::Snapshot(source) = source
            && source.bucket.is_some()
        {
            opening.push(open_source(aws, source, specs, now).boxed());
        }
    }
    stream::iter(opening).buffer_unordered(AT_ONCE).collect::<()>().await;
}

async fn open_source(
    aws: &AwsAccounts,
    source: &mut SnapshotInput,
    specs: &BTreeMap<&AccountId, &AwsAccountSpec>,
    now: Timestamp,
) {
    let Some(bucket) = &source.bucket else { return };
    let accounts = source.accounts.iter();
    let wanted: AccountRegions =
        accounts.map(|(account, input)| (account.clone(), input.regions.clone())).collect();
    let opened = open_bucket(aws, bucket, Some(&wanted), now).await;
    // In a bucket, those of each account lie by themselves.
    if let Some((account, regions)) = wanted.first_key_value()
        && let Some(spec) = specs.get(account)
    {
        let newest = |region: &Region| (region.clone(), newest(&opened, account, region));
        source.requests = deliveries::request(aws, spec, regions.iter().map(newest), now).await;
    }
    source.snapshot = Some(opened.map(Arc::new).map_err(Arc::new));
}

/// What is known of the newest snapshot of a region.
fn newest(
    opened: &Result<Snapshot, SnapshotError>,
    account: &AccountId,
    region: &Region,
) -> NewestSnapshot {
    match opened {
        Ok(snapshot) => snapshot.newest(account, region),
        Err(SnapshotError::Delivered(DeliveredError::NoSnapshot(_))) => NewestSnapshot::Missing,
        Err(_) => NewestSnapshot::Unknown,
    }
}

/// How a bucket's address stands among the paths of snapshots.
pub(super) fn path_of(bucket: &BucketSource) -> PathBuf {
    PathBuf::from(bucket.url.to_string())
}
