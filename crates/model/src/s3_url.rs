//! The address of what AWS Config delivers into a bucket.

use std::fmt;
use std::str::FromStr;

/// What such an address begins with.
const SCHEME: &str = "s3://";
/// The folder that AWS Config's delivery channel puts after the prefix ("Delivering Configuration
/// Snapshots", AWS Config Developer Guide).
const LOGS: &str = "AWSLogs";

/// A bucket, and the prefix of the delivery channel in it: `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S3Url {
    bucket: Box<str>,
    prefix: Box<str>,
}

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum S3UrlError {
    /// It names no bucket.
    Bucket,
    /// It goes on into what AWS Config puts below the prefix.
    Logs,
}

impl S3Url {
    /// Whether a text is meant as such an address.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The bucket's name.
    #[must_use]
    pub const fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What keys begin with: nothing, or a prefix that ends in a slash.
    #[must_use]
    pub fn key_prefix(&self) -> String {
        if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) }
    }
}

impl FromStr for S3Url {
    type Err = S3UrlError;

    fn from_str(text: &str) -> Result<Self, S3UrlError> {
        let rest = text.strip_prefix(SCHEME).ok_or(S3UrlError::Bucket)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(S3UrlError::Bucket);
        }
        if prefix.split('/').any(|part| part == LOGS) {
            return Err(S3UrlError::Logs);
        }
        Ok(Self { bucket: bucket.into(), prefix: prefix.trim_end_matches('/').into() })
    }
}

/// "General purpose bucket naming rules", Amazon S3 User Guide.
fn is_bucket(name: &str) -> bool {
    let inner =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_edge = |byte: Option<u8>| byte.is_some_and(|it| it != b'.' && it != b'-');
    (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && is_edge(name.bytes().next())
        && is_edge(name.bytes().last())
}

impl fmt::Display for S3Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(formatter, "{SCHEME}{}{slash}{}", self.bucket, self.prefix)
    }
}

impl fmt::Display for S3UrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bucket => {
                "a bucket's address is s3://BUCKET or s3://BUCKET/PREFIX, and a bucket's name has 3 to \
                 63 lowercase letters, digits, dots and hyphens"
            }
            Self::Logs => {
                "the address of a bucket ends with the delivery channel's prefix: remove AWSLogs and \
                 what follows, which AWS Config adds to the prefix"
            }
        })
    }
}

impl std::error::Error for S3UrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_perhaps_a_prefix() {
        for (text, bucket, prefix) in [
            ("s3://config-bucket", "config-bucket", ""),
            ("s3://config-bucket/", "config-bucket", ""),
            ("s3://config.bucket/o-abc/config/", "config.bucket", "o-abc/config/"),
            ("s3://config-bucket/NotAWSLogs", "config-bucket", "NotAWSLogs/"),
        ] {
            let url: S3Url = text.parse().unwrap();
            assert_eq!((url.bucket(), url.key_prefix().as_str()), (bucket, prefix), "{text}");
            assert_eq!(url.to_string(), text.trim_end_matches('/'));
        }
    }

    #[test]
    fn what_names_no_bucket_or_goes_below_the_prefix_is_refused() {
        for text in ["s3://", "s3:///x", "s3://ab", "s3://Upper", "s3://-ab", "s3://a_b", "/a/b"] {
            assert_eq!(text.parse::<S3Url>(), Err(S3UrlError::Bucket), "{text}");
        }
        for text in ["s3://bucket/AWSLogs", "s3://bucket/x/AWSLogs/111122223333/Config/"] {
            assert_eq!(text.parse::<S3Url>(), Err(S3UrlError::Logs), "{text}");
        }
    }
}
