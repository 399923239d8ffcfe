//! What one round is made from: the objects in force, resolved.

use std::path::PathBuf;

use super::folder::Desired;
use crate::api::document::Diagnostic;
use crate::controller::round::Round;
use crate::controller::schedule;
use crate::controller::sources::{SourceInput, SourceReport};
use crate::drift::{Installation, KnownFindings};
use crate::plan::Resolved;
use crate::resource::Timestamp;

/// What one round is made from.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) resolved: Resolved,
    pub(super) sources: Vec<SourceInput>,
    /// What is wrong with the files as they are.
    pub(super) mistakes: Vec<Diagnostic>,
    pub(super) may_lack_baselines: bool,
}

impl Inputs {
    /// Resolves what the folder says, as of `now`.
    pub(super) fn of(desired: Desired, now: Timestamp) -> Self {
        let Desired { objects, mut mistakes, may_lack_baselines } = desired;
        let mut resolved = objects.resolve(now);
        mistakes.append(&mut resolved.mistakes);
        let sources = SourceInput::of(&objects.accounts, &resolved.plans);
        Self { resolved, sources, mistakes, may_lack_baselines }
    }

    /// The files and folders that snapshots are in.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = PathBuf> {
        self.sources.iter().map(|source| source.path.clone())
    }

    /// The round over these inputs.
    pub(super) fn round<'r>(
        &'r self,
        known: &'r KnownFindings,
        installation: &'r Installation,
        now: Timestamp,
    ) -> Round<'r> {
        Round {
            plans: &self.resolved.plans,
            sources: &self.sources,
            known: Some(known),
            installation,
            now,
            may_lack_baselines: self.may_lack_baselines,
        }
    }

    /// When the snapshots become stale.
    pub(super) fn stale_at(&self, reports: &[SourceReport]) -> Vec<Timestamp> {
        let taken = self.sources.iter().zip(reports);
        taken
            .filter_map(|(source, report)| Some((source, report.taken_at?)))
            .flat_map(|(source, taken_at)| {
                let ages = source.accounts.values().filter_map(|account| account.max_age);
                ages.map(move |age| schedule::after(taken_at, age.duration()))
            })
            .collect()
    }
}
