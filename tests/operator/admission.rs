//! What the chart's admission policies refuse on a real API server, of a tenant whose Role has every verb
//! on everything of Plumbline's in its namespace.

use std::process::Output;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cluster::{Cluster, install_crds};
use super::release::Release;
use support::waiting::eventually;

/// A cluster with the chart, and a tenant.
struct TenantCluster {
    cluster: Cluster,
    namespace: String,
    folder: tempfile::TempDir,
}

const TENANT: &str = "--as=alice@example.com";
const GROUP: &str = "--as-group=system:authenticated";

impl TenantCluster {
    /// Installs the chart with these values in as many namespaces as there are of them, and waits until
    /// its policies are in force.
    async fn with(releases: &[&[&str]]) -> Option<(Self, Vec<String>)> {
        let cluster = Cluster::own()?;
        install_crds(&cluster.client().await, api::crds()).await;
        let mut namespaces = Vec::new();
        for values in releases {
            namespaces.push(Release::install(&cluster, values).await.namespace);
        }
        let namespace = cluster.namespace("tenant").await;
        let tenants = Self { cluster, namespace, folder: tempfile::tempdir().unwrap() };
        tenants.grants_everything();
        let rejected = async || {
            let refused = tenants.creates(TENANT, &exemption("ceo@example.com"), true);
            refused.contains("denied request").then_some(())
        };
        eventually("the admission policies are in force", rejected).await;
        Some((tenants, namespaces))
    }

    fn grants_everything(&self) {
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": { "name": "tenant", "namespace": self.namespace },
            "rules": [{ "apiGroups": ["plumbline.dev"], "resources": ["*"], "verbs": ["*"] }],
        });
        let subjects = ["alice@example.com", "bob@example.com"].map(
            |name| json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name }),
        );
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": { "name": "tenant", "namespace": self.namespace },
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant",
            },
            "subjects": subjects,
        });
        for object in [role, binding] {
            assert_eq!(self.applies(&[], &object), "");
        }
    }

    /// What kubectl says against this; nothing where it is done.
    fn does(&self, arguments: &[&str]) -> String {
        let namespace = ["--namespace", &self.namespace];
        let Output { status, stderr, .. } =
            self.cluster.kubectl(&[arguments, &namespace[..]].concat());
        let errors = String::from_utf8(stderr).unwrap();
        assert_eq!(status.success(), errors.is_empty(), "{errors}");
        errors
    }

    fn file(&self, object: &Value) -> String {
        let file = self.folder.path().join("object.json");
        std::fs::write(&file, object.to_string()).unwrap();
        file.display().to_string()
    }

    fn creates(&self, user: &str, object: &Value, is_dry: bool) -> String {
        let dry = if is_dry { "--dry-run=server" } else { "--dry-run=none" };
        self.does(&["create", "--filename", &self.file(object), user, GROUP, dry])
    }

    fn applies(&self, who: &[&str], object: &Value) -> String {
        let file = self.file(object);
        self.does(&[&["apply", "--server-side", "--filename", file.as_str()], who].concat())
    }
}

fn exemption(approved_by: &str) -> Value {
    let now = Timestamp::now();
    json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "Exemption",
        "metadata": { "name": "one" },
        "spec": {
            "baseline": "production", "controls": ["s3-bucket-versioning"], "reason": "a test",
            "approvedBy": approved_by, "approvedAt": now,
            "expiresAt": now + SignedDuration::from_hours(1),
        },
    })
}

fn attestation(attested_by: Option<&str>) -> Value {
    let now = Timestamp::now();
    let mut object = json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "Attestation",
        "metadata": { "name": "one" },
        "spec": {
            "controls": ["team-procedure"], "owner": "security", "performedAt": now,
            "validUntil": now + SignedDuration::from_hours(1),
            "evidence": [{ "url": "https://example.com/evidence" }],
        },
    });
    if let Some(by) = attested_by {
        object["spec"]["attestedBy"] = by.into();
    }
    object
}

fn report() -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "BaselineReport",
        "metadata": { "name": "production-111122223333" },
        "spec": { "baseline": "production", "account": "payments", "accountId": "111122223333" },
    })
}

