//! List prices, each with its source.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::rate::number;
use model::Region;

/// The region whose prices stand for those of regions without any.
const REFERENCE: &str = "us-east-1";

/// List prices by region.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prices {
    /// By region.
    pub regions: BTreeMap<Region, RegionPrices>,
}

/// The list prices of a region, in US dollars.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegionPrices {
    /// Of configuration items.
    pub items: ItemPrices,
    /// Of evaluations of AWS Config rules, for an account and region in a month.
    pub rule_evaluations: TieredPrice,
    /// Of findings that Security Hub CSPM ingests, for an account and region in a month.
    pub findings: TieredPrice,
}

/// What a configuration item costs.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemPrices {
    /// Of a type that is recorded continuously.
    pub continuous: Price,
    /// Of a type that is recorded once a day.
    pub daily: Price,
}

/// One price.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// In US dollars.
    pub usd: f64,
    /// Where it is from.
    pub source: String,
    /// The date of that.
    pub date: String,
}

/// A price that falls with the number.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TieredPrice {
    /// The tiers, of which the last one has no end.
    pub tiers: Vec<Tier>,
    /// Where they are from.
    pub source: String,
    /// The date of that.
    pub date: String,
}

/// One tier.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tier {
    /// The number of the month at which it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u64>,
    /// What each costs, in US dollars.
    pub usd: f64,
}

/// What is wrong with a file of prices.
#[derive(Debug, Error)]
pub enum PricesError {
    /// It is not of the form that it has to be.
    #[error("{0}")]
    Form(String),
    /// A field has a value that cannot be.
    #[error("{field}: {problem}")]
    Field {
        /// The field, from the top of the file.
        field: String,
        /// What is wrong, and what it has to be.
        problem: String,
    },
}

impl Prices {
    /// Reads a file of prices.
    ///
    /// # Errors
    ///
    /// When it has another form, or a field has a value that cannot be.
    pub fn parse(text: &str) -> Result<Self, PricesError> {
        let prices: Self =
            serde_saphyr::from_str(text).map_err(|error| PricesError::of_form(&error, text))?;
        if prices.regions.is_empty() {
            return Err(wrong("regions", "has to name at least one region, such as us-east-1"));
        }
        for (region, of_region) in &prices.regions {
            let field = format!("regions.{region}");
            of_region.items.continuous.check(&format!("{field}.items.continuous"))?;
            of_region.items.daily.check(&format!("{field}.items.daily"))?;
            of_region.rule_evaluations.check(&format!("{field}.ruleEvaluations"))?;
            of_region.findings.check(&format!("{field}.findings"))?;
        }
        Ok(prices)
    }

    /// Those of this program: us-east-1.
    ///
    /// # Errors
    ///
    /// Never: a test reads them.
    pub fn built_in() -> Result<Self, PricesError> {
        Self::parse(include_str!("../prices.yaml"))
    }

    /// The same, where `other` has no prices of a region.
    #[must_use]
    pub fn overridden_by(mut self, other: Self) -> Self {
        self.regions.extend(other.regions);
        self
    }

    /// The prices of a region, and the region that they are of.
    pub fn of(&self, region: &Region) -> Option<(&Region, &RegionPrices)> {
        let reference = || self.regions.iter().find(|(name, _)| name.as_str() == REFERENCE);
        self.regions.get_key_value(region).or_else(reference)
    }
}

impl PricesError {
    /// What is wrong, and the line that it is in, which has the field.
    fn of_form(error: &serde_saphyr::Error, text: &str) -> Self {
        // What follows the first line shows more of the file.
        let said = error.to_string();
        let said = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let line = error.location().and_then(|at| usize::try_from(at.line()).ok());
        let line = line.and_then(|line| text.lines().nth(line.checked_sub(1)?));
        let line = line.map(|line| format!(": `{}`", line.trim())).unwrap_or_default();
        Self::Form(format!("{said}{line}"))
    }
}

impl Price {
    fn check(&self, field: &str) -> Result<(), PricesError> {
        amount(self.usd, &format!("{field}.usd"))?;
        origin(&self.source, &self.date, field)
    }
}

