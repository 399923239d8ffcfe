//! `exposure`: what network rules open to the world, as AWS Config records them.

use super::{Failure, Outcome, invalid, no_overload};
use crate::exposure;
use crate::exposure::{AclEntry, Addresses, Opening, Protocol, Rule};
use cel::Value;
use cel::extension::{Call, Kind, Overload, Returns};

const OPENINGS: Returns = Returns::ListOf(Kind::Map);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("exposure.group", &[Kind::List], OPENINGS, group),
    Overload::global("exposure.acl", &[Kind::List], OPENINGS, acl),
    Overload::global("exposure.isWorld", &[Kind::List], Returns::A(Kind::Bool), is_world),
];

/// What the rules of a security group (`ipPermissions`) open to the world together.
fn group<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(given)] = arguments else {
        return Err(no_overload("exposure.group", arguments));
    };
    charge(call, given.len())?;
    let mut rules = Vec::with_capacity(given.len());
    for rule in *given {
        rules.push(read_rule(call, rule)?);
    }
    let pieces: usize = rules.iter().map(Rule::pieces).sum();
    charge_comparisons(call, rules.len(), pieces)?;
    openings(call, &exposure::of_group(&rules))
}

/// What the entries of a network ACL let in from the world.
fn acl<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(given)] = arguments else {
        return Err(no_overload("exposure.acl", arguments));
    };
    charge(call, given.len())?;
    let mut entries = Vec::with_capacity(given.len());
    for entry in *given {
        match field(entry, "egress")? {
            Value::Bool(true) => {}
            Value::Bool(false) => entries.extend(read_entry(entry)?),
            other => return Err(no_overload("exposure.acl: egress", &[other])),
        }
    }
    charge_comparisons(call, entries.len(), entries.len())?;
    openings(call, &exposure::of_acl(entries))
}

/// Whether networks make up the world together.
fn is_world<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(given)] = arguments else {
        return Err(no_overload("exposure.isWorld", arguments));
    };
    charge(call, given.len())?;
    let mut addresses = Addresses::default();
    add(&mut addresses, given, "")?;
    Ok(Value::Bool(addresses.are_the_world()))
}

/// What it costs to read so many rules or networks.
fn charge(call: &mut Call<'_, '_>, count: usize) -> Result<(), Failure> {
    call.fuel.charge(8 + (count as u64).saturating_mul(32))
}

/// What it costs to ask all rules at each port where one begins or ends: looking at a rule is
/// little, and what it names is merged where it concerns the port.
fn charge_comparisons(call: &mut Call<'_, '_>, rules: usize, pieces: usize) -> Result<(), Failure> {
    call.fuel.charge((rules as u64).saturating_mul((rules + pieces) as u64) / 4)
}

/// The networks of a rule stand in up to three lists, of which items of different years have some:
/// what any of them names is let in.
fn read_rule<'a>(call: &mut Call<'_, 'a>, rule: &Value<'a>) -> Result<Rule, Failure> {
    const LISTS: [(&str, &str); 3] =
        [("ipv4Ranges", "cidrIp"), ("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6")];
    let protocol = read_protocol(&field(rule, "ipProtocol")?)?;
    let mut addresses = Addresses::default();
    let mut has_sources = shows_no_source(rule)
        || ["prefixListIds", "userIdGroupPairs"]
            .into_iter()
            .any(|list| rule.get(list).is_some_and(|list| names_something(&list)));
    for (list, name) in LISTS {
        match rule.get(list) {
            Some(Value::List(ranges)) => {
                has_sources |= !ranges.is_empty();
                charge(call, ranges.len())?;
                add(&mut addresses, ranges, name)?;
            }
            None | Some(Value::Null) => {}
            Some(other) => return Err(no_overload("exposure.group: ranges", &[other])),
        }
    }
    // A rule has a source: of one that shows none, the ranges were not recorded.
    if !has_sources {
        return Err(Failure::MissingField("ipRanges".into()));
    }
    let (from, to) = (port(rule, "fromPort")?, port(rule, "toPort")?);
    Rule::new(protocol, from, to, addresses).map_err(failed)
}

/// Whether every list is there and empty. An item that lacks one may have lost what it held.
fn shows_no_source(rule: &Value<'_>) -> bool {
    let is_empty = |list: &str| matches!(rule.get(list), Some(Value::List([])));
    (is_empty("ipv4Ranges") || is_empty("ipRanges"))
        && ["ipv6Ranges", "prefixListIds", "userIdGroupPairs"].into_iter().all(is_empty)
}

