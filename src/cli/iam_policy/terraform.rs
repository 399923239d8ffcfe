//! Policies as a Terraform module in JSON syntax, for a file that ends in `.tf.json`.
//!
//! Every string of an expression is a template there, in which `${` and `%{` begin something: what
//! is meant as it stands, such as AWS's own variables (`${aws:username}`), is written `$${`
//! (<https://developer.hashicorp.com/terraform/language/syntax/json>,
//! <https://developer.hashicorp.com/terraform/language/expressions/strings>).

use serde_json::{Map, Value, json};

use super::{document, names};
use setup::{Permissions, account_of};

type Section = Map<String, Value>;

/// One module for all accounts: it makes in each what belongs there.
pub(super) fn module(permissions: &Permissions, principal: Option<&str>) -> Value {
    let trusted = principal.map_or_else(|| "${var.trust_principal}".to_owned(), literal);
    let tells_apart = names::tells_apart(permissions);
    let (mut documents, mut roles) = (Section::new(), Section::new());
    let (mut role_policies, mut own_policies) = (Section::new(), Section::new());
    for (label, role) in names::snake_all(permissions).into_iter().zip(&permissions.roles) {
        let external_id = format!("${{var.{}}}", external_id(&label, tells_apart));
        let trust = document::trust(role, &json!(RAW_PRINCIPAL), &json!(RAW_EXTERNAL_ID));
        let known = [(RAW_PRINCIPAL, trusted.as_str()), (RAW_EXTERNAL_ID, external_id.as_str())];
        documents.insert(format!("{label}_trust"), policy_document(&trust, &known));
        documents.insert(label.clone(), policy_document(&document::policy(&role.statements), &[]));
        let count = count(&format!("\"{}\"", role.account));
        let (path, name) = role.path_and_name();
        roles.insert(
            label.clone(),
            json!({
                "count": count,
                "name": literal(name),
                "path": literal(path),
                "assume_role_policy": document_of(&format!("{label}_trust")),
            }),
        );
        role_policies.insert(
            label.clone(),
            json!({
                "count": count,
                "name": "plumbline",
                "role": format!("${{aws_iam_role.{label}[0].id}}"),
                "policy": document_of(&label),
            }),
        );
    }
    if !permissions.own.is_empty() {
        documents.insert(OWN.to_owned(), policy_document(&document::policy(&permissions.own), &[]));
        let count = count(&own_account(principal));
        let policy = json!({"count": count, "name": "plumbline-own", "policy": document_of(OWN)});
        own_policies.insert(OWN.to_owned(), policy);
    }
    let resources = filled([
        ("aws_iam_policy", own_policies),
        ("aws_iam_role", roles),
        ("aws_iam_role_policy", role_policies),
    ]);
    let mut module = filled([("variable", variables(permissions, principal))]);
    module.insert(
        "terraform".to_owned(),
        json!({"required_providers": {"aws": {"source": "hashicorp/aws"}}}),
    );
    let caller = json!({"current": {}});
    module.insert(
        "data".to_owned(),
        json!({"aws_caller_identity": caller, "aws_iam_policy_document": documents}),
    );
    module.insert("resource".to_owned(), Value::Object(resources));
    Value::Object(module)
}

/// The policy of Plumbline's own identity.
const OWN: &str = "plumbline_own";
/// What stands in a trust policy for values that only the module knows.
const RAW_PRINCIPAL: &str = "the principal";
const RAW_EXTERNAL_ID: &str = "the external id";

/// The sections that are not empty.
fn filled<const N: usize>(sections: [(&str, Section); N]) -> Section {
    let filled = sections.into_iter().filter(|(_, section)| !section.is_empty());
    filled.map(|(name, section)| (name.to_owned(), Value::Object(section))).collect()
}

/// A text that Terraform takes as it stands.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

fn document_of(label: &str) -> String {
    format!("${{data.aws_iam_policy_document.{label}.json}}")
}

/// A policy as a data source `aws_iam_policy_document`; texts in `known` become expressions.
fn policy_document(policy: &Value, known: &[(&str, &str)]) -> Value {
    let text = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        let expression = known.iter().find(|(raw, _)| *raw == text);
        json!(expression.map_or_else(|| literal(text), |(_, expression)| (*expression).to_owned()))
    };
    let texts = |value: &Value| match value {
        Value::Array(values) => values.iter().map(text).collect::<Vec<Value>>(),
        one => vec![text(one)],
    };
    let statements = policy.get("Statement").and_then(Value::as_array).into_iter().flatten();
    let statements = statements.map(|statement| {
        let of = |field: &str| statement.get(field);
        let mut written = Section::new();
        let fields =
            [("Sid", "sid"), ("Effect", "effect"), ("Action", "actions"), ("Resource", "resources")];
        for (field, name) in fields {
            let Some(value) = of(field) else { continue };
            let is_list = matches!(field, "Action" | "Resource");
            let value = if is_list { json!(texts(value)) } else { text(value) };
            written.insert(name.to_owned(), value);
        }
        let principals = of("Principal").and_then(Value::as_object).into_iter().flatten();
        let principals: Vec<Value> = principals
            .map(|(kind, names)| json!({"type": kind, "identifiers": texts(names)}))
            .collect();
        let tests = of("Condition").and_then(Value::as_object).into_iter().flatten();
        let conditions: Vec<Value> = tests
            .flat_map(|(test, keys)| keys.as_object().into_iter().flatten().map(move |key| (test, key)))
            .map(|(test, (key, values))| {
                json!({"test": test, "variable": literal(key), "values": texts(values)})
            })
            .collect();
        for (name, blocks) in [("principals", principals), ("condition", conditions)] {
            if !blocks.is_empty() {
                written.insert(name.to_owned(), Value::Array(blocks));
            }
        }
        Value::Object(written)
    });
    json!({"statement": statements.collect::<Vec<_>>()})
}

