//! What only an operator has: its share of the work, and baselines that are deleted.

use prometheus::{IntCounter, IntGauge};

use super::described::Registered;
use super::{name, register};

/// What only an operator measures.
#[derive(Debug, Clone)]
pub struct OperatorMetrics {
    archives_given_up: IntCounter,
    buckets_held: IntGauge,
}

impl OperatorMetrics {
    pub(super) fn new(registry: &Registered) -> prometheus::Result<Self> {
        let archives_given_up = IntCounter::with_opts(name(
            "archives_given_up_total",
            "Deleted baselines whose findings could not be archived in time.",
        ))?;
        let buckets_held = IntGauge::with_opts(name(
            "buckets_held",
            "Shares of the work that this replica holds; over all replicas they are 16.",
        ))?;
        register(registry, &archives_given_up)?;
        register(registry, &buckets_held)?;
        Ok(Self { archives_given_up, buckets_held })
    }

    /// Counts a deleted baseline whose findings could not be archived in time.
    pub fn archive_given_up(&self) {
        self.archives_given_up.inc();
    }

    /// So many shares of the work are held by this replica.
    pub fn buckets_held(&self, buckets: i64) {
        self.buckets_held.set(buckets);
    }
}