#[tokio::test]
async fn an_exemption_is_approved_by_who_writes_it_or_by_who_may_approve_for_others() {
    let approvers: &[&str] = &["--set=admission.approvers={security-team}"];
    let Some((tenants, _)) = TenantCluster::with(&[approvers]).await else { return };
    let own = exemption("alice@example.com");
    let foreign = tenants.creates(TENANT, &exemption("ceo@example.com"), false);
    let must = "spec.approvedBy must be alice@example.com, the user of this request. To write it for \
                others takes the verb approve on exemptions in all namespaces";
    assert!(foreign.contains(must), "{foreign}");
    assert_eq!(tenants.creates(TENANT, &own, false), "");

    // Nobody changes what somebody else approved; labels are no part of it.
    let bob = ["--as=bob@example.com", GROUP];
    let patch = r#"{"spec":{"reason":"for ever"}}"#;
    let patches = |who: &[&str], patch: &str| {
        let what = ["patch", "exemption", "one", "--type=merge", "--patch", patch];
        tenants.does(&[&what[..], who].concat())
    };
    let changed = patches(&bob, patch);
    assert!(changed.contains("must be bob@example.com"), "{changed}");
    assert_eq!(patches(&bob, r#"{"metadata":{"labels":{"team":"shop"}}}"#), "");
    assert_eq!(patches(&[TENANT, GROUP], patch), "");
    let given_away = patches(&[TENANT, GROUP], r#"{"spec":{"approvedBy":"ceo@example.com"}}"#);
    assert!(given_away.contains(must), "{given_away}");

    // A group of the chart's values, and the administrator, may approve for others.
    let security = [TENANT, GROUP, "--as-group=security-team"];
    assert_eq!(patches(&security, r#"{"spec":{"approvedBy":"ceo@example.com"}}"#), "");
    assert_eq!(patches(&[], r#"{"spec":{"approvedBy":"the board"}}"#), "");
}

#[tokio::test]
async fn an_attestation_says_who_attests_it() {
    let approvers: &[&str] = &["--set=admission.approvers={security-team}"];
    let Some((tenants, _)) = TenantCluster::with(&[approvers]).await else { return };
    for by in [None, Some("auditor@example.com")] {
        let refused = tenants.creates(TENANT, &attestation(by), true);
        assert!(refused.contains("spec.attestedBy must be alice@example.com"), "{by:?}: {refused}");
    }
    assert_eq!(tenants.creates(TENANT, &attestation(Some("alice@example.com")), false), "");
    let patch = r#"{"spec":{"attestedBy":"auditor@example.com"}}"#;
    let what = ["patch", "attestation", "one", "--type=merge", "--patch", patch, TENANT, GROUP];
    assert!(tenants.does(&what).contains("must be alice@example.com"));
    assert_eq!(tenants.does(&[&what[..], &["--as-group=security-team"]].concat()), "");
}

#[tokio::test]
async fn only_operators_write_reports() {
    let Some((tenants, operators)) = TenantCluster::with(&[&[], &[]]).await else { return };
    let only = "only Plumbline writes BaselineReports";
    let refused = tenants.creates(TENANT, &report(), false);
    assert!(refused.contains(only), "{refused}");

    // Both releases' operators, each as its service account.
    for (place, namespace) in operators.iter().enumerate() {
        let operator = format!("--as=system:serviceaccount:{namespace}:plumbline");
        let mut own = report();
        own["metadata"]["name"] = format!("production-11112222333{place}").into();
        own["spec"]["accountId"] = format!("11112222333{place}").into();
        assert_eq!(tenants.creates(&operator, &own, false), "");
        let mut status = own.clone();
        status["status"] = json!({ "owner": "shop" });
        let name = format!("production-11112222333{place}");
        let file = tenants.file(&status);
        let writes = |who: &str| {
            let apply = ["apply", "--server-side", "--subresource=status", "--force-conflicts"];
            tenants.does(&[&apply[..], &["--filename", &file, who, GROUP]].concat())
        };
        assert_eq!(writes(&operator), "");
        let forged = writes(TENANT);
        assert!(forged.contains(only), "{forged}");
        let marked = tenants.does(&[
            "annotate",
            "baselinereport",
            &name,
            "plumbline.dev/findings=none",
            TENANT,
            GROUP,
        ]);
        assert!(marked.contains(only), "{marked}");
        let deleted = tenants.does(&["delete", "baselinereport", &name, TENANT, GROUP]);
        assert!(deleted.contains(only), "{deleted}");
    }

    // What collects garbage is not in the way of a policy.
    let collector = "system:serviceaccount:kube-system:generic-garbage-collector";
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "collector", "namespace": tenants.namespace },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant" },
        "subjects": [
            { "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": collector },
        ],
    });
    assert_eq!(tenants.applies(&[], &binding), "");
    let collector = format!("--as={collector}");
    let deletes = ["delete", "baselinereports", "--all", &collector, GROUP];
    assert_eq!(tenants.does(&deletes), "");
}

#[tokio::test]
async fn the_roles_and_the_quota_of_the_page_on_security_are_taken() {
    let Some(cluster) = Cluster::shared() else { return };
    let page = std::fs::read_to_string(super::yaml::repository("docs/security.md")).unwrap();
    cluster.kubectl_prints(&["create", "namespace", "payments"]);
    let (folder, mut applied) = (tempfile::tempdir().unwrap(), 0);
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    for (block, _) in blocks.filter(|(block, _)| block.starts_with("apiVersion: ")) {
        let file = folder.path().join("block.yaml");
        std::fs::write(&file, block).unwrap();
        cluster.kubectl_prints(&[
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            "--filename",
            file.to_str().unwrap(),
        ]);
        applied += 1;
    }
    assert_eq!(applied, 2);
}

#[tokio::test]
async fn a_baseline_has_a_bounded_number_of_parameters() {
    let Some((tenants, _)) = TenantCluster::with(&[&[]]).await else { return };
    let baseline = |controls: usize, entries: usize, entry: &str| {
        let control = |number: usize| {
            json!({ "name": format!("c{number}"), "parameters": {
                "list": vec![entry; entries], "flag": true, "text": entry,
            }})
        };
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
            "metadata": { "name": "large" },
            "spec": {
                "accounts": { "names": ["payments"] },
                "controls": (0..controls).map(control).collect::<Vec<_>>(),
            },
        })
    };
    assert_eq!(tenants.creates(TENANT, &baseline(4, 510, "a"), true), "");
    let values = tenants.creates(TENANT, &baseline(5, 510, "a"), true);
    let says = "spec.controls has 2560 values of parameters; at most 2048 are allowed";
    assert!(values.contains(says), "{values}");
    let long = "x".repeat(1024);
    assert_eq!(tenants.creates(TENANT, &baseline(1, 60, &long), true), "");
    let text = tenants.creates(TENANT, &baseline(2, 60, &long), true);
    let says =
        "spec.controls has 124930 characters in values of parameters; at most 65536 are allowed";
    assert!(text.contains(says), "{text}");

    let mut selecting = baseline(1, 1, "a");
    selecting["spec"]["controls"][0]["match"] = json!({ "ids": vec![&long; 32] });
    assert_eq!(tenants.creates(TENANT, &selecting, true), "");
    selecting["spec"]["controls"][0]["exclude"] = json!({ "names": ["a"] });
    let selecting = tenants.creates(TENANT, &selecting, true);
    let says = "spec.controls has 32769 characters in match and exclude; at most 32768 are allowed";
    assert!(selecting.contains(says), "{selecting}");

    let mut naming = baseline(1, 1, "a");
    naming["spec"]["accounts"]["names"] =
        (0..129).map(|it| format!("{it:0253}")).collect::<Vec<_>>().into();
    assert_eq!(tenants.creates(TENANT, &naming, true), "");
    let values = vec!["x".repeat(44); 4];
    naming["spec"]["accounts"]["selector"] =
        json!({ "matchExpressions": [{ "key": "a", "operator": "In", "values": values }] });
    let naming = tenants.creates(TENANT, &naming, true);
    let says = "spec.accounts has 32813 characters; at most 32768 are allowed";
    assert!(naming.contains(says), "{naming}");
}