fn variables(permissions: &Permissions, principal: Option<&str>) -> Section {
    let mut variables = Section::new();
    let mut add = |name: String, description: &str, is_sensitive: bool| {
        let mut variable = json!({"type": "string", "description": description});
        if is_sensitive && let Some(fields) = variable.as_object_mut() {
            fields.insert("sensitive".to_owned(), json!(true));
        }
        variables.insert(name, variable);
    };
    if principal.is_none() {
        let trusted = "The ARN of the identity that Plumbline runs as";
        add("trust_principal".to_owned(), trusted, false);
        add("own_account".to_owned(), "The account that Plumbline runs in", false);
    }
    let labels = names::snake_all(permissions);
    for (label, role) in labels.into_iter().zip(&permissions.roles) {
        if role.has_external_id {
            let name = external_id(&label, names::tells_apart(permissions));
            let description =
                format!("The external ID that the trust policy of {} requires", role.arn);
            add(name, &description, true);
        }
    }
    variables
}

fn external_id(label: &str, tells_apart: bool) -> String {
    if tells_apart { format!("external_id_{label}") } else { "external_id".to_owned() }
}

fn own_account(principal: Option<&str>) -> String {
    let known = principal.and_then(account_of).map(|account| format!("\"{account}\""));
    known.unwrap_or_else(|| "var.own_account".to_owned())
}

/// One in the account, none elsewhere.
fn count(account: &str) -> String {
    format!("${{data.aws_caller_identity.current.account_id == {account} ? 1 : 0}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use setup::{Condition, RolePermissions, Statement};

    fn permissions(resource: &str) -> Permissions {
        let condition = Condition {
            test: "StringEquals",
            key: "aws:PrincipalTag/a",
            values: [resource.to_owned()].into(),
        };
        let statement = Statement {
            id: "Read",
            actions: ["s3:GetObject".to_owned()].into(),
            resources: [resource.to_owned()].into(),
            conditions: vec![condition],
        };
        let role = RolePermissions {
            arn: "arn:aws:iam::111122223333:role/plumbline".to_owned(),
            account: "111122223333".parse().unwrap(),
            has_external_id: true,
            has_session_tags: true,
            statements: vec![statement],
        };
        Permissions { roles: vec![role], own: Vec::new() }
    }

    #[test]
    fn what_begins_a_template_is_written_so_that_terraform_takes_it_as_it_stands() {
        let module = module(&permissions("arn:aws:s3:::${aws:username}/%{x}/$"), None);
        let document = &module["data"]["aws_iam_policy_document"]["plumbline_111122223333"];
        let statement = &document["statement"][0];
        let escaped = "arn:aws:s3:::$${aws:username}/%%{x}/$";
        assert_eq!(statement["resources"], json!([escaped]));
        assert_eq!(statement["condition"][0]["values"], json!([escaped]));
    }

    #[test]
    fn what_only_the_module_knows_is_an_expression() {
        let module = module(&permissions("*"), None);
        let documents = &module["data"]["aws_iam_policy_document"];
        let trust = &documents["plumbline_111122223333_trust"]["statement"];
        let identifiers = json!(["${var.trust_principal}"]);
        assert_eq!(trust[0]["principals"], json!([{"type": "AWS", "identifiers": identifiers}]));
        assert_eq!(trust[0]["condition"][0]["values"], json!(["${var.external_id}"]));
        assert_eq!(trust[1]["actions"], json!(["sts:TagSession"]));
        assert_eq!(module["variable"]["external_id"]["sensitive"], true);
    }

    #[test]
    fn roles_whose_names_differ_in_punctuation_only_stay_apart() {
        let mut permissions = permissions("*");
        let mut other = permissions.roles[0].clone();
        other.arn = "arn:aws:iam::111122223333:role/plumb-line".to_owned();
        permissions.roles[0].arn = "arn:aws:iam::111122223333:role/plumb_line".to_owned();
        permissions.roles.push(other);
        let module = module(&permissions, None);
        let names: Vec<&Value> = module["resource"]["aws_iam_role"]
            .as_object()
            .unwrap()
            .values()
            .map(|role| &role["name"])
            .collect();
        assert_eq!(names, ["plumb_line", "plumb-line"]);
    }
}
