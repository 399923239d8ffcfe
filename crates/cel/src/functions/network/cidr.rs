//! IP networks.

use super::{Call, Outcome, Value, no_cidr, no_ip, parse_cidr, parse_ip};
use crate::signature::Failure;

pub(super) fn cidr<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("cidr", arguments));
    };
    let network = parse_cidr(text).ok_or_else(|| no_cidr(text))?;
    Ok(Value::Cidr(call.arena.alloc(network)))
}

pub(super) fn is_cidr<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("isCIDR", arguments));
    };
    Ok(Value::Bool(parse_cidr(text).is_some()))
}

/// Whether an address, as a value or a text, is in the network.
pub(super) fn contains_ip<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (network, address) = match arguments {
        [Value::Cidr(network), Value::Ip(address)] => (network, *address),
        [Value::Cidr(network), Value::String(text)] => {
            (network, parse_ip(text).ok_or_else(|| no_ip(text))?)
        }
        _ => return Err(Failure::no_overload("containsIP", arguments)),
    };
    Ok(Value::Bool(network.contains(&address)))
}

/// Whether all addresses of another network are in this one.
pub(super) fn contains_cidr<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (network, other) = match arguments {
        [Value::Cidr(network), Value::Cidr(other)] => (network, **other),
        [Value::Cidr(network), Value::String(text)] => {
            (network, parse_cidr(text).ok_or_else(|| no_cidr(text))?)
        }
        _ => return Err(Failure::no_overload("containsCIDR", arguments)),
    };
    Ok(Value::Bool(network.contains(&other)))
}

/// The address that stands before the slash.
pub(super) fn ip<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Cidr(network)] = arguments else {
        return Err(Failure::no_overload("ip", arguments));
    };
    Ok(Value::Ip(network.addr()))
}

/// The same network with zeros after the prefix.
pub(super) fn masked<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Cidr(network)] = arguments else {
        return Err(Failure::no_overload("masked", arguments));
    };
    Ok(Value::Cidr(call.arena.alloc(network.trunc())))
}

pub(super) fn prefix_length<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Cidr(network)] = arguments else {
        return Err(Failure::no_overload("prefixLength", arguments));
    };
    Ok(Value::Int(network.prefix_len().into()))
}
