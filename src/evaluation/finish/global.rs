//! Resources that belong to an account as a whole: judged once, by their latest copy.

use bumpalo::Bump;

use super::Finish;
use crate::evaluation::worker::judge_alone;

impl Finish<'_, '_> {
    /// Judges resources of global types alone.
    pub(super) fn global(&mut self) {
        let mut arena = Bump::new();
        let evaluation = self.evaluation;
        for entry in evaluation.types.values().filter(|entry| entry.is_global) {
            for account in evaluation.places.accounts() {
                for place in self.gathered.of(account.number, entry.number) {
                    arena.reset();
                    if let Some(item) = self.gathered.item(*place, &arena) {
                        judge_alone(
                            &mut self.judge,
                            evaluation,
                            entry,
                            &account.home,
                            &item,
                            &arena,
                            self.results,
                        );
                    }
                }
            }
        }
    }
}
