//! Entries of a network ACL: the first that matches decides, in the order of their numbers.

use super::addresses::Addresses;
use super::openings::{Opening, Protocol, Traffic, openings};
use super::{Error, Result};

/// One entry of a network ACL, for traffic in one direction.
#[derive(Debug)]
pub(crate) struct AclEntry {
    number: i64,
    allows: bool,
    traffic: Traffic,
    addresses: Addresses,
}

impl AclEntry {
    /// An entry with its number, for a protocol and ports, and a network.
    pub(crate) fn new(
        number: i64,
        allows: bool,
        (protocol, from, to): (Protocol, Option<i64>, Option<i64>),
        addresses: Addresses,
    ) -> Result<Self> {
        // EC2 states the ports of every entry for TCP and UDP (NetworkAclEntry, EC2 API Reference). A denial
        // without them would deny all.
        if !allows && protocol.has_ports() && (from.is_none() || to.is_none()) {
            return Err(Error("a denial for TCP or UDP without ports".to_owned()));
        }
        Ok(Self { number, allows, traffic: Traffic::new(protocol, from, to)?, addresses })
    }
}

/// What the entries let in from the world.
pub(crate) fn of_acl(mut entries: Vec<AclEntry>) -> Vec<Opening> {
    entries.sort_by_key(|entry| entry.number);
    let traffic: Vec<Traffic> = entries.iter().map(|entry| entry.traffic).collect();
    openings(&traffic, |concerned| {
        let (mut allowed, mut decided) = (Addresses::default(), Addresses::default());
        for entry in entries.iter().filter(|entry| concerned(&entry.traffic)) {
            if entry.allows {
                allowed = allowed.with(&entry.addresses.without(&decided));
            }
            decided = decided.with(&entry.addresses);
        }
        allowed
    })
}
