//! Which archivals wait for a confirmation.
//!
//! Whoever removes one baseline of several from the folder wants its findings archived. A folder that has
//! none left was emptied, or is another one.

use std::collections::BTreeSet;

use cel::Timestamp;
use engine::drift::{ArchivalLimit, Consent, Finding, FindingChange, HeldArchivals, KnownFindings};
use engine::plan::{BaselineKey, Plan};

/// What the folder held, round by round.
#[derive(Debug)]
pub(super) struct Archivals {
    limit: ArchivalLimit,
    is_confirmed: bool,
    before: BTreeSet<BaselineKey>,
    /// Baselines that were removed one by one.
    removed: BTreeSet<BaselineKey>,
}

impl Archivals {
    pub(super) const fn new(limit: ArchivalLimit, is_confirmed: bool) -> Self {
        Self { limit, is_confirmed, before: BTreeSet::new(), removed: BTreeSet::new() }
    }

    /// Takes what waits for a confirmation out of the changes that follow of these plans.
    pub(super) fn hold(
        &mut self,
        plans: &[Plan],
        (changes, known): (&mut Vec<FindingChange>, &KnownFindings),
        time: Timestamp,
    ) -> HeldArchivals {
        let now: BTreeSet<BaselineKey> = plans.iter().map(|plan| plan.baseline.clone()).collect();
        let gone: Vec<&BaselineKey> = self.before.difference(&now).collect();
        if let ([one], false) = (gone.as_slice(), now.is_empty()) {
            self.removed.insert((*one).clone());
        }
        self.removed.retain(|baseline| !now.contains(baseline));
        let consent = |finding: &Finding| {
            let baseline = &finding.generator.baseline;
            if self.is_confirmed || self.removed.contains(baseline) {
                Consent::Given
            } else if now.is_empty() {
                Consent::Needed
            } else {
                Consent::WithinLimit
            }
        };
        let held = HeldArchivals::hold(changes, known, self.limit, time, consent);
        self.before = now;
        held
    }

    /// What is said of what waits.
    pub(super) fn message(&self, held: &HeldArchivals) -> Option<String> {
        let why = if self.before.is_empty() {
            "no baseline is in force any more".to_owned()
        } else {
            format!("that is {} of what is not archived", self.limit)
        };
        (!held.is_empty()).then(|| {
            format!(
                "{} would be archived at once, and stay as they are because {why}; if it is \
                 intended, start again with --confirm-archival",
                held.summary()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::drift::fixture::{at, findings, plan};

    /// How many of the archivals of a baseline's findings wait, after folders with these baselines.
    fn waiting(count: usize, rounds: &[&[&str]]) -> usize {
        let names: Vec<String> = (0..count).map(|number| format!("bucket-{number}")).collect();
        let mut known = KnownFindings::new();
        for finding in findings(&names, at(0)) {
            known.upsert(finding);
        }
        let mut archivals = Archivals::new(ArchivalLimit::default(), false);
        let mut held = HeldArchivals::default();
        for names in rounds {
            let plans = names.iter().map(|name| {
                let mut plan = plan(&[]);
                plan.baseline.name = (*name).to_owned();
                plan
            });
            let mut changes =
                known.iter().cloned().map(Into::into).map(FindingChange::Archived).collect();
            held = archivals.hold(&plans.collect::<Vec<_>>(), (&mut changes, &known), at(0));
        }
        held.total()
    }

    #[test]
    fn a_baseline_that_is_removed_by_itself_is_archived_however_much_it_found() {
        assert_eq!(waiting(500, &[&["production", "other"], &["other"], &["other"]]), 0);
    }

    #[test]
    fn what_goes_with_others_or_was_never_seen_is_held_above_the_limit() {
        assert_eq!(waiting(500, &[&["production", "one", "other"], &["other"]]), 500);
        assert_eq!(waiting(500, &[&["other"]]), 500);
        assert_eq!(waiting(100, &[&["other"]]), 0);
    }

    #[test]
    fn an_emptied_folder_archives_nothing() {
        assert_eq!(waiting(1, &[&["production"], &[]]), 1);
        assert_eq!(waiting(1, &[&[]]), 1);
    }
}
