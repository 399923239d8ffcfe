//! The results of rules that were read one by one, as items in the mirror, and how long they hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::aws_config::Unread;
use super::super::mirror::{Mirror, Part};
use crate::rules::{ConfigRule, RuleResult};
use cel::{Timestamp, format_timestamp};
use model::{AccountId, means, rule_types};

/// So many seconds results hold though the rule did not evaluate again: what a rule says of a resource
/// goes with the resource, without an evaluation.
const HOLDS: i64 = 60 * 60;

/// What the mirror holds of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    rule: String,
    evaluated: Option<Timestamp>,
    read: Timestamp,
}

impl Kept {
    pub(super) fn new(rule: &ConfigRule, evaluated: Option<Timestamp>, now: Timestamp) -> Self {
        Self { rule: rule.id.clone(), evaluated, read: now }
    }

    /// Whether nothing newer is to be read.
    pub(super) fn holds(
        &self,
        rule: &ConfigRule,
        evaluated: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        self.rule == rule.id
            && evaluated.is_some()
            && self.evaluated == evaluated
            && (0..HOLDS).contains(&(now.seconds - self.read.seconds))
    }
}

/// The results of a rule on one resource: one counts, and more only where they agree.
#[derive(Default)]
struct OfResource<'r> {
    compliance: Vec<&'r str>,
    annotations: BTreeSet<&'r str>,
    recorded: Option<Timestamp>,
}

impl<'r> OfResource<'r> {
    fn add(&mut self, result: &'r RuleResult) {
        if !self.compliance.iter().any(|said| means(said, &result.compliance)) {
            self.compliance.push(&result.compliance);
        }
        self.annotations.extend(result.annotation.as_deref());
        self.recorded = self.recorded.max(result.recorded);
    }

    /// What the rule says, in the fields of an entry of a compliance item.
    fn configuration(&self, rule: &ConfigRule) -> Value {
        let name = ("configRuleName", json!(rule.name));
        let said = match self.compliance[..] {
            [said] => ("complianceType", json!(said)),
            _ => (rule_types::CONTRADICTION, json!(self.compliance)),
        };
        let annotations: Vec<&str> = self.annotations.iter().copied().collect();
        let annotation =
            (!annotations.is_empty()).then(|| ("annotation", json!(annotations.join("; "))));
        let fields = [name, said].into_iter().chain(annotation);
        Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// Lets the mirror hold these results of a rule and no others.
pub(super) fn put(
    account: &AccountId,
    mirror: &Mirror,
    part: &Part,
    rule: &ConfigRule,
    results: &[RuleResult],
    now: Timestamp,
) -> Result<(), Unread> {
    let mut resources: BTreeMap<String, OfResource<'_>> = BTreeMap::new();
    for result in results {
        let id = rule_types::result_id(&result.resource_type, &result.resource_id);
        resources.entry(id).or_default().add(result);
    }
    mirror.begin(part, now);
    for (id, of_resource) in &resources {
        let captured = of_resource.recorded.unwrap_or(now);
        let item = json!({
            "resourceType": part.resource_type,
            "resourceId": id,
            "awsAccountId": account,
            "awsRegion": part.region,
            "configurationItemStatus": "OK",
            "configurationItemCaptureTime":
                format_timestamp(Timestamp { nanoseconds: 0, ..captured }),
            "configuration": of_resource.configuration(rule),
        });
        mirror.put(part, (part.region.as_str(), id), Some(captured), &item.to_string())?;
    }
    Ok(mirror.finish(part)?)
}
