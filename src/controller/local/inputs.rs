//! What one round is made from: the objects in force, resolved.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::folder::Desired;
use crate::api::document::{Diagnostic, Located};
use crate::api::{AwsAccount, AwsAccountSpec};
use crate::controller::Progress;
use crate::controller::round::Round;
use crate::controller::schedule;
use crate::controller::sources::{LiveSources, SourceInput, SourceReport};
use crate::drift::{Installation, KnownFindings};
use crate::plan::{LastGood, Resolved};
use crate::publish::Place;
use crate::resource::Timestamp;

/// What one round is made from.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) resolved: Resolved,
    pub(super) sources: Vec<SourceInput>,
    /// What is wrong with the files as they are.
    pub(super) mistakes: Vec<Diagnostic>,
    pub(super) may_lack_baselines: bool,
    accounts: Vec<Located<AwsAccount>>,
}

impl Inputs {
    /// Resolves what the folder says, as of `now`. What is wrong now counts as it last was without
    /// mistakes.
    pub(super) fn of(desired: Desired, last: &mut LastGood, now: Timestamp) -> Self {
        let Desired { objects, mut mistakes, may_lack_baselines } = desired;
        let mut resolved = objects.resolve_lasting(now, last);
        mistakes.append(&mut resolved.mistakes);
        let sources = SourceInput::snapshots(&objects.accounts, &resolved.plans);
        let accounts = objects.accounts;
        Self { resolved, sources, mistakes, may_lack_baselines, accounts }
    }

    /// Reads the accounts whose items come from AWS.
    pub(super) async fn read_live(
        &mut self,
        live: &mut LiveSources,
        now: Timestamp,
        progress: &dyn Progress,
    ) {
        let accounts = self.accounts.iter().map(|account| &account.object);
        let read = live.refresh(accounts, &self.resolved.plans, now, progress).await;
        self.sources.extend(read);
    }

    /// What the accounts' objects say.
    pub(super) fn account_specs(&self) -> impl Iterator<Item = &AwsAccountSpec> {
        self.accounts.iter().map(|account| &account.object.spec)
    }

    /// Where findings of these plans may stand: in every target, and in all the other regions that
    /// the accounts name, for a baseline may have held there.
    pub(super) fn places(&self) -> Vec<Place> {
        let targets = self.resolved.plans.iter().flat_map(|plan| &plan.targets);
        let targets = targets.map(Place::from);
        let named = self.account_specs().flat_map(|spec| {
            spec.regions.iter().map(|region| Place {
                account: spec.account_id.clone(),
                region: region.clone(),
                partition: spec.partition,
            })
        });
        targets.chain(named).collect::<BTreeSet<Place>>().into_iter().collect()
    }

    /// The files and folders that snapshots are in.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = PathBuf> {
        self.sources.iter().filter_map(|source| match source {
            SourceInput::Snapshot(snapshot) => Some(snapshot.path.clone()),
            SourceInput::Live(_) => None,
        })
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
            .filter_map(|(source, report)| match source {
                SourceInput::Snapshot(source) => Some((source, &report.taken)),
                SourceInput::Live(_) => None,
            })
            .flat_map(|(source, taken)| {
                let ages = source.accounts.values().filter_map(|account| account.max_age);
                ages.flat_map(|age| {
                    taken.iter().map(move |at| schedule::after(*at, age.duration()))
                })
            })
            .collect()
    }
}
