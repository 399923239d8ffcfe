//! Names of findings: the same drift has the same name in every evaluation, on every replica.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::asff::{breaks_line, limits};
use crate::plan::BaselineKey;
use model::{AccountId, ControlName, InvalidName, Region};

/// The name that keeps two Plumblines over one account apart: a DNS label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Installation(Box<str>);

impl Installation {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self("default".into())
    }
}

impl FromStr for Installation {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const EXPECTED: &str =
            "an installation's name (lower-case letters, digits and `-`, at most 63 characters)";
        // The rule for a control's name is the same: both are DNS labels.
        text.parse::<ControlName>()
            .map(|_| Self(text.into()))
            .map_err(|_| InvalidName { text: text.to_owned(), expected: EXPECTED })
    }
}

impl fmt::Display for Installation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A finding's name, at most 512 bytes:
/// `installation/namespace/baseline/account/region/control/resource type/resource id`.
///
/// Of one that is longer or would break a line the beginning is kept, followed by a hash of the
/// whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(Arc<str>);

impl FindingId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name as it was published.
    pub(super) fn published(text: &str) -> Self {
        Self(text.into())
    }
}

impl Borrow<str> for FindingId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Everything that a finding's name is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdParts<'i> {
    pub(super) installation: &'i Installation,
    pub(super) baseline: &'i BaselineKey,
    pub(super) account: &'i AccountId,
    pub(super) region: &'i Region,
    pub(super) control: &'i ControlName,
    pub(super) resource_type: &'i str,
    pub(super) resource_id: &'i str,
}

impl IdParts<'_> {
    /// The finding's name.
    pub(super) fn id(&self) -> FindingId {
        let mut buffer = String::new();
        self.write(&mut buffer);
        FindingId(buffer.into())
    }

    /// Writes the finding's name over what `buffer` holds: looking a finding up allocates nothing.
    pub(super) fn write(&self, buffer: &mut String) {
        buffer.clear();
        let parts = [
            self.installation.as_str(),
            &self.baseline.namespace,
            &self.baseline.name,
            self.account.as_str(),
            self.region.as_str(),
            self.control.as_str(),
            self.resource_type,
            self.resource_id,
        ];
        for part in parts {
            buffer.push_str(part);
            buffer.push('/');
        }
        buffer.pop();
        if buffer.len() > limits::ID || buffer.contains(breaks_line) {
            shorten(buffer);
        }
    }
}

/// Keeps as much of the beginning as leaves place for a hash of the whole, on one line.
fn shorten(buffer: &mut String) {
    let hash = hexadecimal(&Sha256::digest(buffer.as_bytes()));
    *buffer = buffer.replace(breaks_line, " ");
    buffer.truncate(buffer.floor_char_boundary(limits::ID - hash.len() - 1));
    buffer.push('#');
    buffer.push_str(&hash);
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(resource_id: &str) -> FindingId {
        IdParts {
            installation: &Installation::default(),
            baseline: &BaselineKey { namespace: "platform".into(), name: "production".into() },
            account: &"111122223333".parse().unwrap(),
            region: &"eu-west-1".parse().unwrap(),
            control: &"s3-bucket-versioning".parse().unwrap(),
            resource_type: "AWS::S3::Bucket",
            resource_id,
        }
        .id()
    }

    #[test]
    fn an_id_names_everything_that_tells_findings_apart() {
        assert_eq!(
            id_of("logs").as_str(),
            "default/platform/production/111122223333/eu-west-1/s3-bucket-versioning/\
             AWS::S3::Bucket/logs"
        );
    }

    #[test]
    fn a_long_id_ends_with_a_hash_of_the_whole() {
        let (one, other) = (id_of(&format!("{}1", "x".repeat(600))), id_of(&"x".repeat(600)));
        assert_eq!(one.as_str().len(), limits::ID);
        assert_ne!(one, other);
        assert_eq!(one, id_of(&format!("{}1", "x".repeat(600))));
    }

    #[test]
    fn a_long_id_is_cut_between_characters() {
        for length in 90..110 {
            let id = id_of(&"🪣".repeat(length));
            assert!(id.as_str().len() <= limits::ID, "{length}");
        }
    }

    #[test]
    fn an_installation_is_a_label_without_slashes() {
        assert!("blue".parse::<Installation>().is_ok());
        assert!("a/b".parse::<Installation>().is_err());
        assert!("".parse::<Installation>().is_err());
    }
}
