//! The sink against the AWS double, which refuses what Security Hub would refuse.

mod disturbed;
mod fenced;
mod several;

use std::collections::{BTreeMap, HashMap};
use std::io::{Write as _, stderr}; // past the harness's capture
use std::time::Duration;

use aws::publish::{FindingSink as _, PlaceState, SecurityHub};
use aws::{AccountAccess, Aws, AwsSettings, Role};
use engine::drift::{Finding, FindingChange, Installation};
use engine::evaluation::FieldReading;
use metrics::Metrics;
use model::{AccountId, Partition};
use serde_json::{Value, json};

use super::world::{
    ACCOUNT, Bucket, Buckets, EXEMPTION_NAME, OTHER_REGION, REGION, World, buckets, by_the_clock,
    day, id_of, minute, names,
};
use support::double::{Double, Fault, State};

const OFF: Bucket = Bucket::Failing("off");
const EXEMPT: Bucket = Bucket::Exempt("off");

type Sink = SecurityHub<HashMap<AccountId, AccountAccess>>;

/// A double at the first of March 2026: findings of February are still kept then, archived ones too.
fn double() -> Option<Double> {
    let double = Double::start(&State::of(&[ACCOUNT], &[REGION, OTHER_REGION]))?;
    double.set_clock("2026-03-01T00:00:00Z");
    Some(double)
}

/// The account, reached with its own key or by its role, as fast as the double answers.
async fn access(double: &Double, role: Option<&str>) -> AccountAccess {
    access_with(&double.settings(), role).await
}

/// The same, as these settings have it.
async fn access_with(settings: &AwsSettings, role: Option<&str>) -> AccountAccess {
    let aws = Aws::load(settings, Metrics::new().unwrap().aws().clone()).await.unwrap();
    let rates = ["GetFindings", "BatchImportFindings", "BatchUpdateFindings"];
    let rates = rates.map(|operation| (operation.to_owned(), 1000.0));
    let role = role.map(|role| Role {
        arn: format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        external_id: None,
        session_name: "plumbline".to_owned(),
        session_tags: Vec::new(),
    });
    let (account, region) = (ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    aws.account(&account, Partition::Aws, &region, role.as_ref()).await.with_rates(rates.into())
}

async fn sink(double: &Double) -> Sink {
    of(access(double, None).await)
}

fn of(access: AccountAccess) -> Sink {
    let accounts = HashMap::from([(access.account().clone(), access)]);
    SecurityHub::new(Installation::default(), accounts)
}

fn many(count: usize, bucket: Bucket) -> Buckets {
    (0..count).map(|number| ((REGION, format!("bucket-{number:04}")), bucket)).collect()
}

fn sorted(sink: &Sink) -> Vec<Finding> {
    let mut known: Vec<Finding> = sink.known().iter().cloned().collect();
    known.sort_by(|one, other| one.id.cmp(&other.id));
    known
}

/// Findings without what Security Hub adds, and with times as Plumbline writes them.
fn as_published(mut findings: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for finding in findings.values_mut() {
        for time in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"] {
            let parsed: jiff::Timestamp = finding[time].as_str().unwrap().parse().unwrap();
            finding[time] = parsed.to_string().into();
        }
        finding["Severity"].as_object_mut().unwrap().remove("Normalized");
        let fields = finding.as_object_mut().unwrap();
        fields.remove("ProcessedAt");
        fields.remove("WorkflowState");
        if fields.get("UserDefinedFields") == Some(&json!({})) {
            fields.remove("UserDefinedFields");
        }
    }
    findings
}

/// What the double holds, without the time of publication, which moves when calls are repeated.
fn stored(double: &Double) -> BTreeMap<String, Value> {
    let mut findings = double.findings();
    for finding in findings.values_mut() {
        finding.as_object_mut().unwrap().retain(|name, _| name != "ProcessedAt");
    }
    findings
}

