//! The roles of `deploy/iam` allow what `plumbline iam-policy` asks for, in whatever account they are
//! applied: they are resolved for another account than the one that they were generated from.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod organizations;
mod queues;
mod snapshots;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

const ACCOUNT: &str = "444455556666";
const REGIONS: [&str; 2] = ["eu-central-1", "eu-north-1"];
const PARTITION: &str = "aws";
const ROLE: &str = "reader-of-plumbline";
const PRINCIPAL: &str = "arn:aws:iam::999988887777:role/plumbline-operator";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(repository(path)).unwrap()).unwrap()
}

fn plumbline(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the program asks for in the account, of all built-in controls.
fn asked_for(publish: bool) -> Value {
    asked_for_from(&json!({ "configApi": {} }), publish)
}

/// The same of an account that is read from this source.
fn asked_for_from(source: &Value, publish: bool) -> Value {
    let controls = plumbline(&["controls", "list", "--output", "json"]);
    let controls: Vec<Value> = controls
        .as_array()
        .unwrap()
        .iter()
        .map(|control| json!({ "name": control["name"] }))
        .collect();
    let object = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": kind,
            "metadata": { "name": "other" },
            "spec": spec,
        })
    };
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
    let account = json!({
        "accountId": ACCOUNT,
        "regions": REGIONS,
        "role": { "arn": arn, "externalId": "a secret" },
        "source": source,
        "allowedNamespaces": { "selector": {} },
    });
    let baseline = json!({ "accounts": { "names": ["other"] }, "controls": controls });
    let folder = tempfile::tempdir().unwrap();
    let objects = [object("AwsAccount", account), object("SecurityBaseline", baseline)];
    for (number, object) in objects.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.json")), object.to_string()).unwrap();
    }
    let folder = folder.path().to_str().unwrap();
    let arguments = ["iam-policy", "--baseline", folder, "--trust-principal", PRINCIPAL];
    let more: &[&str] = if publish { &[] } else { &["--no-publish"] };
    plumbline(&[&arguments[..], more].concat())
}

/// What `CloudFormation` makes of a value where the template is applied.
fn in_cloudformation(value: &Value, parameters: &Value) -> Value {
    let known = |name: &str| match name {
        "AWS::AccountId" => json!(ACCOUNT),
        "AWS::Partition" => json!(PARTITION),
        _ => parameters[name].clone(),
    };
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("Ref") {
                return known(name.as_str().unwrap());
            }
            if let Some(text) = fields.get("Fn::Sub") {
                return substituted(text.as_str().unwrap(), |name| {
                    known(name).as_str().unwrap().to_owned()
                });
            }
            if let Some(branches) = fields.get("Fn::If") {
                let holds = known(branches[0].as_str().unwrap()).as_bool().unwrap();
                return in_cloudformation(&branches[if holds { 1 } else { 2 }], parameters);
            }
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), in_cloudformation(value, parameters)));
            Value::Object(fields.collect())
        }
        Value::Array(values) => {
            values.iter().map(|value| in_cloudformation(value, parameters)).collect()
        }
        other => other.clone(),
    }
}

/// A text with a value for each `${name}`.
fn substituted(text: &str, value: impl Fn(&str) -> String) -> Value {
    let mut parts = text.split("${");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        whole.push_str(&value(name));
        whole.push_str(rest);
    }
    json!(whole)
}

