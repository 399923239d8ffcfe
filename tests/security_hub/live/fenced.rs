//! Nothing is written outside the lease.

use std::sync::Arc;
use std::time::Duration;

use aws::AwsSettings;
use clock::{Clock as _, Fence, ManualClock};

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
