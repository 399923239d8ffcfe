//! What an account's baselines read, and which controls cannot be told without it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::CompiledCheck;
use crate::controller::sources::types;
use crate::plan::Plan;
use crate::resource::{AccountId, ControlName, Projection, ResourceType, Timestamp};

/// What the baselines of an account read.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// What is read of each type.
    pub(super) reads: BTreeMap<ResourceType, Projection>,
    /// The controls that read each type.
    pub(super) controls: BTreeMap<ResourceType, BTreeSet<ControlName>>,
}

impl Needs {
    pub(super) fn of(account: &AccountId, plans: &[Plan], now: Timestamp) -> Self {
        let reads = types(account, plans, now).into_iter().collect();
        let mut controls: BTreeMap<ResourceType, BTreeSet<ControlName>> = BTreeMap::new();
        let concern = |plan: &&Plan| plan.targets.iter().any(|target| target.account == *account);
        for planned in plans.iter().filter(concern).flat_map(|plan| &plan.controls) {
            let CompiledCheck::Expression(expression) = &planned.control.check else { continue };
            let related = expression.related.iter().map(|related| &related.resource_type);
            for name in expression.resource_types.iter().chain(related) {
                controls.entry(name.clone()).or_default().insert(planned.control.name.clone());
            }
        }
        Self { reads, controls }
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
