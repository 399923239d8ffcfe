//! What goes wrong on the way changes nothing in the end.

use super::*;

#[tokio::test]
async fn credentials_that_run_out_in_the_middle_are_renewed() {
    // Sessions end by the double's clock and by that of the machine, so both are the same here.
    let state = State::of(&[ACCOUNT], &[REGION, OTHER_REGION]);
    let Some(double) = Double::start(&state) else { return };
    let (world, now) = (World::new(), by_the_clock());
    let mut sink = of(access(&double, Some("plumbline")).await);
    world.round(&mut sink, &many(500, OFF), now).await;
    assert_eq!(double.expire_sessions(), 1);
    // All of them are known: the first call imports.
    let suspended = many(500, Bucket::Failing("suspended"));
    let (_, published) = world.round(&mut sink, &suspended, now).await;
    assert_eq!((published.accepted, double.findings().len()), (500, 500));
    let outcomes = &double.calls().counts["securityhub:BatchImportFindings"];
    assert!(outcomes.contains_key("ExpiredTokenException"), "{outcomes:?}");
    assert_eq!(outcomes["ok"], 10);
}

#[tokio::test]
async fn a_disturbed_security_hub_ends_in_the_same_state() {
    let world = World::new();
    let rounds = [
        (minute(7), many(900, OFF)),
        (minute(8), many(900, EXEMPT)),
        (minute(9), many(450, Bucket::Fine)),
    ];
    let mut ends = Vec::new();
    for disturbed in [false, true] {
        let Some(double) = double() else { return };
        // Archived findings go after 30 days: here they stay.
        double.set_clock("2026-02-02T00:00:00Z");
        if disturbed {
            double.order_faults(
                5,
                &[
                    Fault::throttle(0.3),
                    Fault::error(0.05, 503),
                    Fault::cut(0.04, "before"),
                    Fault::cut(0.04, "after"),
                    Fault::cut(0.04, "body"),
                ],
            );
        }
        let mut sink = sink(&double).await;
        for (now, buckets) in &rounds {
            let (_, published) = world.round(&mut sink, buckets, *now).await;
            assert_eq!(published.refused, []);
        }
        ends.push((stored(&double), double.calls().total()));
        if disturbed {
            let struck = double.struck();
            assert_eq!(struck.values().filter(|count| **count > 0).count(), 5, "{struck:?}");
            _ = writeln!(
                stderr(),
                "calls: {} undisturbed, {} disturbed; faults: {:?}",
                ends[0].1,
                ends[1].1,
                struck,
            );
        }
    }
    assert_eq!(ends[0].0, ends[1].0);
    #[allow(clippy::cast_precision_loss)] // small counts
    let ratio = ends[1].1 as f64 / ends[0].1 as f64;
    assert!(ratio <= 2.5, "{ratio}");
}
