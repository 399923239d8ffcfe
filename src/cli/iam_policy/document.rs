//! Policy documents of IAM.

use serde_json::{Map, Value, json};

use crate::controller::{Condition, RolePermissions, Statement};

const VERSION: &str = "2012-10-17";

/// A policy that allows what these statements do.
pub(super) fn policy(statements: &[Statement]) -> Value {
    json!({"Version": VERSION, "Statement": statements.iter().map(statement).collect::<Vec<_>>()})
}

fn statement(statement: &Statement) -> Value {
    let mut written = json!({
        "Sid": statement.id,
        "Effect": "Allow",
        "Action": statement.actions,
        "Resource": statement.resources,
    });
    if !statement.conditions.is_empty() {
        let keys = statement
            .conditions
            .iter()
            .map(|Condition { key, values }| ((*key).to_owned(), json!(values)));
        written["Condition"] = json!({"StringEquals": keys.collect::<Map<_, _>>()});
    }
    written
}

/// Who may assume a role, and how. AWS asks for the external id where the role is assumed, and not
/// again where tags are passed.
pub(super) fn trust(role: &RolePermissions, principal: &Value, external_id: Value) -> Value {
    let mut assume = trusting("AssumeByPlumbline", principal, "sts:AssumeRole");
    if role.has_external_id {
        assume["Condition"] = json!({"StringEquals": {"sts:ExternalId": external_id}});
    }
    let tag = || trusting("TagByPlumbline", principal, "sts:TagSession");
    let statements: Vec<Value> =
        [assume].into_iter().chain(role.has_session_tags.then(tag)).collect();
    json!({"Version": VERSION, "Statement": statements})
}

fn trusting(id: &str, principal: &Value, action: &str) -> Value {
    json!({"Sid": id, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": action})
}
