//! Going on from an earlier round says what a whole evaluation says, whatever changed in between: items, what can be
//! read, time, baselines, and what is published. Built-in controls judge the items of their own tests; a failure names
//! the seed that repeats it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on has failed

mod meanwhile;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assess::{Limits, Retained, Round, RoundReport, SourceInput, View, evaluate, evaluate_changed};
use aws::source::aws_config::{LiveRead, Unread};
use aws::source::{Mirror, Part};
use cel::Timestamp;
use engine::catalog::{Catalog, built_in_tests};
use engine::drift::{KnownFindings, Publisher};
use engine::evaluation::{Evaluation, EvaluationResult, Results};
use engine::plan::Plan;
use model::{Region, ResourceType, UnknownReason, rule_types};
use serde_json::{Value as Json, json};
use support::random::Random;
use support::world::{ACCOUNT, minute, plan};

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
/// How many controls a baseline has.
const CONTROLS: usize = 12;
const STEPS: usize = 6;

fn sequences() -> u64 {
    if std::env::var_os("PLUMBLINE_SOAK").is_some() { 100_000 } else { 80 }
}

/// A control, and the items that its tests judge.
#[derive(Clone)]
struct Tested {
    control: String,
    items: Arc<Vec<Json>>,
}

fn tested() -> Vec<Tested> {
    let (tests, mistakes) = built_in_tests();
    assert!(mistakes.is_empty());
    let mut items: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for test in tests {
        let spec = test.object.spec;
        let of_control = items.entry(spec.control.to_string()).or_default();
        let cases = spec.cases.into_iter().filter(|case| case.parameters.is_empty());
        of_control.extend(cases.flat_map(|case| case.items).filter_map(|item| placed(&item)));
    }
    let is_plain = |name: &str| {
        Catalog::built_in().control(name).is_some_and(|control| control.spec.parameters.is_empty())
    };
    let plain = items.into_iter().filter(|(name, items)| is_plain(name) && !items.is_empty());
    plain.map(|(control, items)| Tested { control, items: Arc::new(items) }).collect()
}

/// An item as the account delivers it; nothing where it is of another account or no item.
fn placed(item: &Json) -> Option<Json> {
    let mut item = item.as_object()?.clone();
    let resource_type = item.get("resourceType")?.as_str()?;
    if rule_types::is_rule(resource_type) || resource_type == rule_types::COMPLIANCE {
        return None;
    }
    for account in ["awsAccountId", "accountId"] {
        if item.get(account).is_some_and(|account| account != ACCOUNT) {
            return None;
        }
    }
    let region = item.get("awsRegion").and_then(Json::as_str).unwrap_or(REGIONS[0]);
    let is_here = REGIONS.contains(&region) || region == "global";
    let region = if is_here { region.to_owned() } else { REGIONS[1].to_owned() };
    item.insert("awsRegion".into(), json!(region));
    item.insert("awsAccountId".into(), json!(ACCOUNT));
    let time = json!("2026-01-31T00:00:00Z");
    item.entry("configurationItemCaptureTime").or_insert(time);
    item.entry("configurationItemStatus").or_insert(json!("OK"));
    item.get("resourceId")?.as_str()?;
    Some(Json::Object(item))
}

/// The items of a part, by id.
type Items = BTreeMap<String, Json>;

/// An account, what is known of it and what is published.
struct World {
    mirror: Arc<Mirror>,
    items: BTreeMap<Part, Items>,
    unread: BTreeSet<Part>,
    plans: Vec<Plan>,
    pool: Vec<Json>,
    known: KnownFindings,
    minutes: i64,
}

impl World {
    fn new(tested: &[Tested], dice: &mut Random) -> Self {
        let chosen: Vec<Tested> = (0..CONTROLS).map(|_| dice.pick(tested)).collect();
        let mut names: BTreeSet<&str> = chosen.iter().map(|it| it.control.as_str()).collect();
        let exempted = names.iter().next().copied().unwrap().to_owned();
        names.insert("s3-bucket-versioning"); // the exemption names it
        let controls: Vec<Json> = names.iter().map(|name| json!({"name": name})).collect();
        let mut plan = plan(&json!({"controls": controls}), &REGIONS, &Json::Null);
        for exemption in &mut plan.exemptions {
            exemption.controls = [exempted.parse().unwrap()].into();
        }
        let pool = chosen.iter().flat_map(|it| it.items.iter().cloned()).collect();
        let mut world = Self {
            mirror: Arc::new(Mirror::default()),
            items: BTreeMap::new(),
            unread: BTreeSet::new(),
            plans: vec![plan],
            pool,
            known: KnownFindings::new(),
            minutes: 0,
        };
        for _ in 0..dice.below(40) {
            world.put(dice);
        }
        world
    }

