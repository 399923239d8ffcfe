//! A real Prometheus on the operator, as the chart says: alerts that fire and clear, and every query of
//! every panel and rule, with data, without, and once the operator is gone.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use api::{Attestation, AwsOrganization, Exemption, SecurityBaseline};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::live_accounts::{Live, TEAM, role};
use super::operated::create;
use super::programs::Programs;
use super::release::render;
use super::supervised::Supervised;
use super::yaml::{files, repository};
use support::http;
use support::waiting::eventually;

const DASHBOARDS: [&str; 3] = ["plumbline-operator", "plumbline-overview", "plumbline-owner"];

/// Thresholds that a test can wait for.
const QUICK: &str = "prometheusRule.enabled=true,serviceMonitor.enabled=true,\
                     prometheusRule.thresholds.criticalDriftFor=0s,\
                     prometheusRule.thresholds.keepFiringFor=0s,\
                     prometheusRule.thresholds.operatorAbsentFor=0s";

/// A running Prometheus. It ends with the test.
pub(crate) struct Prometheus {
    pub(crate) address: String,
    _process: Supervised,
    _folder: TempDir,
}

fn run(program: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).current_dir(repository("")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {text}", program.display());
    text
}

fn paths(files: &[PathBuf]) -> Vec<&str> {
    files.iter().map(|path| path.to_str().unwrap()).collect()
}

#[test]
fn alerts_fire_and_resolve_as_their_cases_say() {
    let Some(programs) = Programs::get() else { return };
    run(&programs.promtool, &["check", "rules", "deploy/prometheus/plumbline.rules.yaml"]);
    let cases = files(&repository("tests/prometheus/rules"), ".yaml");
    assert!(cases.len() > 15, "{cases:?}");
    run(&programs.promtool, &[&["test", "rules"][..], &paths(&cases)].concat());
}

#[test]
fn grafanas_own_types_take_every_dashboard() {
    let Some(programs) = Programs::get() else { return };
    let dashboards = files(&repository("deploy/grafana"), ".json");
    assert_eq!(dashboards.len(), DASHBOARDS.len());
    run(&programs.load_dashboards, &paths(&dashboards));
}

#[test]
fn each_owners_drift_goes_to_its_receiver() {
    let Some(programs) = Programs::get() else { return };
    let routes = "deploy/alertmanager/routes.yaml";
    run(&programs.amtool, &["check-config", routes]);
    let config = format!("--config.file={routes}");
    for (labels, receiver) in [
        ("alertname=PlumblineCriticalDrift owner=payments severity=critical", "payments"),
        ("alertname=PlumblineDriftOverdue owner=checkout", "shop"),
        ("alertname=PlumblineDriftGrowing owner=shop", "shop"),
        ("alertname=PlumblineCriticalDrift owner=nobody", "platform"),
        ("alertname=PlumblineCriticalDrift owner=(others)", "platform"),
        ("alertname=PlumblineCriticalDrift", "platform"),
        ("alertname=PlumblineCredentialsFailing owner=payments", "platform"),
        ("alertname=PlumblineOperatorAbsent severity=critical", "platform-on-call"),
    ] {
        let mut arguments = vec!["config", "routes", "test", &config];
        let verify = format!("--verify.receivers={receiver}");
        arguments.push(&verify);
        arguments.extend(labels.split(' '));
        run(&programs.amtool, &arguments);
    }
}

impl Prometheus {
    /// Starts one with these targets and rules.
    pub(crate) fn start(program: &Path, scrapes: &Value, rules: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rule_file = folder.path().join("rules.json");
        fs::write(&rule_file, json!({ "groups": rules["groups"] }).to_string()).unwrap();
        let config = json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": [rule_file],
            "scrape_configs": scrapes,
        });
        let config_file = folder.path().join("prometheus.json");
        fs::write(&config_file, config.to_string()).unwrap();
        // Free for now: it must be given a port.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let arguments = [
            format!("--config.file={}", config_file.display()),
            format!("--storage.tsdb.path={}", folder.path().join("data").display()),
            format!("--web.listen-address={address}"),
        ];
        let process = Supervised::start(&folder.path().join("process"), program, &arguments);
        Self { address, _process: process, _folder: folder }
    }

    fn get(&self, path: &str) -> Option<Value> {
        let (_, body) = http::ask("GET", &self.address, path, "").ok()?;
        serde_json::from_str(&body).ok()
    }

    /// The series that a query gives now, each with its labels and value.
    pub(crate) fn ask(&self, query: &str) -> Vec<(Value, f64)> {
        let mut path = String::from("/api/v1/query?query=");
        for byte in query.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => path.push(char::from(byte)),
                _ => write!(path, "%{byte:02X}").unwrap(),
            }
        }
        let Some(answer) = self.get(&path) else { return Vec::new() };
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let series = answer["data"]["result"].as_array().unwrap().iter();
        let number = |series: &Value| series["value"][1].as_str().unwrap().parse().unwrap();
        series.map(|series| (series["metric"].clone(), number(series))).collect()
    }

    /// The labels of the alerts of a name that fire.
    fn firing(&self, alert: &str) -> Vec<Value> {
        let query = format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}");
        self.ask(&query).into_iter().map(|(labels, _)| labels).collect()
    }

    async fn is_up(&self) {
        eventually("Prometheus answers", async || self.get("/api/v1/rules").map(drop)).await;
    }
}

