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
    let keys: Map<String, Value> = statement
        .conditions
        .iter()
        .map(|Condition { key, values }| ((*key).to_owned(), json!(values)))
        .collect();
    if keys.is_empty() { written } else { on_condition(written, &keys) }
}

/// Who may assume a role, and how. AWS asks for the external id where the role is assumed, and not
/// again where tags are passed.
pub(super) fn trust(role: &RolePermissions, principal: &Value, external_id: &Value) -> Value {
    let mut assume = trusting("AssumeByPlumbline", principal, "sts:AssumeRole");
    if role.has_external_id {
        let key = ("sts:ExternalId".to_owned(), external_id.clone());
        assume = on_condition(assume, &Map::from_iter([key]));
    }
    let tag = || trusting("TagByPlumbline", principal, "sts:TagSession");
    let statements: Vec<Value> =
        [assume].into_iter().chain(role.has_session_tags.then(tag)).collect();
    json!({"Version": VERSION, "Statement": statements})
}

fn trusting(id: &str, principal: &Value, action: &str) -> Value {
    json!({"Sid": id, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": action})
}

/// The statement, limited to where these keys have these values.
fn on_condition(mut statement: Value, keys: &Map<String, Value>) -> Value {
    if let Some(fields) = statement.as_object_mut() {
        fields.insert("Condition".to_owned(), json!({"StringEquals": keys}));
    }
    statement
}
