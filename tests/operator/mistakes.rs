//! Mistakes of users are seen: nothing that is wrong takes drift out of sight, and nothing is called
//! ready or compliant that was not evaluated.

use api::{Control, SecurityBaseline, SecurityBaselineStatus, UnknownEntry};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::cluster::install_crds;
use super::operated::{OPEN, Operated, baseline_says, create, finding_is, said};
use support::waiting::eventually;

fn control(name: &str, compliant: &str) -> Value {
    json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "Control",
        "metadata": { "name": name },
        "spec": {
            "title": "Buckets keep versions", "description": "d", "severity": "High",
            "domain": "governance", "remediation": { "text": "Turn versions on." },
            "check": { "expression": {
                "resourceTypes": ["AWS::S3::Bucket"],
                "compliant": compliant,
                "message": "\"versioning is off\"",
            }},
        },
    })
}

const RIGHT: &str =
    "resource.supplementaryConfiguration.BucketVersioningConfiguration.status == \"Enabled\"";
const WRONG: &str = "resourse.name == \"a\"";

async fn create_baseline(operated: &Operated, namespace: &str, spec: Value) {
    let object = json!({
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "SecurityBaseline",
        "metadata": { "name": "production", "namespace": namespace },
        "spec": spec,
    });
    create(&operated.api::<SecurityBaseline>(namespace).await, object).await;
}

async fn change_baseline(operated: &Operated, namespace: &str, spec: Value) {
    let baselines = operated.api::<SecurityBaseline>(namespace).await;
    let patch = Patch::Merge(json!({ "spec": spec }));
    baselines.patch("production", &PatchParams::default(), &patch).await.unwrap();
}

