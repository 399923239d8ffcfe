//! An etcd and a kube-apiserver of the tests' own, with RBAC on, on loopback.
//!
//! Nothing else of Kubernetes runs: no pods start, nothing collects garbage, and a deleted namespace
//! stays `Terminating`.

mod address;
mod tools;

use std::fs;
use std::io::{Write as _, stderr}; // past the harness's capture: how long it took shows
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ListParams, PostParams};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ObjectMeta, Request};
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use tokio::runtime;

use super::programs::Programs;
use super::supervised::Supervised;
use address::{AUDIT, AUDIT_LOG, AUDIT_POLICY, Address};
use support::waiting::{DEADLINE, eventually};
pub(crate) use tools::Helm;

/// How often ports are chosen again after somebody else took them in between.
const ATTEMPTS: usize = 3;

/// A running etcd and kube-apiserver. Both end with it, or with the test process.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: &'static Programs,
    folder: PathBuf,
    address: Address,
    etcd: Supervised,
    /// `None` while it is down.
    api_server: Mutex<Option<Supervised>>,
}

impl Cluster {
    /// The cluster that all tests share, with the CRDs; `None`, said aloud, where it cannot be had.
    pub(crate) fn shared() -> Option<&'static Self> {
        // Lazy, so that a cluster that fails to come up fails every test at once.
        static SHARED: LazyLock<Option<Cluster>> = LazyLock::new(|| {
            let cluster = Cluster::own()?;
            cluster.block_on(async |client| install_crds(&client, api::crds()).await);
            Some(cluster)
        });
        Programs::get()?;
        SHARED.as_ref()
    }

    /// A cluster for one test, with no CRDs; `None`, said aloud, where it cannot be had.
    pub(crate) fn own() -> Option<Self> {
        Programs::get().map(|programs| Self::start(programs, false))
    }

    /// The same, with an API server that writes down every request.
    pub(crate) fn audited() -> Option<Self> {
        Programs::get().map(|programs| Self::start(programs, true))
    }

    /// One that tests share with every definition that the charts have objects of, and no operator.
    pub(crate) fn equipped() -> Option<&'static Self> {
        static EQUIPPED: LazyLock<Option<Cluster>> = LazyLock::new(|| {
            let cluster = Cluster::own()?;
            cluster.block_on(async |_| cluster.install_every_definition().await);
            Some(cluster)
        });
        Programs::get()?;
        EQUIPPED.as_ref()
    }

    fn start(programs: &'static Programs, audited: bool) -> Self {
        let begun = Instant::now();
        for _ in 0..ATTEMPTS {
            if let Some(cluster) = Self::attempt(programs, audited) {
                let took = begun.elapsed().as_secs_f64();
                _ = writeln!(stderr(), "kube-apiserver and etcd are ready after {took:.1} s");
                return cluster;
            }
        }
        panic!("etcd and kube-apiserver do not start: what they said stands above");
    }

    /// Starts both and waits until they are ready. `None` when one of them ended.
    fn attempt(programs: &'static Programs, audited: bool) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("plumbline-cluster-").tempdir().unwrap();
        let folder = folder.keep(); // removed by those who supervise the processes
        let address = Address::free();
        fs::create_dir(folder.join("kube-apiserver")).unwrap();
        if audited {
            fs::write(folder.join("kube-apiserver").join(AUDIT_POLICY), AUDIT).unwrap();
        }
        let user = format!("{},admin,admin,\"system:masters\"\n", address.token);
        fs::write(folder.join("kube-apiserver/tokens.csv"), user).unwrap();
        let etcd = Supervised::start(
            &folder.join("etcd"),
            &programs.etcd,
            &address.etcd_arguments(&folder.join("etcd")),
        );
        let api_server = address.start_api_server(programs, &folder);
        let cluster =
            Self { programs, folder, address, etcd, api_server: Mutex::new(Some(api_server)) };
        cluster.becomes_ready().then_some(cluster)
    }

    /// Whether the API server answers that it is ready; `false` when it has ended.
    fn becomes_ready(&self) -> bool {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if self.answers_ready() {
                return true;
            }
            let api_server = self.api_server.lock().unwrap();
            let ended =
                self.etcd.has_ended() || api_server.as_ref().is_none_or(Supervised::has_ended);
            if ended || Instant::now() > deadline {
                let log = api_server.as_ref().map(Supervised::log).unwrap_or_default();
                _ = writeln!(stderr(), "etcd: {}\nkube-apiserver: {log}", self.etcd.log());
                return false;
            }
            drop(api_server);
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn answers_ready(&self) -> bool {
        // The API server writes the certificate with which it will answer.
        if !self.authority().is_file() {
            return false;
        }
        fs::write(self.kubeconfig(), self.kubeconfig_text(&self.address.token)).unwrap();
        self.block_on(async |client| {
            let request = Request::new("/readyz").list(&ListParams::default()).unwrap();
            client.request_text(request).await.is_ok_and(|text| text == "ok")
        })
    }

    /// Runs what needs a client, from a place that is not asynchronous.
    pub(crate) fn block_on<T: Send>(&self, run: impl AsyncFnOnce(Client) -> T + Send) -> T {
        thread::scope(|scope| {
            // A thread of its own, since the caller may be inside a runtime.
            let ran = scope.spawn(|| {
                let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { run(self.client().await).await })
            });
            ran.join().unwrap()
        })
    }

    /// Ends the API server, and starts it again on the same address; returns when it is ready.
    pub(crate) fn restart_api_server(&self) {
        self.kill_api_server();
        let api_server = self.address.start_api_server(self.programs, &self.folder);
        *self.api_server.lock().unwrap() = Some(api_server);
        assert!(self.becomes_ready(), "kube-apiserver does not start again: see above");
    }

    /// Ends the API server without a word.
    pub(crate) fn kill_api_server(&self) {
        let api_server = self.api_server.lock().unwrap().take();
        api_server.expect("it runs").kill();
    }

    /// Stops etcd where it is.
    pub(crate) fn pause_etcd(&self) {
        self.etcd.signal("STOP");
    }

    /// Lets etcd go on.
    pub(crate) fn resume_etcd(&self) {
        self.etcd.signal("CONT");
    }

    /// What whoever has this name asked an audited API server, so far.
    pub(crate) fn asked_by(&self, user: &str) -> Vec<Value> {
        let log = fs::read_to_string(self.folder.join("kube-apiserver").join(AUDIT_LOG)).unwrap();
        // A line that is being written ends nowhere yet.
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|request| request["user"]["username"] == user).collect()
    }

    /// The administrator's kubeconfig file.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kube-apiserver/admin.kubeconfig")
    }

    /// Writes a kubeconfig file for whoever holds a token.
    pub(crate) fn write_kubeconfig(&self, path: &Path, token: &str) {
        fs::write(path, self.kubeconfig_text(token)).unwrap();
    }

    /// A client as the administrator.
    pub(crate) async fn client(&self) -> Client {
        self.client_with(&self.address.token).await
    }

    /// A client as whoever holds a token.
    pub(crate) async fn client_with(&self, token: &str) -> Client {
        let kubeconfig = Kubeconfig::from_yaml(&self.kubeconfig_text(token)).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        Client::try_from(config).unwrap()
    }

    /// A new namespace, whose name begins so.
    pub(crate) async fn namespace(&self, prefix: &str) -> String {
        let namespace = Namespace {
            metadata: ObjectMeta {
                generate_name: Some(format!("{prefix}-")),
                ..Default::default()
            },
            ..Default::default()
        };
        let namespaces: Api<Namespace> = Api::all(self.client().await);
        let created = namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        created.metadata.name.unwrap()
    }

    /// A token of a service account, from the API that gives pods theirs.
    pub(crate) async fn token(&self, namespace: &str, service_account: &str) -> String {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client().await, namespace);
        let request = TokenRequest::default();
        let answer = accounts
            .create_token_request(service_account, &PostParams::default(), &request)
            .await
            .unwrap();
        answer.status.unwrap().token.unwrap()
    }

    fn authority(&self) -> PathBuf {
        self.folder.join("kube-apiserver/certificates/apiserver.crt")
    }

    fn kubeconfig_text(&self, token: &str) -> String {
        let server = format!("https://127.0.0.1:{}", self.address.api_server);
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{
                "name": "test",
                "cluster": { "server": server, "certificate-authority": self.authority() },
            }],
            "users": [{ "name": "test", "user": { "token": token } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        })
        .to_string()
    }
}

