//! An organization that is read from the double: with as few calls as it takes, or not at all.

use std::process::{Command, Output};
use std::time::Duration;

use super::Fault;
use api::{AwsOrganization, AwsOrganizationSpec};
use assess::{AwsAccounts, OrganizationError, OrganizationReader};
use engine::drift::Installation;
use engine::organization::{
    DeclaredAccounts, DesiredMembers, OrganizationReading, desired_members,
};
use metrics::Metrics;
use serde_json::{Map, Value, json};
use support::double::{Double, State};

const HOME: &str = "999988887777";
const ACCOUNTS: usize = 199;
/// Units below the root, each with another below it that holds accounts.
const UNITS: usize = 4;
const EXTERNAL_ID: &str = "CANARY-external-id";

fn id(number: usize) -> String {
    format!("2222{number:08}")
}

/// An organization of 200 accounts in four units, two levels below the root.
fn organization() -> Value {
    let mut units = Map::new();
    for unit in 0..UNITS {
        let (upper, lower) = (format!("ou-exam-upper00{unit}"), format!("ou-exam-lower00{unit}"));
        units.insert(lower, json!({ "name": "Production", "parent": upper }));
        units.insert(upper, json!({ "name": format!("Team {unit}"), "parent": "r-exam" }));
    }
    let accounts: Map<String, Value> = (0..ACCOUNTS)
        .map(|number| {
            let account = json!({
                "name": format!("Team {} / {number}", number % UNITS),
                "parent": format!("ou-exam-lower00{}", number % UNITS),
                "tags": { "env": "prod" },
            });
            (id(number), account)
        })
        .collect();
    json!({ "id": "o-exampleorgid", "managementAccount": HOME, "units": units, "accounts": accounts })
}

fn state(organization: &Value) -> State {
    let ids: Vec<String> = (0..ACCOUNTS).map(id).collect();
    let all: Vec<&str> = [HOME].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let mut state = State::of(&all, &[]).set("organizations", json!([organization]));
    for account in &ids {
        let roles = json!({ "plumbline": { "externalId": EXTERNAL_ID, "trusted": [HOME] } });
        state = state.account(account, "roles", roles);
    }
    state
}

fn object(changes: &Value) -> AwsOrganization {
    let mut template = json!({
        "role": { "name": "plumbline", "externalId": EXTERNAL_ID },
        "regions": { "names": ["eu-west-1", "af-south-1"] },
        "source": { "configApi": {} },
    });
    for (key, value) in changes["template"].as_object().into_iter().flatten() {
        template[key] = value.clone();
    }
    let mut accounts = json!({ "excludeAccounts": [HOME] });
    for (key, value) in changes["accounts"].as_object().into_iter().flatten() {
        accounts[key] = value.clone();
    }
    serde_json::from_value(json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "AwsOrganization",
        "metadata": { "name": "acme" },
        "spec": {
            "organizationId": "o-exampleorgid",
            "accountId": HOME,
            "accounts": accounts,
            "template": template,
        },
    }))
    .unwrap()
}

/// What reads organizations, with the credentials of the management account.
fn accounts(double: &Double) -> AwsAccounts {
    let metrics = Metrics::new().unwrap();
    AwsAccounts::new(double.settings(), metrics.aws().clone(), Installation::default())
}

fn desired(spec: &AwsOrganizationSpec, organization: &OrganizationReading) -> DesiredMembers {
    desired_members(spec, organization, &DeclaredAccounts::default())
}

