//! The last stages of an account's turn: publish what was found, and report it.
//!
//! A publication that has begun is brought to its end, and so is what is reported of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracing::{Instrument as _, info_span};

use super::evaluation::AccountEvaluation;
use super::notices;
use super::observations::AccountObservation;
use super::open_reports::{News, WorstResults};
use super::publication::Publication;
use super::report::Contribution;
use super::reports::{Reports, Withdrawn};
use super::task::AccountWorker;
use super::trouble::troubles;
use super::work::AccountWork;
use crate::events::About;
use assess::{Evaluated, RoundReport, Sink, measure};
use aws::publish::{FindingSink, PublishError, Published};
use cel::Timestamp;
use engine::drift::{FindingChange, KnownFindings};
use engine::plan::BaselineKey;
use metrics::TRACED;
use model::Region;

impl AccountWorker {
    /// Publishes what follows of an evaluation, and tells of it. Whether all went well.
    pub(super) async fn publish(
        &mut self,
        work: &AccountWork,
        evaluation: AccountEvaluation,
    ) -> bool {
        let AccountEvaluation { evaluated, started, took: _, credentials } = evaluation;
        let Evaluated { mut assessment, sources, report: mut round, seen: worst, .. } = evaluated;
        let context = Arc::clone(&self.context);
        let mut reports = Reports::of(&context, work.id());
        reports.look_for(&mut self.underway);
        self.soiled.retain(|uid| work.baselines.values().any(|baseline| baseline.uid == *uid));
        let held = self.hold_back(work, &mut round.drift.changes, assessment.known()).await;
        // A deleted baseline waits for what has a report.
        let publishing = publishing(&round.drift.changes, assessment.known());
        let announced = reports.announce(work, &self.underway, &publishing, &mut self.soiled);
        let held_back = Box::pin(announced).await;
        if !held_back.is_empty() {
            let is_held_back =
                |it: &FindingChange| held_back.contains(&it.finding().generator.baseline);
            round.drift.changes.retain(|change| !is_held_back(change));
        }
        let changes = &round.drift.changes;

        let published = Box::pin(assessment.publish(changes)).await; // lasts when it returns
        let sink = assessment.sink();
        let publication = Publication::of(changes, published.as_ref(), closed(work, sink));
        let publication = publication.with_left_out(&work.plans, &round.drift.left_out);
        let publication = publication.holding(&held, context.settings.archival_limit);

        let now = self.context.clock.now();
        self.measure(work, &round, &publication, sink.known(), now);
        self.tell_changes(work, &round, &publication, now);
        self.notes.log(&round.sources);
        let contributions = contributions(work, &round, &publication, (started, now));
        let news = News { work, reports: &reports, contributions: &contributions, held: &held };
        let reporting = info_span!(target: TRACED, "report");
        let reporting = Box::pin(self.report(&news, &worst, sink)).instrument(reporting);
        let Withdrawn { is_well, may_hide } = reporting.await;
        let is_well = is_well && held_back.is_empty() && publication.is_whole() && round.is_sure();

        let observed = AccountObservation::of(work, &sources, &round, sink);
        let changes = assessment.queue(work.id()).map(|queue| queue.state());
        let observed = AccountObservation { credentials, changes, ..observed }.hiding(may_hide);
        let observed = observed.holding(held.only(|key| !work.baselines.contains_key(key)));
        self.tell_held(work, &held, now);
        self.tell_trouble(work, &observed, publication.published, now);
        let others = observed.others.values().map(|(count, _)| *count as u64).sum();
        self.context.metrics.accounts().others_findings(work.id(), others);
        self.context.metrics.accounts().archivals_held(work.id(), held.total() as u64);
        self.context.observations.write(work.id(), &observed);
        self.assessment = Some(assessment);
        is_well
    }

    /// Writes and takes back reports. Whether all could be.
    async fn report(&mut self, news: &News<'_>, worst: &WorstResults, sink: &Sink) -> Withdrawn {
        let News { work, reports, contributions, held } = *news;
        let mut is_well = reports.write(work, contributions, &mut self.underway).await;
        let withdrawn = reports.withdraw(work, sink, held).await;
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
        measure::changes(metrics, round, published);
        let baselines = metrics.baselines();
        let account = work.id();
        metrics.accounts().evaluated(account, now);
        let open = measure::open_findings(known);
        let is_evaluated = |key: &BaselineKey| {
            work.plans.iter().any(|plan| plan.is_evaluated() && plan.baseline == *key)
        };
        baselines.retain_of_account(account, is_evaluated);
        for (plan, figures) in measure::figures(&work.plans, round) {
            if plan.is_evaluated() {
                baselines.account_evaluated(&plan.baseline, account, figures, round.took);
            }
            let open = open.get(&plan.baseline).copied().unwrap_or_default();
            baselines.account_findings_open(&plan.baseline, account, open);
        }
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
            event = "evaluation_ended",
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
        observed: &AccountObservation,
        published: Result<&Published, &PublishError>,
        now: Timestamp,
    ) {
        let troubles = troubles(&work.name, observed, published);
        let about = About::account(&work.name, &work.uid);
        for notice in troubles.iter().filter(|notice| !self.reported.contains(notice)) {
            self.context.events.tell(&about, notice, now);
        }
        self.reported = troubles;
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
fn closed(work: &AccountWork, sink: &Sink) -> BTreeMap<Region, String> {
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
    let is_sure = round.internal_errors().is_empty();
    let contributions = contributions.map(|(at, (plan, summary))| {
        let publication = publication.record(plan);
        Contribution { plan, at, summary, started, finished, unreadable, is_sure, publication }
    });
    contributions.collect()
}
