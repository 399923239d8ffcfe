//! Whom an account's drift belongs to, and which keys say so.

use super::{ACCOUNTS, CONTROLS, NOW, baseline, objects};
use crate::plan::{AccountChecks, OwnerKeys, Plan, Resolved};

/// The account `payments` has the label `env: prod`.
fn plan(owner: &str, defaults: &OwnerKeys) -> Plan {
    assert!(ACCOUNTS.contains("labels: {env: prod}") && !CONTROLS.is_empty());
    let text = baseline(&format!(
        "{{accounts: {{names: [payments]}}, packs: [{{name: own-pack}}]{owner}}}"
    ));
    let resolved = Resolved::checking(&objects(&[&text]), NOW, AccountChecks::Made, defaults);
    assert_eq!(resolved.mistakes, []);
    resolved.plans.into_iter().next().unwrap()
}

fn keys(tags: &[&str], account_labels: &[&str]) -> OwnerKeys {
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    OwnerKeys { tags: list(tags), account_labels: list(account_labels) }
}

#[test]
fn the_first_label_that_the_account_has_names_the_owner_else_the_namespace_does() {
    for (owner, expected) in [
        ("", "platform"),
        (", owner: {accountLabels: [env]}", "prod"),
        (", owner: {accountLabels: [team, env]}", "prod"),
        (", owner: {accountLabels: [team]}", "platform"),
        (", owner: {tagKeys: [env]}", "platform"),
    ] {
        let plan = plan(owner, &OwnerKeys::default());
        assert!(plan.targets.iter().all(|it| it.owner.as_str() == expected), "{owner}");
    }
}

#[test]
fn each_list_that_a_baseline_leaves_out_is_the_setting_s() {
    let defaults = keys(&["team"], &["env"]);
    for (owner, expected) in [
        ("", keys(&["team"], &["env"])),
        (", owner: {}", keys(&["team"], &["env"])),
        (", owner: {tagKeys: [owner, squad]}", keys(&["owner", "squad"], &["env"])),
        (", owner: {accountLabels: [unit]}", keys(&["team"], &["unit"])),
        (", owner: {tagKeys: [], accountLabels: []}", keys(&[], &[])),
    ] {
        assert_eq!(plan(owner, &defaults).owner_keys, expected, "{owner}");
    }
}

#[test]
fn of_an_account_the_owner_is_whom_the_first_labelling_baseline_names() {
    let namespace = plan("", &OwnerKeys::default());
    let labelled = plan(", owner: {accountLabels: [env]}", &OwnerKeys::default());
    let named = |mut plan: Plan, namespace: &str| {
        plan.baseline.namespace = namespace.to_owned();
        plan
    };
    let account = namespace.targets[0].account.clone();
    let of = |plans: &[Plan]| {
        Plan::owner_of_account(plans, &account).map(|owner| owner.as_str().to_owned())
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(std::slice::from_ref(&namespace)).as_deref(), Some("platform"));
    let plans = [namespace, named(labelled, "zebra")];
    assert_eq!(of(&plans).as_deref(), Some("prod"));
    let [first, second] = plans;
    assert_eq!(of(&[second, first]).as_deref(), Some("prod"));
    let other = "999999999999".parse().unwrap();
    assert_eq!(Plan::owner_of_account(&[], &other), None);
}
