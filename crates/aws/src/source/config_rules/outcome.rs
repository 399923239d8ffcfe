//! What reading rules came to.

use std::collections::BTreeMap;

use super::super::aws_config::Unread;
use super::kept::Kept;
use super::own::RuleMark;
use cel::Timestamp;
use engine::evaluation::RuleIdentity;
use model::{Region, ResourceType};

/// What is known of rules.
#[derive(Debug, Default)]
pub struct RulesRead {
    /// What was read of each rule, region by region.
    pub types: Vec<(Region, ResourceType, Result<(), Unread>)>,
    /// The rules whose results stand in the compliance items of a region.
    pub recorded: Vec<(Region, RuleIdentity, ResourceType)>,
    /// Whether recorders run, where the account was asked for the rules' sake.
    pub recorders: Vec<(Region, Result<(), Unread>)>,
    /// What went wrong with rules that no control needs: no verdict stands on it.
    pub notes: Vec<String>,
    /// When to look again, though nothing changes.
    pub again_at: Option<Timestamp>,
}

/// What a rule came to in a region.
pub(super) enum FoundResults {
    /// Its results stand in the compliance items, as those of this rule.
    Recorded(RuleIdentity),
    /// They are in the mirror.
    Apart,
}

impl RulesRead {
    pub(super) fn add(
        &mut self,
        region: Region,
        resource_type: &ResourceType,
        outcome: Result<FoundResults, Unread>,
    ) {
        let outcome = outcome.map(|found| {
            if let FoundResults::Recorded(rule) = found {
                self.recorded.push((region.clone(), rule, resource_type.clone()));
            }
        });
        self.types.push((region, resource_type.clone(), outcome));
    }
}

/// What is known of a region.
#[derive(Default)]
pub(super) struct OfRegion {
    pub(super) outcomes: BTreeMap<ResourceType, Result<FoundResults, Unread>>,
    pub(super) kept: Vec<(ResourceType, Kept)>,
    pub(super) marks: BTreeMap<String, RuleMark>,
    pub(super) notes: Vec<String>,
    /// Whether the recorder runs, where that was asked.
    pub(super) recorder: Option<Result<(), Unread>>,
    pub(super) is_new: bool,
}

impl OfRegion {
    /// Of a region whose recorder does not run, or of which nobody knows whether it does, no rule is
    /// believed.
    pub(super) fn believe(&mut self, runs: &Result<(), Unread>) {
        if let Err(unread) = runs {
            self.outcomes.values_mut().for_each(|outcome| *outcome = Err(unread.clone()));
        }
    }
}
