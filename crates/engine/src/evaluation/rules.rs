//! Controls that are delegated to AWS Config rules: where the results of each rule stand, and how the
//! items in which AWS Config records them fall apart into results.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use super::check::PreparedCheck;
use super::fault::Fault;
use super::result::Subject;
use crate::plan::PlannedRule;
use cel::{Projection, Step, Value};
use model::rule_types::RuleEntry;
use model::{
    AccountId, ConfigurationItem, ItemStatus, Region, ResourceType, UnknownReason, means,
    rule_types,
};

/// The type of the items in which AWS Config records what rules say.
pub(super) static COMPLIANCE: LazyLock<Option<ResourceType>> =
    LazyLock::new(|| rule_types::COMPLIANCE.parse().ok());

/// Where the results of rules stand, for accounts that are read live.
///
/// Without an entry of an account, a rule is known by the name that its control gives it alone: that
/// is what a snapshot tells.
#[derive(Debug, Clone, Default)]
pub struct RuleNames {
    accounts: HashMap<String, HashMap<String, RecordedRules>>,
}

/// The rules whose results stand in the compliance items of a region.
#[derive(Debug, Clone, Default)]
struct RecordedRules {
    by_name: HashMap<String, Vec<(Option<String>, ResourceType)>>,
    types: HashSet<ResourceType>,
}

/// A rule, as the compliance items call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleIdentity {
    /// Its name, which an older rule may have had.
    pub name: String,
    /// Its id, which no other rule has; nothing where only the name is known.
    pub id: Option<String>,
}

impl RuleNames {
    /// Says that the rules of an account were asked for.
    pub fn known(&mut self, account: &AccountId) {
        self.accounts.entry(account.to_string()).or_default();
    }

    /// Says that the results of a type are those of a rule in the compliance items of a region.
    pub fn recorded(
        &mut self,
        account: &AccountId,
        region: &Region,
        rule: &RuleIdentity,
        resource_type: &ResourceType,
    ) {
        let regions = self.accounts.entry(account.to_string()).or_default();
        let rules = regions.entry(region.to_string()).or_default();
        let of_name = rules.by_name.entry(rule.name.clone()).or_default();
        of_name.push((rule.id.clone(), resource_type.clone()));
        rules.types.insert(resource_type.clone());
    }

    fn of_region(&self, account: &str, region: &str) -> Option<&RecordedRules> {
        self.accounts.get(account)?.get(region)
    }
}

/// Where the results of a rule stand in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultsAt {
    /// In items of their own.
    Apart,
    /// In the compliance items of a region.
    Recorded,
    /// In the compliance items, if the rule exists: nobody asked.
    ByName,
    /// Nobody knows: the control gives no name, and nobody asked.
    Nowhere,
}

/// The rules of all checks.
#[derive(Debug, Default)]
pub(super) struct Rules<'p> {
    names: RuleNames,
    /// By the names that controls give.
    by_name: FxHashMap<&'p str, Vec<&'p str>>,
}

