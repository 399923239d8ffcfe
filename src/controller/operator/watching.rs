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
enum Said {
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
        let trouble = if is_not_found(error) {
            Trouble::NotDefined
        } else {
            Trouble::Other(error.to_string())
        };
        match self.change(kind, Some(trouble)) {
            Said::NotDefined => tracing::warn!(
                "Plumbline's custom resource definitions are not installed; waiting for them. \
                 Install them with: {INSTALL}"
            ),
            Said::Cannot(error) => {
                tracing::warn!(%kind, %error, "cannot watch objects of this kind; retrying");
            }
            Said::Nothing | Said::Again | Said::Defined => {
                tracing::debug!(%kind, %error, "cannot watch objects of this kind; retrying");
            }
        }
    }

    /// A watch of a kind brought something.
    pub(super) fn works(&self, kind: &str) {
        match self.change(kind, None) {
            Said::Defined => tracing::info!("the custom resource definitions are installed now"),
            Said::Again => tracing::info!(%kind, "watching objects of this kind again"),
            Said::Nothing | Said::NotDefined | Said::Cannot(_) => {}
        }
    }

    fn change(&self, kind: &str, trouble: Option<Trouble>) -> Said {
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
            Some(trouble) if before.as_ref() == Some(&trouble) => Said::Nothing,
            Some(Trouble::NotDefined) if lacked => Said::Nothing,
            Some(Trouble::NotDefined) => Said::NotDefined,
            Some(Trouble::Other(error)) => Said::Cannot(error),
            None if before == Some(Trouble::NotDefined) && !lacks(&all) => Said::Defined,
            None if matches!(before, Some(Trouble::Other(_))) => Said::Again,
            None => Said::Nothing,
        }
    }
}

fn is_not_found(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(error)
    | watcher::Error::WatchStartFailed(error)
    | watcher::Error::WatchFailed(error)) = error
    else {
        return false;
    };
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_definitions_are_one_line_however_many_and_often() {
        let troubles = WatchTroubles::default();
        assert_eq!(troubles.change("Pack", Some(Trouble::NotDefined)), Said::NotDefined);
        for kind in ["Control", "Pack", "Control"] {
            assert_eq!(troubles.change(kind, Some(Trouble::NotDefined)), Said::Nothing);
        }
        assert_eq!(troubles.change("Pack", None), Said::Nothing);
        assert_eq!(troubles.change("Control", None), Said::Defined);
        assert_eq!(troubles.change("Control", None), Said::Nothing);
    }

    #[test]
    fn what_fails_again_for_the_same_reason_is_said_once() {
        let troubles = WatchTroubles::default();
        let refused = || Some(Trouble::Other("refused".to_owned()));
        assert_eq!(troubles.change("Pack", refused()), Said::Cannot("refused".to_owned()));
        assert_eq!(troubles.change("Pack", refused()), Said::Nothing);
        assert_eq!(troubles.change("Pack", None), Said::Again);
        assert_eq!(troubles.change("Pack", refused()), Said::Cannot("refused".to_owned()));
    }
}
