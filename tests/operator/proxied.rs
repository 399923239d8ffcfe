//! The chart's `proxy`, `caBundle` and `traces`, in force: an operator whose way to AWS leads through a
//! proxy that inspects TLS, with an authority that nobody knows but the values.

use std::fs;
use std::path::PathBuf;

use api::SecurityBaseline;
use kube::Api;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::{Cluster, install_crds};
use super::kubelet;
use super::live_accounts::{EXTERNAL_ID, bucket, role};
use super::operated::{Replica, baseline_says};
use super::release::Release;
use super::supervised::Supervised;
use super::yaml::repository;
use support::collector::{Collector, spans};
use support::double::{Double, KEY, State};
use support::waiting::eventually;

/// A name that nobody but the proxy knows.
const AWS: &str = "aws.plumbline.test";
/// Where AWS and a collector are without the proxy, with TLS of the same authority.
const DIRECT: &str = "127.0.0.2";
const OPERATORS: &str = "999988887777";
const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

struct Proxy {
    /// Of the proxy, of AWS and of the collector.
    ports: [u16; 3],
    folder: TempDir,
    _process: Supervised,
}

impl Proxy {
    async fn start(double: &Double, collector: &Collector) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = repository(".cache/venv/bin/python");
        let upstream = |address: &str| address.trim_start_matches("http://").to_owned();
        let arguments = [
            repository("tests/operator/inspecting_proxy.py").display().to_string(),
            folder.path().display().to_string(),
            upstream(double.address()),
            upstream(&collector.address),
        ];
        let process = Supervised::start(&folder.path().join("process"), &python, &arguments);
        let log = folder.path().join("process/log");
        let ports = eventually("the proxy listens", async || {
            assert!(!process.has_ended(), "{}", process.log());
            let text = fs::read_to_string(&log).unwrap_or_default();
            let ports = text.split_once('\n')?.0.split(' ').map(|it| it.parse().unwrap());
            Some(ports.collect::<Vec<u16>>().try_into().unwrap())
        })
        .await;
        Self { ports, folder, _process: process }
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The connections so far that a line begins so for.
    fn connections(&self, beginning: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("process/log")).unwrap();
        let lines = text.lines().skip(1).filter(|line| line.starts_with(beginning));
        lines.map(str::to_owned).collect()
    }
}

/// One account that a role leads to, with a bucket that drifts.
fn state() -> State {
    let roles = json!({ "plumbline": { "externalId": EXTERNAL_ID, "trusted": [OPERATORS] } });
    let items = json!([bucket(ACCOUNT, REGION, "orders", "Suspended")]);
    State::of(&[OPERATORS, ACCOUNT], &[REGION])
        .account(ACCOUNT, "roles", roles)
        .region(ACCOUNT, REGION, "items", items)
}

/// What all values have: the proxy, AWS at that address, an account and its baseline.
fn values(proxy: &Proxy, aws: &str) -> Value {
    json!({
        "aws": { "region": REGION, "endpointUrl": aws },
        "proxy": { "https": format!("http://127.0.0.1:{}", proxy.ports[0]) },
        "traces": { "endpoint": format!("https://{DIRECT}:{}", proxy.ports[2]) },
        "extraEnv": [
            { "name": "AWS_ACCESS_KEY_ID", "value": KEY },
            { "name": "AWS_SECRET_ACCESS_KEY", "value": KEY },
        ],
        "accounts": [{ "name": "payments", "spec": {
            "accountId": ACCOUNT,
            "regions": [REGION],
            "role": role(ACCOUNT, EXTERNAL_ID),
            "source": { "configApi": {} },
            "allowedNamespaces": { "selector": {} },
        }}],
        "baselines": [{ "name": "production", "spec": {
            "accounts": { "names": ["payments"] },
            "controls": [{ "name": "s3-bucket-versioning" }],
        }}],
    })
}

/// A release whose values change, and its pod.
struct Installed<'c> {
    cluster: &'c Cluster,
    release: Release<'c>,
    folder: TempDir,
}

