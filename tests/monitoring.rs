//! Dashboards, alerts and runbooks: that they are of one source, name only metrics that exist, and
//! never show absence as health.
//!
//! Grafana itself does not run here. Its own types load the dashboards, and a real Prometheus runs
//! every query, in `tests/operator`.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const DASHBOARDS: [&str; 3] = ["plumbline-operator", "plumbline-overview", "plumbline-owner"];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn dashboards() -> Vec<(&'static str, Value)> {
    let read = |name: &&'static str| {
        let text = text(&format!("deploy/grafana/{name}.json"));
        (*name, serde_json::from_str(&text).unwrap())
    };
    DASHBOARDS.iter().map(read).collect()
}

/// The panels but for the rows, each with the dashboard and its title.
fn panels() -> Vec<(String, Value)> {
    let mut panels = Vec::new();
    for (name, dashboard) in dashboards() {
        for panel in dashboard["panels"].as_array().unwrap() {
            if panel["type"] != "row" {
                panels.push((format!("{name}: {}", panel["title"]), panel.clone()));
            }
        }
    }
    panels
}

fn queries(panel: &Value) -> Vec<&str> {
    let targets = panel["targets"].as_array().unwrap().iter();
    targets.map(|target| target["expr"].as_str().unwrap()).collect()
}

/// The rules of the plain file, records and alerts.
fn rules() -> Vec<Value> {
    let file = yaml("deploy/prometheus/plumbline.rules.yaml");
    let groups = file["groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn alerts() -> Vec<Value> {
    rules().into_iter().filter(|rule| rule["alert"].is_string()).collect()
}

/// Every word of a query that may be the name of a metric.
fn names(query: &str) -> BTreeSet<String> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == ':';
    let words = query.split(|it| !is_part(it));
    words.filter(|word| word.contains("plumbline_")).map(str::to_owned).collect()
}

/// The metrics of `docs/metrics.md`, which is generated from those that are registered; and the
/// series of those that are histograms.
fn exposed() -> BTreeMap<String, String> {
    let page = text("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `plumbline_"));
    let mut exposed = BTreeMap::new();
    for row in rows {
        let (name, rest) = row.split_once('`').unwrap();
        let name = format!("plumbline_{name}");
        let suffixes: &[&str] =
            if rest.starts_with(" | histogram") { &["_bucket", "_sum", "_count"] } else { &[""] };
        exposed.extend(suffixes.iter().map(|suffix| (format!("{name}{suffix}"), name.clone())));
    }
    assert!(exposed.len() > 30, "{exposed:?}");
    exposed
}

#[test]
fn dashboards_are_those_that_their_source_writes() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("python3")
        .args(["-B", "deploy/grafana/source"])
        .arg(folder.path())
        .current_dir(repository(""))
        .status()
        .expect("python3 writes the dashboards");
    assert!(status.success());
    for name in DASHBOARDS {
        let written = fs::read_to_string(folder.path().join(format!("{name}.json"))).unwrap();
        for place in ["deploy/grafana", "charts/plumbline/dashboards"] {
            let path = format!("{place}/{name}.json");
            assert!(text(&path) == written, "{path} is old: run `make generate`");
        }
    }
    let count = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(count, DASHBOARDS.len(), "a dashboard is not tested");
}

