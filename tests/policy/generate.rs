//! Documents and requests over a small world: an account of ours, one that is trusted, two that
//! documents name, and one that they never name.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use support::random::Random;

use crate::reference::{Caller, Request};
use crate::{OWN, TRUSTED};

/// Accounts with their organisations: what documents name, and what they do not.
const NAMED: (&str, &str) = ("999988887777", "o-named");
const OTHER: (&str, &str) = ("888877776666", "o-other");
const UNNAMED: (&str, &str) = ("222233334444", "o-unnamed");
const ISSUER: &str = "token.actions.githubusercontent.com";

/// What is asked, with a fixed seed, so that each run asks the same.
pub(crate) struct Questions(Random);

impl Questions {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        self.0.pick(of)
    }

    /// A document of one to three statements, the first of which allows.
    pub(crate) fn document(&mut self) -> Json {
        let count = 1 + self.below(3);
        let statements: Vec<Json> = (0..count).map(|at| self.statement(at == 0)).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    fn statement(&mut self, allows: bool) -> Json {
        let mut statement = Map::new();
        let denies = !allows && self.below(3) > 0;
        statement.insert("Effect".into(), json!(if denies { "Deny" } else { "Allow" }));
        let (element, principal) = self.principal(denies);
        statement.insert(element.into(), principal);
        let action = if self.below(8) == 0 { "NotAction" } else { "Action" };
        statement.insert(
            action.into(),
            self.one(&[
                json!("s3:GetObject"),
                json!("s3:*"),
                json!("*"),
                json!(["S3:Get*", "s3:PutObject"]),
            ]),
        );
        let resource = if self.below(8) == 0 { "NotResource" } else { "Resource" };
        statement.insert(
            resource.into(),
            self.one(&[
                json!("*"),
                json!("arn:aws:s3:::b/*"),
                json!("arn:aws:s3:::b/secret/*"),
                json!("arn:aws:s3:::*"),
            ]),
        );
        let mut conditions = Map::new();
        for _ in 0..self.below(3) {
            let (operator, key, value) = self.condition();
            let keys = conditions.entry(operator).or_insert_with(|| json!({}));
            keys.as_object_mut().unwrap().insert(key, value);
        }
        if !conditions.is_empty() {
            statement.insert("Condition".into(), Json::Object(conditions));
        }
        Json::Object(statement)
    }

    fn principal(&mut self, denies: bool) -> (&'static str, Json) {
        let named = json!({"AWS": format!("arn:aws:iam::{}:root", NAMED.0)});
        let ours = json!({"AWS": [OWN, format!("arn:aws:iam::{TRUSTED}:root")]});
        let role = json!({"AWS": format!("arn:aws:iam::{}:role/ci", NAMED.0)});
        let service = json!({"Service": "sns.amazonaws.com"});
        let federated = json!({"Federated": format!("arn:aws:iam::{OWN}:oidc-provider/{ISSUER}")});
        // Where a statement denies all but some, which of an account's members it spares is a
        // question of its own: the whole account is spared here.
        match self.below(if denies { 6 } else { 9 }) {
            0..=2 => ("Principal", self.one(&[json!("*"), json!({"AWS": "*"})])),
            3 => ("NotPrincipal", self.one(&[named, ours])),
            4 => ("Principal", named),
            5 => ("Principal", if denies { service } else { role }),
            6 => ("Principal", ours),
            7 => ("Principal", service),
            _ => ("Principal", federated),
        }
    }

    fn condition(&mut self) -> (String, String, Json) {
        let (keys, values): (&[&str], Vec<Json>) = match self.below(8) {
            0 => (
                &["aws:PrincipalAccount", "AWS:SourceAccount", "kms:CallerAccount"],
                vec![
                    json!(OWN),
                    json!(NAMED.0),
                    json!([OWN, OTHER.0]),
                    json!("9999*"),
                    json!("${aws:ResourceAccount}"),
                    json!("${aws:PrincipalAccount}"),
                ],
            ),
            1 => (
                &["aws:PrincipalOrgID"],
                vec![json!(NAMED.1), json!("o-*"), json!([NAMED.1, OTHER.1]), json!("*")],
            ),
            2 => {
                let value = self.one(&[
                    json!(format!("arn:aws:iam::{}:role/ci", NAMED.0)),
                    json!("arn:aws:iam::*:role/ci"),
                    json!("*"),
                    json!(format!("arn:aws:iam::{OWN}:*")),
                ]);
                let operator = self.arn_operator();
                return (operator, "aws:PrincipalArn".into(), value);
            }
            3 => {
                let value = self.one(&[
                    json!("arn:aws:sns:*:*:*"),
                    json!(format!("arn:aws:sns:eu-west-1:{}:t", NAMED.0)),
                    json!(format!("arn:aws:sns:*:{OWN}:*")),
                    json!("arn:aws:s3:::bucket"),
                ]);
                let operator = self.arn_operator();
                return (operator, "aws:SourceArn".into(), value);
            }
            4 => {
                let operator = self.one(&["IpAddress", "NotIpAddress", "IpAddressIfExists"]);
                let value = self.one(&[
                    json!("203.0.113.0/24"),
                    json!("0.0.0.0/0"),
                    json!(["0.0.0.0/1", "128.0.0.0/1"]),
                    json!("198.51.100.7"),
                ]);
                return (operator.into(), "aws:SourceIp".into(), value);
            }
            5 => {
                let key = self.one(&[
                    "aws:PrincipalOrgID",
                    "sts:ExternalId",
                    "aws:SourceAccount",
                    "aws:PrincipalAccount",
                ]);
                return (
                    "Null".into(),
                    key.into(),
                    self.one(&[json!("true"), json!("false"), json!(true)]),
                );
            }
            6 => {
                let key = self.one(&["aws:SecureTransport", "aws:PrincipalIsAWSService"]);
                return (
                    self.one(&["Bool", "BoolIfExists"]).into(),
                    key.into(),
                    self.one(&[json!("true"), json!(false)]),
                );
            }
            _ => (
                &["sts:ExternalId", "token.actions.githubusercontent.com:sub"],
                vec![
                    json!("repo:acme/shop:ref:refs/heads/main"),
                    json!("repo:acme/*"),
                    json!("repo:*"),
                    json!("x"),
                ],
            ),
        };
        let set = self.one(&["", "", "", "ForAnyValue:", "ForAllValues:"]);
        let operator = self.one(&[
            "StringEquals",
            "StringLike",
            "StringNotEquals",
            "StringNotLike",
            "StringEqualsIgnoreCase",
        ]);
        let if_exists = if set.is_empty() && self.below(4) == 0 { "IfExists" } else { "" };
        let key = self.one(keys);
        (format!("{set}{operator}{if_exists}"), key.into(), self.one(&values))
    }

    fn arn_operator(&mut self) -> String {
        self.one(&["ArnLike", "ArnNotLike", "ArnLikeIfExists", "StringLike"]).into()
    }
}

