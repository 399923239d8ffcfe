//! The reasons of the events that the operator writes.

use super::named::named;

named! {
    /// Why there is an event; `docs/operator.md` lists them for users.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum EventReason {
        /// The account cannot be reached.
        AccountUnreachable,
        /// Accounts of an organization got their objects.
        AccountsAdded,
        /// Accounts left an organization, and their objects are removed.
        AccountsRemoved,
        /// Archivals wait for a confirmation.
        ArchivalHeld,
        /// A deletion waits for findings to be archived.
        ArchivingFindings,
        /// Messages of the change queue are not received.
        ChangeQueueUnreadable,
        /// A message of the change queue cannot be understood.
        ChangesNotUnderstood,
        /// AWS refuses the credentials, or there are none.
        CredentialsRefused,
        /// The drift of more controls changed than have an event each.
        DriftChanged,
        /// Drift was found.
        DriftOpened,
        /// Drift is gone.
        DriftResolved,
        /// What was deleted left findings open.
        FindingsLeftOpen,
        /// Findings were refused.
        FindingsRefused,
        /// The object has a mistake.
        NotAccepted,
        /// An organization cannot be read.
        OrganizationUnreadable,
        /// Another operator works on the account.
        OtherOperator,
        /// Another Plumbline has findings of the installation.
        OtherPublisher,
        /// Nothing could be published.
        PublishFailed,
        /// A region has no customer managed configuration recorder.
        RecorderMissing,
        /// The configuration recorder is off.
        RecorderStopped,
        /// Removals of accounts wait for a confirmation.
        RemovalHeld,
        /// Security Hub is off, or cannot be read.
        SecurityHubUnavailable,
        /// Snapshots that were requested are refused, or do not arrive.
        SnapshotsNotDelivered,
        /// A source cannot be read.
        SourceUnreadable,
    }
}

impl EventReason {
    /// Whether the event is a warning.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        !matches!(
            self,
            Self::AccountsAdded | Self::AccountsRemoved | Self::DriftChanged | Self::DriftResolved
        )
    }
}
