//! Policies as a Terraform module, laid out as `terraform fmt` does it.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{document, names};
use crate::controller::{Permissions, RolePermissions, account_of};

/// One module for all accounts: it makes in each what belongs there.
pub(super) fn module(permissions: &Permissions, principal: Option<&str>) -> String {
    let trusted = principal.map_or_else(|| reference("var.trust_principal"), |arn| json!(arn));
    let mut text = variables(permissions, principal);
    text.push_str("data \"aws_caller_identity\" \"current\" {}\n");
    for role in &permissions.roles {
        text.push_str(&role_resources(role, &trusted, names::tells_apart(permissions)));
    }
    if !permissions.own.is_empty() {
        let policy = hcl(&document::policy(&permissions.own), 1);
        let body = format!(
            "  count = {}\n\n  name = \"plumbline-own\"\n\n  policy = jsonencode({policy})\n",
            count(&own_account(principal))
        );
        text.push_str(&block("resource \"aws_iam_policy\" \"plumbline_own\"", &body));
    }
    text
}

fn variables(permissions: &Permissions, principal: Option<&str>) -> String {
    let mut text = String::new();
    if principal.is_none() {
        let trusted = "The ARN of the identity that Plumbline runs as";
        let account = "The account that Plumbline runs in";
        text.push_str(&variable("trust_principal", trusted, false));
        text.push_str(&variable("own_account", account, false));
    }
    for role in permissions.roles.iter().filter(|role| role.has_external_id) {
        let name = external_id(role, names::tells_apart(permissions));
        let description = format!("What {} asks for when it is assumed", role.arn);
        text.push_str(&variable(&name, &description, true));
    }
    text
}

fn variable(name: &str, description: &str, is_sensitive: bool) -> String {
    let body = if is_sensitive {
        format!("  type        = string\n  sensitive   = true\n  description = \"{description}\"\n")
    } else {
        format!("  type        = string\n  description = \"{description}\"\n")
    };
    format!("variable \"{name}\" {{\n{body}}}\n\n")
}

fn external_id(role: &RolePermissions, tells_apart: bool) -> String {
    if tells_apart {
        format!("external_id_{}", names::snake(role))
    } else {
        "external_id".to_owned()
    }
}

fn role_resources(role: &RolePermissions, trusted: &Value, tells_apart: bool) -> String {
    let label = names::snake(role);
    let (path, name) = role.path_and_name();
    let external_id = reference(&format!("var.{}", external_id(role, tells_apart)));
    let trust = hcl(&document::trust(role, trusted, &external_id), 1);
    let count = count(&format!("\"{}\"", role.account));
    let body = format!(
        "  count = {count}\n\n  name = \"{name}\"\n  path = \"{path}\"\n\n  \
         assume_role_policy = jsonencode({trust})\n"
    );
    let made = block(&format!("resource \"aws_iam_role\" \"{label}\""), &body);
    let policy = hcl(&document::policy(&role.statements), 1);
    let body = format!(
        "  count = {count}\n\n  name = \"plumbline\"\n  role = aws_iam_role.{label}[0].id\n\n  \
         policy = jsonencode({policy})\n"
    );
    made + &block(&format!("resource \"aws_iam_role_policy\" \"{label}\""), &body)
}

fn own_account(principal: Option<&str>) -> String {
    let known = principal.and_then(account_of).map(|account| format!("\"{account}\""));
    known.unwrap_or_else(|| "var.own_account".to_owned())
}

/// One in the account, none elsewhere.
fn count(account: &str) -> String {
    format!("data.aws_caller_identity.current.account_id == {account} ? 1 : 0")
}

fn block(head: &str, body: &str) -> String {
    format!("\n{head} {{\n{body}}}\n")
}

/// An expression in the place of a text.
fn reference(expression: &str) -> Value {
    json!(format!("${{{expression}}}"))
}

/// A value as an expression, in a block of that depth.
fn hcl(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(fields) => object(fields, depth),
        Value::Array(values) => {
            let inner = "  ".repeat(depth + 1);
            let values = values.iter().map(|value| format!("{inner}{},\n", hcl(value, depth + 1)));
            format!("[\n{}{}]", values.collect::<String>(), "  ".repeat(depth))
        }
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(expression) => expression.to_owned(),
        None => json!(text).to_string(),
    }
}

/// Fields on one line each have their `=` under each other.
fn object(fields: &Map<String, Value>, depth: usize) -> String {
    let inner = "  ".repeat(depth + 1);
    let fields: Vec<(String, String)> =
        fields.iter().map(|(name, value)| (key(name), hcl(value, depth + 1))).collect();
    let mut text = String::from("{\n");
    for group in fields.chunk_by(|one, other| is_short(one) && is_short(other)) {
        let width = group.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in group {
            // Writing into a text does not fail.
            let _ = writeln!(text, "{inner}{name:<width$} = {value}");
        }
    }
    text + &"  ".repeat(depth) + "}"
}

fn is_short((_, value): &(String, String)) -> bool {
    !value.contains('\n')
}

fn key(name: &str) -> String {
    let is_word = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_word { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_laid_out_as_terraform_does_it() {
        let value = json!({"Sid": "A", "Effect": "Allow", "Action": ["a:b"], "aws:x": "${var.y}"});
        let expected = "{\n  Sid    = \"A\"\n  Effect = \"Allow\"\n  Action = [\n    \"a:b\",\n  ]\n  \
                        \"aws:x\" = var.y\n}";
        assert_eq!(hcl(&value, 0), expected);
    }
}
