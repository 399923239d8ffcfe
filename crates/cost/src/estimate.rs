//! What an account costs in a region a month.

use serde::{Serialize, Serializer};

use crate::rate::{ChangeRates, Changed, RateBasis, number};
use crate::{DAYS, RegionPrices};
use model::{AccountId, Region};

/// Its items are recorded without charge ("Drift detection for the configuration recorder", AWS Config
/// Developer Guide).
const FREE: &str = "AWS::Config::ConfigurationRecorder";

/// These cannot be recorded once a day (`RecordingMode`, AWS Config API Reference).
const CONTINUOUS_ALWAYS: [&str; 3] =
    ["AWS::Config::ResourceCompliance", "AWS::Config::ConformancePackCompliance", FREE];

/// What is counted of an account in a region.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceCounts {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The types that are recorded.
    pub types: Vec<CountedType>,
    /// The AWS Config rules of the baselines' controls.
    pub rules: Vec<RuleUse>,
    /// The findings that would be published.
    pub findings: u64,
}

/// A type that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedType {
    /// Its name.
    pub name: String,
    /// How many resources there are.
    pub resources: u64,
    /// How many of them changed lately.
    pub changed: Changed,
    /// Whether it is recorded once a day.
    pub daily: bool,
    /// Whether a control of the baselines reads it.
    pub read: bool,
}

/// An AWS Config rule, by what the baselines' controls say of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleUse {
    /// Its identifier or name.
    pub rule: String,
    /// The controls that replace it or delegate to it.
    pub controls: Vec<String>,
    /// The types that it evaluates.
    pub types: Vec<String>,
    /// Whether controls replace it, so that nobody needs it.
    pub replaced: bool,
}

/// A number of a month, and what it costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BilledCount {
    /// How many.
    #[serde(serialize_with = "rounded")]
    pub count: f64,
    /// What they cost, in US dollars.
    #[serde(serialize_with = "rounded")]
    pub usd: f64,
}

/// What an account costs in a region a month.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceEstimate {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// All configuration items.
    pub items: BilledCount,
    /// Those of types that no control of the baselines reads.
    pub unread_items: BilledCount,
    /// The evaluations of the rules that controls delegate to.
    pub rule_evaluations: BilledCount,
    /// The evaluations of rules that controls replace: what these would cost beside.
    pub replaced_evaluations: BilledCount,
    /// The findings.
    pub findings: BilledCount,
    /// Items, rules that controls delegate to, and findings.
    #[serde(serialize_with = "rounded")]
    pub usd: f64,
    /// The types, the most expensive first.
    pub types: Vec<TypeEstimate>,
    /// The rules, the most expensive first.
    pub rules: Vec<RuleEstimate>,
}

/// What a type costs a month.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeEstimate {
    /// The type.
    pub resource_type: String,
    /// How many resources there are.
    pub resources: u64,
    /// How many of them changed lately.
    pub changed: Changed,
    /// Its items, and what they cost.
    pub items: BilledCount,
    /// So many items there were in the last thirty days for certain.
    pub items_at_least: u64,
    /// What the number of items stands on.
    pub basis: RateBasis,
    /// Whether it is recorded once a day.
    pub daily: bool,
    /// Whether a control of the baselines reads it.
    pub read: bool,
    /// What recording it once a day would save; nothing where it saves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_saves: Option<DailyAdvice>,
}

/// What recording a type once a day would save.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyAdvice {
    /// In US dollars a month.
    #[serde(serialize_with = "rounded")]
    pub usd: f64,
    /// What the number of items stands on.
    pub basis: RateBasis,
}

/// What a rule costs a month.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleEstimate {
    /// Its identifier or name.
    pub rule: String,
    /// The controls that replace it or delegate to it.
    pub controls: Vec<String>,
    /// Whether controls replace it.
    pub replaced: bool,
    /// Its evaluations if it evaluates each item of its types; nothing where these are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_change: Option<BilledCount>,
    /// Its evaluations if it evaluates every resource of its types once a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once_a_day: Option<BilledCount>,
}

