//! Snapshots that AWS Config delivered to a bucket of S3, found by listing little and read where they lie.
//!
//! The delivery channel writes `[PREFIX/]AWSLogs/ACCOUNT/Config/REGION/YEAR/MONTH/DAY/ConfigSnapshot/` and,
//! beside that, `ConfigHistory/` ("Example Configuration Snapshot Delivery Notification" and "Example
//! Configuration History Delivery Notification", AWS Config Developer Guide). Of each account's region the
//! newest snapshot counts, and the history that was recorded after it. Days are looked at from the newest
//! on, so that a bucket of years costs no more than one of days.
//!
//! Nothing is downloaded: a file is read part by part, and each part as one of the object that was listed.
//! A region of which nothing can be read is named, with the reason.

mod days;
mod key;
mod object;
mod region;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use thiserror::Error;

use super::snapshot::files::SnapshotFile;
use super::snapshot::{FoundFiles, Snapshot, SnapshotError, UnreadRegion};
use crate::bucket::{KeysPage, ListedObject};
use crate::error::{AwsError, Class};
use crate::paging::PageCursor;
use crate::sdk::BucketClient;
use cel::Timestamp;
use model::{AccountId, Region, S3Url, UnknownReason};
use region::{FoundRegion, RegionFolder};

/// So many regions are looked through at once.
const AT_ONCE: usize = 8;
/// So many beginnings of objects are remembered.
const MAX_HEADS: usize = 1 << 14;

/// Accounts, each with regions: those whose snapshots are wanted, or of which there are items.
pub type AccountRegions = BTreeMap<AccountId, BTreeSet<Region>>;

/// A bucket that AWS Config delivers to. Clones share what they saw of it.
#[derive(Debug, Clone)]
pub struct DeliveryBucket {
    client: BucketClient,
    url: S3Url,
    ids: Arc<Mutex<SnapshotIds>>,
}

/// The ids of what was looked at, by key and content; nothing where it is no snapshot of AWS's.
type SnapshotIds = HashMap<(String, String), Option<Box<str>>>;

/// Why nothing of a bucket can be read.
#[derive(Debug, Clone, Error)]
pub enum DeliveredError {
    /// AWS cannot be reached at all.
    #[error(transparent)]
    Unreached(Box<AwsError>),
    /// Keys cannot be listed.
    #[error("cannot list {place}: {error}{}", advice(.error))]
    List {
        /// What their names begin with.
        place: String,
        /// Why not.
        error: Box<AwsError>,
    },
    /// An object cannot be read.
    #[error("cannot read {place}: {error}{}", advice(.error))]
    Read {
        /// The object.
        place: String,
        /// Why not.
        error: Box<AwsError>,
    },
    /// A list has no end.
    #[error("cannot list {0}: S3 gives the same page again")]
    Endless(String),
    /// There is none.
    #[error(
        "there is no configuration snapshot below {0}: check the bucket and its prefix, and that AWS \
         Config delivers snapshots there"
    )]
    NoSnapshot(String),
}

impl DeliveredError {
    /// Whether AWS failed or refused, and the bucket may hold what was looked for.
    #[must_use]
    pub const fn is_of_aws(&self) -> bool {
        !matches!(self, Self::NoSnapshot(_))
    }

    /// What AWS said, where it failed or refused.
    #[must_use]
    pub fn of_aws(&self) -> Option<&AwsError> {
        match self {
            Self::Unreached(error) | Self::List { error, .. } | Self::Read { error, .. } => {
                Some(error)
            }
            Self::Endless(_) | Self::NoSnapshot(_) => None,
        }
    }

    /// Why what was to be read is unknown.
    #[must_use]
    pub fn unknown_reason(&self) -> UnknownReason {
        match self {
            Self::Unreached(error) | Self::List { error, .. } | Self::Read { error, .. } => {
                error.unknown_reason()
            }
            Self::Endless(_) | Self::NoSnapshot(_) => UnknownReason::NotDelivered,
        }
    }
}

impl From<AwsError> for DeliveredError {
    fn from(error: AwsError) -> Self {
        Self::Unreached(Box::new(error))
    }
}

