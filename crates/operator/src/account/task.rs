//! The task of one account: a turn after each change that touches it, at each interval, when time
//! changes a verdict, and in between when messages bring what AWS Config recorded.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::watch;
use tracing::{Instrument as _, info_span};

use super::archival::Deletions;
use super::evaluation::{AccountError, AccountEvaluation, TurnKind, evaluate_account};
use super::notes::Notes;
use super::observations::AccountObservation;
use super::open_reports::OpenReports;
use super::pace::Pace;
use super::reports::Underway;
use super::trouble::of_queue;
use super::work::AccountWork;
use crate::context::Context;
use crate::events::{About, Notice};
use crate::overdue::watched;
use crate::permits::Experience;
use crate::restart::backoff;
use assess::{Assessment, ChangePace, schedule};
use cel::Timestamp;
use engine::drift::HeldArchivals;
use model::AccountId;
use shard::stopped;

/// What the log calls an evaluation that came to nothing.
const FAILED: &str = "evaluation_failed";

/// The task of one account.
pub(crate) struct AccountWorker {
    pub(super) context: Arc<Context>,
    /// What assesses the account; nothing before the first time.
    pub(super) assessment: Option<Assessment>,
    failures: u32,
    /// How long evaluations took.
    experience: Experience,
    /// When the account is read again at the latest, however many messages come before.
    read_at: Option<Timestamp>,
    pace: Pace,
    change_pace: ChangePace,
    pub(super) underway: Underway,
    /// The uids of baselines whose reports say by now that findings may stand.
    pub(super) soiled: BTreeSet<String>,
    pub(super) open_reports: Option<OpenReports>,
    /// The troubles that people heard of and that go on.
    pub(super) reported: Vec<Notice>,
    /// The archivals that wait for a confirmation, as of the last evaluation.
    pub(super) held: HeldArchivals,
    /// What users deleted.
    pub(super) deletions: Deletions,
    /// What was logged of the sources.
    pub(super) notes: Notes,
}

