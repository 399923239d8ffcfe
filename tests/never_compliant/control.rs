//! Random controls.

use std::sync::Arc;

use api::{Control, Scope};
use engine::catalog::{Catalog, CompiledControl};
use serde_json::{Value as Json, json};

use crate::condition::Condition;
use support::random::Random;

pub(crate) const TYPES: [&str; 4] =
    ["AWS::S3::Bucket", "AWS::EC2::VPC", "AWS::EC2::FlowLog", "AWS::IAM::Role"];
const NAMES: [&str; 2] = ["first", "second"];

/// A control, as it is compiled and as what it means.
#[derive(Clone)]
pub(crate) struct Generated {
    pub(crate) compiled: Arc<CompiledControl>,
    pub(crate) types: Vec<&'static str>,
    pub(crate) scope: Scope,
    pub(crate) applies_to: Option<Condition>,
    pub(crate) compliant: Condition,
    pub(crate) related: Vec<Join>,
}

/// One `related` of a control.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) name: &'static str,
    pub(crate) resource_type: &'static str,
    /// Whether an absent key joins nothing, or fails.
    pub(crate) key_optional: bool,
    pub(crate) related_key_optional: bool,
}

impl Generated {
    pub(crate) fn new(dice: &mut Random, name: &str) -> Self {
        let scope = dice.pick(&[Scope::Resource, Scope::Resource, Scope::Region, Scope::Account]);
        let mut types = vec![dice.pick(&TYPES)];
        if dice.once_in(3) {
            types.push(dice.pick(&TYPES));
            types.dedup();
        }
        let related = if scope == Scope::Resource { joins(dice) } else { Vec::new() };
        let mut compliant = match scope {
            Scope::Resource => Condition::on_resource(dice, 2),
            Scope::Region | Scope::Account => Condition::on_resources(dice),
        };
        for join in &related {
            let joined = Box::new(Condition::on_related(dice, join.name));
            compliant = if dice.once_in(2) {
                Condition::And(Box::new(compliant), joined)
            } else {
                Condition::Or(joined, Box::new(compliant))
            };
        }
        let applies_to = dice.once_in(3).then(|| match scope {
            Scope::Resource => Condition::on_resource(dice, 1),
            Scope::Region | Scope::Account => Condition::on_resources(dice),
        });
        let compiled = compile(name, scope, &types, applies_to.as_ref(), &compliant, &related);
        Self { compiled, types, scope, applies_to, compliant, related }
    }
}

fn joins(dice: &mut Random) -> Vec<Join> {
    let count = dice.below(5).saturating_sub(2);
    let join = |name: &&'static str| Join {
        name,
        resource_type: dice.pick(&TYPES),
        key_optional: dice.once_in(2),
        related_key_optional: dice.once_in(2),
    };
    NAMES.iter().take(count).map(join).collect()
}

fn compile(
    name: &str,
    scope: Scope,
    types: &[&str],
    applies_to: Option<&Condition>,
    compliant: &Condition,
    related: &[Join],
) -> Arc<CompiledControl> {
    let key = |field: &str, optional| {
        format!("resource.configuration.{}{field}", if optional { "?" } else { "" })
    };
    let related: Vec<Json> = related
        .iter()
        .map(|join| {
            json!({"name": join.name, "resourceType": join.resource_type,
                "key": key("ref", join.key_optional),
                "relatedKey": key("key", join.related_key_optional)})
        })
        .collect();
    let mut expression = json!({
        "resourceTypes": types, "scope": scope, "related": related,
        "compliant": compliant.text("resource"),
        "message": "'it is not as it should be'",
    });
    if let Some(applies_to) = applies_to {
        expression["appliesTo"] = applies_to.text("resource").into();
    }
    let reads = |condition: &Condition| condition.reads_parameter();
    let parameters = if reads(compliant) || applies_to.is_some_and(reads) {
        json!([{"name": "p", "type": "string", "default": "x", "description": "A text."}])
    } else {
        json!([])
    };
    let control: Control = serde_json::from_value(json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "Control", "metadata": {"name": name},
        "spec": {
            "title": "As it should be", "description": "It matters.", "severity": "High",
            "domain": "governance", "remediation": {"text": "Fix it."},
            "parameters": parameters, "check": {"expression": expression},
        },
    }))
    .unwrap();
    let (catalog, problems) = Catalog::default().with([control], []);
    assert!(problems.is_empty(), "{expression:#}: {problems:?}");
    Arc::clone(catalog.control(name).unwrap())
}
