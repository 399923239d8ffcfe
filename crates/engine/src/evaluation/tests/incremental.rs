//! Whatever items change, going on from an earlier evaluation says what a whole one says.

mod joins;

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::evaluation::fixture::{NOW, complete, item, line, plan, planned, without};
use crate::evaluation::{
    Coverage, Evaluation, EvaluationResult, IncrementalState, ItemKey, Needed, Outcome, Results,
    Stage,
};
use crate::plan::Plan;
use model::{ConfigurationItem, Parsed, Reading, is_global, parse_item, rule_types};

/// Controls of each way to come to a verdict, and of each kind of type.
const CHECKS: [&str; 13] = [
    "expression: {resourceTypes: ['AWS::S3::Bucket'],
        compliant: resource.configuration.value == 1,
        message: '\"value is \" + string(resource.configuration.value)'}",
    "expression: {resourceTypes: ['AWS::S3::Bucket', 'AWS::IAM::Role'],
        appliesTo: resource.configuration.value != 2, compliant: resource.configuration.value == 1}",
    "expression: {resourceTypes: ['AWS::IAM::Role'], compliant: resource.configuration.value == 1}",
    "expression: {resourceTypes: ['AWS::EC2::VPC'],
        related: [{name: logs, resourceType: 'AWS::EC2::FlowLog', key: resource.id,
            relatedKey: resource.configuration.of}],
        compliant: 'related.logs.exists(log, log.configuration.value == 1)'}",
    "expression: {resourceTypes: ['AWS::S3::Bucket'],
        related: [{name: roles, resourceType: 'AWS::IAM::Role', key: resource.configuration.of,
            relatedKey: resource.id},
            {name: others, resourceType: 'AWS::S3::Bucket', key: 'resource.configuration.value == 1 ? resource.id : \"none\"',
            relatedKey: resource.configuration.of}],
        compliant: 'size(related.roles) + size(related.others) < 2'}",
    // Of regional types alone, by several keys, itself among what joins.
    "expression: {resourceTypes: ['AWS::EC2::VPC', 'AWS::EC2::FlowLog'],
        related: [{name: logs, resourceType: 'AWS::EC2::FlowLog', key: '[resource.id, resource.configuration.of]',
            relatedKey: 'optional.of(resource.configuration.of)'},
            {name: others, resourceType: 'AWS::EC2::VPC', key: resource.configuration.of, relatedKey: resource.id}],
        compliant: 'size(related.logs) < 3 && related.others.all(it, it.configuration.value == 1)'}",
    // With all of a global type.
    "expression: {resourceTypes: ['AWS::EC2::VPC'],
        related: [{name: roles, resourceType: 'AWS::IAM::Role', key: resource.id, relatedKey: resource.configuration.of},
            {name: logs, resourceType: 'AWS::EC2::FlowLog', key: resource.configuration.of, relatedKey: resource.id}],
        compliant: 'size(related.roles) + size(related.logs) < 2'}",
    "expression: {resourceTypes: ['AWS::EC2::VPC'], scope: Region,
        compliant: 'size(resources) == 1'}",
    "expression: {resourceTypes: ['AWS::EC2::FlowLog', 'AWS::IAM::Role'], scope: Account,
        compliant: 'resources.all(it, it.configuration.value == 1)'}",
    "expression: {resourceTypes: ['AWS::IAM::User'], scope: Account, compliant: 'size(resources) < 3'}",
    "attestation: {}",
    OF_ACCOUNT,
    "configRule: {name: volumes}",
];
const OF_ACCOUNT: &str = "configRule: {name: keys, scope: Account}";

const TYPES: [&str; 6] = [
    "AWS::S3::Bucket",
    "AWS::IAM::Role",
    "AWS::EC2::VPC",
    "AWS::EC2::FlowLog",
    "AWS::IAM::User",
    rule_types::COMPLIANCE,
];

/// Where an item stands: what it is of, and who delivered it.
type Place = (usize, usize, usize);

/// A change of what stands somewhere.
#[derive(Debug, Clone)]
struct Change {
    place: Place,
    /// Nothing where the item is gone.
    item: Option<(i64, usize, usize)>,
}

fn change() -> impl Strategy<Value = Change> {
    let item = proptest::option::weighted(0.8, (0_i64..4, 0_usize..3, 0_usize..5));
    ((0..TYPES.len(), 0_usize..3, 0_usize..3), item)
        .prop_map(|(place, item)| Change { place, item })
}

