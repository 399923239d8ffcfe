//! Calls functions as the machine does: by name and by the types of their arguments.

use cel::extension::{Failure, Library, Style};
use cel::{Value, testing};

use super::LIBRARIES;

const PLENTY: u64 = 1_000_000;

/// Every function that a control may call, by library.
fn libraries() -> Vec<Library> {
    [testing::standard(), LIBRARIES].concat()
}

/// `name(..)` with fuel enough.
pub(super) fn function(name: &str, arguments: &[Value<'_>]) -> Result<String, Failure> {
    testing::run(LIBRARIES, name, Style::Global, arguments, PLENTY)
}

/// What `function` gives, which must be a value.
pub(super) fn value_of(name: &str, arguments: &[Value<'_>]) -> String {
    function(name, arguments).unwrap_or_else(|failure| panic!("{name}{arguments:?}: {failure}"))
}

/// Why `function` failed, as text.
pub(super) fn failure_of(name: &str, arguments: &[Value<'_>]) -> String {
    function(name, arguments).unwrap_err().to_string()
}

pub(super) fn s(text: &str) -> Value<'_> {
    Value::String(text)
}

pub(super) fn int(number: i64) -> Value<'static> {
    Value::Int(number)
}

#[test]
fn the_language_reference_names_every_function() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/expressions.md");
    let reference = std::fs::read_to_string(path).unwrap();
    for overload in libraries().iter().copied().flatten() {
        let written = match overload.style {
            Style::Global => format!("`{}(", overload.name),
            Style::Receiver => format!(".{}(", overload.name),
        };
        assert!(reference.contains(&written), "docs/expressions.md lacks {written}");
    }
}

#[test]
fn a_policy_that_is_long_runs_out_of_fuel_before_it_is_read() {
    let text = "ab,".repeat(10_000);
    for (name, arguments) in
        [("iam.statements", &[s(&text)][..]), ("iam.matches", &[s(&text), s(&text)])]
    {
        let outcome = testing::run(LIBRARIES, name, Style::Global, arguments, 500);
        assert_eq!(outcome, Err(Failure::OutOfFuel), "{name}");
    }
}

#[test]
fn no_overload_is_declared_twice() {
    let mut seen = std::collections::HashSet::new();
    for overload in libraries().iter().copied().flatten() {
        let key = (overload.name, overload.style == Style::Receiver, overload.parameters);
        assert!(seen.insert(key), "{} {:?}", overload.name, overload.parameters);
    }
}

/// An entry of a network ACL for ICMP of a type and code, as AWS Config records it.
fn icmp<'a>(number: i64, action: &'a str, messages: Option<(i64, i64)>) -> Value<'a> {
    let leak = |entries: Vec<(Value<'a>, Value<'a>)>| Value::Map(entries.leak());
    let mut entry = vec![
        (s("ruleNumber"), int(number)),
        (s("ruleAction"), s(action)),
        (s("protocol"), s("1")),
        (s("egress"), Value::Bool(false)),
        (s("cidrBlock"), s("0.0.0.0/0")),
    ];
    if let Some((of_type, code)) = messages {
        let messages = leak(vec![(s("type"), int(of_type)), (s("code"), int(code))]);
        entry.push((s("icmpTypeCode"), messages));
    }
    leak(entry)
}

#[test]
fn an_acl_that_denies_some_icmp_messages_lets_the_others_in() {
    let opens = |denied| {
        let entries = [icmp(90, "deny", denied), icmp(100, "allow", Some((-1, -1)))];
        value_of("exposure.acl", &[Value::List(&entries)]).contains("icmp")
    };
    for some in [Some((8, 0)), Some((8, -1)), Some((-1, 0)), None] {
        assert!(opens(some), "{some:?}");
    }
    assert!(!opens(Some((-1, -1))));
}
