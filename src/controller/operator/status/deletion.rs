//! A baseline that is deleted waits until its findings are archived, but not for ever.
//!
//! Pure: what to do with a baseline's finalizers follows of the reports that are left.

use std::time::Duration;

use super::super::time::since;
use crate::api::SecurityBaseline;
use crate::resource::Timestamp;

/// Keeps a deleted baseline until its findings are archived.
pub(in crate::controller::operator) const FINALIZER: &str = "plumbline.dev/archive-findings";

/// What to do with a baseline's finalizers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finalizing {
    /// They are as they should be.
    Nothing,
    /// Put these in the place of those that stand there.
    Put(Vec<String>),
    /// The same; but findings were left open, since the deadline is past.
    GiveUp(Vec<String>),
}

/// What to do, with so many accounts that have not archived the baseline's findings yet.
pub(super) fn finalizing(
    baseline: &SecurityBaseline,
    accounts_left: usize,
    deadline: Duration,
    now: Timestamp,
) -> Finalizing {
    let finalizers = baseline.metadata.finalizers.clone().unwrap_or_default();
    let is_ours = finalizers.iter().any(|it| it == FINALIZER);
    let without = || finalizers.iter().filter(|it| *it != FINALIZER).cloned().collect();
    match &baseline.metadata.deletion_timestamp {
        None if is_ours => Finalizing::Nothing,
        None => {
            let ours = [FINALIZER.to_owned()];
            Finalizing::Put(finalizers.into_iter().chain(ours).collect())
        }
        Some(_) if !is_ours => Finalizing::Nothing,
        Some(_) if accounts_left == 0 => Finalizing::Put(without()),
        Some(deleted) if since(deleted, now) >= deadline => Finalizing::GiveUp(without()),
        Some(_) => Finalizing::Nothing,
    }
}

/// How long a deleted baseline waits yet; nothing where it does not wait, or no longer.
pub(super) fn waits(
    baseline: &SecurityBaseline,
    deadline: Duration,
    now: Timestamp,
) -> Option<Duration> {
    let metadata = &baseline.metadata;
    metadata.finalizers.as_ref()?.iter().find(|it| *it == FINALIZER)?;
    let waited = since(metadata.deletion_timestamp.as_ref()?, now);
    deadline.checked_sub(waited).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::at;

    const DEADLINE: Duration = Duration::from_mins(10);

    fn baseline(finalizers: &[&str], deleted: bool) -> SecurityBaseline {
        let mut baseline: SecurityBaseline = serde_json::from_value(serde_json::json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
            "metadata": {"name": "production", "finalizers": finalizers},
            "spec": {"accounts": {"names": ["payments"]}, "packs": [{"name": "foundations"}]},
        }))
        .unwrap();
        baseline.metadata.deletion_timestamp =
            deleted.then(|| super::super::super::time::time_of(at(0)));
        baseline
    }

    #[test]
    fn a_baseline_gets_the_finalizer_beside_those_of_others() {
        let put = finalizing(&baseline(&["other"], false), 0, DEADLINE, at(0));
        assert_eq!(put, Finalizing::Put(vec!["other".to_owned(), FINALIZER.to_owned()]));
        let kept = finalizing(&baseline(&[FINALIZER], false), 3, DEADLINE, at(0));
        assert_eq!(kept, Finalizing::Nothing);
    }

    #[test]
    fn a_deleted_baseline_waits_for_its_accounts() {
        let deleted = baseline(&[FINALIZER, "other"], true);
        assert_eq!(finalizing(&deleted, 1, DEADLINE, at(599)), Finalizing::Nothing);
        let put = finalizing(&deleted, 0, DEADLINE, at(1));
        assert_eq!(put, Finalizing::Put(vec!["other".to_owned()]));
    }

    #[test]
    fn the_deadline_ends_the_wait() {
        let deleted = baseline(&[FINALIZER], true);
        let given_up = finalizing(&deleted, 1, DEADLINE, at(600));
        assert_eq!(given_up, Finalizing::GiveUp(Vec::new()));
        assert_eq!(waits(&deleted, DEADLINE, at(0)), Some(DEADLINE));
        assert_eq!(waits(&deleted, DEADLINE, at(599)), Some(Duration::from_secs(1)));
        assert_eq!(waits(&deleted, DEADLINE, at(600)), None);
        assert_eq!(waits(&baseline(&[FINALIZER], false), DEADLINE, at(0)), None);
    }

    #[test]
    fn a_deleted_baseline_without_the_finalizer_is_left_alone() {
        let gone = baseline(&["other"], true);
        assert_eq!(finalizing(&gone, 1, DEADLINE, at(600)), Finalizing::Nothing);
    }
}
