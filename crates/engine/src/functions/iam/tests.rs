use bumpalo::Bump;

use super::super::tests::{failure_of, function, int, s, value_of};
use super::{Call, json};
use cel::Value;
use cel::extension::{Failure, Fuel};

/// What `iam.statements` gives for a document in JSON.
fn statements(document: &str) -> String {
    value_of("iam.statements", &[s(document)])
}

/// What it gives for a decoded document.
fn statements_of_decoded(document: &str) -> Result<String, Failure> {
    let arena = Bump::new();
    let mut fuel = Fuel::new(1_000_000);
    let mut call = Call { arena: &arena, fuel: &mut fuel, pattern: None };
    let value = json::parse(&mut call, document).unwrap();
    function("iam.statements", &[value])
}

/// Why it refuses a document in JSON.
fn refusal(document: &str) -> String {
    failure_of("iam.statements", &[s(document)])
}

fn with_statement(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

const MINIMAL: &str = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*"}}"#;

const NORMAL_MINIMAL: &str = r#"[{"Sid": "", "Effect": "Allow", "Principal": {}, "NotPrincipal": {}, "Action": ["s3:*"], "NotAction": [], "Resource": [], "NotResource": [], "Condition": {}}]"#;

#[test]
fn a_statement_has_every_element() {
    assert_eq!(statements(MINIMAL), NORMAL_MINIMAL);
}

#[test]
fn elements_are_kept_as_lists_and_maps() {
    let document = with_statement(
        r#"{"Sid": "Open", "Effect": "Deny", "NotPrincipal": {"AWS": ["123456789012"], "Service": "ec2.amazonaws.com"},
            "NotAction": ["iam:*", "sts:*"], "NotResource": "arn:aws:s3:::x",
            "Condition": {"Bool": {"aws:SecureTransport": false}, "NumericLessThan": {"s3:max-keys": [10, "20"]}}}"#,
    );
    assert_eq!(
        statements(&document),
        concat!(
            r#"[{"Sid": "Open", "Effect": "Deny", "Principal": {}, "#,
            r#""NotPrincipal": {"AWS": ["123456789012"], "Service": ["ec2.amazonaws.com"]}, "#,
            r#""Action": [], "NotAction": ["iam:*", "sts:*"], "Resource": [], "#,
            r#""NotResource": ["arn:aws:s3:::x"], "#,
            r#""Condition": {"Bool": {"aws:SecureTransport": ["false"]}, "#,
            r#""NumericLessThan": {"s3:max-keys": ["10", "20"]}}}]"#
        )
    );
}