async fn change_control(operated: &Operated, name: &str, compliant: &str) {
    let controls: Api<Control> = Api::all(operated.client().await);
    let patch = json!({ "spec": { "check": { "expression": { "compliant": compliant } } } });
    controls.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

fn not_accepted(baseline: &SecurityBaseline) -> bool {
    baseline_says(baseline, "Ready") == Some(("False", "NotAccepted"))
}

fn is_current(baseline: &SecurityBaseline) -> bool {
    baseline.status.as_ref().and_then(|it| it.observed_generation) == baseline.metadata.generation
}

fn drift(baseline: &SecurityBaseline) -> Option<u64> {
    Some(baseline.status.as_ref()?.summary.as_ref()?.non_compliant)
}

fn refused(status: &SecurityBaselineStatus) -> Vec<&UnknownEntry> {
    status.unknown.iter().filter(|it| it.reason.as_str() == "InvalidControl").collect()
}

async fn warnings(operated: &Operated, namespace: &str) -> Vec<String> {
    let events = operated.api::<Event>(namespace).await;
    let events = events.list(&ListParams::default()).await.unwrap();
    let refused = events.iter().filter(|event| event.reason.as_deref() == Some("NotAccepted"));
    refused.filter_map(|event| event.note.clone()).collect()
}

#[tokio::test]
async fn a_baseline_that_names_nothing_is_not_ready() {
    let Some((operated, replica)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("nothing").await;
    let account = operated.account(&namespace).await;
    let spec = json!({
        "accounts": { "names": [account.name, "nope"] },
        "packs": [{ "name": "foundation" }],
        "controls": [
            { "name": "s3-bucket-versioning", "parameters": { "requireMfaDelete": "7" } },
        ],
    });
    create_baseline(operated, &namespace, spec).await;
    let counted = |baseline: &SecurityBaseline| {
        let summary = baseline.status.as_ref().and_then(|it| it.summary.as_ref());
        not_accepted(baseline) && summary.is_some_and(|it| it.unknown == 2)
    };
    let baseline = operated.baseline_where(&namespace, "what is refused is unknown", counted).await;
    assert_eq!(baseline_says(&baseline, "Accepted").unwrap().0, "False");
    assert_eq!(baseline_says(&baseline, "Compliant"), Some(("Unknown", "Unknown")));
    let status = baseline.status.unwrap();
    let mut names: Vec<&str> = refused(&status).iter().map(|it| it.control.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["foundation", "s3-bucket-versioning"]);
    let ready = status.conditions.iter().find(|it| it.type_ == "Ready").unwrap();
    for part in ["spec.accounts.names[1]", "spec.packs[0].name: there is no pack", "parameter"] {
        assert!(ready.message.contains(part), "{}", ready.message);
    }
    for (type_, holds) in [("Accepted", "False"), ("Ready", "False"), ("Compliant", "Unknown")] {
        let series = format!(
            "plumbline_baseline_condition{{namespace=\"{namespace}\",baseline=\"production\",\
             type=\"{type_}\",status=\"{holds}\"}}"
        );
        let value = replica.metric(&series).await.map(|value| value.to_string());
        assert_eq!(value.as_deref(), Some("1"), "{series}");
    }
    let unknown = format!("namespace=\"{namespace}\",baseline=\"production\"");
    let ratio = replica.metric(&format!("plumbline_compliance_ratio{{{unknown}}}")).await;
    assert_eq!(ratio.map(|ratio| ratio.to_string()).as_deref(), Some("0"));
    let errors = replica.metric("plumbline_configuration_errors").await;
    assert!(errors.is_some_and(|errors| errors >= 1.0), "{errors:?}");
    let table = operated.cluster.kubectl_prints(&["get", "baselines", "-n", &namespace]);
    assert!(table.contains("ACCEPTED") && table.contains("False"), "{table}");
    let reported = eventually("an event", async || {
        Some(warnings(operated, &namespace).await).filter(|reported| !reported.is_empty())
    })
    .await;
    assert_eq!(reported.len(), 1, "{reported:?}");
}

#[tokio::test]
async fn a_typo_in_a_shared_control_keeps_its_drift_in_sight() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let namespace = operated.cluster.namespace("shared").await;
    let account = operated.account(&namespace).await;
    create(&Api::<Control>::all(operated.client().await), control("team-versions", RIGHT)).await;
    let spec = json!({
        "accounts": { "names": [account.name] },
        "controls": [{ "name": "team-versions" }],
    });
    create_baseline(&operated, &namespace, spec).await;
    account.finding_says(OPEN).await;
    let drifts = |baseline: &SecurityBaseline| drift(baseline) == Some(2);
    let before = operated.baseline_where(&namespace, "two buckets drift", drifts).await;
    let entry = &before.status.as_ref().unwrap().drift[0];
    assert_eq!(entry.message, "versioning is off");
    assert_eq!(entry.remediation, "Turn versions on.");

    // The last valid version stays in force.
    change_control(&operated, "team-versions", WRONG).await;
    let baseline = operated.baseline_where(&namespace, "it says so", not_accepted).await;
    assert_eq!(baseline_says(&baseline, "Accepted"), Some(("False", "InvalidControl")));
    account.damage(); // delivered again
    operated.ask(&namespace, "again").await;
    assert_eq!(drift(&baseline), Some(2));
    assert_eq!(refused(baseline.status.as_ref().unwrap()).len(), 0);

    // After a restart there is none: unknown, and the findings stay.
    replica.stop().await;
    let replica = operated.start("plumbline-1").await;
    replica.ready().await;
    let unknown = |baseline: &SecurityBaseline| {
        baseline.status.as_ref().is_some_and(|status| {
            status.summary.as_ref().is_some_and(|it| it.unknown == 1 && it.non_compliant == 0)
        })
    };
    let baseline = operated.baseline_where(&namespace, "it is unknown", unknown).await;
    assert!(not_accepted(&baseline));
    let status = baseline.status.unwrap();
    let [entry] = refused(&status)[..] else { panic!("{:?}", status.unknown) };
    assert_eq!((entry.control.as_str(), entry.verdicts), ("team-versions", 1));
    assert!(entry.message.contains("unknown variable"), "{}", entry.message);
    assert!(finding_is(&account.finding().unwrap(), OPEN));
    assert_eq!(account.published().len(), 2, "the findings of two buckets, and nothing since");
    let described =
        operated.cluster.kubectl_prints(&["describe", "baseline", "production", "-n", &namespace]);
    assert!(described.contains("is not evaluated: control `team-versions` is invalid"));

    // Once it is right again, all is as before.
    change_control(&operated, "team-versions", RIGHT).await;
    let ready = |baseline: &SecurityBaseline| {
        drifts(baseline) && baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
    };
    operated.baseline_where(&namespace, "it drifts as before", ready).await;
    assert_eq!(account.published().len(), 2);
}

#[tokio::test]
async fn a_mistyped_name_archives_nothing_and_a_control_taken_out_on_purpose_is_archived() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let replica = operated.start("plumbline-0").await;
    replica.ready().await;
    let namespace = operated.cluster.namespace("mistyped").await;
    let account = operated.account(&namespace).await;
    operated.baseline(&namespace, &json!({ "names": [account.name] })).await;
    account.finding_says(OPEN).await;

    // The account and the control are mistyped while nobody looks, so that nothing is remembered.
    replica.stop().await;
    let typo = json!({
        "accounts": { "names": ["acount"] },
        "controls": [{ "name": "s3-bucket-versionin" }],
    });
    change_baseline(&operated, &namespace, typo).await;
    let replica = operated.start("plumbline-1").await;
    replica.ready().await;
    operated.baseline_where(&namespace, "it is not accepted", not_accepted).await;
    let right_account = json!({ "accounts": { "names": [account.name] } });
    change_baseline(&operated, &namespace, right_account).await;
    let unknown = |baseline: &SecurityBaseline| {
        is_current(baseline)
            && not_accepted(baseline)
            && baseline.status.as_ref().is_some_and(|status| refused(status).len() == 1)
    };
    operated.baseline_where(&namespace, "the control is unknown", unknown).await;
    assert!(finding_is(&account.finding().unwrap(), OPEN), "{:?}", account.finding());

    // It is right, and then mistyped while somebody looks: its drift stays in sight.
    let controls = |names: &[&str]| {
        let names: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({ "controls": names })
    };
    change_baseline(&operated, &namespace, controls(&["s3-bucket-versioning"])).await;
    let ready = |baseline: &SecurityBaseline| {
        is_current(baseline) && baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
    };
    operated.baseline_where(&namespace, "it is accepted", ready).await;
    change_baseline(&operated, &namespace, controls(&["s3-bucket-versionin"])).await;
    let in_sight = |baseline: &SecurityBaseline| {
        is_current(baseline)
            && not_accepted(baseline)
            && drift(baseline) == Some(2)
            && refused(baseline.status.as_ref().unwrap()).len() == 1
    };
    operated.baseline_where(&namespace, "the drift stays in sight", in_sight).await;
    assert!(finding_is(&account.finding().unwrap(), OPEN));

    // On purpose is another matter.
    change_baseline(&operated, &namespace, controls(&["s3-bucket-encryption"])).await;
    account.finding_says(["FAILED", "NEW", "ARCHIVED"]).await;
}

