//! What the API server holds, watched: one cache for each kind.
//!
//! Tells apart what users changed from what Plumbline wrote itself, so that a status never brings
//! about the evaluation that writes it. An object that does not parse hides only itself.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::store::WriterDropped;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use super::stored::Stored;
use super::watching::WatchTroubles;
use api::{
    Attestation, AwsAccount, AwsOrganization, BaselineReport, Control, Exemption, Object,
    ObjectKey, Pack, SecurityBaseline,
};
use engine::plan::UnreadObject;

/// How the names of annotations begin that the operator reads.
const OWN_ANNOTATIONS: &str = "plumbline.dev/";

/// The cache of one kind.
pub(super) type Cache<K> = Store<Stored<K>>;

/// What the API server holds.
#[derive(Clone)]
pub(super) struct Stores {
    pub(super) baselines: Cache<SecurityBaseline>,
    pub(super) accounts: Cache<AwsAccount>,
    pub(super) organizations: Cache<AwsOrganization>,
    pub(super) controls: Cache<Control>,
    pub(super) packs: Cache<Pack>,
    pub(super) exemptions: Cache<Exemption>,
    pub(super) attestations: Cache<Attestation>,
    pub(super) reports: Cache<BaselineReport>,
    pub(super) namespaces: Store<PartialObjectMeta<Namespace>>,
    pub(super) changes: Arc<Changes>,
}

/// Tells that something changed; whoever is notified looks himself.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// What users want is another than before.
    pub(super) desired: Notify,
    /// Anything else: a status, a report.
    pub(super) observed: Notify,
}

/// Which of the two a kind's changes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Desired,
    Observed,
}

impl Stores {
    /// The caches, and what fills them: to be run as long as the caches are used.
    pub(super) fn watch(client: &Client) -> (Self, Vec<BoxFuture<'static, ()>>) {
        let changes = Arc::new(Changes::default());
        let mut watches = Vec::new();
        let troubles = Arc::default();
        let mut watches_of = Watches { client, changes: &changes, running: &mut watches, troubles };
        let stores = Self {
            baselines: watches_of.add(Meaning::Desired),
            accounts: watches_of.add(Meaning::Desired),
            organizations: watches_of.add(Meaning::Desired),
            controls: watches_of.add(Meaning::Desired),
            packs: watches_of.add(Meaning::Desired),
            exemptions: watches_of.add(Meaning::Desired),
            attestations: watches_of.add(Meaning::Desired),
            reports: watches_of.add(Meaning::Observed),
            namespaces: watches_of.add(Meaning::Desired),
            changes: Arc::clone(&changes),
        };
        (stores, watches)
    }

    /// Waits until every cache holds what the API server held when it was asked first.
    pub(super) async fn synced(&self) -> Result<(), WriterDropped> {
        self.baselines.wait_until_ready().await?;
        self.accounts.wait_until_ready().await?;
        self.organizations.wait_until_ready().await?;
        self.controls.wait_until_ready().await?;
        self.packs.wait_until_ready().await?;
        self.exemptions.wait_until_ready().await?;
        self.attestations.wait_until_ready().await?;
        self.reports.wait_until_ready().await?;
        self.namespaces.wait_until_ready().await
    }
}

/// The objects of a cache that parse, by namespace and name, and those that do not.
pub(super) fn objects<K>(cache: &Cache<K>) -> (Vec<Arc<K>>, Vec<UnreadObject>)
where
    K: Object + Clone + 'static,
{
    let (mut objects, mut broken) = (Vec::new(), Vec::new());
    for guarded in cache.state() {
        match &guarded.object {
            Ok(object) => objects.push(Arc::clone(object)),
            Err(invalid) => broken.push(UnreadObject {
                key: ObjectKey::of(guarded.as_ref()),
                error: invalid.error.clone(),
                labels: Some(invalid.metadata.labels.clone().unwrap_or_default()),
            }),
        }
    }
    objects.sort_by(|one: &Arc<K>, other| name_of(one.meta()).cmp(&name_of(other.meta())));
    (objects, broken)
}

/// What a cache holds, shared with it: looking costs no copies.
pub(super) struct Held<K>(Vec<Arc<Stored<K>>>);

impl<K> Held<K>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    pub(super) fn of(cache: &Cache<K>) -> Self {
        Self(cache.state())
    }

    /// The objects that parse.
    pub(super) fn iter(&self) -> impl Iterator<Item = &K> {
        self.stored().filter_map(Stored::parsed)
    }

    /// All objects, those that do not parse among them.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Stored<K>> {
        self.0.iter().map(Arc::as_ref)
    }
}

fn name_of(metadata: &ObjectMeta) -> (Option<&str>, Option<&str>) {
    (metadata.namespace.as_deref(), metadata.name.as_deref())
}

struct Watches<'w> {
    client: &'w Client,
    changes: &'w Arc<Changes>,
    running: &'w mut Vec<BoxFuture<'static, ()>>,
    troubles: Arc<WatchTroubles>,
}

