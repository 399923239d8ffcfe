//! How costs are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use super::super::output;
use super::super::plural::counted;
use super::super::results::{Field, Grid, SCHEMA_VERSION};
use super::total;
use cost::{
    BilledCount, DAYS, DailyAdvice, PlaceEstimate, RateBasis, RegionPrices, RuleEstimate,
    TypeEstimate,
};
use model::Region;

/// So many rules of a place are listed; JSON has all.
const RULES: usize = 10;

/// What every number stands on.
const ASSUMPTIONS: [&str; 6] = [
    "list prices without free trials, discounts and taxes; a month has 30 days",
    "where the number of items is not given, the shortest of the last day, 7 days and 30 days in which \
     at least 10 resources of the type were last recorded stands for the month. A resource counts once \
     in it, and deleted ones are not seen, so that there may be more items: the metric \
     ConfigurationItemsRecorded of CloudWatch has their number (--items)",
    "a type that is recorded once a day has at most one item of a resource a day",
    "a rule evaluates each item of its control's types once; one that runs periodically evaluates every \
     resource once in each of its periods",
    "each finding is published once a month, as in the first month; afterwards only changes are",
    "storage, notifications, conformance packs and the checks of Security Hub's own standards are not in \
     it",
];

/// What places cost.
#[derive(Debug, Default)]
pub(super) struct CostReport {
    notes: BTreeSet<String>,
    places: Vec<PlaceEstimate>,
    prices: BTreeMap<Region, RegionPrices>,
    /// The regions whose prices are those of another one.
    assumed: BTreeMap<Region, Region>,
}

/// The same as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonCosts<'c> {
    schema_version: u32,
    /// Of all places.
    usd: f64,
    days: u64,
    places: &'c [PlaceEstimate],
    /// By region.
    prices: &'c BTreeMap<Region, RegionPrices>,
    /// Regions without prices, and the region whose prices stand for theirs.
    assumed_prices: &'c BTreeMap<Region, Region>,
    assumptions: &'c [&'static str],
    notes: &'c BTreeSet<String>,
}

impl CostReport {
    /// One without places, with what could not be counted.
    pub(super) fn of(notes: BTreeSet<String>) -> Self {
        Self { notes, ..Self::default() }
    }

    /// Takes what a place costs by the prices of a region.
    pub(super) fn add(&mut self, place: PlaceEstimate, of: &Region, prices: &RegionPrices) {
        if *of != place.region {
            self.assumed.insert(place.region.clone(), of.clone());
        }
        self.prices.entry(of.clone()).or_insert_with(|| prices.clone());
        self.places.push(place);
    }

    pub(super) fn json(&self) -> JsonCosts<'_> {
        JsonCosts {
            schema_version: SCHEMA_VERSION,
            usd: (total(&self.places) * 10_000.0).round() / 10_000.0,
            days: DAYS,
            places: &self.places,
            prices: &self.prices,
            assumed_prices: &self.assumed,
            assumptions: &ASSUMPTIONS,
            notes: &self.notes,
        }
    }

    pub(super) fn text(&self, out: &mut impl Write) -> io::Result<()> {
        for place in &self.places {
            of_place(place, out)?;
        }
        let places = counted(self.places.len(), "place");
        writeln!(out, "total of {places}: {} a month", dollars(total(&self.places)))?;
        writeln!(out, "\nprices:")?;
        for (region, of) in &self.assumed {
            writeln!(out, "- those of {of} are assumed for {region}: give others with --prices")?;
        }
        for (region, prices) in &self.prices {
            for (what, source, date) in sources(prices) {
                writeln!(out, "- {region}, {what}: {source} ({date})")?;
            }
        }
        writeln!(out, "\nassumptions:")?;
        let notes = self.notes.iter().map(String::as_str);
        ASSUMPTIONS.into_iter().chain(notes).try_for_each(|it| writeln!(out, "- {it}"))
    }
}

