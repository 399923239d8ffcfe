//! The queue, the rules and the role through which changes come.

use super::*;

/// What the program asks for of a change queue.
fn asked_for_of_a_queue() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let changes = json!({
        "queueUrl": format!("https://sqs.{}.amazonaws.com/{ACCOUNT}/changes", REGIONS[0]),
        "role": { "arn": format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}"), "externalId": "a secret" },
    });
    let account = json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "AwsAccount", "metadata": { "name": "other" },
        "spec": {
            "accountId": ACCOUNT, "regions": REGIONS, "source": { "configApi": { "changes": changes } },
            "allowedNamespaces": { "selector": {} },
        },
    });
    let baseline = json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline", "metadata": { "name": "b" },
        "spec": { "accounts": { "names": ["other"] }, "controls": [{ "name": "s3-bucket-versioning" }] },
    });
    for (name, object) in [("account.json", account), ("baseline.json", baseline)] {
        fs::write(folder.path().join(name), object.to_string()).unwrap();
    }
    let folder = folder.path().to_str().unwrap();
    let printed = plumbline(&["iam-policy", "--baseline", folder, "--trust-principal", PRINCIPAL]);
    printed["roles"][0].clone()
}

#[test]
fn the_role_of_a_change_queue_may_do_there_what_is_asked_for() {
    let asked = asked_for_of_a_queue();
    let statements = asked["policy"]["Statement"].as_array().unwrap();
    let receiving = statements.iter().find(|it| it["Sid"] == "ReceiveChanges").unwrap();
    let template = read("deploy/iam/changes-queue.cloudformation.json");
    let role = &template["Resources"]["Role"]["Properties"];
    let allowed = &role["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(plain(&allowed["Action"]), plain(&receiving["Action"]));
    assert_eq!(allowed["Resource"], json!({ "Fn::GetAtt": ["Queue", "Arn"] }));
    let parameters = json!({ "TrustPrincipal": PRINCIPAL, "ExternalId": "${ExternalId}" });
    let trust = plain(&in_cloudformation(&role["AssumeRolePolicyDocument"], &parameters));
    assert_eq!(trust, plain(&asked["trustPolicy"]));

    let module = read("deploy/iam/terraform/changes-queue/main.tf.json");
    let documents = &module["data"]["aws_iam_policy_document"];
    let allowed = &documents["policy"]["statement"][0];
    assert_eq!(plain(&allowed["actions"]), plain(&receiving["Action"]));
    assert_eq!(allowed["resources"], json!(["${aws_sqs_queue.changes.arn}"]));
    let variables = json!({ "trust_principal": PRINCIPAL, "external_id": "${ExternalId}" });
    let trust = plain(&document(&in_terraform(&documents["trust"], &variables)));
    assert_eq!(trust, plain(&asked["trustPolicy"]));
}

#[test]
fn only_the_rule_may_send_to_a_change_queue_and_what_is_not_understood_is_put_aside() {
    let template = read("deploy/iam/changes-queue.cloudformation.json");
    let resources = &template["Resources"];
    let sending = &resources["QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"];
    assert_eq!(sending.as_array().unwrap().len(), 1);
    assert_eq!(sending[0]["Principal"], json!({ "Service": "events.amazonaws.com" }));
    let source = json!({ "ArnEquals": { "aws:SourceArn": { "Fn::GetAtt": ["Rule", "Arn"] } } });
    assert_eq!(sending[0]["Condition"], source);
    let redrive = &resources["Queue"]["Properties"]["RedrivePolicy"];
    assert_eq!(redrive["deadLetterTargetArn"], json!({ "Fn::GetAtt": ["DeadLetters", "Arn"] }));
    let rule = read("deploy/iam/changes-rule.cloudformation.json");
    let pattern = |rule: &Value| rule["Properties"]["EventPattern"].clone();
    assert_eq!(pattern(&rule["Resources"]["Rule"]), pattern(&resources["Rule"]));

    let module = read("deploy/iam/terraform/changes-queue/main.tf.json");
    let sending = &module["data"]["aws_iam_policy_document"]["queue"]["statement"][0];
    let by_rule = json!(["${aws_cloudwatch_event_rule.changes.arn}"]);
    assert_eq!(sending["condition"][0]["values"], by_rule);
    let rule = read("deploy/iam/terraform/changes-rule/main.tf.json");
    let pattern = |module: &Value| {
        module["resource"]["aws_cloudwatch_event_rule"]["changes"]["event_pattern"].clone()
    };
    assert_eq!(pattern(&rule), pattern(&module));
}
