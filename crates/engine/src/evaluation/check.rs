//! The controls to run: those of every plan, side by side, with what they need at hand.

use bumpalo::Bump;

use super::result::OwnerTagPlace;
use crate::catalog::{CompiledCheck, CompiledExpression, slots};
use crate::plan::{Plan, PlannedControl, PlannedExemption};
use api::Scope;
use cel::{Program, Timestamp, Value, from_json};
use model::{ConfigurationItem, InternalError, InternalPlace, ResourceType};

/// A check's programs are others than the compiler made.
pub(super) const CHANGED: InternalError =
    InternalError::new(InternalPlace::Expression, "a program is not what was compiled");

/// One control of one plan that is checked by an expression: its own, or that over the results of an
/// AWS Config rule.
#[derive(Debug)]
pub(super) struct PreparedCheck<'p> {
    /// Which plan.
    pub(super) plan: usize,
    /// That plan.
    pub(super) of: &'p Plan,
    /// Which of its controls.
    pub(super) control: usize,
    pub(super) planned: &'p PlannedControl,
    pub(super) expression: &'p CompiledExpression,
    pub(super) way: Way,
    /// The parameters as the expression sees them.
    pub(super) parameters: Value<'p>,
    /// Whether all its programs are what the compiler made: no verdict comes of others.
    pub(super) is_intact: bool,
    /// Those of the plan's exemptions that may cover a drift of the control now.
    pub(super) exemptions: Vec<(usize, &'p PlannedExemption)>,
}

/// How a control comes to its verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By each resource alone, as it comes.
    Alone,
    /// By each resource together with others, when all are there.
    Joined,
    /// By all resources of a region, when all are there.
    Region,
    /// By all resources of an account, when all are there.
    Account,
}

impl<'p> PreparedCheck<'p> {
    /// The checks of all plans that are not suspended.
    pub(super) fn of(plans: &'p [Plan], now: Timestamp, arena: &'p Bump) -> Vec<Self> {
        let mut checks = Vec::new();
        for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| !plan.suspended) {
            for (control, planned) in plan.controls.iter().enumerate() {
                if let Some(expression) = expression(planned) {
                    checks.push(Self {
                        plan: at,
                        of: plan,
                        control,
                        planned,
                        expression,
                        way: Way::of(expression),
                        is_intact: expression.programs().all(Program::is_intact),
                        parameters: parameters(planned, arena),
                        exemptions: exemptions(plan, planned, now),
                    });
                }
            }
        }
        checks
    }

    /// The types that it reads.
    pub(super) fn reads(&self) -> impl Iterator<Item = &'p ResourceType> {
        let related = self.expression.related.iter().map(|related| &related.resource_type);
        self.expression.resource_types.iter().chain(related)
    }

    /// Whether it judges resources of a type.
    pub(super) fn judges(&self, resource_type: &str) -> bool {
        self.expression.resource_types.iter().any(|name| name.as_str() == resource_type)
    }

    /// Whether a match, or an exemption, looks at tags.
    pub(super) fn reads_tags(&self) -> bool {
        let matches = [&self.planned.matching, &self.planned.exclude];
        matches.into_iter().flatten().any(|it| it.reads_tags())
            || self.exemptions.iter().any(|(_, exemption)| exemption.reads_tags())
    }

    /// Where the tag is found that says whom an item's resource belongs to.
    pub(super) fn owner_tag<'r>(
        &'r self,
        item: Option<&'r ConfigurationItem<'_>>,
    ) -> OwnerTagPlace<'r> {
        let keys = &self.of.owner_keys.tags;
        item.map_or(OwnerTagPlace::NONE, |item| OwnerTagPlace::among(keys, item.value))
    }

    /// The values of the expression's variables.
    pub(super) fn bind<'a>(
        &self,
        subject: Value<'a>,
        related: Option<Value<'a>>,
        now: Timestamp,
    ) -> [Option<Value<'a>>; 4]
    where
        'p: 'a,
    {
        // The order is that of the slots.
        const { assert!(slots::SUBJECT == 0 && slots::PARAMETERS == 1) };
        const { assert!(slots::NOW == 2 && slots::RELATED == 3) };
        [Some(subject), Some(self.parameters), Some(Value::Timestamp(now)), related]
    }
}

impl Way {
    const fn of(expression: &CompiledExpression) -> Self {
        match expression.scope {
            Scope::Resource if expression.related.is_empty() => Self::Alone,
            Scope::Resource => Self::Joined,
            Scope::Region => Self::Region,
            Scope::Account => Self::Account,
        }
    }
}

fn expression(planned: &PlannedControl) -> Option<&CompiledExpression> {
    match &planned.control.check {
        CompiledCheck::Expression(expression) => Some(expression),
        // Without a rule it would be refused, and stand there as such.
        CompiledCheck::ConfigRule(_) => planned.rule.as_deref().map(|rule| &rule.expression),
        CompiledCheck::Attestation | CompiledCheck::Refused(_) => None,
    }
}

fn parameters<'p>(planned: &PlannedControl, arena: &'p Bump) -> Value<'p> {
    let entries: Vec<_> = planned
        .parameters
        .iter()
        .map(|(name, value)| (Value::String(arena.alloc_str(name)), from_json(value, arena)))
        .collect();
    Value::Map(arena.alloc_slice_copy(&entries))
}

fn exemptions<'p>(
    plan: &'p Plan,
    planned: &PlannedControl,
    now: Timestamp,
) -> Vec<(usize, &'p PlannedExemption)> {
    let exemptions = plan.exemptions.iter().enumerate();
    let name = &planned.control.name;
    exemptions
        .filter(|(_, exemption)| exemption.is_active(now) && exemption.controls.contains(name))
        .collect()
}