    /// Puts an item, of a resource that may be there.
    fn put(&mut self, dice: &mut Random) {
        let mut item = dice.pick(&self.pool);
        let resource_type: ResourceType = item["resourceType"].as_str().unwrap().parse().unwrap();
        let region = item["awsRegion"].as_str().unwrap();
        let region = if region == "global" { REGIONS[dice.below(2)] } else { region };
        let part = Part { region: region.parse().unwrap(), resource_type };
        // Another resource's configuration, now and then.
        if let Some(other) = self.items.get(&part).filter(|_| dice.once_in(2)) {
            let ids: Vec<String> = other.keys().cloned().collect();
            if !ids.is_empty() {
                item["resourceId"] = json!(dice.pick(&ids));
            }
        }
        if dice.once_in(8) {
            let statuses = ["ResourceDeleted", "ResourceNotRecorded", "ResourceDiscovered"];
            item["configurationItemStatus"] = json!(dice.pick(&statuses));
        }
        let id = item["resourceId"].as_str().unwrap().to_owned();
        let of_item = item["awsRegion"].as_str().unwrap();
        self.mirror.put(&part, (of_item, &id), None, &item.to_string()).unwrap();
        self.items.entry(part).or_default().insert(id, item);
    }

    /// Reads a part whole again, without one of its items.
    fn remove(&mut self, dice: &mut Random) {
        let parts: Vec<Part> = self.items.keys().cloned().collect();
        if parts.is_empty() {
            return;
        }
        let part = dice.pick(&parts);
        let items = self.items.get_mut(&part).unwrap();
        let ids: Vec<String> = items.keys().cloned().collect();
        if !ids.is_empty() {
            items.remove(&dice.pick(&ids));
        }
        let now = minute(self.minutes);
        self.mirror.begin(&part, now);
        for (id, item) in items {
            let region = item["awsRegion"].as_str().unwrap();
            self.mirror.put(&part, (region, id), None, &item.to_string()).unwrap();
        }
        self.mirror.finish(&part).unwrap();
    }

    /// Something changes; most often an item.
    fn step(&mut self, dice: &mut Random) {
        match dice.below(24) {
            0 | 1 => self.remove(dice),
            2 => {
                let parts: Vec<Part> = self.items.keys().cloned().collect();
                if !parts.is_empty() {
                    self.unread.insert(dice.pick(&parts));
                }
            }
            3 => self.unread.clear(),
            4 => self.minutes += 45,          // an interval passes
            5 => self.minutes += 60 * 24 * 9, // an exemption may end
            6 => {
                let plan = &mut self.plans[0];
                plan.publish.passed = !plan.publish.passed;
            }
            7 => self.plans[0].controls.truncate(CONTROLS - 3),
            8 => self.plans[0].suspended = !self.plans[0].suspended,
            _ => (0..=dice.below(3)).for_each(|_| self.put(dice)),
        }
        self.minutes += 1;
    }

    fn now(&self) -> Timestamp {
        minute(self.minutes)
    }

    /// A round over what was read.
    fn round<'r>(
        &'r self,
        sources: &'r [SourceInput],
        known: Option<&'r KnownFindings>,
        publisher: &'r Publisher,
    ) -> Round<'r> {
        let (plans, now, limits) = (&self.plans, self.now(), Limits::NONE);
        Round { plans, sources, known, publisher, now, may_lack_baselines: false, limits }
    }

    /// What a read finds.
    fn read(&self) -> LiveRead {
        let arena = bumpalo::Bump::new();
        let evaluation = Evaluation::new(&self.plans, self.now(), &arena);
        let unread =
            || Unread { reason: UnknownReason::Throttled, detail: "it is tested".to_owned() };
        let mut read = LiveRead {
            account: ACCOUNT.parse().unwrap(),
            mirror: Arc::clone(&self.mirror),
            parts: BTreeSet::new(),
            types: Vec::new(),
            recorders: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            rules: None,
            again_at: None,
        };
        for (resource_type, _) in evaluation.reading() {
            for region in REGIONS {
                let region: Region = region.parse().unwrap();
                let part = Part { region: region.clone(), resource_type: resource_type.clone() };
                let is_read = !self.unread.contains(&part);
                let outcome = if is_read { Ok(()) } else { Err(unread()) };
                read.types.push((region, resource_type.clone(), outcome));
                if is_read {
                    read.parts.insert(part);
                }
            }
        }
        read
    }
}

