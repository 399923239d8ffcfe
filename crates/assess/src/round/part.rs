//! The parts of a round that have nothing to do with each other: accounts that share no source, with
//! their sources and what the plans say of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Gathering, Round};
use crate::sources::SourceInput;
use aws::source::{Snapshot, SnapshotState};
use engine::drift::Summaries;
use engine::evaluation::{EvaluationResult, Outcome, Results};
use engine::plan::Plan;
use model::{AccountId, InternalError, InternalPlace};

use super::batch::Batch;
use super::interest::Interest;

/// Accounts that share sources, and what a round says of them.
pub(super) struct RoundPart {
    pub(super) accounts: BTreeSet<AccountId>,
    /// What the round's plans say of these accounts.
    pub(super) plans: Vec<Plan>,
    /// Where that stands in the round's plans.
    places: Vec<PlanPlace>,
    /// Which of the round's sources these are.
    pub(super) sources: Vec<usize>,
}

/// The sources of a part, opened.
pub(super) struct OpenedSources {
    pub(super) inputs: Vec<SourceInput>,
    /// What their files are; nothing where nobody can say whether they change.
    pub(super) states: Option<Vec<SnapshotState>>,
}

/// Where a part's plan stands in the round.
struct PlanPlace {
    plan: usize,
    targets: Vec<usize>,
    exemptions: Vec<usize>,
}

/// What stands nowhere: a comparison counts it as a failure of our own.
const NOWHERE: usize = usize::MAX;

impl RoundPart {
    /// The parts of a round, in the order of their sources. Accounts without any are one.
    pub(super) fn all(round: &Round<'_>) -> Vec<Self> {
        let mut groups: Vec<(BTreeSet<AccountId>, Vec<usize>)> = Vec::new();
        for (at, source) in round.sources.iter().enumerate() {
            let mut accounts: BTreeSet<AccountId> =
                source.accounts().into_iter().cloned().collect();
            let mut sources = Vec::new();
            groups.retain_mut(|(theirs, of)| {
                let is_apart = accounts.is_disjoint(theirs);
                if !is_apart {
                    accounts.append(theirs);
                    sources.append(of);
                }
                is_apart
            });
            sources.push(at);
            groups.push((accounts, sources));
        }
        groups.sort_by(|(_, one), (_, other)| one.cmp(other));
        let sourced: BTreeSet<&AccountId> =
            groups.iter().flat_map(|(accounts, _)| accounts).collect();
        let targets = round.plans.iter().flat_map(|plan| &plan.targets);
        let others = targets.map(|target| &target.account).filter(|it| !sourced.contains(it));
        let others: BTreeSet<AccountId> = others.cloned().collect();
        let others = (!others.is_empty()).then_some((others, Vec::new()));
        let groups = groups.into_iter().chain(others);
        groups.map(|(accounts, sources)| Self::of(round, accounts, sources)).collect()
    }

    fn of(round: &Round<'_>, accounts: BTreeSet<AccountId>, sources: Vec<usize>) -> Self {
        let mut plans = Vec::new();
        let mut places = Vec::new();
        for (at, plan) in round.plans.iter().enumerate() {
            let Some(part) = plan.of_accounts(&accounts).filter(|it| !it.targets.is_empty()) else {
                continue;
            };
            places.push(PlanPlace::of(at, plan, &part, &accounts));
            plans.push(part);
        }
        Self { accounts, plans, places, sources }
    }

    /// Opens the sources: what is found of their files now is what is read of them.
    pub(super) fn open(&self, round: &Round<'_>, now: fn() -> SystemTime) -> OpenedSources {
        let inputs = self.sources.iter().filter_map(|at| round.sources.get(*at)).map(opened);
        let inputs: Vec<SourceInput> = inputs.collect();
        let states = inputs.iter().map(|input| state(input, now())).collect();
        OpenedSources { inputs, states }
    }

