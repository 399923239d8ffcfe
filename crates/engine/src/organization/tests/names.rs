//! Names of objects, however an organization changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::{OWNER, applied, id, made, member, names, organization, spec};
use api::{AwsAccount, MemberState};

#[test]
fn accounts_that_want_one_name_get_their_ids_and_an_object_keeps_its_own() {
    let spec = spec(&json!({ "template": { "name": "{accountName}" } }));
    let both = organization(&spec, vec![member(2, "Shop"), member(3, "shop"), member(4, "日本")]);
    let desired = made(&spec, &both, &[]);
    let expected = ["management", "shop-000000000002", "shop-000000000003", "000000000004"];
    assert_eq!(names(&desired), expected);
    let first = made(&spec, &organization(&spec, vec![member(2, "shop")]), &[]);
    let there: Vec<AwsAccount> = first.accounts.iter().map(|it| applied(it, OWNER)).collect();
    let desired = made(&spec, &both, &there);
    let expected = ["management", "shop", "shop-000000000003", "000000000004"];
    assert_eq!(names(&desired), expected);
}

/// Accounts with names of few letters, so that many want one.
fn members() -> impl Strategy<Value = Vec<(u64, String, Option<MemberState>)>> {
    let state = prop_oneof![
        6 => Just(Some(MemberState::Active)),
        2 => Just(Some(MemberState::Suspended)),
        1 => Just(None),
    ];
    proptest::collection::vec((2_u64..12, "[aB.é-]{0,3}", state), 0..12)
}

fn listed(members: &[(u64, String, Option<MemberState>)]) -> Vec<MemberAccount> {
    let of = |(number, name, state): &(u64, String, Option<MemberState>)| MemberAccount {
        state: *state,
        ..member(*number, name)
    };
    members.iter().map(of).collect()
}

proptest! {
    #[test]
    fn however_an_organization_changes_names_are_stable_valid_and_of_one_account_each(
        readings in proptest::collection::vec(members(), 1..6),
        foreign_name in "[ab]{1,2}",
    ) {
        let spec = spec(&json!({ "template": { "name": "{accountName}" } }));
        let mut foreign = applied(&DesiredAccount {
            name: foreign_name,
            labels: BTreeMap::new(),
            spec: made(&spec, &organization(&spec, vec![]), &[]).accounts[0].spec.clone(),
        }, "");
        foreign.spec.account_id = id(900);
        let mut there = vec![foreign.clone()];
        for reading in readings {
            let of = organization(&spec, listed(&reading));
            let desired = made(&spec, &of, &there);
            let names: BTreeSet<&str> = names(&desired).into_iter().collect();
            prop_assert_eq!(names.len(), desired.accounts.len(), "one object each");
            prop_assert!(!names.contains(foreign.metadata.name.as_deref().unwrap()));
            for account in &desired.accounts {
                let id = &account.spec.account_id;
                let labels: Vec<&str> = account.name.split('.').collect();
                let is_valid = labels.iter().all(|label| {
                    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
                    label.starts_with(fits) && label.ends_with(fits)
                        && label.chars().all(|letter| fits(letter) || letter == '-')
                });
                prop_assert!(is_valid, "{}", account.name);
                let before = there.iter().find(|it| it.spec.account_id == *id);
                if let Some(before) = before {
                    prop_assert_eq!(before.metadata.name.as_deref(), Some(account.name.as_str()));
                }
            }
            // Every object is wanted, leaves for a reason, or is unknown.
            for object in there.iter().skip(1) {
                let id = &object.spec.account_id;
                let places = usize::from(desired.accounts.iter().any(|it| it.spec.account_id == *id))
                    + usize::from(desired.leavers.iter().any(|it| it.account == *id))
                    + usize::from(desired.exceptions.iter().any(|it| it.account_id == *id));
                prop_assert_eq!(places, 1);
                let is_unknown = of.listing.get(id).is_some_and(|it| it.state.is_none());
                let leaves = desired.leavers.iter().any(|it| it.account == *id);
                prop_assert!(!(is_unknown && leaves));
            }
            // Again, in any order, nothing changes.
            let kept = there.iter().skip(1).filter(|object| {
                desired.exceptions.iter().any(|it| it.account_id == object.spec.account_id)
            });
            let kept: Vec<AwsAccount> = kept.cloned().collect();
            there = desired.accounts.iter().map(|it| applied(it, OWNER)).chain(kept).collect();
            there.insert(0, foreign.clone());
            let again = made(&spec, &of, &there.iter().rev().cloned().collect::<Vec<_>>());
            prop_assert_eq!(again.accounts, desired.accounts);
        }
    }
}