/// What to do about an error of S3, where its class alone does not say it.
fn advice(error: &AwsError) -> &'static str {
    match (error.class, error.code.as_str()) {
        (Class::NotFound, "NoSuchBucket") => "; check the bucket's name",
        (Class::Denied, _) if error.message.contains("kms:") => {
            "; a KMS key encrypts the bucket: allow kms:Decrypt on it, by the key's own policy too"
        }
        _ => "",
    }
}

/// What was found of all accounts.
#[derive(Default)]
struct FoundSnapshots {
    of_regions: FoundFiles,
    first_error: Option<DeliveredError>,
}

impl DeliveryBucket {
    /// Nothing is called yet.
    #[must_use]
    pub fn new(client: BucketClient, url: S3Url) -> Self {
        Self { client, url, ids: Arc::default() }
    }

    /// Finds the newest snapshots of accounts, and the history since; of all accounts in the bucket
    /// where none are named. To be called on a runtime that goes on while the snapshot is read.
    ///
    /// # Errors
    ///
    /// When there is nothing to read.
    pub async fn open(
        &self,
        wanted: Option<&AccountRegions>,
        now: Timestamp,
    ) -> Result<Snapshot, SnapshotError> {
        let logs = format!("{}AWSLogs/", self.url.key_prefix());
        let all: AccountRegions;
        let wanted = if let Some(wanted) = wanted {
            wanted
        } else {
            let accounts = self.folders(&logs).await?.into_iter();
            let accounts = accounts.filter_map(|name| Some((name.parse().ok()?, BTreeSet::new())));
            all = accounts.collect();
            &all
        };
        let mut found = FoundSnapshots::default();
        let places = self.regions(&logs, wanted, &mut found).await;
        let mut looking: Vec<BoxFuture<'_, _>> = Vec::new();
        for (account, region) in &places {
            let base = format!("{}{region}/", config(&logs, account));
            let folder = RegionFolder { bucket: self, account, region, base };
            looking.push(async move { folder.newest(now).await }.boxed());
        }
        let looked: Vec<_> = stream::iter(looking).buffered(AT_ONCE).collect().await;
        for ((account, region), looked) in places.iter().zip(looked) {
            match looked {
                Ok(FoundRegion { files, notes, problems, taken_at }) => {
                    if let Some(taken_at) = taken_at {
                        let place = (account.clone(), region.clone());
                        found.of_regions.newest.insert(place, Some(taken_at));
                    } else {
                        found.lacks(account, region, &self.nothing_in(&logs, account, region));
                    }
                    found.of_regions.files.extend(files);
                    found.of_regions.notes.extend(notes);
                    found.of_regions.problems.extend(problems);
                }
                Err(error) => found.failed(account, &BTreeSet::from([region.clone()]), error),
            }
        }
        self.snapshot(found, wanted, &logs)
    }

    /// The regions that there is something of. Of those that are wanted and not there it takes note.
    async fn regions(
        &self,
        logs: &str,
        wanted: &AccountRegions,
        found: &mut FoundSnapshots,
    ) -> Vec<(AccountId, Region)> {
        let mut listing: Vec<BoxFuture<'_, _>> = Vec::new();
        for account in wanted.keys() {
            let folder = config(logs, account);
            listing.push(async move { self.folders(&folder).await }.boxed());
        }
        let listed: Vec<_> = stream::iter(listing).buffered(AT_ONCE).collect().await;
        let mut places = Vec::new();
        for ((account, regions), listed) in wanted.iter().zip(listed) {
            let listed = match listed {
                Ok(listed) => listed,
                Err(error) => {
                    found.failed(account, regions, error);
                    continue;
                }
            };
            let listed: BTreeSet<Region> =
                listed.iter().filter_map(|name| name.parse().ok()).collect();
            for region in regions.difference(&listed) {
                found.lacks(account, region, &self.nothing_in(logs, account, region));
            }
            places.extend(listed.into_iter().map(|region| (account.clone(), region)));
        }
        places
    }

