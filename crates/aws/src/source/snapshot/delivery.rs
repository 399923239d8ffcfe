//! What AWS Config's own names for the files of snapshots say: of which account and region they
//! are, and when they were taken. Of several of one account and region the newest alone counts,
//! since a resource that it does not hold is gone.

use std::collections::BTreeMap;
use std::path::Path;

use super::files::SnapshotFile;
use super::items::SKEW;
use cel::Timestamp;
use model::{AccountId, Region};

/// What the name of a delivered snapshot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) taken_at: Timestamp,
}

impl Delivery {
    /// Reads a name as [`Self::named`] does. A time that has not come yet is none: it would stay
    /// the newest, and fresh, until it comes.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let latest = Timestamp::from_jiff(jiff::Timestamp::now())
            .map(|now| Timestamp { seconds: now.seconds.saturating_add(SKEW), ..now });
        Self::named(path).filter(|it| latest.is_none_or(|latest| it.taken_at <= latest))
    }

    /// Reads a name such as
    /// `123456789012_Config_eu-west-1_ConfigSnapshot_20240501T100000Z_<id>.json.gz` ("Delivering
    /// Configuration Snapshots", AWS Config Developer Guide). Nothing where it is another.
    fn named(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (account, after) = name.split_once("_Config_")?;
        let (region, after) = after.split_once("_ConfigSnapshot_")?;
        let time = after.get(..16).filter(|time| time.is_ascii())?;
        let (date, time) = time.strip_suffix('Z')?.split_once('T')?;
        let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
        let (hour, minute, second) = (time.get(..2)?, time.get(2..4)?, time.get(4..6)?);
        let time = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
        Some(Self {
            account: account.parse().ok()?,
            region: region.parse().ok()?,
            taken_at: Timestamp::parse(&time)?,
        })
    }
}

/// Leaves of each account and region the newest snapshot, and says which others there were.
pub(super) fn leave_newest(files: Vec<SnapshotFile>) -> (Vec<SnapshotFile>, Vec<String>) {
    let mut newest: BTreeMap<(AccountId, Region), Timestamp> = BTreeMap::new();
    for delivery in files.iter().filter_map(|file| file.delivery.as_ref()) {
        let place = (delivery.account.clone(), delivery.region.clone());
        let known = newest.entry(place).or_insert(delivery.taken_at);
        *known = delivery.taken_at.max(*known);
    }
    let counts = |file: &SnapshotFile| {
        file.delivery.as_ref().is_none_or(|it| {
            newest.get(&(it.account.clone(), it.region.clone())) == Some(&it.taken_at)
        })
    };
    let (kept, older): (Vec<_>, Vec<_>) = files.into_iter().partition(counts);
    let mut by_place: BTreeMap<(AccountId, Region), Vec<String>> = BTreeMap::new();
    for SnapshotFile { name, delivery, .. } in older {
        let Some(Delivery { account, region, .. }) = delivery else { continue };
        by_place.entry((account, region)).or_default().push(name.display().to_string());
    }
    let notes = by_place.into_iter().map(|((account, region), names)| {
        let first = names.first().map_or("", String::as_str);
        let others = match names.len() {
            1 => format!("an older one is ignored: {first}"),
            count => format!("{count} older ones are ignored, such as {first}"),
        };
        format!("the newest snapshot of account {account} in {region} is used; {others}")
    });
    (kept, notes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_delivered_snapshot_says_whose_it_is_and_when_it_was_taken() {
        let name = "/a/123456789012_Config_eu-west-1_ConfigSnapshot_20240501T100000Z_6f0c.json.gz";
        let delivery = Delivery::of(Path::new(name)).unwrap();
        assert_eq!(
            (delivery.account.as_str(), delivery.region.as_str()),
            ("123456789012", "eu-west-1")
        );
        assert_eq!(delivery.taken_at, Timestamp { seconds: 1_714_557_600, nanoseconds: 0 });
        for name in [
            "snapshot.json",
            "x_ConfigSnapshot_",
            "123456789012_Config_eu-west-1_ConfigSnapshot_20241301T100000Z_",
            "123456789012_Config_eu-west-1_ConfigHistory_AWS::S3::Bucket_20240501T100000Z_1.json",
        ] {
            assert_eq!(Delivery::of(Path::new(name)), None, "{name}");
        }
    }
}
