//! What the crates may stand on: the pure ones on no runtime, no AWS SDK and no client of
//! Kubernetes, and none on a crate above it.
//!
//! Cargo refuses an import of what `Cargo.toml` does not name; these tests hold what it names.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::collections::BTreeSet;
use std::process::Command;

/// The crates of the workspace, the lowest first: each may name those before it.
const ORDER: [&str; 15] = [
    "plumbline-cel",
    "model",
    "cost",
    "api",
    "manifest",
    "engine",
    "clock",
    "metrics",
    "aws",
    "server",
    "assess",
    "shard",
    "operator",
    "setup",
    "plumbline",
];

/// Those that are pure.
const PURE: [&str; 6] = ["plumbline-cel", "model", "cost", "api", "manifest", "engine"];

/// What a pure crate does not stand on, however far below.
const IMPURE: [&str; 8] = [
    "tokio",
    "hyper",
    "reqwest",
    "aws-config",
    "aws-sdk-config",
    "kube-client",
    "axum",
    "prometheus",
];

/// The names in the tree of what a crate stands on, itself among them.
fn stands_on(package: &str, depth: &str) -> BTreeSet<String> {
    tree(&["--package", package, "--depth", depth])
}

fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--edges", "normal", "--prefix", "none"]);
    command.args(["--format", "{lib} {p}"]).args(arguments);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| line.split_whitespace().nth(1).unwrap().to_owned();
    text.lines().filter(|line| !line.is_empty()).map(name).collect()
}

#[test]
fn the_pure_crates_stand_on_no_runtime_no_sdk_and_no_client() {
    for package in PURE {
        let all = stands_on(package, "999");
        assert!(all.contains(package) && all.len() > 10, "{package}: {all:?}");
        let impure: Vec<_> = IMPURE.iter().filter(|name| all.contains(**name)).collect();
        assert!(impure.is_empty(), "{package} stands on {impure:?}");
    }
    assert!(stands_on("aws", "999").contains("tokio"), "the tree was not read");
}

#[test]
fn a_build_without_features_stands_on_no_sdk_no_client_and_no_tls() {
    const HEAVY: [&str; 7] = [
        "aws-config",
        "aws-sdk-config",
        "aws-sdk-securityhub",
        "kube-client",
        "opentelemetry",
        "reqwest",
        "rustls",
    ];
    let heavy = |arguments: &[&str]| {
        let all = tree(arguments);
        assert!(all.len() > 10, "{all:?}");
        HEAVY.into_iter().filter(|name| all.contains(*name)).collect::<Vec<_>>()
    };
    for package in ["plumbline", "aws", "setup"] {
        let light = heavy(&["--package", package, "--no-default-features"]);
        assert!(light.is_empty(), "{package} stands on {light:?}");
    }
    // Those that have no features of their own.
    for package in ["metrics", "server", "clock"] {
        assert!(heavy(&["--package", package]).is_empty(), "{package}");
    }
    assert_eq!(heavy(&["--package", "plumbline"]), HEAVY, "the tree was not read");
}

#[test]
fn a_crate_names_only_crates_below_it() {
    for (place, package) in ORDER.iter().enumerate() {
        for other in stands_on(package, "1") {
            let Some(other_place) = ORDER.iter().position(|known| *known == other) else {
                continue;
            };
            assert!(other_place <= place, "{package} names {other}");
        }
    }
}

#[test]
fn every_crate_of_the_workspace_has_a_place_in_the_order() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates");
    let folders = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(folders + 1, ORDER.len());
}
