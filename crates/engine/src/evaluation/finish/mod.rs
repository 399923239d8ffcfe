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

use super::coverage::Coverage;
use super::evaluator::Evaluator;
use super::judge::Judge;
use super::outcome::Outcome;
use super::prepared::Evaluation;
use super::result::Results;
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
        let mut judge = Judge::new(self.plans, &self.budgets, self.now);
        let mut reads = JoinReads::new(self, coverage);
        let mut keeps = Vec::with_capacity(workers.len());
        let mut lost = None;
        for worker in workers {
            judge.outcome.merge(&worker.judge.outcome);
            lost = lost.or(worker.judge.lost);
            reads.leave_out(&worker.unplaced);
            keeps.push(worker.keep);
        }
        let gathered = Gathered::new(self, &keeps);
        let mut finish = Finish { evaluation: self, judge, gathered: &gathered, reads, results };
        if let Some(error) = lost {
            finish.reads.lose_all(error);
        }
        if let Some(error) = gathered.lost {
            finish.lose(error);
        }
        finish.global();
        finish.joined();
        finish.together();
        finish.attestations();
        finish.refused();
        finish.unread();
        finish.judge.outcome
    }
}

impl Finish<'_, '_> {
    /// Something is lost, and nobody can say what: nothing that was kept counts as read.
    fn lose(&mut self, error: InternalError) {
        self.judge.outcome.internal.add(error);
        self.reads.lose_kept(error);
    }
}
