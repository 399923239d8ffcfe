//! One operator for tenants that do not trust each other: what one of them writes tells it nothing of the
//! others' accounts, changes nothing that is published of theirs, and costs little.

use std::collections::BTreeMap;

use api::{AwsAccount, BaselineReport, Control, Exemption, SecurityBaseline};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::operated::{Account, OPEN, Operated, baseline_says, create};
use support::waiting::eventually;

pub(crate) fn baseline(namespace: &str, name: &str, accounts: &Value) -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "accounts": accounts, "controls": [{ "name": "s3-bucket-versioning" }] },
    })
}

fn drifts(baseline: &SecurityBaseline) -> Option<u64> {
    Some(baseline.status.as_ref()?.summary.as_ref()?.non_compliant)
}

/// An account of the namespace, and its baseline once drift is published and reported.
async fn drifting<'o>(operated: &'o Operated, namespace: &str) -> (Account<'o>, SecurityBaseline) {
    let account = operated.account(namespace).await;
    operated.baseline(namespace, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;
    let some = |baseline: &SecurityBaseline| drifts(baseline).is_some_and(|count| count > 0);
    let baseline = operated.baseline_where(namespace, "drift is reported", some).await;
    (account, baseline)
}

/// All that a tenant may read in its namespace, as text: statuses and events.
fn readable(operated: &Operated, namespace: &str) -> String {
    let kinds = "baselines,exemptions,attestations,baselinereports,events";
    let what = ["get", kinds, "--output=json", "--namespace", namespace];
    operated.cluster.kubectl_prints(&what)
}

#[tokio::test]
async fn a_tenant_learns_nothing_of_an_account_that_it_may_not_use() {
    let Some((operated, replica)) = Operated::shared().await else { return };
    let theirs = operated.cluster.namespace("theirs").await;
    let namespace = operated.cluster.namespace("curious").await;
    let theirs_account = operated.account(&theirs).await;
    let absent = format!("{}x", theirs_account.name.replace("account", "accounts"));
    let baselines = operated.api::<SecurityBaseline>(&namespace).await;
    let label = json!({ "selector": { "matchLabels": { "of": theirs } } });
    let asked = [
        ("present", json!({ "names": [theirs_account.name] })),
        ("absent", json!({ "names": [absent] })),
        ("labelled", label),
        ("all", json!({ "selector": {} })),
    ];
    for (name, accounts) in &asked {
        create(&baselines, baseline(&namespace, name, accounts)).await;
    }
    let now = Timestamp::now();
    for (name, account) in [("present", &theirs_account.name), ("absent", &absent)] {
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Exemption",
            "metadata": { "name": name, "namespace": namespace },
            "spec": {
                "baseline": name, "controls": ["s3-bucket-versioning"], "accounts": [account],
                "reason": "a test", "approvedBy": "a test", "approvedAt": now,
                "expiresAt": now + SignedDuration::from_hours(1),
            },
        });
        create(&operated.api::<Exemption>(&namespace).await, object).await;
    }
    let said = async |name: &str| {
        eventually(&format!("{name} is judged"), async || {
            let baseline = baselines.get(name).await.unwrap();
            baseline_says(&baseline, "Accepted")?;
            let status = baseline.status.unwrap();
            let conditions = status.conditions.iter().map(|it| {
                (it.type_.clone(), (it.status.clone(), it.reason.clone(), it.message.clone()))
            });
            Some(conditions.collect::<BTreeMap<_, _>>())
        })
        .await
    };
    // Word by word the same, but for the name that the tenant gave.
    let present = format!("{:?}", said("present").await);
    let absent_says = format!("{:?}", said("absent").await);
    assert_eq!(present.replace(&theirs_account.name, "NAME"), absent_says.replace(&absent, "NAME"));
    // A selector that matches only others' accounts reads like one that matches none.
    let (_, _, labelled) = said("labelled").await.remove("Accepted").unwrap();
    assert!(labelled.contains("matches no AwsAccount that allows the namespace"), "{labelled}");
    said("all").await;

    let exemptions = operated.api::<Exemption>(&namespace).await;
    let exempts = async |name: &str| {
        eventually(&format!("exemption {name} is judged"), async || {
            let status = exemptions.get(name).await.unwrap().status?;
            let accepted = status.conditions.into_iter().find(|it| it.type_ == "Accepted")?;
            Some((accepted.status, accepted.reason, accepted.message))
        })
        .await
    };
    let (_, _, present) = exempts("present").await;
    let (_, _, absent_says) = exempts("absent").await;
    assert_eq!(present.replace(&theirs_account.name, "NAME"), absent_says.replace(&absent, "NAME"));

    let all = readable(operated, &namespace);
    assert!(!all.contains(&theirs_account.id), "{all}");
    let named = all.matches(&theirs_account.name).count();
    let own = all.lines().filter(|line| line.contains(&theirs_account.name));
    let own: Vec<&str> = own.filter(|line| !line.contains("does not exist or does not")).collect();
    let spec = format!("\"{}\"", theirs_account.name);
    assert!(named > 0 && own.iter().all(|line| line.trim() == spec), "{own:#?}");
    assert!(replica.get("/readyz").await.0 == 200);
}

