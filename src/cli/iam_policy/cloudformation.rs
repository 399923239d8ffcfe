//! Policies as a `CloudFormation` template.

use serde_json::{Map, Value, json};

use super::{document, names};
use setup::{Permissions, RolePermissions, account_of};

type Section = Map<String, Value>;

/// One template for all accounts, as a stack set takes it: it makes in each what belongs there.
pub(super) fn template(permissions: &Permissions, principal: Option<&str>) -> Value {
    let trusted = principal.map_or_else(|| json!({"Ref": "TrustPrincipal"}), |arn| json!(arn));
    let tells_apart = names::tells_apart(permissions);
    let (mut conditions, mut resources) = (Section::new(), Section::new());
    for (label, role) in names::camel_all(permissions).into_iter().zip(&permissions.roles) {
        let condition = format!("In{}", role.account);
        conditions.insert(condition.clone(), in_account(&json!(role.account)));
        let made = role_resource(role, &trusted, &external_id(&label, tells_apart), &condition);
        resources.insert(label, made);
    }
    if !permissions.own.is_empty() {
        let account = principal.and_then(account_of);
        let account =
            account.map_or_else(|| json!({"Ref": "OwnAccount"}), |account| json!(account));
        conditions.insert("InOwnAccount".to_owned(), in_account(&account));
        resources.insert("PlumblineOwn".to_owned(), own_resource(permissions));
    }
    let mut template = Section::from_iter([
        ("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09")),
        ("Description".to_owned(), json!("IAM roles and policies for Plumbline")),
    ]);
    let sections = [
        ("Parameters", parameters(permissions, principal)),
        ("Conditions", conditions),
        ("Resources", resources),
    ];
    for (name, section) in sections.into_iter().filter(|(_, section)| !section.is_empty()) {
        template.insert(name.to_owned(), Value::Object(section));
    }
    Value::Object(template)
}

fn parameters(permissions: &Permissions, principal: Option<&str>) -> Section {
    let mut parameters = Section::new();
    let mut add = |name: String, description: String, is_secret: bool| {
        let parameter = if is_secret {
            json!({"Type": "String", "Description": description, "NoEcho": true, "MinLength": 2})
        } else {
            json!({"Type": "String", "Description": description})
        };
        parameters.insert(name, parameter);
    };
    if principal.is_none() {
        let trusted = "The ARN of the identity that Plumbline runs as";
        add("TrustPrincipal".to_owned(), trusted.to_owned(), false);
        let own = "The account that Plumbline runs in";
        add("OwnAccount".to_owned(), own.to_owned(), false);
    }
    let roles = names::camel_all(permissions).into_iter().zip(&permissions.roles);
    for (label, role) in roles.filter(|(_, role)| role.has_external_id) {
        let name = external_id(&label, names::tells_apart(permissions));
        add(name, format!("The external ID that the trust policy of {} requires", role.arn), true);
    }
    parameters
}

fn external_id(label: &str, tells_apart: bool) -> String {
    if tells_apart { format!("ExternalId{label}") } else { "ExternalId".to_owned() }
}

fn in_account(account: &Value) -> Value {
    json!({"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]})
}

fn role_resource(
    role: &RolePermissions,
    trusted: &Value,
    external_id: &str,
    condition: &str,
) -> Value {
    let (path, name) = role.path_and_name();
    let trust = document::trust(role, trusted, &json!({"Ref": external_id}));
    let policy = document::policy(&role.statements);
    json!({
        "Type": "AWS::IAM::Role",
        "Condition": condition,
        "Properties": {
            "RoleName": name,
            "Path": path,
            "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "plumbline", "PolicyDocument": policy}],
        },
    })
}

fn own_resource(permissions: &Permissions) -> Value {
    json!({
        "Type": "AWS::IAM::ManagedPolicy",
        "Condition": "InOwnAccount",
        "Properties": {
            "ManagedPolicyName": "plumbline-own",
            "PolicyDocument": document::policy(&permissions.own),
        },
    })
}
