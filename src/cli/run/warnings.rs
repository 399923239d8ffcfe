//! What is wrong while `plumbline run` goes on, reported once.

use std::collections::HashSet;

/// What is wrong in this round, and what was in the one before.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    now: Vec<String>,
    before: Vec<String>,
}

impl Warnings {
    /// Begins a round with these.
    pub(super) fn begin(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.now = warnings.into_iter().collect();
    }

    pub(super) fn add(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.now.extend(warnings);
    }

    /// Logs what was not wrong before, and gives whether everything that was wrong is right now.
    pub(super) fn tell(&mut self) -> bool {
        let now = std::mem::take(&mut self.now);
        let before: HashSet<&String> = self.before.iter().collect();
        for warning in now.iter().filter(|warning| !before.contains(warning)) {
            tracing::warn!("{warning}");
        }
        let fixed = now.is_empty() && !self.before.is_empty();
        self.before = now;
        fixed
    }
}
