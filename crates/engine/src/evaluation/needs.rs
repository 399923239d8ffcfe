//! What is read of each resource type, and what of it is kept until all items have come.

use std::collections::BTreeMap;

use super::check::{PreparedCheck, Way};
use super::rules::{COMPLIANCE, compliance_part};
use crate::catalog::{CompiledExpression, slots};
use cel::Program;
use cel::{Projection, Step};
use model::{ResourceType, is_global, rule_types};

/// What is read of one resource type.
#[derive(Debug)]
pub(super) struct Need {
    /// All that any check reads.
    pub(super) read: Projection,
    /// What is kept until the end, if anything is.
    pub(super) keep: Option<Projection>,
    /// The checks that judge a resource of the type alone, by their place.
    pub(super) alone: Vec<usize>,
    /// Whether some check judges resources of the type at all.
    pub(super) is_judged: bool,
}

/// What the checks need of each type.
pub(super) fn needs<'p>(checks: &[PreparedCheck<'p>]) -> BTreeMap<&'p ResourceType, Need> {
    let mut needs = BTreeMap::new();
    for (at, check) in checks.iter().enumerate() {
        let part = subject(check);
        for name in &check.expression.resource_types {
            let need = needs.entry(name).or_insert_with(Need::nothing);
            need.is_judged = true;
            need.read.merge(&part);
            if check.way == Way::Alone {
                need.alone.push(at);
            } else {
                need.keep(&part);
            }
        }
        for related in &check.expression.related {
            let part = related_part(check.expression, &related.name, &related.related_key);
            let need = needs.entry(&related.resource_type).or_insert_with(Need::nothing);
            need.read.merge(&part);
            need.keep(&part);
        }
    }
    if checks.iter().any(|check| check.planned.rule.is_some())
        && let Some(name) = &*COMPLIANCE
    {
        needs.entry(name).or_insert_with(Need::nothing).read.merge(&compliance_part());
    }
    for (name, need) in &mut needs {
        // Of a resource that several regions record, the latest copy counts: it is judged when
        // all have come.
        if is_global(name.as_str()) {
            need.keep = Some(need.read.clone());
        }
    }
    needs
}

impl Need {
    fn nothing() -> Self {
        Self { read: Projection::NOTHING, keep: None, alone: Vec::new(), is_judged: false }
    }

    fn keep(&mut self, part: &Projection) {
        self.keep.get_or_insert(Projection::NOTHING).merge(part);
    }
}

/// What a check reads of each resource that it judges.
fn subject(check: &PreparedCheck<'_>) -> Projection {
    let mut part = Projection::NOTHING;
    for program in programs(check.expression) {
        let read = program.projection(slots::SUBJECT);
        match check.way {
            Way::Alone | Way::Joined => part.merge(&read),
            Way::Region | Way::Account => {
                part.merge(read.element().unwrap_or(&Projection::NOTHING));
            }
        }
    }
    for related in &check.expression.related {
        part.merge(&related.key.projection(slots::SUBJECT));
    }
    if check.planned.rule.is_some() {
        let contradiction = Step::Field(rule_types::CONTRADICTION.into());
        part.add(&[Step::Field("configuration".into()), contradiction]);
    }
    if check.reads_tags() {
        part.add(&[Step::Field("tags".into())]);
    }
    if matches!(check.way, Way::Alone | Way::Joined) {
        for key in &check.of.owner_keys.tags {
            part.add(&[Step::Field("tags".into()), Step::Field(key.as_str().into())]);
        }
    }
    part
}

/// What a check reads of each resource that may join.
fn related_part(expression: &CompiledExpression, name: &str, key: &Program) -> Projection {
    let mut part = key.projection(slots::SUBJECT);
    // For explanations, which name what joined.
    part.add(&[Step::Field("id".into())]);
    for program in programs(expression) {
        let related = program.projection(slots::RELATED);
        let element = related.field(name).and_then(Projection::element);
        part.merge(element.unwrap_or(&Projection::NOTHING));
    }
    part
}

fn programs(expression: &CompiledExpression) -> impl Iterator<Item = &Program> {
    let CompiledExpression { applies_to, compliant, message, .. } = expression;
    applies_to.iter().chain([compliant]).chain(message)
}
