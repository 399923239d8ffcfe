//! Writes statuses and reports, and nothing that stands there already.
//!
//! [`is_news`] says whether a status tells anything new. An [`ApplyCache`] writes what is new, and
//! remembers it until it has come back by the watch: what the watch shows meanwhile is older. Nothing
//! else writes a status or a report.

mod news;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use http::HeaderValue;
use http::header::ACCEPT;
use kube::Client;
use kube::api::Patch;
use kube::core::Request;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::turns::Turns;
use super::write::{self, applying};
use api::{API_VERSION, ObjectKey};

pub(super) use news::{is_news, is_news_of, same_target};

/// Asks for no more of what was written than its metadata: an object may be as large as etcd takes it, and
/// comes by the watch.
const METADATA_ALONE: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// What was written has come back within this time, or is looked at anyway.
const COMES_BACK: Duration = Duration::from_secs(10);

/// What was written lately, by the object's key, with what is to be known of it.
#[derive(Debug)]
pub(super) struct ApplyCache<K, S = ()>(BTreeMap<K, Written<S>>);

/// What was written of one object.
#[derive(Debug)]
struct Written<S> {
    /// The version that it replaced.
    replaced: Option<String>,
    status: S,
    at: Instant,
}

/// Something to write.
pub(super) struct Apply<K, S, W> {
    pub(super) key: K,
    /// Its namespace; namespaces take turns.
    pub(super) namespace: String,
    /// The version that it replaces.
    pub(super) version: Option<String>,
    /// What is remembered of it.
    pub(super) status: S,
    /// Writes it.
    pub(super) write: W,
}

/// What could not be written, and why.
pub(super) type Failures<K> = Vec<(K, kube::Error)>;

impl<K, S> Default for ApplyCache<K, S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone, S> ApplyCache<K, S> {
    /// Forgets what has come back, or should have: `version` says what the watch shows.
    pub(super) fn settle(&mut self, version: impl Fn(&K) -> Option<String>) {
        self.0.retain(|key, it| it.at.elapsed() < COMES_BACK && version(key) == it.replaced);
    }

    /// Forgets what was written longer ago.
    pub(super) fn forget_after(&mut self, age: Duration) {
        self.0.retain(|_, written| written.at.elapsed() < age);
    }

    /// What was written last, as far as that is remembered.
    pub(super) fn last(&self, key: &K) -> Option<&S> {
        self.0.get(key).map(|written| &written.status)
    }

    /// Whether this version is the one that was replaced: the newer one is on its way here.
    pub(super) fn awaits(&self, key: &K, version: Option<&str>) -> bool {
        self.0.get(key).is_some_and(|written| written.replaced.as_deref() == version)
    }

    /// Forgets what was written of an object.
    pub(super) fn forget(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// Writes all of it, as many at once as there are `turns`, by namespaces in turn, and remembers it. Of
    /// what could not be written nothing is remembered: it is not known what stands there.
    pub(super) async fn apply<W>(
        &mut self,
        all: impl IntoIterator<Item = Apply<K, S, W>>,
        turns: &Turns<String>,
    ) -> Failures<K>
    where
        W: Future<Output = kube::Result<()>>,
    {
        let writing =
            all.into_iter().map(async |Apply { key, namespace, version, status, write }| {
                let _turn = turns.take(namespace).await;
                (key, version, status, write.await)
            });
        let mut failures = Failures::new();
        for (key, replaced, status, written) in join_all(writing).await {
            match written {
                Ok(()) => {
                    self.0.insert(key, Written { replaced, status, at: Instant::now() });
                }
                Err(error) => {
                    self.0.remove(&key);
                    failures.push((key, error));
                }
            }
        }
        failures
    }
}

/// Applies the status of an object.
pub(super) async fn status(
    client: &Client,
    key: &ObjectKey,
    status: &impl Serialize,
) -> kube::Result<()> {
    let patch = json!({
        "apiVersion": API_VERSION,
        "kind": key.kind.as_str(),
        "metadata": { "name": key.name },
        "status": status,
    });
    let api = write::api(client, key.kind, key.namespace.as_deref());
    let request = Request::new(api.resource_url());
    let request = request.patch_subresource("status", &key.name, &applying(), &Patch::Apply(patch));
    let mut request = request.map_err(kube::Error::BuildRequest)?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(METADATA_ALONE));
    client.request_text(request).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::advance;

    use super::*;

    fn one(
        version: &str,
        status: u32,
        written: kube::Result<()>,
    ) -> [Apply<&'static str, u32, Ready<kube::Result<()>>>; 1] {
        let (version, write) = (Some(version.to_owned()), ready(written));
        [Apply { key: "a", namespace: String::new(), version, status, write }]
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_written_counts_until_it_comes_back() {
        let mut cache = ApplyCache::default();
        let turns = Turns::new(1);
        assert!(cache.apply(one("1", 7, Ok(())), &turns).await.is_empty());
        cache.settle(|_| Some("1".to_owned()));
        assert_eq!(cache.last(&"a"), Some(&7));
        assert!(cache.awaits(&"a", Some("1")) && !cache.awaits(&"a", Some("2")));
        cache.settle(|_| Some("2".to_owned()));
        assert_eq!(cache.last(&"a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_come_back_is_looked_at_anyway() {
        let mut cache = ApplyCache::default();
        assert!(cache.apply(one("1", 7, Ok(())), &Turns::new(1)).await.is_empty());
        advance(COMES_BACK).await;
        cache.settle(|_| Some("1".to_owned()));
        assert_eq!(cache.last(&"a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn of_what_was_refused_nothing_is_remembered() {
        let mut cache = ApplyCache::default();
        let turns = Turns::new(1);
        assert!(cache.apply(one("1", 7, Ok(())), &turns).await.is_empty());
        let refused = Err(kube::Error::TlsRequired);
        let failures = cache.apply(one("1", 8, refused), &turns).await;
        assert_eq!(failures.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["a"]);
        assert_eq!(cache.last(&"a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_written_at_once_than_there_are_turns() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let write = async || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        };
        let all = (0..20).map(|key| Apply {
            key,
            namespace: String::new(),
            version: None,
            status: (),
            write: write(),
        });
        let mut cache = ApplyCache::<u32>::default();
        assert!(cache.apply(all, &Turns::new(8)).await.is_empty());
        assert_eq!(most.load(Ordering::SeqCst), 8);
    }
}
