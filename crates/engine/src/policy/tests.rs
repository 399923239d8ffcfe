use bumpalo::Bump;
use serde_json::{Value as Json, json};

use super::*;
use cel::Value;

/// A value of JSON in an arena.
fn value<'a>(json: &Json, arena: &'a Bump) -> Value<'a> {
    match json {
        Json::String(text) => Value::String(arena.alloc_str(text)),
        Json::Array(list) => {
            let list: Vec<_> = list.iter().map(|json| value(json, arena)).collect();
            Value::List(arena.alloc_slice_copy(&list))
        }
        Json::Object(map) => {
            let entry = |(key, json): (&String, &Json)| {
                (Value::String(arena.alloc_str(key)), value(json, arena))
            };
            let map: Vec<_> = map.iter().map(entry).collect();
            Value::Map(arena.alloc_slice_copy(&map))
        }
        other => panic!("no policy has {other}"),
    }
}

/// The elements that `iam.statements` fills in.
fn normal(statement: &Json) -> Json {
    let mut normal = json!({
        "Sid": "", "Effect": "Allow", "Principal": {}, "NotPrincipal": {}, "Action": [],
        "NotAction": [], "Resource": [], "NotResource": [], "Condition": {},
    });
    normal.as_object_mut().unwrap().extend(statement.as_object().unwrap().clone());
    normal
}

fn with_statements<T>(statements: &[Json], judge: impl FnOnce(&[Statement<'_>]) -> T) -> T {
    let arena = Bump::new();
    let statements: Vec<Statement<'_>> = statements
        .iter()
        .zip(1..)
        .map(|(it, number)| Statement::new(value(&normal(it), &arena), number, true))
        .collect();
    judge(&statements)
}

fn who(statements: &[Json]) -> String {
    let question = Question { account: "111122223333", ..Question::default() };
    asked(statements, &question)
}

fn asked(statements: &[Json], question: &Question<'_>) -> String {
    let found = with_statements(statements, |statements| {
        outsiders(statements, question, &mut Budget::new(1_000_000))
    });
    match found {
        Ok(found) => {
            let shown: Vec<String> = found
                .iter()
                .map(|it| format!("{} {} {}", it.statement, it.kind.as_str(), it.who))
                .collect();
            shown.join("; ")
        }
        Err(error) => error.to_string(),
    }
}

/// A statement that allows everybody under a condition.
#[allow(clippy::needless_pass_by_value)] // so that cases read as they are written
fn everybody(condition: Json) -> [Json; 1] {
    [json!({"Principal": {"AWS": ["*"]}, "Action": ["s3:*"], "Condition": condition})]
}

#[test]
fn everybody_is_the_public_unless_a_value_is_fixed() {
    let public = "1 Public everyone";
    for condition in [
        json!({}),
        json!({"StringNotEquals": {"aws:SourceAccount": ["999988887777"]}}),
        json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-1"]}}),
        json!({"StringEqualsIfExists": {"aws:SourceAccount": ["111122223333"]}}),
        json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}),
        json!({"StringLike": {"aws:PrincipalOrgID": ["*"]}}),
        json!({"StringLike": {"aws:PrincipalArn": ["*"]}}),
        json!({"ArnLike": {"aws:SourceArn": ["arn:aws:sns:*:*:*"]}}),
        json!({"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/ci"]}}),
        json!({"Null": {"aws:PrincipalOrgID": ["true"]}}),
        json!({"Bool": {"aws:SecureTransport": ["true"]}}),
        json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
        json!({"StringEquals": {"aws:PrincipalTag/team": ["a"]}}),
        json!({"StringLike": {"s3:DataAccessPointArn": ["arn:aws:s3:*:*:accesspoint/*"]}}),
        json!({"StringNotEquals": {"s3:DataAccessPointAccount": ["111122223333"]}}),
        json!({"StringLike": {"aws:VpceOrgID": ["o-*"]}}),
    ] {
        assert_eq!(who(&everybody(condition.clone())), public, "{condition}");
    }
}

