use ipnet::IpNet;

use super::super::tests::{function, method, s, value_of, value_of_method};
use crate::Value;
use crate::signature::Failure;

fn ip(text: &str) -> Value<'static> {
    Value::Ip(text.parse().unwrap())
}

/// What a receiver function says of an address.
fn of_ip(name: &str, text: &str) -> String {
    value_of_method(name, &[ip(text)])
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

#[test]
fn addresses_are_read_as_kubernetes_reads_them() {
    assert_eq!(value_of("ip", &[s("192.168.0.1")]), "192.168.0.1");
    assert_eq!(value_of("ip", &[s("2001:DB8::68")]), "2001:db8::68");
    let refused = [
        "",
        "192.168.0.1.0",
        "192.168.0.256",
        "010.0.0.1",
        "2001:db8:::68",
        "fe80::1%en0",
        "::ffff:192.168.0.1",
        "::ffff:c0a8:1",
        "10.0.0.0/8",
        " 10.0.0.1",
    ];
    for text in refused {
        assert!(matches!(function("ip", &[s(text)]), Err(Failure::Invalid(_))), "{text}");
        assert_eq!(value_of("isIP", &[s(text)]), "false", "{text}");
    }
}

#[test]
fn a_canonical_address_is_written_as_it_is_printed() {
    assert_eq!(value_of("ip.isCanonical", &[s("127.0.0.1")]), "true");
    assert_eq!(value_of("ip.isCanonical", &[s("2001:DB8::68")]), "false");
    assert!(function("ip.isCanonical", &[s("127.0.0.1.0")]).is_err());
}

#[test]
fn an_address_has_a_family() {
    assert_eq!(of_ip("family", "10.0.0.1"), "4");
    assert_eq!(of_ip("family", "::1"), "6");
}

#[test]
fn an_address_is_known_by_its_range() {
    let cases = [
        ("isUnspecified", "0.0.0.0", true),
        ("isUnspecified", "::", true),
        ("isUnspecified", "127.0.0.1", false),
        ("isLoopback", "127.0.0.1", true),
        ("isLoopback", "::1", true),
        ("isLoopback", "1.2.3.4", false),
        ("isLinkLocalMulticast", "224.0.0.1", true),
        ("isLinkLocalMulticast", "224.0.1.1", false),
        ("isLinkLocalMulticast", "ff02::1", true),
        ("isLinkLocalMulticast", "fd00::1", false),
        ("isLinkLocalUnicast", "169.254.169.254", true),
        ("isLinkLocalUnicast", "192.168.0.1", false),
        ("isLinkLocalUnicast", "fe80::1", true),
        ("isLinkLocalUnicast", "fd80::1", false),
        ("isGlobalUnicast", "192.168.0.1", true),
        ("isGlobalUnicast", "2001:db8::abcd", true),
        ("isGlobalUnicast", "255.255.255.255", false),
        ("isGlobalUnicast", "ff00::1", false),
        ("isGlobalUnicast", "169.254.0.1", false),
        ("isGlobalUnicast", "0.0.0.0", false),
    ];
    for (name, address, expected) in cases {
        assert_eq!(of_ip(name, address), expected.to_string(), "{name} {address}");
    }
}

#[test]
fn networks_are_read_as_kubernetes_reads_them() {
    assert_eq!(value_of("cidr", &[s("192.168.0.1/24")]), "192.168.0.1/24");
    assert_eq!(value_of("isCIDR", &[s("::/0")]), "true");
    let refused = [
        "",
        "192.168.0.0",
        "192.168.0.0/",
        "192.168.0.0/33",
        "192.168.0.0/024",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "fe80::1%en0/24",
        "::ffff:192.168.0.1/24",
    ];
    for text in refused {
        assert!(matches!(function("cidr", &[s(text)]), Err(Failure::Invalid(_))), "{text}");
        assert_eq!(value_of("isCIDR", &[s(text)]), "false", "{text}");
    }
}

#[test]
fn a_network_contains_its_addresses() {
    let network = net("192.168.0.7/24");
    let contains = |address| value_of_method("containsIP", &[Value::Cidr(&network), address]);
    assert_eq!(contains(ip("192.168.0.1")), "true");
    assert_eq!(contains(s("192.168.1.1")), "false");
    assert_eq!(contains(s("2001:db8::1")), "false");
    assert!(method("containsIP", &[Value::Cidr(&network), s("here")]).is_err());
}

#[test]
fn a_network_contains_its_parts() {
    let (network, wider) = (net("192.168.0.0/24"), net("192.168.0.0/23"));
    let contains = |other| value_of_method("containsCIDR", &[Value::Cidr(&network), other]);
    assert_eq!(contains(s("192.168.0.0/25")), "true");
    assert_eq!(contains(s("192.168.0.0/24")), "true");
    assert_eq!(contains(Value::Cidr(&wider)), "false");
    assert_eq!(contains(s("::/0")), "false");
    assert!(method("containsCIDR", &[Value::Cidr(&network), s("192.168.0.0")]).is_err());
}

#[test]
fn a_network_knows_its_address_and_prefix() {
    let network = net("192.168.0.1/24");
    assert_eq!(value_of_method("ip", &[Value::Cidr(&network)]), "192.168.0.1");
    assert_eq!(value_of_method("masked", &[Value::Cidr(&network)]), "192.168.0.0/24");
    assert_eq!(value_of_method("prefixLength", &[Value::Cidr(&network)]), "24");
    assert_eq!(value_of("string", &[Value::Cidr(&net("2001:db8::/32"))]), r#""2001:db8::/32""#);
    assert_eq!(value_of("string", &[ip("10.0.0.1")]), r#""10.0.0.1""#);
}
