//! Reads what the rules of a region say: from the compliance items that AWS Config records, or rule by
//! rule.

use std::collections::{BTreeMap, BTreeSet};

use super::super::aws_config::Unread;
use super::super::aws_config::recorded::running;
use super::super::mirror::{Mirror, Part};
use super::kept::{self, Kept};
use super::outcome::{FoundResults, OfRegion};
use super::{RulesAsked, missing};
use crate::rules::{ConfigRule, RuleStatus};
use crate::sdk::ConfigClient;
use engine::evaluation::RuleIdentity;
use model::{AccountId, Region, ResourceType, UnknownReason};

/// Where rules are read, and whereto.
pub(super) struct RuleReading<'p> {
    pub(super) account: &'p AccountId,
    pub(super) region: &'p Region,
    pub(super) client: &'p ConfigClient,
    pub(super) asked: RulesAsked<'p>,
    /// What the mirror holds already.
    pub(super) kept: &'p BTreeMap<(Region, ResourceType), Kept>,
    pub(super) mirror: &'p Mirror,
    pub(super) fetched: &'p (dyn Fn(u64) + Sync),
}

impl RuleReading<'_> {
    /// Whether the region's recorder runs, as the account itself reports it.
    pub(super) async fn recorder(&self, of_region: &mut OfRegion) -> Result<(), Unread> {
        let Self { region, client, asked, .. } = *self;
        let known = asked.recorders.state(region).filter(|_| !asked.recorders.are_aggregated);
        if let Some(state) = known {
            return state.clone();
        }
        let oldest = asked.now.second_before(asked.recorders.max_age);
        let runs = running(client, region, oldest).await.map(drop);
        of_region.recorder = Some(runs.clone());
        runs
    }

    /// Reads what the chosen rules say.
    pub(super) async fn results(
        &self,
        chosen: BTreeMap<&ResourceType, Result<ConfigRule, Unread>>,
        of_region: &mut OfRegion,
    ) {
        let names: BTreeSet<String> =
            chosen.values().flatten().map(|rule| rule.name.clone()).collect();
        let names: Vec<String> = names.into_iter().collect();
        let statuses =
            if names.is_empty() { Ok(Vec::new()) } else { self.client.rule_statuses(&names).await };
        for (resource_type, rule) in chosen {
            let outcome = match (rule, &statuses) {
                (Err(unread), _) => Err(unread),
                (Ok(_), Err(error)) => Err(Unread::from(error.clone())),
                (Ok(rule), Ok(statuses)) => {
                    let status = statuses.iter().find(|status| status.name == rule.name);
                    if status.is_some_and(|status| status.id != rule.id) {
                        Err(replaced(&rule, self.region))
                    } else {
                        let read = self.read(resource_type, &rule, status, of_region);
                        read.await
                    }
                }
            };
            of_region.outcomes.insert(resource_type.clone(), outcome);
        }
    }

    async fn read(
        &self,
        resource_type: &ResourceType,
        rule: &ConfigRule,
        status: Option<&RuleStatus>,
        of_region: &mut OfRegion,
    ) -> Result<FoundResults, Unread> {
        let Self { region, asked, mirror, .. } = *self;
        let name = &rule.name;
        if let Some(failure) = status.and_then(|status| status.failure.as_ref()) {
            let detail = format!(
                "the last evaluation of the AWS Config rule {name} in {region} failed: {failure}"
            );
            return Err(Unread { reason: UnknownReason::NotDelivered, detail });
        }
        let evaluated = status.and_then(|status| status.evaluated);
        // AWS Config may say nothing of how custom rules fare: their results say it.
        if evaluated.is_none() && rule.is_managed {
            of_region.is_new |= asked.own.is_some();
            return Err(not_yet(rule, region));
        }
        let identity = RuleIdentity { name: name.clone(), id: Some(rule.id.clone()) };
        let tally = asked.recorded.get(region);
        if tally.is_some_and(|tally| tally.tells_all(&identity)) {
            return Ok(FoundResults::Recorded(identity));
        }
        let part = Part { region: region.clone(), resource_type: resource_type.clone() };
        let before = self.kept.get(&(region.clone(), resource_type.clone()));
        if before.is_some_and(|kept| kept.holds(rule, evaluated, asked.now)) {
            return Ok(FoundResults::Apart);
        }
        let results = match self.client.rule_results(name).await {
            Ok(results) => results,
            // They say it without annotations.
            Err(_) if tally.is_some_and(|tally| tally.knows(&identity)) => {
                return Ok(FoundResults::Recorded(identity));
            }
            Err(error) => return Err(error.into()),
        };
        if results.is_empty() && evaluated.is_none() {
            return Err(not_yet(rule, region));
        }
        (self.fetched)(results.len() as u64);
        kept::put(self.account, mirror, &part, rule, &results, asked.now)?;
        let kept = Kept::new(rule, evaluated, asked.now);
        of_region.kept.push((resource_type.clone(), kept));
        Ok(FoundResults::Apart)
    }
}

fn replaced(rule: &ConfigRule, region: &Region) -> Unread {
    missing(format!(
        "the AWS Config rule {} in {region} was replaced by another of the same name while it was read; \
         Plumbline reads that one in the next evaluation",
        rule.name
    ))
}

fn not_yet(rule: &ConfigRule, region: &Region) -> Unread {
    missing(format!(
        "the AWS Config rule {} in {region} has not evaluated yet; wait for its first evaluation, or \
         start it (`aws configservice start-config-rules-evaluation --config-rule-names {}`)",
        rule.name, rule.name
    ))
}
