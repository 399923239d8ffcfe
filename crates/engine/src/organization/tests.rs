//! Members that join, move, leave and collide.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use api::{AwsAccount, AwsOrganizationSpec, ExceptionReason, MemberState};
use model::AccountId;

const READER: u64 = 1;
const OWNER: &str = "uid-of-the-organization";

fn id(number: u64) -> AccountId {
    format!("{number:012}").parse().unwrap()
}

fn spec(changes: &Value) -> AwsOrganizationSpec {
    let mut spec = json!({
        "organizationId": "o-exampleorgid",
        "accountId": id(READER),
        "accounts": {},
        "template": {
            "role": { "name": "security/plumbline", "externalId": "words" },
            "regions": { "names": ["eu-west-1"] },
            "source": { "configApi": {} },
        },
    });
    merge(&mut spec, changes);
    serde_json::from_value(spec).unwrap()
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes.clone(),
    }
}

fn member(number: u64, name: &str) -> MemberAccount {
    MemberAccount {
        id: id(number),
        organization: "o-exampleorgid".to_owned(),
        name: name.to_owned(),
        state: Some(MemberState::Active),
        path: Some(vec!["r-exam".to_owned(), "ou-exam-workload".to_owned()]),
    }
}

fn organization(spec: &AwsOrganizationSpec, members: Vec<MemberAccount>) -> OrganizationReading {
    let names = [("ou-exam-workload", "Workloads"), ("ou-exam-prodprod", "Prod & Co")];
    let names = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
    let reader = member(READER, "management");
    OrganizationReading {
        listing: MemberListing::of(spec, members.into_iter().chain([reader])).unwrap(),
        units: UnitNames::of(names.into()),
        details: MemberDetails::default(),
    }
}

/// The object of a desired account, as it is once it was applied.
fn applied(desired: &DesiredAccount, owner: &str) -> AwsAccount {
    let mut object = AwsAccount::new(&desired.name, desired.spec.clone());
    object.metadata.labels = Some(desired.labels.clone());
    let owner = json!([{
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "AwsOrganization", "name": "acme",
        "uid": owner, "controller": true,
    }]);
    object.metadata.owner_references = serde_json::from_value(owner).unwrap();
    object
}

fn made(
    spec: &AwsOrganizationSpec,
    of: &OrganizationReading,
    there: &[AwsAccount],
) -> DesiredMembers {
    desired_members(spec, of, &DeclaredAccounts::of(there, OWNER, &BTreeSet::new()))
}

fn names(of: &DesiredMembers) -> Vec<&str> {
    of.accounts.iter().map(|it| it.name.as_str()).collect()
}

fn reasons(of: &DesiredMembers) -> Vec<ExceptionReason> {
    of.exceptions.iter().map(|it| it.reason).collect()
}

#[test]
fn each_selected_account_gets_what_the_template_says() {
    let spec = spec(&json!({
        "accounts": { "excludeAccounts": [id(READER)] },
        "template": {
            "labels": {
                "env": "{tag:env}", "ou": "{ouPath}", "team": "{tag:team}", "name": "{accountName}",
            },
            "homeRegion": "us-east-1",
            "regions": { "names": ["eu-west-1", "us-east-1"] },
        },
    }));
    let mut prod = member(2, "Payments (prod)");
    prod.path.as_mut().unwrap().push("ou-exam-prodprod".to_owned());
    let mut of = organization(&spec, vec![prod]);
    let tags = BTreeMap::from([("env".to_owned(), "prod/blue".to_owned())]);
    of.details.tags.insert(id(2), Ok(tags));
    let desired = made(&spec, &of, &[]);
    let [account] = desired.accounts.as_slice() else { panic!("{desired:?}") };
    assert_eq!(account.name, "payments-prod-000000000002");
    let labels: Vec<(&str, &str)> =
        account.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected = [
        ("env", "prod-blue"),
        ("name", "Payments-prod"),
        ("ou", "Workloads.Prod-Co"),
        (ORGANIZATION_LABEL, "o-exampleorgid"),
    ];
    assert_eq!(labels, expected, "an account without a tag has no label of it");
    let role = account.spec.role.as_ref().unwrap();
    assert_eq!(role.arn, "arn:aws:iam::000000000002:role/security/plumbline");
    assert_eq!(role.external_id.as_deref(), Some("words"));
    assert_eq!(account.spec.home_region().unwrap().as_str(), "us-east-1");
    assert_eq!((desired.selected, desired.leavers.len()), (1, 0));
}