/// What the chart renders for Prometheus: how the operator is scraped, and the rules.
fn rendered(live: &Live, address: &str) -> (Value, Value) {
    let objects = render(live.operated.cluster, "plumbline", "monitoring", &["--set", QUICK]);
    let of = |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap();
    let endpoint = &of("ServiceMonitor")["spec"]["endpoints"][0];
    let scrape = json!([scrape(endpoint, "monitoring", address)]);
    (scrape, of("PrometheusRule")["spec"].clone())
}

/// How the Prometheus operator has an endpoint of a `ServiceMonitor` scraped, in a namespace.
pub(crate) fn scrape(endpoint: &Value, namespace: &str, address: &str) -> Value {
    json!({
        "job_name": "plumbline",
        "metrics_path": endpoint["path"],
        "honor_labels": endpoint["honorLabels"],
        "static_configs": [{
            "targets": [address],
            "labels": { "namespace": namespace, "pod": "plumbline-0" },
        }],
    })
}

/// Every query of every panel, with what Grafana puts for its variables.
fn panel_queries(namespace: &str) -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for name in DASHBOARDS {
        let path = repository("deploy/grafana").join(format!("{name}.json"));
        let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let mut query = target["expr"].as_str().unwrap().to_owned();
                for (variable, value) in [
                    ("$namespace", namespace),
                    ("$__rate_interval", "20s"),
                    ("$__range", "1m"),
                    ("$baseline", ".*"),
                    ("$account", ".*"),
                    ("$region", ".*"),
                    ("$owner", ".*"),
                ] {
                    query = query.replace(variable, value);
                }
                queries.push((format!("{name}: {}", panel["title"]), query));
            }
        }
    }
    queries
}

/// The queries of every rule.
fn rule_queries(rules: &Value) -> Vec<(String, String)> {
    let groups = rules["groups"].as_array().unwrap().iter();
    let rules = groups.flat_map(|group| group["rules"].as_array().unwrap());
    let of = |rule: &Value| {
        (format!("{}{}", rule["alert"], rule["record"]), rule["expr"].as_str().unwrap().to_owned())
    };
    rules.map(of).collect()
}

/// A baseline of which everything can be seen: critical drift, an exemption, an attestation, and in
/// another namespace an account that cannot be reached.
async fn declare(live: &Live) -> (String, String) {
    let namespace = live.operated.cluster.namespace("prometheus").await;
    let account = live.account(&namespace).await;
    let now = Timestamp::now();
    let exemption = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Exemption",
        "metadata": { "name": "legacy", "namespace": namespace },
        "spec": {
            "baseline": "production",
            "controls": ["s3-bucket-versioning"],
            "resources": [{ "ids": [format!("orders-{account}-us-east-1")] }],
            "reason": "a test",
            "approvedBy": "a test",
            "approvedAt": now - SignedDuration::from_mins(1),
            "expiresAt": now + SignedDuration::from_hours(48),
        },
    });
    create(&live.operated.api::<Exemption>(&namespace).await, exemption).await;
    let attestation = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Attestation",
        "metadata": { "name": "review", "namespace": namespace },
        "spec": {
            "controls": ["access-review"],
            "owner": "a test",
            "evidence": [{ "url": "https://example.com/review", "description": "a test" }],
            "performedAt": now - SignedDuration::from_mins(1),
            "validUntil": now + SignedDuration::from_hours(48),
        },
    });
    create(&live.operated.api::<Attestation>(&namespace).await, attestation).await;
    baseline(live, &namespace).await;
    live.add_queue(&account).await;
    let organization = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "AwsOrganization",
        "metadata": { "name": "acme" },
        "spec": {
            "organizationId": "o-exampleorgid",
            "accountId": account,
            "template": {
                "role": { "name": "plumbline" },
                "regions": { "names": ["eu-west-1"] },
                "source": { "configApi": {} },
            },
        },
    });
    create(&Api::<AwsOrganization>::all(live.operated.client().await), organization).await;

    let elsewhere = live.operated.cluster.namespace("prometheus-other").await;
    let other = live.account(&elsewhere).await;
    let patch = Patch::Merge(json!({ "spec": { "role": role(&other, "another-word") } }));
    let accounts = live.accounts().await;
    accounts.patch(&format!("live-{other}"), &PatchParams::default(), &patch).await.unwrap();
    baseline(live, &elsewhere).await;
    (namespace, account)
}

