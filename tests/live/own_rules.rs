//! Rules that Plumbline keeps: they stay while a baseline is suspended, go where nobody reads any more, and
//! what cannot be removed makes nothing unknown.

use std::time::Duration;

use assess::SourceInput;
use serde_json::{Value, json};
use support::double::Double;
use support::waiting::eventually;

use super::config_rules::{
    HERE, MANAGE, MANAGED, OBSERVE, change, delegated, manager, result, rule, rules, state,
    verdicts,
};
use super::world::{ACCOUNT, Desired, Live};

const OTHER: &str = "444455556666";

/// The same with no other baseline than the one that delegates.
fn alone(mut desired: Desired) -> Desired {
    desired.plans.retain(|plan| plan.baseline.to_string().ends_with("delegated"));
    assert_eq!(desired.plans.len(), 1);
    desired
}

fn active() -> Desired {
    Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))])
}

fn without_baselines() -> Desired {
    let mut desired = active();
    desired.plans.clear();
    desired
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_baseline_that_is_suspended_keeps_its_rules_until_it_is_deleted() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let mut live = manager(&double);
    verdicts(&mut live, &alone(active())).await;
    assert_eq!(double.calls().ok("PutConfigRule"), 1);
    let suspended = delegated(MANAGED).replace("  regions: [", "  suspend: true\n  regions: [");
    let suspended = alone(Desired::with(MANAGE, &[("rule.yaml", &suspended)]));
    live.round(&suspended).await;
    manager(&double).round(&suspended).await;
    assert_eq!(double.calls().of("DeleteConfigRule"), 0);
    live.round(&without_baselines()).await;
    assert_eq!(double.calls().ok("DeleteConfigRule"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_cannot_be_removed_is_a_note_and_makes_nothing_unknown() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let mut live = manager(&double);
    live.round(&active()).await;
    double.order_faults(1, &[json!({"kind": "deny", "match": {"operation": "DeleteConfigRule"}})]);
    let (_, report) = live.round(&Desired::with(MANAGE, &[])).await;
    assert!(report.read_whole(), "{:?}", report.sources);
    let notes = report.sources[0].notes.join("\n");
    assert!(notes.contains("cannot be removed") && notes.contains("DeleteConfigRule"), "{notes}");
    // It is tried again.
    double.no_faults();
    live.round(&Desired::with(MANAGE, &[])).await;
    assert_eq!(rules(&double).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_go_from_a_region_and_with_an_account_that_leave() {
    for leaves in ["region", "account"] {
        let Some(double) = Double::start(&state(&[])) else { return };
        let mut live = manager(&double);
        live.round(&active()).await;
        assert_eq!(rules(&double).await.len(), 1, "{leaves}");
        let mut left = active();
        if leaves == "account" {
            left.accounts.clear();
            left.plans.clear();
        } else {
            left.accounts[0].spec.regions.retain(|region| region.as_str() != HERE);
            for plan in &mut left.plans {
                plan.targets.retain(|target| target.region.as_str() != HERE);
            }
        }
        live.round(&left).await;
        eventually(leaves, async || rules(&double).await.is_empty().then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_waits_for_rules_to_be_removed_elsewhere() {
    let mut accounts = state(&[]).json().clone();
    accounts["accounts"][OTHER] = accounts["accounts"][ACCOUNT].clone();
    accounts["accounts"][OTHER]["accessKeys"] = json!({});
    let Some(double) = Double::start(&support::double::State::from_json(accounts)) else { return };
    let of_other = json!({"operation": "DescribeConfigRules", "account": OTHER});
    double.order_faults(1, &[json!({"kind": "hang", "seconds": 60, "match": of_other})]);
    let mut desired = active();
    let mut other = desired.accounts[0].clone();
    other.spec.account_id = OTHER.parse().unwrap();
    let role = json!({"arn": format!("arn:aws:iam::{OTHER}:role/plumbline")});
    other.spec.role = Some(serde_json::from_value(role).unwrap());
    desired.accounts.push(other);
    let mut live = manager(&double);
    let round = tokio::time::timeout(Duration::from_secs(30), live.round(&desired)).await;
    assert!(round.is_ok(), "the read waits for an account that nobody reads");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tags_of_a_foreign_rule_are_asked_for_once() {
    let foreign = json!([rule("plumbline-default-somebodys", "7", &[])]);
    let state = state(&[]).region(ACCOUNT, HERE, "rules", foreign);
    let Some(double) = Double::start(&state) else { return };
    let mut live = manager(&double);
    live.round(&active()).await;
    assert_eq!(double.calls().ok("ListTagsForResource"), 1);
    live.round(&active()).await;
    let calls = double.calls();
    let of_foreign: Vec<&Value> = calls.each("ListTagsForResource");
    // The second is that of the rule that the first round created.
    assert_eq!(of_foreign.len(), 2, "{of_foreign:?}");
    live.round(&active()).await;
    assert_eq!(double.calls().of("ListTagsForResource"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_that_nobody_reads_any_more_are_not_kept() {
    let results: Vec<Value> = (0..50).map(|at| result(&format!("vol-{at}"), "COMPLIANT")).collect();
    let Some(double) = Double::start(&state(&[])) else { return };
    change(&double, &json!({"rules": [rule("volumes", "90", &results)]}));
    let items = async |live: &mut Live, desired: &Desired| {
        let now = super::world::hours_later(0);
        let sources = live.sources.refresh(&desired.accounts, &desired.plans, now, &()).await;
        let [SourceInput::Live(read)] = &sources[..] else { panic!("one source") };
        read.mirror.len()
    };
    let without = Desired::with(OBSERVE, &[]);
    let expected = items(&mut Live::new(&double), &without).await;
    let mut live = Live::new(&double);
    let with = Desired::with(OBSERVE, &[("rule.yaml", &delegated(MANAGED))]);
    assert_eq!(items(&mut live, &with).await, expected + 50);
    assert_eq!(items(&mut live, &without).await, expected);
}
