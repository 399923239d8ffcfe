//! One look at everything that this replica tells of: what there is to write.
//!
//! Reads the caches and writes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use kube::{Resource, ResourceExt};
use serde::Serialize;

use super::claim::Claims;
use super::condition::refusal;
use super::job::Job;
use super::{account, baseline, objects};
use crate::api::{BaselineReport, ObjectKey, ObjectStatus, SecurityBaseline};
use crate::controller::operator::bucket::Ownership;
use crate::controller::operator::context::Context;
use crate::controller::operator::desired::Desired;
use crate::controller::operator::events::{About, Notice};
use crate::controller::operator::stores::Held;
use crate::controller::operator::time::time_of;
use crate::metrics::ConditionStatus;
use crate::plan::{BaselineKey, Problem};
use crate::resource::Timestamp;

/// The reports of each baseline.
type Reports<'l> = BTreeMap<BaselineKey, Vec<&'l BaselineReport>>;

/// The state, as a hash, of each baseline of which nothing was to be written.
pub(super) type Settled = HashMap<BaselineKey, u64>;

/// The uids of deleted objects that wait, and of which an event was sent.
pub(super) type Announced = HashSet<String>;

/// What is remembered from look to look.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Baselines of which nothing was to be written.
    pub(super) settled: Settled,
    /// Deleted objects of which an event was sent.
    pub(super) announced: Announced,
    /// The marks of operators on accounts.
    pub(super) claims: Claims,
}

/// What one look is about.
pub(super) struct Look<'l> {
    pub(super) context: &'l Context,
    pub(super) desired: &'l Desired,
    ownership: &'l Ownership,
    pub(super) reports: Reports<'l>,
    pub(super) memory: &'l mut Memory,
    pub(super) now: Timestamp,
    pub(super) jobs: Vec<Job>,
}

fn by_baseline(all: &Held<BaselineReport>) -> Reports<'_> {
    let mut reports = Reports::new();
    for report in all.iter() {
        let namespace = report.namespace().unwrap_or_default();
        let key = BaselineKey { namespace, name: report.spec.baseline.clone() };
        reports.entry(key).or_default().push(report);
    }
    reports
}

/// What a baseline's status follows of, besides what users want: its object and its reports.
fn state_of(baseline: &SecurityBaseline, reports: &[&BaselineReport]) -> u64 {
    let mut hasher = DefaultHasher::new();
    baseline.metadata.resource_version.hash(&mut hasher);
    for report in reports {
        (&report.metadata.uid, &report.metadata.resource_version).hash(&mut hasher);
    }
    hasher.finish()
}

impl<'l> Look<'l> {
    pub(super) fn new(
        context: &'l Context,
        desired: &'l Desired,
        ownership: &'l Ownership,
        reports: &'l Held<BaselineReport>,
        memory: &'l mut Memory,
    ) -> Self {
        let (reports, now) = (by_baseline(reports), context.clock.now());
        let jobs = Vec::new();
        Self { context, desired, ownership, reports, memory, now, jobs }
    }

    /// What there is to write.
    pub(super) fn jobs(mut self) -> Vec<Job> {
        self.at_baselines();
        self.at_accounts();
        self.at_catalog();
        self.at_exemptions_and_attestations();
        self.jobs
    }

    fn at_baselines(&mut self) {
        let metrics = self.context.metrics.baselines();
        let baselines = Held::of(&self.context.stores.baselines);
        if !self.desired.may_lack_baselines {
            let keys: BTreeSet<BaselineKey> = baselines.iter().map(BaselineKey::of).collect();
            metrics.retain(|key| keys.contains(key));
            self.memory.settled.retain(|key, _| keys.contains(key));
        }
        for baseline in baselines.iter() {
            let key = BaselineKey::of(baseline);
            if !self.ownership.has_object(&ObjectKey::of(baseline)) {
                metrics.compliance(&key, None);
                metrics.conditions(&key, []);
                self.memory.settled.remove(&key);
                continue;
            }
            self.finalize_baseline(baseline, &key);
            let Some(plan) = self.desired.plans.get(&key) else { continue };
            let reports: Vec<&BaselineReport> =
                self.reports.get(&key).into_iter().flatten().copied().collect();
            let state = state_of(baseline, &reports);
            if self.memory.settled.get(&key) == Some(&state) {
                continue;
            }
            let before = baseline.status.as_ref();
            let told = baseline::of(plan, &reports, before, self.now);
            if told.is_whole {
                metrics.compliance(&key, told.compliance_ratio);
            }
            let conditions = told.status.conditions.iter();
            let conditions =
                conditions.map(|it| (it.type_.clone(), ConditionStatus::of(&it.status)));
            metrics.conditions(&key, conditions);
            match baseline::news(told.status, before) {
                Some(status) => {
                    let is_progress =
                        before.is_some_and(|before| baseline::is_progress(&status, before));
                    let stood = before.map(|it| it.conditions.as_slice());
                    let notice = refusal(stood.unwrap_or_default(), &status.conditions);
                    self.write(baseline, &status, is_progress, notice);
                }
                None => drop(self.memory.settled.insert(key, state)),
            }
        }
        self.orphans();
    }

