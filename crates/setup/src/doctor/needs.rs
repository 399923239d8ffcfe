//! What an account's baselines read, and which controls cannot be determined without it.

use std::collections::{BTreeMap, BTreeSet};

use assess::{types, wanted_rules};
use aws::source::account_facts::{Fact, is_fact};
use aws::source::config_rules::WantedRule;
use cel::{Projection, Timestamp};
use engine::catalog::CompiledCheck;
use engine::plan::Plan;
use model::rule_types::{COMPLIANCE, is_rule};
use model::{AccountId, ControlName, ResourceType};

/// What the baselines of an account read.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// What is read of each type that AWS Config records.
    pub(super) reads: BTreeMap<ResourceType, Projection>,
    /// The types of facts that only the account itself tells,
    pub(super) facts: BTreeSet<ResourceType>,
    /// and those that it tells where they are not recorded; none where facts are not read.
    pub(super) substitutes: BTreeSet<ResourceType>,
    /// The AWS Config rules that controls delegate to.
    pub(super) rules: Vec<WantedRule>,
    /// The controls that read each type.
    pub(super) controls: BTreeMap<ResourceType, BTreeSet<ControlName>>,
}

impl Needs {
    pub(super) fn of(account: &AccountId, plans: &[Plan], now: Timestamp) -> Self {
        let rules: Vec<WantedRule> = wanted_rules(account, plans).into_values().collect();
        // Rules are asked where AWS Config does not record what they report.
        let is_for_rules = |name: &ResourceType| {
            is_rule(name.as_str()) || (!rules.is_empty() && name.as_str() == COMPLIANCE)
        };
        let (facts, reads): (Vec<_>, Vec<_>) = types(account, plans, now)
            .into_iter()
            .filter(|(name, _)| !is_for_rules(name))
            .partition(|(name, _)| is_fact(name));
        let mut controls: BTreeMap<ResourceType, BTreeSet<ControlName>> = BTreeMap::new();
        let concern = |plan: &&Plan| plan.targets.iter().any(|target| target.account == *account);
        for planned in plans.iter().filter(concern).flat_map(|plan| &plan.controls) {
            let CompiledCheck::Expression(expression) = &planned.control.check else { continue };
            let related = expression.related.iter().map(|related| &related.resource_type);
            for name in expression.resource_types.iter().chain(related) {
                controls.entry(name.clone()).or_default().insert(planned.control.name.clone());
            }
        }
        let facts = facts.into_iter().map(|(name, _)| name).collect();
        let recorded = reads.iter().map(|(name, _)| name);
        let substitutes = recorded.filter(|name| Fact::of_type(name.as_str()).is_some());
        let substitutes = substitutes.cloned().collect();
        let rules = rules.into_iter().filter(|wanted| wanted.is_read).collect();
        Self { reads: reads.into_iter().collect(), facts, substitutes, controls, rules }
    }

    /// Types, each with the controls that read it, in one line.
    pub(super) fn with_controls<'t>(
        &self,
        types: impl IntoIterator<Item = &'t ResourceType>,
    ) -> String {
        let named = types.into_iter().map(|name| {
            let controls: Vec<&str> =
                self.controls.get(name).into_iter().flatten().map(ControlName::as_str).collect();
            format!("{name} ({})", controls.join(", "))
        });
        named.collect::<Vec<_>>().join("; ")
    }
}
