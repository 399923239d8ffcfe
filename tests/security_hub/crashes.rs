//! A process that ends between any two calls loses nothing and leaves nothing twice.

use std::time::Duration;

use aws::publish::{FindingSink as _, SecurityHub};
use engine::drift::Installation;
use tokio::time::timeout;

use super::memory::{Heard, Memory};
use super::world::{Bucket, Buckets, World, buckets, minute, names};

/// Something of everything: what each bucket is before and after.
fn before() -> Buckets {
    buckets(&[
        ("again", Bucket::Failing("off")),
        ("exempt-then-not", Bucket::Exempt("off")),
        ("exempt-then-fine", Bucket::Exempt("off")),
        ("fails-then-exempt", Bucket::Failing("off")),
        ("fails-then-fine", Bucket::Failing("off")),
        ("fails-then-gone", Bucket::Failing("off")),
        ("fails-otherwise", Bucket::Failing("off")),
        ("fails", Bucket::Failing("off")),
    ])
}

fn between() -> Buckets {
    let mut buckets = before();
    buckets.extend(self::buckets(&[("again", Bucket::Fine)]));
    buckets
}

fn after() -> Buckets {
    buckets(&[
        ("again", Bucket::Failing("off")),
        ("exempt-then-not", Bucket::Failing("off")),
        ("exempt-then-fine", Bucket::Fine),
        ("fails-then-exempt", Bucket::Exempt("off")),
        ("fails-then-fine", Bucket::Fine),
        ("fails-otherwise", Bucket::Failing("suspended")),
        ("fails", Bucket::Failing("off")),
        ("new", Bucket::Failing("off")),
        ("new-and-exempt", Bucket::Exempt("off")),
    ])
}

fn sink(memory: &Memory) -> SecurityHub<Memory> {
    SecurityHub::new(Installation::default(), memory.clone())
}

/// Security Hub after the first two rounds.
async fn begun(world: &World) -> Memory {
    let memory = Memory::default();
    let mut sink = sink(&memory);
    world.round(&mut sink, &before(), minute(0)).await;
    world.round(&mut sink, &between(), minute(5)).await;
    memory.restart();
    memory
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_any_two_calls_is_fixed_by_the_next_round() {
    let world = World::new();
    let undisturbed = begun(&world).await;
    let (changes, _) = world.round(&mut sink(&undisturbed), &after(), minute(10)).await;
    assert_eq!(
        names(&changes),
        [
            "archived",
            "opened",
            "opened",
            "resolved",
            "resolved",
            "suppressed",
            "suppressed",
            "unsuppressed",
            "updated"
        ]
    );
    let writes = undisturbed.writes();
    assert!(writes.len() >= 3, "{writes:?}");
    assert!(writes.last().unwrap().starts_with("import"), "{writes:?}");

    for at in 0..=writes.len() {
        for heard in [Heard::No, Heard::Yes] {
            let memory = begun(&world).await;
            memory.kill_at(at, heard);
            let mut killed = sink(&memory);
            let after = after();
            let round = world.round(&mut killed, &after, minute(10));
            let ended = timeout(Duration::from_mins(1), round).await;
            assert_eq!(ended.is_err(), at < writes.len(), "{at} {heard:?}");
            drop(killed);

            memory.restart();
            let mut next = sink(&memory);
            let (_, published) = world.round(&mut next, &after, minute(10)).await;
            assert_eq!(published.refused, [], "{at} {heard:?}");
            assert_eq!(memory.state(), undisturbed.state(), "{at} {heard:?}");

            memory.restart();
            let (changes, _) = world.round(&mut next, &after, minute(20)).await;
            assert_eq!(names(&changes), [""; 0], "{at} {heard:?}");
            assert_eq!(memory.calls(), [""; 0], "{at} {heard:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_publication_that_is_dropped_half_way_is_read_back() {
    let world = World::new();
    let undisturbed = begun(&world).await;
    world.round(&mut sink(&undisturbed), &after(), minute(10)).await;

    let memory = begun(&world).await;
    let mut sink = sink(&memory);
    sink.prepare(&world.places()).await;
    memory.restart();
    memory.kill_at(1, Heard::Yes);
    let changes = world.compare(sink.known(), &after(), minute(10));
    timeout(Duration::from_mins(1), sink.publish(&changes)).await.unwrap_err();
    memory.restart();
    world.round(&mut sink, &after(), minute(10)).await;
    assert_eq!(memory.state(), undisturbed.state());
}
