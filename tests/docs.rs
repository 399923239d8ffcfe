//! The generated pages of the documentation are what the program gives, and their examples work.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use api::EventReason;

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

/// A promise of which no test fails is none.
#[test]
fn every_promise_of_the_page_on_security_names_tests_that_exist() {
    let page = fs::read_to_string(repository("docs/security.md")).unwrap();
    let (_, promises) = page.split_once("| promise | number | shown by |").unwrap();
    let promises: Vec<&str> =
        promises.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let mut sources = String::new();
    for folder in ["crates", "src", "tests"] {
        let mut folders = vec![repository(folder)];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "rs") {
                    sources.push_str(&fs::read_to_string(path).unwrap());
                }
            }
        }
    }
    let mut named = 0;
    for promise in &promises {
        let shown_by = promise.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap();
        let names: Vec<&str> = shown_by.split(", ").map(|name| name.trim_matches('`')).collect();
        assert!(!names.is_empty(), "{promise}");
        for name in names {
            let is_there = sources.contains(&format!("fn {name}()"));
            assert!(is_there, "there is no test {name}, which docs/security.md names");
            named += 1;
        }
    }
    assert!(promises.len() >= 10 && named > promises.len(), "{} {named}", promises.len());
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
        model::UnknownReason::ALL.iter().map(|reason| reason.as_str()).collect();
    reasons.sort_unstable();
    let headings: Vec<&str> = explained.keys().map(String::as_str).collect();
    assert_eq!(headings, reasons, "docs/unknown.md");
    for (reason, text) in &explained {
        for part in ["**Meaning.**", "**Check.**", "**Fix.**"] {
            assert!(text.contains(part), "docs/unknown.md, {reason}: {part} is missing");
        }
    }
}

/// The pages that people read.
#[test]
fn every_reason_of_an_event_is_explained_with_its_type_and_no_other() {
    let page = fs::read_to_string(repository("docs/operator.md")).unwrap();
    let rows = page.split("| event | type |").nth(1).unwrap().lines().skip(2);
    let explained: Vec<String> = rows
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').take(3).collect::<Vec<_>>().join("|"))
        .collect();
    let expected: Vec<String> = EventReason::ALL
        .iter()
        .map(|it| {
            let kind = if it.is_warning() { "Warning" } else { "Normal" };
            format!("| `{it}` | {kind} ")
        })
        .collect();
    assert_eq!(explained, expected);
}

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = files(&repository("docs"))
        .into_keys()
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| repository("docs").join(path))
        .collect();
    let others = ["README.md", "CONTRIBUTING.md", "tests/aws/README.md", "controls/README.md"];
    pages.extend(others.map(repository));
    pages
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| heading.chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_in_the_documentation_leads_somewhere() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            seen += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let leads = target.exists()
                && (anchor.is_empty()
                    || anchors(&fs::read_to_string(&target).unwrap()).contains(&anchor.to_owned()));
            if !leads {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    assert!(seen > 20, "{seen} links");
}

/// Those that ask nothing of AWS and come to an end; what they print is for other tests.
#[test]
fn the_commands_of_the_readme_do_their_work() {
    let text = fs::read_to_string(repository("README.md")).unwrap();
    let mut seen = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("$ plumbline ")) {
        if line.contains("--live") || line.starts_with("run ") || line.starts_with("ready ") {
            continue;
        }
        seen += 1;
        let output = plumbline(&line.split_whitespace().collect::<Vec<_>>());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("error:"), "{line}: {errors}");
        assert!(!output.stdout.is_empty(), "{line} prints nothing");
    }
    assert!(seen >= 2, "{seen} commands");
}
