//! Where etcd and kube-apiserver listen, and how they are started there.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;

use crate::programs::Programs;
use crate::supervised::Supervised;

/// What an audited API server writes down: who asked for what, and what came of it.
pub(super) const AUDIT: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";
pub(super) const AUDIT_POLICY: &str = "audit-policy.yaml";
pub(super) const AUDIT_LOG: &str = "audit.log";

/// Where the two listen, and the administrator's token.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) etcd: u16,
    pub(super) etcd_peer: u16,
    pub(super) api_server: u16,
    pub(super) token: String,
}

impl Address {
    pub(super) fn free() -> Self {
        // All three are bound at once, so that they differ.
        let listeners = [0; 3].map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap());
        let [etcd, etcd_peer, api_server] =
            listeners.map(|listener| listener.local_addr().unwrap().port());
        let mut random = [0_u8; 16];
        fs::File::open("/dev/urandom").unwrap().read_exact(&mut random).unwrap();
        Self { etcd, etcd_peer, api_server, token: format!("{:032x}", u128::from_ne_bytes(random)) }
    }

    pub(super) fn etcd_arguments(&self, folder: &Path) -> Vec<String> {
        let clients = format!("http://127.0.0.1:{}", self.etcd);
        let peers = format!("http://127.0.0.1:{}", self.etcd_peer);
        vec![
            "--name=test".to_owned(),
            format!("--data-dir={}", folder.join("data").display()),
            format!("--listen-client-urls={clients}"),
            format!("--advertise-client-urls={clients}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=test={peers}"),
            "--unsafe-no-fsync".to_owned(), // what is lost with the machine is not missed
            "--log-level=warn".to_owned(),
        ]
    }

    pub(super) fn start_api_server(&self, programs: &Programs, folder: &Path) -> Supervised {
        let folder = folder.join("kube-apiserver");
        let certificates = folder.join("certificates");
        // The API server makes this key for its own certificate before it needs one for tokens.
        let key = certificates.join("apiserver.key").display().to_string();
        let mut arguments = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd),
            format!("--cert-dir={}", certificates.display()),
            format!("--secure-port={}", self.api_server),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={key}"),
            format!("--service-account-signing-key-file={key}"),
            format!("--token-auth-file={}", folder.join("tokens.csv").display()),
            "--authorization-mode=RBAC".to_owned(),
            // As some distributions have it: who names an owner may set the owner's finalizers.
            "--enable-admission-plugins=OwnerReferencesPermissionEnforcement".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            // Nothing routes the address of a Service here: webhooks are called at its endpoints.
            "--enable-aggregator-routing=true".to_owned(),
            "--profiling=false".to_owned(),
        ];
        let policy = folder.join(AUDIT_POLICY);
        if policy.is_file() {
            arguments.push(format!("--audit-policy-file={}", policy.display()));
            arguments.push(format!("--audit-log-path={}", folder.join(AUDIT_LOG).display()));
        }
        Supervised::start(&folder, &programs.kube_apiserver, &arguments)
    }
}
