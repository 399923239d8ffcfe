//! Imports go only downward: a room of `src/` may name the rooms below it and none above.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, the lowest first.
const ROOMS: [&str; 16] = [
    "resource",
    "policy",
    "exposure",
    "api",
    "expression",
    "catalog",
    "plan",
    "evaluation",
    "drift",
    "metrics",
    "aws",
    "source",
    "publish",
    "server",
    "controller",
    "cli",
];

/// The rooms that are pure, and what none of them may name.
const PURE: [&str; 9] = [
    "resource",
    "policy",
    "exposure",
    "api",
    "expression",
    "catalog",
    "plan",
    "evaluation",
    "drift",
];
const IMPURE: [&str; 9] = [
    "tokio::",
    "async fn",
    "kube::Client",
    "kube::client",
    "aws_sdk",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "std::net::Tcp",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn room_of(path: &Path) -> Option<String> {
    let below = path.strip_prefix(source_folder()).unwrap();
    let first = below.iter().next()?.to_str()?;
    ROOMS
        .iter()
        .find(|room| first == **room || first == format!("{room}.rs"))
        .map(|room| (*room).to_owned())
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rank(room: &str) -> usize {
    ROOMS.iter().position(|other| *other == room).unwrap()
}

/// The rooms that a text names as `crate::room` or within `use crate::{...}`.
fn rooms_named(text: &str) -> Vec<(usize, &'static str)> {
    let mut named = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for room in ROOMS {
            let mut rest = line;
            while let Some(at) = rest.find(&format!("crate::{room}")) {
                rest = &rest[at + "crate::".len() + room.len()..];
                if !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_') {
                    named.push((number + 1, room));
                }
            }
        }
    }
    named
}

#[test]
fn a_room_imports_only_rooms_below_it() {
    let mut violations = Vec::new();
    let mut seen = 0;
    for path in sources(&source_folder()) {
        let Some(room) = room_of(&path) else { continue };
        seen += 1;
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("use crate::{"),
            "{}: name each room in a `use` of its own, so that this test can read it",
            path.display()
        );
        for (line, other) in rooms_named(&text) {
            if rank(other) > rank(&room) {
                violations.push(format!("{}:{line}: {room} imports {other}", path.display()));
            }
        }
    }
    assert!(seen > 20, "the sources were not found");
    assert!(violations.is_empty(), "imports go only downward:\n{}", violations.join("\n"));
}

#[test]
fn every_folder_of_the_sources_is_a_room() {
    for entry in fs::read_dir(source_folder()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let name = name.trim_end_matches(".rs");
        assert!(
            ROOMS.contains(&name) || ["main", "lib"].contains(&name),
            "src/{name} has no place in the order of rooms"
        );
    }
}

#[test]
fn the_pure_rooms_know_no_clock_no_runtime_and_no_network() {
    let mut violations = Vec::new();
    for path in sources(&source_folder()) {
        let Some(room) = room_of(&path) else { continue };
        if !PURE.contains(&room.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for (number, line) in code.enumerate() {
            for word in IMPURE {
                if line.contains(word) {
                    violations.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(violations.is_empty(), "pure rooms stay pure:\n{}", violations.join("\n"));
}

#[test]
fn an_import_upward_would_be_seen() {
    let named = rooms_named("use crate::controller::Round;\nlet x = crate::planet::x();");
    assert_eq!(named, [(1, "controller")]);
}
