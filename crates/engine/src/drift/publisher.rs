//! Which Plumbline published a finding.
//!
//! An installation's name is chosen, and two Plumblines may have the same one by mistake: two clusters with
//! the default, a cluster and a folder. Each marks its findings with an id that nobody chooses, and leaves
//! alone what carries another's.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::finding::Finding;
use super::id::Installation;
use model::InvalidName;

/// The longest id. Clusters and folders have less than 50 bytes.
const LONGEST: usize = 128;
const CLUSTER: &str = "cluster/";
const FOLDER: &str = "folder/";
const SCAN: &str = "scan";

/// The mark of one Plumbline: of a cluster, of a state folder, or of scans, which keep nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublisherId(Arc<str>);

impl PublisherId {
    /// Of the operator of a cluster, which is known by the uid of a namespace that it always has.
    #[must_use]
    pub fn cluster(uid: &str) -> Self {
        Self(format!("{CLUSTER}{uid}").into())
    }

    /// Of whoever uses a state folder, which has an id of its own.
    #[must_use]
    pub fn folder(id: &str) -> Self {
        Self(format!("{FOLDER}{id}").into())
    }

    /// Of scans: an installation has one that all of them share.
    #[must_use]
    pub fn scan() -> Self {
        Self(SCAN.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_scan(&self) -> bool {
        &*self.0 == SCAN
    }
}

impl FromStr for PublisherId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_valid = !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-/._".contains(&byte));
        if is_valid {
            return Ok(Self(text.into()));
        }
        Err(InvalidName { text: text.to_owned(), expected: "the id of a cluster or state folder" })
    }
}

impl fmt::Display for PublisherId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.strip_prefix(CLUSTER), self.0.strip_prefix(FOLDER)) {
            (Some(uid), _) => write!(formatter, "the operator of cluster {uid}"),
            (None, Some(id)) => write!(formatter, "the state folder {id}"),
            (None, None) if self.is_scan() => formatter.write_str("`plumbline scan`"),
            (None, None) => formatter.write_str(&self.0),
        }
    }
}

/// Who publishes: what tells its findings from those of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publisher {
    /// The installation.
    pub installation: Installation,
    /// The mark of its findings; nothing for whoever only looks, or archives what others left.
    pub id: Option<PublisherId>,
    /// Whether it takes over findings that carry another mark.
    pub adopts: bool,
}

impl From<Installation> for Publisher {
    /// One without a mark.
    fn from(installation: Installation) -> Self {
        Self { installation, id: None, adopts: false }
    }
}

impl Publisher {
    /// Whether a finding of the installation is its own to change: what carries its mark, or none, as
    /// earlier versions published it; and what is archived, which nobody holds any more.
    #[must_use]
    pub fn owns(&self, finding: &Finding) -> bool {
        let Some(id) = &finding.publisher else { return true };
        let is_own = match &self.id {
            Some(own) => own == id,
            None => id.is_scan(), // nothing lives that would publish it again
        };
        is_own || self.adopts || finding.archived
    }

    /// Whether a finding that is its own does not carry its mark yet.
    #[must_use]
    pub(super) fn lacks_mark(&self, finding: &Finding) -> bool {
        self.id.is_some() && !finding.archived && finding.publisher != self.id
    }

    /// Marks a finding as its own.
    pub(super) fn mark(&self, finding: &mut Finding) {
        if self.id.is_some() {
            finding.publisher.clone_from(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, finding};

    fn publisher(id: Option<PublisherId>) -> Publisher {
        Publisher { id, ..Publisher::default() }
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let ids = [PublisherId::cluster("0b0c"), PublisherId::folder("1-2"), PublisherId::scan()];
        for id in ids {
            assert_eq!(id.as_str().parse(), Ok(id.clone()));
        }
        assert!("".parse::<PublisherId>().is_err());
        assert!("a\u{1b}[2J".parse::<PublisherId>().is_err());
    }

    #[test]
    fn what_carries_another_mark_is_its_own_only_where_it_adopts_or_that_is_archived() {
        let (one, other) = (PublisherId::cluster("1"), PublisherId::cluster("2"));
        let published = Finding { publisher: Some(other.clone()), ..finding("a", at(0)) };
        assert!(publisher(Some(other)).owns(&published));
        let own = publisher(Some(one));
        assert!(!own.owns(&published) && !publisher(None).owns(&published));
        assert!(Publisher { adopts: true, ..own.clone() }.owns(&published));
        assert!(own.owns(&Finding { archived: true, ..published }));
        assert!(own.owns(&finding("earlier version", at(0))));
    }

    #[test]
    fn what_scans_published_is_archived_by_whoever_has_no_mark() {
        let published = Finding { publisher: Some(PublisherId::scan()), ..finding("a", at(0)) };
        assert!(publisher(None).owns(&published));
        assert!(!publisher(Some(PublisherId::folder("1"))).owns(&published));
    }
}
