//! What `scan` writes for continuous integration is read by those that it is for, and holds all that
//! the scan found.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Said, said};

const QUICKSTART: &str = "deploy/samples/quickstart";

/// What a scan of these writes in a format.
fn report(format: &str, baseline: &str, snapshot: &str, more: &[&str]) -> Said {
    let scan = ["scan", "--baseline", baseline, "--snapshot", snapshot, "--output", format];
    said(&[&scan[..], more].concat())
}

fn quickstart(format: &str, more: &[&str]) -> Said {
    report(format, QUICKSTART, &format!("{QUICKSTART}/snapshot.json"), more)
}

/// The report as a reader of its format reads it.
fn read(kind: &str, text: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(Command::new(root.join("tests/setup-python.sh")).status().unwrap().success());
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let output = Command::new(root.join(".cache/venv/bin/python"))
        .arg(root.join("tests/cli/read_report.py"))
        .arg(kind)
        .arg(file.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How many results the scan has of each verdict, as JSON counts them.
fn counted() -> impl Fn(&str) -> u64 {
    let json: Value = serde_json::from_str(&quickstart("json", &[]).out).unwrap();
    move |verdict| json["summary"][verdict].as_u64().unwrap()
}

fn texts<'v>(values: &'v Value, pointer: &str) -> Vec<&'v str> {
    let values = values.as_array().unwrap().iter();
    values.filter_map(|value| value.pointer(pointer)?.as_str()).collect()
}

/// Baselines and snapshots, and with which code their scan ends.
const SCANS: [(&str, &str, i32); 6] = [
    ("tests/cli/fixtures/baseline.yaml", "tests/cli/fixtures/good.json", 0),
    ("tests/cli/fixtures/baseline.yaml", "tests/cli/fixtures/snapshot.json", 1),
    ("tests/cli/fixtures/baseline.yaml", "tests/cli/fixtures/unknown.json", 2),
    ("tests/cli/fixtures/baseline.yaml", "tests/cli/fixtures/cut.json", 2),
    ("tests/cli/fixtures/mistakes.yaml", "tests/cli/fixtures/snapshot.json", 65),
    ("tests/cli/fixtures/baseline.yaml", "tests/cli/fixtures/nowhere.json", 66),
];

#[test]
fn sarif_fits_its_published_schema_whatever_a_scan_comes_to() {
    for (baseline, snapshot, code) in SCANS {
        let scan = report("sarif", baseline, snapshot, &[]);
        assert_eq!(scan.code, code, "{snapshot}");
        let log = read("sarif", &scan.out);
        let invocation = &log["runs"][0]["invocations"][0];
        let is_sure = code != 65 && code != 66 && !snapshot.contains("cut");
        assert_eq!(invocation["executionSuccessful"], is_sure, "{snapshot}");
        if code > 1 {
            let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
            assert!(!notifications.is_empty(), "{snapshot} says nothing of what is not known");
        }
    }
}

#[test]
fn sarif_holds_each_drift_each_exemption_and_whatever_is_unknown() {
    let log = read("sarif", &quickstart("sarif", &[]).out);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let count =
        |holds: &dyn Fn(&Value) -> bool| results.iter().filter(|it| holds(it)).count() as u64;
    let counted = counted();
    let is_suppressed = |result: &Value| result.get("suppressions").is_some();
    let fails = |result: &Value| result["kind"] == "fail";
    assert_eq!(count(&|it| fails(it) && !is_suppressed(it)), counted("nonCompliant"));
    assert_eq!(count(&|it| fails(it) && is_suppressed(it)), counted("exempt"));
    assert_eq!(count(&|it| it["kind"] == "open" && it["level"] == "none"), counted("unknown"));
    assert_eq!(
        counted("nonCompliant") + counted("exempt") + counted("unknown"),
        results.len() as u64
    );
    let mut fingerprints = texts(&run["results"], "/partialFingerprints/plumblineResult~1v1");
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), results.len(), "each result is distinguished from the others");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let file = place["artifactLocation"]["uri"].as_str().unwrap();
        let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
        let text = fs::read_to_string(file).unwrap();
        let line = text.lines().nth(line - 1).unwrap();
        let control = result["ruleId"].as_str().unwrap();
        assert!(
            line.contains("name:") && (line.contains(control) || line.contains("foundations")),
            "{line}"
        );
    }
    let exempt = results.iter().find(|it| is_suppressed(it)).unwrap();
    let why = exempt["suppressions"][0]["justification"].as_str().unwrap();
    assert!(why.starts_with("exempt by platform/") && why.contains("approved by"), "{why}");
}

#[test]
fn sarif_shows_what_is_fine_only_where_all_is_asked_for() {
    let log = read("sarif", &quickstart("sarif", &["--only", "all"]).out);
    let kinds = texts(&log["runs"][0]["results"], "/kind");
    let count = |kind: &str| kinds.iter().filter(|it| **it == kind).count() as u64;
    let counted = counted();
    assert_eq!(count("pass"), counted("compliant"));
    assert_eq!(count("notApplicable"), counted("notApplicable"));
}

/// Jenkins' schema for them, `junit-10.xsd` in <https://github.com/jenkinsci/xunit-plugin>.
const ATTRIBUTES: [(&str, &[&str]); 7] = [
    ("testsuites", &["name", "tests", "failures", "errors"]),
    ("testsuite", &["name", "tests", "failures", "errors", "skipped"]),
    ("testcase", &["classname", "name"]),
    ("failure", &["type", "message"]),
    ("error", &["type", "message"]),
    ("skipped", &["message"]),
    ("system-out", &[]),
];