#[test]
fn accounts_are_selected_by_state_unit_id_and_tags() {
    let of = |changes: &Value, account: &MemberAccount, tags: &[(&str, &str)]| {
        let spec = spec(&json!({ "accounts": changes }));
        let mut of = organization(&spec, vec![account.clone()]);
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        of.details.tags.insert(account.id.clone(), Ok(tags.collect()));
        let desired = made(&spec, &of, &[]);
        desired.accounts.iter().any(|it| it.spec.account_id == account.id)
    };
    let account = member(2, "payments");
    let tags = [("env", "prod"), ("team", "a")];
    for (changes, is_selected) in [
        (json!({}), true),
        (json!({ "states": ["Suspended"] }), false),
        (json!({ "organizationalUnits": ["ou-exam-workload"] }), true),
        (json!({ "organizationalUnits": ["r-exam"] }), true),
        (json!({ "organizationalUnits": ["ou-exam-elsewhere"] }), false),
        (json!({ "organizationalUnits": ["/Workloads"] }), true),
        (json!({ "organizationalUnits": ["/Work"] }), false),
        (json!({ "organizationalUnits": ["/Workloads/Production"] }), false),
        (json!({ "organizationalUnits": ["/Sandbox", "/Workloads"] }), true),
        (json!({ "excludeOrganizationalUnits": ["/Workloads"] }), false),
        (json!({ "excludeOrganizationalUnits": ["ou-exam-elsewhere"] }), true),
        (json!({ "excludeAccounts": [id(2)] }), false),
        (json!({ "tags": { "env": "prod", "team": "*" } }), true),
        (json!({ "tags": { "env": "test" } }), false),
        (json!({ "tags": { "owner": "*" } }), false),
    ] {
        assert_eq!(of(&changes, &account, &tags), is_selected, "{changes}");
    }
}

#[test]
fn only_what_the_spec_needs_is_asked_for() {
    let needs = |changes: &Value| {
        let DetailNeeds { units, tags, regions } = DetailNeeds::of(&spec(changes));
        (units, tags, regions)
    };
    assert_eq!(needs(&json!({})), (false, false, false));
    let by_id = json!({ "accounts": { "organizationalUnits": ["ou-exam-workload"] } });
    assert_eq!(needs(&by_id), (false, false, false));
    let by_path = json!({ "accounts": { "excludeOrganizationalUnits": ["/Sandbox"] } });
    assert_eq!(needs(&by_path), (true, false, false));
    assert_eq!(needs(&json!({ "accounts": { "tags": { "a": "b" } } })), (false, true, false));
    assert_eq!(needs(&json!({ "template": { "labels": { "a": "{ou}" } } })), (true, false, false));
    assert_eq!(needs(&json!({ "template": { "name": "{tag:Name}" } })), (false, true, false));
    let enabled = json!({ "template": { "regions": { "enabledOnly": true } } });
    assert_eq!(needs(&enabled), (false, false, true));
    let mut deep = member(2, "a");
    deep.path.as_mut().unwrap().push("ou-exam-prodprod".to_owned());
    let parents = MemberListing::parents([&deep, &member(3, "b")]);
    assert_eq!(parents, ["ou-exam-workload".to_owned(), "r-exam".to_owned()].into());
}

