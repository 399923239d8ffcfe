//! How many findings of a baseline may stand open in one account.
//!
//! What stands is never closed for want of room; what is new waits until some of it is fixed, and is
//! counted. The last quarter of the room is for critical and high severities alone.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::known::KnownFindings;
use crate::plan::{BaselineKey, Plan};
use model::{AccountId, Severity};

/// The most findings of a baseline in one account: about 80 MB of memory, and 20 seconds of what
/// Security Hub takes.
pub const MOST_FINDINGS: usize = 20_000;

/// The room that is left, by plan.
#[derive(Debug)]
pub(super) struct Room<'c> {
    plans: Vec<BTreeMap<&'c AccountId, usize>>,
    left_out: Vec<u64>,
    most: usize,
}

impl<'c> Room<'c> {
    /// What stands already; there is room for everything.
    pub(super) fn beside(known: &'c KnownFindings, plans: &'c [Plan]) -> Self {
        let keys = plans.iter().enumerate().map(|(at, plan)| (&plan.baseline, at));
        let by_baseline: BTreeMap<&BaselineKey, usize> = keys.collect();
        let mut standing: Vec<BTreeMap<&AccountId, usize>> = vec![BTreeMap::new(); plans.len()];
        for finding in known.iter() {
            let at = by_baseline.get(&finding.generator.baseline).copied();
            if let Some((plan, standing)) =
                at.and_then(|at| Some((plans.get(at)?, standing.get_mut(at)?)))
                && takes_room(plan, finding)
            {
                *standing.entry(&finding.account).or_default() += 1;
            }
        }
        Self { plans: standing, left_out: vec![0; plans.len()], most: usize::MAX }
    }

    /// The same with at most so many findings of a baseline in one account.
    pub(super) fn of_at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Takes the place of a new finding; `false` where there is none, which then is counted.
    pub(super) fn take(&mut self, plan: usize, account: &'c AccountId, severity: Severity) -> bool {
        let most = match severity {
            Severity::Critical | Severity::High => self.most,
            Severity::Medium | Severity::Low | Severity::Informational => self.most - self.most / 4,
        };
        let Some(standing) = self.plans.get_mut(plan) else { return false };
        let standing = standing.entry(account).or_default();
        if *standing < most {
            *standing += 1;
            return true;
        }
        if let Some(left_out) = self.left_out.get_mut(plan) {
            *left_out += 1;
        }
        false
    }

    /// How many found no place, by plan.
    pub(super) fn left_out(self) -> Vec<u64> {
        self.left_out
    }
}

/// What is resolved takes room only where the baseline publishes what passes, too.
fn takes_room(plan: &Plan, finding: &Finding) -> bool {
    finding.is_open() || plan.publish.passed && !finding.archived
}
