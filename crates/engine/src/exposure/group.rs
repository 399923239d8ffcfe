//! Rules of a security group: each lets its sources in, and all of them add up.

use super::Result;
use super::addresses::Addresses;
use super::openings::{Opening, Protocol, Traffic, openings};

/// One rule of a security group, for traffic in one direction.
#[derive(Debug)]
pub(crate) struct Rule {
    traffic: Traffic,
    addresses: Addresses,
}

impl Rule {
    /// A rule for a protocol and ports, with the networks that it names.
    pub(crate) fn new(
        protocol: Protocol,
        from: Option<i64>,
        to: Option<i64>,
        addresses: Addresses,
    ) -> Result<Self> {
        Ok(Self { traffic: Traffic::new(protocol, from, to)?, addresses })
    }

    /// How many pieces of the address space it names.
    pub(crate) const fn pieces(&self) -> usize {
        self.addresses.pieces()
    }
}

/// What the rules together open to the world.
pub(crate) fn of_group(rules: &[Rule]) -> Vec<Opening> {
    let traffic: Vec<Traffic> = rules.iter().map(|rule| rule.traffic).collect();
    openings(&traffic, |concerned| {
        let concerned = rules.iter().filter(|rule| concerned(&rule.traffic));
        Addresses::union(concerned.map(|rule| &rule.addresses))
    })
}
