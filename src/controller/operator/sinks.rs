//! Where the findings of an account go: the one place that chooses.

use std::path::PathBuf;

use thiserror::Error;

use super::settings::OperatorError;
use crate::api::AwsAccountSpec;
use crate::drift::{FindingChange, KnownFindings};
use crate::publish::{FindingSink, JsonLines, OpenError, Place, PublishError, Published};

/// Where findings go, as the operator is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkChoice {
    /// To a file of JSON Lines for each account, in a folder of its own below this one.
    File(PathBuf),
}

/// Why there is no place for an account's findings now.
#[derive(Debug, Error)]
pub(super) enum SinkError {
    #[error(transparent)]
    File(#[from] OpenError),
    #[error("a task broke off, which is a mistake of this program: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Where one account's findings go.
#[derive(Debug)]
pub(super) enum AccountSink {
    File(JsonLines),
}

impl SinkChoice {
    /// Opens the sink of an account. It is this process's alone from then on, until it is dropped.
    pub(super) async fn open(&self, account: &AwsAccountSpec) -> Result<AccountSink, SinkError> {
        match self {
            Self::File(folder) => {
                let folder = folder.join(account.account_id.as_str());
                // A large file takes a while to read.
                let opened = tokio::task::spawn_blocking(move || JsonLines::open(&folder)).await?;
                Ok(AccountSink::File(opened?))
            }
        }
    }

    /// Makes what must be there before anything is published.
    pub(super) fn make(&self) -> Result<(), OperatorError> {
        match self {
            Self::File(folder) => std::fs::create_dir_all(folder).map_err(|source| {
                OperatorError::State { folder: folder.display().to_string(), source }
            }),
        }
    }
}

impl FindingSink for AccountSink {
    fn known(&self) -> &KnownFindings {
        match self {
            Self::File(sink) => sink.known(),
        }
    }

    async fn prepare(&mut self, places: &[Place]) {
        match self {
            Self::File(sink) => sink.prepare(places).await,
        }
    }

    async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        match self {
            Self::File(sink) => sink.publish(changes).await,
        }
    }
}
