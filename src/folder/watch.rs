//! Tells when files change.
//!
//! Only that something may have changed: whoever is notified looks himself. Bursts, such as an editor
//! that writes a new file and renames it over the old one, are reported once, when they are over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use manifest::has_ending_of_objects;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// A burst is over when nothing happened for so long,
const QUIET: Duration = Duration::from_millis(100);
/// or at the latest after so long.
const LONGEST: Duration = Duration::from_millis(400);

/// Why changes cannot be noticed.
#[derive(Debug, Error)]
#[error("cannot watch {path} for changes: {source}")]
pub(crate) struct WatchError {
    path: String,
    source: notify::Error,
}

/// Watches a folder and snapshots.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    changed: Arc<Notify>,
    /// Whether a burst has begun that nobody has heard of yet.
    is_underway: AtomicBool,
    watched: BTreeSet<PathBuf>,
    scope: Arc<Mutex<WatchedScope>>,
}

/// What matters of all that happens.
#[derive(Debug)]
struct WatchedScope {
    folder: PathBuf,
    /// What this process writes itself.
    ignored: Option<PathBuf>,
    snapshots: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches `folder` and all below it but `ignored`, which this process writes itself.
    pub(super) fn start(folder: &Path, ignored: Option<&Path>) -> Result<Self, WatchError> {
        let failed = |source| WatchError { path: folder.display().to_string(), source };
        let changed = Arc::new(Notify::new());
        let scope = Arc::new(Mutex::new(WatchedScope {
            folder: absolute(folder),
            ignored: ignored.map(absolute),
            snapshots: BTreeSet::new(),
        }));
        let (reported, of) = (Arc::clone(&changed), Arc::clone(&scope));
        let on_event = move |event: notify::Result<Event>| match event {
            Ok(event) if is_change(event.kind) => {
                let scope = of.lock().unwrap_or_else(PoisonError::into_inner);
                if event.paths.is_empty() || event.paths.iter().any(|path| scope.includes(path)) {
                    reported.notify_one();
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "file changes may have been missed");
                reported.notify_one();
            }
        };
        let mut watcher = notify::recommended_watcher(on_event).map_err(failed)?;
        watcher.watch(folder, RecursiveMode::Recursive).map_err(failed)?;
        let (is_underway, watched) = (AtomicBool::new(false), BTreeSet::from([absolute(folder)]));
        Ok(Self { watcher, changed, is_underway, watched, scope })
    }

    /// Watches these snapshots too; where the folder of one is not there yet, it is tried again
    /// the next time.
    pub(super) fn also(&mut self, snapshots: impl IntoIterator<Item = PathBuf>) {
        let snapshots: BTreeSet<PathBuf> =
            snapshots.into_iter().map(|path| absolute(&path)).collect();
        for snapshot in &snapshots {
            let (folder, mode) = if snapshot.is_dir() {
                (snapshot.as_path(), RecursiveMode::Recursive)
            } else {
                (snapshot.parent().unwrap_or(snapshot), RecursiveMode::NonRecursive)
            };
            if self.watched.contains(folder) {
                continue;
            }
            match self.watcher.watch(folder, mode) {
                Ok(()) => drop(self.watched.insert(folder.to_owned())),
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "cannot watch for changes");
                }
            }
        }
        self.scope.lock().unwrap_or_else(PoisonError::into_inner).snapshots = snapshots;
    }

    /// Waits until something may have changed, and a little longer until it rests. Where it is given up
    /// meanwhile, the next call reports the change.
    pub(super) async fn changed(&self) {
        if !self.is_underway.load(Ordering::Relaxed) {
            self.changed.notified().await;
            self.is_underway.store(true, Ordering::Relaxed);
        }
        let latest = Instant::now() + LONGEST;
        let still = async { while timeout(QUIET, self.changed.notified()).await.is_ok() {} };
        // Without rest the burst goes on; what it brings later is reported later.
        let _ = timeout_at(latest, still).await;
        self.is_underway.store(false, Ordering::Relaxed);
    }
}

impl WatchedScope {
    fn includes(&self, path: &Path) -> bool {
        let ignored = self.ignored.as_ref().is_some_and(|ignored| path.starts_with(ignored));
        !ignored && (self.holds_objects(path) || self.is_of_snapshot(path))
    }

    /// Editors' and other hidden files are none; `..data` is how Kubernetes mounts a `ConfigMap`.
    fn holds_objects(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hidden = name.starts_with('.') && !name.starts_with("..");
        // Folders and links have no ending.
        let may_hold =
            path.extension().is_none() || name.starts_with("..") || has_ending_of_objects(path);
        path.starts_with(&self.folder) && !hidden && may_hold
    }

    fn is_of_snapshot(&self, path: &Path) -> bool {
        let linked = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".."));
        self.snapshots.iter().any(|snapshot| {
            path.starts_with(snapshot)
                || snapshot.starts_with(path)
                || (linked && is_beside(path, snapshot))
        })
    }
}

/// As changes name paths. Only a folder that is gone keeps a path from being made absolute.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn is_beside(path: &Path, other: &Path) -> bool {
    path.parent() == other.parent()
}

/// Reading is no change.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> WatchedScope {
        WatchedScope {
            folder: "/a".into(),
            ignored: Some("/a/.plumbline".into()),
            snapshots: ["/b/snapshot.json.gz".into(), "/c/snapshots".into()].into(),
        }
    }

    #[tokio::test]
    async fn a_change_that_nobody_waited_to_the_end_for_is_reported_later() {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::start(folder.path(), None).unwrap();
        std::fs::write(folder.path().join("baseline.yaml"), "").unwrap();
        let begun = watch.changed.notified();
        timeout(Duration::from_secs(10), begun).await.expect("the change is seen");
        watch.changed.notify_one();
        // Something else comes before the burst is over.
        assert!(timeout(QUIET / 10, watch.changed()).await.is_err());
        timeout(Duration::from_secs(10), watch.changed()).await.expect("it is not forgotten");
        assert!(timeout(QUIET * 2, watch.changed()).await.is_err(), "it is reported once");
    }

    #[test]
    fn objects_and_snapshots_matter() {
        let paths = [
            "/a/baseline.yaml",
            "/a/sub/control.yml",
            "/a/foundations.YAML",
            "/a/b.Json",
            "/a/sub",
            "/a/..data",
            "/a/..data_tmp",
            "/b/snapshot.json.gz",
            "/b/..data",
            "/c/snapshots/1.json",
            "/c/snapshots",
            "/b",
        ];
        for path in paths {
            assert!(scope().includes(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn own_writes_and_other_files_do_not() {
        let paths = [
            "/a/.plumbline/findings.jsonl",
            "/a/.plumbline",
            "/a/.baseline.yaml.swp",
            "/a/notes.txt",
            "/a/baseline.yaml~",
            "/b/other.json",
            "/c/other",
        ];
        for path in paths {
            assert!(!scope().includes(Path::new(path)), "{path}");
        }
    }
}
