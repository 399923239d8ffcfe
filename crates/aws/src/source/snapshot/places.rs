//! Of which accounts and regions the files of a snapshot are, and from when.

use std::collections::{BTreeMap, BTreeSet};

use super::files::SnapshotFile;
use super::input::id_of_snapshot;
use super::lost::Lost;
use super::tally::Tally;
use cel::Timestamp;
use model::{AccountId, ConfigurationItem, Region};

/// A file, and an account and region of which items are in it.
type FilePlace = (usize, Box<str>, Box<str>);

/// Of what each file is.
#[derive(Debug, Default)]
pub(super) struct SnapshotPlaces {
    /// When the newest item of each was captured.
    newest: BTreeMap<FilePlace, Option<Timestamp>>,
    /// What was met last, and its newest time.
    last: Option<(FilePlace, Option<Timestamp>)>,
}

impl SnapshotPlaces {
    /// Takes note of an item in a file.
    pub(super) fn meet(
        &mut self,
        file: usize,
        item: &ConfigurationItem<'_>,
        time: Option<Timestamp>,
    ) {
        match &mut self.last {
            Some((place, newest))
                if place.0 == file && *place.1 == *item.account_id && *place.2 == *item.region =>
            {
                *newest = time.max(*newest);
            }
            _ => {
                self.flush();
                self.last = Some(((file, item.account_id.into(), item.region.into()), time));
            }
        }
    }

    fn flush(&mut self) {
        if let Some((place, time)) = self.last.take() {
            let newest = self.newest.entry(place).or_default();
            *newest = time.max(*newest);
        }
    }

    /// Whether a file holds what AWS Config recorded, and not account facts alone.
    pub(super) fn has(&self, file: usize) -> bool {
        self.of_file(file).next().is_some()
    }

    /// The accounts and regions of which items are in a file.
    fn of_file(&self, file: usize) -> impl Iterator<Item = (&str, &str)> {
        let first = |file| (file, Box::default(), Box::default());
        let places = self.newest.range(first(file)..first(file + 1));
        places.map(|((_, account, region), _)| (&**account, &**region))
    }

    /// The files whose name is of another account and region than all of their items.
    pub(super) fn foreign(&self, files: &[SnapshotFile]) -> BTreeSet<usize> {
        let named = files.iter().enumerate();
        let named = named.filter_map(|(at, file)| Some((at, file.of()?)));
        let is_foreign = |(file, (account, region)): &(usize, (&AccountId, &Region))| {
            let is_of = |(of, place): (&str, &str)| {
                of == account.as_str() && (place == region.as_str() || place == "global")
            };
            self.has(*file) && !self.of_file(*file).any(is_of)
        };
        named.filter(is_foreign).map(|(file, _)| file).collect()
    }

    /// Adds what another thread met.
    pub(super) fn merge(&mut self, mut other: Self) {
        other.flush();
        for (place, time) in other.newest {
            let newest = self.newest.entry(place).or_default();
            *newest = time.max(*newest);
        }
    }
}

/// When each account's region was taken: by AWS's name for its snapshot, or at the earliest when its
/// newest item was captured. A snapshot is of one moment for all regions of an account that it holds; other
/// files may hold items of any time.
pub(super) fn taken(
    files: &[SnapshotFile],
    places: &SnapshotPlaces,
    is_snapshot: impl Fn(usize) -> bool,
) -> BTreeMap<(AccountId, Region), Timestamp> {
    let mut taken: BTreeMap<(AccountId, Region), Timestamp> = BTreeMap::new();
    let mut note = |place, time: Timestamp| {
        let known = taken.entry(place).or_insert(time);
        *known = time.max(*known);
    };
    let mut newest: BTreeMap<(usize, &str), Timestamp> = BTreeMap::new();
    for ((file, account, _), time) in &places.newest {
        if let Some(time) = time {
            let known = newest.entry((*file, account)).or_insert(*time);
            *known = (*time).max(*known);
        }
    }
    let mut delivered = BTreeSet::new();
    for delivery in files.iter().filter_map(|file| file.delivery.as_ref()) {
        let place = (delivery.account.clone(), delivery.region.clone());
        delivered.insert(place.clone());
        note(place, delivery.taken_at);
    }
    for ((file, account, region), own) in &places.newest {
        let of_snapshot = || newest.get(&(*file, &**account)).copied();
        let time = if is_snapshot(*file) { of_snapshot() } else { *own };
        let place = account.parse().ok().zip(region.parse().ok());
        // What stands beside a delivered snapshot makes it no newer.
        if let Some((place, time)) = place.filter(|place| !delivered.contains(place)).zip(time) {
            note(place, time);
        }
    }
    taken
}

/// Which files are snapshots, by their ids.
pub(super) struct Snapshots(Vec<Option<Box<str>>>);

impl Snapshots {
    pub(super) fn of(files: &[SnapshotFile]) -> Self {
        let allowance = SnapshotFile::allowance(files);
        Self(files.iter().map(|file| id_of_snapshot(file, &allowance)).collect())
    }

    pub(super) fn is_snapshot(&self, file: usize) -> bool {
        self.0.get(file).is_some_and(Option::is_some)
    }

    /// Tells where several snapshots are of one account and region, and nothing says which is newer:
    /// what only one of them holds may be gone.
    pub(super) fn tell_rivals(
        &self,
        files: &[SnapshotFile],
        places: &SnapshotPlaces,
        tally: &mut Tally,
    ) {
        let mut ids: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
        for (file, account, region) in places.newest.keys() {
            if let Some(Some(id)) = self.0.get(*file) {
                ids.entry((account, region)).or_default().insert(id, *file);
            }
        }
        for ((account, region), rivals) in ids {
            let named = |file: &usize| files.get(*file).is_some_and(|it| it.delivery.is_some());
            if rivals.len() < 2 || rivals.values().all(named) {
                continue;
            }
            let (Ok(account_id), region_name) = (account.parse::<AccountId>(), region) else {
                continue;
            };
            let region: Option<Region> = region_name.parse().ok();
            let message = format!(
                "there are {} snapshots of account {account_id} in {region_name}, and their file \
                 names do not show which is the newest: keep one, or restore the names that AWS \
                 Config gave them",
                rivals.len()
            );
            let first = rivals.values().copied().min().unwrap_or_default();
            tally.problem(first, None, 0, message);
            tally.lost(Lost { account_id: Some(account_id), region, resource_type: None });
        }
    }
}
