use super::*;
use crate::{Given, Prices};

fn counted(name: &str, resources: u64, day: u64) -> CountedType {
    let changed = Changed { hour: 0, day, week: day, month: day };
    CountedType { name: name.to_owned(), resources, changed, daily: false, read: true }
}

fn place(types: Vec<CountedType>, rules: Vec<RuleUse>) -> PlaceCounts {
    PlaceCounts {
        account: "111122223333".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        types,
        rules,
        findings: 0,
    }
}

fn estimated(counts: &PlaceCounts, rates: &ChangeRates) -> PlaceEstimate {
    let prices = Prices::built_in().unwrap();
    estimate(counts, rates, prices.of(&counts.region).unwrap().1)
}

fn near(cost: f64, expected: f64) {
    assert!((cost - expected).abs() < 1e-9, "{cost} {expected}");
}

fn given(name: &str, items: f64) -> ChangeRates {
    ChangeRates { types: [(name.to_owned(), Given::Items(items))].into(), per_resource: None }
}

#[test]
fn items_rules_and_findings_are_added_up() {
    let rule = |name: &str, replaced| RuleUse {
        rule: name.to_owned(),
        controls: vec!["it".to_owned()],
        types: vec!["AWS::S3::Bucket".to_owned()],
        replaced,
    };
    let unread = CountedType { read: false, ..counted("AWS::SQS::Queue", 50, 20) };
    let types = vec![unread, counted("AWS::S3::Bucket", 2_000, 1_000)];
    let rules = (0..5).map(|at| rule(&format!("R{at}"), at > 0)).collect();
    let counts = PlaceCounts { findings: 150_000, ..place(types, rules) };
    let estimate = estimated(&counts, &ChangeRates::default());
    near(estimate.items.usd, 30_000.0 * 0.003 + 600.0 * 0.003);
    near(estimate.unread_items.usd, 1.8);
    near(estimate.rule_evaluations.usd, 30.0);
    // 30,000 are evaluated already: 70,000 more at the first price, 50,000 at the second.
    near(estimate.replaced_evaluations.count, 120_000.0);
    near(estimate.replaced_evaluations.usd, 70.0 + 40.0);
    near(estimate.findings.usd, 4.2);
    near(estimate.usd, 91.8 + 30.0 + 4.2);
    assert_eq!(estimate.types[0].resource_type, "AWS::S3::Bucket", "the most expensive first");
}

#[test]
fn a_type_is_worth_recording_daily_only_beyond_the_ratio_of_the_prices() {
    // Four times as expensive, so worth it beyond four items a resource and day: 1,200 of 10 in 30 days.
    let advice = |name: &str, items: f64, daily: bool| {
        let counts = place(vec![CountedType { daily, ..counted(name, 10, 0) }], Vec::new());
        estimated(&counts, &given(name, items)).types[0].daily_saves
    };
    let name = "AWS::EC2::NetworkInterface";
    assert_eq!(advice(name, 1_200.0, false), None);
    near(advice(name, 2_200.0, false).unwrap().usd, 3.0);
    assert_eq!(advice(name, 2_200.0, true), None, "it is");
    for always in CONTINUOUS_ALWAYS {
        assert_eq!(advice(always, 2_200.0, false), None, "{always}");
    }
}

#[test]
fn an_hour_in_which_much_changes_is_named() {
    let name = "AWS::EC2::NetworkInterface";
    let busy = Changed { hour: 10, day: 10, week: 10, month: 10 };
    let counts = place(vec![CountedType { changed: busy, ..counted(name, 10, 0) }], Vec::new());
    let estimate = estimated(&counts, &ChangeRates::default());
    let [it] = estimate.types.as_slice() else { panic!("{estimate:?}") };
    assert_eq!((it.items.count, it.basis), (300.0, RateBasis::LastDay));
    let advice = it.daily_saves.unwrap();
    near(advice.usd, 7_200.0 * 0.003 - 300.0 * 0.012);
    assert_eq!(advice.basis, RateBasis::LastHour);
}

#[test]
fn once_a_day_at_most_one_item_of_a_resource_is_billed() {
    let name = "AWS::S3::Bucket";
    let counts = place(vec![CountedType { daily: true, ..counted(name, 10, 0) }], Vec::new());
    near(estimated(&counts, &given(name, 5_000.0)).usd, 300.0 * 0.012);
    near(estimated(&counts, &given(name, 50.0)).usd, 50.0 * 0.012);
}

#[test]
fn recorders_are_recorded_without_charge_and_unknown_types_of_a_rule_are_not_guessed() {
    let free = counted(FREE, 1, 0);
    let rule = RuleUse {
        rule: "CUSTOM".to_owned(),
        controls: vec!["it".to_owned()],
        types: Vec::new(),
        replaced: false,
    };
    let estimate = estimated(&place(vec![free], vec![rule]), &given(FREE, 5_000.0));
    near(estimate.usd, 0.0);
    assert_eq!(estimate.rules[0].on_change, None);
}
