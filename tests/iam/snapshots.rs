//! The role that reads delivered snapshots, and what the roles of accounts need to request them.

use super::*;

const BUCKET: &str = "acme-config-logs";
const BUCKET_ROLE: &str = "snapshots-of-plumbline";
const EVERY_FOLDER: &str = "AWSLogs/*/Config/*";

/// What the program asks for of an account whose snapshots are read from a bucket and requested.
fn asked_for_of_a_bucket(prefix: &str) -> Value {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{BUCKET_ROLE}");
    let snapshot = json!({
        "url": format!("s3://{BUCKET}/{prefix}"),
        "role": { "arn": arn, "externalId": "a secret" },
        "deliver": { "every": "20h" },
    });
    asked_for_from(&json!({ "snapshot": snapshot }), false)
}

/// The role of that name.
fn role_of(asked: &Value, name: &str) -> Value {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    asked["roles"].as_array().unwrap().iter().find(|role| role["arn"] == arn).unwrap().clone()
}

/// The policy for one account's folder, for the folders of all accounts.
fn of_all_accounts(policy: &Value) -> Value {
    let (text, folder) = (policy.to_string(), format!("AWSLogs/{ACCOUNT}/Config/*"));
    // Listing, reading and decrypting.
    assert_eq!(text.matches(&folder).count(), 3, "{text}");
    serde_json::from_str(&text.replace(&folder, EVERY_FOLDER)).unwrap()
}

fn holds(condition: &Value, parameters: &Value) -> bool {
    if let Some(negated) = condition.get("Fn::Not") {
        return !holds(&negated[0], parameters);
    }
    let compared = in_cloudformation(condition.get("Fn::Equals").unwrap(), parameters);
    compared[0] == compared[1]
}

/// The parameters of a template, and whether its conditions hold with them.
fn with_conditions(template: &Value, parameters: &Value) -> Value {
    let mut known = parameters.clone();
    for (name, condition) in template["Conditions"].as_object().unwrap() {
        known[name] = json!(holds(condition, parameters));
    }
    known
}

#[test]
fn the_cloudformation_role_of_a_bucket_reads_what_all_accounts_deliver() {
    let template = read("deploy/iam/snapshots.cloudformation.json");
    assert_eq!(template["Parameters"]["Prefix"]["Default"], "");
    for prefix in ["", "central", "central/config"] {
        let asked = role_of(&asked_for_of_a_bucket(prefix), BUCKET_ROLE);
        let parameters = json!({
            "TrustPrincipal": PRINCIPAL, "ExternalId": "${ExternalId}", "Bucket": BUCKET,
            "Prefix": prefix, "RoleName": BUCKET_ROLE,
        });
        for parameter in template["Parameters"].as_object().unwrap().keys() {
            assert!(parameters.get(parameter).is_some(), "{parameter}");
        }
        let known = with_conditions(&template, &parameters);
        let role = in_cloudformation(&template["Resources"]["Role"]["Properties"], &known);
        assert_eq!(role["RoleName"], BUCKET_ROLE);
        let trust = plain(&role["AssumeRolePolicyDocument"]);
        assert_eq!(trust, plain(&asked["trustPolicy"]));
        let policy = plain(&role["Policies"][0]["PolicyDocument"]);
        assert_eq!(policy, plain(&of_all_accounts(&asked["policy"])), "{prefix}");
    }
}

#[test]
fn the_terraform_role_of_a_bucket_reads_what_all_accounts_deliver() {
    let module = read("deploy/iam/terraform/snapshots/main.tf.json");
    assert_eq!(module["variable"]["prefix"]["default"], "");
    let folder = r#"${join("/", compact([trimsuffix(var.prefix, "/"), "AWSLogs/*/Config/*"]))}"#;
    assert_eq!(module["locals"], json!({ "folder": folder }));
    for (prefix, folder) in [
        ("", EVERY_FOLDER),
        ("central", "central/AWSLogs/*/Config/*"),
        ("central/", "central/AWSLogs/*/Config/*"),
    ] {
        let asked = role_of(&asked_for_of_a_bucket(prefix), BUCKET_ROLE);
        let variables = json!({
            "trust_principal": PRINCIPAL, "external_id": "${ExternalId}", "bucket": BUCKET,
            "prefix": prefix, "role_name": BUCKET_ROLE, "local.folder": folder,
        });
        for variable in module["variable"].as_object().unwrap().keys() {
            assert!(variables.get(variable).is_some(), "{variable}");
        }
        let documents = in_terraform(&module["data"]["aws_iam_policy_document"], &variables);
        let trust = plain(&document(&documents["trust"]));
        assert_eq!(trust, plain(&asked["trustPolicy"]));
        let policy = plain(&document(&documents["policy"]));
        assert_eq!(policy, plain(&of_all_accounts(&asked["policy"])), "{prefix}");
    }
}

