//! What only an operator has: its share of the work, and baselines that are deleted.

use prometheus::{IntCounter, IntGauge};

use super::baseline::BaselineMetrics;
use super::described::Registered;
use super::{name, register};

/// What only an operator measures. Clones measure together.
#[derive(Clone)]
pub struct OperatorMetrics {
    archives_given_up: IntCounter,
    shards_held: IntGauge,
    shards_without_holder: IntGauge,
    baselines: BaselineMetrics,
}

impl OperatorMetrics {
    pub(super) fn new(
        registry: &Registered,
        baselines: &BaselineMetrics,
    ) -> prometheus::Result<Self> {
        let archives_given_up = IntCounter::with_opts(name(
            "archives_given_up_total",
            "Deleted baselines and accounts whose findings could not be archived in time.",
        ))?;
        let shards_held = IntGauge::with_opts(name(
            "shards_held",
            "Shards of accounts that this replica holds. Over all replicas, the sum is 16.",
        ))?;
        let shards_without_holder = IntGauge::with_opts(name(
            "shards_without_holder",
            "Shards that no running replica holds, as last seen by this replica. Their accounts \
             are not evaluated.",
        ))?;
        register(registry, &archives_given_up)?;
        register(registry, &shards_held)?;
        register(registry, &shards_without_holder)?;
        let baselines = baselines.clone();
        Ok(Self { archives_given_up, shards_held, shards_without_holder, baselines })
    }

    /// Counts a deleted baseline whose findings could not be archived in time.
    pub fn archive_given_up(&self) {
        self.archives_given_up.inc();
    }

    /// This replica holds so many of all shards.
    pub fn shards_held(&self, held: usize, all: usize) {
        self.shards_held.set(count(held));
        self.baselines.share(held, all);
    }

    /// So many shards have no living holder.
    pub fn shards_without_holder(&self, shards: usize) {
        self.shards_without_holder.set(count(shards));
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
