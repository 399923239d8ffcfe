//! The metrics over TLS, for those whom the API server lets: read by a real Prometheus as the chart has it
//! scrape, and refused to whoever has no right.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use http::Request;
use k8s_openapi::jiff::Timestamp;
use kube::{Client, Config, Error};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::Cluster;
use super::operated::{Operated, Replica};
use super::programs::Programs;
use super::prometheus::{Prometheus, scrape};
use super::release::{render, template};
use support::waiting::eventually;

/// The values with which metrics are secured.
pub(crate) const SECURED: &str = "--set=metrics.tls.enabled=true,metrics.tls.secretName=metrics,\
                                  metrics.authorization.enabled=true";

/// The folder that a kubelet mounts into the operator's pod, with a certificate and its key.
pub(crate) struct Mounted<'o> {
    operated: &'o Operated,
    folder: TempDir,
}

impl<'o> Mounted<'o> {
    pub(crate) fn new(operated: &'o Operated) -> Self {
        let mounted = Self { operated, folder: tempfile::tempdir().unwrap() };
        mounted.renew();
        mounted
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts another certificate there.
    fn renew(&self) {
        let service = format!("plumbline.{}.svc", self.operated.release_namespace());
        let names = [service, "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        fs::write(self.file("tls.crt"), made.cert.pem()).unwrap();
        fs::write(self.file("tls.der"), made.cert.der()).unwrap();
        fs::write(self.file("tls.key"), made.signing_key.serialize_pem()).unwrap();
    }

    /// Starts the operator with it.
    pub(crate) async fn start(&self, pod: &str) -> Replica {
        let [chain, key] = ["tls.crt", "tls.key"].map(|name| self.file(name).display().to_string());
        let files = [("--metrics-tls-certificate", &*chain), ("--metrics-tls-key", &*key)];
        let replica = self.operated.start_with(pod, &files).await;
        let trusted = self.trusted();
        eventually("the operator is ready", async || {
            assert!(!replica.has_ended(), "{}", replica.log());
            (read(&replica, &trusted, "/readyz", None).await? == 200).then_some(())
        })
        .await;
        replica
    }

    /// What the pod of `helm test` says of the operator at an address, run here: its exit code, and what
    /// it prints.
    fn helm_test(&self, address: &str) -> (Option<i32>, String) {
        let namespace = self.operated.release_namespace();
        let objects = render(self.operated.cluster, "plumbline", namespace, &[SECURED]);
        let pod = objects.iter().find(|object| object["kind"] == "Pod").unwrap();
        let service = format!("https://plumbline.{namespace}.svc:9464");
        let folder = self.folder.path().display().to_string();
        let words: Vec<String> =
            serde_json::from_value(pod["spec"]["containers"][0]["args"].clone()).unwrap();
        let words = words.iter().filter(|word| !word.starts_with("--timeout"));
        let words = words.map(|word| {
            let word = word.replace("/etc/plumbline/metrics-tls", &folder);
            word.replace(&service, &format!("https://{address}"))
        });
        let output = Command::new(env!("CARGO_BIN_EXE_plumbline")).args(words).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// What whoever reads trusts: the certificate of now.
    pub(crate) fn trusted(&self) -> Vec<u8> {
        fs::read(self.file("tls.der")).unwrap()
    }
}

/// What whoever trusts a certificate and sends a token is answered; nothing where there is no connection.
pub(crate) async fn read(
    replica: &Replica,
    trusted: &[u8],
    path: &str,
    token: Option<&str>,
) -> Option<u16> {
    let mut config = Config::new(format!("https://{}", replica.address().await).parse().unwrap());
    config.root_cert = Some(vec![trusted.to_vec()]);
    let client = Client::try_from(config).unwrap();
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    match client.request_text(request.body(Vec::new()).unwrap()).await {
        Ok(text) if path != "/metrics" || text.contains("\nplumbline_build_info{") => Some(200),
        Ok(text) => panic!("{path}: {text}"),
        Err(Error::Api(status)) => Some(status.code),
        Err(_) => None,
    }
}

/// Tokens of a service account that may read the metrics, and of one that may not.
pub(crate) async fn readers(operated: &Operated) -> [String; 2] {
    let (cluster, namespace) = (operated.cluster, operated.cluster.namespace("monitoring").await);
    for account in ["prometheus", "stranger"] {
        cluster.kubectl_prints(&["create", "serviceaccount", account, "--namespace", &namespace]);
    }
    let role = format!("--clusterrole={}-plumbline-metrics-reader", operated.release_namespace());
    let account = format!("--serviceaccount={namespace}:prometheus");
    cluster.kubectl_prints(&["create", "clusterrolebinding", &namespace, &role, &account]);
    [cluster.token(&namespace, "prometheus").await, cluster.token(&namespace, "stranger").await]
}

#[tokio::test]
async fn prometheus_reads_the_metrics_over_tls_and_whoever_has_no_right_is_refused() {
    let (Some(programs), Some(cluster)) = (Programs::get(), Cluster::own()) else { return };
    let operated = Operated::with_values(cluster, &["--debug-plan"], &[SECURED]).await;
    let mounted = Mounted::new(&operated);
    let replica = mounted.start("plumbline-0").await;
    let [token, strangers] = readers(&operated).await;
    let trusted = mounted.trusted();

    let answers = async |path: &str, token: Option<&str>| {
        read(&replica, &trusted, path, token).await.unwrap()
    };
    assert_eq!(answers("/metrics", None).await, 401);
    assert_eq!(answers("/metrics", Some("a.b.c")).await, 401);
    assert_eq!(answers("/metrics", Some(&strangers)).await, 403);
    eventually("the API server knows the right", async || {
        (answers("/metrics", Some(&token)).await == 200).then_some(())
    })
    .await;
    assert_eq!(answers("/debug/plan", Some(&token)).await, 403);
    for health in ["/healthz", "/readyz"] {
        assert_eq!(answers(health, None).await, 200, "{health}");
    }
    let address = replica.address().await;
    assert!(support::http::ask("GET", &address, "/healthz", "").is_err(), "without TLS");
    let (code, said) = mounted.helm_test(&address);
    assert_eq!((code, said), (Some(0), format!("https://{address} is ready\n")));

    // As the Prometheus operator reads the chart's ServiceMonitor.
    let namespace = operated.release_namespace();
    let values = [SECURED, "--set=serviceMonitor.enabled=true"];
    let objects = render(operated.cluster, "plumbline", namespace, &values);
    let monitor = objects.iter().find(|object| object["kind"] == "ServiceMonitor").unwrap();
    let endpoint = &monitor["spec"]["endpoints"][0];
    let ca = json!({ "secret": { "name": "metrics", "key": "ca.crt" } });
    assert_eq!(endpoint["tlsConfig"]["ca"], ca);
    assert!(endpoint["bearerTokenFile"].as_str().unwrap().ends_with("serviceaccount/token"));
    let file = mounted.file("token");
    fs::write(&file, &token).unwrap();
    let mut scrape = scrape(endpoint, namespace, &address);
    scrape["scheme"] = endpoint["scheme"].clone();
    scrape["tls_config"] = json!({
        "ca_file": mounted.file("tls.crt"), "server_name": endpoint["tlsConfig"]["serverName"],
    });
    scrape["authorization"] = json!({ "credentials_file": file });
    let rules = json!({ "groups": [] });
    let prometheus = Prometheus::start(&programs.prometheus, &json!([scrape]), &rules);
    let scraped = async |since: i64| {
        let query = format!("timestamp(up == 1) > {since}");
        eventually("Prometheus scrapes", async || prometheus.ask(&query).pop().map(drop)).await;
    };
    scraped(0).await;

    // Renewed while it runs: whoever trusts only the one before is no longer answered.
    mounted.renew();
    let renewed = mounted.trusted();
    eventually("the other certificate is served", async || {
        (read(&replica, &renewed, "/metrics", Some(&token)).await? == 200).then_some(())
    })
    .await;
    assert_eq!(read(&replica, &trusted, "/readyz", None).await, None);
    assert_eq!(mounted.helm_test(&address).0, Some(0));
    scraped(Timestamp::now().as_second()).await;
    // Half of a renewal takes nothing away.
    fs::write(mounted.file("tls.key"), "none").unwrap();
    assert_eq!(read(&replica, &renewed, "/readyz", None).await, Some(200));
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(mounted.file("tls.crt"), other.cert.pem()).unwrap();
    let (code, said) = mounted.helm_test(&address);
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("invalid peer certificate"), "{said}");
    assert!(!replica.has_ended());
}

#[test]
fn metrics_are_secured_only_as_a_whole() {
    let Some(cluster) = Cluster::shared() else { return };
    let tls = "metrics.tls.enabled=true";
    for (values, says) in [
        (tls.to_owned(), "set metrics.tls.secretName"),
        ("metrics.authorization.enabled=true".to_owned(), "needs metrics.tls.enabled"),
        (format!("{tls},metrics.tls.certManager.enabled=true"), "needs an issuer"),
        ("metrics.tls.certManager.enabled=true".to_owned(), "needs metrics.tls.enabled"),
        (
            format!("{},podMonitor.enabled=true", SECURED.trim_start_matches("--set=")),
            "needs metrics.authorization.credentials",
        ),
    ] {
        let output = template(cluster, "plumbline", "security", &["--set", &values]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(says), "{values}: {errors}");
    }
}

#[test]
fn cert_manager_makes_the_certificate_of_the_metrics() {
    let Some(cluster) = Cluster::shared() else { return };
    let values = "--set=metrics.tls.enabled=true,metrics.tls.certManager.enabled=true,\
                  metrics.tls.certManager.issuerRef.name=internal,podMonitor.enabled=true";
    let objects = render(cluster, "plumbline", "security", &[values]);
    let of_kind = |kind: &str| objects.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
    let [certificate] = of_kind("Certificate")[..] else { panic!("no Certificate") };
    assert_eq!(certificate["spec"]["secretName"], "plumbline-metrics");
    assert_eq!(certificate["spec"]["dnsNames"][0], "plumbline.security.svc");
    let [monitor] = of_kind("PodMonitor")[..] else { panic!("no PodMonitor") };
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    assert_eq!(endpoint["tlsConfig"]["ca"]["secret"]["name"], "plumbline-metrics");
    assert_eq!((&endpoint["scheme"], &endpoint["authorization"]), (&json!("https"), &Value::Null));
    let [deployment] = of_kind("Deployment")[..] else { panic!("no Deployment") };
    let text = deployment.to_string();
    assert!(text.contains("\"secretName\":\"plumbline-metrics\""), "{text}");
    assert!(!text.contains("--metrics-authorization"), "{text}");
    assert!(!objects.iter().any(|it| it.to_string().contains("tokenreviews")));
}