impl<'c> Installed<'c> {
    async fn with(cluster: &'c Cluster, values: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("values.json");
        fs::write(&file, values.to_string()).unwrap();
        let release = Release::install(cluster, &["--values", file.to_str().unwrap()]).await;
        Self { cluster, release, folder }
    }

    fn change(&self, values: &Value) {
        let file = self.folder.path().join("values.json");
        fs::write(&file, values.to_string()).unwrap();
        self.release.upgrade(&["--values", file.to_str().unwrap()]);
    }

    async fn pod(&self, name: &str) -> Replica {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        let deployment = self.release.deployment().await;
        let command = kubelet::command(self.cluster, &deployment, &folder);
        let replica = Replica::of(folder.join("process"), &command);
        replica.ready().await;
        replica
    }

    async fn is_published(&self, replica: &Replica) {
        let namespace = &self.release.namespace;
        let baselines: Api<SecurityBaseline> =
            Api::namespaced(self.cluster.client().await, namespace);
        eventually("the drift is published", async || {
            let baseline = baselines.get("production").await.unwrap();
            let says = |type_| baseline_says(&baseline, type_);
            let is_published = says("Published") == Some(("True", "Published"));
            let is_drifting = says("Compliant") == Some(("False", "Drift"));
            assert!(!replica.has_ended(), "{}", replica.log());
            (is_published && is_drifting).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn aws_is_called_through_the_proxy_of_the_values_and_trusted_by_their_authorities() {
    let (Some(double), Some(cluster)) = (Double::start(&state()), Cluster::own()) else { return };
    install_crds(&cluster.client().await, api::crds()).await;
    let collector = Collector::start();
    let proxy = Proxy::start(&double, &collector).await;

    // The way leads through the proxy, and the chart alone trusts no such authority.
    let untrusting = values(&proxy, &format!("https://{AWS}"));
    let installed = Installed::with(&cluster, &untrusting).await;
    let replica = installed.pod("untrusting").await;
    eventually("nobody vouches for AWS", async || {
        let refused = proxy.connections(&format!("no TLS for proxied {AWS}:443"));
        refused.iter().any(|it| it.contains("unknown ca")).then_some(())
    })
    .await;
    replica.stop().await;
    assert_eq!(double.calls().total(), 0);
    assert_eq!(proxy.connections("proxied "), Vec::<String>::new());

    // With the bundle it is called, through the proxy and never beside it; so is the collector, which is
    // to be called without.
    let from_file = format!("--from-file=authority.pem={}", proxy.authority().display());
    let namespace = &installed.release.namespace;
    let create = ["create", "configmap", "authorities", &from_file, "--namespace", namespace];
    cluster.kubectl_prints(&create);
    let mut trusting = untrusting.clone();
    trusting["caBundle"] = json!({ "configMap": "authorities" });
    trusting["proxy"]["noProxy"] = json!([DIRECT]);
    installed.change(&trusting);
    let replica = installed.pod("trusting").await;
    installed.is_published(&replica).await;
    replica.stop().await;
    assert_eq!(double.findings().len(), 1);
    for operation in ["AssumeRole", "SelectResourceConfig", "BatchImportFindings"] {
        assert!(double.calls().ok(operation) > 0, "{operation}");
    }
    let proxied = proxy.connections("proxied ");
    assert!(!proxied.is_empty());
    assert!(proxied.iter().all(|it| *it == format!("proxied {AWS}:443")), "{proxied:?}");
    assert_eq!(proxy.connections("direct aws"), Vec::<String>::new());
    assert!(!proxy.connections("direct collector").is_empty());
    let bodies: Vec<Vec<u8>> = collector.bodies.try_iter().collect();
    assert!(!spans(&bodies).is_empty());

    // Whom the values name is called without the proxy.
    double.forget_calls();
    trusting["aws"]["endpointUrl"] = format!("https://{DIRECT}:{}", proxy.ports[1]).into();
    installed.change(&trusting);
    let replica = installed.pod("direct").await;
    eventually("AWS is called", async || {
        (double.calls().ok("SelectResourceConfig") > 0).then_some(())
    })
    .await;
    replica.stop().await;
    assert_eq!(proxy.connections("proxied "), proxied);
    assert!(!proxy.connections("direct aws").is_empty());
}
