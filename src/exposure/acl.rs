//! Entries of a network ACL: the first that matches decides, in the order of their numbers.

use super::Result;
use super::addresses::Addresses;
use super::openings::{Opening, Protocol, Traffic, openings};

/// One entry of a network ACL, for traffic in one direction.
#[derive(Debug)]
pub(crate) struct Entry {
    number: i64,
    allows: bool,
    traffic: Traffic,
    addresses: Addresses,
}

impl Entry {
    /// An entry with its number, for a protocol and ports, and a network.
    pub(crate) fn new(
        number: i64,
        allows: bool,
        (protocol, from, to): (Protocol, Option<i64>, Option<i64>),
        addresses: Addresses,
    ) -> Result<Self> {
        Ok(Self { number, allows, traffic: Traffic::new(protocol, from, to)?, addresses })
    }
}

/// What the entries let in from the world.
pub(crate) fn of_acl(mut entries: Vec<Entry>) -> Vec<Opening> {
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
