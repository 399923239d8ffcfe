//! What the sink does when Security Hub, or other people, do not as it would like.

use std::time::Duration;

use aws::Class;
use aws::publish::{FindingSink as _, PlaceState, SecurityHub};
use aws_sdk_securityhub::types::{RecordState, Workflow, WorkflowStatus};
use engine::drift::Installation;

use super::memory::Memory;
use super::world::{Bucket, EXEMPTION_NAME, World, buckets, id_of, minute, names};

const OFF: Bucket = Bucket::Failing("off");
const EXEMPT: Bucket = Bucket::Exempt("off");

fn sink(memory: &Memory) -> SecurityHub<Memory> {
    SecurityHub::new(Installation::default(), memory.clone())
}

fn workflow(memory: &Memory, bucket: &str) -> WorkflowStatus {
    memory.finding(&id_of(bucket)).workflow.unwrap().status.unwrap()
}

fn fields(memory: &Memory, bucket: &str) -> Vec<(String, String)> {
    let fields = memory.finding(&id_of(bucket)).user_defined_fields.unwrap_or_default();
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort();
    fields
}

fn set_workflow(memory: &Memory, bucket: &str, status: WorkflowStatus) {
    memory.edit(&id_of(bucket), |finding| {
        finding.workflow = Some(Workflow::builder().status(status).build());
    });
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_read_takes_no_changes_until_it_can() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    memory.fail(Some(|name, _| (name == "get").then_some(Class::Denied)));
    let (_, published) = world.round(&mut sink, &buckets(&[("a", OFF)]), minute(0)).await;
    assert_eq!(published.accepted, 0);
    assert!(published.refused[0].message.contains("could not be read back"), "{published:?}");
    assert!(matches!(sink.state(&world.places()[0]), PlaceState::Unread(_)));
    memory.fail(None);
    let (_, published) = world.round(&mut sink, &buckets(&[("a", OFF)]), minute(1)).await;
    assert_eq!((published.accepted, sink.state(&world.places()[0])), (1, PlaceState::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_ends_before_its_last_page_counts_for_nothing() {
    let (world, memory) = (World::new(), Memory::default());
    let all = buckets(&["a", "b", "c", "d", "e"].map(|name| (name, OFF)));
    world.round(&mut sink(&memory), &all, minute(0)).await;
    memory.restart();
    let mut sink = sink(&memory);
    // Five findings are two pages, of which the second fails.
    memory.fail(Some(|name, before| (name == "get" && before == 1).then_some(Class::Throttled)));
    sink.prepare(&world.places()[..1]).await;
    assert_eq!(sink.known().len(), 0);
    assert!(matches!(sink.state(&world.places()[0]), PlaceState::Unread(_)));
    memory.restart();
    memory.fail(None);
    let (changes, published) = world.round(&mut sink, &all, minute(1)).await;
    assert_eq!((changes.len(), published.accepted), (0, 0));
    assert_eq!(sink.known().len(), 5);
    // The page that failed, and the other region's only one.
    let mut calls = memory.calls();
    calls.sort();
    assert_eq!(calls, ["get 0", "get 2"]);
}

#[tokio::test(start_paused = true)]
async fn what_takes_long_to_read_is_read_on_while_the_next_comparison_is_waited_for() {
    let (world, memory) = (World::new(), Memory::default());
    let all = buckets(&["a", "b", "c", "d", "e"].map(|name| (name, OFF)));
    world.round(&mut sink(&memory), &all, minute(0)).await;
    memory.restart();
    let mut sink = sink(&memory).reading_for(Duration::ZERO);
    let place = &world.places()[0];
    let (changes, published) = world.round(&mut sink, &all, minute(1)).await;
    assert_eq!((changes.len(), published.accepted), (5, 0));
    assert!(matches!(sink.state(place), PlaceState::Reading(_)), "{:?}", sink.state(place));
    assert!(published.refused[0].message.contains("3 so far"), "{published:?}");
    assert!(sink.read_on(&world.places()).await);
    let (changes, _) = world.round(&mut sink, &all, minute(2)).await;
    assert_eq!((changes.len(), sink.state(place)), (0, PlaceState::Ready));
    assert!(!sink.read_on(&world.places()).await);
    assert_eq!(memory.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_fails_on_its_way_begins_no_turn_before_its_time() {
    let (world, memory) = (World::new(), Memory::default());
    let all = buckets(&["a", "b", "c", "d", "e"].map(|name| (name, OFF)));
    world.round(&mut sink(&memory), &all, minute(0)).await;
    memory.restart();
    let mut sink = sink(&memory).reading_for(Duration::ZERO);
    world.round(&mut sink, &all, minute(1)).await;
    memory.fail(Some(|name, _| (name == "get").then_some(Class::Throttled)));
    assert!(!sink.read_on(&world.places()).await);
    memory.fail(None);
    assert!(sink.read_on(&world.places()).await);
    assert_eq!(sink.state(&world.places()[0]), PlaceState::Ready);
}

#[tokio::test(start_paused = true)]
async fn where_security_hub_is_not_enabled_changes_are_refused_and_one_call_asks_again() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    let one = buckets(&[("a", OFF)]);
    world.round(&mut sink, &one, minute(0)).await;
    memory.fail(Some(|_, _| Some(Class::NotEnabled)));
    let two = buckets(&[("a", OFF), ("b", OFF)]);
    let (_, published) = world.round(&mut sink, &two, minute(1)).await;
    assert!(published.refused[0].message.contains("not enabled"), "{published:?}");
    let place = &world.places()[0];
    assert!(matches!(sink.state(place), PlaceState::NotEnabled(_)), "{:?}", sink.state(place));
    memory.restart();
    let (_, published) = world.round(&mut sink, &two, minute(2)).await;
    assert!(published.refused[0].message.contains("not enabled"), "{published:?}");
    assert_eq!(memory.calls(), ["get"]);
    memory.fail(None);
    let (_, published) = world.round(&mut sink, &two, minute(3)).await;
    assert_eq!((published.accepted, memory.state().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_switched_off_while_nothing_changes_shows_within_the_hour_by_one_call() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    let (one, places) = (buckets(&[("a", OFF)]), world.places());
    world.round(&mut sink, &one, minute(0)).await;
    memory.restart();
    memory.fail(Some(|_, _| Some(Class::NotEnabled)));
    let mut minutes = 0;
    while !sink.ask(&places).await {
        tokio::time::advance(Duration::from_mins(15)).await;
        minutes += 15;
    }
    assert!((30..=60).contains(&minutes), "{minutes}");
    assert!(memory.calls().iter().all(|call| call == "get-hub"), "{:?}", memory.calls());
    let off = places.iter().filter(|place| matches!(sink.state(place), PlaceState::NotEnabled(_)));
    assert!(off.count() >= 1);
    let why = sink.refusal(&places[0]).or_else(|| sink.refusal(&places[1])).unwrap();
    assert!(why.contains("not enabled"), "{why}");
    // It is on again, which the next round shows.
    memory.fail(None);
    world.round(&mut sink, &one, minute(minutes)).await;
    assert!(places.iter().all(|place| sink.state(place) == PlaceState::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_stays_enabled_is_asked_at_most_every_22_minutes_and_never_beside_other_calls() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    let one = buckets(&[("a", OFF)]);
    world.round(&mut sink, &one, minute(0)).await;
    memory.restart();
    for round in 1..=72 {
        tokio::time::advance(Duration::from_mins(5)).await;
        world.round(&mut sink, &one, minute(round * 5)).await;
    }
    let calls = memory.calls();
    let asked = calls.iter().filter(|call| call.starts_with("get-hub")).count();
    let places = world.places().len();
    assert!((6 * places..=16 * places).contains(&asked), "{asked} in six hours");
    assert_eq!(memory.writes(), [""; 0]);
    // What the role does not allow is no sign that it is off.
    memory.fail(Some(|name, _| (name == "get-hub").then_some(Class::Denied)));
    tokio::time::advance(Duration::from_hours(1)).await;
    assert!(!sink.ask(&world.places()).await);
    assert!(world.places().iter().all(|place| sink.state(place) == PlaceState::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_is_not_taken_is_sent_again_where_that_helps() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    memory.do_not_take("/a", "InternalFailure");
    memory.do_not_take("/b", "InvalidInput");
    let three = buckets(&[("a", OFF), ("b", OFF), ("c", OFF)]);
    let (_, published) = world.round(&mut sink, &three, minute(0)).await;
    assert_eq!(memory.writes(), ["import 3", "import 1"]);
    assert_eq!((published.accepted, published.refused.len()), (2, 1));
    let message = &published.refused[0].message;
    assert!(message.contains(&id_of("b")) && message.contains("InvalidInput"), "{message}");
    let (changes, published) = world.round(&mut sink, &three, minute(1)).await;
    assert_eq!((names(&changes), published.accepted), (vec!["opened"], 1));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_halved() {
    let (world, memory) = (World::new(), Memory::default());
    memory.take_at_most(3);
    let all: Vec<String> = (0..10).map(|number| format!("bucket-{number}")).collect();
    let all: Vec<(&str, Bucket)> = all.iter().map(|name| (name.as_str(), OFF)).collect();
    let (_, published) = world.round(&mut sink(&memory), &buckets(&all), minute(0)).await;
    assert_eq!((published.accepted, memory.state().len()), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn one_finding_that_spoils_its_batch_does_not_keep_back_the_others() {
    let (world, memory) = (World::new(), Memory::default());
    memory.fail(Some(|name, before| (name == "import" && before == 0).then_some(Class::Invalid)));
    let two = buckets(&[("a", OFF), ("b", OFF)]);
    let (_, published) = world.round(&mut sink(&memory), &two, minute(0)).await;
    assert_eq!(published.accepted, 2);
    assert_eq!(memory.writes(), ["import", "import 1", "import 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_went_ahead_of_its_finding_is_taken_back_when_the_drift_stays() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    let failing = buckets(&[("a", OFF), ("b", OFF)]);
    world.round(&mut sink, &failing, minute(0)).await;
    memory.fail(Some(|name, _| (name == "import").then_some(Class::Denied)));
    let fixed = buckets(&[("a", Bucket::Fine), ("b", EXEMPT)]);
    let (_, published) = world.round(&mut sink, &fixed, minute(1)).await;
    assert_eq!(published.refused.len(), 2);
    assert_eq!(workflow(&memory, "a"), WorkflowStatus::Resolved);
    // Once more, and what is to be taken back cannot be.
    memory.restart();
    memory.fail(Some(|name, before| {
        (name == "import" || (name == "update" && before == 0)).then_some(Class::Denied)
    }));
    world.round(&mut sink, &fixed, minute(1)).await;
    assert_eq!(workflow(&memory, "a"), WorkflowStatus::Resolved);
    memory.fail(None);
    let (changes, _) = world.round(&mut sink, &failing, minute(2)).await;
    assert_eq!(names(&changes), [""; 0]);
    for bucket in ["a", "b"] {
        assert_eq!(workflow(&memory, bucket), WorkflowStatus::New, "{bucket}");
        assert_eq!(fields(&memory, bucket), [], "{bucket}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_other_people_wrote_beside_the_exemption_stays() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    world.round(&mut sink, &buckets(&[("a", OFF)]), minute(0)).await;
    let note = || ("ticket".to_owned(), "SEC-1".to_owned());
    memory.edit(&id_of("a"), |it| it.user_defined_fields = Some([note()].into()));
    world.round(&mut sink, &buckets(&[("a", EXEMPT)]), minute(1)).await;
    let exemption = ("plumbline/exemption".to_owned(), EXEMPTION_NAME.to_owned());
    assert_eq!(fields(&memory, "a"), [exemption, note()]);
    assert_eq!(workflow(&memory, "a"), WorkflowStatus::Suppressed);
    world.round(&mut sink, &buckets(&[("a", OFF)]), minute(2)).await;
    assert_eq!(fields(&memory, "a"), [note()]);
    assert_eq!(workflow(&memory, "a"), WorkflowStatus::New);
}

#[tokio::test(start_paused = true)]
async fn what_others_did_is_noticed_within_a_day() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    let all = buckets(&["archived", "deleted", "suppressed", "left"].map(|name| (name, OFF)));
    world.round(&mut sink, &all, minute(0)).await;
    memory.edit(&id_of("archived"), |finding| {
        finding.record_state = Some(RecordState::Archived);
    });
    memory.remove(&id_of("deleted"));
    set_workflow(&memory, "suppressed", WorkflowStatus::Suppressed);
    memory.restart();
    world.round(&mut sink, &all, minute(1)).await;
    assert_eq!(memory.calls(), [""; 0]);
    tokio::time::advance(Duration::from_hours(24)).await;
    let (changes, published) = world.round(&mut sink, &all, minute(24 * 60)).await;
    assert_eq!(names(&changes), ["opened", "opened"]);
    assert_eq!(published.accepted, 2);
    assert_eq!(memory.state().len(), 4);
    let archived = memory.finding(&id_of("archived"));
    assert_eq!(archived.record_state, Some(RecordState::Active));
    assert_eq!(workflow(&memory, "suppressed"), WorkflowStatus::Suppressed);
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_passes_again_after_it_was_archived_is_resolved_at_last() {
    let (mut world, memory) = (World::new(), Memory::default());
    world.plans[0].publish.passed = true;
    let mut sink = sink(&memory);
    world.round(&mut sink, &buckets(&[("a", OFF)]), minute(0)).await;
    world.round(&mut sink, &buckets(&[]), minute(1)).await;
    let (changes, _) = world.round(&mut sink, &buckets(&[("a", Bucket::Fine)]), minute(2)).await;
    assert_eq!(names(&changes), ["passed"]);
    // Security Hub sets the workflow back when a finding is active again.
    assert_eq!(workflow(&memory, "a"), WorkflowStatus::Resolved);
}

#[tokio::test(start_paused = true)]
async fn what_is_none_of_its_own_is_counted_and_left_alone() {
    let (world, memory) = (World::new(), Memory::default());
    world.round(&mut sink(&memory), &buckets(&[("a", OFF), ("b", OFF)]), minute(0)).await;
    memory.edit(&id_of("a"), |finding| finding.product_fields = None);
    let mut sink = sink(&memory);
    memory.restart();
    let (changes, _) = world.round(&mut sink, &buckets(&[("b", OFF)]), minute(1)).await;
    assert_eq!((sink.foreign(&world.places()[0]), changes.len()), (1, 0));
    assert_eq!(memory.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_stands_there_and_cannot_be_read_is_not_published_over() {
    let (mut world, memory) = (World::new(), Memory::default());
    world.round(&mut sink(&memory), &buckets(&[("a", OFF), ("b", OFF)]), minute(0)).await;
    memory.edit(&id_of("a"), |finding| finding.product_fields = None);
    let stood = memory.finding(&id_of("a"));
    memory.restart();
    let now = buckets(&[("a", Bucket::Failing("suspended")), ("b", OFF), ("new", OFF)]);
    let mut waiting = sink(&memory);
    for turn in [1, 2] {
        let (_, published) = world.round(&mut waiting, &now, minute(turn)).await;
        assert_eq!(published.accepted, usize::from(turn == 1));
        let [refused] = &published.refused[..] else { panic!("{:?}", published.refused) };
        assert!(refused.message.contains("cannot read"), "{}", refused.message);
        assert!(refused.message.contains("--adopt"), "{}", refused.message);
        assert_eq!(memory.finding(&id_of("a")), stood);
    }
    world.publisher.adopts = true;
    let mut adopting = SecurityHub::new(world.publisher.clone(), memory.clone());
    let (_, published) = world.round(&mut adopting, &now, minute(3)).await;
    assert_eq!((published.accepted, published.refused.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_another_process_took_over_is_forgotten() {
    let (world, memory) = (World::new(), Memory::default());
    let mut sink = sink(&memory);
    world.round(&mut sink, &buckets(&[("a", OFF)]), minute(0)).await;
    sink.forget(&world.places()[0].account);
    assert_eq!(sink.known().len(), 0);
    assert!(matches!(sink.state(&world.places()[0]), PlaceState::Unread(_)));
    let (changes, _) = world.round(&mut sink, &buckets(&[("a", OFF)]), minute(1)).await;
    assert_eq!((changes.len(), sink.known().len()), (0, 1));
}