async fn baseline(live: &Live, namespace: &str) {
    let object = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": "production", "namespace": namespace },
        "spec": {
            "accounts": { "selector": { "matchLabels": { "of": namespace } } },
            "controls": [
                { "name": "s3-bucket-versioning", "severity": "Critical" },
                { "name": "access-review" },
            ],
            "interval": "30m",
            "owner": { "tagKeys": ["team"], "accountLabels": ["of"] },
        },
    });
    create(&live.operated.api::<SecurityBaseline>(namespace).await, object).await;
}

#[tokio::test]
async fn an_alert_names_the_drift_and_clears_and_no_query_takes_absence_for_health() {
    let Some(programs) = Programs::get() else { return };
    let Some(live) = Live::start(&[]).await else { return };
    let (namespace, account) = declare(&live).await;
    let address = live.replica.address().await;
    let (scrapes, rules) = rendered(&live, &address);
    let prometheus = Prometheus::start(&programs.prometheus, &scrapes, &rules);
    let empty = Prometheus::start(&programs.prometheus, &json!([]), &rules);
    prometheus.is_up().await;
    empty.is_up().await;

    // It drifts: the alert says whose and where.
    let alert =
        eventually("the alert fires", async || prometheus.firing("PlumblineCriticalDrift").pop())
            .await;
    for (label, value) in [
        ("namespace", namespace.as_str()),
        ("baseline", "production"),
        ("owner", TEAM),
        ("account", &account),
        ("region", "eu-west-1"),
        ("control", "s3-bucket-versioning"),
        ("severity", "critical"),
    ] {
        assert_eq!(alert[label], value, "{alert}");
    }

    // So does the finding; and where no tag says, the label of the account does.
    let finding = live.finding(&account, "eu-west-1").unwrap();
    assert_eq!(finding["Resources"][0]["Tags"], json!({ "team": TEAM }));
    assert_eq!(finding["ProductFields"]["plumbline/owner"], TEAM);
    let query = format!("plumbline_account_info{{account=\"{account}\",owner=\"{namespace}\"}}");
    assert_eq!(prometheus.ask(&query).len(), 1, "{query}");

    // With data every panel shows something, and every rule runs.
    let panels = panel_queries(&namespace);
    assert!(panels.len() > 40, "{}", panels.len());
    for (name, query) in &panels {
        eventually(&format!("{name} shows something: {query}"), async || {
            (!prometheus.ask(query).is_empty()).then_some(())
        })
        .await;
    }
    for (_, query) in rule_queries(&rules) {
        prometheus.ask(&query);
    }
    let recorded = prometheus.ask("{__name__=~\".+:plumbline_.+\"}");
    assert!(recorded.len() >= 4, "{recorded:?}");
    let (_, metrics) = live.replica.get("/metrics").await;
    checked(&programs.promtool, &metrics);

    // It is fixed: the alert clears.
    live.set_versioning(&account, "eu-west-1", "Enabled");
    live.operated.ask(&namespace, "fixed").await;
    eventually("the alert clears", async || {
        prometheus.firing("PlumblineCriticalDrift").is_empty().then_some(())
    })
    .await;
    assert_eq!(prometheus.firing("PlumblineOperatorAbsent"), Vec::<Value>::new());

    // Without data nothing is a number, whatever it would say.
    shows_nothing(&empty, &panels).await;
    // Nor once the operator is gone: what it said is no longer so.
    let Live { replica, .. } = live;
    replica.stop().await;
    shows_nothing(&prometheus, &panels).await;
    // What counts over the last minutes may have counted something while it was there.
    let counted = "PlumblinePublishingFailing|PlumblineThrottled|PlumblineInternalErrors|\
                   PlumblineArchivesGivenUp";
    for (prometheus, counted) in [(&empty, ""), (&prometheus, counted)] {
        eventually("the absence is reported", async || {
            prometheus.firing("PlumblineOperatorAbsent").pop()
        })
        .await;
        let others = format!("ALERTS{{alertname!~\"PlumblineOperatorAbsent|{counted}\"}}");
        let others = prometheus.ask(&others);
        assert!(others.is_empty(), "{others:?}");
    }
}

async fn shows_nothing(prometheus: &Prometheus, panels: &[(String, String)]) {
    for (name, query) in panels {
        eventually(&format!("{name} shows no number of nothing: {query}"), async || {
            prometheus.ask(query).is_empty().then_some(())
        })
        .await;
    }
}

/// `promtool check metrics` finds nothing.
fn checked(promtool: &Path, metrics: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics");
    fs::write(&file, metrics).unwrap();
    let output = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let found = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && found.trim().is_empty(), "{found}");
}
