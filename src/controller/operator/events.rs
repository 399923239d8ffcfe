//! Events: what people see with `kubectl describe` and `kubectl events`.
//!
//! Best effort: an event that cannot be written is a line in the log, since status says the same.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff;
use kube::api::PostParams;
use kube::{Api, Client};

use super::account::shortened;
use super::time::time_of;
use crate::api::API_VERSION;
use crate::plan::BaselineKey;
use crate::resource::Timestamp;

/// Who reports events.
const CONTROLLER: &str = "plumbline.dev/operator";
/// The longest note (`validation.go` of Kubernetes' events API).
const MAX_NOTE: usize = 1024;
/// Where events of objects without a namespace stand, as for Kubernetes' own.
const CLUSTER_NAMESPACE: &str = "default";

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) reason: &'static str,
    pub(super) warning: bool,
    pub(super) note: String,
}

/// What an event is about.
#[derive(Debug, Clone)]
pub(super) struct About {
    kind: &'static str,
    namespace: Option<String>,
    name: String,
    uid: String,
}

impl About {
    pub(super) fn baseline(key: &BaselineKey, uid: &str) -> Self {
        Self {
            kind: "SecurityBaseline",
            namespace: Some(key.namespace.clone()),
            name: key.name.clone(),
            uid: uid.to_owned(),
        }
    }

    pub(super) fn account(name: &str, uid: &str) -> Self {
        Self { kind: "AwsAccount", namespace: None, name: name.to_owned(), uid: uid.to_owned() }
    }
}

/// Writes events.
#[derive(Clone)]
pub(super) struct Events {
    client: Client,
    identity: String,
}

impl Events {
    pub(super) fn new(client: Client, identity: &str) -> Self {
        Self { client, identity: shortened(identity, 128) }
    }

    /// Writes an event about an object.
    pub(super) async fn tell(&self, about: &About, notice: &Notice, now: Timestamp) {
        let namespace = about.namespace.as_deref().unwrap_or(CLUSTER_NAMESPACE);
        let api = Api::<Event>::namespaced(self.client.clone(), namespace);
        let event = self.event(about, notice, namespace, now);
        if let Err(error) = api.create(&PostParams::default(), &event).await {
            let (kind, name) = (about.kind, &about.name);
            tracing::warn!(%error, kind, %name, note = %notice.note, "an event was not written");
        }
    }

    fn event(&self, about: &About, notice: &Notice, namespace: &str, now: Timestamp) -> Event {
        Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", beginning(&about.name))),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            action: Some("Evaluate".to_owned()),
            event_time: Some(micro_time(now)),
            note: Some(shortened(&notice.note, MAX_NOTE)),
            reason: Some(notice.reason.to_owned()),
            regarding: Some(ObjectReference {
                api_version: Some(API_VERSION.to_owned()),
                kind: Some(about.kind.to_owned()),
                namespace: about.namespace.clone(),
                name: Some(about.name.clone()),
                uid: Some(about.uid.clone()),
                ..ObjectReference::default()
            }),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.identity.clone()),
            type_: Some(if notice.warning { "Warning" } else { "Normal" }.to_owned()),
            ..Event::default()
        }
    }
}

/// As much of a name as leaves place for what makes it unique.
fn beginning(name: &str) -> &str {
    name.get(..200).unwrap_or(name).trim_end_matches(['-', '.'])
}

fn micro_time(now: Timestamp) -> MicroTime {
    let nanoseconds = i32::try_from(now.nanoseconds).unwrap_or_default();
    MicroTime(jiff::Timestamp::new(now.seconds, nanoseconds).unwrap_or(time_of(now).0))
}
