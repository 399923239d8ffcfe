//! When to publish again what has not changed.
//!
//! Security Hub deletes a finding that nobody updated for 90 days (Security Hub User Guide,
//! "Updating findings"). What still fails is therefore published again within 30 days of its last
//! publication, each finding at an hour of its own, so that they do not all come at once.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::id::FindingId;
use crate::resource::Timestamp;

/// 30 days, in seconds.
const PERIOD: i64 = 30 * 24 * 60 * 60;

/// Whether a finding published last at `updated_at` is due again.
pub(super) fn is_due(id: &FindingId, updated_at: Timestamp, now: Timestamp) -> bool {
    let phase = phase(id);
    let turn = |time: Timestamp| (time.seconds + phase).div_euclid(PERIOD);
    turn(now) > turn(updated_at)
}

/// Where in the period the finding's turn comes: the same on every replica.
fn phase(id: &FindingId) -> i64 {
    let mut hasher = FxHasher::default();
    hasher.write(id.as_str().as_bytes());
    i64::try_from(hasher.finish() % PERIOD.unsigned_abs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0 }
    }

    fn ids() -> impl Iterator<Item = FindingId> {
        (0..3000).map(|number| FindingId::published(&format!("default/finding/{number}")))
    }

    #[test]
    fn every_finding_is_due_within_thirty_days_and_not_at_once() {
        let published = at(1_790_000_000);
        for id in ids() {
            assert!(!is_due(&id, published, published));
            assert!(is_due(&id, published, at(published.seconds + 30 * DAY)));
        }
    }

    #[test]
    fn heartbeats_are_spread_over_the_period() {
        let published = at(1_790_000_000);
        for day in 0..30 {
            let due_on = |day: i64| {
                let due = |id: &FindingId| is_due(id, published, at(published.seconds + day * DAY));
                ids().filter(due).count()
            };
            let on_this_day = due_on(day + 1) - due_on(day);
            assert!((50..200).contains(&on_this_day), "{on_this_day} of 3000 on day {day}");
        }
    }
}
