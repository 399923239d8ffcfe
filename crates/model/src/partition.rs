//! AWS partitions, and which regions are theirs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Region;

/// An AWS partition: a set of regions with accounts of its own.
///
/// Names, regions and the region of global endpoints (`implicitGlobalRegion`) are those of
/// botocore's `data/partitions.json`, which is generated from AWS's own endpoint data.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Partition {
    /// The commercial regions.
    #[default]
    #[serde(rename = "aws")]
    Aws,
    /// The regions in China.
    #[serde(rename = "aws-cn")]
    AwsCn,
    /// The regions for US government.
    #[serde(rename = "aws-us-gov")]
    AwsUsGov,
    /// The European Sovereign Cloud.
    #[serde(rename = "aws-eusc")]
    AwsEusc,
    /// The US regions for top secret workloads.
    #[serde(rename = "aws-iso")]
    AwsIso,
    /// The US regions for secret workloads.
    #[serde(rename = "aws-iso-b")]
    AwsIsoB,
    /// The isolated regions in Europe.
    #[serde(rename = "aws-iso-e")]
    AwsIsoE,
    /// The isolated regions of the US intelligence community.
    #[serde(rename = "aws-iso-f")]
    AwsIsoF,
}

impl Partition {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::AwsCn,
        Self::AwsUsGov,
        Self::AwsEusc,
        Self::AwsIso,
        Self::AwsIsoB,
        Self::AwsIsoE,
        Self::AwsIsoF,
    ];

    /// The partition's name as it stands in ARNs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsEusc => "aws-eusc",
            Self::AwsIso => "aws-iso",
            Self::AwsIsoB => "aws-iso-b",
            Self::AwsIsoE => "aws-iso-e",
            Self::AwsIsoF => "aws-iso-f",
        }
    }

    /// The partition of that name; nothing for any other.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|partition| partition.as_str() == name)
    }

    /// With what the names of its regions begin; nothing for those that no other partition has.
    #[must_use]
    pub const fn region_prefix(self) -> Option<&'static str> {
        match self {
            Self::Aws => None,
            Self::AwsCn => Some("cn-"),
            Self::AwsUsGov => Some("us-gov-"),
            Self::AwsEusc => Some("eusc-"),
            Self::AwsIso => Some("us-iso-"),
            Self::AwsIsoB => Some("us-isob-"),
            Self::AwsIsoE => Some("eu-isoe-"),
            Self::AwsIsoF => Some("us-isof-"),
        }
    }

    /// The regions that are known of it, in the order of their names. AWS adds some every year, so a
    /// region that is not among them may well be one.
    ///
    /// Source: the `regions` of each partition in botocore 1.44.5's `data/partitions.json`, without
    /// the pseudo-regions of global services (`aws-global`).
    #[must_use]
    pub const fn known_regions(self) -> &'static [&'static str] {
        match self {
            Self::Aws => &[
                "af-south-1",
                "ap-east-1",
                "ap-east-2",
                "ap-northeast-1",
                "ap-northeast-2",
                "ap-northeast-3",
                "ap-south-1",
                "ap-south-2",
                "ap-southeast-1",
                "ap-southeast-2",
                "ap-southeast-3",
                "ap-southeast-4",
                "ap-southeast-5",
                "ap-southeast-6",
                "ap-southeast-7",
                "ca-central-1",
                "ca-west-1",
                "eu-central-1",
                "eu-central-2",
                "eu-north-1",
                "eu-south-1",
                "eu-south-2",
                "eu-west-1",
                "eu-west-2",
                "eu-west-3",
                "il-central-1",
                "me-central-1",
                "me-south-1",
                "me-west-1",
                "mx-central-1",
                "sa-east-1",
                "sa-west-1",
                "us-east-1",
                "us-east-2",
                "us-west-1",
                "us-west-2",
            ],
            Self::AwsCn => &["cn-north-1", "cn-northwest-1"],
            Self::AwsUsGov => &["us-gov-east-1", "us-gov-west-1"],
            Self::AwsEusc => &["eusc-de-east-1"],
            Self::AwsIso => &["us-iso-east-1", "us-iso-west-1"],
            Self::AwsIsoB => &["us-isob-east-1", "us-isob-west-1"],
            Self::AwsIsoE => &["eu-isoe-west-1"],
            Self::AwsIsoF => &["us-isof-east-1", "us-isof-south-1"],
        }
    }

    /// The partition of a region, by its name.
    #[must_use]
    pub fn of_region(region: &Region) -> Self {
        let begins = |prefix: &str| region.as_str().starts_with(prefix);
        let named = Self::ALL.into_iter().find(|it| it.region_prefix().is_some_and(begins));
        named.unwrap_or(Self::Aws)
    }

    /// The region that owns the partition's global resources unless an account says otherwise: where
    /// the endpoint of IAM is ("AWS Identity and Access Management endpoints and quotas", AWS General
    /// Reference), or that of botocore's data.
    #[must_use]
    pub const fn home_region(self) -> &'static str {
        match self {
            Self::Aws => "us-east-1",
            Self::AwsCn => "cn-north-1",
            Self::AwsUsGov => "us-gov-west-1",
            Self::AwsEusc => "eusc-de-east-1",
            Self::AwsIso => "us-iso-east-1",
            Self::AwsIsoB => "us-isob-east-1",
            Self::AwsIsoE => "eu-isoe-west-1",
            Self::AwsIsoF => "us-isof-south-1",
        }
    }

    /// The same, as a region.
    #[must_use]
    pub fn usual_region(self) -> Region {
        Region::known(self.home_region())
    }

    /// The region in which AWS Organizations and Account Management answer, by botocore's endpoint
    /// rules for them.
    #[must_use]
    pub fn organizations_region(self) -> Region {
        match self {
            Self::AwsCn => Region::known("cn-northwest-1"),
            other => other.usual_region(),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_belongs_to_the_partition_of_its_name() {
        for (region, partition) in [
            ("eu-west-1", Partition::Aws),
            ("us-east-1", Partition::Aws),
            ("mx-central-1", Partition::Aws),
            ("cn-northwest-1", Partition::AwsCn),
            ("us-gov-east-1", Partition::AwsUsGov),
            ("eusc-de-east-1", Partition::AwsEusc),
            ("us-iso-west-1", Partition::AwsIso),
            ("us-isob-east-1", Partition::AwsIsoB),
            ("eu-isoe-west-1", Partition::AwsIsoE),
            ("us-isof-east-1", Partition::AwsIsoF),
        ] {
            assert_eq!(Partition::of_region(&region.parse().unwrap()), partition, "{region}");
        }
    }

    #[test]
    fn every_known_region_belongs_to_its_partition_and_has_the_form_of_one() {
        for partition in Partition::ALL {
            let known = partition.known_regions();
            assert!(known.is_sorted() && known.contains(&partition.home_region()), "{partition}");
            for region in known {
                assert_eq!(Partition::of_region(&region.parse().unwrap()), partition, "{region}");
            }
        }
    }

    #[test]
    fn a_partition_s_home_region_is_one_of_its_own() {
        for partition in Partition::ALL {
            assert_eq!(Partition::of_region(&partition.usual_region()), partition);
            assert_eq!(Partition::from_name(partition.as_str()), Some(partition));
            let json = serde_json::to_value(partition).unwrap();
            assert_eq!(json, partition.as_str());
        }
        assert_eq!(Partition::from_name("aws-moon"), None);
    }
}