#[test]
fn a_list_of_another_organization_or_without_its_reader_is_none() {
    let spec = spec(&json!({}));
    let mut foreign = member(2, "a");
    foreign.organization = "o-somebodyelse".to_owned();
    let listing = MemberListing::of(&spec, [member(READER, "management"), foreign]);
    assert!(matches!(listing, Err(ListingError::OtherOrganization { .. })));
    let listing = MemberListing::of(&spec, [member(2, "a")]);
    assert_eq!(listing, Err(ListingError::LacksReader(id(READER))));
    assert!(MemberListing::of(&spec, []).is_err());
}

#[test]
fn a_moved_or_renamed_account_keeps_its_object_and_its_labels_follow() {
    let spec = spec(&json!({ "template": { "labels": { "ou": "{ou}" } } }));
    let of = organization(&spec, vec![member(2, "payments")]);
    let before = made(&spec, &of, &[]);
    let there: Vec<AwsAccount> = before.accounts.iter().map(|it| applied(it, OWNER)).collect();
    let mut moved = member(2, "billing");
    moved.path.as_mut().unwrap().push("ou-exam-prodprod".to_owned());
    let after = made(&spec, &organization(&spec, vec![moved]), &there);
    assert_eq!(names(&after), names(&before));
    let label = |of: &DesiredMembers| of.accounts[1].labels["ou"].clone();
    assert_eq!((label(&before), label(&after)), ("Workloads".to_owned(), "Prod-Co".to_owned()));
    assert_eq!(after.leavers, []);
}

#[test]
fn who_leaves_is_named_with_the_reason() {
    let before = spec(&json!({}));
    let members = (2..=4).map(|number| member(number, "a")).collect::<Vec<_>>();
    let desired = made(&before, &organization(&before, members.clone()), &[]);
    let there: Vec<AwsAccount> = desired.accounts.iter().map(|it| applied(it, OWNER)).collect();
    let mut left = members;
    left[0].state = Some(MemberState::Suspended);
    left[1].path = Some(vec!["r-exam".to_owned()]);
    left.pop();
    let unit = spec(&json!({
        "accounts": { "organizationalUnits": ["/Workloads"] },
    }));
    let desired = made(&unit, &organization(&unit, left), &there);
    let because: Vec<(&str, &str)> =
        desired.leavers.iter().map(|it| (it.account.as_str(), it.because.as_str())).collect();
    let expected = [
        ("000000000002", "its state is Suspended"),
        ("000000000003", "it is in none of organizationalUnits"),
        ("000000000004", "it is not in the organization any more"),
    ];
    assert_eq!(because, expected);
}

/// Takes something of a reading away.
type DetailLoss = fn(&mut OrganizationReading);

#[test]
fn an_account_of_which_something_is_unknown_keeps_its_object() {
    let spec = spec(&json!({
        "accounts": { "tags": { "env": "*" }, "organizationalUnits": ["/Workloads"] },
        "template": { "regions": { "enabledOnly": true } },
    }));
    let known = |of: &mut OrganizationReading| {
        for number in [READER, 2] {
            let tags = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
            of.details.tags.insert(id(number), Ok(tags));
            let regions = vec!["eu-west-1".parse().unwrap(), "af-south-1".parse().unwrap()];
            of.details.regions.insert(id(number), Ok(regions));
        }
    };
    let mut whole = organization(&spec, vec![member(2, "a")]);
    known(&mut whole);
    let desired = made(&spec, &whole, &[]);
    assert_eq!(desired.accounts[1].spec.regions.len(), 1, "what is named and enabled");
    let there: Vec<AwsAccount> = desired.accounts.iter().map(|it| applied(it, OWNER)).collect();
    let losses: [DetailLoss; 6] = [
        |of| drop(of.details.tags.insert(id(2), Err("AccessDenied".to_owned()))),
        |of| drop(of.details.tags.remove(&id(2))),
        |of| drop(of.details.regions.insert(id(2), Err("Throttled".to_owned()))),
        |of| drop(of.details.regions.remove(&id(2))),
        |of| of.units = UnitNames::default(),
        |of| {
            let members = of.listing.accounts().cloned().map(|mut account| {
                account.path = None;
                account.state = account.state.filter(|_| account.id != id(2));
                account
            });
            let accounts = members.collect::<Vec<_>>();
            of.listing = MemberListing::of(&spec_of_reader(), accounts).unwrap();
        },
    ];
    for (case, lose) in losses.into_iter().enumerate() {
        let mut of = whole.clone();
        lose(&mut of);
        let desired = made(&spec, &of, &there);
        assert_eq!(desired.leavers, [], "case {case}");
        let of_two: Vec<_> =
            desired.exceptions.iter().filter(|it| it.account_id == id(2)).collect();
        assert_eq!(of_two.len(), 1, "case {case}: {:?}", desired.exceptions);
        assert_eq!(of_two[0].reason, ExceptionReason::Unknown, "case {case}");
        let fresh = made(&spec, &of, &[]);
        assert!(fresh.accounts.iter().all(|it| it.spec.account_id != id(2)), "case {case}");
    }
}