impl Watches<'_> {
    fn add<K>(&mut self, meaning: Meaning) -> Store<K>
    where
        K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    {
        let (store, writer) = reflector::store::<K>();
        let api = Api::<K>::all(self.client.clone());
        let mut noticing = Noticing::new(meaning, Arc::clone(self.changes));
        let troubles = Arc::clone(&self.troubles);
        let watching = watch_objects(api, watcher::Config::default())
            .modify(|object: &mut K| keep_what_is_read(object.meta_mut()))
            .default_backoff()
            .reflect(writer)
            .for_each(move |event| {
                match event {
                    Ok(event) => {
                        troubles.works(&K::kind(&()));
                        noticing.notice(&event);
                    }
                    Err(error) => troubles.failed(&K::kind(&()), &error),
                }
                std::future::ready(())
            });
        self.running.push(watching.boxed());
        store
    }
}

/// Looks at what a watch brings, and tells what it means.
struct Noticing {
    meaning: Meaning,
    changes: Arc<Changes>,
    /// A hash of what users may have written, by the object's uid.
    seen: HashMap<String, u64>,
    initial: bool,
}

impl Noticing {
    fn new(meaning: Meaning, changes: Arc<Changes>) -> Self {
        Self { meaning, changes, seen: HashMap::new(), initial: false }
    }

    fn notice<K: Resource>(&mut self, event: &Event<K>) {
        let desired = match event {
            Event::Init => {
                self.initial = true;
                return;
            }
            Event::InitApply(object) => {
                self.is_news(object.meta());
                return;
            }
            Event::InitDone => std::mem::take(&mut self.initial),
            Event::Apply(object) => self.is_news(object.meta()),
            Event::Delete(object) => {
                self.seen.remove(object.meta().uid.as_deref().unwrap_or_default());
                true
            }
        };
        if desired && self.meaning == Meaning::Desired {
            self.changes.desired.notify_one();
        } else {
            self.changes.observed.notify_one();
        }
    }

    /// Whether anything but status differs from what was seen last.
    fn is_news(&mut self, metadata: &ObjectMeta) -> bool {
        let written = written_by_users(metadata);
        let uid = metadata.uid.clone().unwrap_or_default();
        self.seen.insert(uid, written) != Some(written)
    }
}

/// Managers of fields, and notes of others, such as kubectl's copy of all that was applied, are as large
/// as the object itself.
fn keep_what_is_read(metadata: &mut ObjectMeta) {
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.retain(|name, _| name.starts_with(OWN_ANNOTATIONS));
    }
}

fn written_by_users(metadata: &ObjectMeta) -> u64 {
    let mut hasher = DefaultHasher::new();
    metadata.generation.hash(&mut hasher);
    metadata.labels.hash(&mut hasher);
    metadata.annotations.hash(&mut hasher);
    metadata.finalizers.hash(&mut hasher);
    metadata.deletion_timestamp.is_some().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noticing(meaning: Meaning) -> Noticing {
        Noticing::new(meaning, Arc::new(Changes::default()))
    }

    fn namespace(version: &str, label: &str) -> PartialObjectMeta<Namespace> {
        let metadata = ObjectMeta {
            uid: Some("one".to_owned()),
            resource_version: Some(version.to_owned()),
            labels: Some([("team".to_owned(), label.to_owned())].into()),
            ..ObjectMeta::default()
        };
        PartialObjectMeta { metadata, ..PartialObjectMeta::default() }
    }

    fn is_reported(notify: &Notify) -> bool {
        notify.notified().now_or_never().is_some()
    }

    #[test]
    fn a_new_status_is_no_new_wish() {
        let mut noticing = noticing(Meaning::Desired);
        noticing.notice(&Event::Apply(namespace("1", "a")));
        assert!(is_reported(&noticing.changes.desired));
        noticing.notice(&Event::Apply(namespace("2", "a")));
        assert!(!is_reported(&noticing.changes.desired));
        assert!(is_reported(&noticing.changes.observed));
        noticing.notice(&Event::Apply(namespace("3", "b")));
        assert!(is_reported(&noticing.changes.desired));
    }

    #[test]
    fn notes_of_others_are_not_kept() {
        let annotations = ["plumbline.dev/reconcile-at", "kubectl.kubernetes.io/last-applied"];
        let annotations = annotations.map(|name| (name.to_owned(), "x".to_owned()));
        let mut metadata =
            ObjectMeta { annotations: Some(annotations.into()), ..ObjectMeta::default() };
        keep_what_is_read(&mut metadata);
        let kept: Vec<String> = metadata.annotations.unwrap().into_keys().collect();
        assert_eq!(kept, ["plumbline.dev/reconcile-at"]);
    }

    #[test]
    fn a_deleted_object_is_news() {
        let mut noticing = noticing(Meaning::Desired);
        noticing.notice(&Event::Delete(namespace("1", "a")));
        assert!(is_reported(&noticing.changes.desired));
    }

    #[test]
    fn reports_are_never_wishes() {
        let mut noticing = noticing(Meaning::Observed);
        noticing.notice(&Event::Apply(namespace("1", "a")));
        assert!(!is_reported(&noticing.changes.desired));
        assert!(is_reported(&noticing.changes.observed));
    }
}