    /// Reports of accounts that are gone: nobody else takes them back.
    fn orphans(&mut self) {
        for report in self.reports.values().flatten().copied() {
            let is_orphan = !self.desired.accounts.contains_key(&report.spec.account_id);
            let has_broken = self.desired.world.broken.iter().any(|it| it.key.kind == "AwsAccount");
            if is_orphan && !has_broken && self.ownership.has_object(&ObjectKey::of(report)) {
                self.jobs.push(Job::Orphan {
                    namespace: report.namespace().unwrap_or_default(),
                    name: report.name_any(),
                });
            }
        }
    }

    fn at_accounts(&mut self) {
        let accounts = Held::of(&self.context.stores.accounts);
        let uids: HashSet<&str> =
            accounts.iter().filter_map(|it| it.metadata.uid.as_deref()).collect();
        self.memory.claims.retain(|uid, _| uids.contains(uid.as_str()));
        for found in accounts.iter() {
            let id = &found.spec.account_id;
            let rival = self.desired.rivals.get(&found.name_any()).map(String::as_str);
            // A worker's replica alone knows what it learned.
            if !self.ownership.has_account(&found.spec) {
                continue;
            }
            let learned = self.context.notebook.page(id);
            let wait = self.finalize_account(found, learned.as_ref(), rival.is_some());
            let others = self.claim(found);
            if learned.is_none()
                && wait.is_none()
                && others.is_none()
                && rival.is_none()
                && found.status.is_some()
            {
                continue; // what was told stands until there is news
            }
            let sink = &self.context.settings.sink;
            let (learned, wait, others) = (learned.as_ref(), wait.as_deref(), others.as_deref());
            let seen = account::Seen { learned, rival, wait, others };
            let status = account::of(found, &seen, sink, &time_of(self.now));
            if found.status.as_ref() != Some(&status) {
                let stood = found.status.as_ref().map(|it| it.conditions.as_slice());
                let notice = refusal(stood.unwrap_or_default(), &status.conditions);
                self.write(found, &status, false, notice);
            }
        }
    }

    fn at_catalog(&mut self) {
        let controls = Held::of(&self.context.stores.controls);
        for control in controls.iter() {
            self.catalog(control, control.status.as_ref());
        }
        let packs = Held::of(&self.context.stores.packs);
        for pack in packs.iter() {
            self.catalog(pack, pack.status.as_ref());
        }
    }

    fn catalog<K: Resource<DynamicType = ()>>(
        &mut self,
        object: &K,
        before: Option<&ObjectStatus>,
    ) {
        let key = ObjectKey::of(object);
        let problems = self.desired.catalog_problems.iter().filter(|it| it.object == key);
        let said = objects::of_catalog(&problems.collect::<Vec<_>>());
        self.accepted(object, said, before);
    }

    fn at_exemptions_and_attestations(&mut self) {
        let exemptions = Held::of(&self.context.stores.exemptions);
        for exemption in exemptions.iter() {
            let problems = self.problems_of(&ObjectKey::of(exemption));
            let said = objects::of_exemption(exemption, &problems, self.now);
            self.accepted(exemption, said, exemption.status.as_ref());
        }
        let attestations = Held::of(&self.context.stores.attestations);
        for attestation in attestations.iter() {
            let problems = self.problems_of(&ObjectKey::of(attestation));
            let said = objects::of_attestation(attestation, &problems, self.now);
            self.accepted(attestation, said, attestation.status.as_ref());
        }
    }

    fn problems_of(&self, key: &ObjectKey) -> Vec<&Problem> {
        self.desired.problems.iter().filter(|problem| problem.object == *key).collect()
    }

    fn accepted<K: Resource<DynamicType = ()>>(
        &mut self,
        object: &K,
        said: super::condition::Said,
        before: Option<&ObjectStatus>,
    ) {
        if !self.ownership.has_object(&ObjectKey::of(object)) || !self.desired.has_judged(object) {
            return;
        }
        let generation = object.meta().generation;
        let status = objects::status(said, generation, before, &time_of(self.now));
        if before != Some(&status) {
            let stood = before.map(|it| it.conditions.as_slice());
            let notice = refusal(stood.unwrap_or_default(), &status.conditions);
            self.write(object, &status, false, notice);
        }
    }

    pub(super) fn write<K: Resource<DynamicType = ()>>(
        &mut self,
        object: &K,
        status: &impl Serialize,
        is_progress: bool,
        notice: Option<Notice>,
    ) {
        let notice = notice.map(|notice| Box::new((About::object(object), notice)));
        let (key, version) = (ObjectKey::of(object), object.meta().resource_version.clone());
        match serde_json::to_value(status) {
            Ok(status) => {
                self.jobs.push(Job::Status { key, version, status, is_progress, notice });
            }
            Err(error) => tracing::error!(%error, "a status cannot be written as JSON"),
        }
    }
}
