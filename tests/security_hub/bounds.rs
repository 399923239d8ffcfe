//! How much memory findings take: as many as ten baselines may have, and those that come and go.
//!
//! Each test runs as a process of its own, whose memory is nobody else's.

use std::env;
use std::io::{Write as _, stderr}; // past the harness's capture: the figures show
use std::process::Command;
use std::time::Duration;

use aws::publish::{FindingSink, SecurityHub};
use cel::Timestamp;
use engine::drift::{Comparison, FindingChange, Installation, KnownFindings, Publisher};
use engine::evaluation::{EvaluationResult, FieldReading, Outcome, OwnerTagPlace, Subject};
use engine::plan::Plan;
use model::Verdict;
use serde_json::{Value, json};

use super::counted::Counted;
use super::world::{REGION, World, day, minute};
use support::{is_soak, memory};

/// Set in the process whose memory is measured.
const MEASURED: &str = "PLUMBLINE_MEASURED";
/// What the operator takes before there are findings, in bytes: `tests/operator/tenants.rs` measures 40 to
/// 46 MiB with ten of the largest baselines.
const BASE: f64 = 46.0 * 1_048_576.0;
/// What publishing and reading back take however many findings there are, and what one finding takes.
const FIXED: f64 = 24e6;
const OF_A_FINDING: f64 = 1_480.0;
/// 120,000 findings and all else are within 250 MB.
const _: () = assert!(BASE + FIXED + 120_000.0 * OF_A_FINDING < 250e6);

/// Whether this is the process to be measured. Otherwise runs the test again as one.
fn is_measured(test: &str) -> bool {
    if env::var_os(MEASURED).is_some() {
        return true;
    }
    let again = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(MEASURED, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success(), "{text}{}", String::from_utf8_lossy(&again.stdout));
    _ = stderr().write_all(&again.stderr);
    false
}

/// Ten baselines of four controls each, in one account and region.
fn ten_baselines() -> Vec<Plan> {
    let controls = [
        "s3-bucket-versioning",
        "s3-bucket-public-access-block",
        "s3-bucket-encryption",
        "s3-bucket-logging",
    ];
    let asked = json!({"controls": controls.map(|name| json!({"name": name}))});
    let plan = support::world::plan(&asked, &[REGION], &Value::Null);
    let named = |number: usize| {
        let mut plan = plan.clone();
        plan.baseline.name = format!("production-{number}");
        plan
    };
    (0..10).map(named).collect()
}

/// What an expression reads of a bucket, by and large.
fn readings() -> Vec<FieldReading> {
    let reading = |(path, value): (&str, &str)| FieldReading {
        path: format!("resource.{path}"),
        value: value.to_owned(),
    };
    [
        ("supplementaryConfiguration.BucketVersioningConfiguration.status", "\"Suspended\""),
        ("supplementaryConfiguration.BucketVersioningConfiguration", "{\"status\":\"Suspended\"}"),
    ]
    .map(reading)
    .into()
}

/// Every control of every plan fails for all of these buckets.
fn compared(
    (plans, publisher): (&[Plan], &Publisher),
    known: &KnownFindings,
    names: impl Iterator<Item = String>,
    now: Timestamp,
) -> Vec<FindingChange> {
    let (mut comparison, readings) = (Comparison::new(plans, known, publisher, now), readings());
    for name in names {
        for (plan, of) in plans.iter().enumerate() {
            for control in 0..of.controls.len() {
                comparison.observe(&EvaluationResult {
                    plan,
                    target: 0,
                    control,
                    subject: Subject::Resource {
                        resource_type: "AWS::S3::Bucket",
                        id: &name,
                        arn: None,
                        name: None,
                        region: REGION,
                    },
                    verdict: Verdict::NonCompliant,
                    message: "versioning is Suspended",
                    explanation: &readings,
                    exemption: None,
                    owner_tag: OwnerTagPlace::NONE,
                });
            }
        }
    }
    let mut outcome = Outcome::of(plans);
    let targets = outcome.plans.iter_mut().flat_map(|plan| &mut plan.targets);
    targets.flat_map(|target| &mut target.controls).for_each(|it| it.complete = true);
    comparison.finish(&outcome).changes
}