/// Installs CRDs and waits until they are served. The API server's warnings are failures.
pub(crate) async fn install_crds(client: &Client, crds: Vec<CustomResourceDefinition>) {
    for crd in &crds {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let body = serde_json::to_vec(crd).unwrap();
        let request = Request::new(path).create(&PostParams::default(), body).unwrap();
        let response = client.send(request.map(Body::from)).await.unwrap();
        let name = crd.metadata.name.as_deref().unwrap();
        let warnings: Vec<_> = response.headers().get_all("warning").iter().collect();
        assert!(warnings.is_empty(), "{name}: {warnings:?}");
        let status = response.status();
        let body = response.into_body().collect_bytes().await.unwrap();
        assert!(status.is_success(), "{name}: {}", String::from_utf8_lossy(&body));
    }
    let installed: Api<CustomResourceDefinition> = Api::all(client.clone());
    for crd in crds {
        let name = crd.metadata.name.unwrap();
        eventually(&format!("{name} is established"), async || {
            let crd = installed.get(&name).await.unwrap();
            let conditions = crd.status.and_then(|status| status.conditions).unwrap_or_default();
            let holds = |kind: &str| {
                conditions.iter().any(|each| each.type_ == kind && each.status == "True")
            };
            (holds("Established") && holds("NamesAccepted")).then_some(())
        })
        .await;
    }
}
