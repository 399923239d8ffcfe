//! Evaluates of an account that is read live only what changed since an earlier round.
//!
//! The earlier round counts on as long as all but items is as it was: what the plans say, what could be read and
//! why not, and time, where that turns a verdict. The mirror of the account says which items changed. Where a
//! control asks for the time, its types are judged again when the interval has passed.
//!
//! Kept are the verdicts that are drift or unknown, those of resources with a finding, and those that somebody wants to
//! see. The comparison with what is published sees all of them in every round, as it sees those of a whole evaluation.

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;

use super::batch::Batch;
use super::examination::Take;
use super::interest::Interest;
use super::part::{OpenedSources, RoundPart};
use super::setting::Setting;
use super::{Gathering, Round, View};
use crate::schedule;
use crate::sources::{self, SourceInput, SourceReport};
use aws::source::aws_config::LiveRead;
use aws::source::{Changes, Part, Which};
use cel::Timestamp;
use engine::evaluation::{
    Affected, Coverage, Evaluation, EvaluationResult, Evaluator, IncrementalState, Needed, Outcome,
    Results, Stage,
};
use engine::plan::Plan;
use model::{ResourceType, Verdict};

/// What came of an account that is read live.
#[derive(Debug)]
pub(super) struct LiveRetained {
    read: LiveRead,
    state: IncrementalState,
    results: Batch,
    report: SourceReport,
    evaluated_at: Timestamp,
    /// When the types were last judged of which a control asks for the time.
    timed_at: Timestamp,
    /// When time itself changes a verdict.
    turn: Option<Timestamp>,
}

/// What a whole evaluation or one of changes came to.
pub(super) struct LiveOutcome {
    pub(super) outcome: Outcome,
    pub(super) report: SourceReport,
    /// Nothing where the next round has to evaluate everything.
    pub(super) retained: Option<LiveRetained>,
}

/// Who hears of results, and keeps those that a later round needs.
struct Listener<'l, 'c> {
    part: &'l RoundPart,
    gathering: &'l mut Gathering<'c>,
    shown: &'l mut (dyn Results + Send),
    interest: &'l Interest,
    stage: Stage,
    kept: Batch,
}

impl Results for Listener<'_, '_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        let placed = self.part.place(result);
        let matters = self.gathering.observe(&placed);
        let is_shown = self.interest.shows(result);
        if is_shown {
            self.shown.result(&placed);
        }
        let is_noted = matches!(result.verdict, Verdict::NonCompliant | Verdict::Unknown(_));
        // What is always said is said again every time.
        if (matters || is_shown || is_noted) && self.stage != Stage::Always {
            self.kept.keep_of(self.stage, result);
        }
    }

    fn stage(&mut self, stage: Stage) {
        self.stage = stage;
    }
}

/// Holds results back until it is sure that they count.
#[derive(Default)]
struct HeldBack(Batch, Option<Stage>);

impl Results for HeldBack {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self.0.keep_of(self.1.unwrap_or(Stage::Always), result);
    }

    fn stage(&mut self, stage: Stage) {
        self.1 = Some(stage);
    }
}

/// What is needed of the results of a part.
fn interest_in(part: &RoundPart, round: &Round<'_>, view: &View<'_>) -> Interest {
    Interest::of(&Round { plans: &part.plans, sources: &[], ..*round }, view.filter)
}

/// The account that is read live, where the part is such a one.
pub(super) fn live_of(inputs: &[SourceInput]) -> Option<&LiveRead> {
    match inputs {
        [SourceInput::Live(read)] => Some(read),
        _ => None,
    }
}

impl LiveRetained {
    /// Evaluates everything.
    pub(super) fn whole(
        (part, opened): (&RoundPart, &OpenedSources),
        read: &LiveRead,
        round: &Round<'_>,
        (gathering, view): (&mut Gathering<'_>, &mut View<'_>),
    ) -> LiveOutcome {
        let arena = Bump::new();
        let setting = Setting::of(&part.plans, &opened.inputs, round, &arena);
        let interest = &interest_in(part, round, view);
        // What changes from here on is for the next round.
        read.mirror.take_changes();
        let mut workers = setting.workers();
        let (kept, stage) = (Batch::default(), Stage::Always);
        let shown = &mut *view.results;
        let mut listener = Listener { part, gathering, shown, interest, stage, kept };
        let all = read.parts.iter().map(|part| (part, Which::All)).collect();
        let examination = setting.examination(round, interest, view.progress);
        let examined = examination.live(read, &all, Take::Keyed, &mut workers, &mut listener);
        let mut coverage = Coverage::new();
        sources::state_live(&mut coverage, read, &examined.report, &examined.lost);
        let evaluation = &setting.evaluation;
        let (outcome, state) = evaluation.finish_incremental(workers, &coverage, &mut listener);
        let (report, results) = (examined.report, listener.kept);
        let lasts = examined.is_whole;
        let retained = state.filter(|_| lasts).map(|state| Self {
            read: read.clone(),
            state,
            results,
            report: report.clone(),
            evaluated_at: round.now,
            timed_at: round.now,
            turn: schedule::turn(&part.plans, read.again_at, round.now),
        });
        LiveOutcome { outcome, report, retained }
    }

