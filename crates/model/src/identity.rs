//! Names of AWS things, checked when they are parsed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not the name that it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidName {
    /// The text as it was given.
    pub text: String,
    /// What was expected, with its form.
    pub expected: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { text: text.to_owned(), expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A twelve-digit AWS account id.
    AccountId,
    "an AWS account id (twelve digits)",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
);

name!(
    /// An AWS region such as `eu-west-1`.
    Region,
    "an AWS region (such as eu-west-1)",
    is_region
);

name!(
    /// A resource type such as `AWS::S3::Bucket`.
    ResourceType,
    "a resource type (such as AWS::S3::Bucket)",
    |text| text.len() <= 128
        && text.split("::").count() == 3
        && text.split("::").all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
);

name!(
    /// A control's name: a DNS label, as Kubernetes object names are.
    ControlName,
    "a control name (lower-case letters, digits and `-`, at most 63 characters)",
    is_dns_label
);

/// Lower-case words joined by `-`, the last of them a number: `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut words = text.rsplit('-');
    let number = words.next().unwrap_or_default();
    let mut names = 0;
    let named = words.all(|word| {
        names += 1;
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let numbered =
        (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    named && names >= 2 && numbered && text.len() <= 32
}

fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl Region {
    /// A region of a table of ours.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_parsed() {
        assert!("123456789012".parse::<AccountId>().is_ok());
        assert!("12345678901".parse::<AccountId>().is_err());
        for region in ["eu-west-1", "us-gov-west-1", "ap-southeast-4", "us-isob-east-1"] {
            assert!(region.parse::<Region>().is_ok(), "{region}");
        }
        for region in ["global", "", "eu-west", "EU-WEST-1", "eu--west-1", "1"] {
            assert!(region.parse::<Region>().is_err(), "{region}");
        }
        assert!("AWS::S3::Bucket".parse::<ResourceType>().is_ok());
        assert!("AWS::S3".parse::<ResourceType>().is_err());
        assert!("s3-bucket-versioning".parse::<ControlName>().is_ok());
        assert!("-s3".parse::<ControlName>().is_err());
    }
}
