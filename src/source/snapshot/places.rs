//! Of which accounts and regions the files of a snapshot are, and from when.

use std::collections::BTreeMap;

use super::files::SnapshotFile;
use super::input::id_of_snapshot;
use super::lost::Lost;
use super::tally::Tally;
use crate::resource::{AccountId, ConfigurationItem, Region, Timestamp};

/// A file, and an account and region of which items are in it.
type Place = (usize, Box<str>, Box<str>);

/// Of what each file is.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// When the newest item of each was captured.
    newest: BTreeMap<Place, Option<Timestamp>>,
    /// What was met last, and its newest time.
    last: Option<(Place, Option<Timestamp>)>,
}

impl Places {
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

    /// Adds what another thread met.
    pub(super) fn merge(&mut self, mut other: Self) {
        other.flush();
        for (place, time) in other.newest {
            let newest = self.newest.entry(place).or_default();
            *newest = time.max(*newest);
        }
    }
}

/// When each account's region was taken.
pub(super) fn taken(
    files: &[SnapshotFile],
    places: &Places,
) -> BTreeMap<(AccountId, Region), Timestamp> {
    let mut taken: BTreeMap<(AccountId, Region), Timestamp> = BTreeMap::new();
    let mut note = |place, time: Timestamp| {
        let known = taken.entry(place).or_insert(time);
        *known = time.max(*known);
    };
    let mut newest: BTreeMap<usize, Timestamp> = BTreeMap::new();
    for ((file, ..), time) in &places.newest {
        if let Some(time) = time {
            let known = newest.entry(*file).or_insert(*time);
            *known = (*time).max(*known);
        }
    }
    for delivery in files.iter().filter_map(|file| file.delivery.as_ref()) {
        note((delivery.account.clone(), delivery.region.clone()), delivery.taken_at);
    }
    for (file, account, region) in places.newest.keys() {
        let is_delivered = files.get(*file).is_some_and(|file| file.delivery.is_some());
        if let (false, Some(time), Ok(account), Ok(region)) =
            (is_delivered, newest.get(file), account.parse(), region.parse())
        {
            note((account, region), *time);
        }
    }
    taken
}

/// Which files are snapshots, by their ids.
pub(super) struct Snapshots(Vec<Option<Box<str>>>);

impl Snapshots {
    pub(super) fn of(files: &[SnapshotFile]) -> Self {
        Self(files.iter().map(id_of_snapshot).collect())
    }

    pub(super) fn is_snapshot(&self, file: usize) -> bool {
        self.0.get(file).is_some_and(Option::is_some)
    }

    /// Tells where several snapshots are of one account and region, and nothing says which is newer:
    /// what only one of them holds may be gone.
    pub(super) fn tell_rivals(&self, files: &[SnapshotFile], places: &Places, tally: &mut Tally) {
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
                "{} snapshots are of account {account_id} in {region_name}, and their names do not \
                 say which is the newest: keep one, or give them the names that AWS Config gave them",
                rivals.len()
            );
            let first = rivals.values().copied().min().unwrap_or_default();
            tally.problem(first, None, 0, message);
            tally.lost(Lost { account_id: Some(account_id), region, resource_type: None });
        }
    }
}