impl<'p> Rules<'p> {
    pub(super) fn new(checks: &[PreparedCheck<'p>]) -> Self {
        let mut by_name: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for rule in checks.iter().filter_map(|check| check.planned.rule.as_deref()) {
            let Some(name) = &rule.name else { continue };
            let types = by_name.entry(name.as_str()).or_default();
            if !types.contains(&rule.resource_type.as_str()) {
                types.push(rule.resource_type.as_str());
            }
        }
        Self { names: RuleNames::default(), by_name }
    }

    pub(super) fn with(self, names: RuleNames) -> Self {
        Self { names, ..self }
    }

    /// The types of the results of an entry's rule in a region, and of each whether the entry is sure to
    /// be of that rule: one that does not give its rule's id may be of an older rule of the same name.
    /// Those of another id are none of its results.
    fn types<'t>(
        &'t self,
        (account, region): (&str, &str),
        entry: &RuleEntry<'_>,
    ) -> Vec<(&'t str, bool)>
    where
        'p: 't,
    {
        if !self.names.accounts.contains_key(account) {
            let types = self.by_name.get(entry.name);
            return types.into_iter().flatten().map(|kind| (*kind, true)).collect();
        }
        let rules = self.names.of_region(account, region);
        let of_name = rules.and_then(|rules| rules.by_name.get(entry.name));
        let of_rule = of_name.into_iter().flatten().filter_map(|(id, kind)| {
            match (id.as_deref(), entry.id) {
                (Some(id), Some(this)) if id != this => None,
                (Some(_), None) => Some((kind.as_str(), false)),
                (Some(_), Some(_)) | (None, _) => Some((kind.as_str(), true)),
            }
        });
        of_rule.collect()
    }

    /// Where the results of a rule stand; of a rule of an account as a whole, in any region.
    pub(super) fn standing(
        &self,
        account: &AccountId,
        region: Option<&Region>,
        rule: &PlannedRule,
    ) -> ResultsAt {
        let Some(regions) = self.names.accounts.get(account.as_str()) else {
            return if rule.name.is_some() { ResultsAt::ByName } else { ResultsAt::Nowhere };
        };
        let has = |rules: &RecordedRules| rules.types.contains(&rule.resource_type);
        let is_recorded = match region {
            Some(region) => regions.get(region.as_str()).is_some_and(has),
            None => regions.values().any(has),
        };
        if is_recorded { ResultsAt::Recorded } else { ResultsAt::Apart }
    }

    /// The results in a compliance item, as items of the types of their rules.
    pub(super) fn results<'a>(
        &self,
        item: &ConfigurationItem<'a>,
        arena: &'a Bump,
    ) -> Vec<(&str, ConfigurationItem<'a>)> {
        let configuration = item.value.get("configuration");
        let target = configuration.as_ref().and_then(|it| {
            let kind = it.get("targetResourceType")?.as_str()?;
            Some(rule_types::result_id(kind, it.get("targetResourceId")?.as_str()?))
        });
        // AWS Config makes the item's own id of the same two.
        let id: &str = target.map_or(item.id, |id| arena.alloc_str(&id));
        let list = configuration.as_ref().and_then(|it| it.get("configRuleList"));
        let Some(Value::List(entries)) = list else { return self.unreadable(item, id) };
        let mut results: BTreeMap<&str, RuleResults<'a>> = BTreeMap::new();
        for entry in entries {
            let Some(rule) = RuleEntry::of(*entry) else { return self.unreadable(item, id) };
            for (kind, is_sure) in self.types((item.account_id, item.region), &rule) {
                let new = || RuleResults::new(*entry, rule);
                results.entry(kind).or_insert_with(new).add(rule, is_sure);
            }
        }
        let result = |(kind, of_rule): (_, RuleResults<'a>)| (kind, of_rule.item(item, id, arena));
        results.into_iter().map(result).collect()
    }

    /// Of an item that does not say which rules it is about, all rules of the place are unknown.
    fn unreadable<'a>(
        &self,
        item: &ConfigurationItem<'a>,
        id: &'a str,
    ) -> Vec<(&str, ConfigurationItem<'a>)> {
        let status = if item.status.is_unrecorded() { item.status } else { ItemStatus::Unreadable };
        let result = ConfigurationItem { id, name: None, arn: None, status, ..*item };
        let types: Vec<&str> = if self.names.accounts.contains_key(item.account_id) {
            let rules = self.names.of_region(item.account_id, item.region);
            rules.into_iter().flat_map(|rules| &rules.types).map(ResourceType::as_str).collect()
        } else {
            self.by_name.values().flatten().copied().collect()
        };
        types.into_iter().map(|kind| (kind, result)).collect()
    }
}

/// What the entries of one compliance item say of a rule: one counts, and more only where they agree.
struct RuleResults<'a> {
    entry: Value<'a>,
    rule: &'a str,
    compliance: Vec<Option<&'a str>>,
    is_sure: bool,
}

impl<'a> RuleResults<'a> {
    const fn new(entry: Value<'a>, rule: RuleEntry<'a>) -> Self {
        Self { entry, rule: rule.name, compliance: Vec::new(), is_sure: true }
    }

