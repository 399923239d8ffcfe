//! What reading accounts and organizations takes.

use std::collections::BTreeSet;

use super::{GatheredPermissions, account_of, statement};
use api::{AwsAccountSpec, AwsOrganizationSpec, SnapshotSource};
use assess::{change_queue, types, wanted_rules};
use aws::Operation;
use aws::operations::{
    DELIVER_SNAPSHOT, DESCRIBE_CHANNELS, LIST_MEMBER_TAGS, LIST_MEMBERS, LIST_UNITS,
};
use aws::source::account_facts::{Fact, is_fact};
use aws::source::aws_config;
use aws::source::config_rules::{KEEPING, READING};
use cel::Timestamp;
use engine::organization::DetailNeeds;
use engine::plan::Plan;
use model::rule_types::is_rule;
use model::{Region, ResourceType};

impl<'a> GatheredPermissions<'a> {
    pub(super) fn reading(
        &mut self,
        spec: &'a AwsAccountSpec,
        regions: &BTreeSet<Region>,
        plans: &[Plan],
        now: Timestamp,
    ) {
        let (partition, account) = (spec.partition, &spec.account_id);
        if let Some(aggregator) = &spec.source.aggregator {
            let statement = statement::aggregator(
                partition,
                &aggregator.account,
                &aggregator.region,
                &aws_config::of_aggregator(),
            );
            self.allow(aggregator.role.as_ref(), &aggregator.account, statement);
        } else if spec.source.config_api.is_some() {
            let types = types(account, plans, now);
            let is_recorded = |name: &ResourceType| !is_fact(name) && !is_rule(name.as_str());
            let recorded = types.iter().filter(|(name, _)| is_recorded(name));
            let operations = aws_config::of_own(recorded.map(|(_, read)| read));
            self.allow(spec.role.as_ref(), account, statement::items(regions, &operations));
        }
        if let Some((queue, role)) = change_queue(spec) {
            let of_role = role.and_then(|role| account_of(&role.arn));
            let owner = of_role.as_ref().unwrap_or(account);
            for statement in statement::changes(partition, &queue) {
                self.allow(role, owner, statement);
            }
        }
        if let Some(snapshot) = &spec.source.snapshot {
            self.snapshots(spec, snapshot, regions);
        }
        if spec.source.reads_account_facts() {
            self.facts(spec, regions, plans, now);
        }
        if spec.source.snapshot.is_none() && !wanted_rules(account, plans).is_empty() {
            self.rules(spec, regions);
        }
    }

    /// What reading delivered snapshots takes, and requesting them where the account declares that.
    fn snapshots(
        &mut self,
        spec: &'a AwsAccountSpec,
        snapshot: &'a SnapshotSource,
        regions: &BTreeSet<Region>,
    ) {
        let Some(Ok(url)) = snapshot.bucket() else { return };
        // Whose role it is says its ARN: the bucket may be in any account.
        let role = snapshot.role.as_ref();
        let of_role = role.and_then(|role| account_of(&role.arn));
        let owner = of_role.as_ref().unwrap_or(&spec.account_id);
        for statement in statement::delivered(spec.partition, &spec.account_id, &url) {
            self.allow(role, owner, statement);
        }
        if snapshot.deliver.is_some() {
            let requests = statement::requests(regions, &[DESCRIBE_CHANNELS, DELIVER_SNAPSHOT]);
            self.allow(spec.role.as_ref(), &spec.account_id, requests);
        }
    }

    /// What reading an organization takes.
    pub(super) fn organization(&mut self, spec: &'a AwsOrganizationSpec) {
        let needs = DetailNeeds::of(spec);
        let mut operations = vec![LIST_MEMBERS];
        operations.extend(needs.units.then_some(LIST_UNITS));
        operations.extend(needs.tags.then_some(LIST_MEMBER_TAGS));
        let statement = statement::organization(&operations);
        self.allow(spec.role.as_ref(), &spec.account_id, statement);
        let role = &spec.template.role;
        let arn = format!("arn:{}:iam::*:role/{}", spec.partition, role.name);
        *self.members.entry(arn).or_default() |= !role.session_tags.is_empty();
    }

    /// What reading AWS Config rules takes, and keeping them where the account asks for that.
    fn rules(&mut self, spec: &'a AwsAccountSpec, regions: &BTreeSet<Region>) {
        let (role, account) = (spec.role.as_ref(), &spec.account_id);
        self.allow(role, account, statement::rules(regions, &READING));
        if spec.source.aggregator.is_some() {
            // Rules are believed only while the recorder runs, which no aggregator shows.
            let recorders = aws_config::of_recorders();
            self.allow(role, account, statement::rules(regions, &recorders));
        }
        if spec.source.manages_config_rules() {
            let keeping = statement::own_rules(spec.partition, account, regions, &KEEPING);
            self.allow(role, account, keeping);
        }
    }

    /// What the account itself is asked, whoever is asked for its items.
    fn facts(
        &mut self,
        spec: &'a AwsAccountSpec,
        regions: &BTreeSet<Region>,
        plans: &[Plan],
        now: Timestamp,
    ) {
        let (role, account) = (spec.role.as_ref(), &spec.account_id);
        let types = types(account, plans, now);
        let (regional, global): (Vec<Fact>, Vec<Fact>) =
            Fact::of_types(types.iter().map(|(name, _)| name))
                .into_iter()
                .partition(|fact| fact.is_regional());
        let of = |facts: &[Fact]| -> Vec<Operation> {
            facts.iter().flat_map(|fact| fact.operations()).copied().collect()
        };
        if !global.is_empty() {
            self.allow(role, account, statement::facts(&of(&global)));
        }
        if !regional.is_empty() {
            self.allow(role, account, statement::region_facts(regions, &of(&regional)));
        }
    }
}
