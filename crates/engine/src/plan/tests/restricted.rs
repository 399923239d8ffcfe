//! What one account sees of a plan.

use super::accepted::{HALF_A_YEAR, attestation, exemption};
use super::{baseline, resolved};
use crate::plan::Plan;
use model::AccountId;

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn both(texts: &[&str]) -> Plan {
    let text = baseline("{accounts: {names: [payments, search]}, packs: [{name: own-pack}]}");
    let texts: Vec<&str> = [text.as_str()].into_iter().chain(texts.iter().copied()).collect();
    resolved(&texts).plans.remove(0)
}

#[test]
fn an_account_sees_its_own_targets_and_all_controls() {
    let plan = both(&[]);
    let search = plan.of_account(&account("444455556666")).unwrap();
    assert_eq!(super::targets(&search), ["search eu-central-1 home"]);
    assert_eq!(search.controls, plan.controls);
    assert_eq!(plan.of_account(&account("777788889999")), None);
}

#[test]
fn an_exemption_of_another_account_changes_nothing() {
    let before = both(&[]);
    let after = both(&[&exemption(
        "platform",
        &format!("{HALF_A_YEAR} controls: [own-versioning], accounts: [payments]"),
    )]);
    let search = account("444455556666");
    assert_eq!(before.of_account(&search), after.of_account(&search));
    let payments = account("111122223333");
    assert_ne!(before.of_account(&payments), after.of_account(&payments));
}

#[test]
fn an_attestation_of_all_accounts_concerns_each() {
    let (before, after) = (both(&[]), both(&[&attestation("controls: [own-review]")]));
    for id in ["111122223333", "444455556666"] {
        assert_ne!(before.of_account(&account(id)), after.of_account(&account(id)));
    }
}

/// A tenant that edits it would have everybody's accounts evaluated.
#[test]
fn edits_of_a_baseline_with_a_mistake_touch_the_accounts_alone_that_it_names() {
    let plan = |spec: &str| resolved(&[&baseline(spec)]).plans.remove(0);
    let before = plan("{accounts: {names: [payments, typo]}, controls: [{name: own-versioning}]}");
    let after = plan(
        "{accounts: {names: [payments, other-typo]}, packs: [{name: own-pack}], suspend: true, \
         interval: 10m}",
    );
    let (payments, search) = (account("111122223333"), account("444455556666"));
    assert_ne!(before.of_account(&payments), after.of_account(&payments));
    let of_search = before.of_account(&search).expect("it may be lacking by mistake");
    assert_eq!(Some(&of_search), after.of_account(&search).as_ref());
    assert!(of_search.may_lack_targets() && !of_search.is_evaluated());
}

#[test]
fn the_same_objects_read_twice_are_the_same_plan() {
    assert_eq!(both(&[]), both(&[]));
}

/// A selector of a type that the control never judges would make all of it not applicable.
#[test]
fn a_type_that_the_control_does_not_judge_is_a_mistake() {
    let spec = |types: &str| {
        baseline(&format!(
            "{{accounts: {{names: [payments]}}, controls: [{{name: own-versioning, match: {{types: \
             [{types}]}}}}]}}"
        ))
    };
    let (sound, mistakes) = super::plan(&[&spec("'AWS::S3::Bucket'")]);
    assert_eq!(mistakes, Vec::<String>::new());
    assert!(sound.controls[0].control.refusal().is_none());
    for (given, help) in [
        ("AWS::S3::bucket", "did you mean `AWS::S3::Bucket`?"),
        ("AWS::EC2::Volume", "it judges AWS::S3::Bucket"),
    ] {
        let (plan, mistakes) = super::plan(&[&spec(&format!("'{given}'"))]);
        let expected =
            format!("control `own-versioning` does not judge resources of type `{given}`; {help}");
        assert_eq!(mistakes, [expected]);
        assert!(plan.controls[0].control.refusal().is_some());
    }
}
