//! A configuration item in the one normal form that expressions see, whatever it was read from.
//!
//! In the normal form `configuration` and `supplementaryConfiguration` are trees; strings that
//! hold policy documents are decoded where AWS writes such strings ([`super::documents`]) and
//! nowhere else; `tags` is a map; whole numbers are integers; what AWS leaves out or gives as
//! `null` is absent, except that a list keeps its nulls; ids and ARNs stand as AWS gives them.

use std::fmt;

use thiserror::Error;

use super::{escapes, value_of};
use cel::{Timestamp, Value};

/// One resource as AWS Config recorded it. `'a` is the life of the text and the arena.
#[derive(Debug, Clone, Copy)]
pub struct ConfigurationItem<'a> {
    /// The type, such as `AWS::S3::Bucket`.
    pub resource_type: &'a str,
    /// The id that AWS Config gives the resource.
    pub id: &'a str,
    /// The name, if the item has one.
    pub name: Option<&'a str>,
    /// The ARN, if the item has one.
    pub arn: Option<&'a str>,
    /// The account; empty where the item does not say.
    pub account_id: &'a str,
    /// The region, which may be `global`; empty where the item does not say.
    pub region: &'a str,
    /// Whether the resource is there.
    pub status: ItemStatus,
    /// When AWS Config recorded it; nothing where the item does not say in a readable way.
    pub capture_time: Option<Timestamp>,
    /// The map that expressions see as `resource`, as far as it was asked for.
    pub value: Value<'a>,
}

/// What is known of the resource's being there: by AWS Config's word, or because that word could
/// not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ItemStatus {
    /// Recorded (`OK`), which also holds where an encoding does not say: queries return no others.
    #[default]
    Ok,
    /// Recorded for the first time (`ResourceDiscovered`).
    Discovered,
    /// There, but its type is not recorded (`ResourceNotRecorded`).
    NotRecorded,
    /// Gone (`ResourceDeleted`).
    Deleted,
    /// Gone, and its type is not recorded (`ResourceDeletedNotRecorded`).
    DeletedNotRecorded,
    /// Nothing is known of the resource: its newest item could not be read, or nobody can say which
    /// is the newest. No name of AWS's stands for it.
    Unreadable,
    /// There by this item, but a newer one may have been lost: what is wrong by it is wrong, and
    /// what is right by it is unknown. No name of AWS's stands for it.
    Doubtful,
}

impl ItemStatus {
    /// The status of that AWS name; nothing for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, ItemStatus); 5] = [
            ("OK", ItemStatus::Ok),
            ("ResourceDiscovered", ItemStatus::Discovered),
            ("ResourceNotRecorded", ItemStatus::NotRecorded),
            ("ResourceDeleted", ItemStatus::Deleted),
            ("ResourceDeletedNotRecorded", ItemStatus::DeletedNotRecorded),
        ];
        // Nearly every item is spelt as the reference says.
        let exact = NAMES.iter().find(|(known, _)| *known == name).map(|(_, status)| *status);
        exact.or_else(|| value_of(name, &NAMES))
    }

    /// Whether the item records that the resource is gone.
    #[must_use]
    pub const fn is_deleted(self) -> bool {
        matches!(self, Self::Deleted | Self::DeletedNotRecorded)
    }

    /// Whether the region that says so does not record the type.
    #[must_use]
    pub const fn is_unrecorded(self) -> bool {
        matches!(self, Self::NotRecorded | Self::DeletedNotRecorded)
    }
}

/// What was read of one item.
#[derive(Debug, Clone, Copy)]
pub enum Parsed<'a> {
    /// The item, of a type that is read.
    Item(ConfigurationItem<'a>),
    /// An item of a type that nobody reads: well-formed, and only its head is known.
    Skipped(Skipped<'a>),
}

/// The head of an item of a type that nobody reads.
#[derive(Debug, Clone, Copy)]
pub struct Skipped<'a> {
    /// The type.
    pub resource_type: &'a str,
    /// The account; empty where the item does not say.
    pub account_id: &'a str,
    /// The region, which may be `global`; empty where the item does not say.
    pub region: &'a str,
    /// Whether the resource is there.
    pub status: ItemStatus,
    /// When AWS Config recorded it.
    pub capture_time: Option<Timestamp>,
}

