//! How reading a change queue goes.

use aws::{AwsError, Class};

/// How reading a change queue goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum QueueState {
    /// SQS has not answered yet.
    #[default]
    Pending,
    /// Messages are received. The last that cannot be understood: what is wrong with it.
    Receiving(Option<String>),
    /// There is no such queue: what SQS says.
    Missing(String),
    /// It may not be read: what SQS says.
    Refused(String),
    /// SQS cannot be reached: why.
    Unreachable(String),
}

impl QueueState {
    pub(super) fn of(error: &AwsError) -> Self {
        let why = error.to_string();
        match error.class {
            Class::NotFound => Self::Missing(why),
            Class::Throttled | Class::Transient | Class::ClockSkew => Self::Unreachable(why),
            _ => Self::Refused(why),
        }
    }

    /// Whether messages are received.
    #[must_use]
    pub const fn is_receiving(&self) -> bool {
        matches!(self, Self::Receiving(_))
    }

    /// What is wrong, where something is.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::Pending | Self::Receiving(None) => None,
            Self::Receiving(Some(why))
            | Self::Missing(why)
            | Self::Refused(why)
            | Self::Unreachable(why) => Some(why),
        }
    }
}
