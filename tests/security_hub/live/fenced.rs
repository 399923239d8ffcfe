//! Nothing is written outside the lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws::AwsSettings;
use aws::publish::FindingSink as _;
use cel::Timestamp;
use clock::{Clock, Fence, ManualClock, Wait};

use super::{Bucket, OFF, World, access_with, buckets, double, minute, of};

const LEASE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_is_to_be_written_after_the_lease_is_refused_and_never_sent() {
    let Some(double) = double() else { return };
    let clock = ManualClock::at(minute(0));
    let fence = Fence::closed(Arc::new(clock.clone()));
    let settings = AwsSettings { fence: fence.clone(), ..double.settings() };
    let (world, mut sink) = (World::new(), of(access_with(&settings, None).await));
    fence.hold(LEASE);
    let (_, published) = world.round(&mut sink, &buckets(&[("a", OFF)]), minute(1)).await;
    assert_eq!(published.accepted, 1);

    clock.advance(LEASE);
    let stood = double.findings();
    double.forget_calls();
    let turned = buckets(&[("a", Bucket::Fine), ("b", OFF)]);
    let (_, published) = world.round(&mut sink, &turned, minute(2)).await;
    assert_eq!((published.accepted, published.refused.len()), (0, 2), "{published:?}");
    let messages: Vec<&str> = published.refused.iter().map(|it| it.message.as_str()).collect();
    assert!(messages.iter().all(|it| it.contains("lease is over")), "{messages:?}");
    let calls = double.calls();
    assert_eq!((calls.of("BatchImportFindings"), calls.of("BatchUpdateFindings")), (0, 0));
    assert_eq!(double.findings(), stood);

    fence.hold(clock.elapsed() + LEASE);
    let (_, published) = world.round(&mut sink, &turned, minute(3)).await;
    assert_eq!((published.accepted, published.refused.len()), (2, 0), "{published:?}");
}

/// A clock on which the lease is over once so many have looked at it since it was wound up.
#[derive(Clone, Default)]
struct Stopped(Arc<AtomicUsize>);

impl Stopped {
    fn after(&self, looks: usize) {
        self.0.store(looks, Ordering::SeqCst);
    }
}

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        minute(0)
    }

    fn elapsed(&self) -> Duration {
        let left =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() { Duration::ZERO } else { LEASE }
    }

    fn wait(&self, _: Duration) -> Wait<'_> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_process_that_is_stopped_between_the_question_and_the_connection_sends_nothing() {
    let Some(double) = double() else { return };
    let clock = Stopped::default();
    clock.after(usize::MAX);
    let fence = Fence::closed(Arc::new(clock.clone()));
    fence.hold(LEASE);
    let settings = AwsSettings { fence, ..double.settings() };
    let (world, mut sink) = (World::new(), of(access_with(&settings, None).await));
    world.round(&mut sink, &buckets(&[("a", OFF)]), minute(1)).await;
    let stood = double.findings();
    double.forget_calls();
    let turned = buckets(&[("a", Bucket::Fine), ("b", OFF)]);
    // Before the call, before the request is given to a connection, and when that takes it.
    for looks in 0..3 {
        sink.prepare(&world.places()).await;
        clock.after(looks);
        let changes = world.compare(sink.known(), &turned, minute(2));
        let published = sink.publish(&changes).await.unwrap();
        assert_eq!((published.accepted, published.refused.len()), (0, 2), "{looks}: {published:?}");
        let calls = double.calls();
        let writes = ["BatchImportFindings", "BatchUpdateFindings"].map(|name| calls.of(name));
        assert_eq!((writes, double.findings()), ([0, 0], stood.clone()), "{looks}");
    }
    clock.after(usize::MAX);
    let (_, published) = world.round(&mut sink, &turned, minute(3)).await;
    assert_eq!((published.accepted, published.refused.len()), (2, 0), "{published:?}");
}
