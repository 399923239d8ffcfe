//! A finding never contradicts itself for long: whenever a process ends between two calls, and
//! whatever becomes of the resource before the next one starts, status and workflow fit after it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws::publish::{FindingSink as _, SecurityHub};
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, ComplianceStatus, RecordState, Workflow, WorkflowStatus,
};
use engine::drift::Installation;
use tokio::time::timeout;

use super::memory::{Heard, Memory};
use super::world::{Bucket, Buckets, EXEMPTION_NAME, REGION, World, id_of, minute, names};

const OFF: Bucket = Bucket::Failing("off");
/// Gone, or how it stands.
const STATES: [Option<Bucket>; 4] =
    [None, Some(Bucket::Fine), Some(OFF), Some(Bucket::Exempt("off"))];
/// How a bucket stood at first, then, while the process is killed, and after its restart.
const ROUNDS: u32 = 4;
const COUNT: usize = STATES.len().pow(ROUNDS);

/// A bucket for each way of changing from round to round.
fn buckets(round: u32) -> Buckets {
    let state = |number: usize| STATES[number / STATES.len().pow(round) % STATES.len()];
    let buckets = (0..COUNT).filter_map(|number| Some((name(number), state(number)?)));
    buckets.map(|(name, bucket)| ((REGION, name), bucket)).collect()
}

fn name(number: usize) -> String {
    format!("b-{number:03}")
}

fn sink(memory: &Memory) -> SecurityHub<Memory> {
    SecurityHub::new(Installation::default(), memory.clone())
}

/// Security Hub after the first two rounds.
async fn begun(world: &World) -> Memory {
    let memory = Memory::default();
    memory.pages_of(100);
    let mut sink = sink(&memory);
    for round in 0..2 {
        world.round(&mut sink, &buckets(round), minute(i64::from(round) * 5)).await;
    }
    memory.restart();
    memory
}

/// What people see first of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    status: ComplianceStatus,
    workflow: WorkflowStatus,
    state: RecordState,
    exemption: Option<String>,
}

fn shown(finding: &AwsSecurityFinding) -> Shown {
    let fields = finding.user_defined_fields.as_ref();
    Shown {
        status: finding.compliance.as_ref().unwrap().status.clone().unwrap(),
        workflow: finding.workflow.as_ref().unwrap().status.clone().unwrap(),
        state: finding.record_state.clone().unwrap(),
        exemption: fields.and_then(|fields| fields.get("plumbline/exemption").cloned()),
    }
}

fn all(memory: &Memory) -> BTreeMap<String, Shown> {
    memory.state().iter().map(|(id, finding)| (id.clone(), shown(finding))).collect()
}

/// Whether nobody but Plumbline had a hand in it, and it makes sense.
fn fits(shown: &Shown) -> bool {
    let exempt = shown.exemption.as_deref() == Some(EXEMPTION_NAME);
    match (&shown.status, &shown.workflow) {
        (ComplianceStatus::Failed, WorkflowStatus::New)
        | (ComplianceStatus::Passed, WorkflowStatus::Resolved) => shown.exemption.is_none(),
        (ComplianceStatus::Failed, WorkflowStatus::Suppressed) => exempt,
        _ => false,
    }
}

/// A finding that stands as its bucket does; an archived one stands as it stood at last.
fn stands_as(shown: Option<&Shown>, bucket: Option<Bucket>) -> bool {
    let Some(shown) = shown else { return matches!(bucket, None | Some(Bucket::Fine)) };
    let (status, workflow, state) = match bucket {
        None => return shown.state == RecordState::Archived,
        // What was archived while it failed stays so.
        Some(Bucket::Fine) if shown.state == RecordState::Archived => return true,
        Some(Bucket::Fine) => {
            (ComplianceStatus::Passed, WorkflowStatus::Resolved, RecordState::Active)
        }
        Some(Bucket::Failing(_)) => {
            (ComplianceStatus::Failed, WorkflowStatus::New, RecordState::Active)
        }
        Some(Bucket::Exempt(_)) => {
            (ComplianceStatus::Failed, WorkflowStatus::Suppressed, RecordState::Active)
        }
    };
    (&shown.status, &shown.workflow, &shown.state) == (&status, &workflow, &state)
}

