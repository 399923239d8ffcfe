//! The chart as Helm installs it, and what its service account may and may not do.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use api::{BaselineReport, BaselineReportSpec, SecurityBaseline};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, ResourceRule, SelfSubjectRulesReview, SelfSubjectRulesReviewSpec,
    SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::operated::Operated;
use super::release::{Operator, Release};
use super::yaml::documents;

/// Where the release is, and where it is not.
#[derive(Debug, Clone, Copy)]
enum Place {
    Own,
    Other,
}

#[tokio::test]
async fn helm_installs_upgrades_and_removes_the_operator() {
    let Some(cluster) = Cluster::shared() else { return };
    let release = Release::install(cluster, &[]).await;
    assert!(release.notes.contains("rollout status deployment/plumbline"), "{}", release.notes);
    assert!(!release.notes.contains("MISSING"), "{}", release.notes);
    // Another namespace's release of the same name is in nobody's way.
    let other = Release::install(cluster, &["--set=replicas=3"]).await;

    let budgets = async |release: &Release<'_>| {
        let budgets: Api<PodDisruptionBudget> =
            Api::namespaced(cluster.client().await, &release.namespace);
        budgets.list(&ListParams::default()).await.unwrap().items.len()
    };
    assert_eq!(budgets(&release).await, 0, "the budget of a single replica would block nodes");
    assert_eq!(budgets(&other).await, 1);
    release.upgrade(&["--set=replicas=2", "--set=installation=blue"]);
    assert_eq!(budgets(&release).await, 1);
    assert_eq!(release.deployment().await.spec.replicas, Some(2));

    for release in [&release, &other] {
        release.uninstall();
        let left = ["get", "all,role,rolebinding,sa,pdb", "--output=name", "--namespace"];
        let left = cluster.kubectl_prints(&[&left[..], &[&release.namespace]].concat());
        assert_eq!(left, "", "something is left");
    }
    let cluster_wide = cluster.kubectl_prints(&["get", "clusterroles", "--output=name"]);
    assert!(!cluster_wide.contains(&release.namespace), "{cluster_wide}");
    let kinds = "validatingadmissionpolicies,validatingadmissionpolicybindings";
    let policies = cluster.kubectl_prints(&["get", kinds, "--output=name"]);
    assert!(!policies.contains(&release.namespace), "{policies}");
}

#[tokio::test]
async fn a_pod_runs_the_operator_with_its_own_name_and_namespace() {
    let Some(cluster) = Cluster::shared() else { return };
    let release = Release::install(cluster, &["--set=installation=blue"]).await;
    let namespace = &release.namespace;
    let expected = Operator {
        words: vec![
            "plumbline".to_owned(),
            "operator".to_owned(),
            "--listen=0.0.0.0:9464".to_owned(),
            "--installation=blue".to_owned(),
            format!("--namespace={namespace}"),
            "--log-format=json".to_owned(),
            "--max-concurrent=2".to_owned(),
            "--lease-duration=15s".to_owned(),
            "--sink=securityhub".to_owned(),
            "--archive-deadline=10m".to_owned(),
            "--archival-limit=100".to_owned(),
            "--archival-limit-percent=25".to_owned(),
            "--max-findings=20000".to_owned(),
            "--max-drift-series=1000".to_owned(),
            "--max-owners=100".to_owned(),
            "--mirror-size=1024".to_owned(),
        ],
        environment: BTreeMap::from([
            ("POD_NAME".to_owned(), "plumbline-0".to_owned()),
            ("POD_NAMESPACE".to_owned(), namespace.clone()),
            ("RUST_LOG".to_owned(), "info".to_owned()),
            ("MALLOC_ARENA_MAX".to_owned(), "2".to_owned()),
        ]),
        service_account: "plumbline".to_owned(),
    };
    assert_eq!(release.operator("plumbline-0").await, expected);

    let folder = tempfile::tempdir().unwrap();
    let command = release.command("plumbline-0", "127.0.0.1:0", folder.path()).await;
    let arguments: Vec<_> = command.get_args().collect();
    assert_eq!(arguments[..2], ["operator", "--listen=127.0.0.1:0"]);
    assert!(folder.path().join("plumbline-0.kubeconfig").is_file());
}

