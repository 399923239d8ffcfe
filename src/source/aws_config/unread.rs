//! Why a type could not be read.

use std::io;

use crate::aws::AwsError;
use crate::resource::UnknownReason;

/// Why a type could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// In a word.
    pub reason: UnknownReason,
    /// In a sentence.
    pub detail: String,
}

impl Unread {
    pub(super) fn not_recorded(detail: String) -> Self {
        Self { reason: UnknownReason::NotRecorded, detail }
    }

    pub(super) fn not_delivered(detail: String) -> Self {
        Self { reason: UnknownReason::NotDelivered, detail }
    }
}

impl From<AwsError> for Unread {
    fn from(error: AwsError) -> Self {
        Self { reason: error.unknown_reason(), detail: error.to_string() }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        let detail = format!("what was read cannot be kept in a temporary file: {error}");
        Self { reason: UnknownReason::NotDelivered, detail }
    }
}
