//! One request against one document, step by step: slow, and meant to be obviously right.
//!
//! An explicit deny refuses; else an allow admits; else the request is refused. A statement matches
//! when its principal, action, resource and every condition do. (This leaves out what the caller's
//! own policies say: it asks what the document admits.)

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Who makes a request.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Member { account: String, arn: String },
    Anonymous,
    Service { name: String, account: Option<String> },
    WebIdentity { issuer: String },
}

/// A request: who asks for what, and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) caller: Caller,
    /// In lower case.
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The values of condition keys, by the key in lower case.
    pub(crate) context: BTreeMap<String, Vec<String>>,
    /// Whether nothing of its caller is a value that documents name to pin one.
    pub(crate) unnamed_caller: bool,
    /// Whether nothing in it is such a value: nor does it come from a network that they name.
    pub(crate) unnamed: bool,
}

impl Request {
    pub(crate) fn is_stranger(&self, own: &str, trusted: &str) -> bool {
        match &self.caller {
            Caller::Member { account, .. } | Caller::Service { account: Some(account), .. } => {
                account != own && account != trusted
            }
            Caller::Anonymous | Caller::Service { account: None, .. } => true,
            Caller::WebIdentity { .. } => self.unnamed_caller,
        }
    }
}

/// A document, read once.
pub(crate) struct Document {
    statements: Vec<Statement>,
}

struct Statement {
    allows: bool,
    /// Whether everybody else is meant, and who stands there, by kind.
    principals: (bool, Vec<(String, String)>),
    actions: (bool, Vec<String>),
    resources: (bool, Vec<String>),
    conditions: Vec<(String, String, Vec<String>)>,
}

impl Document {
    pub(crate) fn read(document: &Json) -> Self {
        let statements = document["Statement"].as_array().unwrap();
        Self { statements: statements.iter().map(Statement::read).collect() }
    }

    /// Whether the document admits the request.
    pub(crate) fn allows(&self, request: &Request) -> bool {
        let matching = |allows: bool| {
            self.statements.iter().any(|it| it.allows == allows && it.matches(request))
        };
        matching(true) && !matching(false)
    }
}

impl Statement {
    fn read(statement: &Json) -> Self {
        let element = |of: &str, not: &str| match statement.get(of) {
            Some(element) => (false, element.clone()),
            None => (true, statement[not].clone()),
        };
        let (excepted, principal) = element("Principal", "NotPrincipal");
        let (not_action, actions) = element("Action", "NotAction");
        let (not_resource, resources) = element("Resource", "NotResource");
        let mut conditions = Vec::new();
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().unwrap() {
                conditions.push((operator.clone(), key.to_lowercase(), texts(values)));
            }
        }
        Self {
            allows: statement["Effect"] == "Allow",
            principals: (excepted, principals(&principal)),
            actions: (not_action, texts(&actions).iter().map(|it| it.to_lowercase()).collect()),
            resources: (not_resource, texts(&resources)),
            conditions,
        }
    }

    fn matches(&self, request: &Request) -> bool {
        let (excepted, principals) = &self.principals;
        let (not_action, actions) = &self.actions;
        let (not_resource, resources) = &self.resources;
        principals.iter().any(|(kind, value)| names(kind, value, &request.caller)) != *excepted
            && actions.iter().any(|it| glob(it, &request.action)) != *not_action
            && resources.iter().any(|it| glob(it, &request.resource)) != *not_resource
            && self.conditions.iter().all(|(operator, key, values)| {
                let found = request.context.get(key).map_or(&[][..], Vec::as_slice);
                condition_holds(operator, found, values, request)
            })
    }
}