/// Adds up what an account costs in a region.
pub fn estimate(counts: &PlaceCounts, rates: &ChangeRates, prices: &RegionPrices) -> PlaceEstimate {
    let mut types: Vec<TypeEstimate> =
        counts.types.iter().map(|counted| of_type(counted, rates, prices)).collect();
    let mut rules: Vec<RuleEstimate> =
        counts.rules.iter().map(|rule| of_rule(rule, &types, prices)).collect();
    let evaluated = |replaced: bool| {
        let those = rules.iter().filter(|rule| rule.replaced == replaced);
        // The sum of nothing is negative zero.
        those.filter_map(|rule| Some(rule.on_change?.count)).fold(0.0, |sum, it| sum + it)
    };
    let (delegated, replaced) = (evaluated(false), evaluated(true));
    let rule_evaluations =
        BilledCount { count: delegated, usd: prices.rule_evaluations.cost(delegated) };
    // Beside the others, for the tiers are of the account and region.
    let both = prices.rule_evaluations.cost(delegated + replaced);
    let replaced_evaluations = BilledCount { count: replaced, usd: both - rule_evaluations.usd };
    let published = number(counts.findings);
    let findings = BilledCount { count: published, usd: prices.findings.cost(published) };
    let items = sum(types.iter());
    let unread_items = sum(types.iter().filter(|it| !it.read));
    types.sort_by(|one, other| {
        let by_cost = other.items.usd.total_cmp(&one.items.usd);
        by_cost.then_with(|| one.resource_type.cmp(&other.resource_type))
    });
    let cost = |rule: &RuleEstimate| rule.on_change.map_or(-1.0, |it| it.usd);
    rules.sort_by(|one, other| {
        cost(other).total_cmp(&cost(one)).then_with(|| one.rule.cmp(&other.rule))
    });
    PlaceEstimate {
        account: counts.account.clone(),
        region: counts.region.clone(),
        items,
        unread_items,
        rule_evaluations,
        replaced_evaluations,
        findings,
        usd: items.usd + rule_evaluations.usd + findings.usd,
        types,
        rules,
    }
}

fn of_type(counted: &CountedType, rates: &ChangeRates, prices: &RegionPrices) -> TypeEstimate {
    let CountedType { name, resources, changed, daily, read } = counted;
    let rate = rates.of(name, *resources, *changed);
    let free = name == FREE;
    let (continuous, once) = (prices.items.continuous.usd, prices.items.daily.usd);
    // Once a day, at most one item of a resource is recorded.
    let most = number(*resources) * number(DAYS);
    let count = if *daily { rate.items.min(most) } else { rate.items };
    let usd = if free { 0.0 } else { count * if *daily { once } else { continuous } };
    let saved = |items: f64| items * continuous - most * once;
    let busy = match rate.basis {
        RateBasis::Given => Some((rate.items, RateBasis::Given)),
        // In a day and more, a resource counts once at most.
        _ => changed.hourly().map(|items| (items, RateBasis::LastHour)),
    };
    let advice = busy.filter(|_| !*daily && !CONTINUOUS_ALWAYS.contains(&name.as_str()));
    let advice = advice.map(|(items, basis)| DailyAdvice { usd: saved(items), basis });
    TypeEstimate {
        resource_type: name.clone(),
        resources: *resources,
        changed: *changed,
        items: BilledCount { count, usd },
        items_at_least: rate.at_least,
        basis: rate.basis,
        daily: *daily,
        read: *read,
        daily_saves: advice.filter(|advice| advice.usd > 0.0),
    }
}

/// What a rule alone would cost.
fn of_rule(rule: &RuleUse, types: &[TypeEstimate], prices: &RegionPrices) -> RuleEstimate {
    let those = || types.iter().filter(|it| rule.types.contains(&it.resource_type));
    let billed = |count: f64| BilledCount { count, usd: prices.rule_evaluations.cost(count) };
    let known = !rule.types.is_empty();
    let (items, resources) = (
        those().fold(0.0, |sum, it| sum + it.items.count),
        those().fold(0.0, |sum, it| sum + number(it.resources)),
    );
    RuleEstimate {
        rule: rule.rule.clone(),
        controls: rule.controls.clone(),
        replaced: rule.replaced,
        on_change: known.then(|| billed(items)),
        once_a_day: known.then(|| billed(resources * number(DAYS))),
    }
}

fn sum<'t>(types: impl Iterator<Item = &'t TypeEstimate>) -> BilledCount {
    types.fold(BilledCount::default(), |sum, it| BilledCount {
        count: sum.count + it.items.count,
        usd: sum.usd + it.items.usd,
    })
}

/// To hundredths of a cent: more is noise of the arithmetic.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests;
