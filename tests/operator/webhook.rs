//! The admission webhook of the chart, asked by a real API server at the endpoint of its Service.

use std::fs;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::process::Command;

use api::{AwsAccount, Control, Exemption, Pack, SecurityBaseline};
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::operated::{Operated, Replica, baseline_says, create};
use super::release::{chart, render};
use support::skipped::skip;
use support::waiting::eventually;

const WITH_WEBHOOK: [&str; 2] = ["--set=webhook.enabled=true", "--set=webhook.failurePolicy=Fail"];

/// An address of this machine at which the API server takes an endpoint: none of loopback.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?; // nothing is sent
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// An operator that serves the webhook, where the API server finds it.
async fn guarded() -> Option<(Operated, Replica)> {
    let Some(address) = own_address() else {
        skip("the machine has no address but loopback, where the API server calls no webhook");
        return None;
    };
    let port = TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let listen = format!("--webhook-listen=0.0.0.0:{port}");
    let operated = Operated::with_values(Cluster::own()?, &[&listen], &WITH_WEBHOOK).await;
    let slices = operated.api::<EndpointSlice>(operated.release_namespace()).await;
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": { "name": "plumbline", "labels": { "kubernetes.io/service-name": "plumbline" } },
        "addressType": if address.is_ipv4() { "IPv4" } else { "IPv6" },
        "endpoints": [{ "addresses": [address.to_string()], "conditions": { "ready": true } }],
        "ports": [{ "name": "webhook", "port": port, "protocol": "TCP" }],
    });
    create(&slices, slice).await;
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let admitted = async || {
        let client = operated.client().await;
        attempt(&client, "default", &control("team-first", "true")).await.is_ok().then_some(())
    };
    eventually("the webhook answers", admitted).await;
    Some((operated, replica))
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": kind, "metadata": { "name": name },
        "spec": spec,
    })
}

fn baseline(name: &str, account: &str, more: &Value) -> Value {
    let mut spec = json!({ "accounts": { "names": [account] } });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object("SecurityBaseline", name, &spec)
}

fn control(name: &str, compliant: &str) -> Value {
    let spec = json!({
        "title": "t", "description": "d", "severity": "Low", "domain": "governance",
        "remediation": { "text": "r" },
        "check": { "expression": { "resourceTypes": ["AWS::S3::Bucket"], "compliant": compliant } },
    });
    object("Control", name, &spec)
}

/// Creates an object without storing it; why it is refused, if it is.
async fn attempt(client: &Client, namespace: &str, object: &Value) -> Result<(), String> {
    let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let kind = object.types.as_ref().unwrap().kind.as_str();
    let api = match kind {
        "Control" => Api::all_with(client.clone(), &ApiResource::erase::<Control>(&())),
        "Pack" => Api::all_with(client.clone(), &ApiResource::erase::<Pack>(&())),
        "Exemption" => {
            Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<Exemption>(&()))
        }
        _ => {
            let resource = ApiResource::erase::<SecurityBaseline>(&());
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    };
    api.create(&dry, &object).await.map(|_| ()).map_err(|error| error.to_string())
}

/// What `plumbline validate` says of an object, among an account that it may use.
fn validated(object: &Value, namespace: &str, account: &AwsAccount) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut object = object.clone();
    if !["Control", "Pack"].contains(&object["kind"].as_str().unwrap()) {
        object["metadata"]["namespace"] = namespace.into();
    }
    let account = json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "AwsAccount",
        "metadata": { "name": account.metadata.name }, "spec": account.spec,
    });
    fs::write(folder.path().join("object.yaml"), object.to_string()).unwrap();
    fs::write(folder.path().join("account.yaml"), account.to_string()).unwrap();
    let validate = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["validate", "--output=json"])
        .arg(folder.path())
        .output()
        .unwrap();
    String::from_utf8([validate.stdout, validate.stderr].concat()).unwrap()
}

