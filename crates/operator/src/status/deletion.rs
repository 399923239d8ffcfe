//! A baseline or account that is deleted waits until its findings are archived, but not for ever.
//!
//! Pure: what to do with its finalizers follows of its metadata and of what is left.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::time::since;
use cel::Timestamp;

/// Keeps a deleted baseline or account until its findings are archived.
pub(crate) const FINALIZER: &str = "plumbline.dev/archive-findings";
/// Most deletions are done within this time. One that waits longer shows what it waits for.
const SOON: Duration = Duration::from_secs(5);

/// What to do with an object's finalizers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finalizing {
    /// They are as they should be.
    Nothing,
    /// The same; and it has waited for so long that it is to be shown.
    Show,
    /// Put these in the place of those that stand there.
    Put(Vec<String>),
    /// The same; but findings were left open, since the deadline is past.
    GiveUp(Vec<String>),
}

/// What to do; `is_done` says whether all findings are archived.
pub(super) fn finalizing(
    metadata: &ObjectMeta,
    is_done: bool,
    deadline: Duration,
    now: Timestamp,
) -> Finalizing {
    let finalizers = metadata.finalizers.clone().unwrap_or_default();
    let is_ours = finalizers.iter().any(|it| it == FINALIZER);
    let without = || finalizers.iter().filter(|it| *it != FINALIZER).cloned().collect();
    match &metadata.deletion_timestamp {
        None if is_ours => Finalizing::Nothing,
        None => {
            let ours = [FINALIZER.to_owned()];
            Finalizing::Put(finalizers.into_iter().chain(ours).collect())
        }
        Some(_) if !is_ours => Finalizing::Nothing,
        Some(_) if is_done => Finalizing::Put(without()),
        Some(deleted) if since(deleted, now) >= deadline => Finalizing::GiveUp(without()),
        Some(deleted) if since(deleted, now) >= soon(deadline) => Finalizing::Show,
        Some(_) => Finalizing::Nothing,
    }
}

/// After so long it is shown that a deletion waits.
fn soon(deadline: Duration) -> Duration {
    SOON.min(deadline / 2)
}

/// How long it is until a deleted object's wait is to be shown or to end; nothing where it does not
/// wait, or no longer.
pub(super) fn waits(metadata: &ObjectMeta, deadline: Duration, now: Timestamp) -> Option<Duration> {
    metadata.finalizers.as_ref()?.iter().find(|it| *it == FINALIZER)?;
    let waited = since(metadata.deletion_timestamp.as_ref()?, now);
    let next = if waited < soon(deadline) { soon(deadline) } else { deadline };
    next.checked_sub(waited).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::drift::fixture::at;

    const DEADLINE: Duration = Duration::from_mins(10);

    fn metadata(finalizers: &[&str], deleted: bool) -> ObjectMeta {
        ObjectMeta {
            finalizers: Some(finalizers.iter().map(|it| (*it).to_owned()).collect()),
            deletion_timestamp: deleted.then(|| super::super::super::time::time_of(at(0))),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn an_object_gets_the_finalizer_beside_those_of_others() {
        let put = finalizing(&metadata(&["other"], false), true, DEADLINE, at(0));
        assert_eq!(put, Finalizing::Put(vec!["other".to_owned(), FINALIZER.to_owned()]));
        let kept = finalizing(&metadata(&[FINALIZER], false), false, DEADLINE, at(0));
        assert_eq!(kept, Finalizing::Nothing);
    }

    #[test]
    fn a_deleted_object_waits_for_its_findings_and_shows_it_before_long() {
        let deleted = metadata(&[FINALIZER, "other"], true);
        assert_eq!(finalizing(&deleted, false, DEADLINE, at(4)), Finalizing::Nothing);
        assert_eq!(finalizing(&deleted, false, DEADLINE, at(5)), Finalizing::Show);
        assert_eq!(finalizing(&deleted, false, DEADLINE, at(599)), Finalizing::Show);
        let put = finalizing(&deleted, true, DEADLINE, at(1));
        assert_eq!(put, Finalizing::Put(vec!["other".to_owned()]));
    }

    #[test]
    fn the_deadline_ends_the_wait() {
        let deleted = metadata(&[FINALIZER], true);
        let given_up = finalizing(&deleted, false, DEADLINE, at(600));
        assert_eq!(given_up, Finalizing::GiveUp(Vec::new()));
        assert_eq!(waits(&deleted, DEADLINE, at(0)), Some(SOON));
        assert_eq!(waits(&deleted, DEADLINE, at(5)), Some(Duration::from_secs(595)));
        assert_eq!(waits(&deleted, DEADLINE, at(599)), Some(Duration::from_secs(1)));
        assert_eq!(waits(&deleted, DEADLINE, at(600)), None);
        assert_eq!(waits(&metadata(&[FINALIZER], false), DEADLINE, at(0)), None);
    }

    #[test]
    fn a_deleted_object_without_the_finalizer_is_left_alone() {
        let gone = metadata(&["other"], true);
        assert_eq!(finalizing(&gone, false, DEADLINE, at(600)), Finalizing::Nothing);
    }
}