    fn add(&mut self, rule: RuleEntry<'a>, is_sure: bool) {
        self.is_sure &= is_sure;
        let same = |said: Option<&str>| match (said, rule.compliance) {
            (Some(said), Some(this)) => means(said, this),
            (said, this) => said == this,
        };
        if !self.compliance.iter().copied().any(same) {
            self.compliance.push(rule.compliance);
        }
    }

    /// The result as an item of the type of its rule.
    fn item(
        self,
        item: &ConfigurationItem<'a>,
        id: &'a str,
        arena: &'a Bump,
    ) -> ConfigurationItem<'a> {
        let configuration = if self.compliance.len() == 1 {
            self.entry
        } else {
            let said = self.compliance.iter().map(|said| Value::String(said.unwrap_or("nothing")));
            let said: Vec<Value<'a>> = said.collect();
            let fields = [
                (Value::String("configRuleName"), Value::String(self.rule)),
                (
                    Value::String(rule_types::CONTRADICTION),
                    Value::List(arena.alloc_slice_copy(&said)),
                ),
            ];
            Value::Map(arena.alloc_slice_copy(&fields))
        };
        let fields = [
            (Value::String("id"), Value::String(id)),
            (Value::String("configuration"), configuration),
        ];
        let value = Value::Map(arena.alloc_slice_copy(&fields));
        let is_readable = self.is_sure || item.status.is_unrecorded();
        let status = if is_readable { item.status } else { ItemStatus::Unreadable };
        ConfigurationItem { id, name: None, arn: None, value, status, ..*item }
    }
}

/// What is read of the items in which AWS Config records what rules say.
pub(super) fn compliance_part() -> Projection {
    let mut part = Projection::NOTHING;
    part.add(&[Step::Field("configuration".into())]);
    part
}

/// The type and id of the resource that a check's result speaks of.
pub(super) fn judged<'a>(
    check: &PreparedCheck<'_>,
    item: &ConfigurationItem<'a>,
) -> (&'a str, &'a str) {
    let judged = check.planned.rule.as_ref().and_then(|_| rule_types::judged(item.id));
    judged.unwrap_or((item.resource_type, item.id))
}

/// What a verdict on an item speaks of.
pub(super) fn subject<'a>(check: &PreparedCheck<'_>, item: &ConfigurationItem<'a>) -> Subject<'a> {
    let (resource_type, id) = judged(check, item);
    if resource_type == rule_types::ACCOUNT {
        let is_whole = check.planned.rule.as_ref().is_some_and(|rule| rule.is_of_account());
        return if is_whole { Subject::Account } else { Subject::Region };
    }
    Subject::Resource { resource_type, id, arn: item.arn, name: item.name, region: item.region }
}

/// Why a result says neither that the resource complies nor that it does not.
pub(super) fn undecided(check: &PreparedCheck<'_>, item: &ConfigurationItem<'_>) -> Option<Fault> {
    const DECIDED: [&str; 3] = ["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"];
    check.planned.rule.as_ref()?;
    let configuration = item.value.get("configuration");
    let field = |name: &str| configuration.as_ref()?.get(name)?.as_str();
    let said = field("complianceType");
    if said.is_some_and(|said| DECIDED.iter().any(|known| means(said, known))) {
        return None;
    }
    let (resource_type, id) = judged(check, item);
    let rule = field("configRuleName").unwrap_or("without a name");
    let contradiction = configuration.as_ref().and_then(|it| it.get(rule_types::CONTRADICTION));
    let what = match (said, contradiction) {
        (None, Some(Value::List(said))) => {
            let said: Vec<&str> = said.iter().filter_map(Value::as_str).collect();
            format!("reports {} at once", said.join(" and "))
        }
        (Some(said), _) if means(said, "INSUFFICIENT_DATA") => {
            "has too little data to evaluate it (INSUFFICIENT_DATA)".to_owned()
        }
        (Some(said), _) => format!("reports {said}, which Plumbline does not know"),
        (None, _) => "does not say whether it complies".to_owned(),
    };
    let message = format!("{resource_type} {id}: the AWS Config rule {rule} {what}");
    Some(Fault::Unread { reason: UnknownReason::InsufficientData, message })
}