fn sources(prices: &RegionPrices) -> [(&'static str, &str, &str); 4] {
    let RegionPrices { items, rule_evaluations, findings } = prices;
    let (continuous, daily) = (&items.continuous, &items.daily);
    [
        ("items recorded continuously", &continuous.source, &continuous.date),
        ("items recorded once a day", &daily.source, &daily.date),
        ("rule evaluations", &rule_evaluations.source, &rule_evaluations.date),
        ("findings", &findings.source, &findings.date),
    ]
}

fn of_place(place: &PlaceEstimate, out: &mut impl Write) -> io::Result<()> {
    let PlaceEstimate { account, region, usd, .. } = place;
    writeln!(out, "{account} {region}: {} a month\n", dollars(*usd))?;
    let mut sums = Grid::new(&["COST", "NUMBER", "USD", "OF"], output::style());
    for (what, billed, of) in [
        ("configuration items", place.items, "all recorded types"),
        ("  of these to save", place.unread_items, "types that no control of the baselines reads"),
        ("rule evaluations", place.rule_evaluations, "rules that controls delegate to"),
        (
            "  replaced",
            place.replaced_evaluations,
            "managed rules that controls replace; not in the sum",
        ),
        ("findings", place.findings, "drift, published once"),
    ] {
        sums.row([what, &number(billed.count), &dollars(billed.usd), of].map(Field::new));
    }
    sums.write(out)?;
    writeln!(out)?;
    if place.types.is_empty() {
        writeln!(out, "no recorded resources\n")?;
    } else {
        types(&place.types, out)?;
    }
    if place.rules.is_empty() { Ok(()) } else { rules(&place.rules, out) }
}

fn types(types: &[TypeEstimate], out: &mut impl Write) -> io::Result<()> {
    let header = ["TYPE", "RESOURCES", "ITEMS", "AT LEAST", "USD", "BASIS", "NOTE"];
    let mut grid = Grid::new(&header, output::style());
    for it in types {
        grid.row(
            [
                it.resource_type.as_str(),
                &it.resources.to_string(),
                &number(it.items.count),
                &it.items_at_least.to_string(),
                &dollars(it.items.usd),
                &it.basis.to_string(),
                &note(it),
            ]
            .map(Field::new),
        );
    }
    grid.write(out)?;
    writeln!(out)
}

fn note(of: &TypeEstimate) -> String {
    let daily = of.daily_saves.map(|DailyAdvice { usd, basis }| {
        let like = match basis {
            RateBasis::LastHour => " if every hour is like the last",
            _ => "",
        };
        format!("recording once a day saves {}{like}", dollars(usd))
    });
    let notes = [
        (!of.read).then(|| "no control reads it".to_owned()),
        of.daily.then(|| "recorded once a day".to_owned()),
        daily,
    ];
    notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn rules(rules: &[RuleEstimate], out: &mut impl Write) -> io::Result<()> {
    let header = ["RULE", "EVALUATIONS", "USD", "IF DAILY", "CONTROLS"];
    let mut grid = Grid::new(&header, output::style());
    for rule in rules.iter().take(RULES) {
        let shown = |billed: Option<BilledCount>, of: fn(BilledCount) -> String| {
            billed.map_or_else(|| "unknown".to_owned(), of)
        };
        let kind = if rule.replaced { "replaced by" } else { "delegated by" };
        grid.row(
            [
                rule.rule.as_str(),
                &shown(rule.on_change, |it| number(it.count)),
                &shown(rule.on_change, |it| dollars(it.usd)),
                &shown(rule.once_a_day, |it| dollars(it.usd)),
                &format!("{kind} {}", rule.controls.join(", ")),
            ]
            .map(Field::new),
        );
    }
    grid.write(out)?;
    let more = rules.len().saturating_sub(RULES);
    if more > 0 {
        writeln!(out, "and {} (--output json has all)", counted(more, "more rule"))?;
    }
    writeln!(out)
}

fn dollars(usd: f64) -> String {
    format!("${usd:.2}")
}

fn number(count: f64) -> String {
    format!("{count:.0}")
}
