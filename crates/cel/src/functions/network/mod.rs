//! `ip` and `cidr`, after Kubernetes' IP and CIDR libraries.
//!
//! As there, zones (`fe80::1%eth0`) and IPv4 addresses mapped into IPv6 (`::ffff:10.0.0.1`) are
//! refused, and a CIDR keeps the address bits after its prefix until `masked()`.

mod cidr;
mod ip;

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Outcome, quoted};
use crate::Value;
use crate::signature::{Call, Failure, Kind, Overload, Returns};

const BOOL: Returns = Returns::A(Kind::Bool);
const INT: Returns = Returns::A(Kind::Int);
const IP: Returns = Returns::A(Kind::Ip);
const CIDR: Returns = Returns::A(Kind::Cidr);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("ip", &[Kind::String], IP, ip::ip),
    Overload::global("isIP", &[Kind::String], BOOL, ip::is_ip),
    Overload::global("ip.isCanonical", &[Kind::String], BOOL, ip::is_canonical),
    Overload::receiver("family", &[Kind::Ip], INT, ip::family),
    Overload::receiver("isUnspecified", &[Kind::Ip], BOOL, ip::is_unspecified),
    Overload::receiver("isLoopback", &[Kind::Ip], BOOL, ip::is_loopback),
    Overload::receiver("isLinkLocalMulticast", &[Kind::Ip], BOOL, ip::is_link_local_multicast),
    Overload::receiver("isLinkLocalUnicast", &[Kind::Ip], BOOL, ip::is_link_local_unicast),
    Overload::receiver("isGlobalUnicast", &[Kind::Ip], BOOL, ip::is_global_unicast),
    Overload::global("cidr", &[Kind::String], CIDR, cidr::cidr),
    Overload::global("isCIDR", &[Kind::String], BOOL, cidr::is_cidr),
    Overload::receiver("containsIP", &[Kind::Cidr, Kind::Ip], BOOL, cidr::contains_ip),
    Overload::receiver("containsIP", &[Kind::Cidr, Kind::String], BOOL, cidr::contains_ip),
    Overload::receiver("containsCIDR", &[Kind::Cidr, Kind::Cidr], BOOL, cidr::contains_cidr),
    Overload::receiver("containsCIDR", &[Kind::Cidr, Kind::String], BOOL, cidr::contains_cidr),
    Overload::receiver("ip", &[Kind::Cidr], IP, cidr::ip),
    Overload::receiver("masked", &[Kind::Cidr], CIDR, cidr::masked),
    Overload::receiver("prefixLength", &[Kind::Cidr], INT, cidr::prefix_length),
];

/// The longest text that can be an address with its prefix; a longer one is not looked at.
const MAX_TEXT: usize = 64;

/// Reads an address.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let address = Some(text).filter(|text| text.len() <= MAX_TEXT)?.parse().ok()?;
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => None,
        address => Some(address),
    }
}

/// Reads an address with its prefix length, which must be in plain decimal digits.
fn parse_cidr(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/')?;
    let length: u8 = prefix.parse().ok()?;
    let plain = length.to_string() == prefix;
    IpNet::new(parse_ip(address)?, length).ok().filter(|_| plain)
}

fn no_ip(text: &str) -> Failure {
    Failure::invalid(format!("{} is not an IP address", quoted(text)))
}

fn no_cidr(text: &str) -> Failure {
    Failure::invalid(format!("{} is not a network such as 10.0.0.0/8", quoted(text)))
}

#[cfg(test)]
mod tests;
