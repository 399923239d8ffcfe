//! What the compliance items of a region hold, rule by rule, before any of it is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::mirror::{Mirror, Part};
use super::super::snapshot::ItemSink;
use cel::{Projection, Step, Value};
use engine::evaluation::RuleIdentity;
use model::rule_types::RuleEntry;
use model::{ConfigurationItem, ItemStatus, Reading, Region, means, rule_types};

/// What the compliance items of a region hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By name, and by id: a rule that was deleted may have had the name. Nothing stands for an id that
    /// an entry does not give.
    rules: BTreeMap<String, BTreeMap<Option<String>, OfRule>>,
    /// Whether an item could not be understood: it may speak of any rule.
    is_broken: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OfRule {
    /// Whether a resource is not as it should be: the rule's annotation says why, and stands elsewhere.
    has_failures: bool,
}

impl Tally {
    /// Whether the items say all that there is to say of a rule. Of a rule that none of them names,
    /// nobody knows whether it said nothing or was not recorded.
    #[must_use]
    pub fn tells_all(&self, rule: &RuleIdentity) -> bool {
        self.of(rule).is_some_and(|of_rule| !of_rule.has_failures)
    }

    /// Whether the items speak of a rule, and all of them are understood.
    #[must_use]
    pub fn knows(&self, rule: &RuleIdentity) -> bool {
        self.of(rule).is_some()
    }

    /// The rule of a name, where the items speak of one alone.
    #[must_use]
    pub fn only(&self, name: &str) -> Option<RuleIdentity> {
        let ids = self.rules.get(name).filter(|ids| ids.len() == 1 && !self.is_broken)?;
        Some(RuleIdentity { name: name.to_owned(), id: ids.keys().next()?.clone() })
    }

    /// Nothing where an entry of the rule's name gives no id: it may be of an older rule.
    fn of(&self, rule: &RuleIdentity) -> Option<OfRule> {
        let ids = self.rules.get(&rule.name).filter(|ids| !ids.contains_key(&None))?;
        ids.get(&rule.id).copied().filter(|_| !self.is_broken)
    }
}

impl ItemSink for Tally {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        let configuration = item.value.get("configuration");
        let list = configuration.as_ref().and_then(|it| it.get("configRuleList"));
        let (Some(Value::List(entries)), true) = (list, item.status != ItemStatus::Unreadable)
        else {
            self.is_broken = true;
            return;
        };
        for entry in entries {
            let Some(entry) = RuleEntry::of(*entry) else {
                self.is_broken = true;
                continue;
            };
            let said = entry.compliance.unwrap_or_default();
            let ids = self.rules.entry(entry.name.to_owned()).or_default();
            let of_rule = ids.entry(entry.id.map(str::to_owned)).or_default();
            of_rule.has_failures |= !means(said, "COMPLIANT") && !means(said, "NOT_APPLICABLE");
        }
    }
}

/// Goes through the compliance items of a region.
pub async fn tally(mirror: &Arc<Mirror>, region: &Region) -> Option<Tally> {
    let resource_type = rule_types::COMPLIANCE.parse().ok()?;
    let part = Part { region: region.clone(), resource_type };
    let mut read = Projection::NOTHING;
    read.add(&[Step::Field("configuration".into()), Step::Field("configRuleList".into())]);
    let reading = Reading::new([(part.resource_type.clone(), read)]);
    let mirror = Arc::clone(mirror);
    let read = tokio::task::spawn_blocking(move || {
        let (tallies, report) =
            mirror.read(&BTreeSet::from([part]), &reading, vec![Tally::default()]);
        let mut tally = tallies.into_iter().next()?;
        tally.is_broken |= !report.complete || !report.lost.is_empty();
        Some(tally)
    });
    read.await.ok().flatten()
}
