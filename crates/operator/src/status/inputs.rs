//! One look at everything that this replica tells of: what there is to write.
//!
//! Reads the caches and writes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use kube::ResourceExt;
use serde::Serialize;

use super::claim::Claims;
use super::condition::{ConditionValue, refusal};
use super::job::{Job, StatusNews};
use super::outlook::Outlook;
use super::{account, baseline, objects, organization};
use crate::apply::is_news;
use crate::context::Context;
use crate::desired::Desired;
use crate::events::{About, Notice};
use crate::standing::StandingReports;
use crate::stores::Held;
use crate::time::time_of;
use api::{
    AwsAccount, AwsAccountStatus, BaselineReport, Condition, ConditionStatus, ConditionType,
    Object, ObjectKey, ObjectStatus, SecurityBaseline, UNOBSERVED,
};
use cel::Timestamp;
use engine::Problem;
use engine::plan::{BaselineKey, Plan};
use shard::OwnedShards;

/// The baselines of which nothing was to be written.
pub(super) type Settled = HashMap<BaselineKey, SettledBaseline>;

/// As of what nothing was to be written of a baseline.
#[derive(Debug)]
pub(super) struct SettledBaseline {
    plan: Arc<Plan>,
    /// Its object and its reports, as a hash.
    state: u64,
    /// Until when that is so.
    due: Option<Timestamp>,
}

impl SettledBaseline {
    fn is_of(&self, plan: &Arc<Plan>, state: u64, now: Timestamp) -> bool {
        Arc::ptr_eq(&self.plan, plan) && self.state == state && self.due.is_none_or(|due| now < due)
    }
}

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
pub(super) struct StatusInputs<'l> {
    pub(super) context: &'l Context,
    pub(super) desired: &'l Desired,
    shards: &'l OwnedShards,
    pub(super) reports: StandingReports<'l>,
    pub(super) memory: &'l mut Memory,
    pub(super) now: Timestamp,
    pub(super) news: Vec<StatusNews>,
    pub(super) jobs: Vec<Job>,
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

/// What is wrong with each object. To look for each among all would take long where there are many.
type ProblemsByObject<'p> = BTreeMap<&'p ObjectKey, Vec<&'p Problem>>;

fn by_object<'p>(problems: impl IntoIterator<Item = &'p Problem>) -> ProblemsByObject<'p> {
    let mut by_object = ProblemsByObject::new();
    for problem in problems {
        by_object.entry(&problem.object).or_default().push(problem);
    }
    by_object
}

/// Conditions of accounts that are measured. A thousand accounts have thousands of each.
const MEASURED: [ConditionType; 4] = [
    ConditionType::Ready,
    ConditionType::CredentialsValid,
    ConditionType::RecorderRunning,
    ConditionType::SecurityHubEnabled,
];

fn measured(condition: &Condition) -> Option<(ConditionType, ConditionStatus)> {
    Some((ConditionType::of(&condition.type_)?, ConditionStatus::of_condition(condition)))
}

/// What was reported of an account before.
fn status_before(account: &AwsAccount) -> Option<&AwsAccountStatus> {
    let status = account.status.as_ref();
    status.filter(|status| status.observed_generation != Some(UNOBSERVED))
}

impl<'l> StatusInputs<'l> {
    pub(super) fn new(
        context: &'l Context,
        desired: &'l Desired,
        shards: &'l OwnedShards,
        reports: &'l Held<BaselineReport>,
        memory: &'l mut Memory,
    ) -> Self {
        let (reports, now) = (StandingReports::of(reports.stored()), context.clock.now());
        let (news, jobs) = Default::default();
        Self { context, desired, shards, reports, memory, now, news, jobs }
    }

