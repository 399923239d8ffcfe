//! Policy documents of IAM.

use serde_json::{Map, Value, json};

use setup::{Condition, RolePermissions, Statement};

const VERSION: &str = "2012-10-17";

/// A policy that allows what these statements do.
pub(super) fn policy(statements: &[Statement]) -> Value {
    json!({"Version": VERSION, "Statement": statements.iter().map(statement).collect::<Vec<_>>()})
}

fn statement(statement: &Statement) -> Value {
    let written = json!({
        "Sid": statement.id,
        "Effect": "Allow",
        "Action": statement.actions,
        "Resource": statement.resources,
    });
    let mut tests: Map<String, Value> = Map::new();
    for Condition { test, key, values } in &statement.conditions {
        let keys = tests.entry(*test).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert((*key).to_owned(), json!(values));
        }
    }
    if tests.is_empty() { written } else { on_condition(written, tests) }
}

/// Who may assume a role, and how. AWS asks for the external id where the role is assumed, and not
/// again where tags are passed.
pub(super) fn trust(role: &RolePermissions, principal: &Value, external_id: &Value) -> Value {
    let mut assume = trusting("AssumeByPlumbline", principal, "sts:AssumeRole");
    if role.has_external_id {
        let key = ("sts:ExternalId".to_owned(), external_id.clone());
        let equals = ("StringEquals".to_owned(), Value::Object(Map::from_iter([key])));
        assume = on_condition(assume, Map::from_iter([equals]));
    }
    let tag = || trusting("TagByPlumbline", principal, "sts:TagSession");
    let statements: Vec<Value> =
        [assume].into_iter().chain(role.has_session_tags.then(tag)).collect();
    json!({"Version": VERSION, "Statement": statements})
}

fn trusting(id: &str, principal: &Value, action: &str) -> Value {
    json!({"Sid": id, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": action})
}

/// The statement, limited to where these tests of keys hold.
fn on_condition(mut statement: Value, tests: Map<String, Value>) -> Value {
    if let Some(fields) = statement.as_object_mut() {
        fields.insert("Condition".to_owned(), Value::Object(tests));
    }
    statement
}
