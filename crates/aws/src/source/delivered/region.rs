//! The newest snapshot of one region, and the history that was recorded after it.

use std::collections::BTreeSet;

use super::super::snapshot::files::SnapshotFile;
use super::days::{Day, newest_first};
use super::key::DeliveredName;
use super::{DeliveredError, DeliveryBucket};
use crate::bucket::ListedObject;
use crate::error::{AwsError, Class};
use cel::Timestamp;
use model::{AccountId, Region};

/// The folders of so many days are looked through: AWS Config delivers at least one snapshot in 24 hours
/// (`ConfigSnapshotDeliveryProperties`, AWS Config API Reference), or only where somebody asks for one.
const MAX_DAYS: usize = 62;

/// The folder that an account's region is delivered to.
pub(super) struct RegionFolder<'b> {
    pub(super) bucket: &'b DeliveryBucket,
    pub(super) account: &'b AccountId,
    pub(super) region: &'b Region,
    /// What its keys begin with.
    pub(super) base: String,
}

/// What is read of a region: a snapshot and the history since, or nothing.
#[derive(Default)]
pub(super) struct FoundRegion {
    pub(super) files: Vec<SnapshotFile>,
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<String>,
    /// When the snapshot was taken, where there is one.
    pub(super) taken_at: Option<Timestamp>,
}

/// What was seen on the way to the newest snapshot.
#[derive(Default)]
struct Search {
    days: BTreeSet<Day>,
    /// The history of these days, by when the last change in each file was recorded.
    history: Vec<(Timestamp, ListedObject)>,
    found: FoundRegion,
}

impl RegionFolder<'_> {
    /// Looks for the newest snapshot. Most are of today or yesterday, which takes a call or two; only
    /// where they are not, folders are listed.
    pub(super) async fn newest(&self, now: Timestamp) -> Result<FoundRegion, DeliveredError> {
        let mut way = Search::default();
        for day in Day::newest_two(now).into_iter().flatten() {
            if self.search_day(day, &mut way).await? {
                return Ok(way.found);
            }
        }
        for year in newest_first(&self.bucket.folders(&self.base).await?) {
            let in_year = format!("{}{year}/", self.base);
            for month in newest_first(&self.bucket.folders(&in_year).await?) {
                let in_month = format!("{in_year}{month}/");
                for day in newest_first(&self.bucket.folders(&in_month).await?) {
                    let day = Day::of(year, month, day);
                    if way.days.contains(&day) {
                        continue;
                    }
                    if way.days.len() >= MAX_DAYS || self.search_day(day, &mut way).await? {
                        return Ok(way.found);
                    }
                }
            }
        }
        Ok(way.found)
    }

    /// Looks through a day: whether its newest snapshot is found.
    async fn search_day(&self, day: Day, way: &mut Search) -> Result<bool, DeliveredError> {
        way.days.insert(day);
        let mut snapshots = Vec::new();
        for object in self.bucket.objects(&format!("{}{}", self.base, day.folder())).await? {
            let name = object.key.rsplit('/').next().unwrap_or_default();
            match DeliveredName::of(name, self.account, self.region) {
                DeliveredName::Snapshot(taken_at) => snapshots.push((taken_at, object)),
                DeliveredName::History(last) => way.history.push((last, object)),
                DeliveredName::Wrong(wrong) => {
                    let place = self.bucket.place(&object.key);
                    way.found.problems.push(format!(
                        "{place} is not read: {wrong}; restore the name that AWS Config gave it, or \
                         remove it"
                    ));
                }
                DeliveredName::Other => {}
            }
        }
        snapshots
            .sort_by(|(one, first), (other, second)| (other, &second.key).cmp(&(one, &first.key)));
        for (taken_at, object) in snapshots {
            let place = self.bucket.place(&object.key);
            match self.bucket.snapshot_id(&object).await {
                Ok(id) => {
                    way.found.taken_at = Some(taken_at);
                    way.found.files.push(self.bucket.file(object, id));
                    let history = std::mem::take(&mut way.history).into_iter();
                    let since = history.filter(|(last, _)| *last >= taken_at);
                    way.found.files.extend(since.map(|(_, it)| self.bucket.file(it, None)));
                    return Ok(true);
                }
                Err(error) if is_gone(&error) => way.found.notes.push(format!(
                    "{place} was deleted or replaced after it was listed; the next newest snapshot is used"
                )),
                Err(error) => {
                    return Err(DeliveredError::Read { place, error: Box::new(error) });
                }
            }
        }
        Ok(false)
    }
}

/// Whether an object that was listed is no longer there, or is another by now.
fn is_gone(error: &AwsError) -> bool {
    (error.class == Class::NotFound && error.code != "NoSuchBucket")
        || error.code == "PreconditionFailed"
}
