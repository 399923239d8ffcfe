//! Where findings go: the one place that chooses.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinError;

use crate::{AwsAccounts, Reached};
use api::AwsAccountSpec;
use aws::AwsError;
use aws::publish::{
    FindingSink, JsonLines, OpenError, Place, PlaceState, PublishError, Published, SecurityHub,
};
use engine::drift::{FindingChange, KnownFindings, Publisher};
use model::AccountId;

const SECURITY_HUB: &str = "AWS Security Hub";

/// Where findings go.
#[derive(Debug, Clone)]
pub enum SinkChoice {
    /// A file in a folder.
    File(PathBuf),
    /// Security Hub of each account and region.
    SecurityHub,
}

/// Why findings cannot be published now.
#[derive(Debug, Error)]
pub enum SinkError {
    /// The file cannot be opened.
    #[error(transparent)]
    File(#[from] OpenError),
    /// A part of the program ended that should not have.
    #[error("internal error; please report it: a task ended unexpectedly: {0}")]
    Broken(#[from] JoinError),
}

/// What takes findings.
#[derive(Debug)]
pub enum Sink {
    /// A file.
    File(Box<JsonLines>),
    /// Security Hub of each account and region.
    SecurityHub {
        /// What publishes there.
        hub: Box<SecurityHub<Reached>>,
        /// The accounts in which it may.
        reached: Reached,
    },
}

impl SinkChoice {
    /// The folder that this process writes itself.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::File(folder) => Some(folder),
            Self::SecurityHub => None,
        }
    }

    /// Where people find the findings.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::File(folder) => folder.display().to_string(),
            Self::SecurityHub => SECURITY_HUB.to_owned(),
        }
    }

    /// Where the findings of one account go, each having a file of its own.
    #[must_use]
    pub fn of_account(&self, account: &AccountId) -> Self {
        match self {
            Self::File(folder) => Self::File(folder.join(account.as_str())),
            Self::SecurityHub => Self::SecurityHub,
        }
    }

    /// Makes what must be there before anything is published.
    ///
    /// # Errors
    ///
    /// When the folder can not be made.
    pub fn make(&self) -> io::Result<()> {
        self.folder().map_or(Ok(()), std::fs::create_dir_all)
    }
}

impl Sink {
    /// Opens what was chosen. A file is this process's alone from then on, until it is dropped.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or another process has it.
    pub async fn open(choice: &SinkChoice, publisher: &Publisher) -> Result<Self, SinkError> {
        let publisher = publisher.clone();
        match choice {
            SinkChoice::File(folder) => {
                let folder = folder.clone();
                // A large file takes a while to read.
                let open = move || JsonLines::open(&folder, &publisher);
                Ok(Self::File(Box::new(tokio::task::spawn_blocking(open).await??)))
            }
            SinkChoice::SecurityHub => {
                let reached = Reached::default();
                let hub = Box::new(SecurityHub::new(publisher, reached.clone()));
                Ok(Self::SecurityHub { hub, reached })
            }
        }
    }

    /// The same, reading what is published in each place for so long before a comparison, and the rest
    /// while the next one is waited for.
    #[must_use]
    pub fn reading_for(self, part: Duration) -> Self {
        match self {
            Self::File(file) => Self::File(file),
            Self::SecurityHub { hub, reached } => {
                Self::SecurityHub { hub: Box::new(hub.reading_for(part)), reached }
            }
        }
    }

    /// Where people find the findings.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::File(file) => file.path().display().to_string(),
            Self::SecurityHub { .. } => SECURITY_HUB.to_owned(),
        }
    }

    /// Whether findings go to AWS.
    #[must_use]
    pub const fn is_aws(&self) -> bool {
        matches!(self, Self::SecurityHub { .. })
    }

    /// Reaches accounts, where their findings go to AWS. Why some cannot be reached.
    pub async fn reach<'s>(
        &self,
        aws: &AwsAccounts,
        accounts: impl IntoIterator<Item = &'s AwsAccountSpec>,
    ) -> Vec<AwsError> {
        match self {
            Self::File(_) => Vec::new(),
            Self::SecurityHub { reached, .. } => reached.reach(aws, accounts).await,
        }
    }

    /// Why a place takes no findings; nothing where it takes them.
    #[must_use]
    pub fn refusal(&self, place: &Place) -> Option<String> {
        match self {
            Self::File(file) => file.refusal(place),
            Self::SecurityHub { hub, .. } => hub.refusal(place),
        }
    }

    /// What another Plumbline of the installation keeps in a place: how many findings, and in words.
    #[must_use]
    pub fn others(&self, place: &Place) -> Option<(usize, String)> {
        match self {
            Self::File(file) => file.others(place),
            Self::SecurityHub { hub, .. } => hub.others(place),
        }
    }

    /// The places in which another Plumbline of the installation has findings, in their order.
    #[must_use]
    pub fn others_places(&self) -> BTreeSet<&Place> {
        match self {
            Self::File(file) => file.others_places().collect(),
            Self::SecurityHub { hub, .. } => hub.others_places().collect(),
        }
    }

    /// Whether a place takes findings; nothing where they do not go to AWS.
    #[must_use]
    pub fn state(&self, place: &Place) -> Option<PlaceState> {
        match self {
            Self::File(_) => None,
            Self::SecurityHub { hub, .. } => Some(hub.state(place)),
        }
    }
}

impl FindingSink for Sink {
    fn known(&self) -> &KnownFindings {
        match self {
            Self::File(file) => file.known(),
            Self::SecurityHub { hub, .. } => hub.known(),
        }
    }

    async fn prepare(&mut self, places: &[Place]) {
        match self {
            Self::File(file) => file.prepare(places).await,
            Self::SecurityHub { hub, .. } => hub.prepare(places).await,
        }
    }

    async fn read_on(&mut self, places: &[Place]) -> bool {
        match self {
            Self::File(file) => file.read_on(places).await,
            Self::SecurityHub { hub, .. } => hub.read_on(places).await,
        }
    }

    async fn ask(&mut self, places: &[Place]) -> bool {
        match self {
            Self::File(file) => file.ask(places).await,
            Self::SecurityHub { hub, .. } => hub.ask(places).await,
        }
    }

    async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        match self {
            Self::File(file) => file.publish(changes).await,
            Self::SecurityHub { hub, .. } => hub.publish(changes).await,
        }
    }
}