#[tokio::test]
async fn objects_with_mistakes_are_refused_in_the_words_of_validate() {
    let Some((operated, _replica)) = guarded().await else { return };
    let (client, namespace) = (operated.client().await, operated.cluster.namespace("tenant").await);
    let account = operated.account(&namespace).await;
    let accounts: Api<AwsAccount> = Api::all(client.clone());
    let stored = accounts.get(&account.name).await.unwrap();
    let used = json!({ "controls": [{ "name": "s3-bucket-versioning" }] });
    eventually("the account is known", async || {
        let good = baseline("good", &account.name, &used);
        attempt(&client, &namespace, &good).await.ok()
    })
    .await;

    let parameters = json!({ "controls": [
        { "name": "iam-access-key-rotation", "parameters": { "maxAccessKeyAge": "soon" } },
    ]});
    let mistakes = [
        (control("team-broken", "resourse.name == ''"), "unknown variable `resourse`"),
        (control("s3-bucket-versioning", "true"), "a built-in control has this name"),
        (
            object("Pack", "ours", &json!({ "title": "t", "controls": [{ "name": "no-such" }] })),
            "there is no control `no-such`",
        ),
        (
            baseline(
                "b",
                &account.name,
                &json!({ "controls": [{ "name": "s3-bucket-versionin" }] }),
            ),
            "there is no control `s3-bucket-versionin`",
        ),
        (
            baseline("b", &account.name, &json!({ "packs": [{ "name": "foundation" }] })),
            "there is no pack `foundation`",
        ),
        (baseline("b", &account.name, &parameters), "maxAccessKeyAge"),
        (baseline("b", "nowhere", &used), "AwsAccount `nowhere` does not exist or does not allow"),
    ];
    for (object, says) in mistakes {
        let refused = attempt(&client, &namespace, &object).await.unwrap_err();
        assert!(
            refused.contains("admission webhook \"objects.plumbline.dev\" denied"),
            "{refused}"
        );
        assert!(refused.contains(says), "{refused}");
        let validated = validated(&object, &namespace, &stored);
        assert!(validated.contains(says), "validate says {validated}");
    }
    // A baseline that is not there may come later; a control that is not part of it does not.
    let now = Timestamp::now();
    let exemption = |baseline: &str, control: &str| {
        let spec = json!({
            "baseline": baseline, "controls": [control], "reason": "a test", "approvedBy": "admin",
            "approvedAt": now, "expiresAt": now + SignedDuration::from_hours(24),
        });
        object("Exemption", "e", &spec)
    };
    let baselines = operated.api::<SecurityBaseline>(&namespace).await;
    create(&baselines, baseline("good", &account.name, &used)).await;
    attempt(&client, &namespace, &exemption("later", "no-such")).await.unwrap();
    attempt(&client, &namespace, &exemption("good", "s3-bucket-versioning")).await.unwrap();
    // Until the operator knows the baseline, this one may come later, too.
    let refused = eventually("the baseline is known", async || {
        attempt(&client, &namespace, &exemption("good", "no-such")).await.err()
    });
    let refused = refused.await;
    assert!(refused.contains("there is no control `no-such`"), "{refused}");
}

#[tokio::test]
async fn a_refusal_says_nothing_of_an_account_that_the_namespace_may_not_use() {
    let Some((operated, _replica)) = guarded().await else { return };
    let client = operated.client().await;
    let (theirs, namespace) =
        (operated.cluster.namespace("theirs").await, operated.cluster.namespace("curious").await);
    let account = operated.account(&theirs).await;
    let absent = account.name.replace("account", "accounts");
    let used = json!({ "controls": [{ "name": "s3-bucket-versioning" }] });
    // The operator knows it.
    let known = async || {
        attempt(&client, &theirs, &baseline("b", &account.name, &used)).await.is_ok().then_some(())
    };
    eventually("the account is known", known).await;
    let present = attempt(&client, &namespace, &baseline("b", &account.name, &used)).await;
    let (present, missing) = (
        present.unwrap_err(),
        attempt(&client, &namespace, &baseline("b", &absent, &used)).await.unwrap_err(),
    );
    assert_eq!(present.replace(&account.name, "NAME"), missing.replace(&absent, "NAME"));
    assert!(!present.contains(&account.id), "{present}");
    for selector in [json!({}), json!({ "matchLabels": { "of": theirs } })] {
        let mut object = baseline("b", "x", &used);
        object["spec"]["accounts"] = json!({ "selector": selector });
        // What it matches may come later.
        attempt(&client, &namespace, &object).await.unwrap();
    }
}

#[tokio::test]
async fn what_others_broke_keeps_nobody_from_changing_an_object() {
    let Some((operated, _replica)) = guarded().await else { return };
    let (client, namespace) = (operated.client().await, operated.cluster.namespace("tenant").await);
    let account = operated.account(&namespace).await;
    let packs: Api<Pack> = Api::all(client.clone());
    let pack = json!({ "title": "t", "controls": [{ "name": "s3-bucket-versioning" }] });
    create(&packs, object("Pack", "team-pack", &pack)).await;
    let baselines = operated.api::<SecurityBaseline>(&namespace).await;
    let used = json!({ "packs": [{ "name": "team-pack" }] });
    create(&baselines, baseline("production", &account.name, &used)).await;
    packs.delete("team-pack", &DeleteParams::default()).await.unwrap();
    let is_broken = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Accepted") == Some(("False", "UnknownPack"))
    };
    operated.baseline_where(&namespace, "the pack is missed", is_broken).await;

    let patched = async |patch: Value| {
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        let patched = baselines.patch("production", &parameters, &patch).await;
        patched.map_err(|error| error.to_string())
    };
    patched(json!({ "metadata": { "labels": { "team": "shop" } } })).await.unwrap();
    patched(json!({ "spec": { "interval": "1h" } })).await.unwrap();
    let worse = json!({ "spec": { "controls": [{ "name": "no-such" }] } });
    let refused = patched(worse).await.unwrap_err();
    assert!(refused.contains("no-such") && !refused.contains("team-pack"), "{refused}");
    // The operator takes its finalizer off.
    baselines.delete("production", &DeleteParams::default()).await.unwrap();
    operated.baseline_gone(&namespace).await;
}

