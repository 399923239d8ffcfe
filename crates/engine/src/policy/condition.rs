//! One condition on one key, as a test of the values that a request brings for it.

use ipnet::IpNet;

use super::pattern::Pattern;
use super::values::{self, Variables, Wildcards};
use super::words::any_matches;
use super::{Budget, Error, Result};
use cel::Value;

/// What a statement does with a request that it matches: it decides in whose favour a variable of
/// the caller is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It lets the request in.
    Admit,
    /// It keeps the request out.
    Refuse,
}

/// A test of one key.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    /// The key, in lower case: names of keys do not depend on case.
    pub(super) key: String,
    /// Of how many of the key's values the test must hold.
    pub(super) of: Of,
    /// Whether a value must pass the test, or must not.
    pub(super) positive: bool,
    pub(super) test: Test,
    /// Whether a request without the key passes.
    pub(super) absent: bool,
}

/// A quantity of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Any,
    All,
}

/// What a value may be.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Words(Vec<Pattern>),
    Number(Order, Vec<f64>),
    Time(Order, Vec<f64>),
    Address(Vec<IpNet>),
}

/// How a value must stand to one of those given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Literal {
    /// A test that a value is one of these.
    pub(super) fn one_of(key: &str, patterns: Vec<Pattern>) -> Self {
        let test = Test::Words(patterns);
        Self { key: key.to_owned(), of: Of::Any, positive: true, test, absent: false }
    }

    /// The opposite: it holds where this does not.
    pub(super) fn negated(mut self) -> Self {
        self.of = if self.of == Of::Any { Of::All } else { Of::Any };
        self.positive = !self.positive;
        self.absent = !self.absent;
        self
    }
}

/// What an operator's name says before its comparison is known.
struct Operator<'o> {
    comparison: &'o str,
    set: Option<Of>,
    if_exists: bool,
}

impl<'o> Operator<'o> {
    /// Reads a name in lower case.
    fn read(name: &'o str) -> Self {
        let (set, name) = match name.split_once(':') {
            Some(("foranyvalue", name)) => (Some(Of::Any), name),
            Some(("forallvalues", name)) => (Some(Of::All), name),
            _ => (None, name),
        };
        let stripped = name.strip_suffix("ifexists");
        Self { comparison: stripped.unwrap_or(name), set, if_exists: stripped.is_some() }
    }
}

/// One key of one operator.
pub(super) fn literal(
    operator: &str,
    key: &str,
    values: &[Value<'_>],
    side: Side,
    variables: Option<&Variables<'_>>,
) -> Result<Literal> {
    let lower = operator.to_ascii_lowercase();
    let named = Operator::read(&lower);
    let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    let key = key.to_ascii_lowercase();
    if named.comparison == "null" {
        return presence(key, &texts);
    }
    let (comparison, positive) = positive_form(named.comparison);
    let open = positive == (side == Side::Admit);
    let test = test(comparison, &key, &texts, variables, open)
        .transpose()
        .unwrap_or_else(|| Err(unknown_operator(operator)))?;
    // A missing key fails a test and passes a negated one; `IfExists` lets it pass either.
    // `ForAllValues` holds of no values, `ForAnyValue` does not, whatever follows it.
    let (of, absent) = match named.set {
        None if positive => (Of::Any, named.if_exists),
        Some(Of::Any) => (Of::Any, false),
        None | Some(Of::All) => (Of::All, true),
    };
    Ok(Literal { key, of, positive, test, absent })
}

/// `Null`: whether the key must be missing, or must not.
fn presence(key: String, values: &[&str]) -> Result<Literal> {
    let mut missing = Vec::with_capacity(values.len());
    for value in values {
        missing.push(match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(unknown_value("Null", value)),
        });
    }
    let patterns = if missing.contains(&false) { vec![Pattern::anything()] } else { Vec::new() };
    let absent = missing.contains(&true);
    Ok(Literal { key, of: Of::Any, positive: true, test: Test::Words(patterns), absent })
}

/// The comparison that is negated, and whether it was not.
fn positive_form(comparison: &str) -> (&str, bool) {
    match comparison {
        "stringnotequals" => ("stringequals", false),
        "stringnotequalsignorecase" => ("stringequalsignorecase", false),
        "stringnotlike" => ("stringlike", false),
        "numericnotequals" => ("numericequals", false),
        "datenotequals" => ("dateequals", false),
        "notipaddress" => ("ipaddress", false),
        // The two forms of each are the same ("Amazon Resource Name (ARN) condition operators").
        "arnnotequals" | "arnnotlike" => ("arnlike", false),
        "arnequals" => ("arnlike", true),
        other => (other, true),
    }
}

