//! What baselines ask for, in each place, beside what is counted there.

use std::collections::{BTreeMap, BTreeSet};

use assess::types;
use cel::Timestamp;
use cost::{CountedType, PlaceCounts, RuleUse};
use engine::plan::{Plan, PlannedControl, Target};
use model::{AccountId, Region, ResourceType};

/// The types that are recorded in each account's region.
pub(super) type CountedTypes = BTreeMap<(AccountId, Region), Vec<CountedType>>;

/// What is counted in every place of the plans.
pub(super) fn places(
    plans: &[Plan],
    counted: &CountedTypes,
    findings: &BTreeMap<(AccountId, Region), u64>,
    now: Timestamp,
) -> Vec<PlaceCounts> {
    let targets = plans.iter().filter(|plan| plan.is_evaluated()).flat_map(|plan| &plan.targets);
    let places: BTreeSet<(AccountId, Region)> = targets.map(place).collect();
    let accounts: BTreeSet<&AccountId> = places.iter().map(|(account, _)| account).collect();
    let read: BTreeMap<&AccountId, BTreeSet<ResourceType>> = accounts
        .into_iter()
        .map(|account| {
            let names = types(account, plans, now).into_iter().map(|(name, _)| name);
            (account, names.collect())
        })
        .collect();
    let places = places.iter().map(|place| {
        let read = read.get(&place.0);
        let is_read = |name: &str| read.is_some_and(|all| all.iter().any(|it| it.as_str() == name));
        let types = counted.get(place).into_iter().flatten();
        PlaceCounts {
            account: place.0.clone(),
            region: place.1.clone(),
            types: types.map(|it| CountedType { read: is_read(&it.name), ..it.clone() }).collect(),
            rules: rules(plans, place),
            findings: findings.get(place).copied().unwrap_or_default(),
        }
    });
    places.collect()
}

fn place(target: &Target) -> (AccountId, Region) {
    (target.account.clone(), target.region.clone())
}

/// The rules that the controls of a place replace or delegate to.
fn rules(plans: &[Plan], of: &(AccountId, Region)) -> Vec<RuleUse> {
    let here = |plan: &&Plan| plan.is_evaluated() && plan.targets.iter().any(|it| place(it) == *of);
    let mut rules: BTreeMap<String, RuleUse> = BTreeMap::new();
    let mut meet = |rule: &str, planned: &PlannedControl, types: &[ResourceType], replaced| {
        let entry = rules.entry(rule.to_owned()).or_insert_with(|| RuleUse {
            rule: rule.to_owned(),
            controls: Vec::new(),
            types: Vec::new(),
            replaced,
        });
        // Where a control delegates to it, it stays.
        entry.replaced &= replaced;
        let control = planned.control.name.as_str();
        if !entry.controls.iter().any(|it| it == control) {
            entry.controls.push(control.to_owned());
        }
        for name in types.iter().map(ResourceType::as_str) {
            if !entry.types.iter().any(|it| it == name) {
                entry.types.push(name.to_owned());
            }
        }
    };
    for planned in plans.iter().filter(here).flat_map(|plan| &plan.controls) {
        let spec = &planned.control.spec;
        if let Some(expression) = &spec.check.expression {
            for implemented in &spec.implements {
                meet(&implemented.rule, planned, &expression.resource_types, true);
            }
        }
        if let Some(rule) = &planned.rule {
            let name = rule.identifier.as_deref().or(rule.name.as_deref()).unwrap_or_default();
            meet(name, planned, &rule.resource_types, false);
        }
    }
    rules.into_values().collect()
}