#[tokio::test]
async fn its_pods_may_run_where_only_the_strictest_may() {
    let Some(cluster) = Cluster::shared() else { return };
    let release = Release::install(cluster, &[]).await;
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    cluster.kubectl_prints(&["label", "namespace", &release.namespace, enforce]);
    let template = release.deployment().await.spec.template;
    let mut pod =
        Pod { metadata: template.metadata.unwrap(), spec: template.spec, ..Pod::default() };
    pod.metadata.name = Some("operator".to_owned());
    let pods: Api<Pod> = Api::namespaced(cluster.client().await, &release.namespace);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    pods.create(&dry, &pod).await.unwrap();

    // The standard is in force: a pod that may write to its root file system's owner is refused.
    pod.spec.as_mut().unwrap().containers[0].security_context = None;
    let refused = pods.create(&dry, &pod).await.unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity"), "{refused}");
}

/// The pod of `helm test`, run here: the same words, at the address of the operator's process.
#[tokio::test]
async fn helm_test_passes_while_the_operator_is_ready_and_fails_when_it_is_gone() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let hooks = ["get", "hooks", "plumbline", "--namespace", operated.release_namespace()];
    let hooks = documents(&operated.cluster.helm_prints(&hooks));
    let [pod]: [Value; 1] = hooks.try_into().unwrap();
    assert_eq!(pod["metadata"]["annotations"]["helm.sh/hook"], "test");
    let words: Vec<String> =
        serde_json::from_value(pod["spec"]["containers"][0]["args"].clone()).unwrap();
    let service = format!("http://plumbline.{}:9464", operated.release_namespace());
    assert!(words.contains(&service), "{words:?}");

    let replica = operated.start("plumbline-0").await;
    let address = format!("http://{}", replica.address().await);
    let asks = |more: &[&str]| {
        let words = words.iter().map(|word| word.replace(&service, &address));
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.args(words).args(more).output().unwrap()
    };
    let output = asks(&[]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((output.status.code(), said), (Some(0), format!("{address} is ready\n")));
    replica.ready().await;
    replica.stop().await;
    let output = asks(&["--timeout=0s"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{errors}");
    assert!(errors.contains(&format!("{address} is not ready")), "{errors}");
}

#[tokio::test]
async fn arguments_of_the_users_own_take_precedence() {
    let Some(cluster) = Cluster::shared() else { return };
    let own =
        "--set=extraArgs={--max-concurrent=5,--sink=file,--state=/tmp/none,--lease-duration=1s}";
    let release = Release::install(cluster, &[own]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = release.command("plumbline-0", "127.0.0.1:0", folder.path()).await;
    // The last one is wrong, and the only one of which it complains.
    let errors = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(errors.contains("--lease-duration") && errors.contains("at least 3s"), "{errors}");
    assert!(!errors.contains("multiple times"), "{errors}");
}

#[tokio::test]
async fn the_service_account_may_do_its_work_and_nothing_else() {
    let Some(cluster) = Cluster::shared() else { return };
    let release = Release::install(cluster, &[]).await;
    let client = cluster.client().await;
    let other = cluster.namespace("other").await;
    let plumbline = "plumbline.dev";
    let cases = [
        // What users declare.
        ("list", plumbline, "securitybaselines", "", Place::Other, true),
        ("watch", plumbline, "exemptions", "", Place::Other, true),
        ("list", plumbline, "awsaccounts", "", Place::Other, true),
        ("patch", plumbline, "securitybaselines", "", Place::Other, true), // its finalizer
        ("patch", plumbline, "securitybaselines", "status", Place::Other, true),
        ("patch", plumbline, "awsaccounts", "status", Place::Other, true),
        ("create", plumbline, "securitybaselines", "", Place::Other, false),
        ("delete", plumbline, "securitybaselines", "", Place::Other, false),
        ("update", plumbline, "securitybaselines", "", Place::Other, false),
        ("patch", plumbline, "awsaccounts", "", Place::Other, true), // its finalizer
        ("list", plumbline, "awsorganizations", "", Place::Other, true),
        ("create", plumbline, "awsaccounts", "", Place::Other, false), // unless a value allows it
        ("delete", plumbline, "awsaccounts", "", Place::Other, false),
        ("patch", plumbline, "awsorganizations", "", Place::Other, false),
        ("patch", plumbline, "exemptions", "", Place::Other, false),
        ("create", plumbline, "exemptions", "", Place::Other, false),
        ("delete", plumbline, "controls", "", Place::Other, false),
        // What it writes.
        ("create", plumbline, "baselinereports", "", Place::Other, true),
        ("delete", plumbline, "baselinereports", "", Place::Other, true),
        ("deletecollection", plumbline, "baselinereports", "", Place::Other, false),
        ("create", "events.k8s.io", "events", "", Place::Other, true),
        ("list", "events.k8s.io", "events", "", Place::Other, false),
        ("delete", "events.k8s.io", "events", "", Place::Other, false),
        ("create", "coordination.k8s.io", "leases", "", Place::Own, true),
        ("update", "coordination.k8s.io", "leases", "", Place::Own, true),
        ("delete", "coordination.k8s.io", "leases", "", Place::Own, true),
        ("patch", "coordination.k8s.io", "leases", "", Place::Own, false),
        ("get", "coordination.k8s.io", "leases", "", Place::Other, false),
        // What is none of its business.
        ("list", "", "namespaces", "", Place::Other, true),
        ("create", "", "namespaces", "", Place::Other, false),
        ("get", "", "secrets", "", Place::Own, false),
        ("list", "", "secrets", "", Place::Other, false),
        ("get", "", "configmaps", "", Place::Own, false),
        ("list", "", "pods", "", Place::Own, false),
        ("create", "", "pods", "", Place::Own, false),
        ("create", "", "serviceaccounts", "token", Place::Own, false),
        ("impersonate", "", "users", "", Place::Other, false),
        ("create", "rbac.authorization.k8s.io", "rolebindings", "", Place::Own, false),
        ("escalate", "rbac.authorization.k8s.io", "clusterroles", "", Place::Other, false),
        ("list", "apiextensions.k8s.io", "customresourcedefinitions", "", Place::Other, false),
    ];
    for (verb, group, resource, subresource, place, allowed) in cases {
        let namespace = match place {
            Place::Own => &release.namespace,
            Place::Other => &other,
        };
        let asked = ResourceAttributes {
            verb: Some(verb.to_owned()),
            group: Some(group.to_owned()),
            resource: Some(resource.to_owned()),
            subresource: Some(subresource.to_owned()),
            namespace: Some(namespace.clone()),
            ..ResourceAttributes::default()
        };
        let user = format!("system:serviceaccount:{}:plumbline", release.namespace);
        let answer = may(&client, user, asked).await;
        assert_eq!(answer, allowed, "{verb} {group} {resource} {subresource} {place:?}");
    }
}

async fn may(client: &Client, user: String, asked: ResourceAttributes) -> bool {
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(user),
            resource_attributes: Some(asked),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    let reviews: Api<SubjectAccessReview> = Api::all(client.clone());
    let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}

#[tokio::test]
async fn its_rights_are_these_and_no_others() {
    let Some(cluster) = Cluster::shared() else { return };
    let release = Release::install(cluster, &[]).await;
    let client = cluster.client_with(&release.token().await).await;
    let anybody = cluster.kubectl_prints(&[
        "create",
        "serviceaccount",
        "anybody",
        "--output=name",
        "--namespace",
        &release.namespace,
    ]);
    assert_eq!(anybody.trim(), "serviceaccount/anybody");
    let anybody = cluster.token(&release.namespace, "anybody").await;
    let anybody = cluster.client_with(&anybody).await;

    let rights = rights(&client, &release.namespace).await;
    let everybodys = self::rights(&anybody, &release.namespace).await;
    let own: BTreeSet<String> = rights.difference(&everybodys).cloned().collect();
    let mut expected = BTreeSet::new();
    let mut grant = |group: &str, resources: &[&str], verbs: &[&str]| {
        for resource in resources {
            expected.extend(verbs.iter().map(|verb| format!("{verb} {resource}.{group}")));
        }
    };
    let declared = [
        "securitybaselines",
        "awsaccounts",
        "awsorganizations",
        "controls",
        "packs",
        "exemptions",
        "attestations",
    ];
    let statuses = declared.map(|kind| format!("{kind}/status"));
    let statuses: Vec<&str> = statuses.iter().map(String::as_str).collect();
    grant("plumbline.dev", &declared, &["list", "watch"]);
    grant("plumbline.dev", &statuses, &["patch"]);
    grant("plumbline.dev", &["securitybaselines", "awsaccounts"], &["patch"]);
    let all = ["list", "watch", "create", "patch", "delete"];
    grant("plumbline.dev", &["baselinereports"], &all);
    grant("plumbline.dev", &["baselinereports/status"], &["patch"]);
    grant("plumbline.dev", &["baselinereports"], &["report"]); // asked for by admission policies
    grant("", &["namespaces"], &["list", "watch"]);
    grant("events.k8s.io", &["events"], &["create"]);
    let leases = ["get", "list", "create", "update", "delete"];
    grant("coordination.k8s.io", &["leases"], &leases);
    let definitions = r#"["securitybaselines.plumbline.dev", "awsaccounts.plumbline.dev", "awsorganizations.plumbline.dev"]"#;
    expected.insert(format!("get customresourcedefinitions.apiextensions.k8s.io {definitions}"));
    assert_eq!(own, expected);
}

/// What a client may do in a namespace, as `verb resource.group`.
async fn rights(client: &Client, namespace: &str) -> BTreeSet<String> {
    let review = SelfSubjectRulesReview {
        spec: SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) },
        ..SelfSubjectRulesReview::default()
    };
    let reviews: Api<SelfSubjectRulesReview> = Api::all(client.clone());
    let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
    let rules = answer.status.unwrap().resource_rules;
    rules.iter().flat_map(rights_of).collect()
}

fn rights_of(rule: &ResourceRule) -> Vec<String> {
    let mut rights = Vec::new();
    for group in rule.api_groups.iter().flatten() {
        for resource in rule.resources.iter().flatten() {
            // A rule for some objects by name is less than one for all of them.
            let names = rule.resource_names.iter().flatten().cloned().collect::<Vec<_>>();
            let names = if names.is_empty() { String::new() } else { format!(" {names:?}") };
            rights
                .extend(rule.verbs.iter().map(|verb| format!("{verb} {resource}.{group}{names}")));
        }
    }
    rights
}

#[tokio::test]
async fn with_its_token_baselines_are_reported_on_and_secrets_are_not_read() {
    let Some(cluster) = Cluster::shared() else { return };
    let release = Release::install(cluster, &[]).await;
    let namespace = cluster.namespace("tenant").await;
    let administrator: Api<SecurityBaseline> = Api::namespaced(cluster.client().await, &namespace);
    let baseline = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": "production" },
        "spec": { "accounts": { "names": ["payments"] }, "packs": [{ "name": "foundations" }] },
    });
    let baseline = serde_json::from_value(baseline).unwrap();
    administrator.create(&PostParams::default(), &baseline).await.unwrap();

    let client = cluster.client_with(&release.token().await).await;
    let baselines: Api<SecurityBaseline> = Api::namespaced(client.clone(), &namespace);
    assert_eq!(baselines.list(&ListParams::default()).await.unwrap().items.len(), 1);
    let finalizer = json!({ "metadata": { "finalizers": ["plumbline.dev/findings"] } });
    let parameters = PatchParams::default();
    baselines.patch("production", &parameters, &Patch::Merge(&finalizer)).await.unwrap();
    let status = json!({ "status": { "observedGeneration": 1 } });
    baselines.patch_status("production", &parameters, &Patch::Merge(&status)).await.unwrap();

    let reported = administrator.get("production").await.unwrap();
    let spec = BaselineReportSpec {
        baseline: "production".to_owned(),
        account: "payments".to_owned(),
        account_id: "111122223333".parse().unwrap(),
    };
    let mut report = BaselineReport::new("production-payments", spec);
    // One that blocked its owner's deletion would need the right to the owner's finalizers.
    let mut owner = reported.controller_owner_ref(&()).unwrap();
    owner.block_owner_deletion = None;
    report.metadata.owner_references = Some(vec![owner]);
    let reports: Api<BaselineReport> = Api::namespaced(client.clone(), &namespace);
    let apply = PatchParams::apply("plumbline");
    reports.patch("production-payments", &apply, &Patch::Apply(&report)).await.unwrap();
    reports.delete("production-payments", &DeleteParams::default()).await.unwrap();

    let secrets: Api<Secret> = Api::namespaced(client, &namespace);
    let refused = secrets.list(&ListParams::default()).await.unwrap_err().to_string();
    assert!(refused.contains("cannot list resource \"secrets\""), "{refused}");
}