#[tokio::test]
async fn a_selector_takes_what_is_allowed_and_counts_the_others_without_their_names() {
    let Some((operated, _)) = Operated::shared().await else { return };
    let namespace = operated.cluster.namespace("selecting").await;
    let own = operated.account(&namespace).await;
    let foreign = operated.account("somebody-elses").await;
    operated.baseline(&namespace, &json!({ "selector": {} })).await;
    own.finding_says(OPEN).await;
    let ready = |baseline: &SecurityBaseline| {
        baseline_says(baseline, "Ready") == Some(("True", "Evaluated"))
    };
    let baseline = operated.baseline_where(&namespace, "it is ready", ready).await;
    let status = baseline.status.unwrap();
    assert_eq!(said(&status.conditions, "Accepted"), Some(("True", "Accepted")));
    assert_eq!(status.targets.len(), 1);
    let accepted = status.conditions.iter().find(|it| it.type_ == "Accepted").unwrap();
    assert!(accepted.message.contains("left out"), "{}", accepted.message);
    let text = serde_json::to_string(&status).unwrap();
    assert!(!text.contains(&foreign.name) && !text.contains(&foreign.id), "{text}");
}

#[tokio::test]
async fn a_baseline_of_which_nothing_is_evaluated_by_choice_is_ready_and_never_compliant() {
    let Some((operated, _)) = Operated::shared().await else { return };
    for (name, changes, reason) in [
        ("suspended", json!({ "suspend": true }), "Suspended"),
        (
            "disabled",
            json!({ "controls": [{ "name": "s3-bucket-versioning", "disabled": true }] }),
            "NoControls",
        ),
    ] {
        let namespace = operated.cluster.namespace(name).await;
        let account = operated.account(&namespace).await;
        let mut spec = json!({
            "accounts": { "names": [account.name] },
            "controls": [{ "name": "s3-bucket-versioning" }],
        });
        spec.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        create_baseline(operated, &namespace, spec).await;
        let reported = |baseline: &SecurityBaseline| {
            baseline_says(baseline, "Ready") == Some(("True", reason))
        };
        let baseline = operated.baseline_where(&namespace, "it says why", reported).await;
        assert_eq!(baseline_says(&baseline, "Compliant"), Some(("Unknown", reason)));
    }
}

#[tokio::test]
async fn missing_definitions_are_one_plain_line() {
    let Some(operated) = Operated::new(&[]).await else { return };
    let definitions: Api<CustomResourceDefinition> = Api::all(operated.client().await);
    definitions.delete_collection(&DeleteParams::default(), &ListParams::default()).await.unwrap();
    eventually("the definitions are gone", async || {
        let left = definitions.list(&ListParams::default()).await.unwrap();
        left.items.is_empty().then_some(())
    })
    .await;
    let replica = operated.start("plumbline-0").await;
    let log = || operated.logged("plumbline-0");
    eventually("it says what is missing", async || {
        (!support::log::lines(&log(), "definitions_missing").is_empty()).then_some(())
    })
    .await;
    install_crds(&operated.client().await, api::crds()).await;
    replica.ready().await;
    let log = log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("\"WARN\"")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(!log.contains("ApiError"), "{log}");
    let first = log.lines().next().unwrap();
    for part in ["version", "plumbline-0", "installation", "namespace", "sink"] {
        assert!(first.contains(part), "{part}: {first}");
    }
}
