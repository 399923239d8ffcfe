//! The pages of the documentation that lead through a cluster, word by word.
//!
//! A block of a page that begins with `console run` is run in a shell, in a folder that looks like the
//! repository, with the rig's `kubectl` and `helm` and this build of `plumbline` on the `PATH`. No pods
//! run: where a page waits for the Deployment's rollout, the test does what a kubelet would, and where
//! it starts an operator, that goes on in the background. Where a page forwards a port to the cluster's
//! Prometheus, a real one starts here with what the cluster's `ServiceMonitor` and `PrometheusRule` ask for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kubelet;
use super::operated::Replica;
use super::programs::Programs;
use super::prometheus::{Prometheus, scrape};
use super::release::render;
use super::scraped::SECURED;
use super::yaml::{documents, files, repository};
use support::waiting::holds;

/// A command of a page, and what the page shows of its output.
pub(crate) struct Shown {
    pub(crate) command: String,
    pub(crate) output: String,
}

/// A page that is followed.
struct Reader {
    cluster: Cluster,
    folder: PathBuf,
    operators: Vec<Replica>,
    prometheus: Option<Prometheus>,
    _temporary: tempfile::TempDir,
}

const ROLLOUT: &str = "kubectl --namespace plumbline rollout status deployment/plumbline";
const PORT_FORWARD: &str =
    "kubectl --namespace monitoring port-forward service/prometheus-operated 9090 &";
/// Asks what comes in time: a page that shows its answer has waited for it.
const ASKS_PROMETHEUS: &str = "promtool query ";
/// What a page ends with that stops what it has started.
const STOPS: &str = "kill %1";

#[test]
fn the_page_on_installing_leads_from_an_empty_cluster_to_the_first_drift() {
    let Some(cluster) = Cluster::own() else { return };
    follow(cluster, "docs/install.md", "", 10);
}

#[test]
fn the_page_on_the_operator_leads_from_an_empty_cluster_to_the_first_drift() {
    let Some(cluster) = Cluster::own() else { return };
    follow(cluster, "docs/operator.md", "", 6);
}

#[test]
fn the_readme_leads_from_an_empty_cluster_to_an_alert_that_fires() {
    let Some(cluster) = Cluster::own() else { return };
    cluster.install_prometheus_operator();
    follow(cluster, "README.md", "\n## Run it in a cluster\n", 8);
}

/// Follows a page from a heading to the next, of which so many commands at least are to be run.
fn follow(cluster: Cluster, page: &str, heading: &str, at_least: usize) {
    let mut reader = Reader::new(cluster);
    let text = fs::read_to_string(repository(page)).unwrap();
    let part = match heading {
        "" => text.as_str(),
        _ => text.split_once(heading).unwrap().1.split("\n## ").next().unwrap(),
    };
    let shown = shown(part);
    assert!(shown.len() >= at_least, "{page}: {} commands are run", shown.len());
    for Shown { command, output } in &shown {
        let expected = lines(output);
        let mut actual = reader.does(command);
        if command.starts_with(ASKS_PROMETHEUS) {
            holds(&format!("{command} shows {output}"), || {
                fits(&expected, &lines(&reader.does_in_a_shell(command)))
            });
            actual.clone_from(output);
        }
        let fits = output.is_empty() || fits(&expected, &lines(&actual));
        assert!(fits, "{page}: $ {command}\nshows\n{actual}\nand not\n{output}");
    }
}