fn texts(element: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match element {
        Json::Array(list) => list.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn principals(element: &Json) -> Vec<(String, String)> {
    let Json::Object(kinds) = element else { return vec![("AWS".into(), "*".into())] };
    let of_kind = |(kind, values): (&String, &Json)| {
        texts(values).into_iter().map(|value| (kind.clone(), value)).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(of_kind).collect()
}

fn names(kind: &str, value: &str, caller: &Caller) -> bool {
    match (kind, caller) {
        ("AWS", _) if value == "*" => true,
        ("AWS", Caller::Member { account, arn }) => {
            value == account || value == arn || value == format!("arn:aws:iam::{account}:root")
        }
        ("Service", Caller::Service { name, .. }) => value == name,
        ("Federated", Caller::WebIdentity { issuer }) => value.ends_with(issuer),
        _ => false,
    }
}

fn condition_holds(operator: &str, found: &[String], wanted: &[String], request: &Request) -> bool {
    let (set, name) =
        operator.split_once(':').map_or((None, operator), |(set, it)| (Some(set), it));
    let (name, if_exists) = match name.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (name, false),
    };
    if name == "Null" {
        return wanted.iter().any(|wanted| (wanted == "true") == found.is_empty());
    }
    let (name, negated) = match name {
        "StringNotEquals" => ("StringEquals", true),
        "StringNotLike" => ("StringLike", true),
        "ArnNotLike" => ("ArnLike", true),
        "NotIpAddress" => ("IpAddress", true),
        name => (name, false),
    };
    let holds = |value: &String| {
        let matches = wanted.iter().any(|wanted| match substituted(wanted, request) {
            Some(wanted) => compare(name, value, &wanted),
            None => false,
        });
        matches != negated
    };
    match set {
        Some("ForAnyValue") => found.iter().any(holds),
        Some(_) => found.iter().all(holds),
        None if found.is_empty() => negated || if_exists,
        // One value, or for several: any that matches, none that must not.
        None if negated => found.iter().all(holds),
        None => found.iter().any(holds),
    }
}

/// The value with its variables filled in; nothing where the request lacks one.
fn substituted(wanted: &str, request: &Request) -> Option<String> {
    let Some((before, rest)) = wanted.split_once("${") else { return Some(wanted.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    let value = request.context.get(&name.to_lowercase())?.first()?;
    substituted(&format!("{before}{value}{after}"), request)
}

fn compare(name: &str, value: &str, wanted: &str) -> bool {
    match name {
        "StringEquals" => value == wanted,
        "StringEqualsIgnoreCase" | "Bool" => value.eq_ignore_ascii_case(wanted),
        "StringLike" => glob(wanted, value),
        "ArnLike" => arn_like(wanted, value),
        "IpAddress" => {
            let one = || ipnet::IpNet::from(wanted.parse::<std::net::IpAddr>().unwrap());
            let network: ipnet::IpNet = wanted.parse().unwrap_or_else(|_| one());
            value.parse().is_ok_and(|address: std::net::IpAddr| network.contains(&address))
        }
        "NumericLessThan" => {
            value.parse::<f64>().is_ok_and(|value| value < wanted.parse().unwrap())
        }
        "NumericGreaterThan" => {
            value.parse::<f64>().is_ok_and(|value| value > wanted.parse().unwrap())
        }
        other => panic!("the reference does not know {other}"),
    }
}

fn arn_like(wanted: &str, value: &str) -> bool {
    if wanted == "*" {
        return true;
    }
    let (wanted, value): (Vec<&str>, Vec<&str>) =
        (wanted.splitn(6, ':').collect(), value.splitn(6, ':').collect());
    wanted.len() == value.len()
        && wanted.iter().zip(value).all(|(wanted, value)| glob(wanted, value))
}

/// Wildcards by trying every way.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern_rest, mut text_rest) = (pattern.chars(), text.chars());
    match (pattern_rest.next(), text_rest.next()) {
        (None, None) => true,
        (Some('*'), None) => glob(pattern_rest.as_str(), text),
        (Some('*'), Some(_)) => {
            glob(pattern_rest.as_str(), text) || glob(pattern, text_rest.as_str())
        }
        (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
            glob(pattern_rest.as_str(), text_rest.as_str())
        }
        _ => false,
    }
}