    /// What there is to write.
    pub(super) fn all(mut self) -> (Vec<StatusNews>, Vec<Job>) {
        self.at_baselines();
        self.at_accounts();
        self.at_organizations();
        self.at_catalog();
        self.at_exemptions_and_attestations();
        (self.news, self.jobs)
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
            if !self.shards.has_object(&ObjectKey::of(baseline)) {
                metrics.let_go(&key);
                self.memory.settled.remove(&key);
                continue;
            }
            self.finalize_baseline(baseline, &key);
            let desired = self.desired;
            let Some(plan) = desired.plans.get(&key) else { continue };
            self.end_confirmation(baseline, &key, plan);
            let reports = self.reports.of_baseline(&key);
            let state = state_of(baseline, &reports);
            let settled = self.memory.settled.get(&key);
            if settled.is_some_and(|settled| settled.is_of(plan, state, self.now)) {
                continue;
            }
            let before = baseline.status.as_ref();
            let reported = baseline::of(plan, &reports, before, self.now);
            metrics.declared(plan);
            metrics.compliance(&key, reported.compliance_ratio);
            metrics.conditions(&key, reported.status.conditions.iter().filter_map(measured));
            if is_news(&reported.status, before) {
                let is_progress =
                    before.is_some_and(|before| baseline::is_progress(&reported.status, before));
                let stood = before.map(|it| it.conditions.as_slice());
                let notice = refusal(stood.unwrap_or_default(), &reported.status.conditions);
                self.write(baseline, &reported.status, is_progress, notice);
            } else if !reported.is_awaiting {
                let settled = SettledBaseline { plan: Arc::clone(plan), state, due: reported.due };
                self.memory.settled.insert(key, settled);
            }
        }
        self.orphans();
    }

    /// Reports of accounts that are gone: nobody else takes them back.
    fn orphans(&mut self) {
        if self.desired.may_lack_accounts() {
            return;
        }
        for report in self.reports.iter() {
            let is_orphan = !self.desired.accounts.contains_key(&report.spec.account_id);
            if is_orphan && self.shards.has_object(&ObjectKey::of(report)) {
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
        let is_ours = |account: &&AwsAccount| self.shards.has_account(&account.spec);
        let ours = accounts.iter().filter(|it| is_ours(it));
        let ours: BTreeSet<&str> = ours.map(|it| it.spec.account_id.as_str()).collect();
        self.context.metrics.accounts().retain_conditions(|account| ours.contains(account));
        for stored in accounts.stored() {
            let Some(found) = stored.parsed() else { continue };
            let has_unread_status = stored.unread_status.is_some();
            let id = &found.spec.account_id;
            let rival = self.desired.rivals.get(&found.name_any()).map(String::as_str);
            // A worker's replica alone knows what it observed.
            if !self.shards.has_account(&found.spec) {
                continue;
            }
            let observed = self.context.observations.page(id);
            let wait = self.finalize_account(stored, found, observed.as_ref(), rival.is_some());
            let others = self.claim(found);
            let overdue = self.context.observations.overdue_since(id).map(time_of);
            self.end_confirmation_of_account(found, observed.as_ref());
            if observed.is_none()
                && wait.is_none()
                && others.is_none()
                && rival.is_none()
                && overdue.is_none()
                && let Some(stands) = status_before(found)
            {
                self.measure_account(found, stands);
                continue; // what was reported stands until there is news
            }
            let sink = &self.context.settings.sink;
            let (observed, wait, others) = (observed.as_ref(), wait.as_deref(), others.as_deref());
            let overdue = overdue.as_ref();
            let seen = account::Seen { observed, overdue, rival, wait, others, has_unread_status };
            let status = account::of(found, &seen, sink, &time_of(self.now));
            if rival.is_none() {
                self.measure_account(found, &status);
            }
            if found.status.as_ref() != Some(&status) {
                let stood = found.status.as_ref().map(|it| it.conditions.as_slice());
                let notice = refusal(stood.unwrap_or_default(), &status.conditions);
                self.write(found, &status, false, notice);
            }
        }
    }

    fn at_organizations(&mut self) {
        let organizations = Held::of(&self.context.stores.organizations);
        let mut ready = BTreeMap::new();
        for found in organizations.iter() {
            if !self.shards.has_object(&ObjectKey::of(found)) {
                continue;
            }
            let observed = self.context.organizations.of(&found.name_any());
            let status = organization::of(found, observed.as_ref(), self.now);
            let says = ConditionType::Ready.among(&status.conditions).and_then(measured);
            ready.extend(says.map(|(_, says)| (found.name_any(), says)));
            // What was reported stands until there is news.
            let is_new = found
                .status
                .as_ref()
                .is_none_or(|it| it.observed_generation != found.metadata.generation);
            if (observed.is_some() || is_new) && found.status.as_ref() != Some(&status) {
                let stood = found.status.as_ref().map(|it| it.conditions.as_slice());
                let notice = refusal(stood.unwrap_or_default(), &status.conditions);
                self.write(found, &status, false, notice);
            }
        }
        self.context.own_metrics.organizations(ready);
    }

    fn measure_account(&self, account: &AwsAccount, status: &AwsAccountStatus) {
        let all = status.conditions.iter().filter_map(measured);
        let shown = all.filter(|(type_, _)| MEASURED.contains(type_));
        self.context.metrics.accounts().conditions(&account.spec.account_id, shown);
    }

    fn at_catalog(&mut self) {
        let problems = by_object(&self.desired.catalog_problems);
        let controls = Held::of(&self.context.stores.controls);
        for control in controls.iter() {
            self.catalog(control, &problems, control.status.as_ref(), Outlook::Author);
        }
        let packs = Held::of(&self.context.stores.packs);
        for pack in packs.iter() {
            // Its controls may be applied a moment later.
            self.catalog(pack, &problems, pack.status.as_ref(), Outlook::OtherObject);
        }
    }

    fn catalog<K: Object>(
        &mut self,
        object: &K,
        problems: &ProblemsByObject<'_>,
        before: Option<&ObjectStatus>,
        refused: Outlook,
    ) {
        let problems = problems.get(&ObjectKey::of(object)).map_or(&[][..], Vec::as_slice);
        let outlook = if problems.is_empty() { Outlook::Ready } else { refused };
        self.accepted(object, (objects::of_catalog(problems), outlook), before);
    }

    fn at_exemptions_and_attestations(&mut self) {
        let all = by_object(&self.desired.problems);
        let exemptions = Held::of(&self.context.stores.exemptions);
        for exemption in exemptions.iter() {
            let problems = all.get(&ObjectKey::of(exemption)).map_or(&[][..], Vec::as_slice);
            let said = objects::of_exemption(exemption, problems, self.now);
            let said = (said, objects::outlook(problems));
            self.accepted(exemption, said, exemption.status.as_ref());
        }
        let attestations = Held::of(&self.context.stores.attestations);
        for attestation in attestations.iter() {
            let problems = all.get(&ObjectKey::of(attestation)).map_or(&[][..], Vec::as_slice);
            let said = objects::of_attestation(attestation, problems, self.now);
            let said = (said, objects::outlook(problems));
            self.accepted(attestation, said, attestation.status.as_ref());
        }
    }

    fn accepted<K: Object>(
        &mut self,
        object: &K,
        said: (ConditionValue, Outlook),
        before: Option<&ObjectStatus>,
    ) {
        if !self.shards.has_object(&ObjectKey::of(object)) || !self.desired.has_judged(object) {
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

    pub(super) fn write<K: Object>(
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
                self.news.push(StatusNews { key, version, status, is_progress, notice });
            }
            Err(error) => tracing::error!(%error, "a status cannot be written as JSON"),
        }
    }
}
