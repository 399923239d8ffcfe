//! How long evaluations took, counted in buckets.

use std::time::Duration;

use super::exposition::Rows;

/// Upper bounds in seconds: from a folder on a laptop to an organisation's snapshots.
const BOUNDS: [f64; 9] = [0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0];

/// A histogram of durations.
#[derive(Debug, Clone, Default)]
pub(super) struct DurationBuckets {
    /// How many were at most as long as the bound of the same place.
    within: [u64; BOUNDS.len()],
    count: u64,
    seconds: f64,
}

impl DurationBuckets {
    pub(super) fn observe(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        for (within, bound) in self.within.iter_mut().zip(BOUNDS) {
            *within += u64::from(seconds <= bound);
        }
        self.count += 1;
        self.seconds += seconds;
    }

    /// Writes the histogram's series.
    pub(super) fn write(&self, labels: &[&str], rows: &mut Rows<'_>) {
        for (within, bound) in self.within.iter().zip(BOUNDS) {
            rows.line("_bucket", labels, [("le", bound.to_string().as_str())], within);
        }
        rows.line("_bucket", labels, [("le", "+Inf")], self.count);
        rows.line("_sum", labels, [], self.seconds);
        rows.line("_count", labels, [], self.count);
    }
}
