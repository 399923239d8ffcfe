//! What is open to the world: protocols and ranges of ports.

use std::fmt;

use super::addresses::Addresses;
use super::{Error, Result};

/// What a rule speaks of besides addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    /// Every protocol.
    All,
    /// One, by its number: 6 is TCP and 17 is UDP.
    Number(u8),
    /// All but TCP, UDP and those that rules name.
    Others,
}

const TCP: u8 = 6;
const UDP: u8 = 17;
/// A protocol that no rule names stands for all those.
const UNNAMED: u8 = 253;
const PORTS: (u16, u16) = (0, u16::MAX);

impl Protocol {
    /// A protocol by its number or name, as EC2 writes both.
    pub(crate) fn read(text: &str) -> Result<Self> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "-1" | "all" => Self::All,
            "tcp" => Self::Number(TCP),
            "udp" => Self::Number(UDP),
            "icmp" => Self::Number(1),
            "icmpv6" | "icmp6" => Self::Number(58),
            other => match other.parse() {
                Ok(number) => Self::Number(number),
                Err(_) => return Err(Error(format!("{text:?} is not a protocol"))),
            },
        })
    }

    /// The name by which expressions know it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Number(TCP) => "tcp".to_owned(),
            Self::Number(UDP) => "udp".to_owned(),
            Self::Number(1) => "icmp".to_owned(),
            Self::Number(58) => "icmpv6".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Others => "other".to_owned(),
        }
    }

    /// Whether it has messages of types and codes in the place of ports.
    pub(crate) const fn is_icmp(self) -> bool {
        matches!(self, Self::Number(1 | 58))
    }

    pub(super) const fn has_ports(self) -> bool {
        matches!(self, Self::Number(TCP | UDP))
    }
}

/// Traffic that the world can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) protocol: Protocol,
    /// The first and the last port, where the protocol has ports; else all of them.
    pub(crate) from: u16,
    pub(crate) to: u16,
}

impl fmt::Display for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.protocol, (self.from, self.to)) {
            (Protocol::All, _) => write!(formatter, "all protocols"),
            (Protocol::Others, _) => write!(formatter, "other protocols"),
            (protocol, _) if !protocol.has_ports() => {
                write!(formatter, "protocol {}", protocol.name())
            }
            (protocol, PORTS) => write!(formatter, "{} on all ports", protocol.name()),
            (protocol, (from, to)) if from == to => write!(formatter, "{} {from}", protocol.name()),
            (protocol, (from, to)) => write!(formatter, "{} {from}-{to}", protocol.name()),
        }
    }
}

/// Traffic of a protocol on a range of ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic {
    pub(super) protocol: Protocol,
    pub(super) ports: (u16, u16),
}

impl Traffic {
    /// Ports as EC2 states them: absent or -1 where there are none to choose, which means all.
    pub(super) fn new(protocol: Protocol, from: Option<i64>, to: Option<i64>) -> Result<Self> {
        let port = |given: Option<i64>, all: u16| match given {
            None | Some(-1) => Ok(all),
            Some(port) => u16::try_from(port).map_err(|_| Error(format!("{port} is not a port"))),
        };
        // ICMP has a type and a code where others have ports.
        let ports =
            if protocol.has_ports() { (port(from, PORTS.0)?, port(to, PORTS.1)?) } else { PORTS };
        if ports.0 > ports.1 {
            return Err(Error(format!("{}-{} is no range of ports", ports.0, ports.1)));
        }
        Ok(Self { protocol, ports })
    }

    fn concerns(self, protocol: Protocol, port: u16) -> bool {
        let (from, to) = self.ports;
        (self.protocol == Protocol::All || self.protocol == protocol) && from <= port && port <= to
    }
}

/// What is open, given who may send traffic of a protocol to a port. Nothing changes but where a
/// rule's ports begin or end, so that one port of each stretch is asked.
pub(super) fn openings(
    traffic: &[Traffic],
    senders: impl Fn(&dyn Fn(&Traffic) -> bool) -> Addresses,
) -> Vec<Opening> {
    let mut found = Vec::new();
    let protocols = protocols(traffic);
    for protocol in protocols.iter().copied() {
        let mut open: Option<(u16, u16)> = None;
        let starts = starts(traffic, protocol);
        let ends = starts.iter().skip(1).map(|start| start - 1).chain([PORTS.1]);
        for (from, to) in starts.iter().copied().zip(ends) {
            let is_open = senders(&|traffic| traffic.concerns(protocol, from)).are_the_world();
            open = match (open, is_open) {
                (Some((first, _)), true) => Some((first, to)),
                (None, true) => Some((from, to)),
                (Some((from, to)), false) => {
                    found.push(Opening { protocol, from, to });
                    None
                }
                (None, false) => None,
            };
        }
        found.extend(open.map(|(from, to)| Opening { protocol, from, to }));
    }
    with_all(found, protocols.len())
}

/// TCP, UDP, each that a rule names, and one that none names.
fn protocols(traffic: &[Traffic]) -> Vec<Protocol> {
    let named = traffic.iter().map(|traffic| traffic.protocol);
    let mut protocols: Vec<Protocol> =
        named.chain([TCP, UDP, UNNAMED].map(Protocol::Number)).collect();
    protocols.retain(|protocol| *protocol != Protocol::All);
    protocols.sort_unstable();
    protocols.dedup();
    protocols
}

/// The ports at which a rule on the protocol begins, or has just ended.
fn starts(traffic: &[Traffic], protocol: Protocol) -> Vec<u16> {
    let mut starts = vec![PORTS.0];
    for traffic in traffic.iter().filter(|traffic| traffic.protocol == protocol) {
        let (from, to) = traffic.ports;
        starts.push(from);
        starts.extend(to.checked_add(1));
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Where all is open, that is one opening, and no list of protocols.
fn with_all(mut found: Vec<Opening>, protocols: usize) -> Vec<Opening> {
    if found.len() == protocols && found.iter().all(|it| (it.from, it.to) == PORTS) {
        return vec![Opening { protocol: Protocol::All, from: PORTS.0, to: PORTS.1 }];
    }
    for opening in &mut found {
        if opening.protocol == Protocol::Number(UNNAMED) {
            opening.protocol = Protocol::Others;
        }
    }
    found
}