#[test]
fn junit_has_a_case_for_each_control_and_resource_and_passes_nothing_that_is_unknown() {
    let text = quickstart("junit", &[]).out;
    let report = read("junit", &text);
    let counted = counted();
    assert_eq!(report["failures"], counted("nonCompliant"));
    assert_eq!(report["errors"], counted("unknown"));
    let suites = report["suites"].as_array().unwrap();
    let names = texts(&report["suites"], "/name");
    assert_eq!(names, ["plumbline", "111122223333/eu-west-1", "111122223333/us-east-1"]);
    let (mut passed, mut skipped) = (0, 0);
    for suite in suites {
        let cases = suite["cases"].as_array().unwrap();
        let ended = |name: &str| cases.iter().filter(|it| it["result"][0] == name).count();
        assert_eq!(suite["tests"], cases.len());
        assert_eq!(suite["failures"], ended("Failure"));
        assert_eq!(suite["errors"], ended("Error"));
        assert_eq!(suite["skipped"], ended("Skipped"));
        passed += cases.iter().filter(|it| it["result"].as_array().unwrap().is_empty()).count();
        skipped += ended("Skipped");
    }
    assert_eq!((passed as u64, skipped as u64), (counted("compliant"), counted("exempt")));
    for tag in text.split('<').skip(1).filter(|tag| !tag.starts_with(['/', '?'])) {
        let (name, rest) = tag.split_at(tag.find([' ', '>', '/']).unwrap());
        let known = ATTRIBUTES.iter().find(|(known, _)| *known == name);
        let (_, known) = known.unwrap_or_else(|| panic!("{name} is no element of JUnit"));
        let (attributes, _) = rest.split_once('>').unwrap();
        for attribute in attributes.split('"').step_by(2).filter(|it| it.contains('=')) {
            let attribute = attribute.trim().trim_end_matches('=');
            assert!(known.contains(&attribute), "{name} has no {attribute}");
        }
    }
}

#[test]
fn a_junit_report_says_why_a_scan_is_undecided() {
    for (baseline, snapshot, code) in SCANS {
        let scan = report("junit", baseline, snapshot, &[]);
        assert_eq!(scan.code, code, "{snapshot}");
        let report = read("junit", &scan.out);
        let bad = report["failures"].as_u64().unwrap() + report["errors"].as_u64().unwrap();
        assert_eq!(bad > 0, code > 0, "{baseline} {snapshot}");
        assert_eq!(report["errors"].as_u64().unwrap() > 0, code > 1, "{baseline} {snapshot}");
    }
}

#[test]
fn annotations_stand_on_a_line_each_the_worst_first() {
    let shown = quickstart("github", &[]).out;
    let counted = counted();
    let titles: Vec<&str> = shown
        .lines()
        .map(|line| line.split_once("title=").unwrap().1.split_once("::").unwrap().0)
        .collect();
    let unknown = titles.iter().filter(|title| title.contains("(Unknown%3A ")).count() as u64;
    assert_eq!(unknown, counted("unknown"));
    let severities = ["Critical", "High", "Medium", "Low", "Informational"];
    let of = |title: &&str| severities.iter().position(|it| title.ends_with(&format!("({it})")));
    let drift: Vec<usize> = titles.iter().filter_map(of).collect();
    assert_eq!(drift.len() as u64, counted("nonCompliant"));
    assert!(drift.is_sorted(), "{drift:?}");
    let commands: Vec<&str> =
        shown.lines().map(|line| line.trim_start_matches(':').split(' ').next().unwrap()).collect();
    let rank = |command: &&str| ["error", "warning", "notice"].iter().position(|it| it == command);
    assert!(commands.iter().map(|it| rank(it).unwrap()).is_sorted(), "{commands:?}");
}

#[test]
fn annotations_show_mistakes_where_they_are() {
    let shown = report("github", SCANS[4].0, SCANS[4].1, &[]);
    assert_eq!(shown.code, 65);
    assert!(!shown.out.is_empty());
    for line in shown.out.lines() {
        assert!(line.starts_with("::error file=tests/cli/fixtures/mistakes.yaml,line="), "{line}");
        assert!(line.contains(",col="), "{line}");
    }
}

#[test]
fn a_baseline_that_is_not_evaluated_is_an_error_in_every_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.yaml");
    let text = fs::read_to_string(SCANS[0].0).unwrap();
    let accounts = "  accounts: {names: [any]}\n";
    assert!(text.contains(accounts));
    fs::write(&path, text.replace(accounts, &format!("  suspend: true\n{accounts}"))).unwrap();
    let scan = |format: &str| {
        let scan = report(format, path.to_str().unwrap(), SCANS[0].1, &[]);
        assert_eq!(scan.code, 2, "{}", scan.errors);
        scan.out
    };
    let junit = read("junit", &scan("junit"));
    assert_eq!((&junit["errors"], &junit["tests"]), (&1.into(), &1.into()));
    let log = read("sarif", &scan("sarif"));
    let reported = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(reported["level"], "error");
    assert!(scan("github").starts_with("::error title=team/small::nothing is evaluated"));
}