impl AccountWorker {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let open_reports = context.settings.open_reports.map(OpenReports::new);
        Self {
            context,
            assessment: None,
            failures: 0,
            experience: Experience::default(),
            read_at: None,
            pace: Pace::default(),
            change_pace: ChangePace::default(),
            underway: Underway::default(),
            soiled: BTreeSet::new(),
            open_reports,
            reported: Vec::new(),
            held: HeldArchivals::default(),
            deletions: Deletions::default(),
            notes: Notes::default(),
        }
    }

    /// Works until `stop`'s other end is let go of.
    pub(crate) async fn run(
        mut self,
        mut work: watch::Receiver<Arc<AccountWork>>,
        mut stop: watch::Receiver<()>,
    ) {
        let mut kind = TurnKind::Whole;
        loop {
            let clock = Arc::clone(&self.context.clock);
            select! {
                biased;
                () = stopped(&mut stop) => return,
                () = clock.wait(self.pause(kind)) => {}
            }
            self.begin(kind);
            let current = Arc::clone(&work.borrow_and_update());
            self.context.metrics.accounts().expects(current.id(), current.facts());
            self.deletions.notice(&current, &self.context).await;
            let turn = info_span!("evaluation", account = %current.id());
            let before = (self.assessment.take(), self.experience.is_short());
            let evaluation = Box::pin(evaluate_account(&current, &self.context, before, kind));
            let context = Arc::clone(&self.context);
            let evaluation = watched(evaluation.instrument(turn.clone()), &current, &context);
            let evaluated = select! {
                biased;
                () = stopped(&mut stop) => return,
                evaluated = evaluation => evaluated,
            };
            let conclusion = Box::pin(self.conclude(&current, evaluated, kind)); // not given up half-way
            let next = watched(conclusion.instrument(turn), &current, &context).await;
            self.change_pace.end(clock.elapsed());
            let woken = select! {
                biased;
                () = stopped(&mut stop) => return,
                woken = self.wait(&current, &mut work, next) => woken,
            };
            match woken {
                Some(next) => kind = next,
                None => return,
            }
        }
    }

    /// How long the next turn has to wait.
    fn pause(&self, kind: TurnKind) -> Duration {
        let now = self.context.clock.elapsed();
        match kind {
            TurnKind::Whole => self.pace.wait(now),
            TurnKind::Changes => self.change_pace.wait(now),
        }
    }

    fn begin(&mut self, kind: TurnKind) {
        let now = self.context.clock.elapsed();
        self.change_pace.begin(now);
        if kind == TurnKind::Whole {
            self.pace.begin(now);
        }
    }

    /// Waits for the next turn, and says what it reads; nothing where there is no more work.
    async fn wait(
        &mut self,
        current: &AccountWork,
        work: &mut watch::Receiver<Arc<AccountWork>>,
        next: Option<Timestamp>,
    ) -> Option<TurnKind> {
        let Self { context, assessment, reported, .. } = self;
        let changes = assessment.as_ref().and_then(Assessment::changes).cloned();
        let queue = assessment.as_ref().and_then(|assessment| assessment.queue(current.id()));
        let places = current.places();
        let sink = assessment.as_mut().map(Assessment::sink_mut);
        let mut waiting = pin!(assess::wait(next, &*context.clock, sink, &places));
        loop {
            let (Some(changes), Some(queue)) = (&changes, &queue) else {
                return select! {
                    biased;
                    changed = work.changed() => changed.ok().map(|()| TurnKind::Whole),
                    () = waiting => Some(TurnKind::Whole),
                };
            };
            select! {
                biased;
                changed = work.changed() => return changed.ok().map(|()| TurnKind::Whole),
                () = &mut waiting => return Some(TurnKind::Whole),
                () = changes.arrived() => {}
            }
            if changes.has_changes() {
                return Some(TurnKind::Changes);
            }
            let state = queue.state();
            if let Some(trouble) = of_queue(&state)
                && !reported.contains(&trouble)
            {
                let about = About::account(&current.name, &current.uid);
                context.events.tell(&about, &trouble, context.clock.now());
                reported.push(trouble);
            }
            if let Some(observed) = context.observations.page(current.id()) {
                let changes = Some(state);
                let observed = AccountObservation { changes, ..observed };
                context.observations.write(current.id(), &observed);
            }
        }
    }

    /// Publishes and reports what was evaluated, and says when to evaluate next.
    async fn conclude(
        &mut self,
        work: &AccountWork,
        evaluation: Result<AccountEvaluation, AccountError>,
        kind: TurnKind,
    ) -> Option<Timestamp> {
        let now = self.context.clock.now();
        match evaluation {
            Ok(evaluation) => {
                let started = evaluation.started;
                self.experience.took(evaluation.took, self.context.clock.elapsed());
                let stale_at = evaluation.evaluated.stale_at.clone();
                let is_well = self.publish(work, evaluation).await;
                if !is_well {
                    self.context.aws.doubt(work.id()).await;
                }
                self.failures = if is_well { 0 } else { self.failures + 1 };
                // Verdicts are as of then: what began or ended since is to be evaluated.
                self.next(work, schedule::turn(&work.plans, stale_at, started), now, kind)
            }
            Err(error) => {
                let failure = Some(error.to_string());
                let observed = self.context.observations.page(work.id()).unwrap_or_default();
                // What is tried again and fails as before is no news.
                if observed.failure == failure && self.failures > 0 {
                    tracing::debug!(event = FAILED, %error, failures = self.failures, "not evaluated; trying again");
                } else {
                    tracing::warn!(event = FAILED, %error, failures = self.failures, "not evaluated; trying again");
                }
                self.failures += 1;
                self.context
                    .observations
                    .write(work.id(), &AccountObservation { failure, ..observed });
                Some(schedule::after(now, backoff(self.failures)))
            }
        }
    }

    /// When to read the account again. What messages bring puts nothing off.
    fn next(
        &mut self,
        work: &AccountWork,
        turn: Option<Timestamp>,
        now: Timestamp,
        kind: TurnKind,
    ) -> Option<Timestamp> {
        let interval = schedule::interval(&work.plans);
        let interval = interval.map(|it| schedule::after(now, jittered(it, work.id(), now)));
        let interval = match kind {
            TurnKind::Whole => interval,
            TurnKind::Changes => self.read_at.into_iter().chain(interval).min(),
        };
        self.read_at = interval;
        let retry = (self.failures > 0).then(|| schedule::after(now, backoff(self.failures)));
        [interval, retry, turn].into_iter().flatten().min()
    }
}

/// Up to a tenth shorter, so that accounts of one interval do not all come at once.
fn jittered(interval: Duration, account: &AccountId, now: Timestamp) -> Duration {
    let mut hasher = DefaultHasher::new();
    (account, now.seconds).hash(&mut hasher);
    let thousandths = u32::try_from(hasher.finish() % 100).unwrap_or_default();
    interval.saturating_sub(interval * thousandths / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_shortened_by_a_tenth_at_most() {
        let account: AccountId = "111122223333".parse().unwrap();
        let interval = Duration::from_mins(30);
        for seconds in 0..200 {
            let jittered = jittered(interval, &account, Timestamp { seconds, nanoseconds: 0 });
            assert!(jittered <= interval && jittered >= interval * 9 / 10, "{jittered:?}");
        }
    }
}
