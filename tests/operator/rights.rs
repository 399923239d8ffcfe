//! The operator's rights are what it uses: nothing that it asks for is refused, and nothing that
//! ships is left unused, so that with any one rule taken away this fails.

use std::collections::BTreeSet;

use api::{
    Attestation, AwsAccount, AwsOrganization, BaselineReport, Control, Exemption, ObjectStatus,
    Pack, SecurityBaseline,
};
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::operated::{OPEN, Operated, baseline_says, create, said};
use super::release::render;
use super::scraped::{Mounted, SECURED, read, readers};
use support::waiting::eventually;

/// With what adds to the rights.
const VALUES: [&str; 2] = ["--set=openReports.enabled=true,webhook.enabled=true", SECURED];

/// What admission policies ask of whoever writes, and no request names.
const VOUCHED: &str = "report baselinereports.plumbline.dev";

/// Every `verb resource.group` of the rules that the chart gives with these values.
pub(crate) fn shipped(operated: &Operated, values: &[&str]) -> BTreeSet<String> {
    let namespace = operated.release_namespace();
    let objects = render(operated.cluster, "plumbline", namespace, values);
    let is_role = |object: &&Value| object["kind"] == "ClusterRole" || object["kind"] == "Role";
    let texts = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    let mut rights = BTreeSet::new();
    let rules = objects.iter().filter(is_role).flat_map(|it| it["rules"].as_array().unwrap());
    // What others are given to read the metrics is no right of the operator.
    for rule in rules.filter(|rule| rule["nonResourceURLs"].is_null()) {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                let right = |verb: String| format!("{verb} {resource}.{group}");
                rights.extend(texts(&rule["verbs"]).into_iter().map(right));
            }
        }
    }
    assert!(rights.remove(VOUCHED), "{rights:?}");
    rights
}

/// Every `verb resource.group` that the operator asked for.
pub(crate) fn asked(operated: &Operated) -> BTreeSet<String> {
    used(&requests(operated))
}

fn requests(operated: &Operated) -> Vec<Value> {
    let user = format!("system:serviceaccount:{}:plumbline", operated.release_namespace());
    operated.cluster.asked_by(&user)
}

/// Every `verb resource.group` that requests asked for.
fn used(requests: &[Value]) -> BTreeSet<String> {
    let mut rights = BTreeSet::new();
    for request in requests {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let decision = &request["annotations"]["authorization.k8s.io/decision"];
        assert_eq!(decision, "allow", "{request}");
        let object = &request["objectRef"];
        let mut resource = text(&object["resource"]);
        if let Some(part) = object["subresource"].as_str() {
            resource = format!("{resource}/{part}");
        }
        let right = |verb: &str| format!("{verb} {resource}.{}", text(&object["apiGroup"]));
        rights.insert(right(&text(&request["verb"])));
        // What is applied and was not there needs the right to create it, too.
        if request["verb"] == "patch" && request["responseStatus"]["code"] == 201 {
            rights.insert(right("create"));
        }
    }
    rights
}

/// Waits until an object is accepted, or not.
async fn judged<K>(api: &Api<K>, name: &str, status: impl Fn(&K) -> Option<&ObjectStatus>)
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    eventually(&format!("{name} is judged"), async || {
        let object = api.get(name).await.unwrap();
        said(&status(&object)?.conditions, "Accepted").map(|_| ())
    })
    .await;
}

fn object(kind: &str, metadata: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec,
    })
}

/// Declares an organization, and waits until it is accepted, or not.
async fn judge_organization(client: &Client) {
    let organizations: Api<AwsOrganization> = Api::all(client.clone());
    let spec = json!({
        "organizationId": "o-exampleorgid", "accountId": "999988887777",
        "template": {
            "role": { "name": "plumbline" }, "regions": { "names": ["eu-west-1"] },
            "source": { "configApi": {} },
        },
    });
    create(&organizations, object("AwsOrganization", &json!({ "name": "one" }), &spec)).await;
    eventually("the organization is judged", async || {
        let status = organizations.get("one").await.unwrap().status?;
        said(&status.conditions, "Accepted").map(|_| ())
    })
    .await;
}