impl Reader {
    fn new(cluster: Cluster) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("plumbline");
        fs::create_dir(&folder).unwrap();
        for part in ["charts", "deploy"] {
            symlink(repository(part), folder.join(part)).unwrap();
        }
        let (operators, prometheus) = (Vec::new(), None);
        Self { cluster, folder, operators, prometheus, _temporary: temporary }
    }

    /// Does what a command asks for, and gives what it prints.
    fn does(&mut self, command: &str) -> String {
        match command {
            ROLLOUT => self.runs_the_deployment(),
            PORT_FORWARD => self.starts_prometheus(),
            STOPS => self.prometheus = None,
            // Every test has a port of its own.
            _ if command.starts_with("plumbline operator ") => {
                self.runs(&command.replace(":9464", ":0"));
            }
            _ => return self.does_in_a_shell(command),
        }
        String::new()
    }

    fn does_in_a_shell(&self, command: &str) -> String {
        let command = match &self.prometheus {
            Some(prometheus) => command.replace("127.0.0.1:9090", &prometheus.address),
            None => command.to_owned(),
        };
        let output = self.cluster.shell(&self.folder, &command).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let logs: Vec<String> = self.operators.iter().map(Replica::log).collect();
        let logs = logs.join("\n");
        assert!(output.status.success(), "$ {command}\n{text}{errors}\n{logs}");
        text
    }

    /// Runs a command in the background.
    fn runs(&mut self, command: &str) {
        let folder = self.folder.join(format!("process-{}", self.operators.len()));
        let line = format!("cd '{}' && exec {command}", self.folder.display());
        let command = self.cluster.shell(&self.folder, &line);
        self.operators.push(Replica::of(folder, &command));
    }

    /// What a kubelet does with the pod of the Deployment.
    fn runs_the_deployment(&mut self) {
        let get = ["get", "deployment", "plumbline", "--namespace", "plumbline", "--output=json"];
        let deployment = serde_json::from_str(&self.cluster.kubectl_prints(&get)).unwrap();
        let command = kubelet::command(&self.cluster, &deployment, &self.folder);
        self.operators.push(Replica::of(self.folder.join("pod"), &command));
    }

    /// What the Prometheus operator does with the objects that kube-prometheus-stack selects, on the
    /// operator's process.
    fn starts_prometheus(&mut self) {
        let object = |kind: &str| {
            let selected = "--selector=release=kube-prometheus-stack";
            let get = ["get", kind, "--all-namespaces", selected, "--output=json"];
            let list: Value = serde_json::from_str(&self.cluster.kubectl_prints(&get)).unwrap();
            let [object] = list["items"].as_array().unwrap().as_slice() else { panic!("{list}") };
            object.clone()
        };
        let monitor = object("servicemonitors");
        let endpoint = &monitor["spec"]["endpoints"][0];
        let namespace = monitor["spec"]["namespaceSelector"]["matchNames"][0].as_str().unwrap();
        let replica = self.operators.last().unwrap();
        let address = self.cluster.block_on(async |_| replica.address().await);
        let mut scrape = scrape(endpoint, namespace, &address);
        scrape["scrape_interval"] = endpoint["interval"].clone();
        scrape["scrape_timeout"] = endpoint["scrapeTimeout"].clone();
        let rules = &object("prometheusrules")["spec"];
        let program = &Programs::get().unwrap().prometheus;
        self.prometheus = Some(Prometheus::start(program, &json!([scrape]), rules));
    }
}

/// The commands of a page that are run, in order.
pub(crate) fn shown(page: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut runs = false;
    for line in page.lines().map(str::trim_start) {
        if line.starts_with("```") {
            runs = line == "```console run";
        } else if runs && let Some(command) = line.strip_prefix("$ ") {
            commands.push(Shown { command: command.to_owned(), output: String::new() });
        } else if runs {
            let last = commands.last_mut().expect("a block begins with a command");
            match last.command.strip_suffix('\\') {
                Some(begun) => last.command = format!("{begun}{line}"),
                None => last.output.extend([line, "\n"]),
            }
        }
    }
    commands
}

pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Whether an output is as it is shown: `...` stands for any lines, and an age for any other. Other
/// figures follow from what is declared and must be right.
pub(crate) fn fits(shown: &[&str], actual: &[&str]) -> bool {
    match (shown, actual) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=actual.len()).any(|from| fits(rest, &actual[from..])),
        ([shown, rest @ ..], [actual, others @ ..]) => {
            same_words(shown, actual) && fits(rest, others)
        }
        _ => false,
    }
}

fn same_words(shown: &str, actual: &str) -> bool {
    let (shown, actual): (Vec<_>, Vec<_>) =
        (shown.split_whitespace().collect(), actual.split_whitespace().collect());
    shown.len() == actual.len()
        && shown
            .iter()
            .zip(&actual)
            .all(|(shown, actual)| shown == actual || is_age(shown) && is_age(actual))
}

/// Whether a word is an age as kubectl writes it: `10s`, `5m30s`, `2d`.
fn is_age(word: &str) -> bool {
    let parts: Vec<&str> = word.split_inclusive(|it: char| !it.is_ascii_digit()).collect();
    let is_part = |part: &&str| {
        let figures = part.trim_end_matches(['s', 'm', 'h', 'd', 'y']);
        figures.len() + 1 == part.len() && figures.parse::<u64>().is_ok()
    };
    !parts.is_empty() && parts.iter().all(is_part)
}

