//! What goes wrong with watching the API server, as the log has it: a line when it begins and one
//! when it is over, however often it is tried in between.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use kube::runtime::watcher;

/// Says how to get what is missing.
const INSTALL: &str = "helm upgrade --install plumbline-crds charts/plumbline-crds, or \
    plumbline crds | kubectl apply --server-side -f -";

/// What goes wrong with the watches now, by kind.
#[derive(Debug, Default)]
pub(super) struct WatchTroubles(Mutex<BTreeMap<String, Trouble>>);

/// Why a kind cannot be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    /// The API server does not know the kind.
    NotDefined,
    /// Anything else: what was said.
    Other(String),
}

/// What to say of a change.
#[derive(Debug, PartialEq, Eq)]
enum Announcement {
    /// Nothing that was not said before.
    Nothing,
    /// Definitions are missing: said once for all kinds.
    NotDefined,
    /// A kind cannot be watched.
    Cannot(String),
    /// A kind can be watched again.
    Again,
    /// All definitions are there now.
    Defined,
}

impl WatchTroubles {
    /// A watch of a kind failed.
    pub(super) fn failed(&self, kind: &str, error: &watcher::Error) {
        if is_expired(error) {
            tracing::debug!(%kind, %error, "listing objects of this kind again");
            return;
        }
        let trouble = if is_not_found(error) {
            Trouble::NotDefined
        } else {
            Trouble::Other(error.to_string())
        };
        match self.change(kind, Some(trouble)) {
            Announcement::NotDefined => tracing::warn!(
                event = "definitions_missing",
                "Plumbline's custom resource definitions are not installed; waiting for them. \
                 Install them with: {INSTALL}"
            ),
            Announcement::Cannot(error) => {
                tracing::warn!(%kind, %error, "cannot watch objects of this kind; retrying");
            }
            Announcement::Nothing | Announcement::Again | Announcement::Defined => {
                tracing::debug!(%kind, %error, "cannot watch objects of this kind; retrying");
            }
        }
    }

    /// A watch of a kind brought something.
    pub(super) fn works(&self, kind: &str) {
        match self.change(kind, None) {
            Announcement::Defined => {
                tracing::info!("the custom resource definitions are installed now");
            }
            Announcement::Again => tracing::info!(%kind, "watching objects of this kind again"),
            Announcement::Nothing | Announcement::NotDefined | Announcement::Cannot(_) => {}
        }
    }

    fn change(&self, kind: &str, trouble: Option<Trouble>) -> Announcement {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lacks = |all: &BTreeMap<String, Trouble>| {
            all.values().any(|trouble| *trouble == Trouble::NotDefined)
        };
        let lacked = lacks(&all);
        let before = match trouble.clone() {
            Some(trouble) => all.insert(kind.to_owned(), trouble),
            None => all.remove(kind),
        };
        match trouble {
            Some(trouble) if before.as_ref() == Some(&trouble) => Announcement::Nothing,
            Some(Trouble::NotDefined) if lacked => Announcement::Nothing,
            Some(Trouble::NotDefined) => Announcement::NotDefined,
            Some(Trouble::Other(error)) => Announcement::Cannot(error),
            None if before == Some(Trouble::NotDefined) && !lacks(&all) => Announcement::Defined,
            None if matches!(before, Some(Trouble::Other(_))) => Announcement::Again,
            None => Announcement::Nothing,
        }
    }
}

fn is_not_found(error: &watcher::Error) -> bool {
    code(error) == Some(404)
}

/// Whether the API server only no longer has what happened since the last list, as after a
/// compaction of etcd, a restart or new definitions: the watcher lists again at once.
fn is_expired(error: &watcher::Error) -> bool {
    code(error) == Some(410)
}

/// The HTTP status that the API server answered with, or sent in the stream.
fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status.code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_definitions_are_one_line_however_many_and_often() {
        let troubles = WatchTroubles::default();
        assert_eq!(troubles.change("Pack", Some(Trouble::NotDefined)), Announcement::NotDefined);
        for kind in ["Control", "Pack", "Control"] {
            assert_eq!(troubles.change(kind, Some(Trouble::NotDefined)), Announcement::Nothing);
        }
        assert_eq!(troubles.change("Pack", None), Announcement::Nothing);
        assert_eq!(troubles.change("Control", None), Announcement::Defined);
        assert_eq!(troubles.change("Control", None), Announcement::Nothing);
    }

    #[test]
    fn an_expired_watch_is_no_trouble() {
        let troubles = WatchTroubles::default();
        let says = |code| {
            let status = kube::core::Status::failure("said", "Reason").with_code(code);
            watcher::Error::WatchError(Box::new(status))
        };
        troubles.failed("Pack", &says(410));
        assert!(troubles.0.lock().unwrap().is_empty());
        troubles.failed("Pack", &says(403));
        assert!(!troubles.0.lock().unwrap().is_empty());
    }

    #[test]
    fn what_fails_again_for_the_same_reason_is_said_once() {
        let troubles = WatchTroubles::default();
        let refused = || Some(Trouble::Other("refused".to_owned()));
        assert_eq!(troubles.change("Pack", refused()), Announcement::Cannot("refused".to_owned()));
        assert_eq!(troubles.change("Pack", refused()), Announcement::Nothing);
        assert_eq!(troubles.change("Pack", None), Announcement::Again);
        assert_eq!(troubles.change("Pack", refused()), Announcement::Cannot("refused".to_owned()));
    }
}