/// What Terraform makes of a value where the module is applied.
fn in_terraform(value: &Value, variables: &Value) -> Value {
    let known = |expression: &str| match expression.split_once("var.") {
        Some((_, name)) => variables[name].clone(),
        None if expression.starts_with("local.") => variables[expression].clone(),
        None if expression.contains("aws_caller_identity") => json!(ACCOUNT),
        None if expression.contains("aws_partition") => json!(PARTITION),
        None => json!(format!("${{{expression}}}")),
    };
    match value {
        Value::String(text) => match text.strip_prefix("${").and_then(|it| it.strip_suffix('}')) {
            Some(expression) if !expression.contains("${") => known(expression),
            _ => substituted(text, |name| known(name).as_str().unwrap().to_owned()),
        },
        Value::Array(values) => values.iter().map(|it| in_terraform(it, variables)).collect(),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| (name.clone(), in_terraform(value, variables)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// A policy document as `aws_iam_policy_document` writes it.
fn document(of: &Value) -> Value {
    let statement = |statement: &Value| {
        let mut written = Map::new();
        written.insert("Sid".to_owned(), statement["sid"].clone());
        written.insert("Effect".to_owned(), json!("Allow"));
        for principal in statement["principals"].as_array().into_iter().flatten() {
            let kind = principal["type"].as_str().unwrap();
            written.insert("Principal".to_owned(), json!({ kind: principal["identifiers"] }));
        }
        written.insert("Action".to_owned(), statement["actions"].clone());
        if let Some(resources) = statement.get("resources") {
            written.insert("Resource".to_owned(), resources.clone());
        }
        let mut tests: Map<String, Value> = Map::new();
        for condition in statement["condition"].as_array().into_iter().flatten() {
            let keys = tests.entry(condition["test"].as_str().unwrap()).or_insert(json!({}));
            keys[condition["variable"].as_str().unwrap()] = condition["values"].clone();
        }
        if !tests.is_empty() {
            written.insert("Condition".to_owned(), Value::Object(tests));
        }
        Value::Object(written)
    };
    let statements: Vec<Value> =
        of["statement"].as_array().unwrap().iter().map(statement).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A list of one is the same to IAM as what is in it.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(values) if values.len() == 1 && !values[0].is_object() => plain(&values[0]),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

#[test]
fn the_cloudformation_roles_allow_what_is_asked_for_in_any_account() {
    let parameters = json!({
        "TrustPrincipal": PRINCIPAL, "ExternalId": "${ExternalId}", "Regions": REGIONS,
        "RoleName": ROLE, "RequestSnapshots": "false",
    });
    for (name, publish) in [("reader", false), ("publisher", true)] {
        let template = read(&format!("deploy/iam/{name}.cloudformation.json"));
        for parameter in template["Parameters"].as_object().unwrap().keys() {
            assert!(parameters.get(parameter).is_some(), "{parameter}");
        }
        let role = in_cloudformation(&template["Resources"]["Role"]["Properties"], &parameters);
        let asked = asked_for(publish);
        assert_eq!(role["RoleName"], ROLE);
        let trust = plain(&role["AssumeRolePolicyDocument"]);
        assert_eq!(trust, plain(&asked["roles"][0]["trustPolicy"]), "{name}");
        let policy = plain(&role["Policies"][0]["PolicyDocument"]);
        assert_eq!(policy, plain(&asked["roles"][0]["policy"]), "{name}");
    }
}

#[test]
fn the_terraform_roles_allow_what_is_asked_for_in_any_account() {
    let variables = json!({
        "trust_principal": PRINCIPAL, "external_id": "${ExternalId}", "regions": REGIONS,
        "role_name": ROLE, "request_snapshots": false,
    });
    for (name, publish) in [("reader", false), ("publisher", true)] {
        let module = read(&format!("deploy/iam/terraform/{name}/main.tf.json"));
        for variable in module["variable"].as_object().unwrap().keys() {
            assert!(variables.get(variable).is_some(), "{variable}");
        }
        let documents = in_terraform(&module["data"]["aws_iam_policy_document"], &variables);
        let asked = asked_for(publish);
        let trust = plain(&document(&documents["trust"]));
        assert_eq!(trust, plain(&asked["roles"][0]["trustPolicy"]), "{name}");
        let policy = plain(&document(&documents["policy"]));
        assert_eq!(policy, plain(&asked["roles"][0]["policy"]), "{name}");
    }
}

/// The module itself names the policies of its roles: which role has which documents.
fn policies_of<'m>(module: &'m Value, name: &str) -> (&'m Value, &'m Value) {
    let documents = &module["data"]["aws_iam_policy_document"];
    let named = |reference: &Value| {
        let reference = reference.as_str().unwrap();
        let label = reference.strip_prefix("${data.aws_iam_policy_document.").unwrap();
        &documents[label.strip_suffix(".json}").unwrap()]
    };
    let resources = &module["resource"];
    let role = resources["aws_iam_role"].as_object().unwrap().iter().find(|(_, role)| {
        role["name"] == name.rsplit('/').next().unwrap()
            && role["count"].as_str().unwrap().contains(name.split(':').nth(4).unwrap())
    });
    let (label, role) = role.unwrap();
    let policy = &resources["aws_iam_role_policy"][label];
    assert_eq!(policy["role"], format!("${{aws_iam_role.{label}[0].id}}"));
    assert_eq!(policy["count"], role["count"]);
    (named(&role["assume_role_policy"]), named(&policy["policy"]))
}

#[test]
fn the_printed_terraform_module_says_what_the_printed_documents_say() {
    let sample = repository("deploy/samples/live");
    let arguments = ["iam-policy", "--baseline", sample.to_str().unwrap()];
    let documents = plumbline(&arguments);
    let module = plumbline(&[&arguments[..], &["--format", "terraform"]].concat());
    let external_id = |(name, variable): (&String, &Value)| {
        assert_eq!(variable["type"], "string", "{name}");
        let is_secret = name.starts_with("external_id");
        assert_eq!(variable.get("sensitive").is_some(), is_secret, "{name}");
        let value = if is_secret { "${ExternalId}" } else { "${TrustPrincipal}" };
        (name.clone(), json!(value))
    };
    let variables: Map<String, Value> =
        module["variable"].as_object().unwrap().iter().map(external_id).collect();
    let variables = Value::Object(variables);
    let roles = documents["roles"].as_array().unwrap();
    assert_eq!(roles.len(), module["resource"]["aws_iam_role"].as_object().unwrap().len());
    for role in roles {
        let (trust, policy) = policies_of(&module, role["arn"].as_str().unwrap());
        let resolved = |of: &Value| plain(&document(&in_terraform(of, &variables)));
        assert_eq!(resolved(trust), plain(&role["trustPolicy"]), "{}", role["arn"]);
        assert_eq!(resolved(policy), plain(&role["policy"]), "{}", role["arn"]);
    }
    let own = &module["data"]["aws_iam_policy_document"]["plumbline_own"];
    assert_eq!(plain(&document(&in_terraform(own, &variables))), plain(&documents["own"]));
}

#[test]
fn the_operators_role_may_assume_the_role_of_that_name_in_any_account() {
    let arn = format!("arn:aws:iam::*:role/{ROLE}");
    let mut own = asked_for(true)["own"].clone();
    own["Statement"][0]["Resource"] = json!(arn);
    let template = read("deploy/iam/operator.cloudformation.json");
    let parameters = json!({ "RoleName": "operator", "AccountRoleName": ROLE });
    let role = in_cloudformation(&template["Resources"]["Role"]["Properties"], &parameters);
    assert_eq!(plain(&role["Policies"][0]["PolicyDocument"]), plain(&own));
    let module = read("deploy/iam/terraform/operator/main.tf.json");
    let variables = json!({ "role_name": "operator", "account_role_name": ROLE });
    let documents = in_terraform(&module["data"]["aws_iam_policy_document"], &variables);
    assert_eq!(plain(&document(&documents["policy"])), plain(&own));
    for trust in [role["AssumeRolePolicyDocument"].clone(), document(&documents["trust"])] {
        let statement = plain(&trust)["Statement"][0].clone();
        assert_eq!(statement["Principal"], json!({ "Service": "pods.eks.amazonaws.com" }));
        assert_eq!(statement["Action"], json!(["sts:AssumeRole", "sts:TagSession"]));
    }
}

/// `make generate` writes them.
#[test]
fn the_roles_are_what_the_generator_writes() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("python3")
        .arg(repository("deploy/iam/generate.py"))
        .arg(env!("CARGO_BIN_EXE_plumbline"))
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = [
        "reader",
        "publisher",
        "operator",
        "changes-queue",
        "changes-rule",
        "organization",
        "members",
        "snapshots",
    ];
    for name in names {
        for file in
            [format!("{name}.cloudformation.json"), format!("terraform/{name}/main.tf.json")]
        {
            let committed = fs::read(repository("deploy/iam").join(&file)).unwrap();
            let is_fresh = fs::read(folder.path().join(&file)).unwrap() == committed;
            assert!(is_fresh, "deploy/iam/{file} is stale: run `make generate`");
        }
    }
}