#[test]
fn what_is_shown_stands_for_what_differs_from_run_to_run_and_for_nothing_else() {
    for (shown, actual, expected) in [
        ("a  5s\n", "a 10m\n", true),
        ("a\n", "b\n", false),
        ("a\n...\nd\n", "a\nb\nc\nd\n", true),
        ("...\n", "", true),
        ("a\n", "a\nb\n", false),
        ("a 5\n", "a b\n", false),
        ("a 80\n", "a 81\n", false),
        ("a 2d\n", "a 5m30s\n", true),
        ("a 10s\n", "a 10\n", false),
        ("a 10s\n", "a 10s-\n", false),
    ] {
        assert_eq!(fits(&lines(shown), &lines(actual)), expected, "{shown} {actual}");
    }
}

/// Every `verb resource.group` of the table on the page on installing.
#[test]
fn the_rights_on_the_page_on_installing_are_those_of_the_chart() {
    let Some(cluster) = Cluster::shared() else { return };
    let page = fs::read_to_string(repository("docs/install.md")).unwrap();
    let (_, table) = page.split_once("## What it may do in the cluster").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut listed = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, group, resources, verbs, _] = cells[..] else { panic!("{row}") };
        let group = if group == "core" { "" } else { group.trim_matches('`') };
        for resource in resources.split(", ").map(|name| name.trim_matches('`')) {
            let right = |verb: &str| format!("{} {resource}.{group}", verb.trim_matches('`'));
            listed.extend(verbs.split(", ").map(right));
        }
    }
    let mut granted = Vec::new();
    let values =
        ["--set=openReports.enabled=true,webhook.enabled=true,organizations.enabled=true", SECURED];
    for role in render(cluster, "plumbline", "default", &values) {
        let rules = role["rules"].as_array().into_iter().flatten();
        // Whoever reads the metrics has that right, and not the operator.
        for rule in rules.filter(|rule| rule["nonResourceURLs"].is_null()) {
            let texts =
                |name: &str| -> Vec<String> { serde_json::from_value(rule[name].clone()).unwrap() };
            let group = texts("apiGroups").concat();
            for resource in texts("resources") {
                let right = |verb| format!("{verb} {resource}.{group}");
                granted.extend(texts("verbs").into_iter().map(right));
            }
        }
    }
    listed.sort();
    granted.sort();
    assert_eq!(listed, granted);
}

/// What people copy from a page is an object that a cluster takes.
#[test]
fn every_object_in_the_documentation_is_taken_by_a_cluster() {
    let Some(cluster) = Cluster::shared() else { return };
    let mut pages = files(&repository("docs"), ".md");
    pages.push(repository("README.md"));
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for page in pages {
        for (mut object, source) in objects(&page) {
            let Some(kind) = object["kind"].as_str().map(str::to_owned) else { continue };
            if object["apiVersion"] != "plumbline.dev/v1alpha1" || kind == "ControlTest" {
                continue;
            }
            seen += 1;
            let file = folder.path().join(format!("{seen}.json"));
            if object["metadata"].get("namespace").is_some() {
                object["metadata"]["namespace"] = "default".into();
            }
            fs::write(&file, object.to_string()).unwrap();
            let file = file.to_str().unwrap();
            let check = ["apply", "--dry-run=server", "--validate=strict", "--filename", file];
            let output = cluster.kubectl(&check);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {errors}\n{source}", page.display());
        }
    }
    assert!(seen > 8, "{seen} objects");
}

/// The YAML documents in the blocks of a page, each with its text.
fn objects(page: &Path) -> Vec<(Value, String)> {
    let text = fs::read_to_string(page).unwrap();
    let mut found = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        if let Some((_, yaml)) = block.take_if(|_| bare.starts_with("```")) {
            found.extend(documents(&yaml).into_iter().map(|object| (object, yaml.clone())));
        } else if let Some((indent, yaml)) = &mut block {
            yaml.push_str(line.get(*indent..).unwrap_or_default());
            yaml.push('\n');
        } else if bare == "```yaml" {
            block = Some((line.len() - bare.len(), String::new()));
        }
    }
    found
}