/// In lower case, as the reference compares them.
const ACTIONS: [&str; 4] = ["s3:getobject", "s3:putobject", "s3:deleteobject", "iam:passrole"];
const RESOURCES: [&str; 4] =
    ["arn:aws:s3:::b/public", "arn:aws:s3:::b/secret/key", "arn:aws:s3:::c/x", "other"];

/// Every request that is tried: each caller, action, resource, network and free value.
pub(crate) fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for (caller, own_context, unnamed) in callers() {
        for (action, resource) in
            ACTIONS.iter().flat_map(|action| RESOURCES.map(|it| (*action, it)))
        {
            for address in [
                None,
                Some("203.0.113.9"),
                Some("198.51.100.7"),
                Some("2001:db8::7"),
                Some("192.0.2.1"),
            ] {
                for (tls, external, subject) in brought() {
                    let mut context = own_context.clone();
                    let mut add =
                        |key: &str, value: &str| context.insert(key.into(), vec![value.into()]);
                    add("aws:resourceaccount", OWN);
                    add("aws:securetransport", tls);
                    let has_address = !matches!(caller, Caller::Service { .. });
                    if let (Some(address), true) = (address, has_address) {
                        add("aws:sourceip", address);
                    }
                    if let Some(external) = external {
                        add("sts:externalid", external);
                    }
                    if let (Some(subject), false) =
                        (subject, matches!(caller, Caller::WebIdentity { .. }))
                    {
                        add("token.actions.githubusercontent.com:sub", subject);
                    }
                    let named_network =
                        address.is_some_and(|it| it.starts_with("203") || it.starts_with("198"));
                    requests.push(Request {
                        caller: caller.clone(),
                        action: action.into(),
                        resource: resource.into(),
                        context,
                        unnamed_caller: unnamed,
                        unnamed: unnamed && !named_network,
                    });
                }
            }
        }
    }
    requests
}

