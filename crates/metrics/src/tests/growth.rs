//! How many series there are, and how long it takes to write them: the law that the module states.

use std::time::Duration;

use super::*;
use crate::fixture::{ORGANIZATION, Size};

#[test]
fn an_organization_has_at_most_a_hundred_thousand_series_over_all_replicas() {
    let processes = ORGANIZATION.measured();
    let counted: usize = processes.iter().map(|metrics| series(metrics).len()).sum();
    assert!(counted <= ORGANIZATION.most(), "{counted} of {}", ORGANIZATION.most());
    assert!(counted <= 100_000, "{counted} series");
    let shown: usize =
        processes.iter().map(|metrics| of(metrics, "plumbline_drift_resources").len()).sum();
    assert!(shown <= 2 * DRIFT_SERIES, "{shown} series of drift");
    assert!(shown > 2 * DRIFT_SERIES - 10, "{shown} series of drift");
    let owners: usize =
        processes.iter().map(|metrics| of(metrics, "plumbline_owner_drift").len()).sum();
    assert!(owners > 3 * 2 * OWNERS, "{owners} series of owners");
}

#[test]
fn one_account_has_at_most_two_thousand_series() {
    let one = Size { accounts: 1, processes: 1, owners: 10, ..ORGANIZATION };
    let counted = one.counted();
    assert!(counted <= one.most() && counted <= 2000, "{counted} series of {}", one.most());
}

#[test]
fn a_hundred_controls_on_one_target_stay_within_five_hundred_series() {
    let size = Size {
        accounts: 1,
        regions: 1,
        controls: 100,
        baselines: 1,
        processes: 1,
        drift: 20,
        owners: 1,
    };
    let counted = size.counted();
    assert!(counted <= 500, "{counted} series");
}

/// Twice as much of one thing gives at most twice the series, and never their product.
#[test]
fn series_grow_with_each_size_by_itself() {
    let small = Size {
        accounts: 10,
        regions: 2,
        controls: 20,
        baselines: 2,
        processes: 2,
        drift: 1000,
        owners: 1,
    };
    let counted = small.counted();
    assert!(counted <= small.most(), "{counted}");
    let more_accounts = Size { accounts: 20, ..small };
    let more_controls = Size { controls: 40, ..small };
    let by_accounts = more_accounts.counted() - counted;
    let by_controls = more_controls.counted() - counted;
    let both = Size { accounts: 20, controls: 40, ..small }.counted() - counted;
    assert!(both.abs_diff(by_accounts + by_controls) <= 8, "{both} {by_accounts} {by_controls}");
}

/// One process with all of it: the slowest case. What counts is the time on a processor, since tests
/// run beside each other; and a debug build is given three times that of a release.
#[test]
fn all_of_an_organization_is_written_within_a_second() {
    let metrics = Size { processes: 1, ..ORGANIZATION }.measured().remove(0);
    let most = Duration::from_secs(if cfg!(debug_assertions) { 3 } else { 1 });
    let mut attempts = (0..10).map(|_| {
        let began = processor_time();
        assert!(metrics.text().unwrap().len() > 1_000_000);
        processor_time().saturating_sub(began)
    });
    assert!(attempts.any(|took| took < most));
}

/// How long this thread has been on a processor ("schedstat" of the kernel's documentation).
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}