#[test]
fn the_plain_rules_are_those_of_the_chart_with_its_defaults() {
    let values = yaml("charts/plumbline/values.yaml");
    let settings = &values["prometheusRule"];
    let source = text("charts/plumbline/files/rules.yaml");
    let mut rules = source[source.find("groups:").unwrap()..].to_owned();
    let thresholds = settings["thresholds"].as_object().unwrap().clone();
    let runbooks = ("runbooks".to_owned(), settings["runbooks"].clone());
    for (name, value) in thresholds.into_iter().chain([runbooks]) {
        let placeholder = format!("${{{name}}}");
        assert!(rules.contains(&placeholder), "no rule reads {name}");
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        rules = rules.replace(&placeholder, &value);
    }
    assert!(!rules.contains("${"), "a threshold has no default");
    let plain = text("deploy/prometheus/plumbline.rules.yaml");
    let (head, plain) = plain.split_once('\n').unwrap();
    assert!(head.starts_with("# Generated"));
    assert!(plain == rules, "the plain rules are old: run `make generate`");
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_what_no_value_means() {
    for (name, panel) in panels() {
        let description = panel["description"].as_str().unwrap_or_default();
        assert!(description.ends_with('.'), "{name} has no description");
        let defaults = &panel["fieldConfig"]["defaults"];
        assert!(defaults["unit"].is_string(), "{name} has no unit");
        let no_value = defaults["noValue"].as_str().unwrap_or_default();
        assert!(no_value.ends_with('.') && no_value.len() > 20, "{name}: {no_value:?}");
        assert!(!queries(&panel).is_empty(), "{name} asks nothing");
    }
}

/// Grafana colors what has no value like the first step of the thresholds.
#[test]
fn no_panel_is_green_without_a_value_and_no_query_makes_a_number_of_nothing() {
    for (name, panel) in panels() {
        let defaults = &panel["fieldConfig"]["defaults"];
        let steps = defaults["thresholds"]["steps"].as_array().unwrap();
        assert_eq!(steps[0]["value"], Value::Null, "{name}");
        assert_eq!(steps[0]["color"], "text", "{name}");
        for mapping in defaults["mappings"].as_array().into_iter().flatten() {
            assert_ne!(mapping["type"], "special", "{name} maps no value to something");
        }
        if panel["type"] == "timeseries" {
            assert_eq!(defaults["custom"]["spanNulls"], false, "{name} bridges gaps");
        }
        for query in queries(&panel) {
            for made in ["vector(", "absent", "scalar("] {
                assert!(!query.contains(made), "{name}: {query}");
            }
        }
    }
}

#[test]
fn panels_ask_the_chosen_data_source_over_the_chosen_time() {
    for (name, panel) in panels() {
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "$datasource", "{name}");
            let query = target["expr"].as_str().unwrap();
            for (at, _) in query.match_indices('[') {
                let range = &query[at..];
                let is_chosen =
                    range.starts_with("[$__rate_interval]") || range.starts_with("[$__range]");
                assert!(is_chosen, "{name}: {query}");
            }
        }
        assert_eq!(panel["datasource"]["uid"], "$datasource", "{name}");
    }
}

#[test]
fn dashboards_have_their_variables_and_lasting_names() {
    for (name, dashboard) in dashboards() {
        assert_eq!(dashboard["uid"], name);
        assert!(dashboard.get("id").is_none(), "{name}: the id is Grafana's to give");
        let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
        let variables: Vec<&str> = variables.map(|it| it["name"].as_str().unwrap()).collect();
        let all = ["datasource", "namespace", "baseline", "account", "region", "owner"];
        let asked = if name == "plumbline-operator" { &all[..4] } else { &all[..] };
        assert_eq!(variables, asked, "{name}");
        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: two panels have one id");
            let place = &panel["gridPos"];
            let end = place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap();
            assert!(end <= 24, "{name}: {} is too wide", panel["title"]);
        }
        let rows = dashboard["panels"].as_array().unwrap().iter();
        let rows = rows.filter(|panel| panel["type"] == "row").map(|row| row["title"].clone());
        let order = ["Can the picture be trusted?", "Is it good?", "What to do first?", "Why?"];
        assert_eq!(rows.collect::<Vec<_>>(), order, "{name}");
    }
}

#[test]
fn panels_and_rules_read_metrics_that_there_are_and_every_metric_is_read() {
    let exposed = exposed();
    let recorded: BTreeSet<String> =
        rules().iter().filter_map(|rule| rule["record"].as_str().map(str::to_owned)).collect();
    let mut asked: Vec<(String, String)> = Vec::new();
    for (name, panel) in panels() {
        asked.extend(queries(&panel).into_iter().map(|query| (name.clone(), query.to_owned())));
    }
    for (name, dashboard) in dashboards() {
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            let query = variable["definition"].as_str().unwrap_or_default();
            asked.push((name.to_owned(), query.to_owned()));
        }
    }
    for rule in rules() {
        let query = rule["expr"].as_str().unwrap().to_owned();
        asked.push((rule["alert"].to_string() + &rule["record"].to_string(), query));
    }
    let mut read = BTreeSet::new();
    for (name, query) in &asked {
        for metric in names(query) {
            let is_there = exposed.contains_key(&metric) || recorded.contains(&metric);
            assert!(is_there, "{name} reads {metric}, which nothing exposes");
            read.extend(exposed.get(&metric).cloned());
        }
    }
    for metric in exposed.values() {
        assert!(read.contains(metric), "{metric} is read by no panel and no rule");
    }
}

