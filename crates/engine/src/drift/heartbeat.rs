//! When to publish again what has not changed.
//!
//! Security Hub deletes a finding that nobody updated for 90 days (Security Hub User Guide,
//! "Updating findings"). What still fails is therefore published again 20 to 30 days after its last
//! publication: never soon after it, and each finding at an hour of its own, so that what was
//! published together does not all come again at once.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::id::FindingId;
use cel::Timestamp;

const DAY: i64 = 24 * 60 * 60;
/// No finding is published again earlier than this, in seconds.
const EARLIEST: i64 = 20 * DAY;
/// Over so many seconds after that heartbeats are spread.
const SPREAD: i64 = 10 * DAY;

/// Whether a finding published last at `updated_at` is due again.
pub(super) fn is_due(id: &FindingId, updated_at: Timestamp, now: Timestamp) -> bool {
    now.seconds.saturating_sub(updated_at.seconds) >= EARLIEST + phase(id)
}

/// When the finding's turn comes after [`EARLIEST`]: the same on every replica.
fn phase(id: &FindingId) -> i64 {
    let mut hasher = FxHasher::default();
    hasher.write(id.as_str().as_bytes());
    i64::try_from(hasher.finish() % SPREAD.unsigned_abs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PUBLISHED: Timestamp = Timestamp { seconds: 1_790_000_000, nanoseconds: 0 };

    fn after(seconds: i64) -> Timestamp {
        Timestamp { seconds: PUBLISHED.seconds + seconds, nanoseconds: 0 }
    }

    proptest! {
        #[test]
        fn a_finding_is_due_once_most_of_a_month_has_passed_and_not_before(
            id in ".{0,40}", wait in 0..=100 * DAY, longer in 0..=100 * DAY,
        ) {
            let id = FindingId::published(&id);
            let due = |seconds| is_due(&id, PUBLISHED, after(seconds));
            prop_assert!(wait >= 20 * DAY || !due(wait), "due after {wait} seconds");
            prop_assert!(wait < 30 * DAY || due(wait), "not due after {wait} seconds");
            prop_assert!(!due(wait) || due(wait + longer), "no longer due");
        }

        #[test]
        fn a_clock_that_goes_back_brings_no_heartbeat(id in ".{0,40}", back in 0..=i64::MAX) {
            let id = FindingId::published(&id);
            let now = Timestamp { seconds: PUBLISHED.seconds.saturating_sub(back), nanoseconds: 0 };
            prop_assert!(!is_due(&id, PUBLISHED, now));
        }
    }

    #[test]
    fn heartbeats_are_spread_over_ten_days() {
        let ids: Vec<FindingId> = (0..3000)
            .map(|number| FindingId::published(&format!("default/finding/{number}")))
            .collect();
        let due_within =
            |hours: i64| ids.iter().filter(|id| is_due(id, PUBLISHED, after(hours * 3600))).count();
        for hour in (20 * 24)..(30 * 24) {
            let in_this_hour = due_within(hour + 1) - due_within(hour);
            assert!(in_this_hour < 60, "{in_this_hour} of 3000 in hour {hour}");
        }
        for day in 20..30 {
            let on_this_day = due_within((day + 1) * 24) - due_within(day * 24);
            assert!((200..400).contains(&on_this_day), "{on_this_day} of 3000 on day {day}");
        }
    }
}
