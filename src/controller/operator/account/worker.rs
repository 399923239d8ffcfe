//! The task of one account: a turn after each change that touches it, at each interval, and when
//! time changes a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::watch;
use tracing::{Instrument as _, info_span};

use super::evaluation::{Evaluated, EvaluationError, evaluate_account};
use super::learned::Learned;
use super::notes::Notes;
use super::notices;
use super::open_reports::{News, OpenReports, WorstResults};
use super::publication::Publication;
use super::report::Contribution;
use super::reports::{Reports, Underway, Withdrawn};
use super::trouble::troubles;
use super::work::AccountWork;
use crate::controller::operator::context::Context;
use crate::controller::operator::events::{About, Notice};
use crate::controller::operator::sinks::AccountSink;
use crate::controller::sources::LiveSources;
use crate::controller::{RoundReport, schedule};
use crate::drift::{FindingChange, KnownFindings};
use crate::metrics::{Figures, TRACED};
use crate::plan::BaselineKey;
use crate::publish::{FindingSink, PublishError, Published};
use crate::resource::{AccountId, Region, Timestamp};

/// The first wait after a failure; it doubles with each, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The task of one account.
pub(in crate::controller::operator) struct Worker {
    context: Arc<Context>,
    sink: Option<AccountSink>,
    live: LiveSources,
    failures: u32,
    underway: Underway,
    /// The uids of baselines whose reports say by now that findings may stand.
    soiled: BTreeSet<String>,
    open_reports: Option<OpenReports>,
    /// The troubles that people were told of and that go on.
    told: Vec<Notice>,
    /// What was logged of the sources.
    notes: Notes,
}

/// Waits until whoever holds the other end lets go of it.
pub(in crate::controller::operator) async fn stopped(stop: &mut watch::Receiver<()>) {
    while stop.changed().await.is_ok() {}
}