/// Why one item could not be read. Nothing is known of its resource then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ItemError {
    /// The text is no JSON, or a field is not of the type that it should be.
    #[error("is broken at byte {offset}: {message}")]
    Broken {
        /// What is wrong.
        message: Box<str>,
        /// Where in the item's text, in bytes.
        offset: usize,
    },
    /// The text is no UTF-8.
    #[error("is not UTF-8 text from byte {offset} on")]
    NotText {
        /// Where in the item's text, in bytes.
        offset: usize,
    },
    /// Lists and maps stand in each other more than [`super::MAX_DEPTH`] deep.
    #[error("has lists and maps nested deeper than {} levels", super::MAX_DEPTH)]
    TooDeep,
    /// An envelope holds more items than AWS puts into one.
    #[error("contains more than {0} items in one envelope: save them separately, one per line")]
    TooMany(usize),
    /// A field or map names something twice: parsers differ in which of the two they take.
    #[error("defines `{name}` twice")]
    Doubled {
        /// The name.
        name: Box<str>,
        /// Where in the item's text, in bytes.
        offset: usize,
    },
    /// The capture time is none.
    #[error("has a configurationItemCaptureTime that is not a time")]
    NoTime,
    /// The item lacks what no item can do without.
    #[error("has no {0}: select or record it, unless this is not a configuration item")]
    Missing(&'static str),
}

/// Begins the message of the error for a name that is defined twice; the name follows.
pub(crate) const DOUBLED: &str = "defined twice: ";

impl ItemError {
    /// # Errors
    ///
    /// Where an escape in the text is none.
    pub(crate) fn of_escapes(text: &str) -> Result<(), Self> {
        match escapes::invalid(text.as_bytes()) {
            Some(offset) => Err(Self::Broken { message: escapes::INVALID.into(), offset }),
            None => Ok(()),
        }
    }

    pub(crate) fn from_json(error: &sonic_rs::Error) -> Self {
        let message = error.to_string();
        let first_line = message.lines().next().unwrap_or_default();
        let end = first_line.find(" at line ").unwrap_or(first_line.len());
        if let Some((_, name)) = first_line.get(..end).and_then(|it| it.split_once(DOUBLED)) {
            return Self::Doubled { name: name.trim_end().into(), offset: error.offset() };
        }
        let message =
            first_line.get(..end).unwrap_or(first_line).trim_end_matches(" while parsing");
        Self::Broken { message: without_quotation(message).into(), offset: error.offset() }
    }
}

/// The message without the value that it quotes, which may be secret: `invalid type: string,
/// expected a map`.
fn without_quotation(message: &str) -> String {
    match (message.find(" string \"").map(|at| at + " string".len()), message.rfind('"')) {
        (Some(start), Some(end)) if start + 1 < end => {
            let around = (message.get(..start), message.get(end + 1..));
            format!("{}{}", around.0.unwrap_or_default(), around.1.unwrap_or_default())
        }
        _ => message.to_owned(),
    }
}

impl fmt::Display for ItemStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Ok => "OK",
            Self::Discovered => "ResourceDiscovered",
            Self::NotRecorded => "ResourceNotRecorded",
            Self::Deleted => "ResourceDeleted",
            Self::DeletedNotRecorded => "ResourceDeletedNotRecorded",
            Self::Unreadable => "unreadable",
            Self::Doubtful => "doubtful",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_item_quotes_no_value_of_it() {
        let message = "invalid type: string \"pass\\\"word\", expected a map";
        assert_eq!(without_quotation(message), "invalid type: string, expected a map");
        assert_eq!(without_quotation("expected a map"), "expected a map");
    }
}