impl TieredPrice {
    fn check(&self, field: &str) -> Result<(), PricesError> {
        origin(&self.source, &self.date, field)?;
        let mut begin = 0;
        for (at, tier) in self.tiers.iter().enumerate() {
            let place = format!("{field}.tiers[{at}]");
            amount(tier.usd, &format!("{place}.usd"))?;
            match (tier.up_to, at + 1 == self.tiers.len()) {
                (Some(end), false) if end > begin => begin = end,
                (None, true) => return Ok(()),
                (Some(_), true) => {
                    let problem = "has to be left out of the last tier, which has no end";
                    return Err(wrong(format!("{place}.upTo"), problem));
                }
                (_, false) => {
                    let problem = format!("has to be a number greater than {begin}");
                    return Err(wrong(format!("{place}.upTo"), problem));
                }
            }
        }
        Err(wrong(format!("{field}.tiers"), "has to have at least one tier"))
    }

    /// What so many cost.
    pub fn cost(&self, count: f64) -> f64 {
        let (mut begin, mut usd) = (0.0, 0.0);
        for tier in &self.tiers {
            let end = tier.up_to.map_or(f64::INFINITY, number);
            usd += (count.min(end) - begin).max(0.0) * tier.usd;
            begin = end;
        }
        usd
    }
}

fn amount(usd: f64, field: &str) -> Result<(), PricesError> {
    if usd.is_finite() && usd >= 0.0 {
        return Ok(());
    }
    Err(wrong(field, "has to be an amount in US dollars, at least 0"))
}

fn origin(source: &str, date: &str, field: &str) -> Result<(), PricesError> {
    if source.trim().is_empty() {
        return Err(wrong(format!("{field}.source"), "has to say where the price is from"));
    }
    let digits =
        |part: &str, length| part.len() == length && part.bytes().all(|it| it.is_ascii_digit());
    let mut parts = date.split('-');
    let is_date =
        [4, 2, 2].into_iter().all(|length| parts.next().is_some_and(|it| digits(it, length)));
    if is_date && parts.next().is_none() {
        return Ok(());
    }
    Err(wrong(format!("{field}.date"), "has to be a date such as 2026-01-31"))
}

fn wrong(field: impl Into<String>, problem: impl Into<String>) -> PricesError {
    PricesError::Field { field: field.into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> String {
        include_str!("../prices.yaml").to_owned()
    }

    fn near(cost: f64, expected: f64) {
        assert!((cost - expected).abs() < 1e-9, "{cost} {expected}");
    }

    #[test]
    fn tiers_are_added_up() {
        let prices = Prices::built_in().unwrap();
        let (_, prices) = prices.of(&"us-east-1".parse().unwrap()).unwrap();
        near(prices.rule_evaluations.cost(0.0), 0.0);
        near(prices.rule_evaluations.cost(100_000.0), 100.0);
        near(prices.rule_evaluations.cost(500_000.0), 100.0 + 320.0);
        near(prices.rule_evaluations.cost(600_000.0), 100.0 + 320.0 + 50.0);
        near(prices.findings.cost(10_000.0), 0.0);
        near(prices.findings.cost(150_000.0), 4.2);
    }

    #[test]
    fn a_region_without_prices_has_those_of_the_reference_and_a_file_takes_precedence() {
        let other = built_in().replace("us-east-1", "eu-west-1").replace("0.003", "0.004");
        let prices = Prices::built_in().unwrap().overridden_by(Prices::parse(&other).unwrap());
        for (asked, of, usd) in [
            ("us-east-1", "us-east-1", 0.003),
            ("eu-west-1", "eu-west-1", 0.004),
            ("ap-south-1", "us-east-1", 0.003),
        ] {
            let (region, prices) = prices.of(&asked.parse().unwrap()).unwrap();
            assert_eq!(region.as_str(), of);
            near(prices.items.continuous.usd, usd);
        }
    }

    #[test]
    fn mistakes_name_their_field() {
        for (from, to, said) in [
            ("usd: 0.012", "usd: -1", "regions.us-east-1.items.daily.usd: has to be an amount"),
            (
                "upTo: 500000",
                "upTo: 5",
                "ruleEvaluations.tiers[1].upTo: has to be a number greater",
            ),
            ("- {usd: 0.0005}", "- {upTo: 900000, usd: 1}", "tiers[2].upTo: has to be left out"),
            ("date: 2026-11-30", "date: soon", "items.continuous.date: has to be a date"),
            ("    findings:", "    finding:", "finding"),
            ("us-east-1:", "nowhere:", "nowhere"),
            ("usd: 0.003", "usd: cheap", "line 9 column 14: invalid floating point: `usd: cheap`"),
        ] {
            let error = Prices::parse(&built_in().replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let none = Prices::parse("regions: {}").unwrap_err().to_string();
        assert!(none.starts_with("regions: has to name"), "{none}");
    }
}
