//! Why a type could not be read.

use std::io;

use crate::AwsError;
use crate::paging::RepeatedPage;
use model::UnknownReason;

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

    pub(in crate::source) fn not_delivered(detail: String) -> Self {
        Self { reason: UnknownReason::NotDelivered, detail }
    }
}

impl From<AwsError> for Unread {
    fn from(error: AwsError) -> Self {
        Self { reason: error.unknown_reason(), detail: error.to_string() }
    }
}

impl From<RepeatedPage> for Unread {
    fn from(repeated: RepeatedPage) -> Self {
        Self::not_delivered(format!("AWS Config does not deliver a list whole: {repeated}"))
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        let detail = format!("what was read cannot be kept in a temporary file: {error}");
        Self { reason: UnknownReason::NotDelivered, detail }
    }
}