#[test]
fn every_alert_says_how_bad_it_is_what_is_wrong_and_where_to_read_on() {
    let runbooks = yaml("charts/plumbline/values.yaml")["prometheusRule"]["runbooks"].clone();
    let mut linked = BTreeSet::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        let severity = alert["labels"]["severity"].as_str().unwrap_or_default();
        assert!(["critical", "warning"].contains(&severity), "{name}: {severity}");
        let annotations = &alert["annotations"];
        let summary = annotations["summary"].as_str().unwrap();
        assert!(summary.len() < 100 && !summary.ends_with('.'), "{name}: {summary}");
        assert!(annotations["description"].as_str().unwrap().ends_with('.'), "{name}");
        let url = annotations["runbook_url"].as_str().unwrap();
        let page = url.strip_prefix(runbooks.as_str().unwrap()).unwrap();
        let page = text(&format!("docs/runbooks{page}"));
        assert!(page.starts_with(&format!("# {name}\n")), "{url} is another alert's");
        for heading in ["Meaning", "Impact", "Diagnosis", "Fix"] {
            assert!(page.contains(&format!("\n## {heading}\n")), "{url} lacks {heading}");
        }
        let diagnosis = page.split("\n## Diagnosis\n").nth(1).unwrap();
        let has_command = diagnosis.split("\n## Fix\n").next().unwrap().contains("\n```");
        assert!(has_command, "{url} has no command to look with");
        linked.insert(url.rsplit('/').next().unwrap().to_owned());
        let labels = format!("{annotations}");
        for word in labels.split("$labels.").skip(1) {
            let label: String =
                word.chars().take_while(|it| it.is_ascii_alphabetic() || *it == '_').collect();
            let is_kept = alert["expr"].as_str().unwrap().contains(&label);
            assert!(is_kept, "{name} speaks of {label}, which its query does not keep");
        }
    }
    let pages = fs::read_dir(repository("docs/runbooks")).unwrap();
    let pages: BTreeSet<String> =
        pages.map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(pages, linked, "every runbook has an alert");
}

#[test]
fn every_alert_has_cases_that_fire_that_do_not_quite_that_miss_series_and_that_resolve() {
    let mut cases: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for file in fs::read_dir(repository("tests/prometheus/rules")).unwrap() {
        let path = file.unwrap().path();
        let file: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for test in file["tests"].as_array().unwrap() {
            let checks = test["alert_rule_test"].as_array().unwrap();
            let alert = checks[0]["alertname"].as_str().unwrap();
            let fires = |check: &Value| check["exp_alerts"].as_array().is_some();
            let mine: Vec<bool> =
                checks.iter().filter(|check| check["alertname"] == alert).map(fires).collect();
            let name = test["name"].as_str().unwrap();
            let ends_firing = *mine.last().unwrap();
            let case = name.split([':', ' ']).next().unwrap().to_owned();
            let is_right = match case.as_str() {
                "fires" => ends_firing,
                "just" | "is" => mine.iter().all(|fires| !fires),
                "resolves" => mine == [true, false],
                _ => true,
            };
            assert!(is_right, "{}: {name}: {mine:?}", path.display());
            let missing = name.contains("series are missing");
            let case = if missing { "missing".to_owned() } else { case };
            cases.entry(alert.to_owned()).or_default().push((case, ends_firing));
        }
    }
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        let tested = cases.get(name).unwrap_or_else(|| panic!("{name} has no cases"));
        for case in ["fires", "just", "missing", "resolves"] {
            assert!(tested.iter().any(|(it, _)| it == case), "{name}: no case `{case}`");
        }
    }
}
