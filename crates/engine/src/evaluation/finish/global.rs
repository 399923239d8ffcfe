//! Resources that belong to an account as a whole: judged once, by their latest copy.

use bumpalo::Bump;

use super::Finish;
use super::gathered::JoinEntry;
use crate::evaluation::evaluator::judge_alone;
use crate::evaluation::fault::Fault;
use crate::evaluation::judge::At;
use crate::evaluation::keep::Broken;
use crate::evaluation::places::TargetByPlan;
use crate::evaluation::prepared::TypeEntry;

impl<'p> Finish<'_, 'p> {
    /// Judges resources of global types alone.
    pub(super) fn global(&mut self) {
        if self.affected.is_some_and(|affected| !affected.includes_global()) {
            return;
        }
        let mut arena = Bump::new();
        let evaluation = self.evaluation;
        for entry in evaluation.types.values().filter(|entry| entry.is_global) {
            for account in evaluation.places.accounts() {
                for kept in self.gathered.of(account.number, entry.number) {
                    arena.reset();
                    let judged = kept.item(&arena).map(|item| {
                        judge_alone(
                            &mut self.judge,
                            evaluation,
                            entry,
                            &account.home,
                            &item,
                            self.results,
                        );
                    });
                    if let Err(broken) = judged {
                        self.broken_alone(entry, &account.home, *kept, broken);
                    }
                }
            }
        }
    }

    fn broken_alone(
        &mut self,
        entry: &TypeEntry<'p>,
        targets: &TargetByPlan,
        kept: JoinEntry<'_>,
        broken: Broken,
    ) {
        let evaluation = self.evaluation;
        for check in entry.need.alone.iter().filter_map(|at| evaluation.checks.get(*at)) {
            if let Some(target) = targets.get(check.plan) {
                self.broken(At { check, target }, kept, broken);
            }
        }
    }

    /// Says of a kept item that cannot be read that nothing can be said of it.
    pub(super) fn broken(&mut self, at: At<'_, 'p>, kept: JoinEntry<'_>, broken: Broken) {
        let fault = Fault::Internal(broken.into());
        match kept.head() {
            Ok(head) => self.judge.unknown(at, head.subject(), &fault, None, self.results),
            Err(broken) => self.lose(broken.into()),
        }
    }
}
