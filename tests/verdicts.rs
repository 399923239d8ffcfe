//! Right verdicts on real and made-up items, case by case, through `plumbline scan`.
//!
//! Each row of `tests/verdicts/cases.jsonl` names a built-in control, its parameters, the items of
//! a snapshot in which every type is recorded, and the verdict that is right for some subjects: a
//! resource by its id, else a region or an account; `null` where there must be no verdict at all.
//! `why` and `source` say where the right verdict comes from. What is still wrong stands in
//! [`STILL_WRONG`] with the reason, and a row that became right must leave that list.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::indexing_slicing)] // a test

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Rows whose verdict is not yet right: the row, the subject, and why.
const STILL_WRONG: &[(&str, &str, &str)] = &[];

#[derive(Deserialize)]
struct Row {
    id: String,
    control: String,
    parameters: Map<String, Value>,
    items: Vec<Value>,
    expect: Vec<Expected>,
    why: String,
}

#[derive(Deserialize)]
struct Expected {
    subject: String,
    verdict: Option<String>,
    reason: Option<String>,
}

#[test]
fn every_case_gets_its_right_verdict() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verdicts/cases.jsonl");
    let rows = fs::read_to_string(path).unwrap();
    let mut problems = Vec::new();
    let mut excused = BTreeSet::new();
    let (mut right, mut all) = (0, 0);
    for row in rows.lines().map(|row| serde_json::from_str::<Row>(row).unwrap()) {
        let results = row.results();
        for expected in &row.expect {
            all += 1;
            let said = expected.said_in(&results);
            let excuse = STILL_WRONG
                .iter()
                .find(|(id, subject, _)| *id == row.id && *subject == expected.subject);
            excused.extend(excuse.map(|(id, subject, _)| (*id, *subject)));
            match (said == expected.verdicts(), excuse) {
                (true, None) => right += 1,
                (false, Some((_, _, reason))) => {
                    eprintln!("still wrong: {} {}: {reason}", row.id, expected.subject);
                }
                (true, Some(_)) => problems.push(format!(
                    "{} {}: is right now; take it off the list",
                    row.id, expected.subject
                )),
                (false, None) => problems.push(format!(
                    "{} {} on {}: expected {:?} ({}), got {said:?}",
                    row.id,
                    row.control,
                    expected.subject,
                    expected.verdicts(),
                    row.why
                )),
            }
        }
    }
    eprintln!("{right} of {all} verdicts are right");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(excused.len(), STILL_WRONG.len(), "an excuse names a row that is not there");
}

impl Row {
    /// What a scan of the items says of the control.
    fn results(&self) -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        let (snapshot, baseline) =
            (folder.path().join("snapshot.json"), folder.path().join("baseline.yaml"));
        let items = json!({"fileVersion": "1.0", "configurationItems": self.items});
        fs::write(&snapshot, items.to_string()).unwrap();
        let controls = json!([{"name": self.control, "parameters": self.parameters}]);
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "SecurityBaseline",
            "metadata": {"name": "cases", "namespace": "team"},
            "spec": {"accounts": {"names": ["any"]}, "controls": controls},
        });
        fs::write(&baseline, object.to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
            .args(["scan", "--output", "json", "--only", "all", "--recorded-types", "all"])
            .arg("--baseline")
            .arg(&baseline)
            .arg("--snapshot")
            .arg(&snapshot)
            .output()
            .unwrap();
        let parsed: Result<Value, _> = serde_json::from_slice(&output.stdout);
        let Ok(parsed) = parsed else {
            unreachable!("{}: {}", self.id, String::from_utf8_lossy(&output.stderr));
        };
        parsed["results"].as_array().unwrap().clone()
    }
}

impl Expected {
    /// The verdicts that are right, with their reasons where one is asked for.
    fn verdicts(&self) -> BTreeSet<String> {
        let verdict =
            self.verdict.as_ref().map(|verdict| self.shown(verdict, self.reason.as_deref()));
        verdict.into_iter().collect()
    }

    /// The verdicts that the results give the subject.
    fn said_in(&self, results: &[Value]) -> BTreeSet<String> {
        let of = |keys: &[&str]| -> Vec<&Value> {
            let is = |key: &&str, result: &Value| result[*key] == self.subject.as_str();
            results.iter().filter(|result| keys.iter().any(|key| is(key, result))).collect()
        };
        let resource = of(&["resourceId"]);
        let speaking = if resource.is_empty() { of(&["region", "account"]) } else { resource };
        let shown = |result: &&Value| {
            self.shown(result["verdict"].as_str().unwrap(), result["reason"].as_str())
        };
        speaking.iter().map(shown).collect()
    }

    fn shown(&self, verdict: &str, reason: Option<&str>) -> String {
        match (reason, &self.reason) {
            (Some(reason), Some(_)) => format!("{verdict} ({reason})"),
            _ => verdict.to_owned(),
        }
    }
}
