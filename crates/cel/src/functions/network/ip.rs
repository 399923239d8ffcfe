//! IP addresses and what they are for. The ranges are those of Go's `net/netip`, which Kubernetes
//! asks.

use std::net::{IpAddr, Ipv4Addr};

use super::{Call, Outcome, Value, no_ip, parse_ip};
use crate::signature::Failure;

pub(super) fn ip<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("ip", arguments));
    };
    parse_ip(text).map(Value::Ip).ok_or_else(|| no_ip(text))
}

pub(super) fn is_ip<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("isIP", arguments));
    };
    Ok(Value::Bool(parse_ip(text).is_some()))
}

/// Whether an address is written the way that it would be printed.
pub(super) fn is_canonical<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("ip.isCanonical", arguments));
    };
    let address = parse_ip(text).ok_or_else(|| no_ip(text))?;
    Ok(Value::Bool(address.to_string() == *text))
}

/// 4 or 6.
pub(super) fn family<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Ip(address)] = arguments else {
        return Err(Failure::no_overload("family", arguments));
    };
    Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 }))
}

pub(super) fn is_unspecified<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    ask("isUnspecified", arguments, IpAddr::is_unspecified)
}

pub(super) fn is_loopback<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    ask("isLoopback", arguments, IpAddr::is_loopback)
}

/// 224.0.0.0/24 or `ff02::/16`, whatever its flags.
pub(super) fn is_link_local_multicast<'a>(
    _: &mut Call<'_, 'a>,
    arguments: &[Value<'a>],
) -> Outcome<'a> {
    ask("isLinkLocalMulticast", arguments, |address| match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => {
            let [first, second, ..] = address.octets();
            first == 0xff && second & 0x0f == 0x02
        }
    })
}

/// 169.254.0.0/16 or `fe80::/10`.
pub(super) fn is_link_local_unicast<'a>(
    _: &mut Call<'_, 'a>,
    arguments: &[Value<'a>],
) -> Outcome<'a> {
    ask("isLinkLocalUnicast", arguments, link_local)
}

/// None of the other ranges, nor the broadcast address; private addresses are global unicast.
pub(super) fn is_global_unicast<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    ask("isGlobalUnicast", arguments, |address| {
        *address != IpAddr::V4(Ipv4Addr::BROADCAST)
            && !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !link_local(address)
    })
}

const fn link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn ask<'a>(name: &str, arguments: &[Value<'a>], question: fn(&IpAddr) -> bool) -> Outcome<'a> {
    let [Value::Ip(address)] = arguments else { return Err(Failure::no_overload(name, arguments)) };
    Ok(Value::Bool(question(address)))
}