/// Whether one of a list's elements says anything: neither null nor a map without values does.
fn names_something(list: &Value<'_>) -> bool {
    let Value::List(elements) = list else { return false };
    elements.iter().any(|element| match element {
        Value::Null => false,
        Value::Map(entries) => entries.iter().any(|(_, value)| !is_null(value)),
        _ => true,
    })
}

/// The entry; nothing where it denies some ICMP messages, for others may come in.
fn read_entry(entry: &Value<'_>) -> Result<Option<AclEntry>, Failure> {
    let Value::Int(number) = field(entry, "ruleNumber")? else {
        return Err(no_overload("exposure.acl: ruleNumber", &[field(entry, "ruleNumber")?]));
    };
    let allows = match field(entry, "ruleAction")? {
        Value::String("allow") => true,
        Value::String("deny") => false,
        other => return Err(no_overload("exposure.acl: ruleAction", &[other])),
    };
    let protocol = read_protocol(&field(entry, "protocol")?)?;
    let mut addresses = Addresses::default();
    let networks = ["cidrBlock", "ipv6CidrBlock"].map(|name| entry.get(name));
    let networks: Vec<Value<'_>> =
        networks.into_iter().flatten().filter(|it| !is_null(it)).collect();
    if networks.is_empty() {
        return Err(Failure::MissingField("cidrBlock".into()));
    }
    add(&mut addresses, &networks, "")?;
    let range = entry.get("portRange").filter(|range| !is_null(range));
    let (from, to) = match &range {
        Some(range) => (port(range, "from")?, port(range, "to")?),
        None => (None, None),
    };
    if !allows && protocol.is_icmp() && !is_all_icmp(entry) {
        return Ok(None);
    }
    AclEntry::new(number, allows, (protocol, from, to), addresses).map(Some).map_err(failed)
}

/// Whether the entry concerns every type and code: -1 stands for all of them (`IcmpTypeCode`, EC2 API
/// Reference).
fn is_all_icmp(entry: &Value<'_>) -> bool {
    let messages = entry.get("icmpTypeCode");
    let message = |name| messages.and_then(|messages| messages.get(name));
    let is_all = |name| matches!(message(name), Some(Value::Int(-1)));
    is_all("type") && is_all("code")
}

/// Adds networks that stand as texts, or as maps with the text in a field.
fn add(addresses: &mut Addresses, ranges: &[Value<'_>], name: &str) -> Result<(), Failure> {
    for range in ranges {
        let text = range.as_str().or_else(|| range.get(name).and_then(|range| range.as_str()));
        let Some(text) = text else {
            return Err(no_overload("exposure: a network", std::slice::from_ref(range)));
        };
        addresses.add(text).map_err(failed)?;
    }
    Ok(())
}

fn read_protocol(value: &Value<'_>) -> Result<Protocol, Failure> {
    match value {
        Value::String(text) => Protocol::read(text).map_err(failed),
        Value::Int(number) => Protocol::read(&number.to_string()).map_err(failed),
        other => Err(no_overload("exposure: a protocol", &[*other])),
    }
}

fn port(rule: &Value<'_>, name: &str) -> Result<Option<i64>, Failure> {
    match rule.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Int(port)) => Ok(Some(port)),
        Some(other) => Err(no_overload("exposure: a port", &[other])),
    }
}

const fn is_null(value: &Value<'_>) -> bool {
    matches!(value, Value::Null)
}

fn field<'a>(map: &Value<'a>, name: &str) -> Outcome<'a> {
    map.get(name).ok_or_else(|| Failure::MissingField(name.into()))
}

#[allow(clippy::needless_pass_by_value)] // an error is handed on
fn failed(error: exposure::Error) -> Failure {
    invalid(error.to_string())
}

/// Each opening as a map: the protocol's name, the ports, and how it is shown.
fn openings<'a>(call: &mut Call<'_, 'a>, openings: &[Opening]) -> Outcome<'a> {
    call.fuel.charge_values(openings.len().saturating_mul(5))?;
    let mut shown = Vec::with_capacity(openings.len());
    for opening in openings {
        let text = |text: &str| Value::String(call.arena.alloc_str(text));
        let fields = [
            ("protocol", text(&opening.protocol.name())),
            ("from", Value::Int(opening.from.into())),
            ("to", Value::Int(opening.to.into())),
            ("text", text(&opening.to_string())),
        ];
        let fields = fields.map(|(name, value)| (Value::String(name), value));
        shown.push(Value::Map(call.arena.alloc_slice_copy(&fields)));
    }
    Ok(Value::List(call.arena.alloc_slice_copy(&shown)))
}