/// What a rule reports, as AWS Config records it.
fn reported(rule: &str, compliance: &str) -> Json {
    json!({
        "targetResourceType": rule_types::ACCOUNT, "targetResourceId": "111122223333",
        "configRuleList": [{"configRuleName": rule, "configRuleId": format!("config-rule-{rule}"), "complianceType": compliance}],
    })
}

fn text(place: Place, (value, of, status): (i64, usize, usize)) -> Json {
    let (kind, name, region) = place;
    let resource_type = TYPES[kind];
    let configuration = match value {
        3 => json!({}),
        _ if resource_type == rule_types::COMPLIANCE => {
            let compliance = match value {
                0 => "COMPLIANT",
                1 => "NON_COMPLIANT",
                _ => "NOT_APPLICABLE",
            };
            reported(["keys", "volumes", "other"][of], compliance)
        }
        _ => json!({"value": value, "of": format!("n{of}")}),
    };
    let status = ["OK", "OK", "OK", "ResourceDeleted", "ResourceNotRecorded"][status];
    let captured = format!("2026-01-01T00:00:0{value}Z");
    item(
        resource_type,
        &format!("n{name}"),
        json!({
            "awsRegion": match (is_global(resource_type), of, region) {
                (true, 0, _) => "global",
                // As another delivers it, too.
                (false, 2, 2) => "eu-west-1",
                _ => ["eu-west-1", "us-east-1", "eu-north-1"][region],
            },
            "configurationItemStatus": status, "configurationItemCaptureTime": captured,
            "configuration": configuration, "tags": {"team": format!("t{of}")},
        }),
    )
}

fn key((kind, name, region): Place) -> ItemKey {
    ItemKey((kind * 100 + name * 10 + region) as u64)
}

/// Results with what they are made from, and the places of their plans and controls.
#[derive(Debug, Default)]
struct Kept(Vec<((Stage, usize, usize), String)>);

/// Takes down what comes.
struct Collect<'c> {
    plans: &'c [Plan],
    kept: &'c mut Kept,
    stage: Stage,
}

impl Results for Collect<'_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        let line = format!("{} {}", result.plan, line(self.plans, result));
        self.kept.0.push(((self.stage, result.plan, result.control), line));
    }

    fn stage(&mut self, stage: Stage) {
        self.stage = stage;
    }
}

impl Kept {
    fn lines(&self) -> Vec<&str> {
        let mut lines: Vec<&str> = self.0.iter().map(|(_, line)| line.as_str()).collect();
        lines.sort_unstable();
        lines
    }
}

/// What stands everywhere.
type World = BTreeMap<Place, Json>;

fn plans() -> Vec<Plan> {
    let mut other = plan(&CHECKS[..7]);
    other.baseline.name = "other".into();
    other.targets.remove(1);
    let refused = other.controls[4].control.refused("a typo".to_owned());
    other.controls.push(planned(refused.into()));
    vec![plan(&CHECKS), other]
}

fn whole(
    plans: &[Plan],
    world: &World,
    coverage: &Coverage,
) -> (Kept, Outcome, Option<IncrementalState>) {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut kept = Kept::default();
    let mut workers = vec![evaluation.worker(), evaluation.worker()];
    let mut collect = Collect { plans, kept: &mut kept, stage: Stage::Always };
    for (at, (place, item)) in world.iter().enumerate() {
        if let Some((_, item)) = read((*place, item), &reading, &arena) {
            collect.stage(Stage::Item(key(*place).0));
            workers[at % 2].keyed_item(key(*place), &item, &mut collect);
        }
    }
    let (outcome, state) = evaluation.finish_incremental(workers, coverage, &mut collect);
    (kept, outcome, state)
}

