//! What other tools show: reports of OpenReports, under the CRDs that this project publishes, and
//! traces.

use std::collections::BTreeSet;

use api::{AwsAccount, BaselineReport, SecurityBaseline};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::operated::{Account, OPEN, Operated, baseline_says};
use support::collector::{Collector, Span, attribute, spans};
use support::waiting::eventually;

/// The reports of a namespace.
async fn api(operated: &Operated, namespace: &str) -> Api<DynamicObject> {
    let kind =
        ApiResource::from_gvk(&GroupVersionKind::gvk("openreports.io", "v1alpha1", "Report"));
    Api::namespaced_with(operated.client().await, namespace, &kind)
}

/// The one report of a namespace, once its summary counts so many failures.
async fn report_failing(reports: &Api<DynamicObject>, failures: u64) -> DynamicObject {
    eventually(&format!("a report with {failures} failures"), async || {
        let list = reports.list(&ListParams::default()).await.unwrap();
        let [report] = <[DynamicObject; 1]>::try_from(list.items).ok()?;
        (report.data["summary"]["fail"] == failures).then_some(report)
    })
    .await
}

/// The report tells of the account, and of one of two drifts since when it was published.
fn says_the_worst(report: &DynamicObject, account: &Account<'_>) {
    assert_eq!(report.data["source"], "plumbline");
    assert_eq!(report.data["scope"]["name"], account.name);
    assert_eq!(report.annotations()["plumbline.dev/results-left-out"], "1");
    let results = report.data["results"].as_array().unwrap();
    let [result] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(result["policy"], "s3-bucket-versioning");
    assert_eq!(result["result"], "fail");
    let resource = &result["resources"][0];
    assert_eq!(resource["kind"], "AWS::S3::Bucket");
    let name = resource["name"].as_str().unwrap();
    let of_resource = |it: &Value| it["Id"].as_str().is_some_and(|id| id.ends_with(name));
    let published = account.published().into_iter().find(of_resource).unwrap();
    let first_observed: k8s_openapi::jiff::Timestamp =
        serde_json::from_value(published["FirstObservedAt"].clone()).unwrap();
    assert_eq!(result["timestamp"]["seconds"], first_observed.as_second());
}

#[tokio::test]
async fn drift_shows_where_other_tools_report_once_their_crds_are_there() {
    let Some(cluster) = Cluster::own() else { return };
    let collector = Collector::start();
    let traces = format!("--set=traces.endpoint={}", collector.address);
    let values = ["--set=openReports.enabled=true,openReports.maxResults=1", &traces];
    let operated = Operated::with_values(cluster, &[], &values).await;
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let namespace = operated.cluster.namespace("reported").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;

    // Without the CRDs all else is as ever.
    account.finding_says(OPEN).await;
    let ready = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Ready").is_some_and(|it| it.0 == "True")
    };
    operated.baseline_where(&namespace, "it is ready", ready).await;
    eventually("the log says what is missing", async || {
        let log = operated.logged("plumbline-0");
        (!support::log::lines(&log, "open_reports_missing").is_empty()).then_some(())
    })
    .await;

    operated.cluster.install_open_reports();
    operated.ask(&namespace, "with the CRDs").await;
    let reports = api(&operated, &namespace).await;
    let report = report_failing(&reports, 2).await;
    let region_report = format!("plumbline-production-{}-eu-west-1", account.id);
    assert_eq!(report.name_any(), region_report);
    says_the_worst(&report, &account);
    // It goes with the BaselineReport that says the same.
    let owner = operated.api::<BaselineReport>(&namespace).await;
    let owner = owner.get(&format!("production-{}", account.id)).await.unwrap();
    assert_eq!(report.owner_references()[0].uid, owner.uid().unwrap());

    // One with nothing new is not written.
    let verdicts = || replica.sum("plumbline_evaluations_total", &namespace);
    let before = verdicts().await;
    operated.ask(&namespace, "nothing new").await;
    eventually("it is evaluated again", async || (verdicts().await > before).then_some(())).await;
    let quiet = report_failing(&reports, 2).await;
    assert_eq!(quiet.resource_version(), report.resource_version());

    account.fix();
    operated.ask(&namespace, "fixed").await;
    let report = report_failing(&reports, 1).await;
    assert!(!report.annotations().contains_key("plumbline.dev/results-left-out"));

    // A region more is a report more, and one less is one less.
    let accounts: Api<AwsAccount> = Api::all(operated.client().await);
    let names = async || {
        let list = reports.list_metadata(&ListParams::default()).await.unwrap();
        list.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
    };
    let other_report = format!("plumbline-production-{}-us-east-1", account.id);
    for (regions, expected) in [
        (json!(["eu-west-1", "us-east-1"]), vec![&region_report, &other_report]),
        (json!(["eu-west-1"]), vec![&region_report]),
    ] {
        let patch = Patch::Merge(json!({ "spec": { "regions": regions } }));
        accounts.patch(&account.name, &PatchParams::default(), &patch).await.unwrap();
        eventually(&format!("reports of {regions}"), async || {
            (names().await.iter().collect::<Vec<_>>() == expected).then_some(())
        })
        .await;
    }

    operated.delete_baseline(&namespace).await;
    operated.baseline_gone(&namespace).await;
    eventually("its report is gone", async || {
        reports.list(&ListParams::default()).await.unwrap().items.is_empty().then_some(())
    })
    .await;

    // Each evaluation was a trace.
    replica.stop().await;
    let bodies: Vec<Vec<u8>> = collector.bodies.try_iter().collect();
    let spans: Vec<Span> = spans(&bodies).into_iter().map(|(_, span)| span).collect();
    let evaluation = spans.iter().find(|span| span.name == "evaluation").unwrap();
    assert_eq!(attribute(&evaluation.attributes, "account").unwrap(), account.id);
    let parts = spans.iter().filter(|span| span.parent_span_id == evaluation.span_id);
    let parts: BTreeSet<&str> = parts.map(|span| span.name.as_str()).collect();
    let expected = ["evaluate", "publish", "read", "read back", "report"];
    assert_eq!(parts, BTreeSet::from(expected));
}
