//! What another Plumbline of the installation publishes after findings were read is seen before the first
//! publication.

use aws::Patience;
use engine::drift::{Publisher, PublisherId};

use super::*;

/// A Plumbline with a state folder of its own, as one process.
struct Plumbline {
    world: World,
    sink: Sink,
}

impl Plumbline {
    async fn start(double: &Double, folder: &str) -> Self {
        Self::with(&double.settings(), folder).await
    }

    async fn with(settings: &AwsSettings, folder: &str) -> Self {
        let mut world = World::new();
        world.publisher =
            Publisher { id: Some(PublisherId::folder(folder)), ..Publisher::default() };
        let access = access_with(settings, None).await;
        let accounts = HashMap::from([(access.account().clone(), access)]);
        let sink = SecurityHub::new(world.publisher.clone(), accounts);
        Self { world, sink }
    }

    async fn read(&mut self) {
        self.sink.prepare(&self.world.places()).await;
    }

    /// Evaluates and publishes; gives how many were accepted, and why others were not.
    async fn publish(&mut self, buckets: &Buckets, minutes: i64) -> (usize, Vec<String>) {
        let (_, published) = self.world.round(&mut self.sink, buckets, minute(minutes)).await;
        let refused = published.refused.into_iter().map(|it| it.message);
        (published.accepted, refused.collect())
    }

    fn state(&self) -> PlaceState {
        self.sink.state(&self.world.places()[0])
    }

    /// How many findings of another it knows of, and what it says of them.
    fn others(&self) -> Option<(usize, String)> {
        self.sink.others(&self.world.places()[0])
    }
}

/// How often findings were read since the last time.
fn reads(double: &Double) -> u64 {
    let reads = double.calls().of("GetFindings");
    double.forget_calls();
    reads
}

#[tokio::test]
async fn what_another_published_after_the_reading_is_left_alone_by_a_new_baseline() {
    let Some(double) = double() else { return };
    let mut own = Plumbline::start(&double, "own").await;
    let mut other = Plumbline::start(&double, "other").await;
    own.read().await;
    assert_eq!(own.state(), PlaceState::Ready);
    other.publish(&buckets(&[("a", OFF), ("b", OFF)]), 1).await;
    let stood = double.findings();

    // A new baseline, which nothing of its own stands beside.
    let all = buckets(&[("a", Bucket::Failing("suspended")), ("b", OFF), ("c", OFF)]);
    let (accepted, refused) = own.publish(&all, 2).await;
    assert_eq!((accepted, refused.len(), double.findings()), (0, 3, stood.clone()));
    for message in refused {
        assert!(message.contains("another Plumbline (the state folder other)"), "{message}");
        assert!(message.contains("nothing is published there"), "{message}");
    }
    assert!(matches!(own.state(), PlaceState::Occupied(_)), "{:?}", own.state());
    assert_eq!(own.others().unwrap().0, 2);

    double.forget_calls();
    let (accepted, refused) = own.publish(&all, 3).await;
    assert_eq!((accepted, refused.len(), double.findings()), (0, 3, stood));
    assert_eq!(double.calls().total(), 0);
}

#[tokio::test]
async fn beside_its_own_it_publishes_what_nobody_else_has_also_after_a_restart() {
    let Some(double) = double() else { return };
    let mut own = Plumbline::start(&double, "own").await;
    let mut other = Plumbline::start(&double, "other").await;
    other.read().await;
    own.publish(&buckets(&[("mine", OFF)]), 1).await;
    // Neither has read what the other has.
    let (accepted, refused) = other.publish(&buckets(&[("theirs", OFF)]), 2).await;
    assert_eq!((accepted, refused), (1, Vec::new()));
    let stood = double.findings();

    let all = buckets(&[("mine", OFF), ("new", OFF), ("theirs", Bucket::Failing("suspended"))]);
    for turn in [3, 4] {
        double.forget_calls();
        let (accepted, refused) = own.publish(&all, turn).await;
        assert_eq!((accepted, refused.len()), (usize::from(turn == 3), 1));
        assert!(refused[0].contains("belongs to another Plumbline"), "{refused:?}");
        assert_eq!(reads(&double), u64::from(turn == 3));
        let (count, message) = own.others().unwrap();
        assert_eq!((count, own.state()), (1, PlaceState::Ready));
        assert!(message.contains("the state folder other"), "{message}");
        assert_eq!(double.findings()[&id_of("theirs")], stood[&id_of("theirs")]);
    }
    drop(own);

    let mut restarted = Plumbline::start(&double, "own").await;
    let (accepted, refused) = restarted.publish(&all, 5).await;
    assert_eq!((accepted, refused.len()), (0, 1));
    assert_eq!(reads(&double), 2, "each region once");
    assert_eq!(double.findings()[&id_of("theirs")], stood[&id_of("theirs")]);
    let (accepted, refused) = other.publish(&buckets(&[("theirs", Bucket::Fine)]), 6).await;
    assert_eq!((accepted, refused), (1, Vec::new()));
    assert_eq!(double.findings()[&id_of("mine")], stood[&id_of("mine")]);
}