fn assert_fits(memory: &Memory, buckets: &Buckets, reported: &str) {
    let all = all(memory);
    for (id, shown) in &all {
        assert!(fits(shown), "{reported}: {id}: {shown:?}");
    }
    for number in 0..COUNT {
        let bucket = buckets.get(&(REGION, name(number))).copied();
        let shown = all.get(&id_of(&name(number)));
        assert!(stands_as(shown, bucket), "{reported}: {}: {bucket:?}, {shown:?}", name(number));
    }
}

async fn killed_and_changed(passed: bool) {
    let mut world = World::new();
    world.plans[0].publish.passed = passed;
    let undisturbed = begun(&world).await;
    assert_fits(&undisturbed, &buckets(1), "undisturbed");
    world.round(&mut sink(&undisturbed), &buckets(2), minute(10)).await;
    let writes = undisturbed.writes();
    let updates = writes.iter().filter(|write| write.starts_with("update")).count();
    assert!(updates >= 3 && writes.len() - updates >= 2, "{writes:?}");

    for at in 0..=writes.len() {
        for heard in [Heard::No, Heard::Yes] {
            let reported = format!("passed: {passed}, killed at {at}, {heard:?}");
            let memory = begun(&world).await;
            memory.kill_at(at, heard);
            let (mut killed, between) = (sink(&memory), buckets(2));
            let round = world.round(&mut killed, &between, minute(10));
            let ended = timeout(Duration::from_mins(1), round).await;
            assert_eq!(ended.is_err(), at < writes.len(), "{reported}");
            drop(killed);

            memory.restart();
            let mut next = sink(&memory);
            let (_, published) = world.round(&mut next, &buckets(3), minute(20)).await;
            assert_eq!(published.refused, [], "{reported}");
            assert_fits(&memory, &buckets(3), &reported);
            memory.restart();
            let (changes, _) = world.round(&mut next, &buckets(3), minute(30)).await;
            assert_eq!((names(&changes), memory.calls().len()), (vec![""; 0], 0), "{reported}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_between_any_two_calls_no_finding_contradicts_itself_after_the_next_round() {
    killed_and_changed(false).await;
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_that_is_published_while_it_passes() {
    killed_and_changed(true).await;
}

#[tokio::test(start_paused = true)]
async fn a_persons_word_is_left_alone_and_a_contradiction_is_put_right_once() {
    let (world, memory) = (World::new(), Memory::default());
    let two = super::world::buckets(&[("a", OFF), ("b", OFF), ("c", OFF)]);
    world.round(&mut sink(&memory), &two, minute(0)).await;
    for (bucket, status) in [
        ("a", WorkflowStatus::Notified),
        ("b", WorkflowStatus::Suppressed),
        ("c", WorkflowStatus::Resolved),
    ] {
        memory.edit(&id_of(bucket), |finding| {
            finding.workflow = Some(Workflow::builder().status(status).build());
        });
    }
    let mut next = sink(&memory);
    let (changes, _) = world.round(&mut next, &two, minute(10)).await;
    assert_eq!(names(&changes), ["updated"]);
    assert_eq!(changes[0].finding().id.as_str(), id_of("c"));
    let workflow = |bucket: &str| shown(&memory.finding(&id_of(bucket))).workflow;
    assert_eq!(
        ["a", "b", "c"].map(workflow),
        [WorkflowStatus::Notified, WorkflowStatus::Suppressed, WorkflowStatus::New]
    );
    let (changes, _) = world.round(&mut next, &two, minute(20)).await;
    assert_eq!(names(&changes), [""; 0]);
    assert_eq!(next.known().len(), 3);
}