#[tokio::test]
async fn every_kind_of_change_arrives_as_it_was_meant() {
    let Some(double) = double() else { return };
    let world = World::new();
    let mut sink = sink(&double).await;
    let suspended = Bucket::Failing("suspended");
    let rounds: [(i64, Buckets, &[&str]); 7] = [
        (0, buckets(&[("a", OFF), ("b", OFF), ("c", EXEMPT)]), &["opened", "opened", "suppressed"]),
        (1, buckets(&[("a", suspended), ("b", EXEMPT), ("c", EXEMPT)]), &["suppressed", "updated"]),
        (2, buckets(&[("a", Bucket::Fine), ("b", OFF)]), &["archived", "resolved", "unsuppressed"]),
        (3, buckets(&[("a", OFF), ("b", OFF), ("c", OFF)]), &["opened", "opened"]),
        (36, buckets(&[("a", OFF), ("b", OFF), ("c", OFF)]), &["heartbeat"; 3]),
        (37, buckets(&[("b", EXEMPT), ("c", EXEMPT)]), &["archived", "suppressed", "suppressed"]),
        (
            38,
            buckets(&[("a", EXEMPT), ("b", Bucket::Fine), ("c", EXEMPT)]),
            &["resolved", "suppressed"],
        ),
    ];
    let mut meant: BTreeMap<String, Value> = BTreeMap::new();
    for (days, buckets, expected) in rounds {
        // What was archived more than 30 days ago goes.
        let today = jiff::Timestamp::from_second(day(days).seconds).unwrap();
        double.set_clock(&today.to_string());
        let (changes, published) = world.round(&mut sink, &buckets, day(days)).await;
        assert_eq!(names(&changes), expected, "day {days}");
        assert_eq!(published.refused, [], "day {days}");
        let of = |finding: &Finding| {
            (finding.id.to_string(), serde_json::to_value(finding.to_asff()).unwrap())
        };
        let published = as_published(double.findings());
        meant.extend(changes.iter().map(|change| of(change.finding())));
        // Of what is archived little is remembered, and after a while nothing.
        let is_archived = |finding: &Value| finding["RecordState"] == "ARCHIVED";
        meant.retain(|id, finding| !is_archived(finding) || published.contains_key(id));
        assert_eq!(published, meant, "day {days}");
        let open: BTreeMap<String, Value> = sink.known().iter().map(of).collect();
        meant.iter().filter(|(_, finding)| !is_archived(finding)).for_each(|(id, finding)| {
            assert_eq!(open.get(id), Some(finding), "day {days}");
        });
        let mut reader = self::sink(&double).await;
        reader.prepare(&world.places()).await;
        assert_eq!(sorted(&reader), sorted(&sink), "day {days}");
    }
}

#[tokio::test]
async fn five_hundred_changes_are_five_full_batches_and_nothing_follows() {
    let Some(double) = double() else { return };
    let world = World::new();
    let mut sink = sink(&double).await;
    let (_, published) = world.round(&mut sink, &many(500, OFF), minute(9)).await;
    assert_eq!((published.accepted, double.findings().len()), (500, 500));
    let calls = double.calls();
    let sizes =
        calls.each("BatchImportFindings").into_iter().map(|it| &it["detail"]["findings"]).cloned();
    assert_eq!(sizes.collect::<Vec<_>>(), vec![json!(100); 5]);
    // Each region is read, and what stands of the control before the first publication.
    assert_eq!((calls.of("BatchUpdateFindings"), calls.of("GetFindings")), (0, 3));

    double.forget_calls();
    let (changes, _) = world.round(&mut sink, &many(500, OFF), minute(10)).await;
    assert_eq!((changes.len(), double.calls().total()), (0, 0));

    // After a restart, five pages of the one region and one of the other.
    let mut next = self::sink(&double).await;
    let (changes, _) = world.round(&mut next, &many(500, OFF), minute(10)).await;
    let calls = double.calls();
    assert_eq!((changes.len(), calls.total(), calls.of("GetFindings")), (0, 6, 6));

    double.forget_calls();
    let fixed = many(500, Bucket::Fine);
    world.round(&mut next, &fixed, minute(10)).await;
    let calls = double.calls();
    assert_eq!((calls.of("BatchUpdateFindings"), calls.of("BatchImportFindings")), (5, 5));
    let resolved = |it: &Value| it["Workflow"]["Status"] == "RESOLVED";
    assert!(double.findings().values().all(resolved));
}