#[tokio::test]
async fn the_certificate_is_renewed_while_the_api_server_asks() {
    let Some((operated, replica)) = guarded().await else { return };
    let client = operated.client().await;
    let secrets = operated.api::<Secret>(operated.release_namespace()).await;
    let configurations: Api<ValidatingWebhookConfiguration> = Api::all(client.clone());
    let configuration = format!("{}-plumbline", operated.release_namespace());
    let read = async || {
        let secret = secrets.get("plumbline-webhook").await.unwrap().data.unwrap();
        let webhook = configurations.get(&configuration).await.unwrap().webhooks.unwrap().remove(0);
        let asked = webhook.client_config;
        let path = asked.service.unwrap().path.unwrap();
        (secret["tls.crt"].0.clone(), secret["ca.crt"].0.clone(), asked.ca_bundle.unwrap().0, path)
    };
    let (first, _, trusted, path) = read().await;
    assert_eq!(trusted, first, "the first one is its own authority");
    let due = json!({ "metadata": {
        "annotations": { "plumbline.dev/renew-after": "2026-01-01T00:00:00Z" },
    }});
    secrets.patch("plumbline-webhook", &PatchParams::default(), &Patch::Merge(due)).await.unwrap();
    let renewed = async || {
        // It never ceases to answer.
        attempt(&client, "default", &control("team-good", "true")).await.unwrap();
        let (chain, authorities, trusted, _) = read().await;
        (chain != first && trusted == authorities).then_some((chain, trusted))
    };
    let (second, trusted) = eventually("there is another certificate", renewed).await;
    assert_eq!(trusted, [&second[..], &first].concat(), "the API server trusts both");
    // Neither does an upgrade of the chart take anything of it away.
    let (chart, namespace) = (chart("plumbline"), operated.release_namespace());
    let upgrade = ["upgrade", "plumbline", &chart, "--namespace", namespace];
    let values = ["--reset-then-reuse-values", "--set=commonLabels.team=platform"];
    operated.cluster.helm_prints(&[&upgrade[..], &values].concat());
    let (chain, _, still_trusted, still_path) = read().await;
    assert_eq!((chain, still_trusted, still_path), (second, trusted, path.clone()));
    assert!(!replica.log().contains("PRIVATE KEY") && !replica.log().contains(&path));
    let refused = attempt(&client, "default", &control("team-bad", "nothing")).await.unwrap_err();
    assert!(refused.contains("unknown variable `nothing`"), "{refused}");
}

#[test]
fn with_cert_manager_the_operator_only_reads_the_certificate() {
    let Some(cluster) = Cluster::shared() else { return };
    let values = [
        "--set=webhook.enabled=true,webhook.certManager.enabled=true",
        "--set=webhook.certManager.issuerRef.name=internal",
    ];
    let objects = render(cluster, "plumbline", "security", &values);
    let of_kind = |kind: &str| objects.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of_kind("Secret"), Vec::<&Value>::new());
    let [certificate] = of_kind("Certificate")[..] else { panic!("no Certificate") };
    assert_eq!(certificate["spec"]["secretName"], "plumbline-webhook");
    assert_eq!(certificate["spec"]["dnsNames"][0], "plumbline.security.svc");
    let [configuration] = of_kind("ValidatingWebhookConfiguration")[..] else { panic!("none") };
    let injected = &configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"];
    assert_eq!(injected, "security/plumbline-webhook");
    let [role] = of_kind("Role")[..] else { panic!("no Role") };
    let rule = json!({
        "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["plumbline-webhook"],
        "verbs": ["get"],
    });
    assert!(role["rules"].as_array().unwrap().contains(&rule), "{role}");
    let text = serde_json::to_string(of_kind("Deployment")[0]).unwrap();
    assert!(text.contains("--webhook-certificate=given"), "{text}");
}
