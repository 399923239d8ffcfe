//! What looks for credentials never repeats them: no output holds a secret of the resources that
//! it is about, or of the parameters that it was given.
//!
//! `secrets/places.yaml` says where each type may hold one. A canary stands in every such place of
//! every item of the catalogue's own tests; all built-in controls judge these items, and one control
//! of each type reads all of it and says it in its message.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use api::{Check, ParameterType};
use engine::catalog::{Catalog, built_in_tests};
use serde_json::{Map, Value, json};
use support::process::Sample;
use support::waiting::holds;
use tempfile::TempDir;

const CANARY: &str = "CANARY";
const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// Where each type may hold a secret: a tree with canaries, or `none`.
fn places() -> BTreeMap<String, Value> {
    serde_saphyr::from_str(include_str!("secrets/places.yaml")).unwrap()
}

/// The types that built-in controls look at, and those that they join.
fn types_read() -> BTreeSet<String> {
    let checks = Catalog::built_in().controls().filter_map(|control| match &control.spec.check {
        Check { expression: Some(expression), .. } => Some(expression),
        Check { .. } => None,
    });
    checks
        .flat_map(|check| {
            let related = check.related.iter().map(|related| &related.resource_type);
            check.resource_types.iter().chain(related)
        })
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_type_of_the_catalogue_says_where_it_may_hold_a_secret() {
    let places = places();
    let missing: Vec<String> =
        types_read().into_iter().filter(|name| !places.contains_key(name)).collect();
    assert!(
        missing.is_empty(),
        "{missing:?} joined the catalogue: list in tests/secrets/places.yaml where their items may \
         hold a secret, or `none`"
    );
    for (name, tree) in &places {
        assert!(tree == "none" || tree.to_string().contains(CANARY), "{name} lists no canary");
    }
}

/// Puts the tree into the item: lists get its elements, else its fields count.
fn plant(item: &mut Value, tree: &Value) {
    match (item, tree) {
        (Value::Object(item), Value::Object(tree)) => {
            for (name, tree) in tree {
                match item.get_mut(name) {
                    Some(field) => plant(field, tree),
                    None => drop(item.insert(name.clone(), tree.clone())),
                }
            }
        }
        (Value::Array(item), Value::Array(tree)) => item.extend(tree.iter().cloned()),
        (item, tree) => *item = tree.clone(),
    }
}

/// A snapshot with an item of each type, and all items of the catalogue's tests, with canaries.
fn snapshot() -> Value {
    let places = places();
    let bare = places.keys().map(|name| json!({"resourceType": name, "configuration": {}}));
    let (tests, _) = built_in_tests();
    let tested = tests.into_iter().flat_map(|test| test.object.spec.cases);
    let tested = tested.flat_map(|case| case.items);
    let items = bare.chain(tested).enumerate().map(|(at, mut item)| {
        let place = &places[item["resourceType"].as_str().unwrap()];
        if place != "none" {
            plant(&mut item, place);
        }
        let given = json!({
            "resourceId": format!("resource-{at}"),
            "awsAccountId": ACCOUNT,
            "awsRegion": REGION,
            "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-20T05:01:07.037Z",
        });
        plant(&mut item, &given);
        item
    });
    json!({"fileVersion": "1.0", "configurationItems": items.collect::<Vec<_>>()})
}

/// The expressions of every canary in a tree: `resource.configuration["a"][0]`.
fn canaries(tree: &Value, path: &str, found: &mut Vec<String>) {
    match tree {
        Value::Object(fields) => {
            for (name, field) in fields {
                canaries(field, &format!("{path}[{name:?}]"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                canaries(item, &format!("{path}[{at}]"), found);
            }
        }
        Value::String(text) if text.contains(CANARY) => found.push(path.to_owned()),
        _ => {}
    }
}

/// A control of a team's own that reads all of a type, and says all its secrets.
fn own_control(name: &str, resource_type: &str, tree: &Value) -> Value {
    let mut found = Vec::new();
    for part in ["configuration", "supplementaryConfiguration"] {
        canaries(&tree[part], &format!("resource.{part}"), &mut found);
    }
    let said: Vec<String> =
        found.iter().map(|path| format!("string({path}) + string({path}).lowerAscii()")).collect();
    let message = format!("{} + \"; \" + parameters.apiToken", said.join(" + \" \" + "));
    json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Control",
        "metadata": {"name": name},
        "spec": {
            "title": "As it should be",
            "description": "For the test.",
            "severity": "High",
            "domain": "data-protection",
            "remediation": {"text": "Fix it."},
            "parameters": [{"name": "apiToken", "type": "string", "description": "A token."}],
            "check": {"expression": {
                "resourceTypes": [resource_type],
                "compliant": "resource.configuration == {} \
                    && resource.?supplementaryConfiguration.orValue({}) == {}",
                "message": message,
            }},
        },
    })
}

fn own_controls() -> Vec<(String, Value)> {
    let places = places().into_iter().filter(|(_, tree)| tree != "none").enumerate();
    places
        .map(|(at, (resource_type, tree))| {
            let name = format!("own-{at}");
            let control = own_control(&name, &resource_type, &tree);
            (name, control)
        })
        .collect()
}

/// A value for each parameter that has no default.
fn parameters(control: &engine::catalog::CompiledControl) -> Map<String, Value> {
    let needed = control.spec.parameters.iter().filter(|it| it.default.is_none());
    needed
        .map(|it| {
            let value = match it.kind {
                ParameterType::Boolean => json!(true),
                ParameterType::Integer => json!(1),
                ParameterType::String => json!("x"),
                ParameterType::StringList => json!(["x"]),
            };
            (it.name.clone(), value)
        })
        .collect()
}

/// Everything that is declared, by the file that it stands in. JSON is YAML.
fn files() -> Vec<(&'static str, String)> {
    let own = own_controls();
    let built_in = Catalog::built_in()
        .controls()
        .map(|control| json!({"name": control.name.as_str(), "parameters": parameters(control)}));
    let of_team = own
        .iter()
        .map(|(name, _)| json!({"name": name, "parameters": {"apiToken": format!("{CANARY}-x")}}));
    let baseline = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": {"name": "all", "namespace": "platform"},
        "spec": {
            "accounts": {"names": ["shop"]},
            "controls": built_in.chain(of_team).collect::<Vec<_>>(),
        },
    });
    let account = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "AwsAccount",
        "metadata": {"name": "shop"},
        "spec": {
            "accountId": ACCOUNT,
            "regions": [REGION],
            "homeRegion": REGION,
            "allowedNamespaces": {"names": ["platform"]},
            "source": {"snapshot": {"url": "snapshot.json", "maxAge": "876000h"}},
        },
    });
    let documents = own.into_iter().map(|(_, control)| control).chain([baseline, account]);
    let documents: Vec<String> = documents.map(|document| document.to_string()).collect();
    vec![("all.yaml", documents.join("\n---\n")), ("snapshot.json", snapshot().to_string())]
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files() {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Everything that a command says at the loudest level.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .current_dir(folder)
        .args(arguments)
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Fails where a canary got out, whatever became of its letters, and shows where.
fn holds_no_canary(what: &str, text: &str) {
    let lower = text.to_lowercase();
    if let Some(at) = lower.find("canary") {
        let around: String =
            lower.chars().skip(lower[..at].chars().count().saturating_sub(200)).take(400).collect();
        panic!("{what} repeats a secret: …{around}…");
    }
    assert!(text.contains("(masked)"), "{what} shows nothing of the resources: {text}");
}

#[test]
fn no_form_of_output_repeats_a_secret() {
    let folder = folder();
    for form in ["table", "json", "asff", "sarif", "junit", "github"] {
        let scan = ["scan", "-vv", "--baseline", ".", "--snapshot", "snapshot.json"];
        let only: &[&str] = if form == "asff" { &[] } else { &["--only", "all"] };
        let text = said(folder.path(), &[&scan[..], &["--output", form], only].concat());
        holds_no_canary(form, &text);
        let drifts = own_controls().len();
        let named = (0..drifts).filter(|at| text.contains(&format!("own-{at}")));
        assert_eq!(named.count(), drifts, "{form}");
    }
}

#[test]
fn running_repeats_no_secret_in_findings_logs_or_metrics() {
    let sample = Sample::new();
    for name in ["account.yaml", "foundations.yaml", "confidential.yaml"] {
        sample.remove(name);
    }
    for (name, text) in files() {
        sample.write(name, &text);
    }
    let log = sample.state().join("log");
    let running = sample.start_with(|command| {
        let errors = fs::File::create(&log).unwrap();
        command.env("RUST_LOG", "trace").arg("-vv").stderr(errors);
    });
    running.ready();
    holds("all is published", || sample.findings().len() > 100);
    let findings = fs::read_to_string(sample.state().join("findings.jsonl")).unwrap();
    holds_no_canary("findings.jsonl", &findings);
    let shown: Vec<String> = running.lines.try_iter().collect();
    let metrics = running.get("/metrics").1;
    let logged = fs::read_to_string(log).unwrap();
    for text in [shown.join("\n"), metrics, logged] {
        assert!(!text.to_lowercase().contains("canary"));
    }
}

#[test]
fn a_test_of_a_control_that_fails_repeats_no_secret() {
    let folder = folder();
    let items = snapshot()["configurationItems"].as_array().unwrap().clone();
    let tests = own_controls().into_iter().map(|(name, control)| {
        let own_type = &control["spec"]["check"]["expression"]["resourceTypes"][0];
        let item = items.iter().find(|item| item["resourceType"] == *own_type).unwrap();
        json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "ControlTest",
            "metadata": {"name": name},
            "spec": {"control": name, "cases": [{
                "name": "it fails",
                "parameters": {"apiToken": CANARY},
                "items": [item],
                "expect": [{"resourceId": item["resourceId"], "verdict": "Compliant", "message": "none"}],
            }]},
        })
        .to_string()
    });
    let tests: Vec<String> = tests.collect();
    fs::write(folder.path().join("all.test.yaml"), tests.join("\n---\n")).unwrap();
    holds_no_canary("test", &said(folder.path(), &["test", "."]));
}

#[test]
fn a_parameter_of_the_wrong_type_is_not_repeated() {
    let folder = folder();
    let text = fs::read_to_string(folder.path().join("all.yaml")).unwrap();
    let wrong = text.replace(&format!("\"{CANARY}-x\""), &format!("[\"{CANARY}-x\", 1]"));
    fs::write(folder.path().join("all.yaml"), wrong).unwrap();
    let text = said(folder.path(), &["scan", "--baseline", ".", "--snapshot", "snapshot.json"]);
    let messages = text.lines().filter(|line| line.contains("is a list"));
    let messages: Vec<&str> = messages.collect();
    assert!(!messages.is_empty() && !messages.concat().contains(CANARY), "{text}");
}
