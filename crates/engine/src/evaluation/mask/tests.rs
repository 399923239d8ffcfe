//! What evaluations say of resources that hold secrets.

use serde_json::json;

use super::super::fixture::{complete, evaluate, explanations, item, plan};
use super::*;

const SECRET: &str = "hunter2CANARY";

fn check(compliant: &str, message: &str, more: &str) -> String {
    format!(
        "expression: {{resourceTypes: ['AWS::Lambda::Function'], {more}
            compliant: {compliant:?}, message: {message:?}}}"
    )
}

fn function(configuration: &serde_json::Value) -> serde_json::Value {
    item("AWS::Lambda::Function", "shop", json!({"configuration": configuration}))
}

/// All that is said of a function by a control that reads its whole configuration.
fn said(check: &str, configuration: &serde_json::Value) -> String {
    let (plans, items) = ([plan(&[check])], [function(configuration)]);
    let mut lines = evaluate(&plans, &items, &complete());
    lines.extend(explanations(&plans, &items));
    let said = lines.join("\n");
    assert!(!said.contains(SECRET), "{said}");
    said
}

const READS_ALL: &str = "size(resource.configuration) == 0";

#[test]
fn values_of_environments_are_masked_and_their_names_shown() {
    let read = |configuration| said(&check(READS_ALL, "'drift'", ""), &configuration);
    let said = read(json!({"environment": {"variables": {"STAGE": SECRET}}}));
    assert!(said.contains(r#"{"environment":{"variables":{"STAGE":"(masked)"}}}"#), "{said}");
    let said = read(json!({"environment": {"type": "LINUX", "environmentVariables":
        [{"name": "STAGE", "value": SECRET, "type": "PLAINTEXT"}]}}));
    assert!(said.contains(r#""type":"LINUX""#), "{said}");
    assert!(said.contains(r#"{"name":"STAGE","value":"(masked)","type":"PLAINTEXT"}"#), "{said}");
    let said = read(json!({"Environment": {"STAGE": SECRET}, "environmentVariables": [SECRET]}));
    assert!(said.contains("STAGE"), "{said}");
    read(
        json!({"ContainerDefinitions": [{"Name": "web", "Environment": [{"Name": "A", "Value": SECRET}],
        "Secrets": [{"Name": "B", "ValueFrom": SECRET}], "Command": ["--password", SECRET],
        "LogConfiguration": {"Options": {"splunk-token": SECRET}}}]}),
    );
    read(json!({"OptionSettings": [{"Namespace": "aws:elasticbeanstalk:application:environment",
        "OptionName": "STAGE", "Value": SECRET}]}));
}

#[test]
fn values_of_environments_are_masked_however_they_are_written() {
    for configuration in [
        json!({"environment": format!("A={SECRET}")}),
        json!({"environment": json!({"A": SECRET}).to_string()}),
        json!({"environment": {"variables": format!("A={SECRET}")}}),
        json!({"environment_variables": [{"name": "A", "value": SECRET}]}),
        json!({"environmentVariable": [{"name": "A", "value": SECRET}]}),
        json!({"envVariables": {"A": SECRET}}),
        json!({"environment.variables": {"A": SECRET}}),
        json!({"environment.variables.A": SECRET}),
        json!({"command": format!("run {SECRET}")}),
        json!({"environment": {"variables": {"s3cr3tV4lueCANARYhunter2CANARY": "x"}}}),
    ] {
        said(&check(READS_ALL, "'drift'", ""), &configuration);
    }
    let named = json!({"environment": {"variables": {"S3_BUCKET2_NAME": "x"}}});
    let said = said(&check(READS_ALL, "'drift'", ""), &named);
    assert!(said.contains("S3_BUCKET2_NAME"), "{said}");
}

#[test]
fn a_value_is_masked_that_another_field_names() {
    for entry in [
        json!({"attributeName": "password", "attributeValue": SECRET}),
        json!({"field": "password", "content": SECRET}),
        json!({"k": "DB_PASSWORD", "v": SECRET}),
        json!({"name": "X-Origin-Verify", "value": SECRET}),
        json!({"httpHeaderName": "X-Shared-Secret", "values": [SECRET]}),
        json!({"settingName": "dbpass", "settingValue": SECRET}),
    ] {
        said(&check(READS_ALL, "'drift'", ""), &json!({"list": [entry]}));
    }
    let header = json!({"name": "X-Frame-Options", "value": "DENY"});
    let said = said(&check(READS_ALL, "'drift'", ""), &json!({"headers": [header]}));
    assert!(said.contains("DENY"), "{said}");
}

#[test]
fn a_key_with_a_secret_in_it_is_masked() {
    let said = said(
        &check(READS_ALL, "'drift'", ""),
        &json!({"x": {(format!("password={SECRET}")): 1, "aws:SourceArn": 2}}),
    );
    assert!(said.contains(r#"{"password=(masked)":"(masked)","aws:SourceArn":2}"#), "{said}");
}

#[test]
fn a_tag_called_environment_is_shown() {
    let said = said(
        &check("resource.tags.environment == 'x'", "'drift'", ""),
        &json!({"environment": {}}),
    );
    assert!(said.contains("Unknown(InsufficientData)"), "{said}");
    let mut tagged = function(&json!({}));
    tagged["tags"] = json!({"environment": "production"});
    let check = check("resource.tags.environment == 'x'", "resource.tags.environment", "");
    let lines = evaluate(&[plan(&[&check])], &[tagged], &complete());
    assert!(lines[0].ends_with("NonCompliant production"), "{lines:?}");
}

#[test]
fn a_message_cannot_hold_a_secret_whatever_is_done_with_it() {
    let configuration = json!({"password": SECRET, "endpoint": format!("https://u:{SECRET}@h/")});
    for expression in [
        "'it is ' + resource.configuration.password",
        "resource.configuration.password.lowerAscii() + resource.configuration.password.substring(3)",
        "resource.configuration.password.split('').join('.')",
        "'at ' + resource.configuration.endpoint",
        "string(size(resource.configuration.password))",
    ] {
        let said = said(&check("false", expression, ""), &configuration);
        let lower = said.to_lowercase();
        assert!(!lower.contains("canary") && !lower.contains("c.a.n.a.r.y"), "{said}");
        assert!(!said.contains("13"), "the length tells something: {said}");
    }
}

#[test]
fn a_failure_quotes_no_secret() {
    let configuration = json!({"password": SECRET, "known": {}});
    for compliant in [
        "int(resource.configuration.password) == 1",
        "timestamp(resource.configuration.password.lowerAscii()) == now",
        "resource.configuration.known[resource.configuration.password] == 1",
        "duration(resource.configuration.password) < duration('1s')",
        "resource.configuration.password.matches(resource.configuration.password + '(')",
    ] {
        let said = said(&check(compliant, "'drift'", ""), &configuration);
        assert!(said.contains("Unknown("), "{said}");
        assert!(!said.to_lowercase().contains("canary"), "{said}");
    }
}

#[test]
fn a_failure_that_quotes_none_says_what_it_says() {
    let said = said(
        &check("resource.configuration.missing == 1", "'drift'", ""),
        &json!({"password": SECRET}),
    );
    assert!(said.contains("no such field `missing`"), "{said}");
}

#[test]
fn what_a_control_marks_is_masked() {
    let marked = "sensitive: ['resource.configuration.endpoints.address'],";
    let check = check(
        "size(resource.configuration.endpoints) == 0",
        "resource.configuration.endpoints.map(e, e.name + e.address).join(' ')",
        marked,
    );
    let said = said(&check, &json!({"endpoints": [{"name": "first", "address": SECRET}]}));
    assert!(said.contains("NonCompliant first(masked)"), "{said}");
}

#[test]
fn external_ids_of_policies_are_masked_and_the_other_conditions_shown() {
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": [SECRET], "aws:PrincipalOrgID": "o-1"}}}]});
    for policy in [document.clone(), json!(document.to_string())] {
        let message = "iam.statements(resource.configuration.policy)\
            .map(s, s.Condition.StringEquals['sts:ExternalId'].join(',')).join(',')";
        let said = said(&check(READS_ALL, message, ""), &json!({"policy": policy}));
        assert!(said.contains("o-1") && said.contains("(masked)"), "{said}");
    }
}

#[test]
fn verdicts_are_made_of_the_values_themselves() {
    let compliant = format!("resource.configuration.password == '{SECRET}'");
    let said = said(&check(&compliant, "'drift'", ""), &json!({"password": SECRET}));
    assert!(said.contains("Compliant") && !said.contains("NonCompliant"), "{said}");
}

#[test]
fn what_an_earlier_version_published_is_masked_when_it_is_read_back() {
    let reading = |path: &str, value: &str| {
        let reading = FieldReading { path: path.to_owned(), value: value.to_owned() };
        masked_reading(reading).value
    };
    let shown =
        reading("resource.configuration.environment.variables", r#"{"A":"hunter2","B":"x…"#);
    assert_eq!(shown, r#"{"A":"(masked)","B":"(masked)"}…"#);
    assert_eq!(reading("resource.configuration.password", "\"hunter2\""), "\"(masked)\"");
    assert_eq!(reading("resource.configuration.status", "\"Off\""), "\"Off\"");
    assert_eq!(reading("resource.configuration.password", "absent"), "absent");
    assert_eq!(
        reading("resource.configuration.source", r#"{"location":"https://u:p@h/x"}"#),
        r#"{"location":"https://(masked)@h/x"}"#
    );
}
