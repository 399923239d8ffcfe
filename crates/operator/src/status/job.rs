//! What there is to write: statuses, and the requests that follow of what is reported.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::account::CONFIRM;
use crate::context::Context;
use crate::events::{About, Notice};
use crate::write;
use api::{Kind, ObjectKey};

/// One request besides.
pub(super) enum Job {
    Finalizers {
        of: Kind,
        metadata: Box<ObjectMeta>,
        finalizers: Vec<String>,
        /// Which operator works on it, where that is to be said.
        operator: Option<String>,
        gave_up: bool,
    },
    /// Says on an account which operator works on it.
    Mark {
        account: String,
        operator: String,
    },
    /// Takes back a confirmation of which nothing is left to confirm.
    Confirmed(ObjectKey),
    Orphan {
        namespace: String,
        name: String,
    },
}

/// A status to write.
pub(super) struct StatusNews {
    pub(super) key: ObjectKey,
    /// The version of the object that it is reported of.
    pub(super) version: Option<String>,
    pub(super) status: Value,
    /// Whether it tells of work that goes on: such news can wait a little for more.
    pub(super) is_progress: bool,
    /// What is reported by an event once it is written.
    pub(super) notice: Option<Box<(About, Notice)>>,
}

impl Job {
    /// Whether it is a mark on an account.
    pub(super) const fn is_mark(&self) -> bool {
        matches!(self, Self::Mark { .. })
    }

    /// The namespace of what it is about.
    pub(super) fn namespace(&self) -> Option<String> {
        match self {
            Self::Finalizers { metadata, .. } => metadata.namespace.clone(),
            Self::Mark { .. } => None,
            Self::Confirmed(key) => key.namespace.clone(),
            Self::Orphan { namespace, .. } => Some(namespace.clone()),
        }
    }

    pub(super) async fn run(self, client: &kube::Client, context: &Context) -> kube::Result<()> {
        match self {
            Self::Finalizers { of, metadata, finalizers, operator, gave_up } => {
                let (metadata, operator) = (&metadata, operator.as_deref());
                write::put_finalizers(client, of, metadata, &finalizers, operator).await?;
                if gave_up {
                    context.own_metrics.archive_given_up();
                }
                Ok(())
            }
            Self::Mark { account, operator } => {
                write::mark_account(client, &account, &operator).await
            }
            Self::Confirmed(key) => write::take_back(client, &key, CONFIRM).await,
            Self::Orphan { namespace, name } => {
                write::delete_report(client, &namespace, &name).await
            }
        }
    }
}