/// What the program asks for to request snapshots, as the only statement of a policy.
fn asked_for_requests() -> Value {
    let asked = role_of(&asked_for_of_a_bucket(""), ROLE);
    let statements = asked["policy"]["Statement"].as_array().unwrap();
    let requesting = statements.iter().find(|it| it["Sid"] == "RequestSnapshots").unwrap();
    json!([plain(requesting)])
}

/// A role of a template has a second policy, for requests, only where they are asked for.
fn assert_requests_are_a_choice(template: &Value, name: &str) {
    assert_eq!(template["Parameters"]["RequestSnapshots"]["Default"], "false", "{name}");
    let second = &template["Resources"]["SnapshotRequests"];
    assert_eq!(second["Properties"]["Roles"], json!([{ "Ref": "Role" }]), "{name}");
    for (value, is_made) in [("true", true), ("false", false)] {
        let parameters = json!({ "Regions": REGIONS, "RequestSnapshots": value });
        let known = with_conditions(template, &parameters);
        assert_eq!(known[second["Condition"].as_str().unwrap()], is_made, "{name}");
        let policy = in_cloudformation(&second["Properties"]["PolicyDocument"], &known);
        assert_eq!(plain(&policy)["Statement"], asked_for_requests(), "{name}");
    }
}

#[test]
fn the_cloudformation_roles_request_snapshots_only_where_that_is_asked_for() {
    for name in ["reader", "publisher"] {
        let template = read(&format!("deploy/iam/{name}.cloudformation.json"));
        assert_requests_are_a_choice(&template, name);
    }
}

#[test]
fn the_terraform_roles_request_snapshots_only_where_that_is_asked_for() {
    for name in ["reader", "publisher"] {
        let module = read(&format!("deploy/iam/terraform/{name}/main.tf.json"));
        assert_eq!(module["variable"]["request_snapshots"]["default"], false, "{name}");
        let second = &module["resource"]["aws_iam_role_policy"]["request_snapshots"];
        assert_eq!(second["count"], "${var.request_snapshots ? 1 : 0}", "{name}");
        assert_eq!(second["role"], "${aws_iam_role.plumbline.id}", "{name}");
        let of_requests = "${data.aws_iam_policy_document.request_snapshots.json}";
        assert_eq!(second["policy"], of_requests, "{name}");
        let requests = &module["data"]["aws_iam_policy_document"]["request_snapshots"];
        let policy = document(&in_terraform(requests, &json!({ "regions": REGIONS })));
        assert_eq!(plain(&policy)["Statement"], asked_for_requests(), "{name}");
    }
}

#[test]
fn the_stack_set_of_members_hands_on_whether_snapshots_are_requested() {
    let template = read("deploy/iam/members.cloudformation.json");
    assert_eq!(template["Parameters"]["RequestSnapshots"]["Default"], "false");
    let stack_set = &template["Resources"]["Members"]["Properties"];
    let handed_on = json!({
        "ParameterKey": "RequestSnapshots", "ParameterValue": { "Ref": "RequestSnapshots" },
    });
    assert!(stack_set["Parameters"].as_array().unwrap().contains(&handed_on));
    let body = stack_set["TemplateBody"].as_str().unwrap();
    assert_requests_are_a_choice(&serde_json::from_str(body).unwrap(), "members");

    let module = read("deploy/iam/terraform/members/main.tf.json");
    assert_eq!(module["variable"]["request_snapshots"]["default"], false);
    let stack = &module["resource"]["aws_cloudformation_stack"]["plumbline"];
    assert_eq!(stack["parameters"]["RequestSnapshots"], "${var.request_snapshots}");
}