#[test]
fn everyone_is_every_principal_of_aws() {
    let document = with_statement(r#"{"Effect": "Allow", "Principal": "*", "Action": "a:b"}"#);
    assert!(statements(&document).contains(r#""Principal": {"AWS": ["*"]}"#));
}

#[test]
fn every_encoding_gives_the_same_statements() {
    let encoded =
        "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%7D%7D";
    assert_eq!(statements(encoded), NORMAL_MINIMAL);
    assert_eq!(statements(&format!("\n [{MINIMAL}]")), NORMAL_MINIMAL);
    assert_eq!(statements_of_decoded(MINIMAL).unwrap(), NORMAL_MINIMAL);
    assert_eq!(statements_of_decoded(&format!("[{MINIMAL}]")).unwrap(), NORMAL_MINIMAL);
    assert_eq!(value_of("iam.statements", &[Value::List(&[s(MINIMAL)])]), NORMAL_MINIMAL);
}

#[test]
fn the_statements_of_several_documents_follow_each_other() {
    let both = value_of("iam.statements", &[Value::List(&[s(MINIMAL), s(MINIMAL)])]);
    assert_eq!(both.matches(r#""Sid""#).count(), 2);
}

#[test]
fn null_elements_are_absent() {
    let document = with_statement(
        r#"{"Sid": null, "Effect": "Allow", "Action": "s3:*", "Principal": null, "Condition": null}"#,
    );
    assert_eq!(statements(&document), NORMAL_MINIMAL);
}

#[test]
fn only_what_is_empty_itself_has_no_statements() {
    assert_eq!(statements("{}"), "[]");
    assert_eq!(statements("[]"), "[]");
    for document in [
        r#"{"Version": "2012-10-17"}"#,
        r#"{"Statement": []}"#,
        r#"{"Statement": null}"#,
        r#"{"Statement": "Allow"}"#,
        r#"{"statement": [{}]}"#,
        r#"{"policyText": "{}"}"#,
    ] {
        assert_eq!(refusal(document), "iam.statements: the document has no Statement");
    }
}

#[test]
fn of_a_policy_without_statements_it_is_not_known_whom_it_lets_in() {
    for document in ["{}", "[]", "[{}]"] {
        let refused = failure_of("iam.grants", &[s(document)]);
        assert_eq!(refused, "iam.statements: the document has no Statement", "{document}");
    }
}

#[test]
fn what_is_no_document_is_refused() {
    assert!(refusal("").contains("neither JSON nor URL-encoded JSON"));
    assert!(refusal("null").contains("neither JSON nor URL-encoded JSON"));
    assert!(refusal("%ff").contains("not UTF-8"));
    assert!(refusal("{").contains("not JSON"));
    assert!(refusal("{} {}").contains("not JSON"));
    assert!(refusal("[[]]").contains("a policy document must be a map, not a list"));
    assert!(refusal("[null]").contains("a policy document must be a map, not a null_type"));
    assert!(failure_of("iam.statements", &[Value::List(&[int(1)])]).contains("not a int"));
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let twice = with_statement(r#"{"Effect": "Allow", "Action": "s3:Get", "Action": "*"}"#);
    assert!(refusal(&twice).contains(r#"the key "Action" appears twice"#));
}

#[test]
fn json_nested_too_deep_is_refused() {
    assert!(refusal(&"[".repeat(100_000)).contains("recursion limit"));
}

#[test]
fn what_is_no_statement_is_refused_with_its_number() {
    let good = r#"{"Effect": "Allow", "Action": "a:b"}"#;
    let cases = [
        ("null", "is a null_type, not a map"),
        (r#"{"Action": "a:b"}"#, "has an Effect that is neither Allow nor Deny"),
        (r#"{"Effect": "allow", "Action": "a:b"}"#, "has an Effect that is neither"),
        (r#"{"Effect": "Allow"}"#, "has neither Action nor NotAction"),
        (r#"{"Effect": "Allow", "action": "*"}"#, r#"has the unknown element "action""#),
        (
            r#"{"Effect": "Allow", "Action": []}"#,
            "has a Action that is neither a string nor a list",
        ),
        (
            r#"{"Effect": "Allow", "Action": ["a:b", 1]}"#,
            "has a value in Action that is not a string",
        ),
        (r#"{"Effect": "Allow", "Action": "a:b", "Sid": 1}"#, "has a Sid that is not a string"),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Resource": {}}"#,
            "has a Resource that is neither",
        ),
        (r#"{"Effect": "Allow", "Action": "a:b", "Principal": {}}"#, "has a Principal that is"),
        (r#"{"Effect": "Allow", "Action": "a:b", "Principal": "AWS"}"#, "has a Principal that is"),
        (r#"{"Effect": "Allow", "Action": "a:b", "Condition": []}"#, "has a Condition that is not"),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Condition": {"Bool": 1}}"#,
            r#"has a condition "Bool""#,
        ),
        (
            r#"{"Effect": "Allow", "Action": "a:b", "Condition": {"Bool": {"x": null}}}"#,
            r#"has a condition on "x" with a value that is not a string"#,
        ),
    ];
    for (statement, problem) in cases {
        let refusal = refusal(&with_statement(&format!("{good}, {statement}")));
        let expected = format!("iam.statements: statement 2: {problem}");
        assert!(refusal.starts_with(&expected), "{refusal}");
    }
}

#[test]
fn wildcards_match_as_iam_matches_actions() {
    let cases = [
        ("*", "s3:GetObject", true),
        ("s3:*", "s3:GetObject", true),
        ("S3:get*", "s3:GetObject", true),
        ("s3:Get?bject", "s3:GetObject", true),
        ("s3:*Acl", "s3:PutObjectAcl", true),
        ("s3:*Acl", "s3:PutObjectAclX", false),
        ("s3:*b*a", "s3:abbba", true),
        ("s3:?", "s3:", false),
        ("s3:G*t?", "s3:Get", false),
        ("s3:é?", "s3:éé", true),
        ("", "", true),
        ("", "a", false),
        ("***", "", true),
        ("iam:*", "s3:GetObject", false),
        ("s3.GetObject", "s3:GetObject", false),
    ];
    for (pattern, action, expected) in cases {
        let found = value_of("iam.matches", &[s(pattern), s(action)]);
        assert_eq!(found, expected.to_string(), "{pattern} {action}");
    }
}

#[test]
fn many_stars_against_a_long_text_run_out_of_fuel() {
    let (pattern, text) = ("*a".repeat(2_000) + "b", "a".repeat(100_000));
    let outcome = function("iam.matches", &[s(&pattern), s(&text)]);
    assert_eq!(outcome, Err(Failure::OutOfFuel));
}

/// Every policy document within a JSON value, as a value of its own.
fn policies_within<'j>(json: &'j serde_json::Value, found: &mut Vec<&'j serde_json::Value>) {
    match json {
        serde_json::Value::Object(fields) if fields.contains_key("Statement") => found.push(json),
        serde_json::Value::String(text) if text.contains("\"Statement\"") => found.push(json),
        serde_json::Value::Object(fields) => {
            fields.values().for_each(|value| policies_within(value, found));
        }
        serde_json::Value::Array(items) => {
            for value in items {
                policies_within(value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_policy_of_recorded_items_is_understood() {
    let items = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/config-items");
    let Ok(folders) = std::fs::read_dir(items) else {
        eprintln!("skipped: there is no folder {items}");
        return;
    };
    let mut understood = 0;
    for file in folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap()) {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let Ok(item) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
        let mut policies = Vec::new();
        policies_within(&item, &mut policies);
        for policy in policies {
            let arena = Bump::new();
            let document = cel::from_json(policy, &arena);
            assert_ne!(value_of("iam.statements", &[document]), "[]");
            understood += 1;
        }
    }
    assert!(understood > 5, "{understood} policies");
}
