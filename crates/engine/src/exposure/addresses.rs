//! Sets of IP addresses.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Error, Result};

/// A set of addresses of both families, as ranges that neither overlap nor touch, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

/// Ranges of numbers, first and last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ranges(Vec<(u128, u128)>);

impl Addresses {
    /// Adds the addresses of a network as it is written: whatever bits follow its prefix.
    pub(crate) fn add(&mut self, cidr: &str) -> Result<()> {
        let network = read(cidr)?;
        let first = number(network.network());
        let last = number(network.broadcast());
        let ranges = if network.addr().is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        ranges.0.push((first, last));
        *ranges = Ranges::merged(std::mem::take(&mut ranges.0));
        Ok(())
    }

    /// All of these together.
    pub(super) fn union<'s>(sets: impl Iterator<Item = &'s Self>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            v4.extend_from_slice(&set.v4.0);
            v6.extend_from_slice(&set.v6.0);
        }
        Self { v4: Ranges::merged(v4), v6: Ranges::merged(v6) }
    }

    /// These and those.
    pub(super) fn with(&self, other: &Self) -> Self {
        Self::union([self, other].into_iter())
    }

    /// How many pieces the set has.
    pub(crate) const fn pieces(&self) -> usize {
        self.v4.0.len() + self.v6.0.len()
    }

    /// These but not those.
    pub(super) fn without(&self, other: &Self) -> Self {
        Self { v4: self.v4.without(&other.v4), v6: self.v6.without(&other.v6) }
    }

    /// Whether the set has more addresses in one piece than anybody owns: a range broader than /8
    /// of IPv4, or /32 of IPv6, that is not private. This is what Amazon S3 takes for public ("The
    /// meaning of public" in its user guide).
    pub(crate) fn are_the_world(&self) -> bool {
        const V4: u128 = 1 << 24;
        const V6: u128 = 1 << 96;
        self.v4.without(&private_v4()).has_more_than(V4)
            || self.v6.without(&private_v6()).has_more_than(V6)
    }
}

impl Ranges {
    fn merged(mut all: Vec<(u128, u128)>) -> Self {
        all.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    fn without(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for (first, last) in &self.0 {
            let mut next = Some(*first);
            for (taken_first, taken_last) in &other.0 {
                let Some(start) = next else { break };
                if *taken_last < start || taken_first > last {
                    continue;
                }
                if *taken_first > start {
                    rest.push((start, taken_first - 1));
                }
                next = taken_last.checked_add(1).filter(|start| start <= last);
            }
            rest.extend(next.map(|start| (start, *last)));
        }
        Self(rest)
    }

    fn has_more_than(&self, count: u128) -> bool {
        self.0.iter().any(|(first, last)| last - first >= count)
    }
}

/// RFC 1918, RFC 6598, loopback, link-local and multicast: nobody comes from there.
fn private_v4() -> Ranges {
    of_octets(&[
        ([10, 0, 0, 0], [10, 255, 255, 255]),
        ([100, 64, 0, 0], [100, 127, 255, 255]),
        ([127, 0, 0, 0], [127, 255, 255, 255]),
        ([169, 254, 0, 0], [169, 254, 255, 255]),
        ([172, 16, 0, 0], [172, 31, 255, 255]),
        ([192, 168, 0, 0], [192, 168, 255, 255]),
        ([224, 0, 0, 0], [255, 255, 255, 255]),
    ])
}

fn of_octets(ranges: &[([u8; 4], [u8; 4])]) -> Ranges {
    let number = |octets: [u8; 4]| u128::from(u32::from_be_bytes(octets));
    Ranges(ranges.iter().map(|(first, last)| (number(*first), number(*last))).collect())
}

/// RFC 4193 (`fc00::/7`), link-local and multicast (`fe80::/10`, `ff00::/8`).
fn private_v6() -> Ranges {
    let start = |first: u128| first << 112;
    Ranges(vec![(start(0xfc00), start(0xfe00) - 1), (start(0xfe80), u128::MAX)])
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn read(cidr: &str) -> Result<IpNet> {
    let address = || cidr.parse::<IpAddr>().ok().map(IpNet::from);
    let shown = || cidr.chars().take(80).collect::<String>();
    cidr.parse()
        .ok()
        .or_else(address)
        .ok_or_else(|| Error(format!("{:?} is not a network", shown())))
}