/// Whether a request is encrypted, its external id, and the subject of a token that it brings.
fn brought() -> Vec<(&'static str, Option<&'static str>, Option<&'static str>)> {
    const VALUES: [&str; 6] = [
        "x",
        "y",
        "repo:acme/other",
        "repo:acme/shop:ref:refs/heads/main",
        "repo:acme/*",
        "repo:*",
    ];
    let both = VALUES.map(|it| (Some(it), Some(it)));
    let one = [(None, None), (Some("x"), None), (None, Some("x"))];
    let subjects =
        [(None, Some("repo:acme/shop:ref:refs/heads/main")), (None, Some("repo:acme/*"))];
    let all: Vec<_> = both.into_iter().chain(one).chain(subjects).collect();
    ["true", "false"].iter().flat_map(|tls| all.iter().map(|it| (*tls, it.0, it.1))).collect()
}

/// Callers with what is known of them, and whether documents name nothing of it.
fn callers() -> Vec<(Caller, BTreeMap<String, Vec<String>>, bool)> {
    let context = |entries: &[(&str, &str)]| {
        entries.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect()
    };
    let mut callers = vec![(Caller::Anonymous, context(&[]), true)];
    for ((account, organization), unnamed) in [
        ((OWN, NAMED.1), false),
        ((TRUSTED, OTHER.1), false),
        (NAMED, false),
        (OTHER, false),
        (UNNAMED, true),
        ((UNNAMED.0, ""), true),
        ((NAMED.0, ""), false),
        ((NAMED.0, UNNAMED.1), false),
        ((UNNAMED.0, NAMED.1), false),
        ((UNNAMED.0, OTHER.1), false),
    ] {
        for name in ["role/ci", "user/ann"] {
            let arn = format!("arn:aws:iam::{account}:{name}");
            let mut known: BTreeMap<String, Vec<String>> = context(&[
                ("aws:principalaccount", account),
                ("kms:calleraccount", account),
                ("aws:principalarn", &arn),
                ("aws:principalisawsservice", "false"),
            ]);
            if !organization.is_empty() {
                known.insert("aws:principalorgid".into(), vec![organization.into()]);
            }
            // Only requests that AWS KMS sees have it.
            if name == "user/ann" && organization == UNNAMED.1 {
                known.remove("kms:calleraccount");
            }
            callers.push((Caller::Member { account: account.into(), arn }, known, unnamed));
        }
    }
    for (account, unnamed) in [
        (Some(OWN), false),
        (Some(NAMED.0), false),
        (Some(OTHER.0), false),
        (Some(UNNAMED.0), true),
        (None, true),
    ] {
        for source in ["account", "arn", "both", "none", "bucket"] {
            let mut known: BTreeMap<String, Vec<String>> =
                context(&[("aws:principalisawsservice", "true")]);
            let mut add = |key: &str, value: String| known.insert(key.into(), vec![value]);
            if let Some(account) = account {
                if ["account", "both", "bucket"].contains(&source) {
                    add("aws:sourceaccount", account.into());
                }
                if ["arn", "both"].contains(&source) {
                    add("aws:sourcearn", format!("arn:aws:sns:eu-west-1:{account}:t"));
                }
                add("kms:calleraccount", account.into());
            }
            if source == "bucket" {
                add("aws:sourcearn", "arn:aws:s3:::bucket".into());
            }
            let caller = Caller::Service {
                name: "sns.amazonaws.com".into(),
                account: account.map(Into::into),
            };
            callers.push((caller, known, unnamed && source != "bucket"));
        }
    }
    for (subject, unnamed) in [
        ("repo:acme/shop:ref:refs/heads/main", false),
        ("repo:acme/other:x", false),
        ("repo:evil/shop:x", true),
        // No owner: any organization can have its subjects so.
        ("x", true),
        ("y", true),
    ] {
        let mut known = BTreeMap::new();
        known.insert("token.actions.githubusercontent.com:sub".into(), vec![subject.into()]);
        callers.push((Caller::WebIdentity { issuer: ISSUER.into() }, known, unnamed));
    }
    callers
}
