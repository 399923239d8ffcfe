//! The generated pages of the documentation are what the program gives, and their examples work.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn plumbline(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.current_dir(repository("")).env("NO_COLOR", "1").args(arguments).output().unwrap()
}

/// The files of a folder and below it, by path, without the hand-written examples.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder_here) = folders.pop() {
        for entry in fs::read_dir(&folder_here).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with("examples") {
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_generated_pages_are_up_to_date() {
    let generated = tempfile::tempdir().unwrap();
    let output = plumbline(&["docs", generated.path().to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let stale = "stale: run `make generate`";
    let metrics = fs::read_to_string(generated.path().join("metrics.md")).unwrap();
    let committed = fs::read_to_string(repository("docs/metrics.md")).unwrap();
    assert!(committed == metrics, "docs/metrics.md is {stale}");
    let generated = files(&generated.path().join("reference"));
    let committed = files(&repository("docs/reference"));
    let names = |files: &BTreeMap<PathBuf, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&generated), "docs/reference is {stale}");
    for (name, text) in &generated {
        assert!(committed.get(name) == Some(text), "docs/reference/{} is {stale}", name.display());
    }
}

#[test]
fn the_page_of_packs_is_up_to_date() {
    let listed = plumbline(&["packs", "list", "--output", "markdown"]);
    let committed = fs::read_to_string(repository("docs/packs.md")).unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(committed == listed, "docs/packs.md is stale: run `make generate`");
}

#[test]
fn the_examples_of_the_reference_are_valid_and_their_control_does_what_its_test_says() {
    let validated = plumbline(&["validate", "docs/reference/examples"]);
    assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stderr));
    let tested = plumbline(&["test", "docs/reference/examples"]);
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
}

#[test]
fn every_label_of_a_metric_is_explained() {
    let page = fs::read_to_string(repository("docs/metrics.md")).unwrap();
    let (_, labels) = page.split_once("## Labels").unwrap();
    let rows: Vec<&str> = labels.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() > 5, "{page}");
    for row in rows {
        assert!(!row.ends_with("|  |"), "add its meaning to src/metrics/described.rs: {row}");
    }
}

/// What a page says of each heading at this level.
fn sections(page: &str, level: &str) -> BTreeMap<String, String> {
    let mut sections = BTreeMap::new();
    for section in page.split(&format!("\n{level} ")).skip(1) {
        let (heading, text) = section.split_once('\n').unwrap();
        sections.insert(heading.trim().to_owned(), text.to_owned());
    }
    sections
}

#[test]
fn every_reason_for_an_unknown_verdict_is_explained_and_no_other() {
    let page = fs::read_to_string(repository("docs/unknown.md")).unwrap();
    let explained = sections(&page, "###");
    let mut reasons: Vec<&str> =
        plumbline::resource::UnknownReason::ALL.iter().map(|reason| reason.as_str()).collect();
    reasons.sort_unstable();
    let mut headings: Vec<&str> = explained.keys().map(String::as_str).collect();
    // A control that is refused gets a reason of its own.
    headings.retain(|heading| *heading != "InvalidControl" || reasons.contains(heading));
    assert_eq!(headings, reasons, "docs/unknown.md");
    for (reason, text) in &explained {
        for part in ["**Meaning.**", "**Check.**", "**Fix.**"] {
            assert!(text.contains(part), "docs/unknown.md, {reason}: {part} is missing");
        }
    }
}