#[tokio::test]
async fn what_another_process_of_its_own_published_is_compared_with_before_it_is_replaced() {
    let Some(double) = double() else { return };
    let mut first = Plumbline::start(&double, "own").await;
    let mut second = Plumbline::start(&double, "own").await;
    second.read().await;
    first.publish(&buckets(&[("a", OFF)]), 1).await;
    let stood = double.findings();
    let (accepted, refused) = second.publish(&buckets(&[("a", OFF), ("b", OFF)]), 2).await;
    assert_eq!((accepted, refused.len()), (1, 1));
    assert!(refused[0].contains("another process of this Plumbline"), "{refused:?}");
    let (accepted, refused) = second.publish(&buckets(&[("a", OFF), ("b", OFF)]), 3).await;
    assert_eq!((accepted, refused), (0, Vec::new()));
    assert_eq!(double.findings()[&id_of("a")], stood[&id_of("a")]);
}

#[tokio::test]
async fn a_first_publication_reads_few_pages_and_what_is_known_none() {
    let Some(double) = double() else { return };
    let mut own = Plumbline::start(&double, "own").await;
    own.read().await;
    assert_eq!(reads(&double), 2, "each region once");
    let (accepted, _) = own.publish(&many(1_000, OFF), 1).await;
    assert_eq!((accepted, reads(&double)), (1_000, 1), "nothing stands of the control");
    own.publish(&many(1_000, OFF), 2).await;
    assert_eq!(double.calls().total(), 0);
    own.publish(&many(1_000, Bucket::Failing("suspended")), 3).await;
    assert_eq!(reads(&double), 0, "all of them are known");
    own.publish(&many(1_030, OFF), 4).await;
    assert_eq!(reads(&double), 2, "twenty ids each");
    own.publish(&many(2_000, OFF), 5).await;
    assert_eq!(reads(&double), 11, "all that stands of the control");

    let mut restarted = Plumbline::start(&double, "own").await;
    restarted.publish(&many(2_000, OFF), 6).await;
    assert_eq!(reads(&double), 21, "the pages of one region, and of the other");
    restarted.publish(&many(2_000, OFF), 7).await;
    assert_eq!(double.calls().total(), 0);
}

#[tokio::test]
async fn of_what_stands_in_great_numbers_only_what_matters_is_read() {
    let Some(double) = double() else { return };
    let mut own = Plumbline::start(&double, "own").await;
    let mut other = Plumbline::start(&double, "other").await;
    other.read().await;
    own.publish(&buckets(&[("mine", OFF)]), 1).await;
    let theirs = |count: usize| -> Buckets {
        let names = (0..count).map(|number| format!("theirs-{number:04}"));
        names.map(|name| ((REGION, name), OFF)).collect()
    };
    other.publish(&theirs(1), 2).await;
    let (accepted, refused) = other.publish(&theirs(2_000), 3).await;
    assert_eq!((accepted, refused), (1_999, Vec::new()));
    double.forget_calls();
    let mut all = buckets(&[("mine", OFF)]);
    all.extend(many(30, OFF));
    all.extend(theirs(10));
    let (accepted, refused) = own.publish(&all, 4).await;
    assert_eq!((accepted, refused.len()), (30, 10));
    // Three pages are as many as two questions for ids may take; then these are asked.
    assert_eq!(reads(&double), 3 + 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_not_published_over_until_it_can() {
    let Some(double) = double() else { return };
    let patience = Patience { deadline: Duration::from_millis(300), ..double.settings().patience };
    let settings = AwsSettings { patience, ..double.settings() };
    let faults = ["deny", "throttle"];
    for (turn, kind) in (0_i64..).zip(faults) {
        let mut own = Plumbline::with(&settings, "own").await;
        let mut other = Plumbline::start(&double, "other").await;
        let (mine, theirs, new) =
            (format!("mine-{kind}"), format!("theirs-{kind}"), format!("new-{kind}"));
        other.read().await;
        own.publish(&buckets(&[(&mine, OFF)]), turn * 10 + 1).await;
        other.publish(&buckets(&[(&theirs, OFF)]), turn * 10 + 2).await;
        let stood = double.findings();

        double.order_faults(1, &[json!({"kind": kind, "match": {"operation": "GetFindings"}})]);
        let suspended = Bucket::Failing("suspended");
        let all = buckets(&[(&mine, suspended), (&new, OFF), (&theirs, suspended)]);
        for again in [3, 4] {
            let (accepted, refused) = own.publish(&all, turn * 10 + again).await;
            assert_eq!((accepted, refused.len()), (usize::from(again == 3), 2), "{kind}");
            for message in &refused {
                assert!(message.contains("could not be read"), "{message}");
                assert!(message.contains("GetFindings"), "{message}");
            }
            let found = double.findings();
            assert_eq!(found[&id_of(&theirs)], stood[&id_of(&theirs)], "{kind}");
            assert_eq!(found.get(&id_of(&new)), None, "{kind}");
        }
        double.no_faults();
        let (accepted, refused) = own.publish(&all, turn * 10 + 5).await;
        assert_eq!((accepted, refused.len()), (1, 1), "{kind}");
        assert!(refused[0].contains("belongs to another Plumbline"), "{refused:?}");
        assert_eq!(double.findings()[&id_of(&theirs)], stood[&id_of(&theirs)], "{kind}");
    }
}