#[tokio::test(start_paused = true)]
async fn ten_baselines_of_findings_take_little_memory_when_published_read_and_read_again() {
    const TEST: &str =
        "bounds::ten_baselines_of_findings_take_little_memory_when_published_read_and_read_again";
    if !is_measured(TEST) {
        return;
    }
    let (plans, publisher) = (ten_baselines(), Publisher::default());
    let (hub, places) = (Counted::default(), World::new().places());
    // Long names: what a team makes of its buckets.
    let buckets = if is_soak() { 3_000 } else { 500 };
    let names = || (0..buckets).map(|number| format!("acme-payments-production-eu-{number:08}"));
    let of_each: usize = plans.iter().map(|plan| plan.controls.len()).sum();
    let count = of_each * buckets;
    // What AWS holds is not Plumbline's: this much memory is free again before anything counts.
    drop(Counted::filled(names(), of_each));
    let base = memory::peak("self");
    let within = |what: &str| {
        let taken = memory::peak("self") - base;
        _ = writeln!(stderr(), "{count} findings {what}: {:.1} MB at most", taken / 1e6);
        let bound = FIXED + OF_A_FINDING * f64::from(u32::try_from(count).unwrap());
        assert!(taken < bound, "{what}: {taken} bytes are more than {bound}");
    };
    let of = (&plans[..], &publisher);
    {
        let mut sink = SecurityHub::new(Installation::default(), hub.clone());
        sink.prepare(&places).await;
        let changes = compared(of, sink.known(), names(), minute(0));
        let published = sink.publish(&changes).await.unwrap();
        assert_eq!((published.accepted, hub.counts().0), (count, count));
        drop(changes);
        within("published");
        tokio::time::advance(Duration::from_hours(25)).await;
        sink.prepare(&places).await;
        assert_eq!(compared(of, sink.known(), names(), minute(9)), []);
        within("read again");
    }
    let mut sink = SecurityHub::new(Installation::default(), hub.clone());
    sink.prepare(&places).await;
    assert_eq!(compared(of, sink.known(), names(), minute(9)), []);
    assert_eq!(sink.known().open(), count);
    within("read by another process");
}

#[tokio::test(start_paused = true)]
async fn findings_that_come_and_go_for_a_year_leave_nothing_behind() {
    const TEST: &str = "bounds::findings_that_come_and_go_for_a_year_leave_nothing_behind";
    if !is_measured(TEST) {
        return;
    }
    let plans = [support::world::plan(
        &json!({"controls": [{"name": "s3-bucket-versioning"}]}),
        &[REGION],
        &Value::Null,
    )];
    let publisher = Publisher::default();
    let (hub, places) = (Counted::default(), World::new().places());
    let mut sink = SecurityHub::new(Installation::default(), hub.clone());
    // Each day others drift, and those of the day before are gone.
    let (daily, days) = if is_soak() { (1_000, 270) } else { (10, 270) };
    let mut measured = Vec::new();
    for today in 0..days {
        hub.forget_old(day(today).seconds);
        sink.prepare(&places).await;
        let names = (0..daily).map(|number| format!("runner-{today}-{number}"));
        let changes = compared((&plans, &publisher), sink.known(), names, day(today));
        sink.publish(&changes).await.unwrap();
        if today % 90 == 89 {
            measured.push((sink.known().len(), hub.counts(), memory::resident("self")));
        }
        tokio::time::advance(Duration::from_hours(24)).await;
    }
    let held = usize::try_from(daily * 90).unwrap();
    for (known, (count, archived), bytes) in &measured {
        _ = writeln!(stderr(), "{known} of {count} findings known: {:.1} MiB", bytes / 1_048_576.0);
        // Those of the last 90 days, of which one day's are open.
        assert!((*known..=held + 2 * held / 90).contains(count), "{known} {count}");
        assert!(*archived + held / 90 >= *known, "{archived} {known}");
        assert!(*known <= held + 2 * held / 90, "{known}");
    }
    let (after_one, after_three) = (measured[0].2, measured[2].2);
    assert!(after_three < after_one * 1.1 + 1e6, "{after_one} and then {after_three} bytes");
}
