//! Events: what people see with `kubectl describe` and `kubectl events`.
//!
//! Best effort: an event that cannot be written is a line in the log, since status says the same.
//! Events are written beside the work, which never waits for them, one after another; and of one
//! object no more than a few at once, so that they are no flood however much changes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::mpsc;

use super::account::shortened;
use super::time::time_of;
use api::{API_VERSION, EventReason, Kind, Object, ObjectKey};
use cel::Timestamp;
use engine::plan::BaselineKey;

/// Who reports events.
const CONTROLLER: &str = "plumbline.dev/operator";
/// The longest note (`validation.go` of Kubernetes' events API).
const MAX_NOTE: usize = 1024;
/// Where events of objects without a namespace stand, as for Kubernetes' own.
const CLUSTER_NAMESPACE: &str = "default";

/// So many events wait to be written at most.
const WAITING: usize = 1024;
/// So many events of one object at once, and one more after each time; as client-go has it
/// (`tools/record/events_cache.go`).
const BURST: u32 = 25;
const REFILL: Duration = Duration::from_mins(5);

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) reason: EventReason,
    /// Whether it is reported though others of the object were too many.
    pub(super) urgent: bool,
    pub(super) note: String,
}

impl Notice {
    /// One like others.
    pub(super) const fn new(reason: EventReason, note: String) -> Self {
        Self { reason, urgent: false, note }
    }
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct About {
    kind: Kind,
    namespace: Option<String>,
    name: String,
    uid: String,
}

impl About {
    pub(super) fn baseline(key: &BaselineKey, uid: &str) -> Self {
        Self {
            kind: Kind::SecurityBaseline,
            namespace: Some(key.namespace.clone()),
            name: key.name.clone(),
            uid: uid.to_owned(),
        }
    }

    pub(super) fn account(name: &str, uid: &str) -> Self {
        let (kind, name, uid) = (Kind::AwsAccount, name.to_owned(), uid.to_owned());
        Self { kind, namespace: None, name, uid }
    }

    /// An object of whatever kind.
    pub(super) fn object<K: Object>(object: &K) -> Self {
        let ObjectKey { kind, namespace, name } = ObjectKey::of(object);
        Self { kind, namespace, name, uid: object.meta().uid.clone().unwrap_or_default() }
    }
}

/// Takes events, to be written by and by.
#[derive(Clone)]
pub(super) struct Events(mpsc::Sender<(About, Notice, Timestamp)>);

impl Events {
    /// What takes events, and what writes them: to be run as long as events are taken.
    pub(super) fn new(
        client: Client,
        identity: &str,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (sender, mut waiting) = mpsc::channel::<(About, Notice, Timestamp)>(WAITING);
        let writer = Writer { client, identity: shortened(identity, 128) };
        let write = async move {
            let mut budgets = Budgets::default();
            while let Some((about, notice, now)) = waiting.recv().await {
                if budgets.allow(&about, notice.urgent, Instant::now()) {
                    writer.write(&about, &notice, now).await;
                } else {
                    leave_out(&about, &notice, "too many events for one object");
                }
            }
        };
        (Self(sender), write)
    }

    /// Has an event about an object written.
    pub(super) fn tell(&self, about: &About, notice: &Notice, now: Timestamp) {
        if self.0.try_send((about.clone(), notice.clone(), now)).is_err() {
            leave_out(about, notice, "too many events are waiting to be written");
        }
    }
}

/// One of many; status and log say the same.
fn leave_out(about: &About, notice: &Notice, why: &str) {
    let (kind, name) = (&about.kind, &about.name);
    tracing::debug!(why, %kind, %name, note = %notice.note, "an event was dropped");
}

/// How many events may still be written of each object; urgent ones have a budget of their own.
#[derive(Debug, Default)]
struct Budgets(HashMap<(About, bool), (u32, Instant)>);

impl Budgets {
    /// Whether one more event of the object may be written now.
    fn allow(&mut self, about: &About, urgent: bool, now: Instant) -> bool {
        let key = (about.clone(), urgent);
        if self.0.len() >= WAITING && !self.0.contains_key(&key) {
            // Whose budget is full again needs no entry.
            self.0.retain(|_, (left, since)| *left + refilled(*since, now) < BURST);
        }
        let (left, since) = self.0.entry(key).or_insert((BURST, now));
        let more = refilled(*since, now);
        if more > 0 {
            *left = (*left + more).min(BURST);
            // What a full budget could not take is lost.
            *since = if *left == BURST { now } else { *since + REFILL * more };
        }
        let is_allowed = *left > 0;
        *left = left.saturating_sub(1);
        is_allowed
    }
}

fn refilled(since: Instant, now: Instant) -> u32 {
    let times = now.duration_since(since).as_secs() / REFILL.as_secs();
    u32::try_from(times).unwrap_or(u32::MAX).min(BURST)
}

/// Writes events.
struct Writer {
    client: Client,
    identity: String,
}

impl Writer {
    async fn write(&self, about: &About, notice: &Notice, now: Timestamp) {
        let namespace = about.namespace.as_deref().unwrap_or(CLUSTER_NAMESPACE);
        let api = Api::<Event>::namespaced(self.client.clone(), namespace);
        let event = self.event(about, notice, namespace, now);
        if let Err(error) = api.create(&PostParams::default(), &event).await {
            let (kind, name) = (&about.kind, &about.name);
            tracing::warn!(%error, %kind, %name, note = %notice.note, "could not write an event");
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
            reason: Some(notice.reason.to_string()),
            regarding: Some(ObjectReference {
                api_version: Some(API_VERSION.to_owned()),
                kind: Some(about.kind.to_string()),
                namespace: about.namespace.clone(),
                name: Some(about.name.clone()),
                uid: Some(about.uid.clone()),
                ..ObjectReference::default()
            }),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.identity.clone()),
            type_: Some(if notice.reason.is_warning() { "Warning" } else { "Normal" }.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_a_burst_of_events_and_then_one_after_each_time() {
        let (mut budgets, start) = (Budgets::default(), Instant::now());
        let (one, other) = (About::account("one", "1"), About::account("other", "2"));
        let written = (0..100).filter(|_| budgets.allow(&one, false, start)).count();
        assert_eq!(written, BURST as usize);
        assert!(budgets.allow(&other, false, start));
        assert!(budgets.allow(&one, true, start), "what is urgent has a budget of its own");
        let later = start + REFILL * 2;
        let written = (0..100).filter(|_| budgets.allow(&one, false, later)).count();
        assert_eq!(written, 2);
        let much_later = later + REFILL * 1000;
        let written = (0..100).filter(|_| budgets.allow(&one, false, much_later)).count();
        assert_eq!(written, BURST as usize);
    }
}
