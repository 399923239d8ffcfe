//! What the name of a delivered file says.

use std::path::Path;

use super::super::snapshot::delivery::{Delivery, time_of};
use cel::Timestamp;
use model::{AccountId, Region};

/// What a file in the folder of an account's region is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeliveredName {
    /// A snapshot that was taken then.
    Snapshot(Timestamp),
    /// The history of a type; its last change was recorded then.
    History(Timestamp),
    /// What would be a snapshot or history, but for this.
    Wrong(String),
    /// Something else.
    Other,
}

impl DeliveredName {
    /// Reads the name of a file that lies in the folder of an account's region.
    pub(super) fn of(name: &str, account: &AccountId, region: &Region) -> Self {
        let is_snapshot = name.contains("_ConfigSnapshot_");
        if !is_snapshot && !name.contains("_ConfigHistory_") {
            return Self::Other;
        }
        if !name.ends_with(".json.gz") {
            return Self::Wrong("its name does not end in .json.gz".to_owned());
        }
        let (read, of) = if is_snapshot {
            let Some(Delivery { account, region, taken_at }) = Delivery::of(Path::new(name)) else {
                let wrong =
                    "its name is not as AWS Config writes it, or of a time that has not come";
                return Self::Wrong(wrong.to_owned());
            };
            (Self::Snapshot(taken_at), (account, region))
        } else {
            let Some((account, region, last)) = history(name) else {
                return Self::Wrong("its name is not as AWS Config writes it".to_owned());
            };
            (Self::History(last), (account, region))
        };
        if of == (account.clone(), region.clone()) {
            return read;
        }
        let (other, elsewhere) = of;
        Self::Wrong(format!(
            "it lies in the folder of account {account} in {region}, but its name is of account {other} \
             in {elsewhere}"
        ))
    }
}

/// Reads a name such as
/// `123456789012_Config_us-east-2_ConfigHistory_AWS::CloudTrail::Trail_20160927T195818Z_20160927T195818Z_1.json.gz`:
/// whose it is, and when the last change in it was recorded.
fn history(name: &str) -> Option<(AccountId, Region, Timestamp)> {
    let (account, after) = name.split_once("_Config_")?;
    let (region, after) = after.split_once("_ConfigHistory_")?;
    let (_, times) = after.split_once('_')?;
    let (first, last) = times.split_once('_')?;
    let last = time_of(last).or_else(|| time_of(first))?;
    Some((account.parse().ok()?, region.parse().ok()?, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> DeliveredName {
        let (account, region) = ("123456789012".parse().unwrap(), "us-east-2".parse().unwrap());
        DeliveredName::of(name, &account, &region)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn names_say_what_a_file_is_and_from_when() {
        let snapshot = "123456789012_Config_us-east-2_ConfigSnapshot_20160926T164037Z_7b29.json.gz";
        assert_eq!(read(snapshot), DeliveredName::Snapshot(at("2016-09-26T16:40:37Z")));
        let history = "123456789012_Config_us-east-2_ConfigHistory_AWS::CloudTrail::Trail_\
            20160927T195818Z_20160927T201000Z_1.json.gz";
        assert_eq!(read(history), DeliveredName::History(at("2016-09-27T20:10:00Z")));
        assert_eq!(read("ConfigWritabilityCheckFile"), DeliveredName::Other);
    }

    #[test]
    fn a_name_of_another_account_region_time_or_ending_is_wrong() {
        for (name, said) in [
            (
                "999988887777_Config_us-east-2_ConfigSnapshot_20160926T164037Z_7b29.json.gz",
                "of account 999988887777 in us-east-2",
            ),
            (
                "123456789012_Config_eu-west-1_ConfigHistory_AWS::EC2::Volume_20160926T164037Z_\
                 20160926T164037Z_1.json.gz",
                "of account 123456789012 in eu-west-1",
            ),
            (
                "123456789012_Config_us-east-2_ConfigSnapshot_20160926T164037Z_7b29.json.gz.part",
                "does not end in .json.gz",
            ),
            (
                "123456789012_Config_us-east-2_ConfigSnapshot_29991231T000000Z_7b29.json.gz",
                "a time that has not come",
            ),
            ("123456789012_Config_us-east-2_ConfigHistory_AWS::EC2::Volume.json.gz", "not as AWS"),
        ] {
            let DeliveredName::Wrong(message) = read(name) else { panic!("{name}") };
            assert!(message.contains(said), "{name}: {message}");
        }
    }
}