#[tokio::test]
async fn long_and_strange_texts_are_taken_in_batches_within_the_bytes() {
    const FINDINGS: usize = 120;
    let Some(double) = double() else { return };
    let mut world = World::new();
    let mut sink = sink(&double).await;
    for (at, text) in
        ["🪣".repeat(400), "\"\\".repeat(800), "\u{1}\n\t x".repeat(400)].into_iter().enumerate()
    {
        world.readings = vec![FieldReading { path: text.clone(), value: text.clone() }; 40];
        let message: &'static str = text.leak();
        let buckets: Buckets = (0..FINDINGS)
            .map(|number| ((REGION, format!("{at}-{number}")), Bucket::Failing(message)))
            .collect();
        double.forget_calls();
        let (changes, published) = world.round(&mut sink, &buckets, minute(10)).await;
        let opened = changes.iter().filter(|it| matches!(it, FindingChange::Opened(_))).count();
        assert_eq!((opened, published.refused.len()), (FINDINGS, 0));
        let calls = double.calls();
        let imports = calls.of("BatchImportFindings");
        assert_eq!(calls.ok("BatchImportFindings"), imports, "{:?}", calls.counts);
        // Of 240 changes the second text's findings, twice as long as JSON, are more than 6 MB by
        // the hundred.
        assert!(at != 1 || imports > 3, "{imports}");
    }
}

#[tokio::test]
async fn findings_that_fail_one_by_one_are_sent_again_or_reported() {
    let Some(double) = double() else { return };
    let world = World::new();
    let mut sink = sink(&double).await;
    let mut passing = Fault::partial("BatchImportFindings", 0.2, "InternalFailure");
    passing["count"] = 1.into();
    double.order_faults(1, &[passing]);
    let (_, published) = world.round(&mut sink, &many(100, OFF), minute(8)).await;
    assert_eq!((published.accepted, double.findings().len()), (100, 100));
    assert_eq!(double.calls().of("BatchImportFindings"), 2);

    double.order_faults(2, &[Fault::partial("BatchImportFindings", 0.2, "InvalidInput")]);
    let (_, published) = world.round(&mut sink, &many(200, OFF), minute(9)).await;
    let refused = published.refused.len();
    assert!((5..40).contains(&refused), "{refused}");
    assert_eq!(published.accepted, 100 - refused);
    assert!(published.refused[0].message.contains("InvalidInput"), "{published:?}");
    double.no_faults();
    let (changes, published) = world.round(&mut sink, &many(200, OFF), minute(10)).await;
    assert_eq!((changes.len(), published.accepted), (refused, refused));
    assert_eq!(double.findings().len(), 200);
}

#[tokio::test]
async fn a_region_without_security_hub_holds_up_no_other() {
    let Some(double) = double() else { return };
    double.change_region(ACCOUNT, OTHER_REGION, &json!({"securityHub": {"enabled": false}}));
    let world = World::new();
    let mut sink = sink(&double).await;
    let mut two = buckets(&[("a", OFF)]);
    two.insert((OTHER_REGION, "b".to_owned()), OFF);
    let (_, published) = world.round(&mut sink, &two, minute(8)).await;
    assert_eq!((published.accepted, published.refused.len()), (1, 1));
    let message = &published.refused[0].message;
    assert!(message.contains("not enabled") && message.contains(OTHER_REGION), "{message}");
    let places = world.places();
    let other = places.iter().find(|place| place.region.as_str() == OTHER_REGION).unwrap();
    assert!(matches!(sink.state(other), PlaceState::NotEnabled(_)));

    double.change_region(ACCOUNT, OTHER_REGION, &json!({"securityHub": {"enabled": true}}));
    world.round(&mut sink, &two, minute(9)).await;
    assert_eq!((double.findings().len(), sink.state(other)), (2, PlaceState::Ready));

    // One that goes away while findings are published.
    double.change_region(ACCOUNT, OTHER_REGION, &json!({"securityHub": {"enabled": false}}));
    two.insert((OTHER_REGION, "c".to_owned()), OFF);
    let (_, published) = world.round(&mut sink, &two, minute(10)).await;
    assert!(published.refused[0].message.contains("not enabled"), "{published:?}");
    assert!(matches!(sink.state(other), PlaceState::NotEnabled(_)));
}

#[tokio::test]
async fn own_writes_win_over_reads_that_lag_behind() {
    let Some(double) = double() else { return };
    let world = World::new();
    let mut sink = sink(&double).await.read_within(Duration::ZERO);
    world.round(&mut sink, &buckets(&[("a", OFF), ("b", OFF)]), minute(8)).await;
    double.advance(1000.0);
    double.set("lagSeconds", 900);
    let now = buckets(&[("a", Bucket::Fine), ("b", OFF), ("c", OFF)]);
    let (changes, _) = world.round(&mut sink, &now, minute(9)).await;
    assert_eq!(names(&changes), ["opened", "resolved"]);
    let known = sorted(&sink);
    double.forget_calls();
    let (changes, _) = world.round(&mut sink, &now, minute(10)).await;
    assert_eq!(names(&changes), [""; 0]);
    assert_eq!(sorted(&sink), known);
    let calls = double.calls();
    assert_eq!((calls.total(), calls.of("GetFindings")), (2, 2));
}

