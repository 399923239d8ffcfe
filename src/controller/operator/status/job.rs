//! One request to the API server that follows of what is told.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::api::{Attestation, AwsAccount, Control, Exemption, ObjectKey, Pack, SecurityBaseline};
use crate::controller::operator::context::Context;
use crate::controller::operator::events::{About, Notice};
use crate::controller::operator::write::{self, StatusApi, put_finalizers as put};

/// One request.
pub(super) enum Job {
    Status {
        key: ObjectKey,
        version: Option<String>,
        status: Value,
        /// Whether it tells of work that goes on: such news can wait a little for more.
        is_progress: bool,
        /// What is told by an event once it is written.
        notice: Option<Box<(About, Notice)>>,
    },
    Finalizers {
        of: Finalized,
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
    Orphan {
        namespace: String,
        name: String,
    },
}

/// What has the finalizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finalized {
    Baseline,
    Account,
}

impl Job {
    pub(super) async fn run(self, client: &kube::Client, context: &Context) -> kube::Result<()> {
        match self {
            Self::Status { key, status, notice, .. } => {
                apply(client, &key, &status).await?;
                if let Some((about, notice)) = notice.map(|notice| *notice) {
                    context.events.tell(&about, &notice, context.clock.now());
                }
                Ok(())
            }
            Self::Finalizers { of, metadata, finalizers, operator, gave_up } => {
                let (metadata, operator) = (&metadata, operator.as_deref());
                let put = match of {
                    Finalized::Baseline => {
                        put::<SecurityBaseline>(client, metadata, &finalizers, operator).await
                    }
                    Finalized::Account => {
                        put::<AwsAccount>(client, metadata, &finalizers, operator).await
                    }
                };
                put?;
                if gave_up {
                    context.own_metrics.archive_given_up();
                }
                Ok(())
            }
            Self::Mark { account, operator } => {
                write::mark_account(client, &account, &operator).await
            }
            Self::Orphan { namespace, name } => {
                write::delete_report(client, &namespace, &name).await
            }
        }
    }
}

async fn apply(client: &kube::Client, key: &ObjectKey, status: &Value) -> kube::Result<()> {
    async fn to<K>(client: &kube::Client, key: &ObjectKey, status: &Value) -> kube::Result<()>
    where
        K: StatusApi + Clone + serde::de::DeserializeOwned + std::fmt::Debug,
    {
        write::apply_status::<K>(client, key, status).await.map(drop)
    }
    match key.kind.as_str() {
        "SecurityBaseline" => to::<SecurityBaseline>(client, key, status).await,
        "AwsAccount" => to::<AwsAccount>(client, key, status).await,
        "Control" => to::<Control>(client, key, status).await,
        "Pack" => to::<Pack>(client, key, status).await,
        "Exemption" => to::<Exemption>(client, key, status).await,
        _ => to::<Attestation>(client, key, status).await,
    }
}