#[tokio::test]
async fn a_forged_report_changes_nothing_that_is_published() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let namespace = operated.cluster.namespace("victim").await;
    let (account, stood) = drifting(&operated, &namespace).await;
    let count = drifts(&stood).unwrap();
    let published = account.published().len();

    // As if there were no admission policies: a report beside the real one, one of another tenant's
    // namespace with regions that no account has, and the real one with another verdict.
    let tenant = operated.cluster.namespace("tenant").await;
    let regions = ["eu-west-1", "zz-nowhere-1", "sa-east-1"].map(|region| {
        json!({
            "account": account.id, "region": region, "state": "Complete",
            "compliant": 1, "nonCompliant": 0, "unknown": 0,
        })
    });
    let fine = json!({ "status": {
        "baselineGeneration": stood.metadata.generation,
        "lastEvaluation": {
            "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:05Z",
            "items": 1, "evaluations": 1,
        },
        "publication": { "state": "Published" },
        "summary": {
            "compliant": 1, "nonCompliant": 0, "notApplicable": 0, "exempt": 0, "unknown": 0,
            "bySeverity": { "critical": 0, "high": 0, "medium": 0, "low": 0, "informational": 0 },
        },
        "targets": regions,
        "drift": [],
    }});
    let report = |namespace: &str, name: &str, baseline: &str| {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "BaselineReport",
            "metadata": { "name": name, "namespace": namespace },
            "spec": { "baseline": baseline, "account": account.name, "accountId": account.id },
        })
    };
    let real = format!("production-{}", account.id);
    let beside = "zzz-all-is-well";
    let reports = operated.api::<BaselineReport>(&namespace).await;
    create(&reports, report(&namespace, beside, "production")).await;
    let ghost = format!("ghost-{}", account.id);
    let others = operated.api::<BaselineReport>(&tenant).await;
    create(&others, report(&tenant, &ghost, "ghost")).await;
    let forge = async |api: &Api<BaselineReport>, name: &str| {
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(&fine));
        // A real one without a baseline is taken back meanwhile.
        _ = api.patch_status(name, &parameters, &patch).await;
    };
    forge(&reports, beside).await;
    forge(&others, &ghost).await;
    forge(&reports, &real).await;
    operated.ask(&namespace, "now").await;
    eventually("the real report says what was evaluated", async || {
        let report = reports.get(&real).await.unwrap().status?;
        (report.summary?.non_compliant == count && report.drift.len() == 1).then_some(())
    })
    .await;
    let same = |baseline: &SecurityBaseline| drifts(baseline) == Some(count);
    operated.baseline_where(&namespace, "drift is reported still", same).await;
    account.finding_says(OPEN).await;
    assert_eq!(account.published().len(), published, "nothing is published again");
    let named = others.list(&ListParams::default()).await.unwrap();
    let named: Vec<String> = named.iter().map(ResourceExt::name_any).collect();
    assert!(named.is_empty() || named == [ghost], "{named:?}");
}