fn calls(double: &Double) -> [u64; 4] {
    let calls = double.calls();
    double.forget_calls();
    ["ListAccounts", "ListOrganizationalUnitsForParent", "ListTagsForResource", "ListRegions"]
        .map(|operation| calls.of(operation))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_accounts_take_ten_calls_and_details_are_read_once() {
    let Some(double) = Double::start(&state(&organization())) else { return };
    let aws = accounts(&double);
    let hours = |hours| Duration::from_hours(hours);
    let mut reader = OrganizationReader::default();

    let by_id =
        object(&json!({ "accounts": { "organizationalUnits": ["ou-exam-upper001"] } })).spec;
    let read = reader.read(&aws, &by_id, hours(0)).await.unwrap();
    assert_eq!(calls(&double), [10, 0, 0, 0]);
    assert_eq!(desired(&by_id, &read).accounts.len(), 50);

    // A call for the root and each unit that has units below it, once a day.
    let by_path = object(&json!({
        "accounts": { "organizationalUnits": ["/Team 1", "/Team 2/Production"] },
        "template": { "labels": { "ou": "{ouPath}" } },
    }))
    .spec;
    let read = reader.read(&aws, &by_path, hours(1)).await.unwrap();
    assert_eq!(calls(&double), [10, 5, 0, 0]);
    let made = desired(&by_path, &read).accounts;
    assert_eq!((made.len(), made[0].labels["ou"].as_str()), (100, "Team-1.Production"));
    for (later, expected) in [(2, [10, 0, 0, 0]), (26, [10, 5, 0, 0])] {
        reader.read(&aws, &by_path, hours(later)).await.unwrap();
        assert_eq!(calls(&double), expected);
    }

    // Tags and regions take a call for each account that nothing else leaves out.
    let detailed = object(&json!({
        "accounts": { "organizationalUnits": ["ou-exam-upper001"], "tags": { "env": "*" } },
        "template": { "regions": { "names": ["eu-west-1", "af-south-1"], "enabledOnly": true } },
    }))
    .spec;
    let read = reader.read(&aws, &detailed, hours(27)).await.unwrap();
    assert_eq!(calls(&double), [10, 0, 50, 50]);
    let made = desired(&detailed, &read).accounts;
    let regions: Vec<&str> = made[0].spec.regions.iter().map(model::Region::as_str).collect();
    assert_eq!((made.len(), regions), (50, vec!["eu-west-1"]), "af-south-1 is not enabled");
    reader.read(&aws, &detailed, hours(28)).await.unwrap();
    assert_eq!(calls(&double), [10, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_does_not_come_to_its_end_or_is_of_others_is_none() {
    let Some(double) = Double::start(&state(&organization())) else { return };
    let aws = accounts(&double);
    let spec = object(&json!({})).spec;
    let read = async || {
        let mut reader = OrganizationReader::default();
        reader.read(&aws, &spec, Duration::ZERO).await
    };
    let of_list = |kind: &str, more: Value| {
        let mut fault = json!({ "kind": kind, "match": { "operation": "ListAccounts" } });
        for (key, value) in more.as_object().unwrap() {
            fault[key] = value.clone();
        }
        fault
    };
    // Of ten pages, the seventh.
    for (fault, code) in [
        (of_list("deny", json!({ "skip": 6 })), "AccessDeniedException"),
        (
            of_list("error", json!({ "skip": 6, "status": 400, "code": "InvalidInputException" })),
            "InvalidInputException",
        ),
    ] {
        double.order_faults(1, &[fault]);
        match read().await {
            Err(OrganizationError::Aws(error)) => assert_eq!(error.code, code),
            other => panic!("{other:?}"),
        }
    }
    // What passes is tried again.
    double.order_faults(1, &[Fault::throttle(0.3), Fault::cut(0.1, "body")]);
    let organization = read().await.unwrap();
    assert_eq!(organization.listing.count(), ACCOUNTS + 1);
    double.no_faults();

    let mut other = self::organization();
    other["beginsEmpty"] = true.into();
    double.change_organizations(&json!([other]));
    assert_eq!(read().await.unwrap().listing.count(), ACCOUNTS + 1);
    other["id"] = "o-anotherorgid".into();
    double.change_organizations(&json!([other]));
    assert!(matches!(read().await, Err(OrganizationError::Listing(_))));
    double.change_organizations(&json!([]));
    assert!(matches!(read().await, Err(OrganizationError::Aws(_))));

    // Without paths, who is selected by unit is not known.
    let mut silent = self::organization();
    silent["tellsPaths"] = false.into();
    double.change_organizations(&json!([silent]));
    let by_unit =
        object(&json!({ "accounts": { "organizationalUnits": ["ou-exam-upper001"] } })).spec;
    let organization =
        OrganizationReader::default().read(&aws, &by_unit, Duration::ZERO).await.unwrap();
    let made = desired(&by_unit, &organization);
    assert_eq!((made.accounts.len(), made.exceptions.len()), (0, ACCOUNTS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_that_are_refused_are_those_of_their_account() {
    let Some(double) = Double::start(&state(&organization())) else { return };
    let aws = accounts(&double);
    let tagged = object(&json!({ "accounts": { "tags": { "env": "prod" } } })).spec;
    let one =
        json!({ "kind": "deny", "match": { "operation": "ListTagsForResource" }, "count": 1 });
    double.order_faults(1, &[one]);
    let mut reader = OrganizationReader::default();
    let organization = reader.read(&aws, &tagged, Duration::ZERO).await.unwrap();
    let made = desired(&tagged, &organization);
    assert_eq!((made.accounts.len(), made.exceptions.len()), (ACCOUNTS - 1, 1));
    calls(&double);
    let organization = reader.read(&aws, &tagged, Duration::from_mins(15)).await.unwrap();
    assert_eq!(calls(&double), [10, 0, 1, 0], "what failed is read again");
    assert_eq!(desired(&tagged, &organization).accounts.len(), ACCOUNTS);
}

fn preview(double: &Double, object: &AwsOrganization, output: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("organization.json");
    std::fs::write(&file, serde_json::to_string(object).unwrap()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command.args(["organization", "preview", "--output", output]).arg(&file).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_prints_what_would_be_created_and_no_external_id() {
    let Some(double) = Double::start(&state(&organization())) else { return };
    let one = object(&json!({
        "accounts": { "organizationalUnits": ["/Team 3"] },
        "template": { "labels": { "ou": "{ou}" } },
    }));
    for format in ["table", "yaml", "json"] {
        let output = preview(&double, &one, format);
        let printed = String::from_utf8(output.stdout).unwrap();
        let reported = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {reported}");
        assert!(!printed.contains(EXTERNAL_ID), "{printed}");
        let name = "team-3-3-222200000003";
        assert!(printed.contains(name), "{printed}");
        match format {
            "table" => {
                assert!(printed.ends_with("acme: 49 of 200 accounts selected\n"), "{printed}");
            }
            "yaml" => {
                let accounts: Vec<api::AwsAccount> = serde_saphyr::from_multiple(&printed).unwrap();
                assert_eq!(accounts.len(), 49);
                assert_eq!(accounts[0].metadata.labels.as_ref().unwrap()["ou"], "Production");
            }
            _ => {
                let previews: Value = serde_json::from_str(&printed).unwrap();
                assert_eq!(previews[0]["accounts"].as_array().unwrap().len(), 49);
                assert_eq!(previews[0]["listed"], 200);
            }
        }
    }
    double.change_organizations(&json!([]));
    let output = preview(&double, &one, "table");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(69), 0));
}
