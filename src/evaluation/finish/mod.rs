//! What is judged when all items have come: what joins, what looks at a whole region or account,
//! what is recorded in several regions, attestations, and what was not read.

mod attestations;
mod gathered;
mod global;
mod joins;
mod reads;
mod together;
mod unread;

use super::coverage::Coverage;
use super::judge::Judge;
use super::outcome::Outcome;
use super::prepared::Evaluation;
use super::result::Results;
use super::worker::Worker;
use gathered::Gathered;
use reads::Reads;

/// All that the last verdicts are made from.
struct Finish<'f, 'p> {
    evaluation: &'f Evaluation<'p>,
    judge: Judge<'p>,
    gathered: Gathered<'f>,
    reads: Reads<'f>,
    results: &'f mut dyn Results,
}

impl<'p> Evaluation<'p> {
    /// Judges what had to wait for all items, says what was not read, and sums up. `coverage` says
    /// what was read of what the workers were given; without it, nothing was.
    pub fn finish(
        &self,
        workers: Vec<Worker<'_, 'p>>,
        coverage: &Coverage,
        results: &mut dyn Results,
    ) -> Outcome {
        let mut judge = Judge::new(self.plans, self.now);
        let mut reads = Reads::new(self, coverage);
        let mut keeps = Vec::with_capacity(workers.len());
        for worker in workers {
            judge.outcome.merge(&worker.judge.outcome);
            reads.leave_out(worker.unplaced.iter().filter_map(|number| self.type_of(*number)));
            keeps.push(worker.keep);
        }
        let gathered = Gathered::new(self, &keeps);
        let mut finish = Finish { evaluation: self, judge, gathered, reads, results };
        finish.global();
        finish.joined();
        finish.together();
        finish.attestations();
        finish.unread();
        finish.judge.outcome
    }
}