/// What a round came to, in words.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    outcome: String,
    changes: Vec<String>,
    summary: String,
    shown: Vec<String>,
    sources: String,
}

#[derive(Default)]
struct Shown(Vec<String>);

impl Results for Shown {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self.0.push(format!("{result:?}"));
    }
}

fn said(round: impl FnOnce(View<'_>) -> RoundReport) -> (Said, RoundReport) {
    let mut shown = Shown::default();
    let filter = |result: &EvaluationResult<'_>| {
        result.is_drift() || result.verdict.reason() == Some(UnknownReason::InsufficientData)
    };
    let report = round(View { results: &mut shown, filter, progress: &() });
    shown.0.sort_unstable();
    let said = Said {
        outcome: format!("{:#?}", report.outcome),
        changes: report.drift.changes.iter().map(|change| format!("{change:?}")).collect(),
        summary: format!("{:#?} {:?}", report.drift.summary, report.drift.left_out),
        shown: shown.0,
        sources: format!("{:?}", report.sources),
    };
    (said, report)
}

/// What the sequences were like.
#[derive(Debug, Default)]
struct Tally {
    steps: usize,
    updated: usize,
    changes: usize,
}

fn sequence(seed: u64, tested: &[Tested]) -> Tally {
    let mut dice = Random::new(seed);
    let mut world = World::new(tested, &mut dice);
    let (mut retained, publisher) = (Retained::default(), Publisher::default());
    let mut tally = Tally::default();
    for step in 0..STEPS {
        if step > 0 {
            world.step(&mut dice);
        }
        let sources = [SourceInput::Live(world.read())];
        let known = world.known.clone();
        let round = world.round(&sources, Some(&known), &publisher);
        let (expected, _) = said(|view| evaluate(&round, view));
        let (found, report) = said(|view| evaluate_changed(&round, &mut retained, view));
        assert!(found == expected, "seed {seed}, step {step}:\n{}", difference(&found, &expected));
        tally.steps += 1;
        tally.updated += report.updated.len();
        tally.changes += report.drift.changes.len();
        // Some of what is published does not arrive.
        let arrives = dice.below(4) > 0;
        for change in report.drift.changes.iter().filter(|_| arrives || dice.once_in(2)) {
            world.known.upsert(change.shared());
        }
    }
    tally
}

fn difference(found: &Said, expected: &Said) -> String {
    let lines = |said: &Said| -> BTreeSet<String> {
        let texts = [&said.outcome, &said.summary, &said.sources];
        let lines = texts.into_iter().flat_map(|text| text.lines().map(str::to_owned));
        lines.chain(said.changes.iter().chain(&said.shown).cloned()).collect()
    };
    let (found, expected) = (lines(found), lines(expected));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).take(8).cloned().collect::<Vec<_>>().join("\n  ")
    };
    format!("found:\n  {}\nexpected:\n  {}", only(&found, &expected), only(&expected, &found))
}

#[test]
fn what_changed_is_evaluated_as_all_of_it_would_be() {
    const THREADS: usize = 2;
    let tested = tested();
    assert!(tested.len() > 80, "{}", tested.len());
    let tested = &tested;
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let share = |thread: usize| {
            let seeds = (thread as u64..sequences()).step_by(THREADS);
            seeds.map(|seed| sequence(seed, tested)).collect::<Vec<_>>()
        };
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let (steps, updated) = (sum(|it| it.steps), sum(|it| it.updated));
    // A test that never went on would show nothing.
    assert!(updated > steps / 3, "{updated} of {steps}");
    assert!(sum(|it| it.changes) > steps, "{tallies:?}");
}
