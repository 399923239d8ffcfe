//! The items of account facts as the double tells them: what a snapshot says of an account is reported
//! again, call by call, in AWS's own words.

#![allow(unreachable_pub)] // not every test that includes this uses all of it

use model::fact_types::{
    ALTERNATE_CONTACTS, EBS_ENCRYPTION, LOG_GROUP, ORGANIZATION, PASSWORD_POLICY, ROOT_CREDENTIALS,
    ROOT_USER, ROOT_VIRTUAL_MFA, USER_CREDENTIALS, is_fact,
};
use serde_json::{Map, Value, json};

/// Whether an account or a region has one item of the type.
pub fn is_single(name: &str) -> bool {
    is_fact(name) && ![USER_CREDENTIALS, LOG_GROUP].contains(&name)
}

/// Whether new volumes are encrypted in the region of these items.
pub fn ebs_encryption(items: &[&Value]) -> Value {
    let reported = items.iter().find(|item| item["resourceType"] == EBS_ENCRYPTION);
    reported.map_or(json!(false), |item| item["configuration"]["encryptionByDefault"].clone())
}

/// What an account of these items tells.
pub fn of(items: &[Value]) -> Value {
    let one = |name: &str| {
        let item = items.iter().find(|item| item["resourceType"] == name);
        item.map_or(Value::Null, |item| item["configuration"].clone())
    };
    let root = one(ROOT_USER);
    let (contacts, organization) = (one(ALTERNATE_CONTACTS), one(ORGANIZATION));
    let serial_numbers = one(ROOT_VIRTUAL_MFA)["serialNumbers"].clone();
    let serial_numbers = serial_numbers.as_array().into_iter().flatten();
    let devices: Map<String, Value> = serial_numbers
        .map(|serial| (serial.as_str().unwrap().to_owned(), arn_of_root(items)))
        .collect();
    let kinds = ["security", "billing", "operations"].into_iter();
    let kinds: Vec<String> =
        kinds.filter(|kind| contacts[*kind] == true).map(str::to_uppercase).collect();
    let organization = (organization["isMember"] == true).then(|| {
        json!({
            "Id": organization["organizationId"],
            "MasterAccountId": organization["managementAccountId"],
        })
    });
    let of_type = |name: &str| -> Vec<Value> {
        let rows = items.iter().filter(|item| item["resourceType"] == name);
        rows.map(|item| Value::Object(row(item))).collect()
    };
    let root_row = of_type(ROOT_CREDENTIALS).pop().unwrap_or_else(|| json!({}));
    json!({
        "passwordPolicy": policy(&one(PASSWORD_POLICY)),
        "summary": {
            "AccountMFAEnabled": i32::from(root["mfaEnabled"] == true),
            "AccountAccessKeysPresent": root["accessKeyCount"],
            "AccountPasswordPresent": i32::from(root["passwordExists"] == true),
        },
        "virtualMfaDevices": devices,
        "contacts": kinds,
        "organization": organization,
        "root": root_row,
        "users": of_type(USER_CREDENTIALS),
    })
}

fn arn_of_root(items: &[Value]) -> Value {
    let root = items.iter().find(|item| item["resourceType"] == ROOT_CREDENTIALS);
    root.map_or(Value::Null, |item| item["ARN"].clone())
}

/// A password policy in IAM's words; nothing where none is set.
fn policy(reported: &Value) -> Value {
    if reported["isSet"] != true {
        return Value::Null;
    }
    let ours = ["isSet", "version", "expirePasswords"];
    let fields =
        reported.as_object().unwrap().iter().filter(|(name, _)| !ours.contains(&name.as_str()));
    fields.map(|(name, value)| (name[..1].to_uppercase() + &name[1..], value.clone())).collect()
}

/// A row of the credential report. What it does not say is as the report writes it.
fn row(item: &Value) -> Map<String, Value> {
    let reported = &item["configuration"];
    let is_root = item["resourceType"] == ROOT_CREDENTIALS;
    let word = |value: &Value, none: &str| match value {
        Value::Null => json!(none),
        Value::Bool(value) => json!(value.to_string()),
        value => value.clone(),
    };
    let has_password = reported["passwordEnabled"] == true;
    let unused = if has_password || is_root { "no_information" } else { "N/A" };
    let unset = if is_root { "not_supported" } else { "N/A" };
    let mut row = Map::from_iter([
        ("arn".to_owned(), item["ARN"].clone()),
        ("user_creation_time".to_owned(), reported["userCreationTime"].clone()),
        ("password_enabled".to_owned(), word(&reported["passwordEnabled"], "not_supported")),
        ("password_last_used".to_owned(), word(&reported["passwordLastUsed"], unused)),
        ("password_last_changed".to_owned(), word(&reported["passwordLastChanged"], unset)),
        ("mfa_active".to_owned(), word(&reported["mfaActive"], "false")),
    ]);
    if !is_root {
        row.insert("user".to_owned(), item["resourceId"].clone());
    }
    for key in reported["keys"].as_array().into_iter().flatten() {
        for (ours, theirs) in [
            ("active", "active"),
            ("lastRotated", "last_rotated"),
            ("lastUsed", "last_used_date"),
            ("lastUsedService", "last_used_service"),
        ] {
            let column = format!("access_key_{}_{theirs}", key["number"]);
            row.insert(column, word(&key[ours], "N/A"));
        }
    }
    row
}