    /// Adds what came of the part to what comes of the round.
    pub(super) fn add(&self, of_part: &Outcome, whole: &mut Outcome) {
        whole.items += of_part.items;
        whole.evaluations += of_part.evaluations;
        whole.internal.merge(&of_part.internal);
        for (place, plan) in self.places.iter().zip(&of_part.plans) {
            for (target, outcome) in place.targets.iter().zip(&plan.targets) {
                let targets = whole.plans.get_mut(place.plan).map(|plan| &mut plan.targets);
                match targets.and_then(|targets| targets.get_mut(*target)) {
                    Some(slot) => slot.clone_from(outcome),
                    None => whole.internal.add(MISPLACED),
                }
            }
        }
    }

    /// The result as one of the round.
    pub(super) fn place<'r>(&self, result: &EvaluationResult<'r>) -> EvaluationResult<'r> {
        let Some(place) = self.places.get(result.plan) else {
            return EvaluationResult { plan: NOWHERE, ..*result };
        };
        let at = |places: &[usize], at: usize| places.get(at).copied().unwrap_or(NOWHERE);
        EvaluationResult {
            plan: place.plan,
            target: at(&place.targets, result.target),
            exemption: result.exemption.map(|exemption| at(&place.exemptions, exemption)),
            ..*result
        }
    }
}

const MISPLACED: InternalError =
    InternalError::new(InternalPlace::Outcome, "a part of a round names what no plan has");

impl PlanPlace {
    fn of(at: usize, whole: &Plan, part: &Plan, accounts: &BTreeSet<AccountId>) -> Self {
        let targets = whole.targets.iter().enumerate();
        let targets = targets.filter(|(_, target)| accounts.contains(&target.account));
        // They are in the order of their names.
        let exemption =
            |name: &str| whole.exemptions.binary_search_by(|it| it.name.as_str().cmp(name));
        let exemptions = part.exemptions.iter();
        Self {
            plan: at,
            targets: targets.map(|(at, _)| at).collect(),
            exemptions: exemptions.map(|it| exemption(&it.name).unwrap_or(NOWHERE)).collect(),
        }
    }
}

fn opened(source: &SourceInput) -> SourceInput {
    let mut source = source.clone();
    if let SourceInput::Snapshot(source) = &mut source
        && source.snapshot.is_none()
    {
        // Why it cannot be opened is found out, and said, when it is read.
        source.snapshot = Snapshot::open(&source.path).ok().map(Arc::new).map(Ok);
    }
    source
}

fn state(source: &SourceInput, now: SystemTime) -> Option<SnapshotState> {
    match source {
        SourceInput::Snapshot(source) => source.snapshot.as_ref()?.as_ref().ok()?.state(now),
        SourceInput::Live(_) => None,
    }
}

/// Passes the results of a part on as results of the round, and keeps those that a later round needs.
pub(super) struct PartResults<'r, 'c> {
    pub(super) part: &'r RoundPart,
    pub(super) gathering: &'r mut Gathering<'c>,
    pub(super) shown: &'r mut (dyn Results + Send),
    pub(super) interest: &'r Interest,
    /// Sees which unknown verdicts are the examples that a summary gives.
    pub(super) examples: Summaries<'r>,
    pub(super) kept: Batch,
}

impl Results for PartResults<'_, '_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        let placed = self.part.place(result);
        let matters = self.gathering.observe(&placed);
        if self.interest.shows(result) {
            self.shown.result(&placed);
        }
        let is_example = result.verdict.reason().is_some() && self.examples.observe(result, None);
        if matters || is_example {
            self.kept.keep(result);
        }
    }
}

/// Passes the results of an earlier round on as results of this one.
pub(super) struct EarlierResults<'r, 'c> {
    pub(super) part: &'r RoundPart,
    pub(super) gathering: &'r mut Gathering<'c>,
}

impl Results for EarlierResults<'_, '_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self.gathering.observe(&self.part.place(result));
    }
}
