//! The openings against a slow enumerator that asks the rules address by address and port by port.

// The dice give small numbers.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

use super::*;

fn addresses(cidrs: &[&str]) -> Addresses {
    let mut all = Addresses::default();
    for cidr in cidrs {
        all.add(cidr).unwrap();
    }
    all
}

fn is_world(cidrs: &[&str]) -> bool {
    addresses(cidrs).are_the_world()
}

#[test]
fn the_world_is_known_however_it_is_written() {
    for cidrs in [
        &["0.0.0.0/0"][..],
        &["43.0.0.0/0"],
        &["::/0"],
        &["0:0:0:0:0:0:0:0/0"],
        &["2000::/3"],
        &["0.0.0.0/1", "128.0.0.0/1"],
        &["::/1", "8000::/1"],
        &["16.0.0.0/8", "17.0.0.0/8"],
        &["0.0.0.0/1"],
    ] {
        assert!(is_world(cidrs), "{cidrs:?}");
    }
    for cidrs in [
        &[][..],
        &["10.0.0.0/7", "10.0.0.0/8"],
        &["203.0.113.0/24", "203.0.113.9"],
        &["16.0.0.0/8", "18.0.0.0/8"],
        &["fc00::/7", "2001:db8::/32", "fe80::/10"],
        &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
    ] {
        assert!(!is_world(cidrs), "{cidrs:?}");
    }
    assert!(Addresses::default().add("10.0.0.0/33").is_err());
    assert!(Addresses::default().add("pl-1").is_err());
}

/// A rule on an eighth of the address space each, so that few addresses stand for all.
#[derive(Debug, Clone, Copy)]
struct Sample {
    number: i64,
    allows: bool,
    protocol: Option<u8>,
    ports: (u16, u16),
    first: u8,
    eighths: u8,
}

impl Sample {
    fn cidrs(&self) -> Vec<String> {
        let places = self.first..self.first.saturating_add(self.eighths).min(8);
        places.map(|eighth| format!("{}.0.0.0/3", u32::from(eighth) * 32)).collect()
    }

    fn protocol(&self) -> Protocol {
        self.protocol.map_or(Protocol::All, Protocol::Number)
    }

    fn matches(&self, protocol: u8, port: u16, eighth: u8) -> bool {
        let has_ports = [6, 17].contains(&protocol) && self.protocol.is_some();
        self.protocol.is_none_or(|own| own == protocol)
            && (!has_ports || (self.ports.0 <= port && port <= self.ports.1))
            && (self.first..self.first.saturating_add(self.eighths).min(8)).contains(&eighth)
    }

    fn set(&self) -> Addresses {
        let cidrs = self.cidrs();
        addresses(&cidrs.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Whether the world sends, where any public eighth of the address space does (the last is
/// multicast).
fn world_of(sends: impl Fn(u8) -> bool) -> bool {
    (0..7).any(sends)
}

fn is_open(openings: &[Opening], samples: &[Sample], protocol: u8, port: u16) -> bool {
    let named =
        [6, 17].contains(&protocol) || samples.iter().any(|it| it.protocol == Some(protocol));
    openings.iter().any(|opening| {
        let concerns = match opening.protocol {
            Protocol::All => true,
            Protocol::Number(number) => number == protocol,
            Protocol::Others => !named,
        };
        concerns && opening.from <= port && port <= opening.to
    })
}

/// A small generator with a fixed seed (`SplitMix64`), so that each run asks the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn sample(&mut self, number: i64) -> Sample {
        let ports = [0, 21, 22, 23, 443, 65535];
        let (one, other) = (self.below(6) as usize, self.below(6) as usize);
        Sample {
            number,
            allows: self.below(3) > 0,
            protocol: [None, Some(6), Some(17), Some(1), Some(6)][self.below(5) as usize],
            ports: (ports[one.min(other)], ports[one.max(other)]),
            first: self.below(8) as u8,
            eighths: 1 + self.below(8) as u8,
        }
    }
}

#[test]
fn openings_agree_with_asking_every_address_and_port() {
    let rounds = if std::env::var_os("PLUMBLINE_SOAK").is_some() { 20_000 } else { 1_000 };
    let mut dice = Dice(13);
    for round in 0..rounds {
        let count = dice.below(5);
        let samples: Vec<Sample> = (0..count).map(|number| dice.sample(number as i64)).collect();
        let rules: Vec<Rule> = samples
            .iter()
            .map(|it| {
                let (from, to) = (i64::from(it.ports.0), i64::from(it.ports.1));
                Rule::new(it.protocol(), Some(from), Some(to), it.set()).unwrap()
            })
            .collect();
        let entries: Vec<AclEntry> = samples
            .iter()
            .rev()
            .map(|it| {
                let ports =
                    (it.protocol(), Some(i64::from(it.ports.0)), Some(i64::from(it.ports.1)));
                AclEntry::new(it.number, it.allows, ports, it.set()).unwrap()
            })
            .collect();
        let (of_group, of_acl) = (of_group(&rules), of_acl(entries));
        for protocol in [1, 6, 17, 47] {
            for port in [0, 20, 21, 22, 23, 24, 442, 443, 444, 65534, 65535] {
                let group =
                    world_of(|eighth| samples.iter().any(|it| it.matches(protocol, port, eighth)));
                let acl = world_of(|eighth| {
                    samples
                        .iter()
                        .find(|it| it.matches(protocol, port, eighth))
                        .is_some_and(|it| it.allows)
                });
                assert_eq!(
                    is_open(&of_group, &samples, protocol, port),
                    group,
                    "{round} {protocol} {port} {samples:?}"
                );
                assert_eq!(
                    is_open(&of_acl, &samples, protocol, port),
                    acl,
                    "{round} {protocol} {port} {samples:?}"
                );
            }
        }
    }
}

#[test]
fn openings_are_shown_by_what_is_open() {
    let open = |protocol: &str, from, to| {
        let rule =
            Rule::new(Protocol::read(protocol).unwrap(), from, to, addresses(&["::/0"])).unwrap();
        of_group(&[rule]).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(open("-1", None, None), "all protocols");
    assert_eq!(open("6", Some(22), Some(22)), "tcp 22");
    assert_eq!(open("udp", Some(0), Some(1024)), "udp 0-1024");
    assert_eq!(open("tcp", Some(-1), Some(-1)), "tcp on all ports");
    assert_eq!(open("icmp", Some(8), Some(-1)), "protocol icmp");
    assert_eq!(open("50", None, None), "protocol 50");
    assert!(Protocol::read("tcpp").is_err());
}

#[test]
fn a_denial_for_tcp_or_udp_says_its_ports() {
    for (protocol, has_ports) in [("tcp", true), ("17", true), ("icmp", false), ("-1", false)] {
        let entry = |allows, from, to| {
            let ports = (Protocol::read(protocol).unwrap(), from, to);
            AclEntry::new(1, allows, ports, addresses(&["0.0.0.0/0"])).is_ok()
        };
        assert!(entry(true, None, None), "{protocol}");
        assert!(entry(false, Some(22), Some(22)), "{protocol}");
        for (from, to) in [(None, None), (Some(22), None), (None, Some(22))] {
            assert_eq!(entry(false, from, to), !has_ports, "{protocol} {from:?} {to:?}");
        }
    }
}