#[tokio::test]
async fn what_people_do_to_a_finding_is_neither_overwritten_nor_sent_again() {
    let Some(double) = double() else { return };
    let world = World::new();
    let mut sink = sink(&double).await.read_within(Duration::ZERO);
    world.round(&mut sink, &buckets(&[("a", OFF), ("b", OFF)]), minute(7)).await;
    let edits = json!({
        "Severity": {"Label": "LOW", "Normalized": 1},
        "Workflow": {"Status": "NOTIFIED"},
        "Note": {"Text": "Bob is on it.", "UpdatedBy": "bob", "UpdatedAt": "2026-01-01T00:00:00Z"},
        "UserDefinedFields": {"ticket": "SEC-1"},
    });
    double.patch_finding(ACCOUNT, REGION, &id_of("a"), &edits);
    double.patch_finding(
        ACCOUNT,
        REGION,
        &id_of("b"),
        &json!({"Workflow": {"Status": "SUPPRESSED"}}),
    );
    double.forget_calls();
    let (changes, _) = world.round(&mut sink, &buckets(&[("a", OFF), ("b", OFF)]), minute(8)).await;
    assert_eq!(names(&changes), [""; 0]);

    let suspended = Bucket::Failing("suspended");
    let both = buckets(&[("a", suspended), ("b", suspended)]);
    let (changes, _) = world.round(&mut sink, &both, minute(9)).await;
    assert_eq!(names(&changes), ["updated", "updated"]);
    assert_eq!(double.calls().of("BatchUpdateFindings"), 0);
    let found = &double.findings()[&id_of("a")];
    for (name, edited) in edits.as_object().unwrap() {
        // The double takes the provider's severity again, for nobody went through its front door.
        if name != "Severity" {
            assert_eq!(found[name], *edited, "{name}");
        }
    }
    let suppressed = &double.findings()[&id_of("b")];
    assert_eq!(suppressed["Workflow"]["Status"], "SUPPRESSED");
    assert!(suppressed["Description"].as_str().unwrap().starts_with("suspended"));

    // Fixed and failing again, it stays suppressed by that person's word.
    world.round(&mut sink, &buckets(&[("a", suspended), ("b", Bucket::Fine)]), minute(10)).await;
    world.round(&mut sink, &both, minute(10)).await;
    let suppressed = &double.findings()[&id_of("b")];
    assert_eq!(suppressed["Workflow"]["Status"], "SUPPRESSED");
    assert_eq!(suppressed["Compliance"]["Status"], "FAILED");
}

#[tokio::test]
async fn an_exemption_suppresses_and_is_lifted_beside_other_peoples_fields() {
    let Some(double) = double() else { return };
    let world = World::new();
    let mut sink = sink(&double).await;
    let all: Vec<String> = (0..30).map(|number| format!("b-{number:02}")).collect();
    let all = |bucket| buckets(&all.iter().map(|name| (name.as_str(), bucket)).collect::<Vec<_>>());
    world.round(&mut sink, &all(OFF), minute(7)).await;
    let ticket = json!({"UserDefinedFields": {"ticket": "SEC-1"}});
    double.patch_finding(ACCOUNT, REGION, &id_of("b-07"), &ticket);
    double.forget_calls();
    world.round(&mut sink, &all(EXEMPT), minute(8)).await;
    let calls = double.calls();
    // Thirty findings are two reads of their fields, and two groups by what the fields are.
    assert_eq!((calls.of("GetFindings"), calls.of("BatchUpdateFindings")), (2, 2));
    let found = double.findings();
    assert!(found.values().all(|it| it["Workflow"]["Status"] == "SUPPRESSED"));
    assert_eq!(
        found[&id_of("b-07")]["UserDefinedFields"],
        json!({"plumbline/exemption": EXEMPTION_NAME, "ticket": "SEC-1"})
    );
    let (changes, _) = world.round(&mut sink, &all(EXEMPT), minute(9)).await;
    assert_eq!(names(&changes), [""; 0]);
    world.round(&mut sink, &all(OFF), minute(10)).await;
    let found = double.findings();
    assert!(found.values().all(|it| it["Workflow"]["Status"] == "NEW"));
    assert_eq!(found[&id_of("b-07")]["UserDefinedFields"], json!({"ticket": "SEC-1"}));
    assert_eq!(found[&id_of("b-08")]["UserDefinedFields"], json!({}));
}
