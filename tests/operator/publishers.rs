//! Whose findings are: what another Plumbline published stays as it is, is reported, and can be taken over.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use api::SecurityBaseline;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::live_accounts::{Live, REGIONS};
use super::operated::{FIXED, OPEN, Operated, baseline_says, create};
use support::double::Double;
use support::waiting::eventually;

/// The mark of a cluster that is not this one.
const OTHER: &str = "cluster/5b0c6c1e-0000-4000-8000-000000000000";

fn mark(live: &Live, account: &str, region: &str) -> String {
    let finding = live.finding(account, region).unwrap();
    finding["ProductFields"]["plumbline/publisher"].as_str().unwrap_or_default().to_owned()
}

/// Another process goes on in the place of the operator, which knows only what it reads.
async fn restarted(live: &mut Live, pod: &str, others: &[(&str, &str)]) {
    let next = live.operated.start_with(pod, others).await;
    next.ready().await;
    std::mem::replace(&mut live.replica, next).stop().await;
}

#[tokio::test]
async fn findings_of_another_cluster_stay_as_they_are_until_they_are_adopted() {
    let Some(mut live) = Live::start(&[]).await else { return };
    let (namespace, [account]) = live.published("publishers").await;
    let namespaces: Api<Namespace> = Api::all(live.operated.client().await);
    let uid = namespaces.get("kube-system").await.unwrap().uid().unwrap();
    let own = format!("cluster/{uid}");
    for region in REGIONS {
        assert_eq!(mark(&live, &account, region), own);
        let id = live.finding(&account, region).unwrap()["Id"].as_str().unwrap().to_owned();
        let patch = json!({ "ProductFields": { "plumbline/publisher": OTHER } });
        live.double.patch_finding(&account, region, &id, &patch);
        live.set_versioning(&account, region, "Enabled");
    }
    restarted(&mut live, "plumbline-1", &[]).await;

    let message = live.account_says(&account, "SolePublisher", ("False", "OtherPublisher")).await;
    for part in ["another Plumbline", &OTHER["cluster/".len()..], "--adopt", "findings.adopt"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let note = live.account_event(&account, "OtherPublisher").await;
    assert!(note.contains("another Plumbline"), "{note}");
    let message = live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    assert!(message.contains("another Plumbline"), "{message}");
    let series = format!("plumbline_other_publisher_findings{{account=\"{account}\"}}");
    eventually("the metric counts them", async || {
        live.replica.metric(&series).await.filter(|count| *count > 1.0)
    })
    .await;
    // Fixed, and asked for: and yet another's.
    live.operated.ask(&namespace, "fixed").await;
    live.baseline_says(&namespace, "Compliant", ("True", "Compliant")).await;
    for region in REGIONS {
        assert!(live.is(&account, region, OPEN), "{:?}", live.finding(&account, region));
        assert_eq!(mark(&live, &account, region), OTHER);
    }

    restarted(&mut live, "plumbline-2", &[("--adopt", "")]).await;
    for region in REGIONS {
        live.finding_says(&account, region, FIXED).await;
        assert_eq!(mark(&live, &account, region), own);
    }
    live.baseline_says(&namespace, "Published", ("True", "Published")).await;
    let accounts = live.accounts().await;
    eventually("the condition is gone", async || {
        let status = accounts.get(&format!("live-{account}")).await.unwrap().status?;
        status.conditions.iter().all(|it| it.type_ != "SolePublisher").then_some(())
    })
    .await;
}

/// The account and the baseline of a cluster, without what the API server added.
async fn objects(live: &Live, namespace: &str, account: &str) -> [Value; 2] {
    let baseline = live.operated.api::<SecurityBaseline>(namespace).await;
    let baseline = serde_json::to_value(baseline.get("production").await.unwrap()).unwrap();
    let account = live.accounts().await.get(&format!("live-{account}")).await.unwrap();
    let account = serde_json::to_value(account).unwrap();
    [account, baseline].map(|object| {
        let (kind, metadata) = (object["kind"].clone(), &object["metadata"]);
        let mut kept = json!({ "name": metadata["name"], "labels": metadata["labels"] });
        if let Some(namespace) = metadata["namespace"].as_str() {
            kept["namespace"] = namespace.into();
        }
        if kept["labels"].is_null() {
            kept.as_object_mut().unwrap().remove("labels");
        }
        let spec = object["spec"].clone();
        json!({ "apiVersion": "plumbline.dev/v1alpha1", "kind": kind, "metadata": kept, "spec": spec })
    })
}

/// Another cluster that has the same objects.
async fn another_cluster(live: &Live, namespace: &str, objects: &[Value; 2]) -> Operated {
    let other = Operated::with_aws(&live.double, &["--archive-deadline=5s"]).await.unwrap();
    let object = json!({ "metadata": { "name": namespace } });
    let object: Namespace = serde_json::from_value(object).unwrap();
    let namespaces: Api<Namespace> = Api::all(other.client().await);
    namespaces.create(&PostParams::default(), &object).await.unwrap();
    create::<api::AwsAccount>(&Api::all(other.client().await), objects[0].clone()).await;
    create(&other.api::<SecurityBaseline>(namespace).await, objects[1].clone()).await;
    other
}

/// Runs a folder with this state folder until its first round is published; gives the exit code.
fn run_folder(double: &Double, folder: &Path, state: &Path) -> Option<i32> {
    let mut command = Command::new(support::program());
    double.environment(&mut command);
    command.arg("run").arg(folder).arg("--state").arg(state);
    command.args(["--sink=securityhub", "--installation=default", "--listen=127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("waiting for changes")), "a first round");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    lines.for_each(drop);
    child.wait().unwrap().code()
}

fn write(folder: &Path, objects: &[Value]) {
    for object in objects {
        let file = folder.join(format!("{}.yaml", object["kind"].as_str().unwrap()));
        fs::write(file, object.to_string()).unwrap();
    }
}

#[tokio::test]
async fn two_clusters_and_a_folder_with_the_same_objects_change_nothing_of_each_other() {
    let Some(live) = Live::start(&[]).await else { return };
    let (namespace, [account]) = live.published("several").await;
    let same = objects(&live, &namespace, &account).await;
    let published = live.double.findings();

    // Another cluster, whose baseline then goes.
    let other = another_cluster(&live, &namespace, &same).await;
    let replica = other.start("plumbline-0").await;
    let refused =
        |it: &SecurityBaseline| baseline_says(it, "Published") == Some(("False", "PublishFailed"));
    other.baseline_where(&namespace, "nothing of it is published", refused).await;
    assert_eq!(live.double.findings(), published);
    other.delete_baseline(&namespace).await;
    other.baseline_gone(&namespace).await;
    replica.stop().await;
    assert_eq!(live.double.findings(), published);

    // A folder, which is then emptied.
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(folder.path(), &same);
    assert_eq!(run_folder(&live.double, folder.path(), state.path()), Some(2));
    assert_eq!(live.double.findings(), published);
    fs::remove_file(folder.path().join("SecurityBaseline.yaml")).unwrap();
    run_folder(&live.double, folder.path(), state.path());
    assert_eq!(live.double.findings(), published);

    // The first goes on with its own.
    for region in REGIONS {
        live.set_versioning(&account, region, "Enabled");
    }
    live.operated.ask(&namespace, "fixed").await;
    for region in REGIONS {
        live.finding_says(&account, region, FIXED).await;
    }
}

#[tokio::test]
async fn a_cluster_leaves_a_folders_findings_to_it_and_to_a_restored_state_folder() {
    let Some(live) = Live::start(&["--archive-deadline=5s"]).await else { return };
    let namespace = live.operated.cluster.namespace("folder-first").await;
    let id = live.account(&namespace).await;
    let accounts = json!({ "names": [format!("live-{id}")] });
    // The cluster has read the account's findings when nothing stood there.
    let first = baseline_of(&namespace, "first", "ec2-no-key-pair", &accounts);
    let baselines = live.operated.api::<SecurityBaseline>(&namespace).await;
    create(&baselines, first).await;
    eventually("the cluster has read and published", async || {
        let first = baselines.get("first").await.unwrap();
        (baseline_says(&first, "Published") == Some(("True", "Published"))).then_some(())
    })
    .await;
    assert_eq!(live.double.findings().len(), 0);

    let account = live.accounts().await.get(&format!("live-{id}")).await.unwrap();
    let account = json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "AwsAccount",
        "metadata": { "name": account.name_any() },
        "spec": serde_json::to_value(&account.spec).unwrap(),
    });
    let baseline = baseline_of(&namespace, "production", "s3-bucket-versioning", &accounts);
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(folder.path(), &[account, baseline.clone()]);
    assert_eq!(run_folder(&live.double, folder.path(), state.path()), Some(0));
    let published = live.double.findings();
    assert!(live.is(&id, REGIONS[0], OPEN), "{published:?}");
    let backup = tempfile::tempdir().unwrap();
    fs::copy(state.path().join("publisher"), backup.path().join("publisher")).unwrap();

    create(&baselines, baseline).await;
    live.baseline_says(&namespace, "Published", ("False", "PublishFailed")).await;
    let message = live.account_says(&id, "SolePublisher", ("False", "OtherPublisher")).await;
    assert!(message.contains("the state folder"), "{message}");
    let note = live.account_event(&id, "OtherPublisher").await;
    assert!(note.contains("another Plumbline"), "{note}");
    assert_eq!(live.double.findings(), published);
    live.operated.delete_baseline(&namespace).await;
    live.operated.baseline_gone(&namespace).await;
    assert_eq!(live.double.findings(), published);

    // The state folder comes from a backup, and the findings are its own still.
    assert_eq!(run_folder(&live.double, folder.path(), backup.path()), Some(0));
    assert_eq!(live.double.findings(), published);
    for region in REGIONS {
        live.set_versioning(&id, region, "Enabled");
    }
    assert_eq!(run_folder(&live.double, folder.path(), backup.path()), Some(0));
    for region in REGIONS {
        assert!(live.is(&id, region, FIXED), "{:?}", live.finding(&id, region));
    }
}

fn baseline_of(namespace: &str, name: &str, control: &str, accounts: &Value) -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "accounts": accounts, "controls": [{ "name": control }] },
    })
}