#[test]
fn a_fixed_value_says_who_is_let_in() {
    for (condition, expected) in [
        (json!({"StringEquals": {"aws:SourceAccount": ["111122223333"]}}), ""),
        (json!({"StringEquals": {"aws:PrincipalAccount": ["111122223333"]}}), ""),
        (json!({"StringEquals": {"aws:PrincipalAccount": ["${aws:ResourceAccount}"]}}), ""),
        (json!({"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}), "1 Organization o-1"),
        (
            json!({"StringEquals": {"aws:PrincipalOrgID": ["${aws:ResourceOrgID}"]}}),
            "1 Organization o- (the resource's own organization)",
        ),
        (
            json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/*"]}}),
            "1 Organization o-1",
        ),
        (
            json!({"StringEquals": {"kms:CallerAccount": ["111122223333", "999988887777"]}}),
            "1 Account 999988887777",
        ),
        (
            json!({"ArnLike": {"aws:SourceArn": ["arn:aws:sns:eu-west-1:999988887777:t"]}}),
            "1 Account 999988887777",
        ),
        (
            json!({"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::bucket"]}}),
            "1 Service s3.amazonaws.com",
        ),
        (
            json!({"StringEquals": {"kms:CallerAccount": ["111122223333", "999988887777"]},
                   "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::bucket"]}}),
            "1 Account 999988887777",
        ),
        (
            json!({"StringEquals": {"aws:SourceOrgID": ["o-1"]},
                   "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::bucket"]}}),
            "1 Organization o-1",
        ),
        (
            json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}),
            "1 Network everyone in the networks that it names",
        ),
        (
            json!({"StringEquals": {"aws:SourceVpce": ["vpce-1"]}}),
            "1 Network everyone in the networks that it names",
        ),
        (json!({"StringEquals": {"s3:DataAccessPointAccount": ["111122223333"]}}), ""),
        (
            json!({"StringEquals": {"s3:DataAccessPointAccount": ["999988887777"]}}),
            "1 Account 999988887777",
        ),
        (
            json!({"StringLike": {"s3:DataAccessPointArn": ["arn:aws:s3:*:111122223333:accesspoint/*"]}}),
            "",
        ),
        (json!({"StringEquals": {"aws:VpceAccount": ["111122223333"]}}), ""),
        (json!({"StringEquals": {"aws:VpceOrgID": ["o-1"]}}), "1 Organization o-1"),
        (
            json!({"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}, "ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/ci"]}}),
            "1 Organization o-1",
        ),
    ] {
        assert_eq!(who(&everybody(condition.clone())), expected, "{condition}");
    }
}

#[test]
fn only_requests_to_kms_say_by_themselves_whose_they_are() {
    let condition = json!({"StringEqualsIfExists": {"kms:CallerAccount": ["111122223333"]}});
    let statement = |action: &str| json!({"Principal": {"AWS": ["*"]}, "Action": [action], "Condition": condition});
    assert_eq!(who(&[statement("s3:GetObject")]), "1 Public everyone");
    // Of requests without a signature no key says whose they are, and AWS KMS takes none.
    let denied = json!({"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": ["kms:*"],
        "Condition": {"Null": {"aws:PrincipalArn": ["true"]}}});
    assert_eq!(who(&[statement("kms:Decrypt"), denied]), "");
}

#[test]
fn a_service_that_acts_for_a_named_account_may_do_so_for_a_bucket() {
    for (key, value, expected) in [
        ("aws:SourceAccount", "999988887777", "1 Account 999988887777"),
        ("aws:SourceAccount", "111122223333", ""),
        ("aws:SourceOrgID", "o-1", "1 Organization o-1"),
    ] {
        let statement = json!({"Principal": {"Service": ["sns.amazonaws.com"]}, "Action": ["sqs:*"],
            "Condition": {"StringEquals": {key: [value]},
                          "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::bucket"]}}});
        assert_eq!(who(&[statement]), expected, "{key} {value}");
    }
}

#[test]
fn what_is_denied_is_not_let_in() {
    let allow = json!({"Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]});
    let deny = |condition: Json, action: &str, resource: &str| {
        json!({"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": [action], "Resource": [resource],
            "Condition": condition})
    };
    let outside = json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-1"]}});
    let both = [allow.clone(), deny(outside.clone(), "s3:*", "*")];
    assert_eq!(who(&both), "1 Organization o-1");
    let other_action = [allow.clone(), deny(outside.clone(), "s3:PutObject", "*")];
    assert_eq!(who(&other_action), "1 Public everyone");
    let some_objects = [allow.clone(), deny(outside.clone(), "s3:*", "arn:aws:s3:::b/secret/*")];
    assert_eq!(who(&some_objects), "1 Public everyone");
    // An anonymous request lacks this key, so that only the form with `IfExists` denies it.
    let but_for_services = |bool: &str| {
        let outside = json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-1"]}, bool: {"aws:PrincipalIsAWSService": ["false"]}});
        let services = json!({"Bool": {"aws:PrincipalIsAWSService": ["true"]}});
        who(&[allow.clone(), deny(outside, "*", "*"), deny(services, "*", "*")])
    };
    assert_eq!(but_for_services("BoolIfExists"), "1 Organization o-1");
    assert_eq!(but_for_services("Bool"), "1 Public everyone");
    // A bucket says of no account; that it is excepted from a denial names it all the same.
    let but_for_a_bucket = [
        allow.clone(),
        deny(json!({"ArnNotLike": {"aws:SourceArn": ["arn:aws:s3:::bucket"]}}), "*", "*"),
    ];
    assert_eq!(who(&but_for_a_bucket), "1 Service s3.amazonaws.com");
    let ours = json!({"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root"]}, "Action": ["*"], "Resource": ["*"]});
    assert_eq!(who(&[allow, ours]), "");
}

#[test]
fn principals_are_read_by_their_account() {
    for (kind, principal, expected) in [
        ("AWS", "arn:aws:iam::111122223333:root", ""),
        ("AWS", "arn:aws:iam::999988887777:role/for-111122223333", "1 Account 999988887777"),
        ("AWS", "999988887777", "1 Account 999988887777"),
        ("AWS", "arn:aws:sts::999988887777:assumed-role/a/b", "1 Account 999988887777"),
        ("AWS", "AROAEXAMPLEEXAMPLEXYZ", ""),
        ("AWS", "arn:aws:iam::*:role/ci", "1 Public everyone"),
        ("AWS", "nobody", "the principal \"nobody\" of kind \"AWS\" is not understood"),
        ("Service", "sns.amazonaws.com", "1 Service sns.amazonaws.com"),
        ("Service", "*", "1 Public every service of AWS"),
        ("Federated", "arn:aws:iam::111122223333:saml-provider/idp", ""),
        (
            "Federated",
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
            "1 WebIdentity token.actions.githubusercontent.com",
        ),
        ("CanonicalUser", "abc", "1 CanonicalUser abc"),
    ] {
        let statement = json!({"Principal": {kind: [principal]}, "Action": ["sts:AssumeRole"]});
        assert_eq!(who(&[statement]), expected, "{principal}");
    }
}

#[test]
fn a_web_identity_is_pinned_by_its_subject() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let open = "1 WebIdentity token.actions.githubusercontent.com";
    for (operator, key, value, expected) in [
        ("StringEquals", "aud", "sts.amazonaws.com", open),
        ("StringEquals", "sub", "repo:acme/shop:ref:refs/heads/main", ""),
        ("StringLike", "sub", "repo:acme/*", ""),
        ("StringLike", "sub", "repo:acme*", open),
        ("StringLike", "sub", "repo:*", open),
        ("StringLike", "sub", "*", open),
        ("StringNotEquals", "sub", "repo:acme/shop:ref:refs/heads/main", open),
        ("StringEquals", "sub", "repo:acme/*", ""),
        ("StringEquals", "repository_owner", "acme", ""),
        ("StringLike", "repository", "acme/*", ""),
        ("StringEquals", "environment", "production", open),
        ("StringEquals", "sub", "environment:production", open),
    ] {
        let statement = json!({"Principal": {"Federated": [provider]},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {operator: {format!("token.actions.githubusercontent.com:{key}"): [value]}}});
        assert_eq!(who(&[statement]), expected, "{operator} {key} {value}");
    }
    // However the provider is spelt, its claims are the same.
    let provider = provider.replace("token.actions", "Token.Actions");
    let condition = json!({"StringEquals": {"token.actions.githubusercontent.com:environment": ["production"]}});
    let statement = json!({"Principal": {"Federated": [provider]},
        "Action": ["sts:AssumeRoleWithWebIdentity"], "Condition": condition});
    assert_eq!(who(&[statement]), open.replace("token.actions", "Token.Actions"));
}

#[test]
fn a_condition_that_everybody_meets_is_none() {
    let question = Question { account: "111122223333", unaided: true, ..Question::default() };
    let trust = |condition: Json| {
        asked(
            &[
                json!({"Principal": {"AWS": ["999988887777"]}, "Action": ["sts:AssumeRole"], "Condition": condition}),
            ],
            &question,
        )
    };
    for condition in [
        json!({}),
        json!({"Bool": {"aws:SecureTransport": ["true"]}}),
        json!({"StringLike": {"sts:ExternalId": ["*"]}}),
        json!({"DateGreaterThan": {"aws:CurrentTime": ["2020-01-01T00:00:00Z"]}}),
        json!({"StringEquals": {"aws:PrincipalAccount": ["999988887777"]}}),
    ] {
        assert_eq!(trust(condition.clone()), "1 Account 999988887777", "{condition}");
    }
    for condition in [
        json!({"StringEquals": {"sts:ExternalId": ["8f1c"]}}),
        json!({"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}),
        json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}),
        json!({"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::999988887777:role/ci"]}}),
        json!({"NumericLessThan": {"aws:MultiFactorAuthAge": ["3600"]}}),
    ] {
        assert_eq!(trust(condition.clone()), "", "{condition}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    let operator = who(&everybody(json!({"StringResembles": {"aws:SourceAccount": ["1"]}})));
    assert_eq!(
        operator,
        "statement 1 has a condition operator \"StringResembles\" that is not understood"
    );
    let variable = who(&everybody(json!({"StringEquals": {"aws:SourceAccount": ["${account}"]}})));
    assert_eq!(
        variable,
        "statement 1 has a policy variable in \"${account}\" that is not understood"
    );
}

#[test]
fn a_request_of_a_kind_is_denied_by_all_statements_together() {
    let tls = |resource: Json, principal: Json| {
        json!({"Effect": "Deny", "Principal": principal, "Action": ["s3:*"], "Resource": resource,
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}})
    };
    let everybody = json!({"AWS": ["*"]});
    let ask = |statements: &[Json]| {
        let refusal = Refusal {
            actions: vec!["s3:*"],
            resources: vec!["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
            context: vec![("aws:securetransport".to_owned(), vec!["false"])],
        };
        with_statements(statements, |statements| {
            is_denied(statements, &refusal, &mut Budget::new(1_000_000)).unwrap()
        })
    };
    let (bucket, objects) = (json!(["arn:aws:s3:::b"]), json!(["arn:aws:s3:::b/*"]));
    assert!(ask(&[
        tls(bucket.clone(), everybody.clone()),
        tls(objects.clone(), everybody.clone())
    ]));
    assert!(ask(&[tls(json!(["*"]), everybody.clone())]));
    assert!(!ask(&[tls(objects, everybody)]));
    assert!(!ask(&[tls(json!(["*"]), json!({"AWS": ["111122223333"]}))]));
    assert!(!ask(&[]));
}

fn granted(statement: Json) -> String {
    with_statements(&[statement], |statements| {
        let grants = grants(statements, &mut Budget::new(1_000_000)).unwrap();
        let shown = grants.iter().map(|it| {
            let what = if it.everything { "everything".to_owned() } else { it.services.join(" ") };
            format!("{what} {}", if it.everywhere { "everywhere" } else { "somewhere" })
        });
        shown.collect::<Vec<_>>().join("; ")
    })
}

#[test]
fn a_grant_is_as_broad_as_what_matches_it() {
    for (actions, resources, expected) in [
        (json!({"Action": ["*"]}), json!({"Resource": ["*"]}), "everything everywhere"),
        (json!({"Action": ["**"]}), json!({"Resource": ["**"]}), "everything everywhere"),
        (
            json!({"Action": ["*:*"]}),
            json!({"Resource": ["arn:aws:*:*:*:*"]}),
            "everything everywhere",
        ),
        (
            json!({"NotAction": ["nobody:action"]}),
            json!({"Resource": ["*"]}),
            "everything everywhere",
        ),
        (
            json!({"Action": ["*"]}),
            json!({"NotResource": ["arn:aws:s3:::nothing"]}),
            "everything everywhere",
        ),
        (json!({"NotAction": ["iam:*"]}), json!({"Resource": ["*"]}), "all but iam:* everywhere"),
        (
            json!({"Action": ["s3:*", "ec2:Describe*"]}),
            json!({"Resource": ["*"]}),
            "s3:* everywhere",
        ),
        (json!({"Action": ["S3:*"]}), json!({"Resource": ["arn:aws:s3:::b"]}), "S3:* somewhere"),
        (json!({"Action": ["s3*"]}), json!({"Resource": ["*"]}), "s3* everywhere"),
        (json!({"Action": ["aws-portal:View*"]}), json!({"Resource": ["*"]}), " everywhere"),
        (json!({"Action": ["*"]}), json!({"Resource": ["arn:aws:s3:::*"]}), "everything somewhere"),
        (json!({"NotAction": ["*"]}), json!({"Resource": ["*"]}), " everywhere"),
    ] {
        let mut statement = actions.clone();
        statement.as_object_mut().unwrap().extend(resources.as_object().unwrap().clone());
        assert_eq!(granted(statement), expected, "{actions} {resources}");
    }
}