impl Worker {
    pub(in crate::controller::operator) fn new(context: Arc<Context>) -> Self {
        let live = LiveSources::new(context.aws.clone());
        let open_reports = context.settings.open_reports.map(OpenReports::new);
        Self {
            context,
            sink: None,
            live,
            failures: 0,
            underway: Underway::new(),
            soiled: BTreeSet::new(),
            open_reports,
            told: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Works until `stop`'s other end is let go of.
    pub(in crate::controller::operator) async fn run(
        mut self,
        mut work: watch::Receiver<Arc<AccountWork>>,
        mut stop: watch::Receiver<()>,
    ) {
        loop {
            let current = Arc::clone(&work.borrow_and_update());
            let turn = info_span!("evaluation", account = %current.id());
            let (sink, live) = (self.sink.take(), &mut self.live);
            let evaluation = Box::pin(evaluate_account(&current, &self.context, sink, live));
            let evaluated = select! {
                biased;
                () = stopped(&mut stop) => return,
                evaluated = evaluation.instrument(turn.clone()) => evaluated,
            };
            let conclusion = Box::pin(self.conclude(&current, evaluated)); // not given up half-way
            let next = conclusion.instrument(turn).await;
            select! {
                biased;
                () = stopped(&mut stop) => return,
                changed = work.changed() => if changed.is_err() { return },
                () = schedule::reached(next, &*self.context.clock) => {}
            }
        }
    }

    /// Publishes and reports what was evaluated, and says when to evaluate next.
    async fn conclude(
        &mut self,
        work: &AccountWork,
        evaluated: Result<Evaluated, EvaluationError>,
    ) -> Option<Timestamp> {
        let now = self.context.clock.now();
        match evaluated {
            Ok(evaluated) => {
                let stale_at = evaluated.stale_at.clone();
                let is_well = self.publish(work, evaluated).await;
                if !is_well {
                    self.context.aws.doubt(work.id()).await;
                }
                self.failures = if is_well { 0 } else { self.failures + 1 };
                self.next(work, stale_at, now)
            }
            Err(error) => {
                let failure = Some(error.to_string());
                let learned = self.context.notebook.page(work.id()).unwrap_or_default();
                // What is tried again and fails as before is no news.
                if learned.failure == failure && self.failures > 0 {
                    tracing::debug!(%error, failures = self.failures, "not evaluated; trying again");
                } else {
                    tracing::warn!(%error, failures = self.failures, "not evaluated; trying again");
                }
                self.failures += 1;
                self.context.notebook.write(work.id(), &Learned { failure, ..learned });
                Some(schedule::after(now, backoff(self.failures)))
            }
        }
    }

    fn next(
        &self,
        work: &AccountWork,
        stale_at: Vec<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let interval = schedule::interval(&work.plans);
        let interval = interval.map(|it| schedule::after(now, jittered(it, work.id(), now)));
        let retry = (self.failures > 0).then(|| schedule::after(now, backoff(self.failures)));
        let turn = schedule::turn(&work.plans, stale_at, now);
        [interval, retry, turn].into_iter().flatten().min()
    }

    /// Publishes what follows of an evaluation, and tells of it. Whether all went well.
    async fn publish(&mut self, work: &AccountWork, evaluated: Evaluated) -> bool {
        let Evaluated { mut round, worst, mut sink, started, sources, credentials, .. } = evaluated;
        let context = Arc::clone(&self.context);
        let mut reports = Reports::of(&context, work.id());
        reports.look_for(&mut self.underway);
        self.soiled.retain(|uid| work.baselines.values().any(|baseline| baseline.uid == *uid));
        // A deleted baseline waits for what has a report.
        let publishing = publishing(&round.drift.changes, sink.known());
        let announced = reports.announce(work, &self.underway, &publishing, &mut self.soiled);
        let held_back = Box::pin(announced).await;
        if !held_back.is_empty() {
            let is_held_back =
                |it: &FindingChange| held_back.contains(&it.finding().generator.baseline);
            round.drift.changes.retain(|change| !is_held_back(change));
        }
        let changes = &round.drift.changes;

        let publishing = info_span!(target: TRACED, "publish", changes = changes.len());
        let publishing = Box::pin(sink.publish(changes)).instrument(publishing);
        let published = publishing.await; // lasts when it returns
        let publication = Publication::of(changes, published.as_ref(), closed(work, &sink));

        let now = self.context.clock.now();
        self.measure(work, &round, &publication, sink.known(), now);
        self.tell_changes(work, &round, &publication, now);
        self.notes.log(&round.sources);
        let contributions = contributions(work, &round, &publication, (started, now));
        let news = News { work, reports: &reports, contributions: &contributions };
        let reporting = info_span!(target: TRACED, "report");
        let reporting = Box::pin(self.report(&news, &worst, &sink)).instrument(reporting);
        let Withdrawn { is_well, may_hide } = reporting.await;
        let is_well =
            is_well && held_back.is_empty() && publication.is_whole() && round.read_whole();

        let learned = Learned::of(work, &sources, &round, &sink);
        let learned = Learned { credentials, may_hide, ..learned };
        self.tell_trouble(work, &learned, publication.published, now);
        self.context.notebook.write(work.id(), &learned);
        self.sink = Some(sink);
        is_well
    }

    /// Writes and takes back reports. Whether all could be.
    async fn report(
        &mut self,
        news: &News<'_>,
        worst: &WorstResults,
        sink: &AccountSink,
    ) -> Withdrawn {
        let News { work, reports, contributions } = *news;
        let mut is_well = reports.write(work, contributions, &mut self.underway).await;
        let withdrawn = reports.withdraw(work, sink).await;
        is_well &= withdrawn.is_well;
        if let Some(open_reports) = &mut self.open_reports {
            is_well &= open_reports.write(&self.context, news, worst, sink.known()).await;
        }
        Withdrawn { is_well, ..withdrawn }
    }

    fn measure(
        &self,
        work: &AccountWork,
        round: &RoundReport,
        publication: &Publication<'_>,
        known: &KnownFindings,
        now: Timestamp,
    ) {
        let (metrics, published) = (&self.context.metrics, publication.published.ok());
        crate::controller::published::measure(metrics, round, published);
        let baselines = metrics.baselines();
        let account = work.id();
        let mut open: BTreeMap<&BaselineKey, u64> = BTreeMap::new();
        for finding in known.iter().filter(|finding| finding.is_open()) {
            *open.entry(&finding.generator.baseline).or_default() += 1;
        }
        for (plan, outcome) in work.plans.iter().zip(&round.outcome.plans) {
            if plan.is_evaluated() {
                let figures = Figures::of(plan, outcome, now);
                baselines.account_evaluated(&plan.baseline, account, figures, round.took);
            }
            let open = open.get(&plan.baseline).copied().unwrap_or_default();
            baselines.account_findings_open(&plan.baseline, account, open);
        }
        baselines.retain_of_account(account, |key| work.baselines.contains_key(key));
    }

    /// Tells what was published, in the log and by events.
    fn tell_changes(
        &self,
        work: &AccountWork,
        round: &RoundReport,
        publication: &Publication<'_>,
        now: Timestamp,
    ) {
        tracing::info!(
            baselines = work.plans.len(),
            items = round.outcome.items,
            verdicts = round.outcome.evaluations,
            changes = round.drift.changes.len(),
            milliseconds = u64::try_from(round.took.as_millis()).unwrap_or(u64::MAX),
            "evaluated",
        );
        publication.log(work.id());
        for (baseline, notices) in notices::of_changes(publication.taken()) {
            let Some(object) = work.baselines.get(&baseline) else { continue };
            let about = About::baseline(&baseline, &object.uid);
            for notice in notices {
                self.context.events.tell(&about, &notice, now);
            }
        }
    }

    /// Tells of what goes wrong, once for as long as it does.
    fn tell_trouble(
        &mut self,
        work: &AccountWork,
        learned: &Learned,
        published: Result<&Published, &PublishError>,
        now: Timestamp,
    ) {
        let troubles = troubles(learned, published);
        let about = About::account(&work.name, &work.uid);
        for notice in troubles.iter().filter(|notice| !self.told.contains(notice)) {
            self.context.events.tell(&about, notice, now);
        }
        self.told = troubles;
    }
}

/// The baselines of which findings stand or are to be published.
fn publishing(changes: &[FindingChange], known: &KnownFindings) -> BTreeSet<BaselineKey> {
    let standing = known.iter().filter(|finding| !finding.archived);
    let changing = changes.iter().map(FindingChange::finding);
    let mut publishing = BTreeSet::new();
    for finding in standing.chain(changing) {
        if !publishing.contains(&finding.generator.baseline) {
            publishing.insert(finding.generator.baseline.clone());
        }
    }
    publishing
}

/// Why regions take no findings, where they do not.
fn closed(work: &AccountWork, sink: &AccountSink) -> BTreeMap<Region, String> {
    let places = work.places().into_iter();
    places.filter_map(|place| Some((place.region.clone(), sink.refusal(&place)?))).collect()
}

/// What the account contributes to each baseline that is evaluated for it. `times` are those when it
/// began and ended.
fn contributions<'c>(
    work: &'c AccountWork,
    round: &'c RoundReport,
    publication: &Publication<'_>,
    (started, finished): (Timestamp, Timestamp),
) -> Vec<Contribution<'c>> {
    let mut problems = round.sources.iter().filter_map(|source| source.problems.first());
    let unreadable = problems.next().map(String::as_str);
    let plans = work.plans.iter().zip(&round.drift.summary).enumerate();
    let contributions = plans.filter(|(_, (plan, _))| plan.is_evaluated());
    let contributions = contributions.map(|(at, (plan, summary))| {
        let publication = publication.record(plan);
        Contribution { plan, at, summary, started, finished, unreadable, publication }
    });
    contributions.collect()
}

/// Longer after each failure, so that what stays broken costs little.
fn backoff(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
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
    fn waits_double_up_to_a_longest() {
        let waits: Vec<u64> = [1, 2, 3, 8, 40].map(|it| backoff(it).as_secs()).into();
        assert_eq!(waits, [2, 4, 8, 256, 300]);
    }

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
