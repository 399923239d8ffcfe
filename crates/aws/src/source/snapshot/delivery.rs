//! What AWS Config's own names for the files of snapshots say: of which account and region they
//! are, and when they were taken. Of several of one account and region the newest alone counts,
//! since a resource that it does not hold is gone.

use std::collections::BTreeMap;
use std::path::Path;

use super::files::SnapshotFile;
use super::items::SKEW;
use super::lost::Lost;
use cel::Timestamp;
use model::{AccountId, Region};

/// What the name of a delivered snapshot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Delivery {
    pub(in crate::source) account: AccountId,
    pub(in crate::source) region: Region,
    pub(in crate::source) taken_at: Timestamp,
}

impl Delivery {
    /// Reads a name as [`Self::named`] does. A time that has not come yet is none: it would stay
    /// the newest, and fresh, until it comes.
    pub(in crate::source) fn of(path: &Path) -> Option<Self> {
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
        Some(Self {
            account: account.parse().ok()?,
            region: region.parse().ok()?,
            taken_at: time_of(after)?,
        })
    }
}

/// The time that a text begins with, such as `20240501T100000Z`.
pub(in crate::source) fn time_of(text: &str) -> Option<Timestamp> {
    let time = text.get(..16).filter(|time| time.is_ascii())?;
    let (date, time) = time.strip_suffix('Z')?.split_once('T')?;
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
    let (hour, minute, second) = (time.get(..2)?, time.get(2..4)?, time.get(4..6)?);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// What a file of configuration history speaks of, by a name such as
/// `123456789012_Config_us-east-2_ConfigHistory_AWS::CloudTrail::Trail_20160927T195818Z_20160927T195818Z_1.json.gz`
/// ("Example Configuration History Delivery Notification", AWS Config Developer Guide). Nothing where it
/// is another.
pub(super) fn history_of(path: &Path) -> Option<Lost> {
    let name = path.file_name()?.to_str()?;
    let (account, after) = name.split_once("_Config_")?;
    let (region, after) = after.split_once("_ConfigHistory_")?;
    let (resource_type, after) = after.split_once('_')?;
    time_of(after)?;
    Some(Lost {
        account_id: Some(account.parse().ok()?),
        region: Some(region.parse().ok()?),
        resource_type: Some(resource_type.parse().ok()?),
    })
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

    #[test]
    fn the_name_of_a_history_says_what_it_speaks_of() {
        let name = "AWSLogs/123456789012/Config/us-east-2/2016/9/27/ConfigHistory/123456789012_Config_\
            us-east-2_ConfigHistory_AWS::CloudTrail::Trail_20160927T195818Z_20160927T195818Z_1.json.gz";
        let history = history_of(Path::new(name)).unwrap();
        assert!(history.includes("123456789012", "us-east-2", "AWS::CloudTrail::Trail"));
        assert!(!history.includes("123456789012", "us-east-2", "AWS::EC2::Volume"));
        for name in [
            "123456789012_Config_us-east-2_ConfigHistory_AWS::EC2::Volume.json.gz",
            "123456789012_Config_us-east-2_ConfigSnapshot_20160927T195818Z_6f0c.json.gz",
        ] {
            assert_eq!(history_of(Path::new(name)), None, "{name}");
        }
    }
}