fn test(
    comparison: &str,
    key: &str,
    values: &[&str],
    variables: Option<&Variables<'_>>,
    open: bool,
) -> Result<Option<Test>> {
    let words = |wildcards, made: fn(Pattern) -> Pattern| -> Result<Option<Test>> {
        let mut patterns = Vec::with_capacity(values.len());
        for value in values {
            patterns.extend(values::pattern(value, variables, wildcards, open)?.map(made));
        }
        Ok(Some(Test::Words(patterns)))
    };
    let number = |order| numbers(values, number).map(|values| Some(Test::Number(order, values)));
    let time = |order| numbers(values, time).map(|values| Some(Test::Time(order, values)));
    match comparison {
        "stringequals" | "binaryequals" => words(Wildcards::None, |pattern| pattern),
        "stringequalsignorecase" | "bool" => words(Wildcards::None, Pattern::caseless),
        // No part of an ARN holds a colon but the last, and no resource is called by the id of an
        // account: so a text for an ARN means what the same ARN pattern does.
        "stringlike" if key.ends_with("arn") => words(Wildcards::Any, Pattern::within_whole_parts),
        "stringlike" => words(Wildcards::Any, |pattern| pattern),
        "arnlike" => words(Wildcards::Any, Pattern::within_parts),
        "ipaddress" => networks(values).map(|networks| Some(Test::Address(networks))),
        other => match other.strip_prefix("numeric").and_then(order) {
            Some(order) => number(order),
            None => other.strip_prefix("date").and_then(self::order).map_or(Ok(None), time),
        },
    }
}

fn order(name: &str) -> Option<Order> {
    Some(match name {
        "equals" => Order::Equal,
        "lessthan" => Order::Less,
        "lessthanequals" => Order::LessOrEqual,
        "greaterthan" => Order::Greater,
        "greaterthanequals" => Order::GreaterOrEqual,
        _ => return None,
    })
}

fn numbers(values: &[&str], read: fn(&str) -> Option<f64>) -> Result<Vec<f64>> {
    let one = |value: &&str| read(value).ok_or_else(|| unknown_value("a number or date", value));
    values.iter().map(one).collect()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Seconds since 1970, of a date or a number of seconds.
fn time(text: &str) -> Option<f64> {
    number(text).or_else(|| {
        let with_time = |text: &str| text.parse::<jiff::Timestamp>().ok();
        let midnight = || with_time(&format!("{text}T00:00:00Z"));
        with_time(text).or_else(midnight).map(|time| time.as_duration().as_secs_f64())
    })
}

fn networks(values: &[&str]) -> Result<Vec<IpNet>> {
    values
        .iter()
        .map(|value| network(value).ok_or_else(|| unknown_value("IpAddress", value)))
        .collect()
}

/// A network, or an address as a network of one.
pub(super) fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| address.into()))
}

impl Test {
    /// Whether a value passes.
    pub(super) fn passes(&self, value: &str, budget: &mut Budget) -> Result<bool> {
        budget.spend(1)?;
        let compare = |read: Option<f64>, order: &Order, numbers: &[f64]| {
            read.is_some_and(|value| numbers.iter().any(|number| order.holds(value, *number)))
        };
        Ok(match self {
            Self::Words(patterns) => return any_matches(patterns.iter(), value, budget),
            Self::Number(order, numbers) => compare(number(value), order, numbers),
            Self::Time(order, times) => compare(time(value), order, times),
            Self::Address(networks) => value.parse().is_ok_and(|address: std::net::IpAddr| {
                networks.iter().any(|it| it.contains(&address))
            }),
        })
    }
}

impl Order {
    fn holds(self, value: f64, other: f64) -> bool {
        match value.total_cmp(&other) {
            std::cmp::Ordering::Less => matches!(self, Self::Less | Self::LessOrEqual),
            std::cmp::Ordering::Equal => {
                matches!(self, Self::Equal | Self::LessOrEqual | Self::GreaterOrEqual)
            }
            std::cmp::Ordering::Greater => matches!(self, Self::Greater | Self::GreaterOrEqual),
        }
    }
}

fn unknown_operator(operator: &str) -> Error {
    let operator: String = operator.chars().take(80).collect();
    Error::not_understood(format!("has a condition operator {operator:?} that is not understood"))
}

fn unknown_value(operator: &str, value: &str) -> Error {
    let value: String = value.chars().take(80).collect();
    Error::not_understood(format!("has {value:?} where a condition needs {operator}"))
}
