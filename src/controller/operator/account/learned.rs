//! What an evaluation tells of the account itself, for the status of its `AwsAccount`.

use std::collections::BTreeMap;

use super::work::AccountWork;
use crate::controller::round::RoundReport;
use crate::drift::KnownFindings;
use crate::evaluation::TargetOutcome;
use crate::plan::Target;
use crate::resource::{Region, UnknownReason};

/// What an evaluation tells of the account itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::controller::operator) struct Learned {
    /// What is known of the recorder of each region.
    pub(in crate::controller::operator) recorders: BTreeMap<Region, RecorderState>,
    /// What could not be read.
    pub(in crate::controller::operator) unreadable: Option<String>,
    /// How many findings of baselines that are gone could not be archived yet.
    pub(in crate::controller::operator) left_open: usize,
    /// Why the last evaluation did not come about.
    pub(in crate::controller::operator) failure: Option<String>,
}

/// What is known of a region's recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller::operator) enum RecorderState {
    Stopped,
    /// What was delivered is too old to say anything of today.
    Stale,
    /// Nothing says that it is off.
    NotSaid,
}

impl Learned {
    /// What `round` and the findings that stand after it tell.
    pub(super) fn of(work: &AccountWork, round: &RoundReport, known: &KnownFindings) -> Self {
        let mut recorders = BTreeMap::new();
        for (plan, outcome) in work.plans.iter().zip(&round.outcome.plans) {
            if !plan.suspended {
                for (target, outcome) in plan.targets.iter().zip(&outcome.targets) {
                    note(&mut recorders, target, outcome);
                }
            }
        }
        let open = known.iter().filter(|finding| !finding.archived);
        let gone = open.filter(|finding| {
            let baseline = &finding.generator.baseline;
            !work.plans.iter().any(|plan| plan.baseline == *baseline)
        });
        let mut problems = round.sources.iter().flat_map(|source| &source.problems);
        Self {
            recorders,
            unreadable: problems.next().cloned(),
            left_open: if work.may_lack_baselines { 0 } else { gone.count() },
            failure: None,
        }
    }
}

/// One baseline may read what another does not: whatever any of them saw counts.
fn note(recorders: &mut BTreeMap<Region, RecorderState>, target: &Target, outcome: &TargetOutcome) {
    let counts = outcome.counts();
    let state = if counts.unknown_for(UnknownReason::RecorderStopped) > 0 {
        RecorderState::Stopped
    } else if counts.unknown_for(UnknownReason::Stale) > 0 {
        RecorderState::Stale
    } else {
        RecorderState::NotSaid
    };
    let known = recorders.entry(target.region.clone()).or_insert(state);
    if state != RecorderState::NotSaid {
        *known = state;
    }
}
