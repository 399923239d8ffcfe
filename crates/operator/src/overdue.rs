//! When an evaluation is overdue: it does not end, or nobody brings it about.
//!
//! What a status says is as old as its last evaluation. After three intervals it no longer counts as
//! what is so now, and the status says so.

use std::pin::pin;
use std::time::Duration;

use tokio::select;

use crate::account::AccountWork;
use crate::context::Context;
use crate::time::moment;
use api::BaselineReportStatus;
use assess::schedule;
use cel::Timestamp;
use engine::plan::Plan;

/// An evaluation is overdue after so many intervals,
const INTERVALS: u32 = 3;
/// and not before so long: a large account takes minutes.
const LEAST: Duration = Duration::from_mins(10);
/// The times of a report lag behind by so much where nothing else changes.
const LAG: Duration = Duration::from_hours(1);

fn patience(interval: Duration) -> Duration {
    interval.saturating_mul(INTERVALS).max(LEAST)
}

/// When what an account reports of a plan becomes too old; never where nothing is to be evaluated.
pub(crate) fn due(plan: &Plan, report: &BaselineReportStatus) -> Option<Timestamp> {
    let last = report.last_evaluation.as_ref().filter(|_| plan.is_evaluated())?;
    let patience = patience(plan.interval).saturating_add(LAG);
    Some(schedule::after(moment(&last.finished_at), patience))
}

/// Waits for a part of an account's turn, and notes where it does not end.
pub(crate) async fn watched<T>(
    turn: impl Future<Output = T>,
    work: &AccountWork,
    context: &Context,
) -> T {
    let Some(interval) = schedule::interval(&work.plans) else { return turn.await };
    let mut turn = pin!(turn);
    let begun = context.clock.now();
    select! {
        biased;
        done = &mut turn => return done,
        () = context.clock.wait(patience(interval)) => {}
    }
    tracing::warn!(
        event = "evaluation_overdue",
        account = %work.id(),
        "the evaluation did not end within three intervals; still waiting",
    );
    context.observations.overdue(work.id(), Some(begun));
    let done = turn.await;
    context.observations.overdue(work.id(), None);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_has_three_intervals_and_at_least_ten_minutes() {
        assert_eq!(patience(Duration::from_secs(10)), Duration::from_mins(10));
        assert_eq!(patience(Duration::from_hours(6)), Duration::from_hours(18));
    }
}