    fn snapshot(
        &self,
        found: FoundSnapshots,
        wanted: &AccountRegions,
        logs: &str,
    ) -> Result<Snapshot, SnapshotError> {
        let FoundSnapshots { of_regions: found, first_error } = found;
        if found.files.is_empty() {
            let place = match wanted.keys().next() {
                Some(only) if wanted.len() == 1 => config(logs, only),
                _ => logs.to_owned(),
            };
            let nothing = || DeliveredError::NoSnapshot(self.place(&place));
            return Err(first_error.unwrap_or_else(nothing).into());
        }
        Ok(Snapshot::delivered(found))
    }

    /// What to say of a region without a snapshot.
    fn nothing_in(&self, logs: &str, account: &AccountId, region: &Region) -> DeliveredError {
        DeliveredError::NoSnapshot(self.place(&format!("{}{region}/", config(logs, account))))
    }

    /// How people write the place of a key.
    fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.client.bucket())
    }

    /// The names of the folders in a folder.
    async fn folders(&self, base: &str) -> Result<Vec<String>, DeliveredError> {
        let pages = self.pages(base, true).await?;
        let folders = pages.iter().flat_map(|page| &page.folders);
        let names = folders.filter_map(|folder| folder.strip_prefix(base)?.strip_suffix('/'));
        Ok(names.map(str::to_owned).collect())
    }

    /// The objects below a folder.
    async fn objects(&self, base: &str) -> Result<Vec<ListedObject>, DeliveredError> {
        let pages = self.pages(base, false).await?;
        Ok(pages.into_iter().flat_map(|page| page.objects).collect())
    }

    async fn pages(&self, base: &str, folders: bool) -> Result<Vec<KeysPage>, DeliveredError> {
        let place = || self.place(base);
        let (mut cursor, mut pages) = (PageCursor::default(), Vec::new());
        loop {
            let page = self.client.list(base, folders, cursor.token()).await;
            let page = page
                .map_err(|error| DeliveredError::List { place: place(), error: Box::new(error) })?;
            let next = page.next.clone();
            pages.push(page);
            if !cursor.follow(next).map_err(|_| DeliveredError::Endless(place()))? {
                return Ok(pages);
            }
        }
    }

    /// The id of the snapshot that an object is. That of one that was seen before is remembered.
    async fn snapshot_id(&self, object: &ListedObject) -> Result<Option<Box<str>>, AwsError> {
        let content = (object.key.clone(), object.etag.clone());
        let known = self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(&content).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let id = object::id(&self.client, object).await?;
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= MAX_HEADS {
            ids.clear();
        }
        ids.insert(content, id.clone());
        Ok(id)
    }

    /// An object as a file of a snapshot.
    fn file(&self, object: ListedObject, snapshot_id: Option<Box<str>>) -> SnapshotFile {
        let name = PathBuf::from(self.place(&object.key));
        let content = (object.size, object.etag.clone());
        SnapshotFile::stored(name, content, object::stored(&self.client, object, snapshot_id))
    }
}

impl FoundSnapshots {
    /// Takes note of a region without a snapshot.
    fn lacks(&mut self, account: &AccountId, region: &Region, nothing: &DeliveredError) {
        self.of_regions.newest.insert((account.clone(), region.clone()), None);
        self.unread(account, region, nothing);
    }

    fn unread(&mut self, account: &AccountId, region: &Region, error: &DeliveredError) {
        let unread = UnreadRegion { reason: error.unknown_reason(), detail: error.to_string() };
        self.of_regions.unread.insert((account.clone(), region.clone()), unread);
    }

    /// Takes note of regions that could not be looked through.
    fn failed(&mut self, account: &AccountId, regions: &BTreeSet<Region>, error: DeliveredError) {
        let message = error.to_string();
        for region in regions {
            self.unread(account, region, &error);
        }
        if !self.of_regions.problems.contains(&message) {
            self.of_regions.problems.push(message);
        }
        self.first_error.get_or_insert(error);
    }
}

/// The folder of an account's deliveries.
fn config(logs: &str, account: &AccountId) -> String {
    format!("{logs}{account}/Config/")
}
