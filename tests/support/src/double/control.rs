//! What a test does to a running double, and what it sees of it (`/_double/`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Double;
use crate::http;

/// The calls that a double has answered.
#[derive(Debug, Clone)]
pub struct Calls {
    /// Each call, in the order of the answers.
    pub calls: Vec<Value>,
    /// How often each `service:Operation` had each outcome (`ok`, or an error's code).
    pub counts: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Calls {
    /// How often an operation such as `BatchImportFindings` was called, whatever came of it.
    pub fn of(&self, operation: &str) -> u64 {
        let named = self.counts.iter().filter(|(name, _)| is_of(name, operation));
        named.flat_map(|(_, outcomes)| outcomes.values()).sum()
    }

    /// How often an operation was answered without an error.
    pub fn ok(&self, operation: &str) -> u64 {
        let named = self.counts.iter().filter(|(name, _)| is_of(name, operation));
        named.filter_map(|(_, outcomes)| outcomes.get("ok")).sum()
    }

    /// All calls.
    pub fn total(&self) -> u64 {
        self.counts.values().flat_map(BTreeMap::values).sum()
    }

    /// The calls of an operation, each with what the double noted of it.
    pub fn each(&self, operation: &str) -> Vec<&Value> {
        self.calls.iter().filter(|call| call["operation"] == operation).collect()
    }
}

fn is_of(name: &str, operation: &str) -> bool {
    name.split_once(':').is_some_and(|(_, found)| found == operation)
}

/// Faults to order, as the double's README names them.
#[derive(Debug)]
pub struct Fault;

impl Fault {
    /// A share of all calls is refused for there being too many.
    pub fn throttle(share: f64) -> Value {
        json!({"kind": "throttle", "share": share})
    }

    /// A share of all calls is answered with an error of the service.
    pub fn error(share: f64, status: u16) -> Value {
        json!({"kind": "error", "share": share, "status": status})
    }

    /// A share of all connections is cut: `before` the work, `after` it, or in the `body`.
    pub fn cut(share: f64, when: &str) -> Value {
        json!({"kind": "cut", "share": share, "when": when})
    }

    /// A share of the findings of each call of an operation fails with a code.
    pub fn partial(operation: &str, share: f64, code: &str) -> Value {
        json!({
            "kind": "partial", "share": share, "code": code, "match": {"operation": operation},
        })
    }
}

impl Double {
    /// Asks a control path such as `calls`, and gives what it answers.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let asked = http::ask(method, self.address(), &format!("/_double/{path}"), &body);
        let (status, body) = asked.unwrap();
        assert_eq!(status, 200, "{method} {path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The calls so far.
    pub fn calls(&self) -> Calls {
        let mut answer = self.control("GET", "calls", &Value::Null);
        let counts = serde_json::from_value(answer["counts"].take()).unwrap();
        let Value::Array(calls) = answer["calls"].take() else { panic!("calls are a list") };
        Calls { calls, counts }
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.control("DELETE", "calls", &Value::Null);
    }

    /// Adds configuration items in snapshot encoding, or replaces them.
    pub fn put_items(&self, items: &[Value]) {
        self.control("POST", "items", &json!({"configurationItems": items}));
    }

    /// Changes items: each `{account, region, resourceType, resourceId, patch}`.
    pub fn patch_items(&self, items: &[Value]) {
        self.control("PATCH", "items", &json!({"items": items}));
    }

    /// Deletes items: each `{account, region, resourceType, resourceId}`.
    pub fn delete_items(&self, items: &[Value]) {
        self.control("DELETE", "items", &json!({"items": items}));
    }

    /// What Security Hub holds, by the findings' ids.
    pub fn findings(&self) -> BTreeMap<String, Value> {
        let mut answer = self.control("GET", "findings", &Value::Null);
        let Value::Array(findings) = answer["findings"].take() else { panic!("it is a list") };
        let by_id = |finding: Value| (finding["Id"].as_str().unwrap().to_owned(), finding);
        findings.into_iter().map(by_id).collect()
    }

    /// How many findings are active whose id contains a text.
    pub fn count_findings(&self, contained: &str) -> usize {
        let answer =
            self.control("GET", &format!("findings/counts?contains={contained}"), &Value::Null);
        usize::try_from(answer["ACTIVE"].as_u64().unwrap()).unwrap()
    }

    /// Changes a finding as somebody else would: a JSON merge patch.
    pub fn patch_finding(&self, account: &str, region: &str, id: &str, patch: &Value) {
        let body = json!({"account": account, "region": region, "id": id, "patch": patch});
        assert_eq!(self.control("PATCH", "findings", &body)["changed"], 1, "{id}");
    }

    /// Deletes a finding as time does.
    pub fn delete_finding(&self, account: &str, region: &str, id: &str) {
        let body = json!({"account": account, "region": region, "id": id});
        assert_eq!(self.control("DELETE", "findings", &body)["deleted"], 1, "{id}");
    }

    /// Replaces the parts of a region that are given, as in the state.
    pub fn change_region(&self, account: &str, region: &str, change: &Value) {
        let body = json!({"account": account, "region": region, "change": change});
        self.control("PATCH", "region", &body);
    }

    /// Sets `rates`, `lagSeconds`, `tokenSeconds` or `sessionSeconds`.
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        let mut body = json!({});
        body[name] = value.into();
        self.control("PATCH", "settings", &body);
    }

    /// Replaces all organizations.
    pub fn change_organizations(&self, organizations: &Value) {
        let body = json!({ "organizations": organizations });
        self.control("PATCH", "organizations", &body);
    }

    /// Orders faults, in the place of those before: the first that strikes a call is what it meets.
    pub fn order_faults(&self, seed: u64, faults: &[Value]) {
        self.control("POST", "faults", &json!({"seed": seed, "faults": faults}));
    }

    /// Takes all faults back.
    pub fn no_faults(&self) {
        self.control("DELETE", "faults", &Value::Null);
    }

    /// How often each ordered fault has struck, by its place in the list.
    pub fn struck(&self) -> BTreeMap<String, u64> {
        let mut answer = self.control("GET", "faults", &Value::Null);
        serde_json::from_value(answer["struck"].take()).unwrap()
    }

    /// Moves the double's clock on.
    pub fn advance(&self, seconds: f64) {
        self.control("POST", "clock", &json!({"advanceSeconds": seconds}));
    }

    /// Sets the double's clock, such as `2026-11-22T10:00:00Z`.
    pub fn set_clock(&self, now: &str) {
        self.control("POST", "clock", &json!({"now": now}));
    }

    /// Ends all sessions of assumed roles now; says how many.
    pub fn expire_sessions(&self) -> u64 {
        self.control("POST", "sessions/expire", &Value::Null)["expired"].as_u64().unwrap()
    }

    /// Back to the state that it was started with.
    pub fn reset(&self) {
        self.control("POST", "reset", &Value::Null);
    }
}
