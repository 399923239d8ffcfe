//! scratch
#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
mod handwritten;
mod items;
use plumbline::resource::*;
use std::time::Instant;
fn main() {
    let n = 100_000u64;
    let items: Vec<String> = (0..n).map(items::item).collect();
    let bytes: usize = items.iter().map(String::len).sum();
    for _ in 0..3 {
        let t = Instant::now();
        let d: usize = items.iter().map(|i| handwritten::drifts(i).unwrap()).sum();
        let e = t.elapsed();
        println!(
            "hand {d} {:?} {:.0} ns/item {:.0} MB/s",
            e,
            e.as_nanos() as f64 / n as f64,
            bytes as f64 / e.as_secs_f64() / 1e6
        );
        let f = |s: &str| {
            s.split('.')
                .map(|s| if s == "*" { Step::Element } else { Step::Field(s.into()) })
                .collect::<Vec<_>>()
        };
        let mk = |ps: &[&str]| {
            let mut p = Projection::NOTHING;
            p.add(&f("tags"));
            for x in ps {
                p.add(&f(x));
            }
            p
        };
        let reading = Reading::new([
            (
                "AWS::EC2::Instance".parse().unwrap(),
                mk(&["configuration.metadataOptions.httpTokens"]),
            ),
            (
                "AWS::EC2::SecurityGroup".parse().unwrap(),
                mk(&[
                    "configuration.ipPermissions.*.ipProtocol",
                    "configuration.ipPermissions.*.fromPort",
                    "configuration.ipPermissions.*.toPort",
                    "configuration.ipPermissions.*.ipv4Ranges.*.cidrIp",
                    "configuration.ipPermissions.*.ipv6Ranges.*.cidrIpv6",
                ]),
            ),
            ("AWS::RDS::DBInstance".parse().unwrap(), mk(&["configuration.publiclyAccessible"])),
            (
                "AWS::S3::Bucket".parse().unwrap(),
                mk(&[
                    "supplementaryConfiguration.BucketPolicy.policyText.Statement.*.Effect",
                    "supplementaryConfiguration.BucketPolicy.policyText.Statement.*.Condition.Bool.aws:SecureTransport",
                ]),
            ),
            ("AWS::EC2::Volume".parse().unwrap(), mk(&[])),
        ]);
        let mut arena = bumpalo::Bump::new();
        let mut c = 0;
        let t = Instant::now();
        for i in &items {
            if let Ok(Parsed::Item(x)) = parse_item(i.as_bytes(), &reading, &arena) {
                c += x.id.len();
            }
            arena.reset();
        }
        let e = t.elapsed();
        println!(
            "ours {c} {:?} {:.0} ns/item {:.0} MB/s",
            e,
            e.as_nanos() as f64 / n as f64,
            bytes as f64 / e.as_secs_f64() / 1e6
        );
    }
}
