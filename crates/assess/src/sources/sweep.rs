//! Removes AWS Config rules of Plumbline's own where nobody reads any more: of an account that no active
//! baseline speaks of, of one that has left, and in a region that an account has left.
//!
//! Nobody waits for it, and what could not be removed is tried again. Rules of suspended baselines stay.
//! What has left before the process started is not known here.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinHandle;

use super::access::{AwsAccounts, home_region};
use super::live::max_age;
use super::rules::wanted_rules;
use api::AwsAccountSpec;
use aws::source::Mirror;
use aws::source::config_rules::{ConfigRules, KnownRecorders, OwnRules, RulesAsked, WantedRule};
use cel::Timestamp;
use engine::plan::Plan;
use model::{AccountId, Region, ResourceType};

/// Removes rules where nobody reads any more.
#[derive(Debug)]
pub(super) struct Sweeper {
    due: BTreeMap<AccountId, Abandoned>,
    /// Where nothing is left.
    done: BTreeMap<AccountId, Abandoned>,
    running: Option<JoinHandle<Vec<Abandoned>>>,
}

/// Regions of an account in which rules may be left.
#[derive(Debug, Clone)]
struct Abandoned {
    spec: AwsAccountSpec,
    regions: BTreeSet<Region>,
    /// What suspended baselines want there.
    wanted: BTreeMap<ResourceType, WantedRule>,
}

impl Abandoned {
    /// Whether what was done for another is enough for this.
    fn is_covered_by(&self, done: &Self) -> bool {
        let places = |wanted: &BTreeMap<ResourceType, WantedRule>| -> Vec<_> {
            let all = wanted.iter().map(|(name, wanted)| (name.clone(), wanted.regions.clone()));
            all.collect()
        };
        self.spec == done.spec
            && self.regions.is_subset(&done.regions)
            && places(&self.wanted) == places(&done.wanted)
    }
}

impl Sweeper {
    /// Nothing has to be removed.
    pub(super) const fn new() -> Self {
        Self { due: BTreeMap::new(), done: BTreeMap::new(), running: None }
    }

    /// Takes note of regions of an account in which nobody reads.
    pub(super) fn abandon(
        &mut self,
        spec: &AwsAccountSpec,
        regions: impl IntoIterator<Item = Region>,
        plans: &[Plan],
    ) {
        let account = &spec.account_id;
        let mut regions: BTreeSet<Region> = regions.into_iter().collect();
        if regions.is_empty() || !spec.source.manages_config_rules() {
            return;
        }
        let wanted = wanted_rules(account, plans).into_iter();
        let wanted = wanted.map(|(name, rule)| (name, WantedRule { is_read: false, ..rule }));
        regions.extend(self.due.remove(account).into_iter().flat_map(|before| before.regions));
        let abandoned = Abandoned { spec: spec.clone(), regions, wanted: wanted.collect() };
        if !self.done.get(account).is_some_and(|done| abandoned.is_covered_by(done)) {
            self.due.insert(account.clone(), abandoned);
        }
    }

    /// Takes note of regions of an account that are read again.
    pub(super) fn take_back(&mut self, account: &AccountId, regions: &BTreeSet<Region>) {
        self.done.remove(account);
        if let Some(due) = self.due.get_mut(account) {
            due.regions.retain(|region| !regions.contains(region));
            if due.regions.is_empty() {
                self.due.remove(account);
            }
        }
    }

    /// Starts to remove what is due, unless that goes on already.
    pub(super) async fn start(&mut self, aws: &AwsAccounts, own: &OwnRules, now: Timestamp) {
        if self.running.as_ref().is_some_and(JoinHandle::is_finished) {
            self.finish().await;
        }
        if self.running.is_some() || self.due.is_empty() {
            return;
        }
        let due: Vec<Abandoned> = self.due.values().cloned().collect();
        let (aws, own) = (aws.clone(), own.clone());
        self.running = Some(tokio::spawn(async move {
            let mut done = Vec::new();
            for abandoned in due {
                if sweep(&aws, &abandoned, &own, now).await {
                    done.push(abandoned);
                }
            }
            done
        }));
    }

    /// Waits for what goes on.
    pub(super) async fn finish(&mut self) {
        let Some(running) = self.running.take() else { return };
        for done in running.await.unwrap_or_default() {
            let account = done.spec.account_id.clone();
            if self.due.get(&account).is_some_and(|due| due.is_covered_by(&done)) {
                self.due.remove(&account);
                self.done.insert(account, done);
            }
        }
    }
}

/// Removes the rules that no plan wants, and says whether none is left.
async fn sweep(aws: &AwsAccounts, abandoned: &Abandoned, own: &OwnRules, now: Timestamp) -> bool {
    let Abandoned { spec, regions, wanted } = abandoned;
    let account = &spec.account_id;
    let mut rules = ConfigRules::new(account.clone(), regions.iter().cloned(), home_region(spec));
    let recorders = KnownRecorders { states: &[], are_aggregated: false, max_age: max_age(spec) };
    let recorded = BTreeMap::new();
    let asked = RulesAsked { wanted, recorded: &recorded, recorders, own: Some(own), now };
    let notes = match aws.own(spec).await {
        Ok(access) => rules.refresh(asked, &access, &Mirror::default(), &|_| ()).await.notes,
        Err(error) => vec![error.to_string()],
    };
    for note in &notes {
        tracing::warn!(%account, "AWS Config rules may be left: {note}");
    }
    notes.is_empty()
}