fn spec_of_reader() -> AwsOrganizationSpec {
    spec(&json!({}))
}

#[test]
fn an_object_of_somebody_else_is_never_taken_over() {
    let spec = spec(&json!({ "template": { "name": "{accountName}" } }));
    let of = organization(&spec, vec![member(2, "payments"), member(3, "shop")]);
    let mut by_users = made(&spec, &of, &[]).accounts;
    by_users[1].spec.account_id = id(77);
    by_users[2].name = "my-shop".to_owned();
    for owner in ["uid-of-another-organization", ""] {
        let there: Vec<AwsAccount> = by_users[1..].iter().map(|it| applied(it, owner)).collect();
        let desired = made(&spec, &of, &there);
        assert_eq!(names(&desired), ["management"]);
        let mut reasons = reasons(&desired);
        reasons.sort();
        assert_eq!(reasons, [ExceptionReason::AlreadyDeclared, ExceptionReason::NameTaken]);
        assert_eq!(desired.leavers, [], "what is not the organization's is not removed");
    }
}

#[test]
fn an_account_that_comes_back_waits_for_its_earlier_object() {
    let spec = spec(&json!({}));
    let of = organization(&spec, vec![member(2, "a")]);
    let mut there: Vec<AwsAccount> =
        made(&spec, &of, &[]).accounts.iter().map(|it| applied(it, OWNER)).collect();
    there[1].metadata.uid = Some("two".to_owned());
    let deleted = BTreeSet::from(["two".to_owned()]);
    let before = DeclaredAccounts::of(&there, OWNER, &deleted);
    assert_eq!(
        (before.count(), before.going().count()),
        (1, 1),
        "its cached object does not say so yet"
    );
    let deleted: AwsAccount = serde_json::from_value({
        let mut object = serde_json::to_value(&there[1]).unwrap();
        object["metadata"]["deletionTimestamp"] = json!("2026-11-30T00:00:00Z");
        object
    })
    .unwrap();
    there[1] = deleted;
    let desired = made(&spec, &of, &there);
    assert_eq!((names(&desired).len(), reasons(&desired)), (1, vec![ExceptionReason::Removing]));
    assert_eq!(DeclaredAccounts::of(&there, OWNER, &BTreeSet::new()).going().count(), 1);
}

#[test]
fn more_removals_at_once_than_the_limit_wait_for_a_confirmation() {
    let leavers: Vec<Leaver> = (2..8)
        .map(|number| Leaver { account: id(number), object: "a".into(), because: "b".into() })
        .collect();
    let of = |count: usize, going, limit, is_confirmed| {
        Removals::of(&leavers[..count], going, limit, is_confirmed)
    };
    assert_eq!(of(5, 0, 5, false), Removals::Allowed(&leavers[..5]));
    assert_eq!(of(6, 0, 5, false), Removals::Held(&leavers));
    assert_eq!(of(1, 5, 5, false), Removals::Held(&leavers[..1]), "little by little");
    assert_eq!(of(6, 9, 5, true), Removals::Allowed(&leavers));
    assert_eq!(of(1, 0, 0, false), Removals::Held(&leavers[..1]));
    assert_eq!(of(0, 9, 0, false), Removals::Allowed(&[]));
}