fn update(
    plans: &[Plan],
    world: &World,
    changed: &BTreeSet<Place>,
    (state, kept): (&mut IncrementalState, &mut Kept),
    (coverage, widens): (&Coverage, bool),
) -> Outcome {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let types = changed.iter().map(|(kind, ..)| TYPES[*kind].parse().unwrap()).collect();
    let keys = changed.iter().copied().map(key).collect();
    let items: Vec<(Place, ConfigurationItem<'_>)> =
        world.iter().filter_map(|(place, item)| read((*place, item), &reading, &arena)).collect();
    let mut workers = vec![evaluation.worker(), evaluation.worker()];
    let mut new = Kept::default();
    let mut collect = Collect { plans, kept: &mut new, stage: Stage::Always };
    for (at, (place, item)) in items.iter().enumerate().filter(|(_, (it, _))| changed.contains(it))
    {
        collect.stage(Stage::Item(key(*place).0));
        workers[at % 2].keyed_item(key(*place), item, &mut collect);
    }
    let affected = evaluation.affected(state, &mut workers, (&types, keys));
    let Some(mut affected) = affected else {
        let (of_whole, outcome, state_of_whole) = whole(plans, world, coverage);
        (*kept, *state) = (of_whole, state_of_whole.expect("nothing fails here"));
        return outcome;
    };
    if widens {
        affected.widen(&evaluation, &mut workers);
    }
    for (at, (place, item)) in items.iter().enumerate() {
        let is_needed = match affected.needs(&TYPES[place.0].parse().unwrap()) {
            Needed::Nothing => false,
            Needed::These(these) => these.contains(&key(*place)),
            Needed::All => true,
        };
        if is_needed {
            workers[(at + 1) % 2].keep_item(key(*place), item);
        }
    }
    let updated = evaluation.update(state, workers, &affected, coverage, &mut collect);
    let outdates = affected.outdates(&evaluation);
    kept.0.retain(|((stage, plan, control), _)| !outdates(*stage, *plan, *control));
    kept.0.extend(new.0);
    updated.expect("nothing fails here")
}

fn read<'a>(
    (place, item): (Place, &Json),
    reading: &Reading,
    arena: &'a Bump,
) -> Option<(Place, ConfigurationItem<'a>)> {
    let text = arena.alloc_str(&item.to_string());
    match parse_item(text.as_bytes(), reading, arena).unwrap() {
        Parsed::Item(item) => Some((place, item)),
        Parsed::Skipped(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("PLUMBLINE_SOAK").is_some() { 100_000 } else { 150 },
        ..ProptestConfig::default()
    })]

    #[test]
    fn going_on_says_what_a_whole_evaluation_says(
        before in proptest::collection::vec(change(), 0..30),
        steps in proptest::collection::vec(proptest::collection::vec(change(), 1..4), 1..6),
        unread in proptest::option::of(0..TYPES.len()),
        widens in proptest::option::of(0_usize..6),
        is_all_recorded: bool,
    ) {
        let plans = plans();
        let coverage = unread.map_or_else(complete, |kind| without(TYPES[kind], Some("us-east-1")));
        let mut world = World::new();
        let apply = |world: &mut World, change: &Change| {
            match change.item {
                Some((value, of, status)) => {
                    let status = if is_all_recorded { status % 4 } else { status };
                    world.insert(change.place, text(change.place, (value, of, status)));
                }
                None => _ = world.remove(&change.place),
            }
        };
        for change in &before {
            apply(&mut world, change);
        }
        let (mut kept, _, state) = whole(&plans, &world, &coverage);
        let mut state = state.expect("nothing fails here");
        for (at, step) in steps.iter().enumerate() {
            for change in step {
                apply(&mut world, change);
            }
            let changed = step.iter().map(|change| change.place).collect();
            let before = (&mut state, &mut kept);
            let how = (&coverage, widens == Some(at));
            let outcome = update(&plans, &world, &changed, before, how);
            let (expected, of_whole, _) = whole(&plans, &world, &coverage);
            prop_assert_eq!(kept.lines(), expected.lines());
            prop_assert_eq!(outcome, of_whole);
        }
    }
}

#[test]
fn what_rules_reported_of_an_account_stays_where_another_global_resource_changes() {
    let plans = [plan(&[OF_ACCOUNT, CHECKS[2]])];
    let configuration = reported("keys", "NON_COMPLIANT");
    let fields = json!({"awsRegion": "eu-west-1", "configuration": configuration});
    let reported = item(TYPES[5], "AWS::::Account/111122223333", fields);
    let role = (1, 0, 0);
    let mut world = World::from([(role, text(role, (1, 1, 0))), ((5, 0, 0), reported)]);
    let (mut kept, _, state) = whole(&plans, &world, &complete());
    let drifts = |kept: &Kept| kept.lines().iter().filter(|it| it.contains("NonCompliant")).count();
    assert_eq!(drifts(&kept), 1, "{kept:?}");
    world.insert(role, text(role, (2, 1, 0)));
    let changed = BTreeSet::from([role]);
    let state = (&mut state.unwrap(), &mut kept);
    let outcome = update(&plans, &world, &changed, state, (&complete(), false));
    let (expected, of_whole, _) = whole(&plans, &world, &complete());
    assert_eq!((drifts(&kept), kept.lines()), (2, expected.lines()));
    assert_eq!(outcome, of_whole);
}
