//! What one round is made from: the objects in force, resolved.

use std::path::PathBuf;

use super::contents::Contents;
use assess::{Assessed, PlacedAccount, SourceInput};
use aws::publish::Place;
use cel::Timestamp;
use engine::plan::{DesiredBuilder, Resolved};
use manifest::document::Diagnostic;

/// What one round is made from.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) assessed: Assessed,
    /// What is wrong with the files as they are.
    pub(super) mistakes: Vec<Diagnostic>,
}

impl Inputs {
    /// Resolves what the folder says, as of `now`. What is wrong now counts as it last was without
    /// mistakes.
    pub(super) fn of(contents: Contents, builder: &mut DesiredBuilder, now: Timestamp) -> Self {
        let Contents { objects, mut mistakes, may_lack_baselines } = contents;
        let mut resolved = Resolved::lasting(&objects, now, builder);
        mistakes.append(&mut resolved.mistakes);
        let accounts = objects.accounts.into_iter().map(|located| PlacedAccount {
            folder: located.folder().to_owned(),
            account: located.object,
        });
        let (plans, accounts) = (resolved.plans.into(), accounts.collect());
        Self { assessed: Assessed { plans, accounts, may_lack_baselines }, mistakes }
    }

    /// Where findings may stand.
    pub(super) fn places(&self) -> Vec<Place> {
        self.assessed.places().into_iter().collect()
    }

    /// The files and folders that snapshots are in.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = PathBuf> {
        self.assessed.snapshots().into_iter().filter_map(|source| match source {
            SourceInput::Snapshot(snapshot) => snapshot.bucket.is_none().then_some(snapshot.path),
            SourceInput::Live(_) => None,
        })
    }
}
