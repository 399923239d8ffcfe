//! Whose drift metrics show, and that endless owners make no endless series.

use super::*;
use engine::drift::Drifting;

/// What drifts: of which control, in which target, whose and how much.
fn measured(plan: &Plan, drift: &[(usize, usize, &str, u64)]) -> Metrics {
    let verdicts = |target, control| {
        let here = drift.iter().filter(|it| (it.1, it.0) == (target, control));
        vec![Verdict::NonCompliant; usize::try_from(here.map(|it| it.3).sum::<u64>()).unwrap()]
    };
    let (outcome, mut summary) = evaluation(plan, verdicts);
    summary.drifting = drift
        .iter()
        .map(|(control, target, owner, resources)| Drifting {
            control: *control,
            target: *target,
            owner: Owner::new(owner).unwrap(),
            resources: *resources,
            since: at(i64::try_from(*resources).unwrap()),
        })
        .collect();
    evaluated(plan, Figures::of(plan, &outcome.plans[0], &summary))
}

/// The owners of a family with their numbers.
fn owners(metrics: &Metrics, family: &str) -> Vec<(String, u64)> {
    let owner = |labels: &str| {
        let (_, rest) = labels.split_once("owner=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    of(metrics, family).iter().map(|(labels, number)| (owner(labels), *number)).collect()
}

fn is(found: &[(String, u64)], expected: &[(&str, u64)]) {
    let found: Vec<(&str, u64)> = found.iter().map(|(owner, count)| (&**owner, *count)).collect();
    assert_eq!(found, expected);
}

#[test]
fn drift_is_shown_by_whom_it_belongs_to() {
    let plan = production(2);
    let drift = [(0, 0, "payments", 3), (0, 0, "search", 1), (1, 0, "payments", 2)];
    let metrics = measured(&plan, &drift);
    // Whoever owns the account has a series though nothing of theirs drifts.
    is(
        &owners(&metrics, "plumbline_owner_drift"),
        &[("payments", 5), ("platform", 0), ("search", 1)],
    );
    let detail = owners(&metrics, "plumbline_drift_resources");
    assert_eq!(detail.len(), 3);
    assert_eq!(detail.iter().map(|(_, number)| number).sum::<u64>(), 6);
    let oldest = owners(&metrics, "plumbline_drift_oldest_timestamp_seconds");
    let second = u64::try_from(at(0).seconds).unwrap();
    is(&oldest, &[("payments", second + 2), ("search", second + 1)]);
    assert_eq!(sum(&metrics, "plumbline_owners_left_out"), 0);
    // A target's series are of the account's owner, or there would be as many as owners.
    is(&owners(&metrics, "plumbline_target_drift"), &[("platform", 6)]);
    is(&owners(&metrics, "plumbline_evaluated_resources"), &[("platform", 4)]);
}

#[test]
fn the_owners_of_least_drift_are_summed_and_counted() {
    let mut plan = production(2);
    plan.controls[0].severity = Severity::Critical;
    let drift = [
        (0, 0, "of-one-critical", 1),
        (1, 0, "of-nine", 9),
        (1, 0, "of-eight", 8),
        (1, 0, "of-seven", 7),
    ];
    let metrics = measured(&plan, &drift);
    metrics.baselines().limit_owners(2);
    let shown = [("(others)", 15), ("(others)", 0), ("of-nine", 9), ("of-one-critical", 1)];
    is(&owners(&metrics, "plumbline_owner_drift"), &shown);
    // Those are of-eight, of-seven and the account's own, platform.
    assert_eq!(sum(&metrics, "plumbline_owners_left_out"), 3);
    let oldest = owners(&metrics, "plumbline_drift_oldest_timestamp_seconds");
    assert_eq!(oldest.iter().filter(|(owner, _)| owner == "(others)").count(), 1);
    assert_eq!(
        owners(&metrics, "plumbline_drift_resources").len(),
        4,
        "the detail has its own limit"
    );
    metrics.baselines().limit_owners(0);
    assert!(owners(&metrics, "plumbline_owner_drift").iter().all(|(owner, _)| owner == "(others)"));
    assert_eq!(sum(&metrics, "plumbline_owner_drift"), 25);
}

#[test]
fn whoever_is_called_like_the_others_is_one_of_them() {
    let plan = production(1);
    let metrics = measured(&plan, &[(0, 0, "(others)", 2), (0, 0, "search", 1)]);
    is(
        &owners(&metrics, "plumbline_owner_drift"),
        &[("(others)", 2), ("platform", 0), ("search", 1)],
    );
    assert_eq!(sum(&metrics, "plumbline_owners_left_out"), 1);
}

#[test]
fn an_owner_cannot_end_its_series() {
    let plan = production(1);
    let metrics = measured(&plan, &[(0, 0, "a\"} 1\nplumbline_up{b=\"\\", 1)]);
    let text = metrics.text().unwrap();
    assert!(text.contains(r#"owner="a\"} 1 plumbline_up{b=\"\\""#), "{text}");
    assert!(!text.contains("\nplumbline_up"), "{text}");
}

/// Anybody who may tag a resource may name an owner.
#[test]
fn series_do_not_grow_with_the_owners_that_tags_name() {
    let plan = production(1);
    let names: Vec<String> = (0..5000).map(|number| format!("team-{number}")).collect();
    let drift: Vec<_> = names.iter().map(|name| (0, 0, name.as_str(), 1)).collect();
    let sparse = series(&measured(&plan, &drift[..1])).len();
    let metrics = measured(&plan, &drift);
    metrics.baselines().limit_drift(10);
    let most = sparse + 10 * (OWNERS + 1) + 2 * 10;
    assert!(series(&metrics).len() <= most, "{} of {most}", series(&metrics).len());
    assert_eq!(sum(&metrics, "plumbline_owner_drift"), 5000);
    let left_out = u64::try_from(5001 - OWNERS).unwrap();
    assert_eq!(sum(&metrics, "plumbline_owners_left_out"), left_out);
}
