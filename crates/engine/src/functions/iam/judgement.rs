//! What `crate::policy` says of a document, for expressions: who outside may use it, whether it
//! denies every request of a kind, and how much it grants.

use super::{Call, Failure, Outcome, document, invalid, no_overload, quoted};
use crate::policy;
use crate::policy::{Budget, Error, Grant, Outsider, Question, Refusal};
use cel::Value;

/// `iam.outsiders(document, who)`.
pub(super) fn outsiders<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [given, options @ Value::Map(_)] = arguments else {
        return Err(no_overload("iam.outsiders", arguments));
    };
    let mut question = Question::default();
    for (name, value) in entries("iam.outsiders", options)? {
        match (name, value) {
            ("account", Value::String(account)) => question.account = account,
            ("trusted", list) => question.trusted = texts("iam.outsiders", name, list)?,
            ("organizations", list) => question.organizations = texts("iam.outsiders", name, list)?,
            ("actions", list) => question.actions = texts("iam.outsiders", name, list)?,
            ("unaided", Value::Bool(unaided)) => question.unaided = *unaided,
            _ => return Err(unknown_option("iam.outsiders", name)),
        }
    }
    if question.account.is_empty() {
        return Err(invalid(
            "iam.outsiders: pass the account that owns the resource: {\"account\": ...}".to_owned(),
        ));
    }
    let statements = document::to_judge(call, given)?;
    let found =
        judged(call, "iam.outsiders", |budget| policy::outsiders(&statements, &question, budget))?;
    call.fuel.charge_values(found.len().saturating_mul(4))?;
    let found = found.iter().map(|outsider| outsider_value(call, outsider)).collect::<Vec<_>>();
    Ok(Value::List(call.arena.alloc_slice_copy(&found)))
}

/// `iam.denies(document, requests)`.
pub(super) fn denies<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [given, options @ Value::Map(_)] = arguments else {
        return Err(no_overload("iam.denies", arguments));
    };
    let mut refusal = Refusal { actions: vec!["*"], resources: vec!["*"], context: Vec::new() };
    for (name, value) in entries("iam.denies", options)? {
        match name {
            "actions" => refusal.actions = texts("iam.denies", name, value)?,
            "resources" => refusal.resources = texts("iam.denies", name, value)?,
            "context" => {
                for (key, value) in entries("iam.denies", value)? {
                    let values = match value {
                        Value::Null => Vec::new(),
                        value => texts("iam.denies", key, value)?,
                    };
                    refusal.context.push((key.to_ascii_lowercase(), values));
                }
            }
            _ => return Err(unknown_option("iam.denies", name)),
        }
    }
    let statements = document::to_judge(call, given)?;
    judged(call, "iam.denies", |budget| policy::is_denied(&statements, &refusal, budget))
        .map(Value::Bool)
}

/// `iam.grants(document)`.
pub(super) fn grants<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [given] = arguments else { return Err(no_overload("iam.grants", arguments)) };
    let statements = document::to_judge(call, given)?;
    let found = judged(call, "iam.grants", |budget| policy::grants(&statements, budget))?;
    call.fuel.charge_values(found.len().saturating_mul(5))?;
    let found = found.iter().map(|grant| grant_value(call, grant)).collect::<Vec<_>>();
    Ok(Value::List(call.arena.alloc_slice_copy(&found)))
}

/// Judges with what fuel is left, and takes what it took.
fn judged<T>(
    call: &mut Call<'_, '_>,
    function: &str,
    judge: impl FnOnce(&mut Budget) -> Result<T, Error>,
) -> Result<T, Failure> {
    let before = call.fuel.left();
    let mut budget = Budget::new(before);
    let judged = judge(&mut budget);
    call.fuel.charge(before - budget.left())?;
    judged.map_err(|error| match error {
        Error::NotUnderstood(problem) => invalid(format!("{function}: {problem}")),
        Error::TooManySteps => Failure::OutOfFuel,
    })
}

fn outsider_value<'a>(call: &Call<'_, 'a>, outsider: &Outsider) -> Value<'a> {
    let text = |text: &str| Value::String(call.arena.alloc_str(text));
    map(
        call,
        [
            ("kind", Value::String(outsider.kind.as_str())),
            ("who", text(&outsider.who)),
            ("statement", number(outsider.statement)),
            ("name", text(&outsider.name)),
        ],
    )
}

fn grant_value<'a>(call: &Call<'_, 'a>, grant: &Grant) -> Value<'a> {
    let text = |text: &str| Value::String(call.arena.alloc_str(text));
    let services: Vec<Value<'a>> = grant.services.iter().map(|service| text(service)).collect();
    map(
        call,
        [
            ("statement", number(grant.statement)),
            ("name", text(&grant.name)),
            ("everything", Value::Bool(grant.everything)),
            ("services", Value::List(call.arena.alloc_slice_copy(&services))),
            ("everywhere", Value::Bool(grant.everywhere)),
        ],
    )
}

fn map<'a, const N: usize>(
    call: &Call<'_, 'a>,
    fields: [(&'static str, Value<'a>); N],
) -> Value<'a> {
    let fields = fields.map(|(name, value)| (Value::String(name), value));
    Value::Map(call.arena.alloc_slice_copy(&fields))
}

fn number(number: usize) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn entries<'v, 'a>(
    function: &str,
    value: &'v Value<'a>,
) -> Result<Vec<(&'a str, &'v Value<'a>)>, Failure> {
    let Value::Map(entries) = value else { return Err(no_overload(function, &[*value])) };
    let named = entries.iter().map(|(name, value)| Some((name.as_str()?, value)));
    named.collect::<Option<_>>().ok_or_else(|| no_overload(function, &[*value]))
}

/// A text or a list of texts.
fn texts<'a>(function: &str, name: &str, value: &Value<'a>) -> Result<Vec<&'a str>, Failure> {
    let texts = match value {
        Value::String(text) => Some(vec![*text]),
        Value::List(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    };
    texts.ok_or_else(|| invalid(format!("{function}: {} is not a list of strings", quoted(name))))
}

fn unknown_option(function: &str, name: &str) -> Failure {
    invalid(format!(
        "{function}: there is no option {}, or its value is of another type",
        quoted(name)
    ))
}