#[tokio::test]
async fn what_the_operator_asks_for_is_what_its_roles_grant() {
    let Some(cluster) = Cluster::audited() else { return };
    cluster.install_open_reports();
    let operated = Operated::with_values(
        cluster,
        &["--lease-duration=4s", "--webhook-listen=127.0.0.1:0"],
        &VALUES,
    )
    .await;
    let mounted = Mounted::new(&operated);
    let replica = mounted.start("plumbline-0").await;
    let [token, _] = readers(&operated).await;
    let namespace = operated.cluster.namespace("rights").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;

    let now = Timestamp::now();
    let (before, after) = (now - SignedDuration::from_mins(1), now + SignedDuration::from_hours(1));
    let client = operated.client().await;
    let controls: Api<Control> = Api::all(client.clone());
    let spec = json!({
        "title": "t", "description": "d", "severity": "Low", "domain": "governance",
        "remediation": { "text": "r" }, "check": { "attestation": {} },
    });
    create(&controls, object("Control", &json!({ "name": "team-procedure" }), &spec)).await;
    let packs: Api<Pack> = Api::all(client.clone());
    let spec = json!({ "title": "Ours", "controls": [{ "name": "team-procedure" }] });
    create(&packs, object("Pack", &json!({ "name": "ours" }), &spec)).await;
    let exemptions = operated.api::<Exemption>(&namespace).await;
    let spec = json!({
        "baseline": "production", "controls": ["s3-bucket-versioning"], "reason": "a test",
        "resources": [{ "ids": ["nothing"] }],
        "approvedBy": "a test", "approvedAt": before, "expiresAt": after,
    });
    create(&exemptions, object("Exemption", &json!({ "name": "one" }), &spec)).await;
    let attestations = operated.api::<Attestation>(&namespace).await;
    let spec = json!({
        "controls": ["team-procedure"], "owner": "a test", "performedAt": before,
        "accounts": [account.name], "validUntil": after,
        "evidence": [{ "url": "https://example.com/evidence", "description": "d" }],
    });
    create(&attestations, object("Attestation", &json!({ "name": "one" }), &spec)).await;

    judge_organization(&client).await;
    judged(&controls, "team-procedure", |it| it.status.as_ref()).await;
    judged(&packs, "ours", |it| it.status.as_ref()).await;
    judged(&exemptions, "one", |it| it.status.as_ref()).await;
    judged(&attestations, "one", |it| it.status.as_ref()).await;
    account.finding_says(OPEN).await;
    let ready = |baseline: &SecurityBaseline| baseline_says(baseline, "Ready").is_some();
    operated.baseline_where(&namespace, "it has a status", ready).await;
    let accounts: Api<AwsAccount> = Api::all(client);
    eventually("the account has a status", async || {
        let status = accounts.get(&account.name).await.unwrap().status?;
        said(&status.conditions, "Ready").map(|_| ())
    })
    .await;
    let reports = operated.api::<BaselineReport>(&namespace).await;
    eventually("the report says something", async || {
        let reports = reports.list(&kube::api::ListParams::default()).await.unwrap();
        reports.items.first()?.status.as_ref().map(|_| ())
    })
    .await;

    let webhooks: Api<ValidatingWebhookConfiguration> = Api::all(operated.client().await);
    let webhook = format!("{}-plumbline", operated.release_namespace());
    eventually("the API server trusts the webhook", async || {
        let mut webhooks = webhooks.get(&webhook).await.unwrap().webhooks?;
        webhooks.remove(0).client_config.ca_bundle
    })
    .await;

    eventually("the metrics are read", async || {
        let read = read(&replica, &mounted.trusted(), "/metrics", Some(&token)).await?;
        (read == 200).then_some(())
    })
    .await;

    operated.delete_baseline(&namespace).await;
    operated.baseline_gone(&namespace).await;
    replica.stop().await;

    let requests = requests(&operated);
    assert_eq!(used(&requests), shipped(&operated, &VALUES));
    for request in requests.iter().filter(|it| it["objectRef"]["resource"] == "leases") {
        assert_eq!(request["objectRef"]["namespace"], operated.release_namespace(), "{request}");
    }
}