    /// Evaluates what changed. Nothing where only a whole evaluation can tell; nothing was passed on then.
    pub(super) fn update(
        mut self,
        (part, opened): (&RoundPart, &OpenedSources),
        read: &LiveRead,
        round: &Round<'_>,
        (gathering, view): (&mut Gathering<'_>, &mut View<'_>),
    ) -> Option<LiveOutcome> {
        if !self.holds(read, round.now) {
            return None;
        }
        let arena = Bump::new();
        let setting = Setting::of(&part.plans, &opened.inputs, round, &arena);
        let interest = &interest_in(part, round, view);
        let timed = self.timed(&setting.evaluation, &part.plans, round.now);
        let changed = Changed::of(read, timed.as_ref());
        let mut workers = setting.workers();
        let mut held_back = HeldBack::default();
        let examination = setting.examination(round, interest, view.progress);
        let changed_items = changed.items(&read.parts);
        let examined =
            examination.live(read, &changed_items, Take::Keyed, &mut workers, &mut held_back);
        if !examined.is_whole {
            return None;
        }
        let mut keys = read.mirror.keys(&changed.changes);
        keys.extend(&examined.keys);
        let of_changed = (&changed.types, keys);
        let mut affected =
            setting.evaluation.affected(&mut self.state, &mut workers, of_changed)?;
        let mut keep = |affected: &Affected, workers: &mut [Evaluator<'_, '_>]| {
            let needed = needed(affected, &read.parts);
            examination.live(read, &needed, Take::Kept, workers, &mut held_back).is_whole
        };
        let mut is_whole = keep(&affected, &mut workers);
        // What changed since it was known what joins may join what is judged, and was not read.
        if read.mirror.has_changed(affected.joined_types()) {
            affected.widen(&setting.evaluation, &mut workers);
            is_whole = keep(&affected, &mut workers);
        }
        if !is_whole {
            return None;
        }
        let mut coverage = Coverage::new();
        sources::state_live(&mut coverage, read, &self.report, &BTreeSet::new());
        let state = &mut self.state;
        let outcome =
            setting.evaluation.update(state, workers, &affected, &coverage, &mut held_back)?;
        self.results.forget(affected.outdates(&setting.evaluation));
        let (kept, shown) = (self.results, &mut *view.results);
        let stage = Stage::Always;
        let none = Batch::default();
        let mut listener = Listener { part, gathering, shown, interest, stage, kept: none };
        kept.deliver(&mut listener);
        listener.kept = kept;
        held_back.0.deliver(&mut listener);
        let results = listener.kept;
        let report = SourceReport { items: read.mirror.items_of(&read.parts), ..self.report };
        let retained = Self {
            read: self.read,
            state: self.state,
            results,
            report: report.clone(),
            evaluated_at: round.now,
            timed_at: if timed.is_some() { round.now } else { self.timed_at },
            turn: schedule::turn(&part.plans, read.again_at, round.now),
        };
        Some(LiveOutcome { outcome, report, retained: Some(retained) })
    }

    /// Whether nothing but items may have changed.
    fn holds(&self, read: &LiveRead, now: Timestamp) -> bool {
        let is_time = now < self.evaluated_at || self.turn.is_some_and(|turn| turn <= now);
        !is_time && self.read.differs_by_items_only(read)
    }

    /// The types of which a control asks for the time, where it is time to.
    fn timed(
        &self,
        evaluation: &Evaluation<'_>,
        plans: &[Plan],
        now: Timestamp,
    ) -> Option<BTreeSet<ResourceType>> {
        let due = schedule::interval(plans).map(|it| schedule::after(self.timed_at, it));
        due.is_some_and(|due| due <= now).then(|| evaluation.types_by_time())
    }
}

/// Which items are needed again to judge what is affected.
fn needed<'n>(affected: &'n Affected, parts: &'n BTreeSet<Part>) -> BTreeMap<&'n Part, Which<'n>> {
    let which = |part: &'n Part| match affected.needs(&part.resource_type) {
        Needed::Nothing => None,
        Needed::These(items) => Some((part, Which::Of(items))),
        Needed::All => Some((part, Which::All)),
    };
    parts.iter().filter_map(which).collect()
}

/// What changed of an account.
struct Changed {
    changes: Changes,
    /// The types of what changed, and those that are judged again for time's sake.
    types: BTreeSet<ResourceType>,
    timed: BTreeSet<ResourceType>,
}

impl Changed {
    fn of(read: &LiveRead, timed: Option<&BTreeSet<ResourceType>>) -> Self {
        let mut changes = read.mirror.take_changes();
        changes.retain(|part| read.parts.contains(part));
        let timed = timed.cloned().unwrap_or_default();
        let types = changes.parts().map(|part| part.resource_type.clone());
        let types = types.chain(timed.iter().cloned()).collect();
        Self { changes, types, timed }
    }

    /// What is judged again.
    fn items<'c>(&'c self, parts: &'c BTreeSet<Part>) -> BTreeMap<&'c Part, Which<'c>> {
        let which = |part: &'c Part| {
            let is_timed = self.timed.contains(&part.resource_type);
            (part, if is_timed { Which::All } else { Which::Changed(&self.changes) })
        };
        let touched = |part: &&Part| self.types.contains(&part.resource_type);
        parts.iter().filter(touched).map(which).collect()
    }
}