/// As large as the API server takes it.
pub(crate) fn largest(namespace: &str, number: usize, account: &str) -> Value {
    // 2,048 values with 65,536 characters.
    let entry = |at: usize| format!("{number:04}{at:028}");
    let lists = |control: usize| (0..256).map(|at| entry(control * 256 + at)).collect::<Vec<_>>();
    let mut controls: Vec<Value> = (0..8)
        .map(|it| json!({ "name": format!("team-{it}"), "parameters": { "list": lists(it) } }))
        .collect();
    // 512 entries with 32,768 characters.
    for (at, control) in controls.iter_mut().enumerate() {
        let ids: Vec<String> = (0..32).map(|id| format!("{at:04}*{id:058}?")).collect();
        control["match"] = json!({ "ids": ids });
        control["exclude"] = json!({ "arns": ids });
    }
    controls.extend((8..256).map(|it| json!({ "name": format!("team-{it:058}") })));
    // Nearly 32,768 characters.
    let names = (0..255).map(|it| format!("{number:010}{it:054}"));
    let names: Vec<String> = names.chain([account.to_owned()]).collect();
    let values: Vec<String> = (0..64).map(|it| format!("{it:08}")).collect();
    let expressions =
        (0..31).map(|it| json!({ "key": format!("key-{it}"), "operator": "In", "values": values }));
    let selector = json!({ "matchExpressions": expressions.collect::<Vec<_>>() });
    let mut object = baseline(
        namespace,
        &format!("largest-{number}"),
        &json!({ "names": names, "selector": selector }),
    );
    object["metadata"]["annotations"] = json!({ "example.com/note": "n".repeat(200_000) });
    object["spec"]["controls"] = controls.into();
    object
}

/// The controls that the largest baselines name, of which each runs this for a bucket.
pub(crate) async fn team_controls(operated: &Operated, compliant: &str) {
    let controls: Api<Control> = Api::all(operated.client().await);
    for number in 0..8 {
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Control",
            "metadata": { "name": format!("team-{number}") },
            "spec": {
                "title": "t", "description": "d", "severity": "Low", "domain": "governance",
                "remediation": { "text": "r" },
                "parameters": [{ "name": "list", "type": "stringList", "description": "d" }],
                "check": { "expression": {
                    "resourceTypes": ["AWS::S3::Bucket"], "compliant": compliant,
                }},
            },
        });
        create(&controls, object).await;
    }
}

#[tokio::test]
async fn ten_of_the_largest_baselines_cost_less_than_fifty_megabytes() {
    let Some(operated) = Operated::new(&[]).await else { return };
    team_controls(&operated, "resource.name in parameters.list").await;
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let namespace = operated.cluster.namespace("large").await;
    let (account, stood) = drifting(&operated, &namespace).await;
    let count = drifts(&stood).unwrap();
    let before = replica.peak_memory();

    let baselines = operated.api::<SecurityBaseline>(&namespace).await;
    for number in 0..10 {
        create(&baselines, largest(&namespace, number, &account.name)).await;
    }
    eventually("all of them are judged and evaluated", async || {
        let all = baselines.list(&ListParams::default()).await.unwrap();
        let large = all.iter().filter(|it| it.name_any().starts_with("largest"));
        let counted = large.filter(|it| {
            let summary = it.status.as_ref().and_then(|status| status.summary.as_ref());
            baseline_says(it, "Accepted") == Some(("False", "UnknownAccount"))
                && summary.is_some_and(|it| it.unknown >= 248)
        });
        (counted.count() == 10).then_some(())
    })
    .await;
    let cost = replica.peak_memory() - before;
    eprintln!("ten of the largest baselines cost {cost:.1} MiB above {before:.1}");
    assert!(cost < 50.0 / 1.048_576, "{cost:.1} MiB above {before:.1}");

    // And the tenant beside them is not disturbed.
    let accounts: Api<AwsAccount> = Api::all(operated.client().await);
    assert!(accounts.get(&account.name).await.is_ok());
    account.fix();
    operated.ask(&namespace, "after").await;
    let fixed = |baseline: &SecurityBaseline| drifts(baseline) == Some(count - 1);
    operated.baseline_where(&namespace, "the fix is seen", fixed).await;
}
