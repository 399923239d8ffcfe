//! Where the findings of an account go: the one place that chooses.

use thiserror::Error;

use super::settings::OperatorError;
use crate::api::AwsAccountSpec;
use crate::aws::AwsError;
use crate::controller::SinkChoice;
use crate::controller::sources::{AwsAccounts, Reached};
use crate::drift::{FindingChange, Installation, KnownFindings};
use crate::publish::{
    FindingSink, JsonLines, OpenError, Place, PlaceState, PublishError, Published, SecurityHub,
};

/// Why there is no place for an account's findings now.
#[derive(Debug, Error)]
pub(super) enum SinkError {
    #[error(transparent)]
    File(#[from] OpenError),
    #[error("internal error; please report it: a task ended early: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Where one account's findings go.
#[derive(Debug)]
pub(super) enum AccountSink {
    File(Box<JsonLines>),
    SecurityHub { sink: Box<SecurityHub<Reached>>, reached: Reached },
}

/// Makes what must be there before anything is published.
pub(super) fn make(choice: &SinkChoice) -> Result<(), OperatorError> {
    match choice {
        SinkChoice::SecurityHub => Ok(()),
        SinkChoice::File(folder) => std::fs::create_dir_all(folder).map_err(|source| {
            OperatorError::State { folder: folder.display().to_string(), source }
        }),
    }
}

/// Opens the sink of an account. It is this process's alone from then on, until it is dropped.
pub(super) async fn open(
    choice: &SinkChoice,
    installation: &Installation,
    account: &AwsAccountSpec,
) -> Result<AccountSink, SinkError> {
    match choice {
        SinkChoice::File(folder) => {
            let folder = folder.join(account.account_id.as_str());
            let installation = installation.clone();
            // A large file takes a while to read.
            let opened = move || JsonLines::open(&folder, &installation);
            let opened = tokio::task::spawn_blocking(opened).await?;
            Ok(AccountSink::File(Box::new(opened?)))
        }
        SinkChoice::SecurityHub => {
            let reached = Reached::default();
            let sink = Box::new(SecurityHub::new(installation.clone(), reached.clone()));
            Ok(AccountSink::SecurityHub { sink, reached })
        }
    }
}

impl AccountSink {
    /// Reaches the account, where its findings go to AWS. Why it cannot be reached, if it cannot.
    pub(super) async fn reach(
        &self,
        aws: &AwsAccounts,
        account: &AwsAccountSpec,
    ) -> Option<AwsError> {
        match self {
            Self::File(_) => None,
            Self::SecurityHub { reached, .. } => reached.reach(aws, [account]).await.pop(),
        }
    }

    /// Why a place takes no findings; nothing where it takes them.
    pub(super) fn refusal(&self, place: &Place) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::SecurityHub { sink, .. } => sink.refusal(place),
        }
    }

    /// Whether a place takes findings; nothing where they do not go to AWS.
    pub(super) fn state(&self, place: &Place) -> Option<PlaceState> {
        match self {
            Self::File(_) => None,
            Self::SecurityHub { sink, .. } => Some(sink.state(place)),
        }
    }
}

impl FindingSink for AccountSink {
    fn known(&self) -> &KnownFindings {
        match self {
            Self::File(sink) => sink.known(),
            Self::SecurityHub { sink, .. } => sink.known(),
        }
    }

    async fn prepare(&mut self, places: &[Place]) {
        match self {
            Self::File(sink) => sink.prepare(places).await,
            Self::SecurityHub { sink, .. } => sink.prepare(places).await,
        }
    }

    async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        match self {
            Self::File(sink) => sink.publish(changes).await,
            Self::SecurityHub { sink, .. } => sink.publish(changes).await,
        }
    }
}
