//! Whether a status tells anything new.

use std::time::Duration;

use crate::time::{moment, since};
use api::{BaselineReportStatus, EvaluationRecord, SecurityBaselineStatus, TargetStatus};

/// Times in status move with another change, else after so long.
const TIMES_MOVE: Duration = Duration::from_hours(1);

/// A status that says when what it tells of was evaluated.
pub(crate) trait Timed: Clone + PartialEq {
    /// The evaluation, and each target's.
    fn times(&self) -> (&Option<EvaluationRecord>, &[TargetStatus]);

    /// The same, to be changed.
    fn times_mut(&mut self) -> (&mut Option<EvaluationRecord>, &mut [TargetStatus]);
}

macro_rules! timed {
    ($($status:ident),+) => {
        $(impl Timed for $status {
            fn times(&self) -> (&Option<EvaluationRecord>, &[TargetStatus]) {
                (&self.last_evaluation, &self.targets)
            }

            fn times_mut(&mut self) -> (&mut Option<EvaluationRecord>, &mut [TargetStatus]) {
                (&mut self.last_evaluation, &mut self.targets)
            }
        })+
    };
}

timed! { BaselineReportStatus, SecurityBaselineStatus }

/// Whether a status is to be written where another stands: not where only times would move that
/// moved within the hour.
pub(crate) fn is_news<S: Timed>(status: &S, stands: Option<&S>) -> bool {
    stands.is_none_or(|stands| is_news_of(status.clone(), stands))
}

/// The same, of a status that is needed no more.
pub(crate) fn is_news_of<S: Timed>(status: S, stands: &S) -> bool {
    let (new, old) = (status.times().0, stands.times().0);
    let is_old = match (new, old) {
        (Some(new), Some(old)) => since(&old.finished_at, moment(&new.finished_at)) >= TIMES_MOVE,
        (new, old) => new.is_some() != old.is_some(),
    };
    is_old || with_times_of(status, stands) != *stands
}

/// The same, with the times that stand there.
fn with_times_of<S: Timed>(mut status: S, stands: &S) -> S {
    let (evaluation, targets) = status.times_mut();
    let (then, before) = stands.times();
    if let (Some(now), Some(then)) = (evaluation, then) {
        now.started_at.clone_from(&then.started_at);
        now.finished_at.clone_from(&then.finished_at);
    }
    for target in targets {
        if let Some(then) = same_target(target, before)
            && target.last_success.is_some() == then.last_success.is_some()
        {
            target.last_success.clone_from(&then.last_success);
        }
    }
    status
}

/// The entry of the same account and region.
pub(crate) fn same_target<'t>(
    target: &TargetStatus,
    among: &'t [TargetStatus],
) -> Option<&'t TargetStatus> {
    among.iter().find(|it| it.account == target.account && it.region == target.region)
}
