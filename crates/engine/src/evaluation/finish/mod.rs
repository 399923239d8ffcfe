//! What is judged when all items have come: what joins, what looks at a whole region or account,
//! what is recorded in several regions, attestations, and what was not read.

mod attestations;
mod gathered;
mod global;
mod joins;
mod reads;
mod refused;
mod together;
mod unread;

use std::mem;

use super::coverage::Coverage;
use super::evaluator::Evaluator;
use super::incremental::{Affected, Again};
use super::joining::JoinIndexes;
use super::judge::Judge;
use super::outcome::Outcome;
use super::prepared::Evaluation;
use super::result::{Results, Stage};
use gathered::Gathered;
use model::InternalError;
use reads::JoinReads;

/// All that the last verdicts are made from.
struct Finish<'f, 'p> {
    evaluation: &'f Evaluation<'p>,
    judge: Judge,
    gathered: &'f Gathered<'f>,
    reads: JoinReads<'f>,
    results: &'f mut dyn Results,
    /// What of it is judged: all where there is none.
    affected: Option<&'f Affected>,
    /// What controls join, where somebody goes on from it.
    joins: Option<&'f mut JoinIndexes>,
}

/// What there is to finish.
pub(super) struct Unfinished<'u, 'e, 'p> {
    pub(super) workers: Vec<Evaluator<'e, 'p>>,
    pub(super) coverage: &'u Coverage,
    /// What of it is judged: all where there is none.
    pub(super) affected: Option<&'u Affected>,
    /// Where to keep what controls join, if somebody goes on from it.
    pub(super) joins: Option<&'u mut JoinIndexes>,
}

impl<'p> Evaluation<'p> {
    /// Judges what had to wait for all items, says what was not read, and sums up. `coverage` says
    /// what was read of what the workers were given; without it, nothing was.
    pub fn finish(
        &self,
        workers: Vec<Evaluator<'_, 'p>>,
        coverage: &Coverage,
        results: &mut dyn Results,
    ) -> Outcome {
        let mut alone = Outcome::of(self.plans);
        for worker in &workers {
            alone.merge(&worker.judge.outcome);
        }
        let unfinished = Unfinished { workers, coverage, affected: None, joins: None };
        self.finish_from(alone, unfinished, results, |together| together)
    }

    /// Judges what had to wait, counting on from `counted`, and says what was not read of all that
    /// `sum` makes of it.
    pub(super) fn finish_from(
        &self,
        counted: Outcome,
        Unfinished { workers, coverage, affected, joins }: Unfinished<'_, '_, 'p>,
        results: &mut dyn Results,
        sum: impl FnOnce(Outcome) -> Outcome,
    ) -> Outcome {
        let mut judge = Judge::new(self.plans, &self.budgets, self.now);
        judge.outcome = counted;
        let mut reads = JoinReads::new(self, coverage);
        let mut keeps = Vec::with_capacity(workers.len());
        let mut lost = None;
        for worker in workers {
            lost = lost.or(worker.judge.lost);
            reads.leave_out(&worker.unplaced);
            keeps.push(worker.keep);
        }
        let gathered = Gathered::new(self, &keeps);
        results.stage(Stage::Together);
        let gathered_items = &gathered;
        let mut finish = Finish {
            evaluation: self,
            judge,
            gathered: gathered_items,
            reads,
            results,
            affected,
            joins,
        };
        if let Some(error) = lost {
            finish.reads.lose_all(error);
        }
        if let Some(error) = gathered.lost {
            finish.lose(error);
        }
        finish.global();
        finish.joined();
        finish.together();
        finish.judge.outcome = sum(mem::take(&mut finish.judge.outcome));
        finish.results.stage(Stage::Always);
        finish.attestations();
        finish.refused();
        finish.unread();
        finish.judge.outcome.is_budget_spent = self.budgets.is_any_spent();
        finish.judge.outcome
    }
}

impl<'f> Finish<'f, '_> {
    /// What a check judges now.
    fn again(&self, check: usize) -> &'f Again {
        self.affected.map_or(&Again::All, |affected| affected.again(check))
    }

    /// Something is lost, and nobody can say what: nothing that was kept counts as read.
    fn lose(&mut self, error: InternalError) {
        self.judge.outcome.internal.add(error);
        self.reads.lose_kept(error);
    }
}
