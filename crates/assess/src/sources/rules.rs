//! The AWS Config rules that plans delegate to, and where their results stand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::SourceInput;
use aws::source::config_rules::WantedRule;
use engine::evaluation::RuleNames;
use engine::plan::Plan;
use model::{AccountId, ResourceType, rule_types};

/// The rules that these plans want of an account, by the type of their results. Those of suspended
/// plans are wanted, and not read.
#[must_use]
pub fn wanted_rules(account: &AccountId, plans: &[Plan]) -> BTreeMap<ResourceType, WantedRule> {
    let mut wanted: BTreeMap<ResourceType, WantedRule> = BTreeMap::new();
    for plan in plans {
        let targets = plan.targets.iter().filter(|target| target.account == *account);
        let regions: BTreeSet<_> = targets.map(|target| target.region.clone()).collect();
        if regions.is_empty() {
            continue;
        }
        for rule in plan.controls.iter().filter_map(|planned| planned.rule.as_ref()) {
            let new =
                || WantedRule { rule: Arc::clone(rule), regions: BTreeSet::new(), is_read: false };
            let entry = wanted.entry(rule.resource_type.clone()).or_insert_with(new);
            entry.regions.extend(regions.iter().cloned());
            entry.is_read |= !plan.suspended;
        }
    }
    wanted
}

/// Whether plans may lack a rule that somebody wants: what is wrong with them may hide it.
pub(super) fn may_lack_rules(plans: &[Plan]) -> bool {
    plans.iter().any(|plan| {
        plan.may_lack_controls()
            || plan.may_lack_targets()
            || plan.controls.iter().any(|planned| planned.control.refusal().is_some())
    })
}

/// Whether a control looks at compliance items themselves.
pub(super) fn are_compliance_items_asked(plans: &[Plan]) -> bool {
    let is_compliance = |name: &ResourceType| name.as_str() == rule_types::COMPLIANCE;
    let controls = plans.iter().flat_map(|plan| &plan.controls);
    let mut expressions = controls.filter_map(|it| it.control.spec.check.expression.as_ref());
    expressions.any(|check| {
        check.resource_types.iter().any(is_compliance)
            || check.related.iter().any(|related| is_compliance(&related.resource_type))
    })
}

/// Where the results of rules stand, for the accounts that were read live.
pub(crate) fn rule_names(sources: &[SourceInput]) -> RuleNames {
    let mut names = RuleNames::default();
    for source in sources {
        let SourceInput::Live(read) = source else { continue };
        let Some(rules) = &read.rules else { continue };
        names.known(&read.account);
        for (region, rule, resource_type) in rules {
            names.recorded(&read.account, region, rule, resource_type);
        }
    }
    names
}
